"""MIDI clock output: playback ticks → start, clock and stop messages. Pure: no port, no tempo, no time.

The song position counts from bar 1 in playback ticks; jumps of a host do not change it. Owned by the player.
"""

from __future__ import annotations

from model.music.notes import TICKS_PER_QUARTER, Ticks

CLOCK, START, CONTINUE, STOP = (bytes((kind,)) for kind in (0xF8, 0xFA, 0xFB, 0xFC))
CLOCKS_PER_QUARTER = 24
"""MIDI clocks in a quarter note."""
TICKS_PER_CLOCK = TICKS_PER_QUARTER // CLOCKS_PER_QUARTER
"""Ticks between two MIDI clocks."""
TICKS_PER_SIXTEENTH = TICKS_PER_QUARTER // 4
"""Ticks of one song position step, a sixteenth."""
MAX_SONG_POSITION = 2**14 - 1
"""Largest song position: 14 bits, in sixteenths."""


def song_position(step: int) -> bytes:
    """Return the Song Position Pointer message of a step, in sixteenths from the beginning."""
    return bytes((0xF2, step & 127, step >> 7))


class ClockOut:
    """Sends clocks on a grid of ticks aligned with bar 1, also before it, so that receivers know the tempo by then."""

    def __init__(self) -> None:
        self._next: Ticks | None = None
        self._starts_at: Ticks | None = None
        self._start_message = START
        self.running = False

    @property
    def deadline(self) -> Ticks | None:
        """The tick of the next clock; None while stopped."""
        return self._next

    def start(self, first: Ticks, here: Ticks) -> list[bytes]:
        """Start the clock for music whose bar 1 begins at tick `first`; return the messages to send at once.

        If bar 1 has begun (`here` > `first`), receivers get the next sixteenth as song position and Continue there.
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
        """Stop the clock; return the Stop message if it was running."""
        was_running, self.running = self.running, False
        self._next = self._starts_at = None
        return [STOP] if was_running else []

    def pop_due(self, now: Ticks) -> list[tuple[Ticks, bytes]]:
        """Return the messages due up to tick `now`, each with its tick."""
        due: list[tuple[Ticks, bytes]] = []
        while self._next is not None and self._next <= now:
            if self._starts_at is not None and self._next >= self._starts_at:
                due.append((self._next, self._start_message))
                self._starts_at, self.running = None, True
            due.append((self._next, CLOCK))
            self._next = Ticks(self._next + TICKS_PER_CLOCK)
        return due
