"""The key of music, by profiles of pitch classes and by a hidden Markov model of chords. Pure.

Of a whole piece: `find_key` adds the likelihood of each key under tables counted from songs (which chord follows which, and which tones
sound over it) and the correlation of its pitch classes with the profile of Krumhansl and Kessler; the piece has one key throughout.
While music is played: `KeyFilter` by the same tables, for melodies; `RunningKey` by a profile, for what hands play.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from model.analysis.harmoniser import STATES
from model.music.harmony import MODES, Key
from model.music.midifile import Song, halves, notes_in_spans
from model.music.notes import TICKS_PER_QUARTER, UNPITCHED_PARTS
from model.weights import FOLDER, load

Odds = npt.NDArray[np.float64]
KEYS = 24
"""Numbered by tonic, the minor ones from 12 on."""
OBSERVATION_WEIGHT = 1.2
"""Exponent of the emissions, beside that of the transitions."""
KEY_CHANGE_PROBABILITY = 0.01
"""Probability that the key changes between two half bars."""


@dataclass(frozen=True, slots=True, eq=False)
class HarmonyTables:
    """Chord statistics of songs, for major and for minor keys.

    First chords `(2, S)`, moves within and across the bar line `(2, 2, S, S)`, and the logarithms of how often each tone over
    the tonic sounds on each chord `(2, S, 12)`.
    """

    first: Odds
    transitions: Odds
    emissions: Odds

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
    """Return the shipped tables, which are in the weights of the melody tracker. Raises WeightsError."""
    return HarmonyTables.of(load(FOLDER / "continuo.safetensors")[0])


class KeyFilter:
    """Bayesian filter for the key of a melody as it is played: 24 keys of 36 chords each."""

    def __init__(self, tables: HarmonyTables | None = None) -> None:
        self._tables = tables or load_tables()
        self._belief = self._prior()

    def begin_half_bar(self, first: bool) -> None:
        """Begin half a bar, the first one of its bar or the second."""
        moved = np.concatenate(
            [self._belief[12 * m : 12 * m + 12] @ self._tables.transitions[m, int(first)] for m in (0, 1)]
        )
        moved = (1 - KEY_CHANGE_PROBABILITY) * moved + KEY_CHANGE_PROBABILITY * self._prior()
        self._belief = moved / moved.sum()

    def observe(self, time: npt.NDArray[np.floating]) -> None:
        """Update with how long each pitch class sounded since the last update, in quarters, `(12,)`."""
        self._belief = self._after(time)

    def keys(self, time: npt.NDArray[np.floating]) -> Odds:
        """Return the probability of each key, `(KEYS,)`, if each pitch class sounds so many quarters more."""
        found: Odds = self._after(time).sum(1)
        return found

    def _prior(self) -> Odds:
        return np.repeat(self._tables.first, 12, 0) / KEYS

    def _after(self, time: npt.NDArray[np.floating]) -> Odds:
        if not time.any():
            return self._belief
        over = np.asarray(time, np.float64)[_OVER]
        said = OBSERVATION_WEIGHT * np.concatenate([over @ self._tables.emissions[mode].T for mode in (0, 1)])
        belief: Odds = self._belief * np.exp(said - said.max())
        belief /= belief.sum()
        return belief


_OVER = (np.arange(12)[:, None] + np.arange(12)) % 12
"""The pitch class that is so far above each tonic, `(12, 12)`."""
Times = npt.NDArray[np.float64]

PROFILES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "krumhansl-kessler": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    "temperley": (
        (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
        (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
    ),
    "albrecht-shanahan": (
        (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
        (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
    ),
}
"""Weights of the pitch classes of a major and a minor key, from the tonic up: listeners' ratings (Krumhansl and Kessler 1982), a
harmony textbook's examples (Kostka and Payne, in Temperley 2007), first and last bars of 982 movements (Albrecht and Shanahan 2013)."""

PROFILE_WEIGHT = 3.0
"""Weight of a correlation of 1 with the profile, times sqrt(n) for n half bars, beside the log likelihoods: next to nothing for
songs, and enough where few bars of thick chords leave the tables in doubt."""

TEMPER = 0.1
"""Exponent on the likelihoods when they become a probability, because neighbouring half bars are not independent."""


@dataclass(frozen=True, slots=True)
class FoundKey:
    """The likeliest key, how probable it is (0..1), and the next likeliest."""

    key: Key
    sure: float
    second: Key


def find_key(song: Song) -> FoundKey:
    """Return the key of a piece. Raises ValueError where nothing but drums sounds."""
    pitched = [n for n in song.notes if n.part not in UNPITCHED_PARTS]
    if not pitched:
        raise ValueError("there is no key where nothing but drums sounds")
    time = np.zeros((2 * len(song.bars), 12))
    for at, inside in enumerate(notes_in_spans(pitched, halves(song))):
        for note, shared in inside:
            time[at, note.pitch % 12] += shared / TICKS_PER_QUARTER
    by_profile = key_correlations(time.sum(0), "krumhansl-kessler")
    scores = log_likelihoods(time, load_tables()) + PROFILE_WEIGHT * len(time) ** 0.5 * by_profile
    first, second = np.argsort(-scores)[:2]
    odds = np.exp((scores - scores[first]) * TEMPER)
    return FoundKey(numbered_key(int(first)), float(1 / odds.sum()), numbered_key(int(second)))


def log_likelihoods(time: Times, tables: HarmonyTables) -> Times:
    """Return the log likelihood of each key, `(24,)`, of the quarters that each pitch class sounds a half bar, `(n, 12)`."""
    over = np.stack([np.roll(time, -tonic, axis=1) for tonic in range(12)])
    said = np.stack([over @ tables.emissions[mode].T for mode in (0, 1)])
    most = said.max(3, keepdims=True)
    rates, total = np.exp(said - most), most.sum((2, 3))
    moves = tables.transitions[:, 0], tables.transitions[:, 1]
    belief = tables.first[:, None] * rates[:, :, 0]
    for at in range(1, time.shape[0]):
        scale = belief.sum(2, keepdims=True) + 1e-300
        total += np.log(scale[:, :, 0])
        belief = (belief / scale) @ moves[at % 2 == 0] * rates[:, :, at]
    found: Times = (total + np.log(belief.sum(2) + 1e-300)).ravel()
    return found


@cache
def _turned(profile: str) -> Times:
    """Return a profile from the tonic of each key, `(24, 12)`."""
    return np.array([np.roll(weights, tonic) for weights in PROFILES[profile] for tonic in range(12)])


def key_correlations(time: npt.ArrayLike, profile: str) -> Times:
    """Return the correlation of how long each pitch class sounds, `(12,)`, with each key's profile, `(24,)`; zeros where all sound alike."""
    if np.ptp(time) == 0:
        return np.zeros(KEYS)
    fits: Times = np.corrcoef(np.vstack((time, _turned(profile))))[0, 1:]
    return fits


def numbered_key(number: int) -> Key:
    """Return the major key on a tonic 0..11, or the minor key on it for 12..23."""
    mode = "minor" if number >= 12 else "major"
    return Key(number % 12, mode, MODES[mode])


class RunningKey:
    """The key of what is played, found beat by beat by a profile; it changes when another one fits clearly better."""

    DECAY = 0.97
    """Factor on the weight of a beat, a beat later."""
    MARGIN = 0.05
    """How much higher the correlation of another key must be."""
    MIN_PITCH_CLASSES = 4
    """Pitch classes that must have sounded before a key is found."""

    def __init__(self) -> None:
        self.key: Key | None = None
        self._counts = np.zeros(12)

    def update(self, sounding: Collection[int]) -> None:
        """Add a beat in which some pitches sounded; the lowest one counts more."""
        self._counts *= self.DECAY
        for pitch in sounding:
            self._counts[pitch % 12] += 1 / len(sounding) + 0.25
        if sounding:
            self._counts[min(sounding) % 12] += 0.25
        if np.count_nonzero(self._counts) < self.MIN_PITCH_CLASSES:
            return
        fits = key_correlations(self._counts, "temperley")
        best = int(fits.argmax())
        if self.key is None or fits[best] > fits[self.key.tonic + 12 * self.key.minor] + self.MARGIN:
            self.key = numbered_key(best)
