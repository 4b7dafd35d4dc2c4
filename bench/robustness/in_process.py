"""The real OSC server, services and session in one process, without a socket; each packet is checked against the rule below.

Bad input gives an error to its sender and changes nothing. The band of `tests.support.virtual_band` plays in real time meanwhile.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bridge.clock import Seconds, monotonic
from bridge.errors import BadRequest
from bridge.protocol import osc
from bridge.protocol.clients import Budget
from bridge.protocol.controls import ROOT
from bridge.protocol.dispatch import Dispatcher
from bridge.protocol.events import Event, PlayRequested, PromptRequested, SessionRequest
from bridge.runtime.osc_server import ERROR_PREFIX, OscServer
from bridge.runtime.services import Services
from bridge.session.session import Session
from bridge.session.transport import State
from model.clips.messages import ClipAnswer, ClipFailed, ClipOrder, ClipWritten
from tests.support.virtual_band import Rig

SENDERS = tuple(("127.0.0.1", 40_000 + n) for n in range(8))
LATE = Seconds(0.002)
"""Seconds that our generator takes for an order."""


@dataclass(slots=True)
class Socket:
    """Stands for the server's socket: keeps what is sent and to whom."""

    sent: list[tuple[bytes, tuple[str, int]]] = field(default_factory=list)

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        """Keep it."""
        self.sent.append((data, address))

    def is_closing(self) -> bool:
        """Say no: it never does."""
        return False


@dataclass(slots=True)
class Writers:
    """Stand for the daemon's children: the writer of clips answers at once, well or badly in turn."""

    answer: Callable[[ClipAnswer], object]
    pids: dict[str, int] = field(default_factory=dict)

    def start(self, name: str, *_: object) -> None:
        """Note that it runs."""
        self.pids[name] = 1

    def release(self, name: str) -> None:
        """Let it rest; nobody is left to be closed."""
        self.pids.pop(name, None)

    def send(self, _: str, order: object) -> None:
        """Write a clip, or fail to."""
        if isinstance(order, ClipOrder):
            row = (60, 0.0, 1.0, 90)
            written = ClipWritten(order.number, 1, 4.0, 120.0, "C major", ((0, "melody", row),))
            self.answer(written if order.number % 2 else ClipFailed(order.number, "it is odd"))


class Endless(Budget[Any]):
    """A share that is never used up, so that every packet is judged."""

    def has_budget(self, now: Seconds) -> bool:
        """There is always something left."""
        return True


@dataclass(slots=True)
class Verdict:
    """What came of the packets: how long each took in all and of the processor (seconds), and how often the law was broken."""

    costs: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def breaks(self, what: str, packet: object, words: str = "") -> None:
        """Note a broken law, with the first example of it."""
        self.broken[what] += 1
        self.examples.setdefault(what, f"{packet!r:.300}\n{words}")


class Indoors:
    """Make it inside a running loop."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.band = Rig(lambda: LATE, now=monotonic(), session=Session(lambda: 7))
        session = self.band.session
        writers: Any = Writers(lambda answer: loop.call_soon_threadsafe(self.services.on_clip_answer, answer))
        self.socket = Socket()
        self.server = OscServer(
            (),
            Dispatcher(
                self._decide, session.query, lambda: session.state.value, lambda r, s, t: self.services.handle(r, s, t)
            ),
            lambda now: Endless(now),
            lambda now: Endless(now),
        )  # fmt: skip
        self.server.connection_made(self.socket)  # type: ignore[arg-type]
        self.services = Services(session, writers, self._decide, self.server.publish, None)
        self.verdict = Verdict()
        self.refused = False
        self.keep_playing()

    def keep_playing(self) -> None:
        """Begin again, if a packet stopped it."""
        if self.band.session.state is not State.PLAYING:
            self.band.happen(PromptRequested("calm piano"))
            self.band.happen(PlayRequested())

    def _decide(self, event: SessionRequest) -> None:
        event_: Event = event
        before = self.now
        try:
            self.band.happen(event_)
        except BadRequest:
            if self.now != before:
                self.verdict.breaks("a refused wish changed something", event)
            raise

    @property
    def now(self) -> tuple[object, ...]:
        """What the packets might have changed."""
        session = self.band.session
        takes, stage = session._takes, session._playback
        return (
            dict(session.settings), session.state, session.bank, len(takes.all), takes.coming, takes.current,
            stage.timeline.end, len(stage.timeline.placed), stage.holding, len(self.band.scheduler._heap),
            self.services._midi_learn._pending_action, len(self.services._midi_learn.actions),
        )  # fmt: skip

    def hear(self, packet: bytes, sender: tuple[str, int]) -> None:
        """Give the server a packet, and judge what it answers and changes."""
        self.band.until(monotonic())
        self.socket.sent.clear()
        before = self.now
        began, worked = time.perf_counter(), time.thread_time()
        try:
            self.server.datagram_received(packet, sender)
            while self.server.catch_up():  # a long packet is done in slices
                pass
        except Exception as error:  # the very thing that must not happen: it is counted
            self.verdict.breaks(type(error).__name__, packet, traceback.format_exc())
        self.verdict.processor.append(time.thread_time() - worked)
        self.verdict.costs.append(time.perf_counter() - began)
        self._judge(packet, sender, before)

    def _judge(self, packet: bytes, sender: tuple[str, int], before: tuple[object, ...]) -> None:
        said: list[str] = []
        for data, to in self.socket.sent:
            for one in osc.parse(data):
                assert isinstance(one, osc.Message), "what we send can be read"
                said.append(one.address.removeprefix(ROOT))
            if said[-1] == "error" and to[0] != sender[0]:
                self.verdict.breaks("an error went to another", packet)
        self.verdict.answered["an error" if "error" in said else "something else" if said else "nothing"] += 1
        if said and set(said) == {"error"} and not packet.startswith(b"#bundle") and self.now != before:
            self.verdict.breaks("an error, and yet a change", packet, str(said))
        if not said and _is_nothing(packet) and not packet.startswith(ERROR_PREFIX):
            self.verdict.breaks("no error", packet)

    def close(self) -> None:
        """Stop the errands."""
        self.services.close()


def _is_nothing(packet: bytes) -> bool:
    """Tell whether a packet is of a kind that must be answered by an error: it cannot be read."""
    try:
        return any(isinstance(one, osc.OscError) for one in osc.parse(packet))
    except osc.OscError:
        return True
