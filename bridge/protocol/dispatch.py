"""What every door asks of the house, and the answers that are the same at each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bridge.protocol.clients import Address
from bridge.protocol.controls import Value
from bridge.protocol.events import Wanted
from bridge.protocol.requests import (
    Ask,
    ClipAsked,
    ClipCancelled,
    ClipNotes,
    ClipRedo,
    ClipRequest,
    ClipResend,
    Errand,
    Keep,
    Learn,
    Ping,
    SetAsked,
)
from model.music.notes import PARTS

VERSION = "0.1.0"
PROTOCOL = 1


CHANGE, FILE = 0.001, 0.020
"""Seconds that a change to the music, and a file, costs whoever asks at least: others than the loop work for it too."""


def cost(request: object) -> float:
    """Return what a request costs its sender at least of its share of our time, in seconds."""
    if isinstance(request, Keep | SetAsked):
        return FILE
    return CHANGE if isinstance(request, ClipAsked | Wanted) else 0.0


class Say(Protocol):
    """Tells one client: a path and its arguments."""

    def __call__(self, path: str, /, *args: Value) -> None:
        """Tell it."""


@dataclass(frozen=True, slots=True)
class House:
    """What doors may call, from the event loop.

    `decide` is given what clients want of the session and raises BadRequest; `asked` gives the value of a control
    and `state` the session's. `errand` runs one for a client, by its address, and answers by the function given.
    """

    decide: Callable[[Wanted], None]
    asked: Callable[[str], tuple[Value, ...]]
    state: Callable[[], str]
    errand: Callable[[Errand, Address, Callable[..., None]], None]

    def welcome(self, say: Say) -> None:
        """Greet whoever said hello."""
        say("welcome", VERSION, PROTOCOL, " ".join(PARTS))
        say("state", self.state())

    def answer(
        self, request: Ping | Ask | Keep | Learn | SetAsked | ClipRequest | Wanted, sender: Address, say: Say
    ) -> None:
        """Carry out a request of a client, which is told by `say`. Raises BadRequest."""
        match request:
            case Ping(number):
                say("pong", number)
            case Ask(path):
                say(path, *self.asked(path))
            case (
                Keep()
                | Learn()
                | SetAsked()
                | ClipAsked()
                | ClipNotes()
                | ClipRedo()
                | ClipCancelled()
                | ClipResend()
            ):
                self.errand(request, sender, say)
            case _:
                self.decide(request)
