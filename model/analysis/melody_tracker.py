"""Finds the key and the chord of a melody as it is played. numpy only.

A recurrent network (`model.training.fit.melody_tracker`) reads each beat as it ends, with its place in the bar, once for each of 24
keys, its pitch classes counted from that key's home: it gives the probability of the key and of each chord in it. A filter over the
transitions of chords in songs (`model.analysis.key_finder.KeyFilter`) weighs the keys too. The probability of a chord is its mean over
the keys, weighted by both. Causal. Called from one thread.

Keys are numbered by tonic, the minor ones from 12 on. Home is the tonic of a major key, or of the relative major of a minor one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from model.analysis.key_finder import KEYS, KeyFilter, numbered_key
from model.music.harmony import CHORD_QUALITIES, QUALITIES, Chord, Key
from model.weights import FOLDER, load

Array = npt.NDArray[np.float32]
SungNote = tuple[float, float, int]
"""A note as it lies about a beat line: when it begins and ends in beats from the line, and its pitch."""

TRIADS = ("", "m", "dim")
STATES = 12 * len(TRIADS)
RELATIVE_MAJOR_TONICS = np.concatenate([np.arange(12), (np.arange(12) + 3) % 12])
"""The pitch class of each key's home."""
TRIAD_EXTENSIONS = {triad: tuple(q.name for q in CHORD_QUALITIES.values() if q.extends == triad) for triad in TRIADS}
"""The qualities that a triad may be extended to."""
MIN_CHANGE_RATIO = 1.1
"""A new chord must be so many times as probable as the present one."""
KEY_FILTER_EXPONENT = 0.5
"""Weight of the filter's log probability of a key beside the network's."""
MIN_KEY_PROBABILITY = 0.5
"""Probability from which a key is reported."""
BEAT_FEATURES, PLACE_FEATURES, BEAT_LINE_FEATURES = 48, 8, 24
"""Number of features of the beat that ended, of the place and mode of the one that begins, and of what sounds on its line."""
_EARLY, _LATE = -0.3, 0.3
"""An onset within these beats of a beat line counts as on it."""


@dataclass(frozen=True, slots=True)
class BeatPlace:
    """Where a beat stands: its number in a bar of `beats`, from 0, and how many quarters it lasts."""

    beat: int
    beats: int
    quarters: float = 1.0

    @property
    def half(self) -> bool:
        """Whether it begins a bar or its second half, the shorter one where beats are odd."""
        return self.beat in (0, (self.beats + 1) // 2)

    def features(self, minor: bool) -> Array:
        """Return the features of the place in a major or minor key, `(PLACE_FEATURES,)`."""
        half = (self.beats + 1) // 2
        opens = (self.beat == 0, self.beat == half, self.beat > half)
        meter = (self.beats == 3, self.beats == 2, self.beats not in (2, 3, 4))
        return np.array((*opens, *meter, self.quarters, minor), np.float32)


def beat_features(sung: Iterable[SungNote], quarters: float) -> Array:
    """Return the features of a beat that ended, `(BEAT_FEATURES,)`, from its notes in order of their beginning.

    For each pitch class: the quarters that it sounded, how often it was struck, how often on the beat's line, whether it was last.
    """
    found = np.zeros((4, 12), np.float32)
    long, struck, line, last = found
    for start, end, pitch in sung:
        tone, shared = pitch % 12, min(end, 1.0) - max(start, 0.0)
        if shared > 0:
            long[tone] = min(2.0, long[tone] + shared * quarters)
            last[:] = 0
            last[tone] = 1
            struck[tone] += 0.5 * (start >= 0)
        if _EARLY <= start < _LATE:
            line[tone] += 0.5
    return found.ravel()


def beat_line_features(sung: Iterable[SungNote]) -> Array:
    """Return the features of a beat line, `(BEAT_LINE_FEATURES,)`: the pitch classes struck there, and those held over it."""
    found = np.zeros((2, 12), np.float32)
    for start, _, pitch in sung:
        if start < _LATE:
            found[int(start < _EARLY), pitch % 12] = 1
    return found.ravel()


class MelodyNetwork:
    """An ensemble of networks. Immutable, safe to share between threads."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        members = sorted({name.split(".")[0] for name in arrays if "." in name})
        self._members = [
            {n.split(".", 1)[1]: a for n, a in arrays.items() if n.startswith(f"{member}.")} for member in members
        ]

    def initial_states(self) -> list[Array]:
        """Return the initial states, one a member, `(KEYS, width)`."""
        return [np.zeros((KEYS, a["gru.hidden"].shape[1]), np.float32) for a in self._members]

    def step(self, states: Sequence[Array], beat: Array) -> list[Array]:
        """Return the states after a beat, whose features are `(KEYS, BEAT_FEATURES + PLACE_FEATURES)`, a row a key."""
        return [_gru(state, beat, a) for state, a in zip(states, self._members, strict=True)]

    def predict(self, states: Sequence[Array], line: Array) -> tuple[Array, Array]:
        """Return how likely each chord over home is in each key, `(KEYS, STATES)`, and how likely each key, `(KEYS,)`.

        `line` is `(KEYS, ON_LINE)`.
        """
        chords, keys = [], []
        for state, a in zip(states, self._members, strict=True):
            both = np.concatenate([state, line], 1)
            x = np.maximum(both @ a["mid.weight"].T + a["mid.bias"], 0)
            chords.append(_softmax(x @ a["out.weight"].T + a["out.bias"]))
            keys.append(x @ a["key.weight"][0] + a["key.bias"])
        return np.asarray(np.mean(chords, 0)), _softmax(np.asarray(np.mean(keys, 0)))


def _gru(state: Array, beat: Array, a: Mapping[str, Array]) -> Array:
    """Run gated recurrent units (Cho and others, 2014) for one beat; gates in torch's order: reset, update, new."""
    x = np.maximum(beat @ a["inp.weight"].T + a["inp.bias"], 0)
    told = x @ a["gru.input"].T + a["gru.bias"]
    kept = state @ a["gru.hidden"].T + a["gru.shift"]
    size = state.shape[1]
    reset, update = np.split(1 / (1 + np.exp(-(told[:, : 2 * size] + kept[:, : 2 * size]))), 2, axis=1)
    fresh = np.tanh(told[:, 2 * size :] + reset * kept[:, 2 * size :])
    return np.asarray((1 - update) * fresh + update * state, np.float32)


def _softmax(logits: Array) -> Array:
    odds = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(odds / odds.sum(-1, keepdims=True))


@cache
def load_network() -> MelodyNetwork:
    """Return the network that is shipped. Raises WeightsError."""
    return MelodyNetwork(load(FOLDER / "continuo.safetensors")[0])


def extend_triad(chord: Chord, tone: int, key: Key | None) -> Chord | None:
    """Return a triad extended by one tone of the key to a chord that has a pitch class; None where none has it, or the triad itself does."""
    away = (tone - chord.root) % 12
    if away in QUALITIES[chord.quality] or (key is not None and tone not in key.pitch_classes):
        return None
    found = next((c for c in TRIAD_EXTENSIONS[chord.quality] if away in QUALITIES[c]), None)
    return None if found is None else Chord(chord.root, found, chord.bass)


_FROM = (RELATIVE_MAJOR_TONICS[:, None] + np.arange(12)) % 12
"""The pitch class that is so far above each home, `(KEYS, 12)`."""
_AT = np.arange(STATES)
_STATES = ((_AT // len(TRIADS) - RELATIVE_MAJOR_TONICS[:, None]) % 12) * len(TRIADS) + _AT % len(TRIADS)
"""The state over each home of a chord counted from C, `(KEYS, STATES)`."""


def in_every_key(told: Array) -> Array:
    """Return rows of twelve pitch classes, `(12 n,)`, counted from the home of each key: `(KEYS, 12 n)`."""
    found: Array = told.reshape(-1, 12)[:, _FROM].transpose(1, 0, 2).reshape(KEYS, -1)
    return found


class MelodyHarmonyTracker:
    """The key and the chord of a melody, from what was played so far."""

    def __init__(self, network: MelodyNetwork | None = None) -> None:
        self._network = network or load_network()
        self._known_key: int | None = None
        self.begin()

    def begin(self) -> None:
        """Reset the state; a known key is kept."""
        self._states, self._filter = self._network.initial_states(), KeyFilter()
        self._now: int | None = None
        self._quarters = 1.0
        self._line: Array | None = None  # nothing is asked of the network before somebody wants to know

    def set_key(self, key: Key | None) -> None:
        """Set the known key, of which only tonic and third count; None lets it be found."""
        self._known_key = None if key is None else key.tonic + 12 * key.minor

    def beat(self, place: BeatPlace, told: Array | None = None) -> None:
        """Begin a beat at a place; `told` are the features of the beat before, None for the first."""
        told = np.zeros(BEAT_FEATURES, np.float32) if told is None else told
        self._filter.observe(told[:12])
        if place.half:
            self._filter.begin_half_bar(place.beat == 0)
        self._quarters = place.quarters
        where = np.repeat([place.features(minor=False), place.features(minor=True)], 12, 0)
        self._states = self._network.step(self._states, np.concatenate([in_every_key(told), where], 1))
        self._line = None

    def chord(self, line: Array) -> Chord:
        """Return the most probable chord, given the features of the beat line; it changes only by `MIN_CHANGE_RATIO`."""
        if self._line is None or not np.array_equal(line, self._line):
            self._predict(line)
        probable = self._keys @ self._chords
        best = int(probable.argmax())
        if self._now is None or probable[best] >= MIN_CHANGE_RATIO * probable[self._now]:
            self._now = best
        root, kind = divmod(self._now, len(TRIADS))
        return Chord(root, TRIADS[kind], root)

    @property
    def key(self) -> Key | None:
        """The most probable key; None below `MIN_KEY_PROBABILITY`."""
        best = int(self._keys.argmax())
        if self._keys[best] < MIN_KEY_PROBABILITY:
            return None
        return numbered_key(best)

    @property
    def _keys(self) -> Array:
        """The probability of each key, `(KEYS,)`."""
        if self._line is None:
            self._predict(np.zeros(BEAT_LINE_FEATURES, np.float32))
        return self._likely if self._known_key is None else np.eye(KEYS, dtype=np.float32)[self._known_key]

    def _predict(self, line: Array) -> None:
        self._line = line
        over, suits = self._network.predict(self._states, in_every_key(line))
        self._chords = np.take_along_axis(over, _STATES, 1)
        likely = suits * self._filter.keys(line[:12] * self._quarters / 2) ** KEY_FILTER_EXPONENT
        self._likely = np.asarray(likely / likely.sum(), np.float32)
