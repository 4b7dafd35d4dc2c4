"""Keyboard state from MIDI input: held keys, sustain pedal, sounding notes. Ignores our own output coming back. Pure.

Owned by the follower. Channel 10 (drums) is ignored, unless an MPE keyboard says that it is one of its own; all other channels count
as one player, so that the channel that MPE gives each key is no matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bridge.clock import Seconds

DRUM_CHANNEL = 9
"""MIDI channel of the drums, counted from 0."""
SUSTAIN_CONTROLLER = 64
MPE_CONFIGURATION = 6
"""The registered parameter by which an MPE keyboard says, on channel 1 or 16, how many channels it plays on."""
_PARAMETER_MSB, _PARAMETER_LSB, _DATA = 101, 100, 6
SILENCING_CONTROLLERS = frozenset({120, 123})
NOTE_MEMORY = Seconds(12.0)
"""Seconds after their end for which notes are kept."""
IsEcho = Callable[[Seconds, int, int, int], bool]
"""(time, channel from 0, pitch, velocity) → True if the daemon has just sent that note itself."""


@dataclass(slots=True)
class KeyPress:
    """A played note. `key_released_at`: time of the key release; `ended_at`: end of sound; None if not yet."""

    pitch: int
    velocity: int
    at: Seconds
    channel: int
    key_released_at: Seconds | None = None
    ended_at: Seconds | None = None

    def sounds_at(self, moment: Seconds) -> bool:
        """Return True if the note sounds at a time."""
        return self.at <= moment and (self.ended_at is None or self.ended_at > moment)


class Keyboard:
    """Key presses of the player. Notes for which `is_echo` returns True are ignored, and their note-offs too."""

    def __init__(self, is_echo: IsEcho = lambda at, channel, pitch, velocity: False) -> None:
        self.key_presses: list[KeyPress] = []
        self._is_echo = is_echo
        self._echoes: Counter[tuple[int, int]] = Counter()
        self._pedals: set[int] = set()
        self._parameter = {0: [127, 127], 15: [127, 127]}
        self._zone_members = {0: 0, 15: 0}

    def receive_midi(self, at: Seconds, data: bytes) -> bool:
        """Process one message received at time `at`; return True if the held or sounding notes changed."""
        if len(data) < 3 or (data[0] & 0x0F == DRUM_CHANNEL and not self._is_key_channel):
            return False
        if data[0] & 0xF0 == 0xB0 and data[0] & 0x0F in self._zone_members:
            self._configure(data[0] & 0x0F, data[1], data[2])
        kind, channel, first, second = data[0] & 0xF0, data[0] & 0x0F, data[1], data[2]
        if kind == 0x90 and second > 0:
            return self._note_on(at, channel, first, second)
        if kind in (0x80, 0x90):
            return self._note_off(at, channel, first)
        if kind == 0xB0 and first == SUSTAIN_CONTROLLER:
            return self._sustain_pedal(at, channel, second >= 64)
        if kind == 0xB0 and first in SILENCING_CONTROLLERS:
            self._pedals.discard(channel)
            return any(self._end_note(at, k) for k in self.key_presses if k.channel == channel and k.ended_at is None)
        return False

    @property
    def _is_key_channel(self) -> bool:
        """Whether the drums' channel belongs to an MPE zone: the lower one counts up from channel 2, the upper down from 15."""
        return self._zone_members[0] >= DRUM_CHANNEL or self._zone_members[15] >= 15 - DRUM_CHANNEL

    def _configure(self, channel: int, controller: int, value: int) -> None:
        """Follow the registered parameter of a zone's master channel."""
        if controller in (_PARAMETER_MSB, _PARAMETER_LSB):
            self._parameter[channel][controller == _PARAMETER_LSB] = value
        elif controller == _DATA and self._parameter[channel] == [0, MPE_CONFIGURATION]:
            self._zone_members[channel] = min(15, value)

    def release_all(self, at: Seconds) -> None:
        """Release all keys and pedals: the input was lost."""
        self._pedals.clear()
        self._echoes.clear()
        for key_press in self.key_presses:
            self._end_note(at, key_press)

    @property
    def held_keys(self) -> list[KeyPress]:
        """The keys that are down, in order of their start."""
        return [k for k in self.key_presses if k.key_released_at is None]

    @property
    def sounding(self) -> list[KeyPress]:
        """The notes that sound, held by key or pedal, in order of their start."""
        return [k for k in self.key_presses if k.ended_at is None]

    def since(self, moment: Seconds) -> list[KeyPress]:
        """Return the notes struck at a time or later, in order of their start."""
        return [k for k in self.key_presses if k.at >= moment]

    def _note_on(self, at: Seconds, channel: int, pitch: int, velocity: int) -> bool:
        if self._is_echo(at, channel, pitch, velocity):
            self._echoes[channel, pitch] += 1
            return False
        for key_press in self.key_presses:
            if key_press.ended_at is None and (key_press.channel, key_press.pitch) == (channel, pitch):
                self._end_note(at, key_press)
        self.key_presses = [k for k in self.key_presses if k.ended_at is None or k.ended_at > at - NOTE_MEMORY]
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
            k for k in self.key_presses if k.channel == channel and k.key_released_at is not None and k.ended_at is None
        ]
        return any(self._end_note(at, k) for k in pedalled_notes)

    def _end_note(self, at: Seconds, key_press: KeyPress) -> bool:
        if key_press.ended_at is not None:
            return False
        key_press.key_released_at, key_press.ended_at = (
            key_press.key_released_at if key_press.key_released_at is not None else at,
            at,
        )
        return True


LATE_LIMIT = 0.30
"""Fraction of a beat up to which a stroke counts for this beat; players may be late."""
EARLY_LIMIT = 0.70
"""Fraction of a beat from which a stroke counts as early for the next beat, even if it is not held until then."""


@dataclass(frozen=True, slots=True)
class BeatWindow:
    """A beat: start in seconds, length in seconds and in quarters, number (from 0) in a bar of `beats` beats."""

    start: Seconds
    length: float
    beat: int
    beats: int
    quarters: float = 1.0

    def phase(self, moment: Seconds) -> float:
        """Return the position of a time in the beat: 0 at its start, 1 at the start of the next."""
        return (moment - self.start) / self.length

    @property
    def opens(self) -> Seconds:
        """The time in seconds from which a stroke counts for this beat."""
        return Seconds(self.start - (1 - EARLY_LIMIT) * self.length)

    @property
    def closes(self) -> Seconds:
        """The time in seconds until which a stroke counts for this beat."""
        return Seconds(self.start + LATE_LIMIT * self.length)

    @property
    def begins_half_bar(self) -> bool:
        """True if it begins a bar or its second half, which is the shorter one if the number of beats is odd."""
        return self.beat in (0, (self.beats + 1) // 2)

    @property
    def strong(self) -> bool:
        """True if it begins a bar, or half of one with an even number of beats."""
        return _strong(self.beat, self.beats)

    def is_on_strong_beat(self, moment: Seconds) -> bool:
        """Return True if a stroke at a time counts for a strong beat: late for this one, or early for the next."""
        phase = self.phase(moment)
        return (phase < LATE_LIMIT and self.strong) or (phase >= EARLY_LIMIT and self.next_is_strong)

    @property
    def next_is_strong(self) -> bool:
        """True if the next beat is strong."""
        return _strong((self.beat + 1) % self.beats, self.beats)


def _strong(beat: int, beats: int) -> bool:
    return beat == 0 or (beats % 2 == 0 and beat == beats // 2)
