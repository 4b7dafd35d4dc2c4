"""Continuo: which key and which chord a melody, heard so far, most likely stands on. Pure.

A filter over 24 keys and 36 chords over their tonics (every root with a major, minor or diminished triad). The harmony moves
at half bars, by what people's songs of the training split do across the bar line and within the bar; a tone is as likely as
it was over that chord in them. Only what has sounded counts. Owned by whoever follows; called from one thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from model.harmony import MODES, QUALITIES, Chord, Key
from model.weights import FOLDER, load

Belief = npt.NDArray[np.float64]

KINDS = ("", "m", "dim")
STATES = 12 * len(KINDS)
KEYS = 24
COLOURS = {"": ("6", "maj7", "7", "add9", "sus4"), "m": ("m7", "m6", "madd9"), "dim": ("m7b5", "dim7")}
"""What a triad may be coloured with to bear a tone that it has not."""
WEIGHT = 1.2
"""How much a quarter of melody counts beside a move."""
DRIFT = 0.01
"""How likely the key is another one half a bar later."""
BETTER = 1.25
"""How much likelier than the chord that holds another must be."""
SURE = 0.5
"""Belief from which on a key is told."""


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
        full = {name: np.asarray(a, np.float64) for name, a in arrays.items()}
        return cls(
            full["first"].reshape(2, STATES),
            full["moves"].reshape(2, 2, STATES, STATES),
            full["heard"].reshape(2, STATES, 12),
        )


@cache
def shipped() -> Tables:
    """Return the tables that are shipped. Raises WeightsError."""
    return Tables.of(load(FOLDER / "continuo.safetensors")[0])


def bearing(chord: Chord, tone: int, key: Key | None) -> Chord | None:
    """Return the triad coloured by one tone of the key, so that it bears a pitch class; None where it cannot or does already."""
    away = (tone - chord.root) % 12
    if away in QUALITIES[chord.quality] or (key is not None and tone not in key.pitch_classes):
        return None
    found = next((c for c in COLOURS[chord.quality] if away in QUALITIES[c]), None)
    return None if found is None else Chord(chord.root, found, chord.bass)


class Continuo:
    """What may be believed after what was heard. Keys are numbered by tonic, the minor ones from 12 on."""

    def __init__(self, tables: Tables | None = None) -> None:
        self._tables = tables or shipped()
        self._mode = np.repeat([0, 1], 12)
        # a tone of a key's melody counts over its tonic
        self._turned = np.array([[(p - k) % 12 for p in range(12)] for k in range(12)] * 2)
        self._belief = np.stack([self._tables.first[m] for m in self._mode]) / KEYS
        self._locked: int | None = None
        self._now: Chord | None = None

    def lock(self, key: Key | None) -> None:
        """Take the key as known, by its tonic and third; None lets it be found."""
        number = None if key is None else key.tonic + 12 * key.minor
        if number == self._locked:
            return
        self._locked = number
        if number is not None:
            chords = self._belief[number]
            if not chords.any():  # another key was known before: nothing is believed of this one
                chords = self._tables.first[self._mode[number]]
            self._belief = np.zeros((KEYS, STATES))
            self._belief[number] = chords / chords.sum()

    def half(self, first: bool) -> None:
        """Take in that half a bar begins; `first` tells that it is the bar's first."""
        moved = np.stack(
            [b @ self._tables.moves[m, int(first)] for b, m in zip(self._belief, self._mode, strict=True)]
        )
        if self._locked is None:
            anew = np.stack([self._tables.first[m] for m in self._mode]) / KEYS
            moved = (1 - DRIFT) * moved + DRIFT * anew
        self._belief = moved / moved.sum()

    def sound(self, classes: Mapping[int, float]) -> None:
        """Take in how long each pitch class sounded since the last time, in quarters."""
        self._belief = self._after(classes)

    def chord(self, classes: Mapping[int, float] | None = None) -> Chord:
        """Return the chord that is believed in, were some more pitch classes to sound; it changes only for a better one."""
        belief = self._after(classes) if classes else self._belief
        by_chord = np.zeros((12, len(KINDS)))
        for number, states in enumerate(belief):
            by_chord += np.roll(states.reshape(12, len(KINDS)), number % 12, axis=0)
        root, kind = divmod(int(by_chord.argmax()), len(KINDS))
        if self._now is not None:
            holding = by_chord[self._now.root, KINDS.index(self._now.quality)]
            if by_chord[root, kind] < BETTER * holding:
                return self._now
        self._now = Chord(root, KINDS[kind], root)
        return self._now

    @property
    def key(self) -> Key | None:
        """The key that is believed in; None while none is sure enough."""
        by_key = self._belief.sum(1)
        best = int(by_key.argmax())
        if by_key[best] < SURE:
            return None
        mode = "minor" if best >= 12 else "major"
        return Key(best % 12, mode, MODES[mode])

    def _after(self, classes: Mapping[int, float]) -> Belief:
        time = np.zeros(12)
        for pitch, quarters in classes.items():
            time[pitch % 12] += quarters
        if not time.any():
            return self._belief
        said = np.empty((KEYS, STATES))
        for number, (mode, turned) in enumerate(zip(self._mode, self._turned, strict=True)):
            over = np.zeros(12)
            over[turned] = time
            said[number] = WEIGHT * self._tables.heard[mode] @ over
        belief: Belief = self._belief * np.exp(said - said.max())
        belief /= belief.sum()
        return belief
