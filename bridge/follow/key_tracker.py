"""The key and the energy of what the hands play, found as they play. Pure.

The key is found by `model.analysis.key_finder`. The energy is how hard and how busily they play.
"""

from __future__ import annotations

from collections.abc import Iterable

from bridge.follow.keyboard import KeyPress
from model.analysis.key_finder import RunningKey

ENERGY_STEP = 1 / 8
"""Energy moves in such steps: each change of the header costs the model its memory."""
LOUD_VELOCITY, SOFT_VELOCITY = 110, 40
"""Velocities of energy 1 and 0."""
BUSY_NOTES_PER_SECOND = 6.0
"""Notes a second of energy 1."""


class KeyAndEnergyTracker(RunningKey):
    """The key and the energy of what is played: `key` None before enough was played, `energy` 0..1 or None."""

    def __init__(self) -> None:
        super().__init__()
        self.energy: float | None = None

    def update_energy(self, key_presses: Iterable[KeyPress], seconds: float) -> None:
        """Take in what was struck within the last so many seconds; silence changes nothing."""
        recent = list(key_presses)
        if not recent or seconds <= 0:
            return
        hard = (sum(t.velocity for t in recent) / len(recent) - SOFT_VELOCITY) / (LOUD_VELOCITY - SOFT_VELOCITY)
        busy = len({round(t.at / 0.04) for t in recent}) / seconds / BUSY_NOTES_PER_SECOND
        level = min(1.0, max(0.0, 0.65 * hard + 0.35 * min(1.0, busy)))
        if self.energy is None or abs(level - self.energy) > 0.75 * ENERGY_STEP:
            self.energy = round(level / ENERGY_STEP) * ENERGY_STEP
