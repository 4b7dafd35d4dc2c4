"""The player, generator and MIDI input processes: starts them, waits until all are ready, handles their status messages.

Called from the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.errors import BadRequest, OwnerError
from bridge.midi.backends import list_ports
from bridge.midi.input_ports import InputConfig
from bridge.midi.input_process import run as run_input
from bridge.midi.output_ports import Connections, OutputConfig
from bridge.midi.player_process import preload as preload_player
from bridge.midi.player_process import run as run_player
from bridge.midi.protocol import (
    ConnectionsChanged,
    Health,
    InputLost,
    MidiReceived,
    OpenFailed,
    PlayerReport,
    PortChanged,
    PortLost,
    Quit,
    Ready,
)
from bridge.processes.supervisor import ChildProcess, Supervisor
from bridge.protocol.events import GeneratorReady, PlayerReady
from model.clips.messages import ClipAnswer
from model.generation.messages import Answer, FirstNote

VIRTUAL_PORT = "virtual"


SWITCH_INTERVAL = 1.0
"""Seconds between two changes of the port: each begins a player anew. Of those asked for meanwhile the last one counts."""


class OutputChoice:
    """The MIDI output port: lists ports and opens another one. Called from the event loop, but for `available`."""

    def __init__(
        self, config: OutputConfig, reopen: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.config, self._reopen, self._clock = config, reopen, clock
        self._name = ""
        self._available: list[str] = []
        self._given = config.output
        self._reopened_at = -math.inf
        self._timer: asyncio.TimerHandle | None = None

    def on_opened(self, name: str) -> None:
        """Note the name of the open port."""
        self._name = name

    def current(self) -> str:
        """Return the name of the open port."""
        return self._name

    def given(self) -> OutputConfig:
        """Return what the next player opens."""
        self._given = self.config.output
        return self.config

    def available(self) -> list[str]:
        """Return the ports that can be chosen. Asks the MIDI system; called from a thread."""
        found = list_ports(self.config.backend)
        self._available = [] if found is None else [VIRTUAL_PORT, *(p for p in found[1] if "llmball" not in p.lower())]
        return self._available

    def choose(self, wanted: str) -> None:
        """Open a port that `available` has listed. Raises BadRequest."""
        if wanted not in self._available:
            raise BadRequest("port", f"{wanted!r} is not there: ask for the ports first")
        self.config = replace(self.config, output=wanted)
        if self._timer is None:
            self._settle()

    def _settle(self) -> None:
        """Begin another player, unless the present one has the wanted port; not more often than SWITCH_INTERVAL."""
        self._timer = None
        if self.config.output == self._given:
            return
        wait = self._reopened_at + SWITCH_INTERVAL - self._clock()
        if wait > 0:
            self._timer = asyncio.get_running_loop().call_later(wait, self._settle)
            return
        self._reopened_at = self._clock()
        self._reopen()


START_TIMEOUT = 120.0
"""Seconds until all must be ready."""


class Readiness:
    """One future per child process, resolved when it is first ready; the player's result is the name of its port."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._player: asyncio.Future[str] = loop.create_future()
        self._generator: asyncio.Future[str] = loop.create_future()
        self._input: asyncio.Future[str] = loop.create_future()
        self._by_name = {"player": self._player, "generator": self._generator, "input": self._input}
        self._ready: set[str] = set()

    async def wait_for_all(self) -> str:
        """Wait until all are ready; return the output port's name. Raises the error given to `fail`."""
        port, *_ = await asyncio.wait_for(asyncio.gather(self._player, self._generator, self._input), START_TIMEOUT)
        return port

    def is_ready(self, child: str) -> bool:
        """Return True if a child was ready before."""
        return child in self._ready

    def mark_ready(self, child: str, value: str = "") -> bool:
        """Note that a child is ready; return True if for the first time."""
        first = not self.is_ready(child)
        self._ready.add(child)
        future = self._by_name[child]
        if not future.done():  # done if another child failed
            future.set_result(value)
        return first

    def fail(self, error: Exception) -> bool:
        """Pass an error to the first future that is waited for; return False if there is none."""
        future = next((f for f in self._by_name.values() if not f.done()), None)
        if future is None:
            return False
        future.set_exception(error)
        future.exception()  # marked as retrieved: it is raised where it is awaited
        return True

    def cancel(self) -> None:
        """Cancel all futures."""
        for future in self._by_name.values():
            future.cancel()


log = logging.getLogger("llmball")
ChildMessage = PlayerReport | MidiReceived | InputLost | Answer | FirstNote | ClipAnswer | str | None
"""A message of a child. The generator sends None when it is ready, or the text of an error that the owner can mend."""
ForwardedMessage = GeneratorReady | PlayerReady | Health | MidiReceived | InputLost | Answer | FirstNote | ClipAnswer
"""Messages that `on_message` passes on."""


@dataclass(frozen=True, slots=True)
class ChildConfig:
    """What the children run. Without `input` no MIDI input is opened. The functions are run in the child."""

    run_generator: Callable[..., None]
    output: OutputConfig
    input: InputConfig | None = None
    encoder: Path | None = None
    started_generator: ChildProcess | None = None
    """The generator, if it was started before: it takes longest."""
    run_input: Callable[..., None] = run_input


class ChildProcesses:
    """Starts the children. `fail` is called with errors that end the daemon."""

    def __init__(self, config: ChildConfig, supervisor: Supervisor, fail: Callable[[Exception], None]) -> None:
        self._config, self._supervisor, self._fail = config, supervisor, fail
        self.output_choice = OutputChoice(config.output, self._reopen_output)
        self.readiness = Readiness()
        self._connections: dict[str, Connections] = {}
        self._status_lines: list[str] = []

    def start_all(self) -> None:
        """Start all children."""
        config = self._config
        # the generator first: it takes longest
        self._supervisor.start(
            "generator", config.run_generator, lambda: (config.encoder,), running=config.started_generator
        )
        self._supervisor.start("player", run_player, self._player_args, preload=preload_player, watched=True)
        if config.input is None:
            self.readiness.mark_ready("input")
        else:
            self._supervisor.start("input", config.run_input, self._input_args)

    def log_status(self) -> None:
        """Log the collected status lines. Called after the ready line, so that a failed start prints one error line only."""
        for line in self._status_lines:
            log.info("%s", line)

    def on_message(self, child: str, message: ChildMessage) -> ForwardedMessage | None:
        """Handle a child's status message (returns None), or return a message for others."""
        match message:
            case None:
                self._supervisor.mark_ready(child)
                self.readiness.mark_ready(child)
                return GeneratorReady()
            case Ready(name, realtime):
                self._supervisor.mark_ready(child)
                return self._on_port_ready(child, name, realtime)
            case OpenFailed(remedy) | (str() as remedy):
                self._supervisor.release(child)  # it ends by itself, and another would fail too
                self._fail(OwnerError(remedy))
            case PortLost(reason):
                self._supervisor.mark_opening(child)
                log.warning("the %s's port was lost (%s); it is opened again when it can be", child, reason)
            case PortChanged(line):
                log.warning("%s", line)
            case ConnectionsChanged(connections):
                self._connections[child] = connections
            case _:
                return message
        return None

    def _on_port_ready(self, child: str, name: str, realtime: bool) -> PlayerReady | None:
        first = self.readiness.mark_ready(child, name)
        if not first:
            log.warning("the %s's port is there again: %s", child, name)
        elif child == "player":
            self._status_lines.append(f"the player has {'real-time' if realtime else 'normal'} priority")
        else:
            self._status_lines.append(f"listening to {name}")
        if child != "player":
            return None
        self.output_choice.on_opened(name)
        return PlayerReady()

    def _player_args(self) -> tuple[object, ...]:
        return (
            self.output_choice.given(),
            self.readiness.is_ready("player"),
            self._connections.get("player", {}),
        )

    def _input_args(self) -> tuple[object, ...]:
        return self._config.input, self.readiness.is_ready("input"), self._connections.get("input", {})

    def _reopen_output(self) -> None:
        """End the player: the next one opens the chosen port and gets the planned notes."""
        self._connections.pop("player", None)
        self._supervisor.send("player", Quit())
