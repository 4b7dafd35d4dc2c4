"""MIDI that comes in → what the hands hold: keys, the sustain pedal, and which of it is only ourselves. Pure.

Owned by the follower. Channel 10 is a kit and is not listened to; the other channels are one pair of hands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bridge.clock import Seconds

DRUM_CHANNEL = 9
"""The channel of drums, from 0."""
SUSTAIN_CONTROLLER = 64
SILENCING_CONTROLLERS = frozenset({120, 123})
NOTE_MEMORY = Seconds(12.0)
"""Notes that ended longer ago than this are forgotten."""
IsEcho = Callable[[Seconds, int, int, int], bool]
"""(moment, channel from 0, pitch, velocity) → whether we have just sent that note ourselves."""


@dataclass(slots=True)
class KeyPress:
    """A note that was played: `up` is when its key was let go, `off` when it stopped sounding; None is not yet."""

    pitch: int
    velocity: int
    at: Seconds
    channel: int
    key_released_at: Seconds | None = None
    ended_at: Seconds | None = None

    def sounds_at(self, moment: Seconds) -> bool:
        """Whether it sounds at a moment."""
        return self.at <= moment and (self.ended_at is None or self.ended_at > moment)


class Keyboard:
    """What is played. `ours` tells our own output coming back as input, whose ends are not listened to either."""

    def __init__(self, is_echo: IsEcho = lambda at, channel, pitch, velocity: False) -> None:
        self.key_presses: list[KeyPress] = []
        self._is_echo = is_echo
        self._echoes: Counter[tuple[int, int]] = Counter()
        self._pedals: set[int] = set()

    def receive_midi(self, at: Seconds, data: bytes) -> bool:
        """Take in one message that came at a moment; return whether what is held or sounds has changed."""
        if len(data) < 3 or data[0] & 0x0F == DRUM_CHANNEL:
            return False
        kind, channel, first, second = data[0] & 0xF0, data[0] & 0x0F, data[1], data[2]
        if kind == 0x90 and second > 0:
            return self._note_on(at, channel, first, second)
        if kind in (0x80, 0x90):
            return self._note_off(at, channel, first)
        if kind == 0xB0 and first == SUSTAIN_CONTROLLER:
            return self._sustain_pedal(at, channel, second >= 64)
        if kind == 0xB0 and first in SILENCING_CONTROLLERS:
            self._pedals.discard(channel)
            return any(self._end_note(at, t) for t in self.key_presses if t.channel == channel and t.ended_at is None)
        return False

    def release_all(self, at: Seconds) -> None:
        """Take it that all keys and pedals are up: the input was lost, or following was off meanwhile."""
        self._pedals.clear()
        self._echoes.clear()
        for key_press in self.key_presses:
            self._end_note(at, key_press)

    @property
    def held_keys(self) -> list[KeyPress]:
        """The keys that are down, in order of time."""
        return [t for t in self.key_presses if t.key_released_at is None]

    @property
    def sounding(self) -> list[KeyPress]:
        """What sounds, held by a key or by the pedal, in order of time."""
        return [t for t in self.key_presses if t.ended_at is None]

    def since(self, moment: Seconds) -> list[KeyPress]:
        """Return what was struck at a moment or later, in order of time."""
        return [t for t in self.key_presses if t.at >= moment]

    def _note_on(self, at: Seconds, channel: int, pitch: int, velocity: int) -> bool:
        if self._is_echo(at, channel, pitch, velocity):
            self._echoes[channel, pitch] += 1
            return False
        for key_press in self.key_presses:
            if key_press.ended_at is None and (key_press.channel, key_press.pitch) == (channel, pitch):
                self._end_note(at, key_press)
        self.key_presses = [t for t in self.key_presses if t.ended_at is None or t.ended_at > at - NOTE_MEMORY]
        self.key_presses.append(KeyPress(pitch, velocity, at, channel))
        return True

    def _note_off(self, at: Seconds, channel: int, pitch: int) -> bool:
        if self._echoes[channel, pitch]:
            self._echoes[channel, pitch] -= 1
            return False
        for key_press in reversed(self.key_presses):
            if key_press.key_released_at is None and (key_press.channel, key_press.pitch) == (channel, pitch):
                key_press.key_released_at = at
                if channel not in self._pedals:
                    key_press.ended_at = at
                return True
        return False

    def _sustain_pedal(self, at: Seconds, channel: int, down: bool) -> bool:
        if down:
            self._pedals.add(channel)
            return False
        self._pedals.discard(channel)
        pedalled_notes = [
            t for t in self.key_presses if t.channel == channel and t.key_released_at is not None and t.ended_at is None
        ]
        return any(self._end_note(at, t) for t in pedalled_notes)

    def _end_note(self, at: Seconds, key_press: KeyPress) -> bool:
        if key_press.ended_at is not None:
            return False
        key_press.key_released_at, key_press.ended_at = (
            key_press.key_released_at if key_press.key_released_at is not None else at,
            at,
        )
        return True


LATE_LIMIT = 0.30
"""The share of a beat within which a stroke still counts for it; players are late, and early."""
EARLY_LIMIT = 0.70
"""From this share of a beat on a stroke is an early one of the next, held or not."""


@dataclass(frozen=True, slots=True)
class BeatWindow:
    """A beat: when it began, its length in seconds and in quarters, its place in a bar of `beats`, from 0."""

    start: Seconds
    length: float
    beat: int
    beats: int
    quarters: float = 1.0

    def phase(self, moment: Seconds) -> float:
        """Return where in the beat a moment lies: 0 at its line, 1 at the next."""
        return (moment - self.start) / self.length

    @property
    def opens(self) -> Seconds:
        """The moment from which on a stroke counts for this beat."""
        return Seconds(self.start - (1 - EARLY_LIMIT) * self.length)

    @property
    def closes(self) -> Seconds:
        """The moment until which a stroke counts for this beat."""
        return Seconds(self.start + LATE_LIMIT * self.length)

    @property
    def begins_half_bar(self) -> bool:
        """Whether it begins a bar or its second half, the shorter one where beats are odd."""
        return self.beat in (0, (self.beats + 1) // 2)

    @property
    def strong(self) -> bool:
        """Whether it begins a bar or half of one."""
        return _strong(self.beat, self.beats)

    def is_on_strong_beat(self, moment: Seconds) -> bool:
        """Whether a moment is on a strong beat: on this one, or early for the next."""
        phase = self.phase(moment)
        return (phase < LATE_LIMIT and self.strong) or (phase >= EARLY_LIMIT and self.next_is_strong)

    @property
    def next_is_strong(self) -> bool:
        """Whether the beat after it is strong."""
        return _strong((self.beat + 1) % self.beats, self.beats)


def _strong(beat: int, beats: int) -> bool:
    return beat == 0 or (beats % 2 == 0 and beat == beats // 2)
