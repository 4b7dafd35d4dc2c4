"""MIDI messages as values and as bytes. No ports, no time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

ACTIVE_SENSING = bytes((0xFE,))


@dataclass(frozen=True, slots=True)
class NoteOn:
    """Start a note: `1001cccc 0ppppppp 0vvvvvvv`. Channels count from 0 here."""

    channel: int
    pitch: int
    velocity: int

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        return bytes((0x90 | self.channel, self.pitch, self.velocity))


@dataclass(frozen=True, slots=True)
class NoteOff:
    """End a note: `1000cccc 0ppppppp 00000000`."""

    channel: int
    pitch: int

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        return bytes((0x80 | self.channel, self.pitch, 0))


def panic() -> Iterator[bytes]:
    """Yield all notes off (123) and all sound off (120) for all channels."""
    for channel in range(16):
        for control in (123, 120):
            yield bytes((0xB0 | channel, control, 0))
