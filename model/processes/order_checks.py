"""Orders are checked before they are carried out: they may come from another machine, and no number may be none. Pure."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import lru_cache

from model.generation.messages import Begin, Forget, Order, Prepare, Write
from model.music.control import MAX_BARS, MAX_TEMPO, MIN_TEMPO, Control, Value, control_rows
from model.music.notes import CUES, METERS, PARTS, TICKS_PER_QUARTER, Beat, Kept, Note
from model.music.plan import Controls, Plan

MAX_NUMBER, MAX_CHARACTERS, MAX_VALUES = 2**53, 8000, 200_000
"""Size of a number, length of a text and count of all values in an order."""
MAX_INDEX = 10_000_000
"""Beats of a take: two months at 120 bpm."""
MAX_NOTE = 4096 * TICKS_PER_QUARTER
"""Ticks of a note, and of its place within what holds it."""
_CONTROLS = {row.field: row for row in control_rows(Controls)}


def check_order(order: Order) -> None:
    """Raise ValueError, with what is wrong in words, unless every value of an order can be what it says."""
    count = _check(order, 0)
    match order:
        case Begin():
            for name, bars in (("bars", order.bars), ("loop", order.loop)):
                _demand(bars is None or 1 <= bars <= MAX_BARS, f"{name} are 1..{MAX_BARS}")
            _demand(order.parts is None or set(order.parts) <= set(PARTS), f"parts are {', '.join(PARTS)}")
        case Write():
            _demand(0 <= order.index <= MAX_INDEX, f"a beat is 0..{MAX_INDEX}")
            _demand(order.section is None or order.section in CUES, f"a section is {', '.join(CUES)}")
        case Forget() | Prepare():
            pass
    _demand(count <= MAX_VALUES, f"an order has {MAX_VALUES} values at most")


def _check(value: object, count: int) -> int:
    """Check a value and all that it holds; return the count of values so far."""
    _demand(count <= MAX_VALUES, f"an order has {MAX_VALUES} values at most")
    if isinstance(value, int | float):
        _demand(abs(value) <= MAX_NUMBER, f"a number is finite and {MAX_NUMBER} at most")
        return count + 1
    if isinstance(value, str):
        _demand(len(value) <= MAX_CHARACTERS, f"a text has {MAX_CHARACTERS} characters at most, not {len(value)}")
        return count + 1
    match value:
        case Controls():
            for name, row in _CONTROLS.items():
                given = getattr(value, name)
                if given is not None and given != row.default:
                    _check_control(row, given)
        case Plan():
            _demand(
                MIN_TEMPO / 4 <= value.tempo <= MAX_TEMPO * 4,
                f"a tempo of a plan is {MIN_TEMPO / 4:g}..{MAX_TEMPO * 4}, not {value.tempo:g}",
            )
            _demand(value.bars is None or 1 <= value.bars <= MAX_BARS, f"bars are 1..{MAX_BARS}")
            _demand(value.meter in METERS, f"a metre is one of {' '.join(METERS)}")
        case Note():
            _demand(
                max(value.start, value.length, abs(value.offset)) <= MAX_NOTE, f"a note has {MAX_NOTE} ticks at most"
            )
        case Beat():
            _demand(value.meter in METERS, f"a metre is one of {' '.join(METERS)}")
        case Kept():
            _demand(value.parts <= set(PARTS), f"parts are {', '.join(PARTS)}")
    held = [getattr(value, f.name) for f in fields(value)] if is_dataclass(value) else value
    for one in held if isinstance(held, list | tuple | frozenset) else ():
        count = _check(one, count)
    return count + 1


@lru_cache(64)
def _check_control(row: Control, value: Value) -> None:
    try:
        row.checked(value)
    except ValueError as error:
        raise ValueError(f"{row.path} {error}") from error


def _demand(is_so: bool, law: str) -> None:
    if not is_so:
        raise ValueError(law)
