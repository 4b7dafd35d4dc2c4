"""Takes of one prompt, ranked: how well each keeps its key, its chords and its plan, and holds together. Pure."""

from __future__ import annotations

import math
from itertools import pairwise

from model.densities import wanted_onsets
from model.harmony import parse_chord, parse_key
from model.midifile import Song
from model.music import TICKS_PER_QUARTER, Note, Plan

ALIKE = (0.25, 0.85)
"""Between which the likeness of neighbouring bars lies in most human songs: neither chaos nor a copy."""


def score(song: Song, plan: Plan) -> float:
    """Return how good a take is, higher is better: five parts of 0..1 each, evenly weighed."""
    pitched = [n for n in song.notes if n.part != "drums"]
    if not pitched:
        return _fulness(song, plan)
    scale = parse_key(plan.key).pitch_classes
    inside = sum(n.length for n in pitched if n.pitch % 12 in scale) / sum(n.length for n in pitched)
    return (inside + _on_chords(song) + _fulness(song, plan) + _held_together(song) + _no_hole(song)) / 5


def _on_chords(song: Song) -> float:
    melody = [n for n in song.notes if n.part == "melody"]
    if not melody or not song.chords:
        return 0.7
    within = whole = 0
    for note in melody:
        symbols = [symbol for at, symbol in song.chords if at <= note.start]
        if symbols:
            whole += note.length
            within += note.length * (note.pitch % 12 in parse_chord(symbols[-1]).pitch_classes)
    share = within / whole if whole else 0.7
    return 1 - abs(share - 0.75)


def _fulness(song: Song, plan: Plan) -> float:
    """Return 1 where each part has as many onsets as the plan's density asks."""
    quarters = song.end / TICKS_PER_QUARTER
    off = []
    for part in plan.parts:
        onsets = len({n.start for n in song.notes if n.part == part}) / quarters
        off.append(
            abs(math.log((onsets + 0.1) / (wanted_onsets(plan.idiom(part), part, plan.density) + 0.1)))
        )
    return math.exp(-sum(off) / len(off)) if off else 0.0


def _by_bar(song: Song) -> list[list[Note]]:
    starts = [start for start, _ in song.bars]
    ends = [*starts[1:], song.end]
    return [[n for n in song.notes if a <= n.start < b] for a, b in zip(starts, ends, strict=True)]


def _held_together(song: Song) -> float:
    """Return 1 where neighbouring bars share their onsets as much as bars of human songs do."""
    bars = [
        {(n.part, (n.start - start) // 120) for n in notes}
        for (start, _), notes in zip(song.bars, _by_bar(song), strict=True)
    ]
    likeness = [len(a & b) / len(a | b) for a, b in pairwise(bars) if a | b]
    if not likeness:
        return 1.0
    mean = sum(likeness) / len(likeness)
    low, high = ALIKE
    return 1 - max(low - mean, mean - high, 0.0)


def _no_hole(song: Song) -> float:
    bars = _by_bar(song)
    return sum(bool(notes) for notes in bars) / len(bars)


def ranked(takes: list[tuple[int, Song]], plan: Plan) -> list[int]:
    """Return the numbers of the takes, the best first."""
    return [number for number, _ in sorted(takes, key=lambda take: -score(take[1], plan))]
