"""Handling of requests that is common to the OSC, WebSocket and MQTT servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bridge.config import VERSION
from bridge.protocol.clients import Address
from bridge.protocol.controls import Value, current_path
from bridge.protocol.events import SessionRequest
from bridge.protocol.requests import (
    ButtonReleased,
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
    ScoreRequest,
    ScoreRequested,
    ScoresListed,
    ServiceRequest,
    SetRequested,
)
from model.music.notes import PARTS

PROTOCOL = 1
CHANGE_COST, FILE_COST = 0.001, 0.020
"""Seconds of its budget that a change of the music, or a file, costs a sender at least: other processes work for it too."""


def request_cost(request: object) -> float:
    """Return the least that a request costs its sender, in seconds of its budget."""
    if isinstance(request, KeepRequested | SetRequested | ScoreRequested | ScoresListed):
        return FILE_COST
    return CHANGE_COST if isinstance(request, ClipRequested | SessionRequest) else 0.0


class Reply(Protocol):
    """Sends one client a message: its path and arguments."""

    def __call__(self, path: str, /, *args: Value) -> None:
        """Send it."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Functions that servers call, from the event loop.

    `submit` hands a request to the session and raises BadRequest; `query` returns the value of a control and `state` the
    session's state. `run_service` handles a request that is not the session's, for a client by its address.
    """

    submit: Callable[[SessionRequest], None]
    query: Callable[[str], tuple[Value, ...]]
    state: Callable[[], str]
    run_service: Callable[[ServiceRequest, Address, Callable[..., None]], None]

    def welcome(self, reply: Reply) -> None:
        """Answer hello."""
        reply("welcome", VERSION, PROTOCOL, " ".join(PARTS))
        reply("state", self.state())

    def value(self, path: str) -> tuple[Value, ...]:
        """Return the value of a control, whose path may be an old one. Raises KeyError."""
        return self.query(current_path(path))

    def handle(
        self,
        request: Ping
        | ButtonReleased
        | Query
        | KeepRequested
        | LearnRequested
        | SetRequested
        | ScoreRequest
        | ClipRequest
        | SessionRequest,
        sender: Address,
        reply: Reply,
    ) -> None:
        """Carry out a request of a client. Raises BadRequest."""
        match request:
            case ButtonReleased():
                pass
            case Ping(number):
                reply("pong", number)
            case Query(path):
                reply(path, *self.value(path))
            case (
                KeepRequested()
                | LearnRequested()
                | SetRequested()
                | ScoreRequested()
                | ScoresListed()
                | ClipRequested()
                | ClipNotes()
                | ClipRedo()
                | ClipCancelled()
                | ClipResend()
            ):
                self.run_service(request, sender, reply)
            case _:
                self.submit(request)
