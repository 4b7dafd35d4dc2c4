"""MIDI clock that we send: ticks of the stage → start, clocks, stop. Pure: no port, no tempo, no time.

The place told to others is that of bar 1 and counts on like our ticks, whatever a host does. Owned by the player.
"""

from __future__ import annotations

from model.music.notes import TICKS_PER_QUARTER, Ticks

CLOCK, START, CONTINUE, STOP = (bytes((kind,)) for kind in (0xF8, 0xFA, 0xFB, 0xFC))
STEP = TICKS_PER_QUARTER // 24
"""Ticks from clock to clock."""
SIXTEENTH = TICKS_PER_QUARTER // 4
"""Ticks of a step of the song position."""
FARTHEST = 2**14 - 1
"""The last step that a song position can name."""


def position(step: int) -> bytes:
    """Return the message that sends others to a step, in sixteenths from the beginning."""
    return bytes((0xF2, step & 127, step >> 7))


class ClockOut:
    """Clocks on a grid of ticks from bar 1 on, and before it, so that others know the tempo when they start."""

    def __init__(self) -> None:
        self._next: Ticks | None = None
        self._rolls_at: Ticks | None = None
        self._how = START
        self.rolling = False

    @property
    def deadline(self) -> Ticks | None:
        """When the next clock is due, if any."""
        return self._next

    def begin(self, first: Ticks, here: Ticks) -> list[bytes]:
        """Go with the music, whose bar 1 begins at a tick; return what is sent at once.

        Where bar 1 has begun already others are sent to the next sixteenth that can be named, and go on from there.
        """
        sent = self.stop()
        self._how = START
        self._next = Ticks(here + (first - here) % STEP)
        self._rolls_at = first
        if here > first:
            step = -(-(here - first) // SIXTEENTH)
            self._how, self._rolls_at = CONTINUE, Ticks(first + step * SIXTEENTH)
            sent.append(position(min(step, FARTHEST)))
        return sent

    def stop(self) -> list[bytes]:
        """End the clock; return what tells it."""
        rolled, self.rolling = self.rolling, False
        self._next = self._rolls_at = None
        return [STOP] if rolled else []

    def due(self, now: Ticks) -> list[tuple[Ticks, bytes]]:
        """Return what must be sent by now, with the tick it belongs to."""
        found: list[tuple[Ticks, bytes]] = []
        while self._next is not None and self._next <= now:
            if self._rolls_at is not None and self._next >= self._rolls_at:
                found.append((self._next, self._how))
                self._rolls_at, self.rolling = None, True
            found.append((self._next, CLOCK))
            self._next = Ticks(self._next + STEP)
        return found
