"""The key of a melody as it is sung, by what people's songs have in each: which chord follows which, and which tones sound over it. Pure.

A filter over 24 keys and 36 chords over their tonics (every root with a major, minor or diminished triad). The harmony moves
at half bars, by what songs of the training split do across the bar line and within the bar; a tone is as likely as it was over
that chord in them. Owned by the continuo, which asks it for keys only; called from one thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from model.harmoniser import STATES
from model.weights import FOLDER, load

Belief = npt.NDArray[np.float64]
KEYS = 24
"""Numbered by tonic, the minor ones from 12 on."""
WEIGHT = 1.2
"""How much a quarter of melody counts beside a move."""
DRIFT = 0.01
"""How likely the key is another one half a bar later."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What songs taught, for major and for minor.

    First chords `(2, S)`, moves within and across the bar line `(2, 2, S, S)`, and the logarithms of how often each tone over
    the tonic sounds on each chord `(2, S, 12)`.
    """

    first: Belief
    moves: Belief
    heard: Belief

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[np.floating]]) -> Tables:
        """Return the tables of a weights file."""
        full = {name: np.asarray(arrays[name], np.float64) for name in ("first", "moves", "heard")}
        return cls(
            full["first"].reshape(2, STATES),
            full["moves"].reshape(2, 2, STATES, STATES),
            full["heard"].reshape(2, STATES, 12),
        )


@cache
def shipped() -> Tables:
    """Return the tables that are shipped, beside the network of the continuo. Raises WeightsError."""
    return Tables.of(load(FOLDER / "continuo.safetensors")[0])


class KeyFilter:
    """What may be believed of the key after what was heard."""

    def __init__(self, tables: Tables | None = None) -> None:
        self._tables = tables or shipped()
        self._belief = self._anew()

    def half(self, first: bool) -> None:
        """Take in that half a bar begins; `first` tells that it is the bar's first."""
        moved = np.concatenate(
            [self._belief[12 * m : 12 * m + 12] @ self._tables.moves[m, int(first)] for m in (0, 1)]
        )
        moved = (1 - DRIFT) * moved + DRIFT * self._anew()
        self._belief = moved / moved.sum()

    def sound(self, time: npt.NDArray[np.floating]) -> None:
        """Take in how long each pitch class sounded since the last time, in quarters, `(12,)`."""
        self._belief = self._after(time)

    def keys(self, time: npt.NDArray[np.floating]) -> Belief:
        """Return what is believed of each key, `(KEYS,)`, were each pitch class to sound so many quarters more."""
        found: Belief = self._after(time).sum(1)
        return found

    def _anew(self) -> Belief:
        return np.repeat(self._tables.first, 12, 0) / KEYS

    def _after(self, time: npt.NDArray[np.floating]) -> Belief:
        if not time.any():
            return self._belief
        over = np.asarray(time, np.float64)[_OVER]
        said = WEIGHT * np.concatenate([over @ self._tables.heard[mode].T for mode in (0, 1)])
        belief: Belief = self._belief * np.exp(said - said.max())
        belief /= belief.sum()
        return belief


_OVER = (np.arange(12)[:, None] + np.arange(12)) % 12
"""The pitch class that is so far above each tonic, `(12, 12)`."""
