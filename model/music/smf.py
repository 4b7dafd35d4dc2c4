"""Standard MIDI Files as they are met: bytes ↔ tracks of events, whatever stands in them. Pure.

Nothing of a file is interpreted here but its frame: chunks, delta times, running status. Each event keeps its bytes, so that what is not
changed can be written again. What is out of order is read as far as it is there, and told in a sentence: bytes before the header (RIFF,
MacBinary), chunks of others, wrong counts and lengths, a missing end, a file that was cut short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_BYTES = 16_000_000
"""A file has so many bytes at most: 100,000 notes take one."""
MAX_NOTES = 100_000
"""Notes that a file has at most."""
HEADER, TRACK = b"MThd", b"MTrk"
NOTE_OFF, NOTE_ON, AFTERTOUCH, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0
SYSEX, META = 0xF0, 0xFF
TEXT, NAME, LYRIC, MARKER, CUE = 0x01, 0x03, 0x05, 0x06, 0x07
END_OF_TRACK, TEMPO, METER, KEY = 0x2F, 0x51, 0x58, 0x59
BEND_RANGE = 2
"""Semitones of a whole pitch bend: what instruments have where nobody tells them, told all the same."""
BEND_CENTRE, BEND_MAX = 8192, 16383
RANGE_TOLD = ((101, 0), (100, 0), (6, BEND_RANGE), (38, 0), (101, 127), (100, 127))
"""Controllers and values that tell the range: registered parameter 0, then none."""
_DATA_BYTES = {NOTE_OFF: 2, NOTE_ON: 2, AFTERTOUCH: 2, CONTROL: 2, PROGRAM: 1, PRESSURE: 1, BEND: 2,
               0xF1: 1, 0xF2: 2, 0xF3: 1}  # fmt: skip
"""Data bytes after a status; those that are not here have none."""
_LAST_TICK = 2**31
"""Beyond this tick nothing is read."""
Event = tuple[int, int, bytes]
"""Tick from the beginning, status byte, and what follows it: data bytes, a meta event's type and content, or a system exclusive message."""


class MidiFileError(ValueError):
    """Bytes are no .mid file that can be read; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class RawTrack:
    """Events by time, without the end of the track, which is at tick `end`."""

    events: tuple[Event, ...]
    end: int

    @property
    def name(self) -> str:
        """The track's name, "" if it has none."""
        return next((text_of(data[1:]) for _, status, data in self.events if status == META and data[0] == NAME), "")


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file: its type 0..2, its header's division, its tracks, and a sentence for each thing that was out of order."""

    kind: int
    division: int
    tracks: tuple[RawTrack, ...]
    told: tuple[str, ...] = ()

    @property
    def in_seconds(self) -> bool:
        """Whether its ticks are parts of a second (SMPTE) rather than of a quarter note."""
        return self.division >= 0x8000

    @property
    def ticks_per_quarter(self) -> float:
        """Ticks a quarter note; where ticks are parts of a second, at 120 quarter notes a minute."""
        if self.in_seconds:
            return (0x100 - (self.division >> 8)) * (self.division & 0xFF) / 2
        return self.division


def text_of(content: bytes) -> str:
    """Return a text of a file: UTF-8, else Latin-1."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def parse(content: bytes) -> RawFile:
    """Return the tracks of a file's bytes. Raises MidiFileError for what is no .mid file, or has more than MAX_NOTES."""
    if len(content) > MAX_BYTES:
        raise MidiFileError(f"a .mid file has {MAX_BYTES // 1_000_000} MB at most, this one {len(content) / 1e6:.0f}")
    at = content.find(HEADER)
    if at < 0 or len(content) < at + 14:
        what = "it is empty" if not content else "it ends within its header" if at >= 0 else "MThd is not in it"
        raise MidiFileError(f"no .mid file: {what}; export it again as .mid")
    told = [f"{at} bytes before its header are skipped"] if at else []
    size = int.from_bytes(content[at + 4 : at + 8], "big")
    kind, count, division = (int.from_bytes(content[at + i : at + i + 2], "big") for i in (8, 10, 12))
    tracks: list[RawTrack] = []
    foreign = notes = 0
    cut = False
    at += 8 + max(6, size)
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "big")
        end = at + 8 + size
        if name != TRACK:
            following = content.find(TRACK, at + 1)
            if not _is_chunk_name(name) or end > len(content):
                if following < 0:
                    break
                end = following
            foreign += 1
            at = end
            continue
        if end < len(content) and not _is_chunk_name(content[end : end + 4]):
            following = content.find(TRACK, at + 8)  # its length is wrong: up to the next track
            end = following if following >= 0 else len(content)
        cut |= end > len(content)
        track, whole, struck = _track(content[at + 8 : min(end, len(content))], MAX_NOTES - notes)
        cut |= not whole
        notes += struck
        tracks.append(track)
        at = end
    if foreign:
        told.append(f"{foreign} {'chunk' if foreign == 1 else 'chunks'} of another kind skipped")
    if cut or len(tracks) < count - foreign:
        told.append(f"it is cut short or damaged: what is whole was read, of {len(tracks)} tracks")
    return RawFile(min(kind, 2) if kind != 3 else 1, division, tuple(tracks), tuple(told))


def _is_chunk_name(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= c < 0x7F for c in name)


def _track(data: bytes, room: int) -> tuple[RawTrack, bool, int]:
    """Return a track, whether it was read to its end, and how many notes it strikes. Raises MidiFileError for more than `room`."""
    events: list[Event] = []
    at = tick = last = struck = 0
    running = 0
    size = len(data)
    ended: int | None = None
    while at < size:
        delta = 0
        while True:  # a delta time of at most four bytes
            byte = data[at]
            at += 1
            delta = delta << 7 | byte & 0x7F
            if byte < 0x80 or at >= size:
                break
        if at >= size:
            return RawTrack(tuple(events), max(last, ended or 0)), ended is not None, struck
        tick += delta
        if tick > _LAST_TICK:
            return RawTrack(tuple(events), last), False, struck
        status = data[at]
        if status < 0x80:
            if not running:
                return RawTrack(tuple(events), last), ended is not None, struck
            status = running
        else:
            at += 1
        if status < SYSEX:
            running = status
            count = _DATA_BYTES[status & 0xF0]
            found = data[at : at + count]
            if len(found) < count:
                return RawTrack(tuple(events), last), ended is not None, struck
            at += count
            if max(found) > 0x7F:
                found = bytes(min(byte, 0x7F) for byte in found)
            if status & 0xF0 == NOTE_ON and found[1]:
                struck += 1
                if struck > room:
                    raise MidiFileError(f"a file has {MAX_NOTES} notes at most: cut it, or leave tracks out")
            events.append((tick, status, found))
        elif status in (SYSEX, 0xF7, META):
            head = at
            at += status == META
            length = 0
            while at < size:
                byte = data[at]
                at += 1
                length = length << 7 | byte & 0x7F
                if byte < 0x80:
                    break
            if at + length > size:
                return RawTrack(tuple(events), last), False, struck
            content = data[at : at + length]
            at += length
            if status != META:
                events.append((tick, status, content))
            elif data[head] == END_OF_TRACK:
                ended, running = (tick if ended is None else ended), 0
                last = max(last, tick)
                continue
            else:
                events.append((tick, status, data[head : head + 1] + content))
        else:
            at += _DATA_BYTES.get(status, 0)  # of the system, or undefined: means nothing in a file
            continue
        last = tick
    return RawTrack(tuple(events), max(last, ended or 0)), True, struck


def to_bytes(file: RawFile) -> bytes:
    """Return a file: a header and tracks that end."""
    chunks = [HEADER, (6).to_bytes(4, "big")]
    chunks += [value.to_bytes(2, "big") for value in (file.kind, len(file.tracks), file.division)]
    for track in file.tracks:
        data = _written(track)
        chunks += [TRACK, len(data).to_bytes(4, "big"), data]
    return b"".join(chunks)


def _written(track: RawTrack) -> bytes:
    out = bytearray()
    now = 0
    for tick, status, data in track.events:
        out += _number(tick - now)
        now = tick
        out.append(status)
        if status == META:
            out.append(data[0])
            out += _number(len(data) - 1)
            out += data[1:]
        elif status >= SYSEX:
            out += _number(len(data))
            out += data
        else:
            out += data
    out += _number(max(0, track.end - now)) + bytes((META, END_OF_TRACK, 0))
    return bytes(out)


def _number(value: int) -> bytes:
    """Return a number of variable length."""
    if value < 0x80:
        return bytes((value,))
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def meta(tick: int, kind: int, content: bytes) -> Event:
    """Return a meta event."""
    return tick, META, bytes((kind,)) + content


_LENGTHS = {TEMPO: (3,), METER: (4,), KEY: (2,), 0x00: (0, 2), 0x20: (1,), 0x21: (1,), 0x54: (5,)}
"""Bytes that a meta event of a kind has."""


def is_sound(event: Event) -> bool:
    """Return whether an event is what the standard allows: a meta event of its length, within its range."""
    _, status, data = event
    if status != META:
        return True
    kind, content = data[0], data[1:]
    if kind in _LENGTHS and len(content) not in _LENGTHS[kind]:
        return False
    if kind == TEMPO:
        return any(content)
    if kind == METER:
        return bool(content[0]) and content[1] <= 6
    if kind == KEY:
        return (content[0] <= 7 or content[0] >= 0xF9) and content[1] <= 1
    return True


def sound(content: bytes) -> bytes:
    """Return a file's bytes anew, as strict readers want it: without what the standard does not allow. Raises MidiFileError."""
    file = parse(content)
    tracks = tuple(RawTrack(tuple(e for e in t.events if is_sound(e)), t.end) for t in file.tracks)
    return to_bytes(RawFile(file.kind, file.division, tracks))


def spans(events: Sequence[Event]) -> list[tuple[int, int]]:
    """Return, for a track's events, the indices of each note's beginning and end; -1 is the end of the track.

    An end ends the note of its channel and pitch that began first. Where there are fewer ends than beginnings, a beginning ends what
    sounds on its key.
    """
    by_key: dict[tuple[int, int], list[tuple[int, bool]]] = {}
    for index, (_, status, data) in enumerate(events):
        kind = status & 0xF0
        if kind in (NOTE_ON, NOTE_OFF):
            by_key.setdefault((status & 0x0F, data[0]), []).append((index, kind == NOTE_ON and data[1] > 0))
    found: list[tuple[int, int]] = []
    for voice in by_key.values():
        pairs, waiting = _first_in_first_out(voice)
        if waiting:
            pairs = _struck_again(events, voice)
        found += pairs
    return sorted(found)


def _first_in_first_out(voice: Sequence[tuple[int, bool]]) -> tuple[list[tuple[int, int]], int]:
    waiting: list[int] = []
    pairs: list[tuple[int, int]] = []
    first = 0
    for index, begins in voice:
        if begins:
            waiting.append(index)
        elif first < len(waiting):
            pairs.append((waiting[first], index))
            first += 1
    return pairs, len(waiting) - first


def _struck_again(events: Sequence[Event], voice: Sequence[tuple[int, bool]]) -> list[tuple[int, int]]:
    """Return the notes of a key whose ends are too few: each lasts to its end, to the next beginning, or to the track's end."""
    pairs: list[tuple[int, int]] = []
    sounding: list[int] = []
    for index, begins in voice:
        if begins:
            tick = events[index][0]
            pairs += [(old, index) for old in sounding if events[old][0] < tick]
            sounding = [old for old in sounding if events[old][0] == tick] + [index]
        elif sounding and pairs and pairs[-1][1] == sounding[0] and events[index][0] == events[sounding[0]][0]:
            pairs[-1] = pairs[-1][0], index  # the end of the one before, behind the new beginning
        elif sounding:
            pairs.append((sounding.pop(0), index))
    return pairs + [(old, -1) for old in sounding]
