"""Which chords a melody asks for: a small recurrent network that hears it whole, or only up to each place.

The decoder reads a beat of melody before its chord and knows nothing of what follows. This network, learnt from the same
songs by `model.training.harmoniser`, hears every half bar in the light of all the others (two layers of gated recurrent
units in both directions), and in a second part each half bar in the light of those before it. The fusion adds what it
says to the decoder's odds of roots and kinds of chords. numpy only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from model.harmony import Chord, Key
from model.music import TICKS_PER_QUARTER, Beat, Kept, Note, Ticks, beat_length, beats_in_bar
from model.weights import FOLDER, load

Array = npt.NDArray[np.float32]

KINDS = ("major", "minor", "diminished")
STATES = 12 * len(KINDS)
FEATURES = 64
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


def kind(chord: Chord) -> int:
    """Return the number of the kind of triad that a chord is nearest to."""
    tones = {(p - chord.root) % 12 for p in chord.pitch_classes}
    if 3 not in tones or 4 in tones:
        return 0
    return 2 if 6 in tones and 7 not in tones else 1


class Sung(Protocol):
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


def features(parts: Sequence[Half], melody: Iterable[Sung], key: Key) -> Array:
    """Return what is heard of a melody in every half bar, `(T, FEATURES)`, its pitch classes counted from the tonic."""
    heard = np.zeros((len(parts), FEATURES), np.float32)
    notes = sorted((n.start, n.pitch, n.end) for n in melody)
    for row, half in zip(heard, parts, strict=True):
        long, struck, begins, ends, strong = (row[12 * i : 12 * i + 12] for i in range(5))
        inside = 0
        for start, pitch, end in notes:
            if end <= half.start or start >= half.end:
                continue
            tone = (pitch - key.tonic) % 12
            long[tone] += (min(end, half.end) - max(start, half.start)) / TICKS_PER_QUARTER
            if start <= half.start + _SOON < end:
                begins[:] = 0
                begins[tone] = 1
            if start < half.start:
                continue
            inside += 1
            struck[tone] = min(1.5, struck[tone] + 0.5)
            ends[:] = 0
            ends[tone] = 1
            if (start - half.start) % TICKS_PER_QUARTER < _ON_THE_BEAT:
                strong[tone] += (end - start) / TICKS_PER_QUARTER
        row[60:] = half.first, key.minor, inside / 4, 1
    return heard


class Harmoniser:
    """The network's weights, and what they say. Safe to share between threads: nothing of it changes."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self._arrays = arrays

    def likely(self, heard: Array) -> Array:
        """Return the logarithm of how likely each root over the tonic and kind is in every half bar, `(T, 12, 3)`."""
        x = self._lifted(heard)
        for layer in ("gru.l0", "gru.l1"):
            x = np.concatenate([self._gated(x, layer), self._gated(x[::-1], layer + ".back")[::-1]], 1)
        return self._said(x, "out")

    def behind(self, heard: Array) -> Array:
        """Return the same for the half bar that follows each, knowing the melody up to its end only; the first row knows nothing.

        `heard` is `(T, FEATURES)`, the answer `(T + 1, 12, 3)`.
        """
        x = np.concatenate(
            [np.zeros((1, self._arrays["inp.weight"].shape[0]), np.float32), self._lifted(heard)]
        )
        return self._said(self._gated(x, "behind.l0"), "next")

    def _lifted(self, heard: Array) -> Array:
        return np.asarray(np.maximum(heard @ self._arrays["inp.weight"].T + self._arrays["inp.bias"], 0))

    def _gated(self, x: Array, layer: str) -> Array:
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

    def _said(self, x: Array, layer: str) -> Array:
        logits = x @ self._arrays[f"{layer}.weight"].T + self._arrays[f"{layer}.bias"]
        logits = logits - logits.max(1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return np.asarray(logs.reshape(len(x), 12, len(KINDS)), np.float32)


@cache
def shipped() -> Harmoniser:
    """Return the network that is shipped. Raises `WeightsError`."""
    return Harmoniser(load(FOLDER / "harmoniser.safetensors")[0])


def opens_half(frame: Beat) -> bool:
    """Tell whether half a bar begins with a beat."""
    return frame.beat in (0, (beats_in_bar(frame.meter) + 1) // 2)


def asked_by(given: Sequence[Kept], meter: str, key: Key) -> Array:
    """Return what a melody that is given whole asks for in each half bar, as `Harmoniser.likely` but counted from C.

    All its bars have one metre.
    """
    notes = _melody((kept.notes for kept in given), beat_length(meter))
    bars = range(len(given) // beats_in_bar(meter))
    parts = halves((bar * beats_in_bar(meter) * beat_length(meter), meter) for bar in bars)
    return np.roll(shipped().likely(features(parts, notes, key)), key.tonic, 1)


def asked_after(beats: Sequence[Beat], frame: Beat, key: Key) -> Array:
    """Return what the melody of the last beats asks for in the half bar that begins with `frame`, `(12, 3)` counted from C.

    `beats` end right before `frame`; those of another metre than its own, and what is left of a bar, count for nothing.
    """
    whole = [b for b in beats if b.meter == frame.meter and b.bar >= beats[0].bar + (beats[0].beat > 0)]
    begun = frame.index - len(whole)
    notes = _melody((b.notes for b in whole), frame.length)
    bars = range(len(whole) // beats_in_bar(frame.meter) + 1)
    parts = halves((bar * beats_in_bar(frame.meter) * frame.length, frame.meter) for bar in bars)
    past = [half for half in parts if half.end <= (frame.index - begun) * frame.length]
    return np.roll(shipped().behind(features(past, notes, key))[-1], key.tonic, 0)


def _melody(beats: Iterable[Sequence[Note]], length: int) -> list[Note]:
    """Return the melody of beats of one length, in ticks from the first."""
    return [
        replace(n, start=Ticks(n.start + i * length))
        for i, notes in enumerate(beats)
        for n in notes
        if n.part == "melody"
    ]
