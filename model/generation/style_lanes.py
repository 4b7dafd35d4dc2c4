"""What the lanes of a decoder say, as one that was told of the words and one that was not.

There is a lane for each manner that parts play in, one or two, and for guidance one that was told nothing. Pure.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from model.decoder.engine import Array
from model.decoder.tokenizer import EVENTS, GRID, PART_ORDER, Event, note_event
from model.music.plan import Mix, Plan

FIRST_LANE_PART = PART_ORDER[0]
"""The part whose manner is the first lane's."""


def lane_styles(plan: Plan) -> tuple[Mix, ...]:
    """Return the mix of styles of each told lane: the ground's, and that of what is played over it if it is another."""
    return tuple(dict.fromkeys((plan.style_of(FIRST_LANE_PART), *(plan.style_of(p) for p in PART_ORDER))))[:2]


def second_style_parts(plan: Plan) -> frozenset[str]:
    """Return the parts that the second told lane speaks for."""
    return frozenset(p for p in PART_ORDER if plan.style_of(p) != plan.style_of(FIRST_LANE_PART))


def logits_of_part(logits: Array, part: str, second_lane_parts: frozenset[str]) -> Array:
    """Return what is said of a note's fields, `(1 or 2, n)`, from logits of all lanes, `(lanes, n)`; `over` are the second lane's parts."""
    return (
        np.ascontiguousarray(np.delete(logits, 0 if part in second_lane_parts else 1, 0))
        if second_lane_parts
        else logits
    )


def logits_of_events(logits: Array, second_lane_parts: frozenset[str]) -> Array:
    """Return what is said of the next event, `(1 or 2, n)`: of each part by its own lane.

    The first lane says how likely each event of its parts is, and how likely none of them; the second shares out the rest.
    """
    if not second_lane_parts:
        return logits
    second = _second(second_lane_parts)
    ours, theirs = (lane - np.logaddexp.reduce(lane[second]) for lane in logits[:2])
    return np.ascontiguousarray([np.where(second, theirs, ours), *logits[2:]])


@lru_cache(16)
def _second(second_lane_parts: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Return which events the second lane speaks for, `(EVENTS,)`: its parts', chords' changes with the chords, the end with the last part."""
    second = np.full(EVENTS, PART_ORDER[-1] in second_lane_parts)
    second[Event.CHORD] = "chords" in second_lane_parts
    for part in PART_ORDER:
        first = note_event(part, 0)
        second[first : first + GRID] = part in second_lane_parts
    return second
