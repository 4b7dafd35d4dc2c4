"""Messages → what a client asks for: the protocol, checked against the table of addresses. Pure.

Every fault of a message is a BadRequest that names its address; nothing has changed then.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from bridge.errors import BadRequest
from bridge.protocol.addresses import COMMANDS
from bridge.protocol.controls import CONTROLS, ROOT, SEEDS, Value
from bridge.protocol.events import (
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
from bridge.protocol.osc import Message
from model.clips.messages import Row
from model.music.notes import CUES, PARTS

PROMPT_LIMIT = 2000  # characters


MOST_RAW = 2 * PROMPT_LIMIT
"""Characters of a prompt before its spaces are put together; longer ones are not looked at."""


LARGEST = 2**31
"""Numbers from here on do not fit into 32 bits."""


def whole(value: object) -> int | None:
    """Return a whole number that may have come as a float, or None: 2.0 is 2."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else None


def prompt(address: str, args: Sequence[object], encoded: bool) -> str:
    """Return the words of a prompt, cleaned of what is not printable. Raises BadRequest."""
    if not args or not all(isinstance(a, str | int | float) and not isinstance(a, bool) for a in args):
        raise BadRequest(address, "takes the prompt as one string or several")
    # Pure Data cuts a sentence at spaces and sends its numbers as floats: 82 comes as 82.0
    text = " ".join(f"{a:g}" if isinstance(a, float) else str(a) for a in args)
    if encoded:
        try:
            text = unquote_to_bytes(text).decode()
        except UnicodeDecodeError as error:
            raise BadRequest(address, "the percent-encoding is not UTF-8") from error
    if len(text) > MOST_RAW:
        raise BadRequest(address, f"a prompt has {PROMPT_LIMIT} characters at most, not {len(text)}")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    if not any(c.isalnum() or ord(c) > 0x2000 for c in text):
        raise BadRequest(address, "the prompt is empty")
    if len(text) > PROMPT_LIMIT:
        raise BadRequest(address, f"a prompt has {PROMPT_LIMIT} characters at most, not {len(text)}")
    return text


def sayable(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: JSON may name halves of characters, which cannot."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


@dataclass(frozen=True, slots=True)
class ClipAsked:
    """Write a clip; `bars` 0 leaves its length to the words."""

    id: int
    bars: int
    seed: int
    prompt: str
    options: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class ClipNotes:
    """Notes that a clip is made from: those from `index` on, of `total`."""

    id: int
    total: int
    index: int
    notes: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ClipRedo:
    """Which parts in which bars of what was given are to be written anew; "" is all of them."""

    id: int
    parts: str
    bars: str


@dataclass(frozen=True, slots=True)
class ClipCancelled:
    """A clip is not wanted any more."""

    id: int


@dataclass(frozen=True, slots=True)
class ClipResend:
    """Tell a finished clip once more."""

    id: int


ClipRequest = ClipAsked | ClipNotes | ClipRedo | ClipCancelled | ClipResend


MOST_GIVEN, MOST_BARS = 32, 256


LONGEST = MOST_BARS * 6
"""Quarter notes of the longest clip: 12/8 has six a bar."""


def read_clip(path: str, address: str, args: Sequence[object]) -> ClipRequest:
    """Return what a message about a clip asks for. Raises BadRequest."""
    id_ = whole(args[0]) if args else None
    if id_ is None or abs(id_) >= LARGEST:
        raise BadRequest(address, "takes the clip's id first, a whole number of 32 bits")
    match path:
        case "clip" | "clip_uri":
            return _asked(id_, address, args[1:], encoded=path == "clip_uri")
        case "clip/given":
            return _given(id_, address, args[1:])
        case "clip/redo":
            if len(args) != 3 or not all(isinstance(a, str) for a in args[1:]):
                raise BadRequest(
                    address, 'takes id, parts ("bass,melody", "" for all) and bars ("3-4", "" for all)'
                )
            return ClipRedo(id_, str(args[1]).strip(), str(args[2]).strip())
    if len(args) != 1:
        raise BadRequest(address, "takes the clip's id")
    return ClipCancelled(id_) if path == "clip/cancel" else ClipResend(id_)


def _asked(id_: int, address: str, args: Sequence[object], encoded: bool) -> ClipAsked:
    bars, seed = (whole(a) for a in args[:2]) if len(args) > 2 else (None, None)
    if bars is None or seed is None or len(args) % 2 == 0:
        raise BadRequest(
            address, "takes id, bars (0: the words'), seed, the prompt, then options by name and value"
        )
    if not 0 <= bars <= MOST_BARS or not 0 <= seed <= SEEDS:
        raise BadRequest(address, f"bars are 0..{MOST_BARS} and seeds 0..{SEEDS}, not {bars} and {seed}")
    words = prompt(address, [args[2]], encoded)
    options: list[tuple[str, Value]] = []
    for name, value in zip(args[3::2], args[4::2], strict=True):
        if not isinstance(name, str) or isinstance(value, bool) or not isinstance(value, int | float | str):
            raise BadRequest(address, "options are a name and a value each")
        options.append(
            (
                name,
                unquote_to_bytes(value).decode("utf-8", "replace")
                if encoded and isinstance(value, str)
                else value,
            )
        )
    return ClipAsked(id_, bars, seed, words, tuple(options))


def _given(id_: int, address: str, args: Sequence[object]) -> ClipNotes:
    total, index = (whole(a) for a in args[:2]) if len(args) > 6 else (None, None)
    part, numbers = (args[2], args[3:]) if len(args) > 6 else (None, ())
    floats = [float(n) for n in numbers if isinstance(n, int | float) and not isinstance(n, bool)]
    if (
        total is None or index is None or index < 0 or part not in PARTS or len(floats) != len(numbers)
        or len(numbers) % 4 or len(numbers) > 4 * MOST_GIVEN
    ):  # fmt: skip
        raise BadRequest(
            address, f"takes id, total, index, part and 1 to {MOST_GIVEN} notes: pitch start length velocity"
        )
    rows = zip(floats[::4], floats[1::4], floats[2::4], floats[3::4], strict=True)
    return ClipNotes(id_, total, index, tuple(_row(address, str(part), *row) for row in rows))


def _row(address: str, part: str, pitch: float, start: float, length: float, velocity: float) -> Row:
    if (
        whole(pitch) is None or not 0 <= pitch <= 127 or not 1 <= velocity <= 127
        or not 0 <= start <= LONGEST or not 0 < length <= LONGEST
    ):  # fmt: skip
        raise BadRequest(
            address,
            f"a note is pitch 0..127, start 0..{LONGEST}, length above 0 and velocity 1..127, "
            f"not {pitch:g} {start:g} {length:g} {velocity:g}",
        )
    return part, int(pitch), start, length, round(velocity)


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


KEPT_BARS = 8


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


Errand = Keep | Learn | SetAsked | ClipRequest
