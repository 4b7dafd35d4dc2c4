"""Loop memory: the chords of the beats so far → the chord of a beat to come, where a progression goes round. Pure.

A period counts once the last beats were, beat by beat, what they were one period before: for two whole passes, or for
half a pass in which the harmony moved at least twice. Of several the one that has held longest is believed. A beat that
differs drops a period; a slip is forgiven once the next beat fits again.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from model.music.harmony import QUALITIES, Chord

PERIODS = (1, 2, 3, 4, 6, 8, 12, 16)
"""Lengths of a progression in bars."""
REMEMBERED = 3 * PERIODS[-1]
"""Bars that are looked back."""
EARLY_CHANGES = 2
SLIPS = 8
"""One beat in so many may differ between two passes."""


def alike(a: Chord | None, b: Chord | None) -> bool:
    """Whether two chords are one harmony: the same root and third, whatever is added to it."""
    if a is None or b is None:
        return a is b
    return a.root == b.root and _third(a) == _third(b)


def _third(chord: Chord) -> int:
    tones = QUALITIES[chord.quality]
    # what has no third agrees with a major one: it is played for it
    return 3 if 3 in tones and 4 not in tones else 4


class Passes:
    """The chords of the beats so far, one a beat. `beats` is the number of beats in a bar."""

    def __init__(self, beats: int = 4) -> None:
        self.beats = beats
        self._heard: list[Chord | None] = []
        self.period: int | None = None
        """The length in beats of the progression that goes round, if one does."""

    def add(self, chord: Chord | None) -> None:
        """Take in the chord of the next beat; None where nobody knows."""
        self._heard.append(chord)
        del self._heard[: -REMEMBERED * self.beats]
        self.period = self._found()

    def amend(self, chord: Chord | None, back: int = 1) -> None:
        """Take it that a beat had another chord: the last, or one so many back."""
        if len(self._heard) >= back:
            self._heard[-back] = chord
            self.period = self._found()

    def said(self, back: int) -> Chord | None:
        """Return the chord of a beat so many back, 1 being the last."""
        return self._heard[-back] if len(self._heard) >= back else None

    def forget(self) -> None:
        """Drop the memory: another metre, another performance."""
        self._heard.clear()
        self.period = None

    def _found(self) -> int | None:
        best, longest = None, 0
        for bars in PERIODS:
            beats = bars * self.beats
            held = _held(self._heard, beats)
            if held > longest and _proved(self._heard, beats, held):
                best, longest = beats, held
        return best

    def ahead(self, beats: int) -> Chord | None:
        """Return the chord of a beat to come, 1 being the next; None where nothing goes round."""
        if self.period is None:
            return None
        return self._heard[len(self._heard) - self.period + (beats - 1) % self.period]


def _held(heard: Sequence[Chord | None], period: int) -> int:
    """Return how many beats back from the last are what they were one period before.

    The last must be. Before it a beat now and then may differ, for a player's slip is no new progression: one in eight, and
    never two together.
    """
    misses = held = 0
    missed = True
    for count, i in enumerate(range(len(heard) - 1, period - 1, -1), 1):
        if heard[i] is None or not alike(heard[i], heard[i - period]):
            misses += 1
            if missed or misses > 1 + count // SLIPS:
                break
            missed = True
        else:
            missed = False
            held = count - misses
    return held


def _proved(heard: Sequence[Chord | None], period: int, held: int) -> bool:
    if held >= period - 1 - period // SLIPS:
        return True
    run = heard[len(heard) - held :]
    changes = sum(not alike(a, b) for a, b in itertools.pairwise(run))
    return 2 * held >= period and changes >= EARLY_CHANGES
