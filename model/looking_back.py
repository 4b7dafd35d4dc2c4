"""What the last beats were like: how full, how loud, what still sounds. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from model.densities import wanted_onsets
from model.fusion import crowding
from model.language import STEP
from model.music import TICKS_PER_QUARTER, Beat, Plan

LOOKED_BACK = 8  # beats
HELD = 64  # beats: more than the longest note


def crowds(beats: Sequence[Beat], plan: Plan, parts: frozenset[str]) -> dict[str, float]:
    """Return the logarithm of how much fuller than the wanted density each part was in the last beats."""
    last = beats[-LOOKED_BACK:]
    quarters = sum(b.length for b in last) / TICKS_PER_QUARTER
    onsets: dict[str, int] = defaultdict(int)
    for beat in last:
        for part in {n.part for n in beat.notes}:
            onsets[part] += len({n.start for n in beat.notes if n.part == part})
    return {p: crowding(onsets[p], quarters, wanted_onsets(plan.style, p, plan.density)) for p in parts}


def velocities(beats: Sequence[Beat]) -> dict[str, float]:
    """Return the mean velocity of each part that played in the last beats."""
    heard: dict[str, list[int]] = defaultdict(list)
    for beat in beats[-LOOKED_BACK:]:
        for note in beat.notes:
            heard[note.part].append(note.velocity)
    return {part: sum(v) / len(v) for part, v in heard.items()}


def busy(beats: Sequence[Beat]) -> dict[tuple[str, int], int]:
    """Return until which grid tick of the next beat each (part, pitch) still sounds."""
    found: dict[tuple[str, int], int] = {}
    back = 0
    for beat in reversed(beats[-HELD:]):
        back += beat.length
        for note in beat.notes:
            until = -(-(note.end - back) // STEP)
            if until > 0 and note.part != "drums":
                key = (note.part, note.pitch)
                found[key] = max(until, found.get(key, 0))
    return found
