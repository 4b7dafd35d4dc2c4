"""Keyboard state from MIDI input: held keys, sustain pedal, sounding notes. Ignores our own output coming back. Pure.

Owned by the follower. Each input is one player. Channel 10 (drums) is ignored, unless an MPE keyboard says that it is one of its own;
all other channels count as one, so that the channel that MPE gives each key is no matter. A key of MPE that is bent by a semitone or
more is heard at the pitch to which it is bent; smaller bends, and those of the whole keyboard, are not heard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import floor

from bridge.clock import Seconds

DRUM_CHANNEL = 9
"""MIDI channel of the drums, counted from 0."""
SUSTAIN_CONTROLLER = 64
MPE_CONFIGURATION = 6
"""The registered parameter by which an MPE keyboard says, on channel 1 or 16, how many channels it plays on."""
_PARAMETER_MSB, _PARAMETER_LSB, _DATA = 101, 100, 6
BEND_RANGE, DEFAULT_BEND_RANGE = 0, 48.0
"""The registered parameter of the semitones that a key of MPE can be bent to each side, and how many they are unless it is set."""
PASSING = Seconds(0.1)
"""A pitch that a bent key leaves sooner was passed on the way, and is no note of its own."""
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
    input: int = 1
    key_released_at: Seconds | None = None
    ended_at: Seconds | None = None
    bent: int = 0
    """Semitones by which the key is bent: `pitch` is what is heard."""

    def sounds_at(self, moment: Seconds) -> bool:
        """Return True if the note sounds at a time."""
        return self.at <= moment and (self.ended_at is None or self.ended_at > moment)


class Played:
    """Key presses, in order of their start, and what is asked of them."""

    key_presses: Sequence[KeyPress] = ()

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


class Keyboard(Played):
    """Key presses of one player. Notes for which `is_echo` returns True are ignored, and their note-offs too."""

    key_presses: list[KeyPress]

    def __init__(self, is_echo: IsEcho = lambda at, channel, pitch, velocity: False, number: int = 1) -> None:
        self.key_presses = []
        self._is_echo, self._input = is_echo, number
        self._echoes: Counter[tuple[int, int]] = Counter()
        self._pedals: set[int] = set()
        self._parameter: dict[int, list[int]] = {}
        self._zone_members = {0: 0, 15: 0}
        self._bend_range: dict[int, float] = {}
        self._bends: dict[int, float] = {}

    def receive_midi(self, at: Seconds, data: bytes) -> bool:
        """Process one message received at time `at`; return True if the held or sounding notes changed."""
        if len(data) < 3 or (data[0] & 0x0F == DRUM_CHANNEL and not self._is_key_channel):
            return False
        if data[0] & 0xF0 == 0xB0:
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
            return self._end_notes(at, [k for k in self.key_presses if k.channel == channel and k.ended_at is None])
        if kind == 0xE0 and (zone := self._zone(channel)) is not None:
            bend = ((second << 7 | first) - 8192) / 8192 * self._bend_range.get(zone, DEFAULT_BEND_RANGE)
            self._bends[channel] = bend
            return self._bend(at, channel, bend)
        return False

    def _zone(self, channel: int) -> int | None:
        """Return the master channel of the MPE zone in which a channel is a key's, None if it is in none."""
        if 1 <= channel <= self._zone_members[0]:
            return 0
        return 15 if 15 - self._zone_members[15] <= channel < 15 else None

    @property
    def _is_key_channel(self) -> bool:
        """Whether the drums' channel belongs to an MPE zone: the lower one counts up from channel 2, the upper down from 15."""
        return self._zone_members[0] >= DRUM_CHANNEL or self._zone_members[15] >= 15 - DRUM_CHANNEL

    def _configure(self, channel: int, controller: int, value: int) -> None:
        """Follow the registered parameters: channels of a zone, by its master channel, and how far its keys are bent."""
        parameter = self._parameter.setdefault(channel, [127, 127])
        if controller in (_PARAMETER_MSB, _PARAMETER_LSB):
            parameter[controller == _PARAMETER_LSB] = value
        elif controller == _DATA and parameter == [0, MPE_CONFIGURATION] and channel in self._zone_members:
            self._zone_members[channel] = min(15, value)
            self._bend_range.pop(channel, None)
            self._bends = {c: bend for c, bend in self._bends.items() if self._zone(c) is not None}
        elif controller == _DATA and parameter == [0, BEND_RANGE] and (zone := self._zone(channel)) is not None:
            self._bend_range[zone] = float(value)

    def release_all(self, at: Seconds) -> None:
        """Release all keys and pedals: the input was lost."""
        self._pedals.clear()
        self._echoes.clear()
        self._bends.clear()
        for key_press in self.key_presses:
            self._end_note(at, key_press)

    def _note_on(self, at: Seconds, channel: int, pitch: int, velocity: int) -> bool:
        if self._is_echo(at, channel, pitch, velocity):
            self._echoes[channel, pitch] += 1
            return False
        for key_press in self.key_presses:
            if key_press.ended_at is None and (key_press.channel, key_press.pitch - key_press.bent) == (channel, pitch):
                self._end_note(at, key_press)
        self.key_presses = [k for k in self.key_presses if k.ended_at is None or k.ended_at > at - NOTE_MEMORY]
        bent = _heard_bend(self._bends.get(channel, 0.0), 0)
        heard = min(127, max(0, pitch + bent))
        self.key_presses.append(KeyPress(heard, velocity, at, channel, self._input, bent=heard - pitch))
        return True

    def _bend(self, at: Seconds, channel: int, bend: float) -> bool:
        """Hear the keys of a channel at the pitch to which they are bent; return True if it is another one than before."""
        moved = False
        for key_press in [k for k in self.key_presses if k.channel == channel and k.key_released_at is None]:
            pitch = min(127, max(0, key_press.pitch - key_press.bent + _heard_bend(bend, key_press.bent)))
            if pitch == key_press.pitch:
                continue
            moved = True
            if at - key_press.at < PASSING:
                self.key_presses.remove(key_press)
            else:
                self._end_note(at, key_press)
            bent = key_press.bent + pitch - key_press.pitch
            self.key_presses.append(
                replace(key_press, pitch=pitch, at=at, bent=bent, key_released_at=None, ended_at=None)
            )
        return moved

    def _note_off(self, at: Seconds, channel: int, pitch: int) -> bool:
        if self._echoes[channel, pitch]:
            self._echoes[channel, pitch] -= 1
            return False
        for key_press in reversed(self.key_presses):
            key = key_press.pitch - key_press.bent
            if key_press.key_released_at is None and (key_press.channel, key) == (channel, pitch):
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
        return self._end_notes(at, pedalled_notes)

    def _end_notes(self, at: Seconds, key_presses: Sequence[KeyPress]) -> bool:
        for key_press in key_presses:
            self._end_note(at, key_press)
        return bool(key_presses)

    def _end_note(self, at: Seconds, key_press: KeyPress) -> bool:
        if key_press.ended_at is not None:
            return False
        key_press.key_released_at, key_press.ended_at = (
            key_press.key_released_at if key_press.key_released_at is not None else at,
            at,
        )
        return True


def _heard_bend(bend: float, before: int) -> int:
    """Return the whole semitones of a bend, `before` as long as it is less than a semitone away."""
    return before if abs(bend - before) < 1 else round(bend)


class Keyboards(Played):
    """The keyboards of all inputs, by the input's number, and their key presses as one."""

    def __init__(self, is_echo: IsEcho) -> None:
        self._is_echo = is_echo
        self._by_input = {1: Keyboard(is_echo)}

    def receive_midi(self, at: Seconds, data: bytes, number: int) -> KeyPress | None:
        """Process one message of an input; return the key press that it is, None if it is none."""
        keyboard = self._by_input.get(number)
        if keyboard is None:
            keyboard = self._by_input[number] = Keyboard(self._is_echo, number)
        last = keyboard.key_presses[-1] if keyboard.key_presses else None
        changed = keyboard.receive_midi(at, data)
        return keyboard.key_presses[-1] if changed and keyboard.key_presses[-1] is not last else None

    def release_all(self, at: Seconds, number: int) -> None:
        """Release the keys and pedals of an input."""
        if number in self._by_input:
            self._by_input[number].release_all(at)

    def of(self, number: int) -> Played:
        """Return what an input plays."""
        return self._by_input[number]

    @property
    def key_presses(self) -> Sequence[KeyPress]:  # type: ignore[override]  # it is found anew
        """The notes of all inputs, in order of their start."""
        first, *others = self._by_input.values()
        if not others:
            return first.key_presses
        return sorted((k for board in (first, *others) for k in board.key_presses), key=lambda k: k.at)


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

    def part_opens(self, moment: Seconds, whole_bar: bool = False) -> Seconds:
        """Return from when on a stroke counts for the half of a bar, or the bar, that a time counts for; bars of odd beats have no halves."""
        away = floor(self.phase(moment) + 1 - EARLY_LIMIT)
        beat = (self.beat + away) % self.beats
        since = beat if whole_bar or self.beats % 2 else beat % (self.beats // 2)
        return Seconds(self.opens + (away - since) * self.length)

    def is_on_strong_beat(self, moment: Seconds) -> bool:
        """Return True if a stroke counts for a beat that begins a bar, or half of one with an even number of beats."""
        return moment < self.part_opens(moment) + (LATE_LIMIT + 1 - EARLY_LIMIT) * self.length
