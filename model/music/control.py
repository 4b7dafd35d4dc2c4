"""One control: its type, range and default, the check of a value, and what of the planned music it changes. Pure.

The controls that the model is told are the fields of `model.music.plan.Controls`; `bridge.protocol.controls.CONTROLS` has
all of them, each under its OSC address.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import TypeVar

Value = int | float | str
FieldT = TypeVar("FieldT")
MAX_PROMPT, MAX_TEXT = 2000, 1000  # characters of a prompt; of a key, a progression or a drum map
MAX_SOUND_BYTES = 24 * 2**20
"""Bytes of a .wav file that is heard: three minutes of mono in 16 bits, one in stereo floats."""
MAX_BARS = 256  # of a clip, and of what is kept
MAX_FILE_BARS = 20_000  # of a .mid file that is read
MAX_SEED = 2**31 - 1
_HUGE = 2**1000  # numbers from here on are no numbers of ours: a whole one may be too large for a float
MIN_TEMPO, MAX_TEMPO = 20, 300  # quarter notes a minute


class Reach(Enum):
    """What of the music already planned a change of a control changes."""

    LATER_TAKES = "nothing: it counts for later takes"
    TEMPO = "the time of all that is planned"
    REGENERATE_BEATS = "beats are written anew, from one soon"
    REGENERATE_BARS = "beats are written anew, from a bar line"
    MORPH = "a take of two prompts goes on from another place between them"
    REARRANGE = "the same beats are arranged anew"


@dataclass(frozen=True, slots=True)
class Control:
    """A control. `kind` is its OSC type: f, i or s.

    A number lies in `low`..`high` or is `unset`, a value outside the range that leaves it to the words. A text is one of
    `choices`; without choices `syntax` describes it, and `parser` returns its normal form or raises ValueError.
    `field` names the field of `Controls` that tells it to the model; it is empty where the model is not told.
    """

    path: str
    kind: str
    default: Value
    description: str
    low: float = 0
    high: float = 0
    unset: float | None = None
    choices: tuple[str, ...] = ()
    syntax: str = ""
    parser: Callable[[str], str] | None = None
    reach: Reach = Reach.LATER_TAKES
    field: str = ""

    @property
    def range_text(self) -> str:
        """The allowed values, in words."""
        if self.choices:
            return " ".join(self.choices)
        if self.kind == "s":
            return self.syntax
        span = f"{self.low:.10g}..{self.high:.10g}"
        return span if self.unset is None else f"{span}, or {self.unset:g}"

    def checked(self, value: object) -> Value:
        """Return a value of the control's type. Raises ValueError: `takes a number: 0..1`, `is 20..300, not 400`."""
        if self.kind == "s":
            if not isinstance(value, str):
                raise ValueError(f"takes a string: {self.range_text}")
            return self._checked_text(value.strip())
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _HUGE:
            raise ValueError(f"takes a number: {self.range_text}")
        if self.kind == "i" and value != int(value):
            raise ValueError(f"takes a whole number: {self.range_text}")
        if self.choices:
            if str(int(value)) not in self.choices:
                raise ValueError(f"is one of {self.range_text}")
        elif not self.low <= value <= self.high and value != self.unset:
            raise ValueError(f"is {self.range_text}, not {value:g}")
        return int(value) if self.kind == "i" else float(value)

    def from_text(self, text: str) -> Value:
        """Return the value that a text spells, as on the command line. Raises ValueError."""
        if self.kind == "s":
            return self.checked(text)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        return self.checked(value)

    def _checked_text(self, value: str) -> str:
        if self.choices:
            if value not in self.choices:
                raise ValueError(f"is one of {self.range_text}, not {value[:40]!r}")
            return value
        if len(value) > MAX_TEXT:
            raise ValueError(f"has {MAX_TEXT} characters at most, not {len(value)}")
        return value if self.parser is None else self.parser(value)


def control_field(
    default: FieldT, description: str, low: float = 0, high: float = 0, *, path: str = "", unset: float | None = None,
    choices: tuple[str, ...] = (), syntax: str = "", parser: Callable[[str], str] | None = None,
    reach: Reach = Reach.REGENERATE_BEATS,
) -> FieldT:  # fmt: skip
    """Return a dataclass field of `Controls`: a control that the model is told. Its path is the field's name unless given.

    The default of a text decides that it is one; a default of None is filled in by `CONTROLS`.
    """
    shown: Value = default if isinstance(default, str | float) else low
    kind = "s" if isinstance(default, str) else "f"
    row = Control(path, kind, shown, description, low, high, unset, choices, syntax, parser, reach)
    return field(default=default, metadata={"control": row})


def control_rows(kind: type) -> tuple[Control, ...]:
    """Return the controls of the fields that were made by `control_field`."""
    rows = ((f.name, f.metadata["control"]) for f in fields(kind) if "control" in f.metadata)
    return tuple(replace(row, path=row.path or name, field=name) for name, row in rows)
