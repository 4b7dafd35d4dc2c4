"""Where in its bar a tune begins: by rhythm and by harmony, as tunes of the songbook lie in their bars. Pure.

A tune that was sung has no bar lines, and most do not begin on one. Every sixteenth of a bar is tried as the place of the first note.
Its score (a log likelihood but for a constant) adds, for each note, how usual an onset of its length is at the place where it then lies,
and how likely half bars drawn there make the chords under the tune; the weights are fitted by `model.training.fit.bar_lines`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from model.analysis.key_finder import load_tables, log_likelihoods
from model.music.midifile import bar_length
from model.music.notes import TICKS_PER_QUARTER, Ticks, beat_length, beats_in_bar
from model.weights import FOLDER, load

Array = npt.NDArray[np.float64]
Weights = npt.NDArray[np.float32]
SIXTEENTH = TICKS_PER_QUARTER // 4
LENGTHS = (1, 2, 4, 8)
"""Sixteenths to the next onset up to which a note is of a kind; longer ones are of a kind of their own."""
KINDS = len(LENGTHS) + 1
_EIGHTH = 2
"""Sixteenths between two places whose harmony is heard; one between them is as the one before it."""


@dataclass(frozen=True, slots=True)
class TunedNote:
    """A note on the grid: ticks from the first one's start."""

    start: int
    end: int
    pitch: int


OPENING = 0.7
"""Added to the score of a bar's first sixteenth: who sings a tune begins with its beginning, and the fitted tunes were cut out of pieces
every eight bars. The place of the held-out ones is found as often with it as without (.85)."""


def features(notes: Sequence[TunedNote], meter: str) -> tuple[Array, Array]:
    """Return, for each sixteenth of a bar as the place of the first note, what the notes' onsets and their harmony are.

    Onsets are counted by sixteenth of the bar and kind, `(N, N, KINDS)`; harmony is a log likelihood from the best one's down, `(N,)`.
    """
    count = bar_length(meter) // SIXTEENTH
    onsets, harmony = np.zeros((count, count, KINDS)), np.zeros(count)
    following = [n.start for n in notes[1:]] + [notes[-1].end]
    for note, then in zip(notes, following, strict=True):
        kind = int(np.searchsorted(LENGTHS, round((then - note.start) / SIXTEENTH)))
        places = (round(note.start / SIXTEENTH) + np.arange(count)) % count
        onsets[np.arange(count), places, kind] += 1
    for place in range(count):
        if place % _EIGHTH:
            harmony[place] = harmony[place - 1]
        else:
            likely = log_likelihoods(_sounding(notes, meter, place * SIXTEENTH), load_tables())
            harmony[place] = float(np.logaddexp.reduce(likely))
    return onsets, harmony - harmony.max()


def _sounding(notes: Sequence[TunedNote], meter: str, before: int) -> Array:
    """Return the quarters that each pitch class sounds in each half bar, `(n, 12)`, where `before` ticks of the first bar lie before the tune."""
    bar, middle = bar_length(meter), (beats_in_bar(meter) + 1) // 2 * beat_length(meter)
    found = np.zeros((2 * (-(-(notes[-1].end + before) // bar)), 12))
    for note in notes:
        at = note.start + before
        while at < note.end + before:
            line = at // bar * bar
            half = 2 * (at // bar) + (at >= line + middle)
            until = min(note.end + before, line + (bar if half % 2 else middle))
            found[half, note.pitch % 12] += (until - at) / TICKS_PER_QUARTER
            at = until
    return found


@cache
def load_weights() -> Mapping[str, Weights]:
    """Return the shipped weights: by metre of onsets `(N, KINDS)` and of the first note `(N,)`, and of harmony. Raises WeightsError."""
    return load(FOLDER / "bar_lines.safetensors")[0]


def first_place(notes: Sequence[TunedNote], meter: str) -> Ticks:
    """Return how many ticks of its bar lie before a tune's first note, in whole sixteenths."""
    weights = load_weights()
    onsets, harmony = features(notes, meter)
    score = (onsets * weights[f"{meter}.onsets"]).sum((1, 2)) + weights[f"{meter}.first"]
    score[0] += OPENING
    return Ticks(int((score + float(weights["harmony"][0]) * harmony).argmax()) * SIXTEENTH)
