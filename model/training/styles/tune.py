"""Melodies: rhythm cells, contours that return, chord tones where the beat asks for them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from model.music.harmony import Chord, Key
from model.music.notes import Note, Ticks
from model.training.styles.grammar import Tune
from model.training.styles.rhythm import Hit, bar_of, mutated, played

PENTATONIC = {False: (0, 2, 4, 7, 9), True: (0, 3, 5, 7, 10)}
"""Pentatonics above a major and a minor tonic."""


@dataclass(frozen=True, slots=True)
class _Idea:
    """A bar of melody before it meets its chords: a rhythm and steps along the scale from note to note."""

    cell: str
    steps: tuple[int, ...]
    start: int


class MelodyWriter:
    """Writes the melody of one piece bar by bar, from a few ideas that come back."""

    def __init__(self, tune: Tune, cells: tuple[str, ...], key: Key, activity: float, rng: random.Random) -> None:
        self._tune, self._rng, self._key = tune, rng, key
        shift = rng.choice((0, 0, 0, -5, 5))
        self._low, self._high = tune.low + shift, tune.high + shift
        scale = PENTATONIC[key.minor] if tune.five and rng.random() < 0.85 else key.scale
        classes = {(key.tonic + s) % 12 for s in scale}
        self._scale = [p for p in range(self._low - 12, self._high + 13) if p % 12 in classes]
        ordered = sorted(cells, key=lambda c: sum(t not in ".-" for t in c))
        centre = activity * (len(ordered) - 1)
        weights = [2.0 ** -abs(i - centre) for i in range(len(ordered))]
        picked = rng.choices(ordered, weights, k=4)
        self._ideas = {letter: self._idea(cell) for letter, cell in zip("ABCD", picked, strict=True)}
        self._shape = rng.choice(tune.shape)
        self._rest = {i for i in range(8) if rng.random() < tune.rest and i % 4}
        self._last = (self._low + self._high) // 2

    def _idea(self, cell: str) -> _Idea:
        rng = self._rng
        count = sum(t not in ".-" for t in cell)
        direction = rng.choice((-1, 1))
        steps = []
        for _ in range(max(0, count)):
            if rng.random() < 0.3:
                direction = -direction
            size = rng.choice((2, 3, 4)) if rng.random() < self._tune.leap else rng.choice((0, 1, 1, 1, 2))
            steps.append(direction * size)
        return _Idea(cell, tuple(steps), rng.choice((-2, -1, 0, 0, 1, 2)))

    def bar(
        self,
        number: int,
        section: str,
        ticks: int,
        chords: list[tuple[int, Chord]],
        loud: float,
        *,
        closes: bool,
    ) -> list[Note]:
        """Return a bar of melody; where it `closes` it comes to rest on the tonic."""
        rng = self._rng
        if closes:
            home = min((p for p in range(self._low, self._high) if p % 12 == self._key.tonic),
                       key=lambda p: abs(p - self._last))  # fmt: skip
            return [self._note(0, ticks * 3 // 4, home, loud)]
        if (section in ("intro", "build", "fill") and rng.random() < 0.6) or number % 8 in self._rest:
            return []
        letter = self._shape[number % len(self._shape)]
        idea = self._ideas[letter]
        cell = mutated(idea.cell, rng, 1) if rng.random() < (0.5 if section == "variation" else 0.12) else idea.cell
        if section == "break":
            cell = cell.replace("x", "?")
        hits = played(bar_of(cell, 0, ticks), rng)
        lift = 12 if section in ("drop", "variation") and self._high < 80 and letter == "A" else 0
        middle = (self._low + self._high) / 2 + idea.start * 2
        pitch = self._nearest(0.5 * self._last + 0.5 * middle)
        notes = []
        for i, hit in enumerate(hits):
            if i:
                step = idea.steps[i % len(idea.steps)]
                if not self._low <= self._step(pitch, step) <= self._high:
                    step = -step
                pitch = self._step(pitch, step)
            strong = hit.start % 480 == 0 or hit.length >= 480
            if strong and rng.random() < self._tune.chord + 0.15:
                pitch = self._to_chord(pitch, chords, hit.start)
            swell = 1 + 0.08 * (2 * i / max(1, len(hits)) - abs(2 * i / max(1, len(hits)) - 1))
            notes.append(self._note_of(hit, pitch + (lift if pitch + lift <= self._high + 7 else 0), loud * swell))
        self._last = pitch
        return notes

    def _nearest(self, pitch: float) -> int:
        return min(self._scale, key=lambda p: abs(p - pitch))

    def _step(self, pitch: int, steps: int) -> int:
        at = self._scale.index(self._nearest(pitch)) + steps
        return self._scale[min(max(at, 0), len(self._scale) - 1)]

    def _to_chord(self, pitch: int, chords: list[tuple[int, Chord]], tick: int) -> int:
        chord = [c for start, c in chords if start <= tick][-1]
        near = [
            p for p in range(pitch - 4, pitch + 5) if p % 12 in chord.pitch_classes and self._low <= p <= self._high
        ]
        return min(near, key=lambda p: (abs(p - pitch), self._rng.random())) if near else pitch

    def _note_of(self, hit: Hit, pitch: int, loud: float) -> Note:
        return self._note(
            hit.start,
            round(hit.length * self._tune.gate),
            pitch,
            loud * (1.06 if hit.start % 480 == 0 else 0.94),
        )

    def _note(self, start: int, length: int, pitch: int, loud: float) -> Note:
        velocity = min(127, max(10, round(loud + self._rng.gauss(0, 4))))
        return Note(Ticks(start), Ticks(max(40, length)), min(96, max(50, pitch)), velocity, "melody")
