"""Chords for a melody by plain means (acceptance line 8): a hidden Markov model and the best diatonic triad.

Both write two chords a bar. The model knows the key and the bar line: its states are roots over the tonic with a
triad's kind, one table of moves across the bar line and one within, for major and for minor.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.analysis.harmoniser import STATES, TRIAD_KINDS, triad_kind
from model.analysis.harmoniser import halves as halved
from model.music.harmony import Chord, Key, parse_key
from model.training.measures.clips import LENGTH, PITCH, START, Chords, Clip, spans

Array = npt.NDArray[np.float64]
OBSERVATION_WEIGHT = 1.2
"""How much a quarter of melody counts beside a move; chosen on validation songs."""
SMOOTHED = 0.5


@dataclass(frozen=True, slots=True)
class Half:
    """Half a bar: its ticks, whether it begins the bar, and how many quarters each pitch class sounds, `(12,)`."""

    start: int
    end: int
    first: bool
    heard: Array


def halves(clip: Clip) -> list[Half]:
    """Return the halves of every bar, the first the longer one where beats are odd, with the melody in them."""
    notes = clip.part("melody")
    found = []
    for half in halved(clip.bars):
        stops = np.minimum(notes[:, START] + notes[:, LENGTH], half.end)
        shared = np.maximum(stops - np.maximum(notes[:, START], half.start), 0)
        heard = np.bincount(notes[:, PITCH] % 12, shared, 12) / 480
        found.append(Half(half.start, half.end, half.first, heard))
    return found


def longest_chord(chords: Chords, start: int, end: int) -> Chord | None:
    """Return the chord that holds longest between two ticks; None if none does."""
    held: dict[Chord, int] = defaultdict(int)
    for at, stop, chord in spans(chords, end):
        held[chord] += max(0, min(stop, end) - max(at, start))
    best = max(held, key=lambda c: held[c], default=None)
    return best if best is not None and held[best] > 0 else None


def bare(chords: Chords) -> Chords:
    """Return chords with nothing but their roots: a chord that is coloured on its way stays one."""
    return merged((at, c and Chord(c.root, "", c.root)) for at, c in chords)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Log probabilities by mode (0 major, 1 minor): first states, moves within and across the bar, melody classes."""

    first: Array  # (2, S)
    transitions: Array  # (2, 2, S, S)
    heard: Array  # (2, S, 12): pitch classes over the tonic
    quality: tuple[dict[int, str], dict[int, str]]

    @classmethod
    def fit(cls, clips: Iterable[Clip]) -> Model:
        """Return the model of songs with a key, chords and a melody."""
        first, transitions = np.full((2, STATES), SMOOTHED), np.zeros((2, 2, STATES, STATES))
        heard = np.zeros((2, STATES, 12))
        qualities: tuple[dict[int, Counter[str]], ...] = (defaultdict(Counter), defaultdict(Counter))
        for clip in clips:
            if not clip.key:
                continue
            key = parse_key(clip.key)
            mode, before = int(key.minor), -1
            for half in halves(clip):
                chord = longest_chord(clip.chords, half.start, half.end)
                if chord is None:
                    before = -1
                    continue
                state = (chord.root - key.tonic) % 12 * len(TRIAD_KINDS) + triad_kind(chord)
                qualities[mode][state][chord.quality] += 1
                heard[mode, state] += np.roll(half.heard, -key.tonic)
                if before < 0:
                    first[mode, state] += 1
                else:
                    transitions[mode, int(half.first), before, state] += 1
                before = state
        usual = tuple({s: c.most_common(1)[0][0] for s, c in by.items()} for by in qualities)
        arrived = transitions.sum(2, keepdims=True) + SMOOTHED / STATES
        transitions += 4 * arrived / arrived.sum(3, keepdims=True)
        return cls(_logs(first), _logs(transitions), _logs(_shared(heard)), (usual[0], usual[1]))

    def chords(self, clip: Clip, behind: bool = False) -> Chords:
        """Return the likeliest chord of every half bar of a clip's melody in its key.

        `behind` hears each half only after its chord was chosen, as one who plays along does.
        """
        key, parts = parse_key(clip.key), halves(clip)
        mode = int(key.minor)
        said = np.array([OBSERVATION_WEIGHT * self.heard[mode] @ np.roll(h.heard, -key.tonic) for h in parts])
        said = np.exp(said - said.max(1, keepdims=True))
        transitions = [np.exp(self.transitions[mode, int(h.first)]) for h in parts]
        coming, known = self._forward(mode, said, transitions)
        path = (coming if behind else known * _backward(said, transitions)).argmax(1).tolist()
        found = [self._chord(mode, key, state) for state in path]
        return merged((h.start, c) for h, c in zip(parts, found, strict=True))

    def _forward(self, mode: int, said: Array, transitions: list[Array]) -> tuple[Array, Array]:
        """Return the probabilities of the chords of every half bar before and after its melody is read, `(T, S)` each."""
        coming, known = np.zeros_like(said), np.zeros_like(said)
        for t, heard in enumerate(said):
            coming[t] = np.exp(self.first[mode]) if t == 0 else known[t - 1] @ transitions[t]
            known[t] = coming[t] * heard
            known[t] /= known[t].sum()
        return coming, known

    def _chord(self, mode: int, key: Key, state: int) -> Chord:
        root = (key.tonic + state // len(TRIAD_KINDS)) % 12
        return Chord(root, self.quality[mode].get(state, ("", "m", "dim")[state % len(TRIAD_KINDS)]), root)


def _backward(said: Array, transitions: list[Array]) -> Array:
    """Return how well what comes later suits every state of every half, `(T, S)`."""
    later = np.ones_like(said)
    for t in range(len(said) - 2, -1, -1):
        later[t] = transitions[t + 1] @ (later[t + 1] * said[t + 1])
        later[t] /= later[t].sum()
    return later


def _logs(counts: Array) -> Array:
    logs: Array = np.log(counts / counts.sum(-1, keepdims=True))
    return logs


def _shared(heard: Array) -> Array:
    """Return the melody classes of every state, rare states filled with what their kind of triad has."""
    filled = heard.copy()
    for kind_ in range(len(TRIAD_KINDS)):
        states = np.arange(kind_, STATES, len(TRIAD_KINDS))
        over_root = np.ones(12)
        for s in states:
            over_root += np.roll(heard[:, s].sum(0), -(s // len(TRIAD_KINDS)))
        for s in states:
            filled[:, s] += 20 * np.roll(over_root / over_root.sum(), s // len(TRIAD_KINDS))
    return filled


def best_triads(clip: Clip) -> Chords:
    """Return for each half bar the triad of the key that holds most of the melody; equal ones: stay, then I IV V vi."""
    key = parse_key(clip.key)
    scale = key.scale if len(key.scale) == 7 else (0, 2, 3, 5, 7, 8, 10) if key.minor else (0, 2, 4, 5, 7, 9, 11)
    triads = []
    for degree in (0, 3, 4, 5, 1, 2, 6):
        root, third, fifth = (scale[(degree + i) % 7] for i in (0, 2, 4))
        shape = (third - root) % 12, (fifth - root) % 12
        quality = {(4, 7): "", (3, 7): "m", (3, 6): "dim", (4, 8): "aug"}.get(shape, "")
        triads.append(Chord((key.tonic + root) % 12, quality, (key.tonic + root) % 12))
    found: list[tuple[int, Chord | None]] = []
    now = triads[0]
    for half in halves(clip):
        cover = {c: sum(half.heard[p] for p in c.pitch_classes) for c in triads}
        now = max([now, *triads], key=lambda c: cover[c])
        found.append((half.start, now))
    return merged(found)


def merged(chords: Iterable[tuple[int, Chord | None]]) -> Chords:
    """Return only the changes."""
    changes: list[tuple[int, Chord | None]] = []
    for at, chord in chords:
        if not changes or changes[-1][1] != chord:
            changes.append((at, chord))
    return tuple(changes)
