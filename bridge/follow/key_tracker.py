"""The key and the energy of what the hands play, found as they play. Pure.

The key is the best of 24 profiles (Temperley's, after Kostka and Payne) under a running count of what sounded; another
must be clearly better before the band moves with it. The energy is how hard and how busily they play.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import sqrt

from bridge.follow.keyboard import KeyPress
from model.music.harmony import MODES, Key

_MAJOR = (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400)
_MINOR = (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330)
DECAY_PER_BEAT = 0.97
"""What is left of a beat's weight one beat later."""
MIN_PITCH_CLASSES = 4
"""Pitch classes that must have sounded before a key is found."""
KEY_CHANGE_MARGIN = 0.05
"""How much better a correlation another key must have."""
ENERGY_STEP = 1 / 8
"""Energy moves in such steps: each change of the header costs the model its memory."""
LOUD_VELOCITY, SOFT_VELOCITY = 110, 40
"""Velocities of energy 1 and 0."""
BUSY_NOTES_PER_SECOND = 6.0
"""Notes a second of energy 1."""


class KeyAndEnergyTracker:
    """What was found so far: `key` None before enough was played, `energy` 0..1 or None."""

    def __init__(self) -> None:
        self.key: Key | None = None
        self.energy: float | None = None
        self._counts = [0.0] * 12

    def update_key(self, sounding: Collection[int]) -> None:
        """Take in the pitches that sounded in a beat."""
        self._counts = [c * DECAY_PER_BEAT for c in self._counts]
        for pitch in sounding:
            self._counts[pitch % 12] += 1 / len(sounding) + 0.25
        if sounding:
            self._counts[min(sounding) % 12] += 0.25
        if sum(c > 0 for c in self._counts) < MIN_PITCH_CLASSES:
            return
        scores = {
            key: _correlation(self._counts, key) for key in ((t, m) for m in (False, True) for t in range(12))
        }
        best = max(scores, key=lambda k: scores[k])
        now = None if self.key is None else (self.key.tonic, self.key.minor)
        if now is None or scores[best] > scores[now] + KEY_CHANGE_MARGIN:
            mode = "minor" if best[1] else "major"
            self.key = Key(best[0], mode, MODES[mode])

    def update_energy(self, key_presses: Iterable[KeyPress], seconds: float) -> None:
        """Take in what was struck within the last so many seconds; silence changes nothing."""
        recent = list(key_presses)
        if not recent or seconds <= 0:
            return
        hard = (sum(t.velocity for t in recent) / len(recent) - SOFT_VELOCITY) / (
            LOUD_VELOCITY - SOFT_VELOCITY
        )
        busy = len({round(t.at / 0.04) for t in recent}) / seconds / BUSY_NOTES_PER_SECOND
        level = min(1.0, max(0.0, 0.65 * hard + 0.35 * min(1.0, busy)))
        if self.energy is None or abs(level - self.energy) > 0.75 * ENERGY_STEP:
            self.energy = round(level / ENERGY_STEP) * ENERGY_STEP


def _correlation(counts: list[float], key: tuple[int, bool]) -> float:
    tonic, minor = key
    profile = [(_MINOR if minor else _MAJOR)[(p - tonic) % 12] for p in range(12)]
    mean, middle = sum(counts) / 12, sum(profile) / 12
    a, b = [c - mean for c in counts], [p - middle for p in profile]
    size = sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / size if size else 0.0
