"""MIDI clock that we send: ticks of the stage → start, clocks, stop. Pure: no port, no tempo, no time.

The place told to others is that of bar 1 and counts on like our ticks, whatever a host does. Owned by the player.
"""

from __future__ import annotations

from model.music.notes import TICKS_PER_QUARTER, Ticks

CLOCK, START, CONTINUE, STOP = (bytes((kind,)) for kind in (0xF8, 0xFA, 0xFB, 0xFC))
CLOCKS_PER_QUARTER = 24
"""MIDI clocks in a quarter note."""
TICKS_PER_CLOCK = TICKS_PER_QUARTER // CLOCKS_PER_QUARTER
"""Ticks from clock to clock."""
TICKS_PER_SIXTEENTH = TICKS_PER_QUARTER // 4
"""Ticks of a step of the song position."""
MAX_SONG_POSITION = 2**14 - 1
"""The last step that a song position can name."""


def song_position(step: int) -> bytes:
    """Return the message that sends others to a step, in sixteenths from the beginning."""
    return bytes((0xF2, step & 127, step >> 7))


class ClockOut:
    """Clocks on a grid of ticks from bar 1 on, and before it, so that others know the tempo when they start."""

    def __init__(self) -> None:
        self._next: Ticks | None = None
        self._starts_at: Ticks | None = None
        self._start_message = START
        self.running = False

    @property
    def deadline(self) -> Ticks | None:
        """When the next clock is due, if any."""
        return self._next

    def start(self, first: Ticks, here: Ticks) -> list[bytes]:
        """Go with the music, whose bar 1 begins at a tick; return what is sent at once.

        Where bar 1 has begun already others are sent to the next sixteenth that can be named, and go on from there.
        """
        messages = self.stop()
        self._start_message = START
        self._next = Ticks(here + (first - here) % TICKS_PER_CLOCK)
        self._starts_at = first
        if here > first:
            step = -(-(here - first) // TICKS_PER_SIXTEENTH)
            self._start_message, self._starts_at = CONTINUE, Ticks(first + step * TICKS_PER_SIXTEENTH)
            messages.append(song_position(min(step, MAX_SONG_POSITION)))
        return messages

    def stop(self) -> list[bytes]:
        """End the clock; return what tells it."""
        was_running, self.running = self.running, False
        self._next = self._starts_at = None
        return [STOP] if was_running else []

    def pop_due(self, now: Ticks) -> list[tuple[Ticks, bytes]]:
        """Return what must be sent by now, with the tick it belongs to."""
        found: list[tuple[Ticks, bytes]] = []
        while self._next is not None and self._next <= now:
            if self._starts_at is not None and self._next >= self._starts_at:
                found.append((self._next, self._start_message))
                self._starts_at, self.running = None, True
            found.append((self._next, CLOCK))
            self._next = Ticks(self._next + TICKS_PER_CLOCK)
        return found
