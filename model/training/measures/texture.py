"""How music is woven: figures of a clip that hold for human songs as for ours (acceptance line 7).

Onsets are compared on a grid of sixteenths from the bar line, which fits every metre of ours and forgives swing.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from model.music.drums import ROLES
from model.training.measures.clips import LENGTH, PITCH, START, Clip, Notes

GRID = 120
"""Ticks of a sixteenth."""
Counts = npt.NDArray[np.float64]


def melody_on_chord(clip: Clip) -> float:
    """Return the share of melody time under a chord whose pitch class is in it: about 0.75 in sound songs."""
    notes = clip.part("melody")
    inside = whole = 0.0
    for start, end, chord in clip.spans:
        shared = np.minimum(notes[:, START] + notes[:, LENGTH], end) - np.maximum(notes[:, START], start)
        shared = np.maximum(shared, 0)
        whole += float(shared.sum())
        inside += float(shared[np.isin(notes[:, PITCH] % 12, list(chord.pitch_classes))].sum())
    return inside / whole if whole else np.nan


def bar_overlap(clip: Clip, part: str) -> float:
    """Return the mean Jaccard likeness of the onsets of neighbouring bars of one metre; two empty bars say nothing.

    For drums an onset is a role on a place of the grid. A player's note a little before a bar line is that bar's.
    """
    notes = clip.part(part)
    edges = np.array([at for at, _ in clip.bars])
    nearest = (notes[:, START] + GRID // 2) // GRID * GRID
    bar = np.searchsorted(edges, nearest, "right") - 1
    place = (nearest - edges[bar]) // GRID
    if part == "drums":
        place = place * 128 + notes[:, PITCH]
    sets = [set(place[bar == i].tolist()) for i in range(len(edges))]
    likeness = [
        len(a & b) / len(a | b)
        for a, b, (_, before), (_, meter) in zip(sets, sets[1:], clip.bars, clip.bars[1:], strict=False)
        if (a or b) and before == meter
    ]
    return float(np.mean(likeness)) if likeness else np.nan


def class_entropy(clip: Clip) -> float:
    """Return the entropy of the pitch classes of all pitched notes, in bits: 0 one class, 3.58 all alike."""
    share = np.bincount(clip.pitched[:, PITCH] % 12, minlength=12).astype(np.float64)
    if not share.any():
        return np.nan
    share = share[share > 0] / share.sum()
    return float(-(share * np.log2(share)).sum())


def mean_length(clip: Clip, part: str) -> float:
    """Return the mean length of a part's notes in quarters."""
    notes = clip.part(part)
    return float(notes[:, LENGTH].mean() / 480) if len(notes) else np.nan


def mean_interval(clip: Clip) -> float:
    """Return the mean step of the melody in semitones, up or down alike."""
    steps = melody_steps(clip)
    return float(np.abs(steps).mean()) if len(steps) else np.nan


def melody_steps(clip: Clip) -> npt.NDArray[np.int64]:
    """Return the intervals of the melody's top line in semitones; a rest of more than a whole note ends a line."""
    notes = clip.part("melody")
    line = top_line(notes)
    near = np.diff(line[:, START]) - line[:-1, LENGTH] <= 1920
    pitches = line[:, PITCH].astype(np.int64)
    return (pitches[1:] - pitches[:-1])[near]


def top_line(notes: Notes) -> Notes:
    """Return the highest note of every onset."""
    last: npt.NDArray[np.bool_] = np.append(notes[1:, START] > notes[:-1, START], True)[: len(notes)]
    found: Notes = notes[last]
    return found


def chord_changes(clip: Clip) -> float:
    """Return how often a bar the chord symbol becomes another; nothing if there are no chords, or nothing to hear them by."""
    symbols = [chord for _, _, chord in clip.spans]
    if not symbols or not len(clip.pitched):
        return np.nan
    return sum(a != b for a, b in pairwise(symbols)) / len(clip.bars)


def polyphony(clip: Clip) -> float:
    """Return how many pitched notes sound at once, over the time when any does."""
    notes = clip.pitched
    if not len(notes):
        return np.nan
    edges = np.concatenate([notes[:, START], notes[:, START] + notes[:, LENGTH]])
    steps = np.repeat([1, -1], len(notes))
    order = np.argsort(edges, kind="stable")
    sounding, time = np.cumsum(steps[order])[:-1], np.diff(edges[order])
    heard = time[sounding > 0].sum()
    return float((sounding * time).sum() / heard) if heard else np.nan


def kick_on_bass(clip: Clip) -> float:
    """Return the share of kicks that fall on a bass onset, to a sixteenth; nothing without both."""
    drums, bass = clip.part("drums"), clip.part("bass")
    kicks = (drums[drums[:, PITCH] == ROLES["kick"], START] + GRID // 2) // GRID
    if not len(kicks) or not len(bass):
        return np.nan
    return float(np.isin(kicks, (bass[:, START] + GRID // 2) // GRID).mean())


SCALARS: dict[str, Callable[[Clip], float]] = {
    "melody on chord tones": melody_on_chord,
    "bar overlap, melody": lambda c: bar_overlap(c, "melody"),
    "bar overlap, chords": lambda c: bar_overlap(c, "chords"),
    "bar overlap, bass": lambda c: bar_overlap(c, "bass"),
    "bar overlap, drums": lambda c: bar_overlap(c, "drums"),
    "pitch class entropy": class_entropy,
    "note length, melody": lambda c: mean_length(c, "melody"),
    "note length, chords": lambda c: mean_length(c, "chords"),
    "note length, bass": lambda c: mean_length(c, "bass"),
    "interval, melody": mean_interval,
    "chord changes a bar": chord_changes,
    "polyphony": polyphony,
    "kick on bass": kick_on_bass,
}
"""What is measured → a figure of a clip, NaN where the clip has no such thing."""


def length_counts(clip: Clip, part: str) -> Counts:
    """Return how many notes of a part last about 1/8, 1/4, 1/2, 1, 2, 4 and 8 quarters (and between), `(13,)`."""
    lengths = np.maximum(clip.part(part)[:, LENGTH], 1) / 480
    return np.bincount(np.clip(np.round(2 * np.log2(lengths)) + 6, 0, 12).astype(int), minlength=13).astype(float)


def interval_counts(clip: Clip) -> Counts:
    """Return how many melody steps go −12 … 12 semitones, larger ones at the edges, `(25,)`."""
    return np.bincount(np.clip(melody_steps(clip), -12, 12) + 12, minlength=25).astype(float)


def class_counts(clip: Clip) -> Counts:
    """Return how many notes have the most frequent pitch class, the next and so on, `(12,)`."""
    return np.sort(np.bincount(clip.pitched[:, PITCH] % 12, minlength=12))[::-1].astype(float)


HISTOGRAMS: dict[str, Callable[[Clip], Counts]] = {
    "note lengths, melody": lambda c: length_counts(c, "melody"),
    "note lengths, chords": lambda c: length_counts(c, "chords"),
    "note lengths, bass": lambda c: length_counts(c, "bass"),
    "intervals, melody": interval_counts,
    "pitch classes by frequency": class_counts,
}
"""What is measured → counts of a clip's notes, nothing but zeros where it has no such thing."""
