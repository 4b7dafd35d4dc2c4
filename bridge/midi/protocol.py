"""Messages between the daemon and the player and MIDI input processes, sent over pipes. Frozen values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bridge.clock import Seconds, TempoMap
from model.music.notes import Ticks


@dataclass(frozen=True, slots=True, order=True)
class ScheduledNote:
    """A note to be sent: `at` in ticks since the last play, channel 0..15.

    `beat` is the tick of the beat that it belongs to: `humanise` and offsets may move `at` before or after it.
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
            raise ValueError(f"a note begins at or after 0 and has a length: {self}")
        if not 0 <= self.channel <= 15:
            raise ValueError(f"a channel is in 0..15 here, not {self.channel}")
        if not 0 <= self.pitch <= 127:
            raise ValueError(f"a pitch is in 0..127, not {self.pitch}")
        if not 1 <= self.velocity <= 127:
            raise ValueError(f"a velocity is in 1..127, not {self.velocity}")


def remainder(note: ScheduledNote, after: Ticks, let_ring: Collection[str]) -> ScheduledNote | None:
    """Return the note as it is after a cancellation from tick `after` on; None if it is removed.

    Notes of a beat at or after the tick are removed. Of earlier beats, notes of `let_ring` parts stay unchanged; those
    of other parts are removed if they begin at the tick or later, else shortened to end there.
    """
    if note.beat >= after:
        return None
    if note.part in let_ring or note.at + note.length <= after:
        return note
    if note.at >= after:
        return None
    return replace(note, length=Ticks(min(note.length, after - note.at)))


def remainders(notes: Iterable[ScheduledNote], after: Ticks, let_ring: Collection[str]) -> list[ScheduledNote]:
    """Return the notes that `remainder` keeps; for most notes, which end before the tick, it is not called."""
    remaining = (n if n.at + n.length <= after and n.beat < after else remainder(n, after, let_ring) for n in notes)
    return [n for n in remaining if n is not None]


@dataclass(frozen=True, slots=True)
class Play:
    """Schedule the notes of a take."""

    take: int
    notes: tuple[ScheduledNote, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel the notes of a take from tick `after` on, as defined by `remainder`."""

    take: int
    after: Ticks
    let_ring: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SetTempoMap:
    """Use this tempo map from now on."""

    tempo: TempoMap


@dataclass(frozen=True, slots=True)
class Silence:
    """Clear the schedule and end all sounding notes; `panic` also sends all-notes-off on all channels and ports."""

    panic: bool = False


@dataclass(frozen=True, slots=True)
class Controller:
    """Send a control change at once on the route of a part: channel 0..15, number and value 0..127."""

    part: str
    channel: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Program:
    """Send a program change at once on the route of a part: channel 0..15, program 0..127."""

    part: str
    channel: int
    program: int


@dataclass(frozen=True, slots=True)
class SendClock:
    """Send MIDI clock for music whose bar 1 begins at tick `first`; None stops it."""

    first: Ticks | None


@dataclass(frozen=True, slots=True)
class Quit:
    """End all sounding notes, close the port and exit."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Execute several orders in sequence. One pipe message, because each costs a considerable part of a millisecond."""

    orders: tuple[PlayerOrder, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer by a Pong: who does not is ended, for the port must not be held by a process that is stopped."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a Ping."""


PlayerOrder = Play | Cancel | SetTempoMap | Silence | Controller | Program | SendClock | Quit | Batch


@dataclass(frozen=True, slots=True)
class Ready:
    """The port is open under this name; `realtime` is True if the player got real-time priority."""

    name: str
    realtime: bool


@dataclass(frozen=True, slots=True)
class OpenFailed:
    """The port cannot be opened; `remedy` is one line that names the cause and the remedy."""

    remedy: str


@dataclass(frozen=True, slots=True)
class Health:
    """Figures of the last second: note-ons sent, over 5 ms late, dropped as too late; p99 lateness in milliseconds."""

    sent: int
    late: int
    dropped: int
    p99_ms: float


@dataclass(frozen=True, slots=True)
class PortLost:
    """The port is lost; the process retries until it can be opened again and then sends Ready."""

    reason: str


@dataclass(frozen=True, slots=True)
class ConnectionsChanged:
    """By route, the ports that ours are connected to, so that a restarted process can connect them again."""

    connections: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class PortChanged:
    """A port that ours was connected to disappeared or was reconnected; `line` describes it for the log."""

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
        """Return the bytes of the MIDI message."""
        return bytes((0x90 | self.channel, self.pitch, self.velocity))


@dataclass(frozen=True, slots=True)
class NoteOff:
    """End a note: `1000cccc 0ppppppp 00000000`."""

    channel: int
    pitch: int

    def encode(self) -> bytes:
        """Return the bytes of the MIDI message."""
        return bytes((0x80 | self.channel, self.pitch, 0))


def panic() -> Iterator[bytes]:
    """Yield all notes off (123) and all sound off (120) for all channels."""
    for channel in range(16):
        for control in (123, 120):
            yield bytes((0xB0 | channel, control, 0))


@dataclass(frozen=True, slots=True)
class MidiReceived:
    """A MIDI message received at `--input`: its time of arrival by `bridge.clock`, and its bytes."""

    at: Seconds
    data: bytes


@dataclass(frozen=True, slots=True)
class InputLost:
    """What played into the MIDI input is gone: the ends of the notes that it held will not come."""

    at: Seconds
