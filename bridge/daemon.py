"""The asyncio shell: owns the socket, the children and the timer, and carries out what the session decides."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from bridge import keepsake
from bridge.child import Child
from bridge.clock import Seconds, monotonic
from bridge.config import Config
from bridge.controls import SEEDS
from bridge.door import Door
from bridge.ears import run as run_ears
from bridge.errors import OwnerError
from bridge.events import (
    BarPlayed,
    Effect,
    Event,
    Fault,
    GeneratorLost,
    GeneratorReady,
    Heard,
    PlayAsked,
    PlayerReady,
    PromptGiven,
    StopAsked,
    TasteChanged,
    Tell,
    ToLink,
    ToModel,
    ToPlayer,
    Woken,
)
from bridge.home import read_taste, write_taste
from bridge.inlet import InletConfig
from bridge.link import Link
from bridge.orders import Health, OpenFailed, PortLost, PortNews, Quit, Ready, Report
from bridge.player import run as run_player
from bridge.ports import PortConfig
from bridge.session import Session
from model.midifile import write as write_song
from model.music import Answer
from model.process import run as run_generator
from model.weights import FOLDER, hashed

log = logging.getLogger("llmball")

WEIGHTS = FOLDER / "decoder.safetensors"
MOST_RESTARTS = 5
"""Deaths of a child within a minute after which the daemon gives up rather than spin."""


class Daemon:
    """One running bridge. Everything here is called from the event loop."""

    def __init__(
        self,
        config: Config,
        ports: PortConfig,
        generator: Callable[..., None] = run_generator,
        inlet: InletConfig | None = None,
        ears: Callable[..., None] = run_ears,
    ) -> None:
        self._config, self._ports, self._generator_main = config, ports, generator
        self._inlet, self._ears_main = inlet, ears
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        output = ports.output or ""
        self._file = Path(output.removeprefix("record:")) if output.startswith("record:") else None
        self._session = Session(
            lambda: random.randrange(SEEDS),
            self._file is not None,
            read_taste(),
            config.sync,
            hashed(WEIGHTS) if WEIGHTS.is_file() else "",
        )
        self._timer: asyncio.TimerHandle | None = None
        self._door = Door(
            config.allow, self._carry_out, self._session.asked, lambda: self._session.state.value, self._keep
        )
        self._player: Child | None = None
        self._generator: Child | None = None
        self._ears: Child | None = None
        self._opened: asyncio.Future[str] = self._loop.create_future()
        self._listening: asyncio.Future[None] = self._loop.create_future()
        self._composing: asyncio.Future[None] = self._loop.create_future()
        self._link: Link | None = None
        self._deaths: list[float] = []

    @property
    def pids(self) -> dict[str, int | None]:
        """The numbers of the children that run now."""
        children = {"player": self._player, "generator": self._generator, "ears": self._ears}
        return {name: None if child is None else child.pid for name, child in children.items()}

    async def run(self) -> None:
        """Serve until a signal. Raises OwnerError."""
        host, port = await self._door.open(self._config.osc_host, self._config.osc_port)
        self._catch_signals()
        try:
            if self._config.sync == "link":
                self._link = Link(self._carry_out)
            self._start_player()
            self._start_generator()
            self._start_ears()
            begun = asyncio.gather(self._opened, self._composing, self._listening)
            midi, _, _ = await asyncio.wait_for(begun, 120)
            sys.stdout.write(f"ready osc={host}:{port} midi={midi} http=none\n")
            sys.stdout.flush()
            if self._config.play is not None:
                self._carry_out(PromptGiven(self._config.play))
                self._carry_out(PlayAsked())
            await self._stopped
        finally:
            self._close()

    # --- decisions carried out -----------------------------------------------------------------

    def _carry_out(self, event: Event) -> None:
        for effect in self._session.on(event, monotonic()):
            self._do(effect)
        if self._timer is not None:
            self._timer.cancel()
        at = self._session.wake()
        if at is not None:
            # loop.time() is not our clock everywhere: go by the difference
            self._timer = self._loop.call_later(max(0.0, at - monotonic()), self._carry_out, Woken())

    def _do(self, effect: Effect) -> None:
        match effect:
            case ToModel(order) if self._generator is not None:
                self._generator.send(order)
            case ToPlayer(order) if self._player is not None:
                self._player.send(order)
            case ToLink() if self._link is not None:
                self._link.do(effect)
            case Tell(path, args):
                self._door.tell(path, args)
            case BarPlayed() if self._file is not None:
                self._write_file(monotonic())
            case TasteChanged(theta):
                try:
                    write_taste(theta)
                except OSError as error:
                    log.warning("the taste cannot be kept: %s", error)
            case Fault(reason):
                log.warning("%s", reason)

    def _keep(self, bars: int, tell: Callable[..., None]) -> None:
        """Keep the last bars, away from the loop, and tell whoever asked. Raises BadRequest."""
        kept = self._session.keepsake(bars, monotonic())

        def told(done: asyncio.Future[tuple[Path, str]]) -> None:
            error = done.exception()
            if error is None:
                path, name = done.result()
                tell("kept", str(path), name)
            else:
                log.warning("bars cannot be kept: %s", error)
                tell("error", "/llmball/keep", str(error))

        self._loop.run_in_executor(None, keepsake.write, kept, datetime.now()).add_done_callback(told)

    def _write_file(self, now: Seconds) -> None:
        song = self._session.recorded(now)
        if song is not None and self._file is not None:
            try:
                write_song(self._file, song)
            except OSError as error:
                log.warning("%s cannot be written: %s", self._file, error.strerror)

    # --- children ------------------------------------------------------------------------------

    def _start_player(self) -> None:
        self._player = self._child(
            "player", run_player, (self._ports, self._opened.done()), self._from_player, self._player_died
        )

    def _start_generator(self) -> None:
        args = (self._config.encoder,)
        self._generator = self._child(
            "generator", self._generator_main, args, self._from_generator, self._generator_died
        )

    def _start_ears(self) -> None:
        if self._inlet is not None:
            self._ears = self._child(
                "ears",
                self._ears_main,
                (self._inlet, self._listening.done()),
                self._from_ears,
                self._ears_died,
            )
        else:
            self._listening.set_result(None)

    def _child(
        self,
        name: str,
        main: Callable[..., None],
        args: tuple[object, ...],
        hear: Callable[[Any], None],
        died: Callable[[], None],
    ) -> Child:
        def in_loop(call: Callable[..., None]) -> Callable[..., None]:
            def threadsafe(*args: object) -> None:
                with contextlib.suppress(RuntimeError):  # the loop is closed: we are going anyway
                    self._loop.call_soon_threadsafe(call, *args)

            return threadsafe

        return Child(name, main, args, in_loop(hear), in_loop(died))

    def _from_player(self, report: Report) -> None:
        match report:
            case Ready(name, realtime):
                if self._opened.done():
                    log.info("the port is there again: %s", name)
                else:
                    self._opened.set_result(name)
                    log.info("the player has %s priority", "real-time" if realtime else "normal")
                self._carry_out(PlayerReady())
            case OpenFailed(remedy):
                self._fail(OwnerError(remedy))
            case PortLost(reason):
                log.warning("the port was lost (%s); it is opened again when it can be", reason)
            case PortNews(line):
                log.warning("%s", line)
            case Health():
                self._carry_out(report)

    def _from_ears(self, report: Report | Heard) -> None:
        match report:
            case Ready(name):
                if not self._listening.done():
                    self._listening.set_result(None)
                log.info("listening to %s", name)
            case PortLost(reason):
                log.warning("the input was lost (%s); it is opened again when it can be", reason)
            case PortNews(line):
                log.warning("%s", line)
            case OpenFailed(remedy):
                self._fail(OwnerError(remedy))
            case Heard():
                self._carry_out(report)

    def _from_generator(self, answer: Answer | str | None) -> None:
        if answer is None:
            if not self._composing.done():
                self._composing.set_result(None)
            self._carry_out(GeneratorReady())
        elif isinstance(answer, str):
            self._fail(OwnerError(answer))
        else:
            self._carry_out(answer)

    def _player_died(self) -> None:
        if self._may_restart("player"):
            self._start_player()

    def _generator_died(self) -> None:
        self._carry_out(GeneratorLost())
        if self._may_restart("generator"):
            self._start_generator()

    def _ears_died(self) -> None:
        if self._may_restart("ears"):
            self._start_ears()

    def _may_restart(self, name: str) -> bool:
        if self._stopped.done():
            return False
        now = self._loop.time()
        self._deaths = [t for t in self._deaths if now - t < 60] + [now]
        log.warning("the %s ended; starting %s", name, "others" if name == "ears" else "another")
        if len(self._deaths) > MOST_RESTARTS:
            self._fail(RuntimeError(f"the {name} ended {MOST_RESTARTS} times within a minute"))
            return False
        return True

    # --- the end -------------------------------------------------------------------------------

    def _fail(self, error: Exception) -> None:
        for future in (self._opened, self._composing, self._listening, self._stopped):
            if not future.done():
                future.set_exception(error)
                future.exception()  # it is raised where it is awaited; no second complaint
                if future is not self._stopped:
                    return

    def _catch_signals(self) -> None:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None:
                continue
            try:
                self._loop.add_signal_handler(number, self._stop)
            except NotImplementedError:  # Windows: its loop has no signal handlers
                signal.signal(number, lambda *_: self._loop.call_soon_threadsafe(self._stop))

    def _stop(self) -> None:
        if not self._stopped.done():
            self._stopped.set_result(None)
        for future in (self._opened, self._composing, self._listening):
            if not future.done():
                future.cancel()

    def _close(self) -> None:
        """Silence first, then everything else."""
        if not self._stopped.done():
            self._stopped.cancel()
        if self._timer is not None:
            self._timer.cancel()
        if self._player is not None:
            self._player.send(Quit())
        if self._file is not None:
            self._write_file(monotonic())
        if self._session.state.value != "idle":
            for effect in self._session.on(StopAsked(), monotonic()):
                if isinstance(effect, Tell):
                    self._do(effect)
        self._door.close()
        if self._link is not None:
            self._link.close()
        for child in (self._player, self._generator, self._ears):
            if child is not None:
                child.close()
