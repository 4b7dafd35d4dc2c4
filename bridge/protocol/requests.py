"""OSC messages → requests, checked against the table of addresses. Pure.

Every error of a message raises BadRequest with its address, before anything has changed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

from bridge.config import MAX_PORT
from bridge.errors import BadRequest
from bridge.protocol.addresses import BANK_SLOTS, COMMANDS, DEFAULT_KEPT_BARS, MAX_HOST_TEMPO
from bridge.protocol.controls import CONTROLS, INT32_LIMIT, ROOT, Value, current_path, parse_value, words_of
from bridge.protocol.events import (
    BackRequested,
    BankLaunchRequested,
    BankStoreRequested,
    ControlSet,
    CueRequested,
    HostTransportReported,
    MorphRequested,
    PlayRequested,
    PromptRequested,
    RefineRequested,
    SessionRequest,
    StopRequested,
    TakeLaunchRequested,
    TakeRated,
    TasteResetRequested,
    TempoTapped,
)
from bridge.protocol.osc import Message
from model.clips.messages import MAX_TRACK_NAME, NOTES_PER_PACKET, TRACK, NoteTuple
from model.music.control import MAX_BARS, MAX_PROMPT, MAX_SEED, MIN_TEMPO
from model.music.notes import CUES, PARTS

MAX_RAW_PROMPT = 2 * MAX_PROMPT
"""Characters of a prompt before its spaces are joined; longer ones are refused unread."""

MAX_ENCODED_PROMPT = 12 * MAX_RAW_PROMPT
"""The same, percent-encoded: a character is four bytes of three characters each at most."""


def as_whole_number(value: object) -> int | None:
    """Return a whole number, also one that came as a float (2.0 is 2); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else None


def is_release(address: str, args: Sequence[object]) -> bool:
    """Return True if a command's argument is the release of a button: 0 or F. Any number above it, T or nil is a press.

    Raises BadRequest for another argument, or several.
    """
    value = args[0] if len(args) == 1 else 1 if not args else ""
    if not isinstance(value, int | float | None) or (value is not None and not 0 <= value < INT32_LIMIT):
        raise BadRequest(address, "takes no arguments, or a button's: 1 acts, 0 is its release")
    return value == 0


def parse_prompt(address: str, args: Sequence[object], encoded: bool) -> str:
    """Return the words of a prompt, with one space between and without unprintable characters. Raises BadRequest."""
    if not args or not all(isinstance(a, str | int | float) and not isinstance(a, bool) for a in args):
        raise BadRequest(address, "takes the prompt as one string or several")
    # Pure Data cuts a sentence at spaces and sends its numbers as floats: 82 comes as 82.0
    text = " ".join(words_of(args))
    if encoded:
        if len(text) > MAX_ENCODED_PROMPT:
            raise BadRequest(address, f"a prompt has {MAX_PROMPT} characters at most")
        try:
            text = unquote_to_bytes(text).decode()
        except UnicodeDecodeError as error:
            raise BadRequest(address, "the percent-encoding is not UTF-8") from error
    if len(text) > MAX_RAW_PROMPT:
        raise BadRequest(address, f"a prompt has {MAX_PROMPT} characters at most, not {len(text)}")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    if not any(c.isalnum() or ord(c) > 0x2000 for c in text):
        raise BadRequest(address, "the prompt is empty")
    if len(text) > MAX_PROMPT:
        raise BadRequest(address, f"a prompt has {MAX_PROMPT} characters at most, not {len(text)}")
    return text


def is_encodable(text: str) -> bool:
    """Return True if a text can be encoded as UTF-8: JSON can contain lone surrogates, which cannot."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


@dataclass(frozen=True, slots=True)
class ClipRequested:
    """Write a clip; `bars` 0 leaves its length to the words."""

    id: int
    bars: int
    seed: int
    prompt: str
    options: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class ClipNotes:
    """Notes that a clip goes on from: those from `index` on, of `total`."""

    id: int
    total: int
    index: int
    notes: tuple[NoteTuple, ...]


@dataclass(frozen=True, slots=True)
class ClipRedo:
    """Parts and bars of the given notes that are written anew; "" is all of them."""

    id: int
    parts: str
    bars: str


@dataclass(frozen=True, slots=True)
class ClipCancelled:
    """Stop writing a clip and forget it."""

    id: int


@dataclass(frozen=True, slots=True)
class ClipResend:
    """Send a finished clip again."""

    id: int


ClipRequest = ClipRequested | ClipNotes | ClipRedo | ClipCancelled | ClipResend
MAX_CLIP_QUARTERS = MAX_BARS * 6
"""Quarter notes of the longest clip: 12/8 has six a bar."""


def parse_clip_request(path: str, address: str, args: Sequence[object]) -> ClipRequest:
    """Return the request of a message about a clip. Raises BadRequest."""
    id_ = as_whole_number(args[0]) if args else None
    if id_ is None or abs(id_) >= INT32_LIMIT:
        raise BadRequest(address, "takes the clip's id first, a whole number of 32 bits")
    match path:
        case "clip" | "clip_uri":
            return _parse_clip(id_, address, args[1:], encoded=path == "clip_uri")
        case "clip/given":
            return _parse_notes(id_, address, args[1:])
        case "clip/redo":
            if len(args) != 3 or not all(isinstance(a, str) for a in args[1:]):
                raise BadRequest(address, 'takes id, parts ("bass,melody", "" for all) and bars ("3-4", "" for all)')
            return ClipRedo(id_, str(args[1]).strip(), str(args[2]).strip())
    if len(args) != 1:
        raise BadRequest(address, "takes the clip's id")
    return ClipCancelled(id_) if path == "clip/cancel" else ClipResend(id_)


def _parse_clip(id_: int, address: str, args: Sequence[object], encoded: bool) -> ClipRequested:
    bars, seed = (as_whole_number(a) for a in args[:2]) if len(args) > 2 else (None, None)
    if bars is None or seed is None or len(args) % 2 == 0:
        raise BadRequest(address, "takes id, bars (0: the words'), seed, the prompt, then options by name and value")
    if not 0 <= bars <= MAX_BARS or not 0 <= seed <= MAX_SEED:
        raise BadRequest(address, f"bars are 0..{MAX_BARS} and seeds 0..{MAX_SEED}, not {bars} and {seed}")
    words = parse_prompt(address, [args[2]], encoded)
    options: list[tuple[str, Value]] = []
    for name, value in zip(args[3::2], args[4::2], strict=True):
        if not isinstance(name, str) or isinstance(value, bool) or not isinstance(value, int | float | str):
            raise BadRequest(address, "options are a name and a value each")
        options.append(
            (
                name,
                unquote_to_bytes(value).decode("utf-8", "replace") if encoded and isinstance(value, str) else value,
            )
        )
    return ClipRequested(id_, bars, seed, words, tuple(options))


def _parse_notes(id_: int, address: str, args: Sequence[object]) -> ClipNotes:
    total, index = (as_whole_number(a) for a in args[:2]) if len(args) > 6 else (None, None)
    part, numbers = (args[2], args[3:]) if len(args) > 6 else (None, ())
    floats = [float(n) for n in numbers if isinstance(n, int | float) and not isinstance(n, bool)]
    if (
        total is None or index is None or index < 0 or not _is_part_or_track(part) or len(floats) != len(numbers)
        or len(numbers) % 4 or len(numbers) > 4 * NOTES_PER_PACKET
    ):  # fmt: skip
        raise BadRequest(
            address,
            f"takes id, total, index, part or {TRACK}NAME and 1 to {NOTES_PER_PACKET} notes: pitch start length velocity",
        )
    part = unquote(str(part))
    rows = zip(floats[::4], floats[1::4], floats[2::4], floats[3::4], strict=True)
    return ClipNotes(id_, total, index, tuple(_checked_row(address, str(part), *row) for row in rows))


def _is_part_or_track(part: object) -> bool:
    """Return True for a part, or for a track by its name: its part is found then."""
    if part in PARTS:
        return True
    if not isinstance(part, str) or not part.startswith(TRACK):
        return False
    name = unquote(part.removeprefix(TRACK))
    return bool(name.strip()) and len(name) <= MAX_TRACK_NAME and name.isprintable()


def _checked_row(address: str, part: str, pitch: float, start: float, length: float, velocity: float) -> NoteTuple:
    if (
        as_whole_number(pitch) is None or not 0 <= pitch <= 127 or not 1 <= velocity <= 127
        or not 0 <= start <= MAX_CLIP_QUARTERS or not 0 < length <= MAX_CLIP_QUARTERS
    ):  # fmt: skip
        raise BadRequest(
            address,
            f"a note is pitch 0..127, start 0..{MAX_CLIP_QUARTERS}, length above 0 and velocity 1..127, "
            f"not {pitch:g} {start:g} {length:g} {velocity:g}",
        )
    return part, int(pitch), start, length, round(velocity)


@dataclass(frozen=True, slots=True)
class Hello:
    """Register the sender; `port` None is the port that it sends from."""

    port: int | None
    name: str
    percent_encoded: bool


@dataclass(frozen=True, slots=True)
class HelloConfirmed:
    """Whoever listens at the reply address wants to: `number` was told there."""

    number: int


@dataclass(frozen=True, slots=True)
class Bye:
    """Remove the sender's registration."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a pong with the same number."""

    number: int | float


@dataclass(frozen=True, slots=True)
class Query:
    """Ask what a control, or the morph, is set to. The path may be an old one: the answer has the same."""

    path: str


@dataclass(frozen=True, slots=True)
class KeepRequested:
    """Store the last bars as a file."""

    bars: int


@dataclass(frozen=True, slots=True)
class LearnRequested:
    """Map the next MIDI source that is used to an action; with `forget`, remove the mappings to it."""

    action: str
    forget: bool = False


@dataclass(frozen=True, slots=True)
class SetRequested:
    """Save the set under a name, or load the set of that name."""

    name: str
    save: bool


@dataclass(frozen=True, slots=True)
class ScoreRequested:
    """Play a piece of the songbook by its name, or a text of the notation; or put it into a slot of the bank (0: play)."""

    name: str
    text: str = ""
    slot: int = 0


@dataclass(frozen=True, slots=True)
class ScoresListed:
    """List the pieces of a style, or the styles ("")."""

    style: str


@dataclass(frozen=True, slots=True)
class ButtonReleased:
    """A button was let go: nothing happens."""


ScoreRequest = ScoreRequested | ScoresListed
Request = (
    Hello
    | HelloConfirmed
    | ButtonReleased
    | Bye
    | Ping
    | Query
    | KeepRequested
    | LearnRequested
    | SetRequested
    | ScoreRequest
    | ClipRequest
    | SessionRequest
)


def parse_request(message: Message) -> Request:
    """Return the request of a message. Raises BadRequest."""
    asked = message.address.removeprefix(ROOT)
    path = current_path(asked)
    if asked == message.address or (path not in CONTROLS and path not in COMMANDS):
        raise BadRequest(message.address, "unknown address (docs/osc.md lists them)")
    args = message.args
    if path in CONTROLS:
        return ControlSet(path, parse_value(asked, args)) if args else Query(asked)
    if path.startswith("score/"):
        return _parse_score(path, message.address, args)
    if path.startswith("clip"):
        return parse_clip_request(path, message.address, args)
    match path:
        case "hello":
            return _parse_hello(message.address, args)
        case "hello/confirm":
            nonce = as_whole_number(args[0]) if len(args) == 1 else None
            if nonce is None:
                raise BadRequest(message.address, "takes the number of hello/nonce")
            return HelloConfirmed(nonce)
        case "ping":
            number = args[0] if len(args) == 1 else None
            if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < INT32_LIMIT:
                raise BadRequest(message.address, "takes one number of 32 bits")
            return Ping(number)
        case "prompt" | "prompt_uri":
            return PromptRequested(parse_prompt(message.address, args, encoded=path == "prompt_uri"))
        case "refine" | "refine_uri":
            return RefineRequested(parse_prompt(message.address, args, encoded=path == "refine_uri"))
        case "keep" if len(args) == 1 and (isinstance(args[0], bool) or args[0] == 0):
            return KeepRequested(DEFAULT_KEPT_BARS) if args[0] else ButtonReleased()
        case "keep":
            return KeepRequested(_parse_bars(message.address, args))
        case "learn" | "unlearn":
            return LearnRequested(_parse_text(message.address, args), forget=path == "unlearn")
        case "set/save" | "set/load":
            return SetRequested(_parse_text(message.address, args), save=path == "set/save")
        case "take/launch":
            return TakeLaunchRequested(_parse_take_id(message.address, args))
        case "cue":
            return CueRequested(_parse_section(message.address, args))
        case "transport":
            return _parse_transport(message.address, args)
        case "morph" if not args:
            return Query(path)
        case "morph" | "morph_uri":
            return _parse_morph(message.address, args, encoded=path == "morph_uri")
    bank = _BANK.fullmatch(path)
    if bank is not None and bank["what"] == "store":
        return BankStoreRequested(int(bank["slot"]), parse_prompt(message.address, args, encoded=False))
    if is_release(message.address, args):
        return ButtonReleased()
    if bank is not None:
        return BankLaunchRequested(int(bank["slot"]))
    commands: dict[str, Request] = {
        "back": BackRequested(), "bye": Bye(), "play": PlayRequested(), "stop": StopRequested(), "panic": StopRequested(panic=True),
        "tap": TempoTapped(), "like": TakeRated(liked=True), "skip": TakeRated(liked=False), "taste/reset": TasteResetRequested(),
    }  # fmt: skip
    return commands[path]


_BANK = re.compile(r"bank/(?P<slot>\d+)/(?P<what>store|launch)")


def _parse_score(path: str, address: str, args: Sequence[object]) -> ScoreRequest:
    if path == "score/text":
        if len(args) != 1 or not isinstance(args[0], str) or not args[0].strip():
            raise BadRequest(address, "takes a text of the songbook's notation, as one string")
        return ScoreRequested("", text=args[0])
    slot = as_whole_number(args[0]) if path == "score/bank" and args else 0
    if slot is None or (path == "score/bank" and slot not in BANK_SLOTS):
        raise BadRequest(address, f"takes a slot, {BANK_SLOTS[0]}..{BANK_SLOTS[-1]}, and the name of a piece")
    name = _parse_text(address, args[1:] if slot else args)
    if path == "score/list":
        return ScoresListed(name)
    if not name:
        raise BadRequest(address, "takes the name of a piece: score/list tells them")
    return ScoreRequested(name, slot=slot)


def _parse_take_id(address: str, args: Sequence[object]) -> str:
    """Return a take's id, which may come as a number."""
    number = as_whole_number(args[0]) if len(args) == 1 else None
    if number is not None:
        return str(number)
    if len(args) != 1 or not isinstance(args[0], str) or not args[0].strip():
        raise BadRequest(address, "takes the id of a take, as /llmball/take told it")
    return args[0].strip()


def _parse_bars(address: str, args: Sequence[object]) -> int:
    bars = as_whole_number(args[0]) if len(args) == 1 else None if args else DEFAULT_KEPT_BARS
    if bars is None or not 1 <= bars <= MAX_BARS:
        raise BadRequest(address, f"takes a number of bars, 1..{MAX_BARS}")
    return bars


def _parse_text(address: str, args: Sequence[object]) -> str:
    if not all(isinstance(a, str | int | float) and not isinstance(a, bool) for a in args):
        raise BadRequest(address, "takes words")
    return " ".join(words_of(args)).strip()[:200]


def _parse_section(address: str, args: Sequence[object]) -> str:
    if len(args) != 1 or not isinstance(args[0], str) or args[0] not in CUES:
        raise BadRequest(address, f"takes one of {' '.join(CUES)}")
    return str(args[0])


def _parse_hello(address: str, args: Sequence[object]) -> Hello:
    port = as_whole_number(args[0]) if args else 0
    name = args[1] if len(args) > 1 else ""
    encoded = as_whole_number(int(args[2]) if isinstance(args[2], bool) else args[2]) if len(args) > 2 else 0
    if port is None or not 0 <= port <= MAX_PORT or not isinstance(name, str) or encoded not in (0, 1) or len(args) > 3:
        raise BadRequest(address, f"takes reply_port (0..{MAX_PORT}, 0 is the sender's), name and encoded (0 or 1)")
    return Hello(port or None, name[:100], bool(encoded))


def _parse_morph(address: str, args: Sequence[object], encoded: bool) -> MorphRequested:
    if len(args) != 3 or not all(isinstance(a, str) for a in args[:2]):
        raise BadRequest(address, "takes two prompts, each one string, and a number in 0..1")
    first, second = (parse_prompt(address, [a], encoded) for a in args[:2])
    try:
        x = CONTROLS["morph/x"].checked(args[2])
    except ValueError as error:
        raise BadRequest(address, str(error)) from error
    return MorphRequested(first, second, float(x))


def _parse_transport(address: str, args: Sequence[object]) -> HostTransportReported:
    numbers = [float(a) for a in args if isinstance(a, int | float) and abs(a) < INT32_LIMIT]
    if len(args) != 3 or len(numbers) != 3:
        raise BadRequest(address, "takes three numbers: playing (0 or 1), beat (quarter notes) and tempo")
    playing, quarter, bpm = numbers
    if playing not in (0, 1) or not MIN_TEMPO <= bpm <= MAX_HOST_TEMPO:
        tempi = f"{MIN_TEMPO}..{MAX_HOST_TEMPO}"
        raise BadRequest(address, f"playing is 0 or 1 and the tempo {tempi}, not {playing:g} and {bpm:g}")
    return HostTransportReported(bool(playing), quarter, bpm)


ServiceRequest = KeepRequested | LearnRequested | SetRequested | ScoreRequest | ClipRequest
