"""The asyncio shell: owns the socket, the children and the timer, and carries out what the session decides."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import sys
import webbrowser
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from bridge.clock import monotonic
from bridge.config import Config
from bridge.http.view import View
from bridge.midi.input_ports import InletConfig
from bridge.midi.input_process import run as run_ears
from bridge.midi.output_ports import PortConfig
from bridge.midi.protocol import Health, Heard, PlayerOrder, Quit, Retime, Together
from bridge.processes.child_processes import Crew, Duties, Spoken
from bridge.processes.supervisor import Child, Children, on_signals
from bridge.protocol.controls import SEEDS
from bridge.protocol.dispatch import House
from bridge.protocol.events import (
    BarPlayed,
    ControlSet,
    Effect,
    Event,
    Fault,
    GeneratorLost,
    MorphGiven,
    PlayAsked,
    PromptGiven,
    StopAsked,
    TapGiven,
    TasteChanged,
    Tell,
    ToLink,
    ToModel,
    ToPlayer,
    Woken,
)
from bridge.runtime.link import Link
from bridge.runtime.osc_server import Door
from bridge.runtime.services import Errands
from bridge.session.session import Session
from bridge.storage.home import read_taste, write_taste
from bridge.storage.kept_takes import Recording, file_of
from bridge.storage.sets import opened
from bridge.workers.dispatcher import Foreman
from model.clips.messages import ClipFailed, ClipProgress, ClipWritten
from model.generation.messages import BeatWritten, Failed, Order, Understood
from model.weights import FOLDER, hashed

if TYPE_CHECKING:
    from bridge.http.app import Panel
    from bridge.mqtt.server import MqttDoor

log = logging.getLogger("llmball")

WEIGHTS = FOLDER / "decoder.safetensors"


class Daemon:
    """One running bridge. Everything here is called from the event loop."""

    def __init__(
        self,
        config: Config,
        ports: PortConfig,
        generator: Callable[..., None],
        inlet: InletConfig | None = None,
        ears: Callable[..., None] = run_ears,
        begun: Child | None = None,
    ) -> None:
        self._config = config
        self._set = None if config.set_file is None else opened(config.set_file)
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        self._weights = hashed(WEIGHTS) if WEIGHTS.is_file() else ""
        threadpool_limits(1)  # what hears the melody is small: two threads would wait for each other
        self._session = Session(
            lambda: random.randrange(SEEDS),
            file_of(ports.output) is not None,
            read_taste(),
            config.sync,
            self._weights,
        )
        self._recording = Recording(ports.output, self._session.recorded)
        self._timer: asyncio.TimerHandle | None = None
        self._errands: Errands
        talk = (
            self._carry_out,
            self._session.asked,
            lambda: self._session.state.value,
            lambda request, sender, reply: self._errands.on(request, sender, reply),
        )
        self._house = House(*talk)
        self._door = Door(config.allow, *talk)
        self._children = Children(self._from_child, self._died, self._fail)
        duties = Duties(generator, ears, ports, inlet, config.encoder, begun)
        self._crew = Crew(duties, self._children, self._fail)
        at = self._session
        self._view = View(at.settings, lambda: at.bank, at.planned, at.words, self._crew.outlets.now)
        self._panel: Panel | None = None
        self._compose: Callable[[Order], None] = partial(self._children.send, "generator")
        self._errands = Errands(
            self._session, self._children, self._carry_out, self._door.tell, config.encoder
        )
        self._link: Link | None = None
        self._mqtt: MqttDoor | None = None
        self._foreman: Foreman | None = None

    @property
    def pids(self) -> dict[str, int | None]:
        """The numbers of the children that run now."""
        return self._children.pids

    async def run(self) -> None:
        """Serve until a signal. Raises OwnerError."""
        host, port = await self._door.open(self._config.osc_host, self._config.osc_port)
        on_signals(self._stop)
        try:
            if self._config.sync == "link":
                self._link = Link(self._carry_out)
            self._crew.begin()
            # late: HTTP takes a third of a second to import, in which the children begin
            from bridge.http.app import Panel, has_display

            self._panel = Panel(self._config, self._house, self._view, self._crew.outlets)
            if self._config.mqtt is not None:
                from bridge.mqtt.server import MqttDoor  # a tenth of a second that others need not wait

                if self._config.encoder is None:  # workers have ours
                    self._foreman = Foreman(self._weights, self._compose, self._carry_out)
                    self._compose = self._foreman.order
                self._mqtt = MqttDoor(
                    self._config.mqtt, self._config.port_name, self._house, foreman=self._foreman
                )
            midi = await self._crew.readiness.all()
            page = await self._panel.open(port)
            http = "none" if page is None else "http://{}:{}".format(*page)
            sys.stdout.write(f"ready osc={host}:{port} midi={midi} http={http}\n")
            sys.stdout.flush()
            gc.collect()
            gc.freeze()  # what is there now stays: to look through it again would take tens of milliseconds
            self._crew.introduce()
            if self._config.browse and page is not None and has_display(os.environ, sys.platform):
                self._loop.run_in_executor(None, webbrowser.open, http)
            if self._set is not None:
                self._errands.load(self._set)
            if self._config.play is not None:
                self._carry_out(PromptGiven(self._config.play))
                self._carry_out(PlayAsked())
            await self._stopped
        finally:
            self._close()
            if self._panel is not None:
                await self._panel.close()

    # --- decisions carried out -----------------------------------------------------------------

    def _carry_out(self, event: Event) -> None:
        for effect in self._session.first(event):
            self._do(effect)
        effects = self._session.on(event, monotonic())
        self._to_player(tuple(e.order for e in effects if isinstance(e, ToPlayer)))
        for effect in sorted(effects, key=_urgency):
            self._do(effect)
        if self._mqtt is not None and isinstance(
            event, ControlSet | TapGiven | PromptGiven | MorphGiven | Health
        ):
            self._mqtt.look()
        if self._panel is not None:
            self._panel.stir()
        if self._timer is not None:
            self._timer.cancel()
        at = self._session.wake()
        if at is not None:
            # loop.time() is not our clock everywhere: go by the difference
            self._timer = self._loop.call_later(max(0.0, at - monotonic()), self._carry_out, Woken())

    def _to_player(self, orders: tuple[PlayerOrder, ...]) -> None:
        """Have the player do what was decided, before anything else: it is to sound."""
        if orders:
            self._children.send("player", orders[0] if len(orders) == 1 else Together(orders))
        for order in orders:
            if self._panel is not None and isinstance(order, Retime):
                self._panel.retime(order.tempo)

    def _do(self, effect: Effect) -> None:
        match effect:
            case ToModel(order):
                self._compose(order)
            case ToLink() if self._link is not None:
                self._link.do(effect)
            case Tell(path, args):
                self._door.tell(path, args)
                if self._mqtt is not None:
                    self._mqtt.tell(path, args)
                if self._panel is not None:
                    self._panel.tell(path, args)
            case BarPlayed():
                self._recording.write()
            case TasteChanged(theta):
                try:
                    write_taste(theta)
                except OSError as error:
                    log.warning("the taste cannot be kept: %s", error)
            case Fault(reason):
                log.warning("%s", reason)

    # --- children ------------------------------------------------------------------------------

    def _from_child(self, child: str, said: Spoken) -> None:
        news = self._crew.heard(child, said)
        match news:
            case None:
                pass
            case ClipProgress() | ClipWritten() | ClipFailed():
                self._children.ready(child)
                self._errands.written(news)
            case Heard() if self._errands.heard(news):
                pass  # a pad's: it is nobody's music
            case Understood() | BeatWritten() | Failed() if self._foreman is not None:
                self._foreman.answered(news)
            case _:
                self._carry_out(news)

    def _died(self, name: str) -> None:
        if name == "generator":
            if self._foreman is not None:
                self._foreman.lost()
            self._carry_out(GeneratorLost())
        elif name == "clips":
            self._errands.lost()

    # --- the end -------------------------------------------------------------------------------

    def _fail(self, error: Exception) -> None:
        if not self._crew.readiness.fail(error) and not self._stopped.done():
            self._stopped.set_exception(error)

    def _stop(self) -> None:
        if not self._stopped.done():
            self._stopped.set_result(None)
        self._crew.readiness.cancel()

    def _close(self) -> None:
        """Silence first, then everything else."""
        if not self._stopped.done():
            self._stopped.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._children.send("player", Quit())
        self._recording.write()
        if self._session.state.value != "idle":
            for effect in self._session.on(StopAsked(), monotonic()):
                if isinstance(effect, Tell):
                    self._do(effect)
        self._door.close()
        self._errands.close()
        for door in (self._mqtt, self._foreman, self._link):
            if door is not None:
                door.close()
        self._children.close()


def _urgency(effect: Effect) -> int:
    """Return 0 for what is to be written, 1 for what is only told; each kind keeps its order."""
    return 0 if isinstance(effect, ToModel) else 1
