"""What goes between the daemon and the player, over a pipe. Frozen values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bridge.clock import Seconds, TempoMap
from model.music.notes import Ticks


@dataclass(frozen=True, slots=True, order=True)
class ScheduledNote:
    """A note ready to sound: absolute ticks since the last play, channel 0..15.

    `beat` is the tick of the beat that it belongs to: looseness and offsets may move it before or behind.
    """

    at: Ticks
    length: Ticks
    channel: int
    pitch: int
    velocity: int
    part: str
    beat: Ticks

    def __post_init__(self) -> None:
        if self.at < 0 or self.length <= 0:
            raise ValueError(f"a sound begins at or after 0 and lasts: {self}")
        if not 0 <= self.channel <= 15:
            raise ValueError(f"a channel is in 0..15 here, not {self.channel}")
        if not 0 <= self.pitch <= 127:
            raise ValueError(f"a pitch is in 0..127, not {self.pitch}")
        if not 1 <= self.velocity <= 127:
            raise ValueError(f"a velocity is in 1..127, not {self.velocity}")


def remainder(note: ScheduledNote, after: Ticks, let_ring: Collection[str]) -> ScheduledNote | None:
    """Return what is left of a planned sound when all from a tick on is taken back, if anything.

    What belongs to a beat from there on goes. Parts that ring keep the rest as it was; in the others nothing
    begins or sounds at the tick or later.
    """
    if note.beat >= after:
        return None
    if note.part in let_ring or note.at + note.length <= after:
        return note
    if note.at >= after:
        return None
    return replace(note, length=Ticks(min(note.length, after - note.at)))


def remainders(notes: Iterable[ScheduledNote], after: Ticks, let_ring: Collection[str]) -> list[ScheduledNote]:
    """Return what is left of planned sounds, by the law of `remains`, about which most need not be asked."""
    remaining = (s if s.at + s.length <= after and s.beat < after else remainder(s, after, let_ring) for s in notes)
    return [s for s in remaining if s is not None]


@dataclass(frozen=True, slots=True)
class Play:
    """Schedule the sounds of a take."""

    take: int
    notes: tuple[ScheduledNote, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take back what a take has from a tick on, by the law of `remains`."""

    take: int
    after: Ticks
    let_ring: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SetTempoMap:
    """Use this tempo map from now on."""

    tempo: TempoMap


@dataclass(frozen=True, slots=True)
class Silence:
    """Forget what is scheduled, end what sounds, at once; a panic tells every channel of every port too."""

    panic: bool = False


@dataclass(frozen=True, slots=True)
class Controller:
    """Send a controller's value at once, on the way of a part: channel 0..15, number and value 0..127."""

    part: str
    channel: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class SendClock:
    """Send MIDI clock along with the music whose bar 1 begins at a tick; None: no more."""

    first: Ticks | None


@dataclass(frozen=True, slots=True)
class Quit:
    """Silence, close the port and end."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Carry out the orders of one decision in turn: one message, for each of its own takes a good part of a millisecond."""

    orders: tuple[PlayerOrder, ...]


PlayerOrder = Play | Cancel | SetTempoMap | Silence | Controller | SendClock | Quit | Batch


@dataclass(frozen=True, slots=True)
class Ready:
    """The port is open under this name; `realtime` tells whether the player got real-time priority."""

    name: str
    realtime: bool


@dataclass(frozen=True, slots=True)
class OpenFailed:
    """The port cannot be opened: one line with the remedy."""

    remedy: str


@dataclass(frozen=True, slots=True)
class Health:
    """The last second: note-ons sent, over 5 ms late, dropped as too late; p99 lateness in milliseconds."""

    sent: int
    late: int
    dropped: int
    p99_ms: float


@dataclass(frozen=True, slots=True)
class PortLost:
    """The port is gone; the player waits until it can be opened again, and says so by Ready."""

    reason: str


@dataclass(frozen=True, slots=True)
class ConnectionsChanged:
    """Whom our ports are connected to, by route: for whoever opens them after us."""

    connections: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class PortChanged:
    """Somebody whom the port was connected to went, or came back."""

    line: str


PlayerReport = Ready | OpenFailed | Health | PortLost | PortChanged | ConnectionsChanged
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


@dataclass(frozen=True, slots=True)
class MidiReceived:
    """A MIDI message came in at the owner's `--input`: the moment it came, by `bridge.clock`, and its bytes."""

    at: Seconds
    data: bytes
