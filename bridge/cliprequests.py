"""Messages about clips → what is asked for: contract 3c, checked. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from bridge.controls import SEEDS, Value
from bridge.errors import BadRequest
from bridge.wording import LARGEST, prompt, whole
from model.commission import Row
from model.music import PARTS


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
