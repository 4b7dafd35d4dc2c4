"""Loop memory: the chords of the beats so far → the chord of a beat to come, where a progression goes round. Pure.

A period counts once the last beats were, beat by beat, what they were one period before: for two whole passes, or for
half a pass in which the harmony moved at least twice. Of several the one that has held longest is believed. A beat that
differs drops a period; a slip is forgiven once the next beat fits again.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from model.music.harmony import QUALITIES, Chord

LOOP_LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16)
"""Lengths of a progression in bars."""
HISTORY_BARS = 3 * LOOP_LENGTHS[-1]
"""Bars that are looked back."""
MIN_CHANGES = 2
BEATS_PER_SLIP = 8
"""One beat in so many may differ between two passes."""


def same_harmony(a: Chord | None, b: Chord | None) -> bool:
    """Whether two chords are one harmony: the same root and third, whatever is added to it."""
    if a is None or b is None:
        return a is b
    return a.root == b.root and _third(a) == _third(b)


def _third(chord: Chord) -> int:
    tones = QUALITIES[chord.quality]
    # what has no third agrees with a major one: it is played for it
    return 3 if 3 in tones and 4 not in tones else 4


class LoopDetector:
    """The chords of the beats so far, one a beat. `beats` is the number of beats in a bar."""

    def __init__(self, beats: int = 4) -> None:
        self.beats_per_bar = beats
        self._history: list[Chord | None] = []
        self.period: int | None = None
        """The length in beats of the progression that goes round, if one does."""

    def add(self, chord: Chord | None) -> None:
        """Take in the chord of the next beat; None where nobody knows."""
        self._history.append(chord)
        del self._history[: -HISTORY_BARS * self.beats_per_bar]
        self.period = self._find_period()

    def correct(self, chord: Chord | None, back: int = 1) -> None:
        """Take it that a beat had another chord: the last, or one so many back."""
        if len(self._history) >= back:
            self._history[-back] = chord
            self.period = self._find_period()

    def chord_back(self, back: int) -> Chord | None:
        """Return the chord of a beat so many back, 1 being the last."""
        return self._history[-back] if len(self._history) >= back else None

    def reset(self) -> None:
        """Drop the memory: another metre, another performance."""
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
        """Return the chord of a beat to come, 1 being the next; None where nothing goes round."""
        if self.period is None:
            return None
        return self._history[len(self._history) - self.period + (beats - 1) % self.period]


def _matching_beats(history: Sequence[Chord | None], period: int) -> int:
    """Return how many beats back from the last are what they were one period before.

    The last must be. Before it a beat now and then may differ, for a player's slip is no new progression: one in eight, and
    never two together.
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
