"""The options of a clip: one row each, from which the command line is built and clip messages are read.

Loads no numpy: `llmball` reads its command line before it starts what is heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.errors import BadRequest
from bridge.protocol.controls import CONTROLS, Value, current_path
from model.clips.messages import DEFAULT_BARS, ClipSpec, KeepSpec
from model.expression import GESTURES
from model.music.control import MAX_BARS, MAX_FILE_BARS, MAX_SEED
from model.music.notes import PARTS
from model.music.plan import Controls

MAX_CLIP_TAKES = 99
"""Files that one command writes."""
MAX_NOTES_PER_CLIP = 8_192
"""Notes that a client gives for one clip."""


@dataclass(frozen=True, slots=True)
class ClipOption:
    """An option: `--name` on the command line, and a name before its value in a message.

    `read` returns the value of a text or raises ValueError; the text "auto" is the default.
    """

    name: str
    metavar: str
    read: Callable[[str], object]
    help: str
    default: object = None
    in_command: bool = True
    in_message: bool = True

    def parse(self, text: str) -> object:
        """Return the value of a text. Raises ValueError: `is 20..300, or 0, not 900`."""
        return self.default if text == "auto" else self.read(text)


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers in low..high."""

    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"is {low}..{high}, not {text}")
        return int(text)

    return read


def read_parts(text: str) -> tuple[str, ...]:
    """Return parts named with commas or spaces between, in the order of PARTS. Raises ValueError."""
    named = set(text.replace(",", " ").split())
    if not named or not named <= set(PARTS):
        raise ValueError(f"takes some of {', '.join(PARTS)}, not {min(named - set(PARTS), default='')!r}")
    return tuple(part for part in PARTS if part in named)


def read_redo(text: str) -> tuple[frozenset[int] | None, frozenset[str]]:
    """Return the bars and the parts that are written anew, of a text such as "3-4,7", "bass" or "3-4 bass"; without bars all. Raises ValueError."""
    words = text.replace(",", " ").split()
    parts = frozenset(word for word in words if word in PARTS)
    bars = [word for word in words if word not in parts]
    return read_bars(",".join(bars)) if bars or not parts else None, parts


def read_bars(text: str) -> frozenset[int]:
    """Return the bars, counted from 0, that a text such as "3-4,7" counts from 1. Raises ValueError."""
    found: set[int] = set()
    for piece in text.split(","):
        first, dash, last = piece.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ValueError(f"takes bars such as 3-4,7, not {text}")
        low, high = int(first), int(last or first)
        if not 1 <= low <= high <= MAX_FILE_BARS:
            raise ValueError(f"takes bars in 1..{MAX_FILE_BARS} that rise, not {piece.strip()}")
        found |= set(range(low - 1, high))
    return frozenset(found)


def _read_ending(text: str) -> str:
    if text not in ("loop", "cadence"):
        raise ValueError(f"is loop or cadence, not {text}")
    return text


def _control(name: str, metavar: str) -> ClipOption:
    """Return the option that sets a control."""
    control = CONTROLS[name]
    text = f"{control.description} ({control.range_text})"
    return ClipOption(name, metavar, control.from_text, text, getattr(Controls(), control.field))


CONTROL_OPTIONS = tuple(
    _control(name, metavar)
    for name, metavar in (
        ("tempo", "BPM"), ("key", "K"), ("meter", "M"), ("chords", '"Am F C G"'), ("density", "X"), ("energy", "X"),
        ("brightness", "X"), ("complexity", "X"), ("temperature", "X"), ("guidance", "X"),
    )
)  # fmt: skip
OPTIONS = {
    option.name: option
    for option in (
        ClipOption("bars", "N", whole_number(1, MAX_BARS), f"default: the words', else {DEFAULT_BARS}", in_message=False),
        ClipOption("seed", "N", whole_number(0, MAX_SEED), "default: a new one, printed", in_message=False),
        ClipOption("parts", "a,b", read_parts, f"of {', '.join(PARTS)}"),
        *CONTROL_OPTIONS,
        ClipOption("ending", "loop|cadence", _read_ending, "default: the words'; else pieces of 24 bars end, shorter ones loop"),
        ClipOption("takes", "N", whole_number(1, MAX_CLIP_TAKES), "writes FILE-1.mid, FILE-2.mid …", in_message=False),
        ClipOption("keep", "a,b", read_parts, "parts of --from that stay in the bars redone"),
        ClipOption("redo", "3-4,7|bass", read_redo, "bars of --from that are written anew, or parts, or parts in bars (3-4,bass)"),
        ClipOption("from", "N", whole_number(0, MAX_NOTES_PER_CLIP), "how many notes were given", in_command=False),
        ClipOption("with", "0|1", whole_number(0, 1), "1: what was given stays, as context; told is what is written for it: the parts, those that the words name, or those that are missing", 0, in_command=False),
        ClipOption("groove", "0|1", whole_number(0, 1), "1: what is written has the timing and the accents of the drums that were given, or of all of it where there are none", 0, in_command=False),
        ClipOption("expression", "0|1", whole_number(0, 1), f"1: {GESTURES} are told too; not of drums", 0, in_command=False),
        ClipOption("refine", "0|1", whole_number(0, 1), "1: the words change what was given", 0, in_command=False),
    )
}  # fmt: skip


def read_message(options: Sequence[tuple[str, Value]]) -> dict[str, Any]:
    """Return the values of all options by name, those that a message leaves out at their default. Raises BadRequest."""
    values: dict[str, Any] = {option.name: option.default for option in OPTIONS.values()}
    for name, value in options:
        option = OPTIONS.get(current_path(name.lstrip("-")))
        if option is None or not option.in_message:
            known = " ".join(o.name for o in OPTIONS.values() if o.in_message)
            raise BadRequest("/llmball/clip", f"{name!r} is no option of a message: {known}")
        # seven digits are what a 32-bit float holds: 82.3 comes as 82.3000030517578
        text = value if isinstance(value, str) else f"{value:.7g}"
        try:
            values[option.name] = option.parse(text)
        except ValueError as error:
            raise BadRequest("/llmball/clip", f"{option.name}: {error}") from error
    return values


def clip_spec(prompt: str, seed: int, bars: int | None, options: Mapping[str, Any]) -> ClipSpec:
    """Return the clip that options ask for, by their names as in `OPTIONS`. Raises BadRequest where they contradict each other."""
    anew = () if options["redo"] is None else options["redo"][1]
    if anew and options["parts"] is not None and set(options["parts"]) != anew:
        raise BadRequest("/llmball/clip", "say one: the parts that are redone stand in redo, or in parts beside bars")
    both = sorted(anew & frozenset(options["keep"] or ())) if anew else []
    if both:
        raise BadRequest("/llmball/clip", f"say one: {', '.join(both)} cannot both be kept and redone")
    return ClipSpec(
        prompt,
        seed,
        bars=bars,
        parts=tuple(part for part in PARTS if part in anew) or options["parts"],
        controls=Controls(**{option.name: options[option.name] for option in CONTROL_OPTIONS}),
        closing=None if options["ending"] is None else options["ending"] == "cadence",
        expression=bool(options["expression"]),
    )


def keep_spec(options: Mapping[str, Any]) -> KeepSpec | None:
    """Return what stays of the source by the options `keep` and `redo`; None where neither is there.

    Where parts are named that are redone, by `redo` or beside it by `parts`, all others stay.
    """
    kept = frozenset(options["keep"] or ())
    if options["redo"] is None:
        return None if options["keep"] is None else KeepSpec(kept)
    bars, parts = options["redo"]
    anew = parts or frozenset(options["parts"] or ())
    return KeepSpec(kept | frozenset(PARTS) - anew if anew else kept, bars)
