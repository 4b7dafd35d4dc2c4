"""MIDI that comes in → what the hands hold: keys, the sustain pedal, and which of it is only ourselves. Pure.

Owned by the follower. Channel 10 is a kit and is not listened to; the other channels are one pair of hands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bridge.clock import Seconds

KIT = 9
"""The channel of drums, from 0."""


SUSTAIN = 64


SILENCING = frozenset({120, 123})


MEMORY = Seconds(12.0)
"""Notes that ended longer ago than this are forgotten."""


Ours = Callable[[Seconds, int, int, int], bool]
"""(moment, channel from 0, pitch, velocity) → whether we have just sent that note ourselves."""


@dataclass(slots=True)
class Touch:
    """A note that was played: `up` is when its key was let go, `off` when it stopped sounding; None is not yet."""

    pitch: int
    velocity: int
    at: Seconds
    channel: int
    up: Seconds | None = None
    off: Seconds | None = None

    def sounds_at(self, moment: Seconds) -> bool:
        """Whether it sounds at a moment."""
        return self.at <= moment and (self.off is None or self.off > moment)


class Hands:
    """What is played. `ours` tells our own output coming back as input, whose ends are not listened to either."""

    def __init__(self, ours: Ours = lambda at, channel, pitch, velocity: False) -> None:
        self.touches: list[Touch] = []
        self._ours = ours
        self._echoes: Counter[tuple[int, int]] = Counter()
        self._pedals: set[int] = set()

    def hear(self, at: Seconds, data: bytes) -> bool:
        """Take in one message that came at a moment; return whether what is held or sounds has changed."""
        if len(data) < 3 or data[0] & 0x0F == KIT:
            return False
        kind, channel, first, second = data[0] & 0xF0, data[0] & 0x0F, data[1], data[2]
        if kind == 0x90 and second > 0:
            return self._struck(at, channel, first, second)
        if kind in (0x80, 0x90):
            return self._let_go(at, channel, first)
        if kind == 0xB0 and first == SUSTAIN:
            return self._pedalled(at, channel, second >= 64)
        if kind == 0xB0 and first in SILENCING:
            self._pedals.discard(channel)
            return any(self._ended(at, t) for t in self.touches if t.channel == channel and t.off is None)
        return False

    def silence(self, at: Seconds) -> None:
        """Take it that all keys and pedals are up: the input was lost, or following was off meanwhile."""
        self._pedals.clear()
        self._echoes.clear()
        for touch in self.touches:
            self._ended(at, touch)

    @property
    def down(self) -> list[Touch]:
        """The keys that are down, in order of time."""
        return [t for t in self.touches if t.up is None]

    @property
    def sounding(self) -> list[Touch]:
        """What sounds, held by a key or by the pedal, in order of time."""
        return [t for t in self.touches if t.off is None]

    def since(self, moment: Seconds) -> list[Touch]:
        """Return what was struck at a moment or later, in order of time."""
        return [t for t in self.touches if t.at >= moment]

    def _struck(self, at: Seconds, channel: int, pitch: int, velocity: int) -> bool:
        if self._ours(at, channel, pitch, velocity):
            self._echoes[channel, pitch] += 1
            return False
        for touch in self.touches:
            if touch.off is None and (touch.channel, touch.pitch) == (channel, pitch):
                self._ended(at, touch)
        self.touches = [t for t in self.touches if t.off is None or t.off > at - MEMORY]
        self.touches.append(Touch(pitch, velocity, at, channel))
        return True

    def _let_go(self, at: Seconds, channel: int, pitch: int) -> bool:
        if self._echoes[channel, pitch]:
            self._echoes[channel, pitch] -= 1
            return False
        for touch in reversed(self.touches):
            if touch.up is None and (touch.channel, touch.pitch) == (channel, pitch):
                touch.up = at
                if channel not in self._pedals:
                    touch.off = at
                return True
        return False

    def _pedalled(self, at: Seconds, channel: int, down: bool) -> bool:
        if down:
            self._pedals.add(channel)
            return False
        self._pedals.discard(channel)
        rung = [t for t in self.touches if t.channel == channel and t.up is not None and t.off is None]
        return any(self._ended(at, t) for t in rung)

    def _ended(self, at: Seconds, touch: Touch) -> bool:
        if touch.off is not None:
            return False
        touch.up, touch.off = touch.up if touch.up is not None else at, at
        return True


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
