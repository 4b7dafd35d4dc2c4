"""Messages → what a client asks for: the protocol, checked against the table of addresses. Pure.

Every fault of a message is a BadRequest that names its address; nothing has changed then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.addresses import COMMANDS
from bridge.cliprequests import ClipRequest, read_clip
from bridge.controls import CONTROLS, ROOT
from bridge.errors import BadRequest
from bridge.events import (
    BackAsked,
    BankLaunched,
    BankStored,
    ControlSet,
    CueGiven,
    Judged,
    LaunchAsked,
    MorphGiven,
    PlayAsked,
    PromptGiven,
    RefineGiven,
    StopAsked,
    TapGiven,
    TasteReset,
    TransportGiven,
    Wanted,
)
from bridge.osc import Message
from bridge.wording import LARGEST, prompt, whole
from model.music import CUES


@dataclass(frozen=True, slots=True)
class Hello:
    """Register the sender: None is its own port."""

    port: int | None
    name: str
    encoded: bool


@dataclass(frozen=True, slots=True)
class Bye:
    """Take the sender's registration back."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask whether we are there."""

    number: int | float


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask what a control, or the morph, is set to."""

    path: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep the last so many bars."""

    bars: int


@dataclass(frozen=True, slots=True)
class Learn:
    """Have the next touch of a MIDI controller do something; with `forget`, have none do it any more."""

    words: str
    forget: bool = False


@dataclass(frozen=True, slots=True)
class SetAsked:
    """Save the set under a name, or load the one of that name."""

    name: str
    save: bool


KEPT_BARS, MOST_BARS = 8, 256

Request = Hello | Bye | Ping | Ask | Keep | Learn | SetAsked | ClipRequest | Wanted


def read(message: Message) -> Request:
    """Return what a message asks for. Raises BadRequest."""
    path = message.address.removeprefix(ROOT)
    if path == message.address or (path not in CONTROLS and path not in COMMANDS):
        raise BadRequest(message.address, "unknown address (docs/osc.md lists them)")
    args = message.args
    control = CONTROLS.get(path)
    if control is not None:
        return ControlSet(path, control.read(args)) if args else Ask(path)
    if path.startswith("clip"):
        return read_clip(path, message.address, args)
    match path:
        case "hello":
            return _hello(message.address, args)
        case "ping":
            number = args[0] if len(args) == 1 else None
            if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < LARGEST:
                raise BadRequest(message.address, "takes one number of 32 bits")
            return Ping(number)
        case "prompt" | "prompt_uri":
            return PromptGiven(prompt(message.address, args, encoded=path == "prompt_uri"))
        case "refine" | "refine_uri":
            return RefineGiven(prompt(message.address, args, encoded=path == "refine_uri"))
        case "keep":
            return Keep(_bars(message.address, args))
        case "learn" | "unlearn":
            return Learn(_text(message.address, args), forget=path == "unlearn")
        case "set/save" | "set/load":
            return SetAsked(_text(message.address, args), save=path == "set/save")
        case "take/launch":
            return LaunchAsked(_id(message.address, args))
        case "cue":
            return CueGiven(_section(message.address, args))
        case "transport":
            return _transport(message.address, args)
        case "morph" if not args:
            return Ask(path)
        case "morph" | "morph_uri":
            return _morph(message.address, args, encoded=path == "morph_uri")
    bank = _BANK.fullmatch(path)
    if bank is not None and bank["what"] == "store":
        return BankStored(int(bank["slot"]), prompt(message.address, args, encoded=False))
    if args:
        raise BadRequest(message.address, "takes no arguments")
    if bank is not None:
        return BankLaunched(int(bank["slot"]))
    commands: dict[str, Request] = {
        "back": BackAsked(), "bye": Bye(), "play": PlayAsked(), "stop": StopAsked(), "panic": StopAsked(panic=True),
        "tap": TapGiven(), "like": Judged(liked=True), "skip": Judged(liked=False), "taste/reset": TasteReset(),
    }  # fmt: skip
    return commands[path]


_BANK = re.compile(r"bank/(?P<slot>\d+)/(?P<what>store|launch)")


def _id(address: str, args: Sequence[object]) -> str:
    """Return a take's id, which a host without strings sends as a number."""
    number = whole(args[0]) if len(args) == 1 else None
    if number is not None:
        return str(number)
    if len(args) != 1 or not isinstance(args[0], str) or not args[0].strip():
        raise BadRequest(address, "takes the id of a take, as /llmball/take told it")
    return args[0].strip()


def _bars(address: str, args: Sequence[object]) -> int:
    bars = whole(args[0]) if len(args) == 1 else None if args else KEPT_BARS
    if bars is None or not 1 <= bars <= MOST_BARS:
        raise BadRequest(address, f"takes a number of bars, 1..{MOST_BARS}")
    return bars


def _text(address: str, args: Sequence[object]) -> str:
    if not all(isinstance(a, str) for a in args):
        raise BadRequest(address, "takes words")
    return " ".join(str(a) for a in args).strip()[:200]


def _section(address: str, args: Sequence[object]) -> str:
    if len(args) != 1 or not isinstance(args[0], str) or args[0] not in CUES:
        raise BadRequest(address, f"takes one of {' '.join(CUES)}")
    return str(args[0])


def _hello(address: str, args: Sequence[object]) -> Hello:
    port = whole(args[0]) if args else 0
    name = args[1] if len(args) > 1 else ""
    encoded = whole(args[2]) if len(args) > 2 else 0
    if (
        port is None
        or not 0 <= port <= 65535
        or not isinstance(name, str)
        or encoded not in (0, 1)
        or len(args) > 3
    ):
        raise BadRequest(address, "takes reply_port (0..65535, 0 is the sender's), name and encoded (0 or 1)")
    return Hello(port or None, name[:100], bool(encoded))


def _morph(address: str, args: Sequence[object], encoded: bool) -> MorphGiven:
    if len(args) != 3 or not all(isinstance(a, str) for a in args[:2]):
        raise BadRequest(address, "takes two prompts, each one string, and a number in 0..1")
    first, second = (prompt(address, [a], encoded) for a in args[:2])
    try:
        x = CONTROLS["morph/x"].read(args[2:])
    except BadRequest as error:
        raise BadRequest(address, error.reason) from error
    return MorphGiven(first, second, float(x))


def _transport(address: str, args: Sequence[object]) -> TransportGiven:
    numbers = [
        float(a) for a in args if isinstance(a, int | float) and not isinstance(a, bool) and abs(a) < LARGEST
    ]
    if len(args) != 3 or len(numbers) != 3:
        raise BadRequest(address, "takes three numbers: playing (0 or 1), beat (quarter notes) and tempo")
    playing, quarter, bpm = numbers
    if playing not in (0, 1) or not 20 <= bpm <= 999:
        raise BadRequest(address, f"playing is 0 or 1 and the tempo 20..999, not {playing:g} and {bpm:g}")
    return TransportGiven(bool(playing), quarter, bpm)
