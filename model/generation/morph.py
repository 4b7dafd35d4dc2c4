"""Targets along a morph between two prompts: onsets of a beat, mean pitch and chord size. Pure.

The decoder tends to go on as it began, and an interpolated plan asks for little more in each bar than in the one before. So
targets are interpolated between the prompts and compared with what was played.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from model.generation import bias_terms, chord_bias
from model.generation.history import target_onsets
from model.music.harmony import QUALITIES, Chord
from model.music.notes import TICKS_PER_QUARTER, Beat, beats_in_bar
from model.music.plan import Plan

MIN_DENSITY_LOG_RATIO = math.log(1.2)
"""Difference of log density between the prompts from which on onsets are counted."""
MIN_REGISTER_DIFFERENCE = 0.4
"""Difference of a part's register, −1..1, from which on it has a target pitch."""
MIN_COMPLEXITY_DIFFERENCE = 0.3
"""Difference of complexity from which on chord sizes are counted."""
NEUTRAL_PITCH = {"bass": 42.0, "pad": 62.0, "chords": 62.0, "arp": 71.0, "melody": 71.0}
"""Mean pitch of a part in a neutral register."""
REGISTER_SEMITONES = {"bass": 8.0, "pad": 9.0, "chords": 9.0, "arp": 10.0, "melody": 10.0}
"""Semitones above that at register 1."""


@dataclass(frozen=True, slots=True)
class MorphPath:
    """Two plans under the same controls, and the position between them: 0 is the first, 1 the second."""

    first: Plan
    second: Plan
    morph_position: float

    def onsets_owed(self, beats: Sequence[Beat], frame: Beat, parts: Collection[str]) -> dict[str, float]:
        """Return the onsets that each part owes in the beat `frame` for the last bar's length to have its number.

        `beats` were played before. Empty if the prompts ask for about as many; at most twice a beat's share, and one.
        """
        shared = [p for p in self.first.parts if p in self.second.parts]
        ends = [sum(target_onsets(e.style_of(p), p, e.density) for p in shared) for e in (self.first, self.second)]
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
        """Return the wanted onsets a quarter of a part here, interpolated geometrically."""
        first, second = (target_onsets(e.style_of(part), part, e.density) for e in (self.first, self.second))
        return float(first ** (1 - self.morph_position) * second**self.morph_position)

    def target_pitches(self, parts: Collection[str]) -> dict[str, float]:
        """Return the target pitch of each part whose register differs between the prompts."""
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
        """Return the size of the next chord that brings the mean over the last beats to the wanted one; None if the prompts agree."""
        wanted = self._chord_size()
        if wanted is None:
            return None
        sizes = [len(QUALITIES[c.quality]) for c in chords if c is not None]
        return wanted + (wanted - sum(sizes) / len(sizes) if sizes else 0.0)

    def extra_voices(self) -> float:
        """Return how far chords are beyond triads here, 0..1 at four tones; 0 if the prompts agree on chord size."""
        size = self._chord_size()
        return 0.0 if size is None else min(1.0, max(0.0, size - 3))

    def _chord_size(self) -> float | None:
        """Return the wanted chord size here, None if the prompts agree."""
        first, second = self.first.complexity, self.second.complexity
        return (
            None
            if abs(first - second) < MIN_COMPLEXITY_DIFFERENCE
            else chord_bias.chord_size(first + (second - first) * self.morph_position)
        )
