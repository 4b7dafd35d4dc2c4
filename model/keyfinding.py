"""The key of a whole piece, from its notes alone: 24 keys, each with the chords that people's songs have in it. Pure.

The tables of the continuo (what follows what, and which tones sound over it) are run over every key from the first half bar to
the last; the key under which all that sounds is likeliest is the piece's. One key is supposed to hold throughout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.continuo import KEYS, Tables, shipped
from model.halfbars import halves, sounding
from model.harmony import MODES, Key
from model.midifile import Song
from model.music import TICKS_PER_QUARTER

Times = npt.NDArray[np.float64]
TEMPER = 0.1
"""Neighbouring half bars tell much the same: so little of the likelihood counts where a key's probability is told."""


@dataclass(frozen=True, slots=True)
class FoundKey:
    """The likeliest key, how probable it is (0..1), and the next likeliest."""

    key: Key
    sure: float
    second: Key


def found_key(song: Song, tables: Tables | None = None) -> FoundKey:
    """Return the key of a piece. Raises ValueError where nothing but drums sounds."""
    pitched = [n for n in song.notes if n.part != "drums"]
    if not pitched:
        raise ValueError("there is no key where nothing but drums sounds")
    time = np.zeros((2 * len(song.bars), 12))
    for at, inside in enumerate(sounding(pitched, halves(song))):
        for note, shared in inside:
            time[at, note.pitch % 12] += shared / TICKS_PER_QUARTER
    scores = likelihoods(time, tables or shipped())
    first, second = np.argsort(-scores)[:2]
    odds = np.exp((scores - scores[first]) * TEMPER)
    return FoundKey(_key(int(first)), float(1 / odds.sum()), _key(int(second)))


def likelihoods(time: Times, tables: Tables) -> Times:
    """Return the log likelihood of each key, `(24,)`, of the quarters that each pitch class sounds a half bar, `(n, 12)`."""
    found = np.zeros(KEYS)
    for mode in (0, 1):
        over = np.stack([np.roll(time, -tonic, axis=1) for tonic in range(12)])
        said = over @ tables.heard[mode].T
        most = said.max(2, keepdims=True)
        rates, total = np.exp(said - most), most.sum((1, 2))
        belief = np.broadcast_to(tables.first[mode], rates[:, 0].shape) * rates[:, 0]
        for at in range(1, time.shape[0]):
            scale = belief.sum(1, keepdims=True) + 1e-300
            total = total + np.log(scale[:, 0])
            belief = (belief / scale) @ tables.moves[mode, int(at % 2 == 0)] * rates[:, at]
        found[12 * mode : 12 * mode + 12] = total + np.log(belief.sum(1) + 1e-300)
    return found


def _key(number: int) -> Key:
    mode = "minor" if number >= 12 else "major"
    return Key(number % 12, mode, MODES[mode])
