"""The way between two prompts that are unlike: what a beat owes to it, so that a sweep moves the same way all along. Pure.

A decoder goes on as it began, and a mixed plan asks for little more in each bar than in the one before. Here the way is
told as a line from one prompt to the other, and what was played is held against it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from model.generation import bias_terms, chord_bias
from model.generation.style_statistics import target_onsets
from model.music.harmony import QUALITIES, Chord
from model.music.notes import TICKS_PER_QUARTER, Beat, beats_in_bar
from model.music.plan import Plan

MIN_DENSITY_LOG_RATIO = math.log(1.2)
"""How much fuller the one prompt must ask to be than the other for bars to be filled by count."""
MIN_REGISTER_DIFFERENCE = 0.4
"""How far apart two places of a part are, of −1 to 1, for it to be led from the one to the other."""
MIN_COMPLEXITY_DIFFERENCE = 0.3
"""How far apart two complexities are for chords to grow by count."""
NEUTRAL_PITCH = {"bass": 42.0, "chords": 62.0, "melody": 71.0}
"""The mean pitch of a part that lies neither low nor high."""
REGISTER_SEMITONES = {"bass": 8.0, "chords": 9.0, "melody": 10.0}
"""How many semitones from there a part lies at place 1."""


@dataclass(frozen=True, slots=True)
class MorphPath:
    """Two plans, under the same controls, and the place between them: 0 is the first, 1 the second."""

    first: Plan
    second: Plan
    morph_position: float

    def onsets_owed(self, beats: Sequence[Beat], frame: Beat, parts: Collection[str]) -> dict[str, float]:
        """Return the onsets that each of the parts owes in the beat `frame`, so that the bar which ends with it has its number.

        `beats` were played before. Nothing where the two prompts ask for about as many; never more than twice a beat's share.
        """
        shared = [p for p in self.first.parts if p in self.second.parts]
        ends = [
            sum(target_onsets(e.style_of(p), p, e.density) for p in shared) for e in (self.first, self.second)
        ]
        if not shared or abs(math.log(ends[1] / ends[0])) < MIN_DENSITY_LOG_RATIO:
            return {}
        count = beats_in_bar(frame.meter)
        last = beats[len(beats) - min(count - 1, len(beats)) :]
        found = {}
        for part in parts:
            share = self._onsets(part) * frame.length / TICKS_PER_QUARTER
            played = sum(len({n.start for n in b.notes if n.part == part}) for b in last)
            missing = share * (1 + len(last)) - played
            found[part] = min(max(missing, 0.0), 2 * share + 1)
        return found

    def _onsets(self, part: str) -> float:
        """Return the onsets a quarter of a part here: as much fuller at every step."""
        first, second = (target_onsets(e.style_of(part), part, e.density) for e in (self.first, self.second))
        return float(first ** (1 - self.morph_position) * second**self.morph_position)

    def target_pitches(self, parts: Collection[str]) -> dict[str, float]:
        """Return the pitch about which each of the parts lies, where the two prompts want it in unlike places."""
        found = {}
        for part in parts & NEUTRAL_PITCH.keys():
            first, second = (
                bias_terms.register_position(e.register, dict(e.registers), part, e.brightness, e.energy)
                for e in (self.first, self.second)
            )
            if abs(first - second) >= MIN_REGISTER_DIFFERENCE:
                found[part] = NEUTRAL_PITCH[part] + REGISTER_SEMITONES[part] * (
                    first + (second - first) * self.morph_position
                )
        return found

    def target_chord_size(self, chords: Sequence[Chord | None]) -> float | None:
        """Return how many tones the next chord shall have, so that those of the last beats and it have as many as is due here.

        None where the two prompts want chords of about the same size.
        """
        wanted = self._chord_size()
        if wanted is None:
            return None
        sizes = [len(QUALITIES[c.quality]) for c in chords if c is not None]
        return wanted + (wanted - sum(sizes) / len(sizes) if sizes else 0.0)

    def extra_voices(self) -> float:
        """Return how far beyond triads chords have come, 0..1 at four tones; 0 where the two prompts want about the same size."""
        size = self._chord_size()
        return 0.0 if size is None else min(1.0, max(0.0, size - 3))

    def _chord_size(self) -> float | None:
        """Return how many tones chords have here, None where the two prompts want about as many."""
        first, second = self.first.complexity, self.second.complexity
        return (
            None
            if abs(first - second) < MIN_COMPLEXITY_DIFFERENCE
            else chord_bias.chord_size(first + (second - first) * self.morph_position)
        )
