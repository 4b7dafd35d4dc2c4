"""Probabilities of the chords under a melody, by a recurrent network that reads the whole melody or only what came before.

The decoder reads a beat of melody before its chord and does not see what follows. This network (`model.training.fit.harmoniser`) has two
bidirectional layers of gated recurrent units over half bars, and one causal layer. Its log probabilities are added to the decoder's
logits of roots and qualities. numpy only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from model.music.harmony import Chord, Key
from model.music.notes import TICKS_PER_QUARTER, Beat, Kept, Note, Ticks, beat_length, beats_in_bar
from model.weights import FOLDER, load

Array = npt.NDArray[np.float32]

TRIAD_KINDS = ("major", "minor", "diminished")
STATES = 12 * len(TRIAD_KINDS)
_SOON = TICKS_PER_QUARTER // 8
_ON_THE_BEAT = TICKS_PER_QUARTER // 12


@dataclass(frozen=True, slots=True)
class Half:
    """Half a bar, in ticks from the beginning; `first` opens the bar. The first is the longer one where beats are odd."""

    start: int
    end: int
    first: bool


def halves(bars: Iterable[tuple[int, str]]) -> list[Half]:
    """Return the halves of bars given as (tick, metre)."""
    found = []
    for at, meter in bars:
        beats, length = beats_in_bar(meter), beat_length(meter)
        middle = at + (beats + 1) // 2 * length
        found += [Half(at, middle, first=True), Half(middle, at + beats * length, first=False)]
    return found


def triad_kind(chord: Chord) -> int:
    """Return the number of the kind of triad that a chord is nearest to."""
    tones = {(p - chord.root) % 12 for p in chord.pitch_classes}
    if 3 not in tones or 4 in tones:
        return 0
    return 2 if 6 in tones and 7 not in tones else 1


class MelodyNote(Protocol):
    """A note of a melody, in ticks from the beginning."""

    @property
    def start(self) -> int:
        """Where it begins."""

    @property
    def end(self) -> int:
        """Where it is over."""

    @property
    def pitch(self) -> int:
        """Its MIDI number."""


SLOT, SLOTS = TICKS_PER_QUARTER // 4, 8
"""Ticks and number of the sixteenths of half a bar; what lies behind eight of them counts as in the last."""
HALF_BAR_FEATURES = 60
"""Number of features of a half bar as a whole; those of its sixteenths follow."""
CORPORA = ("pop", "standard", "art song", "hymn")
"""The corpora whose harmony can be asked for: one feature each, all 0 if none is stated. A column of `model/styles.tsv`."""
FEATURES = HALF_BAR_FEATURES + 12 * SLOTS + 6 + len(CORPORA)


def features(parts: Sequence[Half], melody: Iterable[MelodyNote], key: Key, corpus: str = CORPORA[0]) -> Array:
    """Return the features of each half bar of a melody, `(T, FEATURES)`, its pitch classes counted from the tonic.

    In a minor key they count from the tonic of its relative major. `corpus` is one of `CORPORA`, or "".
    """
    heard = np.zeros((len(parts), FEATURES), np.float32)
    tonic = relative_major_tonic(key)
    ends_at = [half.end for half in parts]
    for start, pitch, end in sorted((n.start, n.pitch, n.end) for n in melody):
        tone = (pitch - tonic) % 12
        for i in range(bisect_right(ends_at, start), len(parts)):
            half, row = parts[i], heard[i]
            if half.start >= end:
                break
            long, struck, begins, ends, strong = (row[12 * k : 12 * k + 12] for k in range(5))
            slots = row[HALF_BAR_FEATURES : HALF_BAR_FEATURES + 12 * SLOTS].reshape(SLOTS, 12)
            long[tone] += (min(end, half.end) - max(start, half.start)) / TICKS_PER_QUARTER
            first, last = max(start, half.start) - half.start, min(end, half.end) - half.start
            slots[min(SLOTS - 1, first // SLOT) : min(SLOTS, -(-last // SLOT)), tone] = 0.5
            if start <= half.start + _SOON < end:
                begins[:] = 0
                begins[tone] = 1
            if start < half.start:
                continue
            slots[min(SLOTS - 1, first // SLOT), tone] = 1
            row[HALF_BAR_FEATURES + 12 * SLOTS] += 0.25
            struck[tone] = min(1.5, struck[tone] + 0.5)
            ends[:] = 0
            ends[tone] = 1
            if first % TICKS_PER_QUARTER < _ON_THE_BEAT:
                strong[tone] += (end - start) / TICKS_PER_QUARTER
    told = heard[:, HALF_BAR_FEATURES + 12 * SLOTS + 1 :]
    for row, half in zip(told, parts, strict=True):
        quarters = (half.end - half.start) / TICKS_PER_QUARTER
        row[:5] = half.first, key.minor, 1, quarters / 2, quarters != 2
    if corpus:
        told[:, 5 + CORPORA.index(corpus)] = 1
    return heard


def relative_major_tonic(key: Key) -> int:
    """Return the pitch class that melodies count from: the tonic of the key, or of its relative major."""
    return (key.tonic + 3) % 12 if key.minor else key.tonic


class Harmoniser:
    """An ensemble of networks. Immutable, safe to share between threads."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        members = sorted({name.split(".")[0] for name in arrays})
        self._members = [
            _Network({n.split(".", 1)[1]: a for n, a in arrays.items() if n.startswith(f"{member}.")})
            for member in members
        ]

    def log_probabilities(self, heard: Array) -> Array:
        """Return the log probability of each root over home and kind of triad in every half bar, `(T, 12, 3)`."""
        return _log_mean([m.log_probabilities(heard) for m in self._members])

    def causal_log_probabilities(self, heard: Array) -> Array:
        """Return the same for the next half bar, from the melody so far only (causal).

        `heard` is `(T, FEATURES)`, the result `(T + 1, 12, 3)`: its first row has read nothing.
        """
        return _log_mean([m.causal_log_probabilities(heard) for m in self._members])


def _log_mean(said: Sequence[Array]) -> Array:
    """Return the logarithm of the mean probability of several networks."""
    return np.asarray(np.logaddexp.reduce(said, 0) - np.log(len(said)), np.float32)


class _Network:
    """One network."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self._arrays = arrays

    def log_probabilities(self, heard: Array) -> Array:
        x = self._input_layer(heard)
        for layer in ("gru.l0", "gru.l1"):
            x = np.concatenate([self._gru(x, layer), self._gru(x[::-1], layer + ".back")[::-1]], 1)
        return self._output_layer(x, "out")

    def causal_log_probabilities(self, heard: Array) -> Array:
        x = np.concatenate([np.zeros((1, self._arrays["inp.weight"].shape[0]), np.float32), self._input_layer(heard)])
        return self._output_layer(self._gru(x, "behind.l0"), "next")

    def _input_layer(self, heard: Array) -> Array:
        return np.asarray(np.maximum(heard @ self._arrays["inp.weight"].T + self._arrays["inp.bias"], 0))

    def _gru(self, x: Array, layer: str) -> Array:
        """Run gated recurrent units (Cho and others, 2014) over time; gates in torch's order: reset, update, new."""
        inner, outer = self._arrays[f"{layer}.hidden"].T, x @ self._arrays[f"{layer}.input"].T
        outer = outer + self._arrays[f"{layer}.bias"]
        shift, size = self._arrays[f"{layer}.shift"], inner.shape[0]
        h, states = np.zeros(size, np.float32), np.zeros((len(x), size), np.float32)
        for t, told in enumerate(outer):
            kept = h @ inner + shift
            reset, update = np.split(1 / (1 + np.exp(-(told[: 2 * size] + kept[: 2 * size]))), 2)
            fresh = np.tanh(told[2 * size :] + reset * kept[2 * size :])
            h = (1 - update) * fresh + update * h
            states[t] = h
        return states

    def _output_layer(self, x: Array, layer: str) -> Array:
        logits = x @ self._arrays[f"{layer}.weight"].T + self._arrays[f"{layer}.bias"]
        logits = logits - logits.max(1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return np.asarray(logs.reshape(len(x), 12, len(TRIAD_KINDS)), np.float32)


@cache
def load_harmoniser() -> Harmoniser:
    """Return the shipped network. Raises `WeightsError`."""
    return Harmoniser(load(FOLDER / "harmoniser.safetensors")[0])


def begins_half_bar(frame: Beat) -> bool:
    """Return True if half a bar begins with a beat."""
    return frame.beat in (0, (beats_in_bar(frame.meter) + 1) // 2)


def harmony_of_melody(given: Sequence[Kept], meter: str, key: Key, corpus: str = CORPORA[0]) -> Array:
    """Return the log probabilities of chords under a melody that is given whole, `(half bars, 12, 3)`, roots counted from C.

    All its bars have one metre; `corpus` is one of `CORPORA`.
    """
    notes = _melody((kept.notes for kept in given), beat_length(meter))
    bars = range(len(given) // beats_in_bar(meter))
    parts = halves((bar * beats_in_bar(meter) * beat_length(meter), meter) for bar in bars)
    return np.roll(
        load_harmoniser().log_probabilities(features(parts, notes, key, corpus)), relative_major_tonic(key), 1
    )


def harmony_after(beats: Sequence[Beat], frame: Beat, key: Key, corpus: str = CORPORA[0]) -> Array:
    """Return the log probabilities of chords in the half bar that begins with `frame`, `(12, 3)` counted from C, from the melody before it.

    `beats` end right before `frame`; those of another metre than its own, and what is left of a bar, count for nothing.
    """
    whole = [b for b in beats if b.meter == frame.meter and b.bar >= beats[0].bar + (beats[0].beat > 0)]
    begun = frame.index - len(whole)
    notes = _melody((b.notes for b in whole), frame.length)
    bars = range(len(whole) // beats_in_bar(frame.meter) + 1)
    parts = halves((bar * beats_in_bar(frame.meter) * frame.length, frame.meter) for bar in bars)
    past = [half for half in parts if half.end <= (frame.index - begun) * frame.length]
    return np.roll(
        load_harmoniser().causal_log_probabilities(features(past, notes, key, corpus))[-1],
        relative_major_tonic(key),
        0,
    )


def _melody(beats: Iterable[Sequence[Note]], length: int) -> list[Note]:
    """Return the melody of beats of one length, in ticks from the first."""
    return [
        replace(n, start=Ticks(n.start + i * length))
        for i, notes in enumerate(beats)
        for n in notes
        if n.part == "melody"
    ]
