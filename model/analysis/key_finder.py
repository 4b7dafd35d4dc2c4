"""The key of a whole piece, from its notes alone: 24 keys, each with the chords that people's songs have in it. Pure.

Tables counted from people's songs (which chord follows which, and which tones sound over it) are run over every key from the first half bar to
the last, and the time of each pitch class is laid beside listeners' ratings; the key that both like best is the piece's. One key
is supposed to hold throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from model.analysis.harmoniser import STATES
from model.music.harmony import MODES, Key
from model.music.midifile import Song, halves, notes_in_spans
from model.music.notes import TICKS_PER_QUARTER
from model.weights import FOLDER, load

Belief = npt.NDArray[np.float64]


KEYS = 24
"""Numbered by tonic, the minor ones from 12 on."""


OBSERVATION_WEIGHT = 1.2
"""How much a quarter of melody counts beside a move."""


KEY_CHANGE_PROBABILITY = 0.01
"""How likely the key is another one half a bar later."""


@dataclass(frozen=True, slots=True, eq=False)
class HarmonyTables:
    """What songs taught, for major and for minor.

    First chords `(2, S)`, moves within and across the bar line `(2, 2, S, S)`, and the logarithms of how often each tone over
    the tonic sounds on each chord `(2, S, 12)`.
    """

    first: Belief
    transitions: Belief
    emissions: Belief

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[np.floating]]) -> HarmonyTables:
        """Return the tables of a weights file."""
        full = {name: np.asarray(arrays[name], np.float64) for name in ("first", "moves", "heard")}
        return cls(
            full["first"].reshape(2, STATES),
            full["moves"].reshape(2, 2, STATES, STATES),
            full["heard"].reshape(2, STATES, 12),
        )


@cache
def load_tables() -> HarmonyTables:
    """Return the tables that are shipped, beside the network of the continuo. Raises WeightsError."""
    return HarmonyTables.of(load(FOLDER / "continuo.safetensors")[0])


class KeyFilter:
    """What may be believed of the key after what was heard."""

    def __init__(self, tables: HarmonyTables | None = None) -> None:
        self._tables = tables or load_tables()
        self._belief = self._prior()

    def begin_half_bar(self, first: bool) -> None:
        """Take in that half a bar begins; `first` tells that it is the bar's first."""
        moved = np.concatenate(
            [self._belief[12 * m : 12 * m + 12] @ self._tables.transitions[m, int(first)] for m in (0, 1)]
        )
        moved = (1 - KEY_CHANGE_PROBABILITY) * moved + KEY_CHANGE_PROBABILITY * self._prior()
        self._belief = moved / moved.sum()

    def observe(self, time: npt.NDArray[np.floating]) -> None:
        """Take in how long each pitch class sounded since the last time, in quarters, `(12,)`."""
        self._belief = self._after(time)

    def keys(self, time: npt.NDArray[np.floating]) -> Belief:
        """Return what is believed of each key, `(KEYS,)`, were each pitch class to sound so many quarters more."""
        found: Belief = self._after(time).sum(1)
        return found

    def _prior(self) -> Belief:
        return np.repeat(self._tables.first, 12, 0) / KEYS

    def _after(self, time: npt.NDArray[np.floating]) -> Belief:
        if not time.any():
            return self._belief
        over = np.asarray(time, np.float64)[_OVER]
        said = OBSERVATION_WEIGHT * np.concatenate([over @ self._tables.emissions[mode].T for mode in (0, 1)])
        belief: Belief = self._belief * np.exp(said - said.max())
        belief /= belief.sum()
        return belief


_OVER = (np.arange(12)[:, None] + np.arange(12)) % 12
"""The pitch class that is so far above each tonic, `(12, 12)`."""


Times = npt.NDArray[np.float64]


RATINGS = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)
"""How well listeners found each pitch class to fit a major and a minor key, from the tonic up (Krumhansl and Kessler 1982)."""


RATING_WEIGHT = 3.0
"""What a full correlation with the ratings counts beside the likelihoods, which a piece of n half bars tells within sqrt(n):
next to nothing for songs, and enough where few bars of thick chords leave the tables in doubt."""


TEMPER = 0.1
"""Neighbouring half bars tell much the same: so little of the likelihood counts where a key's probability is told."""


@dataclass(frozen=True, slots=True)
class FoundKey:
    """The likeliest key, how probable it is (0..1), and the next likeliest."""

    key: Key
    sure: float
    second: Key


def find_key(song: Song, tables: HarmonyTables | None = None) -> FoundKey:
    """Return the key of a piece. Raises ValueError where nothing but drums sounds."""
    pitched = [n for n in song.notes if n.part != "drums"]
    if not pitched:
        raise ValueError("there is no key where nothing but drums sounds")
    time = np.zeros((2 * len(song.bars), 12))
    for at, inside in enumerate(notes_in_spans(pitched, halves(song))):
        for note, shared in inside:
            time[at, note.pitch % 12] += shared / TICKS_PER_QUARTER
    scores = log_likelihoods(time, tables or load_tables()) + RATING_WEIGHT * len(
        time
    ) ** 0.5 * _rating_correlations(time.sum(0))
    first, second = np.argsort(-scores)[:2]
    odds = np.exp((scores - scores[first]) * TEMPER)
    return FoundKey(_key(int(first)), float(1 / odds.sum()), _key(int(second)))


def log_likelihoods(time: Times, tables: HarmonyTables) -> Times:
    """Return the log likelihood of each key, `(24,)`, of the quarters that each pitch class sounds a half bar, `(n, 12)`."""
    found = np.zeros(KEYS)
    for mode in (0, 1):
        over = np.stack([np.roll(time, -tonic, axis=1) for tonic in range(12)])
        said = over @ tables.emissions[mode].T
        most = said.max(2, keepdims=True)
        rates, total = np.exp(said - most), most.sum((1, 2))
        belief = np.broadcast_to(tables.first[mode], rates[:, 0].shape) * rates[:, 0]
        for at in range(1, time.shape[0]):
            scale = belief.sum(1, keepdims=True) + 1e-300
            total = total + np.log(scale[:, 0])
            belief = (belief / scale) @ tables.transitions[mode, int(at % 2 == 0)] * rates[:, at]
        found[12 * mode : 12 * mode + 12] = total + np.log(belief.sum(1) + 1e-300)
    return found


def _rating_correlations(time: Times) -> Times:
    """Return the correlation of how long each pitch class sounds, `(12,)`, with each key's ratings, `(24,)`."""
    if np.ptp(time) == 0:
        return np.zeros(KEYS)
    turned = [np.roll(ratings, tonic) for ratings in RATINGS for tonic in range(12)]
    fits: Times = np.corrcoef(np.vstack((time, turned)))[0, 1:]
    return fits


def _key(number: int) -> Key:
    mode = "minor" if number >= 12 else "major"
    return Key(number % 12, mode, MODES[mode])
