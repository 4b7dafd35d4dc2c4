"""The words of a WebSocket: frames ↔ messages, checked like any packet. Pure.

A text frame is one message, `["/llmball/tempo", 100]`, or a list of them; or an object of OSCQuery's, LISTEN or IGNORE.
A binary frame is an OSC packet.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NoReturn

from bridge import osc
from bridge.osc import Message, OscError
from bridge.wording import sayable

LARGEST_FRAME = 64 * 1024  # bytes
MOST_MESSAGES, MOST_ARGUMENTS = 64, 64
LARGEST_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class Listen:
    """OSCQuery's wish to be told an address, or no longer."""

    address: str
    on: bool


@dataclass(frozen=True, slots=True)
class Own:
    """A word between the page and the panel, which is not in the table: `name` and arguments."""

    name: str
    args: tuple[object, ...]


Read = Message | Listen | Own | OscError


def read(frame: str | bytes) -> list[Read]:
    """Return what a frame holds; what cannot be read stands as its error."""
    try:
        return [*osc.parse(frame)] if isinstance(frame, bytes) else _text(frame)
    except OscError as error:
        return [error]


def _text(frame: str) -> list[Read]:
    try:
        told = json.loads(frame, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise OscError("a frame is JSON") from error
    match told:
        case {"COMMAND": "LISTEN" | "IGNORE" as command, "DATA": str(address)}:
            return [Listen(address, command == "LISTEN")]
        case [str(), *_]:
            return [_message(told)]
        case [*several] if several and len(several) <= MOST_MESSAGES:
            return [_message(one) for one in several]
    raise OscError(f'a frame is ["/llmball/address", value, …] or 1..{MOST_MESSAGES} of these in a list')


def _message(told: object) -> Read:
    if not isinstance(told, list) or not told or not isinstance(told[0], str):
        return OscError("a message is a list: address, values")
    address, *args = told
    if len(args) > MOST_ARGUMENTS or not all(_plain(a) for a in [address, *args]):
        return OscError("a message's values are numbers and strings, 64 at most")
    return Message(address, tuple(args)) if address.startswith("/") else Own(address, tuple(args))


def _plain(value: object) -> bool:
    if isinstance(value, str):
        return sayable(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
