"""What every door asks of the house, and the answers that are the same at each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bridge.config import VERSION
from bridge.protocol.clients import Address
from bridge.protocol.controls import Value, current_path
from bridge.protocol.events import SessionRequest
from bridge.protocol.requests import (
    ClipCancelled,
    ClipNotes,
    ClipRedo,
    ClipRequest,
    ClipRequested,
    ClipResend,
    KeepRequested,
    LearnRequested,
    Ping,
    Query,
    ServiceRequest,
    SetRequested,
)
from model.music.notes import PARTS

PROTOCOL = 1


CHANGE_COST, FILE_COST = 0.001, 0.020
"""Seconds that a change to the music, and a file, costs whoever asks at least: others than the loop work for it too."""


def request_cost(request: object) -> float:
    """Return what a request costs its sender at least of its share of our time, in seconds."""
    if isinstance(request, KeepRequested | SetRequested):
        return FILE_COST
    return CHANGE_COST if isinstance(request, ClipRequested | SessionRequest) else 0.0


class Reply(Protocol):
    """Tells one client: a path and its arguments."""

    def __call__(self, path: str, /, *args: Value) -> None:
        """Tell it."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """What doors may call, from the event loop.

    `decide` is given what clients want of the session and raises BadRequest; `asked` gives the value of a control
    and `state` the session's. `errand` runs one for a client, by its address, and answers by the function given.
    """

    submit: Callable[[SessionRequest], None]
    query: Callable[[str], tuple[Value, ...]]
    state: Callable[[], str]
    run_service: Callable[[ServiceRequest, Address, Callable[..., None]], None]

    def welcome(self, reply: Reply) -> None:
        """Greet whoever said hello."""
        reply("welcome", VERSION, PROTOCOL, " ".join(PARTS))
        reply("state", self.state())

    def value(self, path: str) -> tuple[Value, ...]:
        """Return the value of a control, whose path may be an old one. Raises KeyError."""
        return self.query(current_path(path))

    def handle(
        self,
        request: Ping | Query | KeepRequested | LearnRequested | SetRequested | ClipRequest | SessionRequest,
        sender: Address,
        reply: Reply,
    ) -> None:
        """Carry out a request of a client, which is told by `say`. Raises BadRequest."""
        match request:
            case Ping(number):
                reply("pong", number)
            case Query(path):
                reply(path, *self.value(path))
            case (
                KeepRequested()
                | LearnRequested()
                | SetRequested()
                | ClipRequested()
                | ClipNotes()
                | ClipRedo()
                | ClipCancelled()
                | ClipResend()
            ):
                self.run_service(request, sender, reply)
            case _:
                self.submit(request)
