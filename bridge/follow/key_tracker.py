"""Running estimate of the key and the energy of live playing. Pure.

The key is found by `model.analysis.key_finder`. The energy combines velocity and notes per second.
"""

from __future__ import annotations

from collections.abc import Iterable

from bridge.follow.keyboard import KeyPress
from model.analysis.key_finder import RunningKey

ENERGY_STEP = 1 / 8
"""Step size of the energy. It is coarse because each change makes the model rebuild its cache."""
LOUD_VELOCITY, SOFT_VELOCITY = 110, 40
"""Velocities of energy 1 and 0."""
BUSY_NOTES_PER_SECOND = 6.0
"""Notes per second of energy 1."""


class KeyAndEnergyTracker(RunningKey):
    """`key`: the estimated key, None until enough was played; `energy`: 0..1, None until notes were played."""

    def __init__(self) -> None:
        super().__init__()
        self.energy: float | None = None

    def update_energy(self, key_presses: Iterable[KeyPress], seconds: float) -> None:
        """Update the energy with the key presses of the last `seconds` seconds; no key presses change nothing."""
        recent = list(key_presses)
        if not recent or seconds <= 0:
            return
        hard = (sum(k.velocity for k in recent) / len(recent) - SOFT_VELOCITY) / (LOUD_VELOCITY - SOFT_VELOCITY)
        busy = len({round(k.at / 0.04) for k in recent}) / seconds / BUSY_NOTES_PER_SECOND
        level = min(1.0, max(0.0, 0.65 * hard + 0.35 * min(1.0, busy)))
        if self.energy is None or abs(level - self.energy) > 0.75 * ENERGY_STEP:
            self.energy = round(level / ENERGY_STEP) * ENERGY_STEP
