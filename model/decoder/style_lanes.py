"""Combines the logits of the lanes: one lane for each style (one or two) and, for guidance, one without conditions. Pure."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from model.decoder.engine import Array
from model.decoder.tokenizer import EVENTS, GRID, PART_ORDER, Event, note_event
from model.music.plan import Mix, Plan

FIRST_LANE_PART = PART_ORDER[0]
"""The part whose style is the first lane's."""


def lane_styles(plan: Plan) -> tuple[Mix, ...]:
    """Return the mix of styles of each conditioned lane: the first part's, and the other one if parts differ."""
    return tuple(dict.fromkeys((plan.style_of(FIRST_LANE_PART), *(plan.style_of(p) for p in PART_ORDER))))[:2]


def second_style_parts(plan: Plan) -> frozenset[str]:
    """Return the parts of the second conditioned lane."""
    return frozenset(p for p in PART_ORDER if plan.style_of(p) != plan.style_of(FIRST_LANE_PART))


def logits_of_part(logits: Array, part: str, second_lane_parts: frozenset[str]) -> Array:
    """Return the logits of a field of a part's note, `(1 or 2, n)`, from those of all lanes, `(lanes, n)`."""
    return (
        np.ascontiguousarray(np.delete(logits, 0 if part in second_lane_parts else 1, 0))
        if second_lane_parts
        else logits
    )


def logits_of_events(logits: Array, second_lane_parts: frozenset[str]) -> Array:
    """Return the logits of the next event, `(1 or 2, n)`: each part's from its own lane.

    The first lane gives the probability of each event of its parts, and of none of them; the second divides the rest.
    """
    if not second_lane_parts:
        return logits
    second = _second(second_lane_parts)
    ours, theirs = (lane - np.logaddexp.reduce(lane[second]) for lane in logits[:2])
    return np.ascontiguousarray([np.where(second, theirs, ours), *logits[2:]])


@lru_cache(16)
def _second(second_lane_parts: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Return which events are the second lane's, `(EVENTS,)`: its parts, new chords with chords, the end with the last part."""
    second = np.full(EVENTS, PART_ORDER[-1] in second_lane_parts)
    second[Event.CHORD] = "chords" in second_lane_parts
    for part in PART_ORDER:
        first = note_event(part, 0)
        second[first : first + GRID] = part in second_lane_parts
    return second
