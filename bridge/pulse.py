"""The beat that plays, as the hands meet it: when it began, and what is still in time for it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Seconds

ON_TIME = 0.30
"""The share of a beat within which a stroke still counts for it; players are late, and early."""
PUSHED = 0.70
"""From this share of a beat on a stroke is an early one of the next, held or not."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """A beat: when it began, its length in seconds and in quarters, its place in a bar of `beats`, from 0."""

    at: Seconds
    length: float
    beat: int
    beats: int
    quarters: float = 1.0

    def phase(self, moment: Seconds) -> float:
        """Return where in the beat a moment lies: 0 at its line, 1 at the next."""
        return (moment - self.at) / self.length

    @property
    def early(self) -> Seconds:
        """The moment from which on a stroke counts for this beat."""
        return Seconds(self.at - (1 - PUSHED) * self.length)

    @property
    def late(self) -> Seconds:
        """The moment until which a stroke counts for this beat."""
        return Seconds(self.at + ON_TIME * self.length)

    @property
    def half(self) -> bool:
        """Whether it begins a bar or its second half, the shorter one where beats are odd."""
        return self.beat in (0, (self.beats + 1) // 2)

    @property
    def strong(self) -> bool:
        """Whether it begins a bar or half of one."""
        return _strong(self.beat, self.beats)

    def on_strong(self, moment: Seconds) -> bool:
        """Whether a moment is on a strong beat: on this one, or early for the next."""
        phase = self.phase(moment)
        return (phase < ON_TIME and self.strong) or (phase >= PUSHED and self.before_strong)

    @property
    def before_strong(self) -> bool:
        """Whether the beat after it is strong."""
        return _strong((self.beat + 1) % self.beats, self.beats)


def _strong(beat: int, beats: int) -> bool:
    return beat == 0 or (beats % 2 == 0 and beat == beats // 2)
