"""Detects that a chord progression repeats, and predicts the chord of coming beats from the previous pass. Pure.

A period is accepted once the last beats equal, beat by beat, those one period before: over a whole period, or over
half of one with at least two chord changes. Of several periods the one that matches longest is used. A beat that
differs drops the period; a single wrong beat is tolerated once the next one matches again.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from model.music.harmony import QUALITIES, Chord

LOOP_LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16)
"""Lengths of a progression in bars."""
HISTORY_BARS = 3 * LOOP_LENGTHS[-1]
"""Bars of chords that are kept."""
MIN_CHANGES = 2
BEATS_PER_SLIP = 8
"""One beat in this many may differ between two passes."""


def same_harmony(a: Chord | None, b: Chord | None) -> bool:
    """Return True if two chords have the same root and third, whatever tones are added; None equals only None."""
    if a is None or b is None:
        return a is b
    return a.root == b.root and _third(a) == _third(b)


def _third(chord: Chord) -> int:
    tones = QUALITIES[chord.quality]
    # a chord without a third counts as major: it is played in its place
    return 3 if 3 in tones and 4 not in tones else 4


class LoopDetector:
    """The chord of each past beat, and the period found in them. `beats` is the number of beats in a bar."""

    def __init__(self, beats: int = 4) -> None:
        self.beats_per_bar = beats
        self._history: list[Chord | None] = []
        self.period: int | None = None
        """Length in beats of the repeating progression; None if there is none."""

    def add(self, chord: Chord | None) -> None:
        """Append the chord of a beat; None if it is unknown."""
        self._history.append(chord)
        del self._history[: -HISTORY_BARS * self.beats_per_bar]
        self.period = self._find_period()

    def correct(self, chord: Chord | None, back: int = 1) -> None:
        """Replace the chord of the beat `back` beats back, 1 being the last."""
        if len(self._history) >= back:
            self._history[-back] = chord
            self.period = self._find_period()

    def chord_back(self, back: int) -> Chord | None:
        """Return the chord of the beat `back` beats back, 1 being the last; None if unknown."""
        return self._history[-back] if len(self._history) >= back else None

    def reset(self) -> None:
        """Clear the history, for another meter or performance."""
        self._history.clear()
        self.period = None

    def _find_period(self) -> int | None:
        best, longest = None, 0
        for bars in LOOP_LENGTHS:
            beats = bars * self.beats_per_bar
            matching = _matching_beats(self._history, beats)
            if matching > longest and _is_confirmed(self._history, beats, matching):
                best, longest = beats, matching
        return best

    def predict(self, beats: int) -> Chord | None:
        """Return the chord `beats` beats ahead, 1 being the next; None if no progression repeats."""
        if self.period is None:
            return None
        return self._history[len(self._history) - self.period + (beats - 1) % self.period]


def _matching_beats(history: Sequence[Chord | None], period: int) -> int:
    """Return the number of beats, counted back from the last, that equal those one period before.

    The last must match. Before it one beat in eight may differ, never two in a row: a wrong note of the player does not
    end the progression.
    """
    misses = matching = 0
    missed = True
    for count, i in enumerate(range(len(history) - 1, period - 1, -1), 1):
        if history[i] is None or not same_harmony(history[i], history[i - period]):
            misses += 1
            if missed or misses > 1 + count // BEATS_PER_SLIP:
                break
            missed = True
        else:
            missed = False
            matching = count - misses
    return matching


def _is_confirmed(history: Sequence[Chord | None], period: int, matching: int) -> bool:
    if matching >= period - 1 - period // BEATS_PER_SLIP:
        return True
    run = history[len(history) - matching :]
    changes = sum(not same_harmony(a, b) for a, b in itertools.pairwise(run))
    return 2 * matching >= period and changes >= MIN_CHANGES
