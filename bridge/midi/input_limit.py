"""How much of a MIDI input is passed on: as much as hands play, so that a flood cannot take the daemon's time. Pure.

Notes over the limit are dropped with their ends; of a note that was passed on the end always is. Of controllers, bends and
pressure over the limit the newest value of each waits. Clocks have a limit of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Seconds
from bridge.midi.protocol import MidiReceived

NOTES, CONTROLLERS, CLOCKS = (150.0, 150.0), (300.0, 300.0), (500.0, 100.0)
"""Messages a second, and at once: a slide over all keys, a wheel and pressure of ten fingers, clocks of 1,000 bpm."""
MAX_WAITING = 512
"""Controllers that wait."""
TELL_INTERVAL = Seconds(10.0)
"""Seconds between two lines on what was dropped."""


@dataclass(slots=True)
class Share:
    """Messages that may be passed on: refilled with time up to a maximum."""

    rate: float
    most: float
    left: float = 0.0
    at: Seconds | None = None

    def take(self, now: Seconds) -> bool:
        """Take one; False if there is none."""
        if self.at is None:
            self.left, self.at = self.most, now
        self.left, self.at = min(self.most, self.left + max(0.0, now - self.at) * self.rate), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class InputLimit:
    """The limit of one input port."""

    def __init__(self) -> None:
        self._notes, self._controllers, self._clocks = Share(*NOTES), Share(*CONTROLLERS), Share(*CLOCKS)
        self._held: set[tuple[int, int]] = set()
        self._lost: set[tuple[int, int]] = set()
        self._waiting: dict[bytes, MidiReceived] = {}
        self._dropped = 0
        self._told: Seconds | None = None

    def passed(self, message: MidiReceived) -> list[MidiReceived]:
        """Return what is passed on now that a message comes, in order."""
        data, at = message.data, message.at
        if not data:
            return []
        status, channel = data[0] & 0xF0, data[0] & 0x0F
        if status == 0xF0:
            return [message] if self._counted(self._clocks.take(at)) else []
        if status in (0x80, 0x90) and len(data) == 3:
            key = channel, data[1]
            if status == 0x90 and data[2]:
                passes = self._counted(self._notes.take(at))
                (self._held if passes else self._lost).add(key)
                return [message] if passes else []
            if key in self._held:
                self._held.discard(key)
                return [message]
            if key in self._lost:
                self._lost.discard(key)
                return []
            return [message] if self._counted(self._notes.take(at)) else []  # it began before we listened
        what = data[:2] if status in (0xA0, 0xB0) else data[:1]
        self._waiting.pop(what, None)
        if len(self._waiting) < MAX_WAITING:
            self._waiting[what] = message
        return self.due(at)

    def due(self, now: Seconds) -> list[MidiReceived]:
        """Return the controllers that waited and may be passed on now, the longest waiting first."""
        found: list[MidiReceived] = []
        while self._waiting and self._controllers.take(now):
            found.append(self._waiting.pop(next(iter(self._waiting))))
        return found

    def news(self, now: Seconds) -> str | None:
        """Return a line on the notes and clocks that were dropped, every `TELL_INTERVAL` at most; None if there is nothing to tell."""
        if not self._dropped or (self._told is not None and now < self._told + TELL_INTERVAL):
            return None
        count, self._dropped, self._told = self._dropped, 0, now
        return f"the MIDI input sends more than hands play: {count} notes and clocks were dropped"

    def _counted(self, passes: bool) -> bool:
        self._dropped += not passes
        return passes
