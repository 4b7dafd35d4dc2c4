"""The file that a song was read from: a changed song is written back into it. Pure.

What a song of ours does not hold stays as it stood: programs, controllers, bends, texts, tracks that were not asked to change, the notes of
a kit, micro-timing finer than ours. Only what differs between the song as read and the song as changed is written.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from model.music import smf
from model.music.harmony import parse_key
from model.music.midifile import Song, without_overlaps
from model.music.notes import CHANNELS, TICKS_PER_QUARTER, UNPITCHED_PARTS, Note, Ticks
from model.music.smf import Event, RawFile, RawTrack

Place = tuple[int, int]
"""A track and a channel of it, both from 0."""
CHANNELS_OF_A_PORT = 16
_NEUTRAL = {smf.BEND: b"\x00\x40", smf.PRESSURE: b"\x00", smf.CONTROL: b"\x40\x00"}
"""A bend, a pressure and a pedal that do nothing."""
_PEDAL = 64
_OF_ITS_TRACK = {smf.NAME, 0x04, 0x08, 0x09, 0x20, 0x21}
"""Metas that concern nothing but their track: its name, instrument, program and device, the channel and the port of what follows."""


@dataclass(frozen=True, slots=True)
class RawNote:
    """A note of a file: its track, the events that begin and end it (`off` -1: nothing does), and when it does so in the file's ticks.

    One that was ended at once has the least length that a note has.
    """

    track: int
    on: int
    off: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Original:
    """A file as read: its events, the song that was made of them, and what of the one is what of the other.

    `notes` are the notes of the file behind each `source` of the song's notes, the one that sounds in the song first. `places` are
    where the notes of a part lie, the most used place first. `markers` are the events (track, index) that say the song's chords.
    """

    file: RawFile
    song: Song
    notes: Mapping[int, tuple[RawNote, ...]]
    places: Mapping[str, tuple[Place, ...]]
    markers: Mapping[tuple[int, int], Ticks]

    def ticks(self, at: int) -> int:
        """Return a tick of ours in the file's ticks."""
        return round(at * self.file.ticks_per_quarter / TICKS_PER_QUARTER)

    def lacks_end(self, raw: RawNote) -> bool:
        """Return whether no event of its own ends a note after it has begun: it is ended when the file is written."""
        events = self.file.tracks[raw.track].events
        return raw.off < 0 or _begins(events[raw.off]) or events[raw.off][0] == events[raw.on][0]


@dataclass(slots=True)
class _Edit:
    """What changes in a track: events left out, events put in before (ends of notes, settings) and after those of their tick."""

    dropped: set[int]
    replaced: dict[int, Event]
    before: list[Event]
    after: list[Event]


def merged(original: Original, song: Song) -> tuple[bytes, tuple[str, ...]]:
    """Return the file with what of the song has changed, and a sentence for each thing that could not stay."""
    return _Merge(original, song).done()


class _Merge:
    def __init__(self, original: Original, song: Song) -> None:
        self._original, self._before = original, original.song
        self._song = replace(song, notes=without_overlaps(song.notes, song.end))
        self._told: list[str] = []
        self._tracks = list(original.file.tracks)
        self._edits = [_Edit(set(), {}, [], []) for _ in self._tracks]
        self._added: dict[str, Place] = {}

    def done(self) -> tuple[bytes, tuple[str, ...]]:
        if not self._tracks:
            self._tracks.append(RawTrack((), 0))
            self._edits.append(_Edit(set(), {}, [], []))
        fresh, silent = self._notes()
        self._programs()
        self._tempos()
        self._keys()
        self._meters()
        self._chords()
        for part, notes in fresh.items():
            self._unbent(part, notes)
        tracks = [self._track(i) for i in range(len(self._tracks))]
        tracks = [t for i, t in enumerate(tracks) if i not in self._left_out(silent)]
        kind = self._original.file.kind
        return smf.to_bytes(
            RawFile(1 if len(tracks) > 1 else kind, self._original.file.division, tuple(tracks))
        ), tuple(self._told)

    def _notes(self) -> tuple[dict[str, list[Note]], list[str]]:
        """Edit the notes; return those that are new in each part that the file had, and the parts that fell silent."""
        was = {note.source: note for note in self._before.notes}
        found: dict[int, list[Note]] = defaultdict(list)
        loose: list[Note] = []
        for note in self._song.notes:
            if note.source in was and was[note.source].part == note.part:
                found[note.source].append(note)
            else:
                loose.append(note)
        fresh: dict[str, list[Note]] = defaultdict(list)
        unclaimed: Counter[Note] = Counter(n for n in was.values() if n.source not in found)
        by_value = {n: n.source for n in was.values() if n.source not in found}
        for note in loose:
            if unclaimed[note]:  # it is as it was, and only forgot where it came from
                unclaimed[note] -= 1
                found[by_value[note]].append(note)
            else:
                fresh[note.part].append(note)
                self._write(note, self._home(note.part))
        for source, notes in found.items():
            one = notes[0]
            if len(notes) > 1:
                one = min(notes, key=lambda n: (n != was[source], abs(n.start - was[source].start)))
            raws = self._original.notes[source]
            for note in notes:
                if note is not one:
                    self._write(note, (raws[0].track, self._event(raws[0].track, raws[0].on)[1] & 0x0F))
            for raw in raws:
                self._move(raw, was[source], one)
        for source in was.keys() - found.keys():
            for raw in self._original.notes[source]:
                self._drop(raw)
        if self._song.notes != self._before.notes:
            self._end_what_has_no_end_of_its_own()
        sounding = {n.part for n in self._song.notes}
        silent = [part for part in {n.part for n in self._before.notes} if part not in sounding]
        return {part: notes for part, notes in fresh.items() if part in self._original.places}, silent

    def _end_what_has_no_end_of_its_own(self) -> None:
        """Write the ends of notes that last to the next beginning or that nothing ends; what is ended at once gets the least length."""
        for raws in self._original.notes.values():
            for raw in raws:
                edit, events = self._edits[raw.track], self._tracks[raw.track].events
                if raw.on in edit.dropped or not self._original.lacks_end(raw):
                    continue
                _, status, data = events[raw.on]
                if raw.off >= 0 and not _begins(events[raw.off]):
                    edit.dropped.add(raw.off)
                edit.before.append((raw.end, smf.NOTE_OFF | status & 0x0F, bytes((data[0], 64))))

    def _event(self, track: int, index: int) -> Event:
        return self._edits[track].replaced.get(index, self._tracks[track].events[index])

    def _drop(self, raw: RawNote) -> None:
        edit = self._edits[raw.track]
        edit.dropped.add(raw.on)
        if raw.off >= 0 and not _begins(self._tracks[raw.track].events[raw.off]):
            edit.dropped.add(raw.off)

    def _move(self, raw: RawNote, was: Note, now: Note) -> None:
        """Change a note of the file as the song's note has changed."""
        start = now.start + now.offset
        if (start, now.length, now.pitch, now.velocity) == (was.start, was.length, was.pitch, was.velocity):
            return
        tick, status, data = self._tracks[raw.track].events[raw.on]
        begin = raw.start if start == was.start else self._original.ticks(start)
        end = raw.end if begin == raw.start else begin + raw.end - raw.start
        if now.length != was.length:
            end = begin + max(1, self._original.ticks(now.length))
        pitch = data[0]
        if now.pitch != was.pitch:
            pitch = now.pitch if now.part in UNPITCHED_PARTS else min(127, max(0, pitch + now.pitch - was.pitch))
        velocity = min(127, max(1, data[1] + now.velocity - was.velocity))
        edit = self._edits[raw.track]
        if (begin, end, pitch) == (raw.start, raw.end, data[0]):
            edit.replaced[raw.on] = tick, status, bytes((pitch, velocity))
            return
        self._drop(raw)
        release = self._tracks[raw.track].events[raw.off][2][1] if raw.off in edit.dropped else 64
        edit.after.append((begin, status, bytes((pitch, velocity))))
        edit.before.append((end, smf.NOTE_OFF | status & 0x0F, bytes((pitch, release))))

    def _write(self, note: Note, place: Place) -> None:
        track, channel = place
        begin = self._original.ticks(note.start + note.offset)
        end = begin + max(1, self._original.ticks(note.length))
        edit = self._edits[track]
        edit.after.append((begin, smf.NOTE_ON | channel, bytes((note.pitch, note.velocity))))
        edit.before.append((end, smf.NOTE_OFF | channel, bytes((note.pitch, 64))))

    def _home(self, part: str) -> Place:
        """Return where new notes of a part go: where the part's most notes lie, else a track of its own."""
        if part in self._original.places:
            return self._original.places[part][0]
        if part not in self._added:
            self._added[part] = self._new_track(part), self._free_channel(part)
        return self._added[part]

    def _new_track(self, part: str) -> int:
        if self._original.file.kind != 1 and len(self._tracks) == 1:
            return 0
        name = smf.meta(0, smf.NAME, part.encode())
        self._tracks.append(RawTrack((name,), self._original.ticks(self._song.end)))
        self._edits.append(_Edit(set(), {}, [], []))
        return len(self._tracks) - 1

    def _free_channel(self, part: str) -> int:
        taken = {channel for places in self._original.places.values() for _, channel in places}
        taken |= {channel for _, channel in self._added.values()}
        own = CHANNELS[part]
        if own not in taken or part == "drums":
            return own
        free = next((c for c in range(CHANNELS_OF_A_PORT) if c not in taken and c != CHANNELS["drums"]), None)
        if free is None:
            self._told.append(f"{part}: all channels of the file are taken, it shares channel {own + 1}")
        return own if free is None else free

    def _programs(self) -> None:
        before = dict(self._before.programs)
        for part, program in self._song.programs:
            if part in self._added:
                track, channel = self._added[part]
                self._edits[track].before.append((0, smf.PROGRAM | channel, bytes((program,))))
            elif part in self._original.places and before.get(part) != program:
                for track, channel in self._original.places[part]:
                    self._set_program(track, channel, program)

    def _set_program(self, track: int, channel: int, program: int) -> None:
        status = smf.PROGRAM | channel
        first = True
        for index, event in enumerate(self._tracks[track].events):
            if event[1] == status:
                if first:
                    self._edits[track].replaced[index] = event[0], status, bytes((program,))
                else:
                    self._edits[track].dropped.add(index)
                first = False
        if first:
            self._edits[track].before.append((0, status, bytes((program,))))

    def _drop_metas(self, kind: int) -> None:
        for track, edit in zip(self._tracks, self._edits, strict=True):
            edit.dropped |= {i for i, e in enumerate(track.events) if e[1] == smf.META and e[2][0] == kind}

    def _tempos(self) -> None:
        if self._song.tempos == self._before.tempos:
            return
        if self._original.file.in_seconds:
            self._told.append("the tempo stays: the file's times are seconds, not beats")
            return
        self._drop_metas(smf.TEMPO)
        for at, bpm in self._song.tempos:
            content = min(0xFFFFFF, round(60_000_000 / bpm)).to_bytes(3, "big")
            self._edits[0].before.append(smf.meta(self._original.ticks(at), smf.TEMPO, content))

    def _keys(self) -> None:
        keys = ((Ticks(0), self._song.key), *self._song.keys)
        if keys == ((Ticks(0), self._before.key), *self._before.keys):
            return
        self._drop_metas(smf.KEY)
        for at, name in keys:
            key = parse_key(name)
            content = _SIGNATURES[parse_key(key.signature).tonic, key.signature.endswith("m")]
            self._edits[0].before.append(smf.meta(self._original.ticks(at), smf.KEY, content))

    def _meters(self) -> None:
        """Say the metres of bars behind the file's last one."""
        last = self._before.bars[-1][1]
        if self._song.bars[: len(self._before.bars)] != self._before.bars:
            return
        for at, meter in self._song.bars[len(self._before.bars) :]:
            if meter != last:
                beats, unit = map(int, meter.split("/"))
                content = bytes((beats, unit.bit_length() - 1, 24, 8))
                self._edits[0].before.append(smf.meta(self._original.ticks(at), smf.METER, content))
            last = meter

    def _chords(self) -> None:
        if not self._original.markers:
            return
        was, now = self._before.chords, self._song.chords
        symbols, before = dict(now), dict(was)
        for (track, index), at in self._original.markers.items():
            symbol = _holding(now, at)
            if symbol != before.get(at):
                if at in symbols:
                    tick = self._tracks[track].events[index][0]
                    self._edits[track].replaced[index] = smf.meta(tick, smf.MARKER, symbols[at].encode())
                else:
                    self._edits[track].dropped.add(index)
        track = min(track for track, _ in self._original.markers)
        for at, symbol in now:
            if at not in before and _holding(was, at) != symbol:
                self._edits[track].before.append(smf.meta(self._original.ticks(at), smf.MARKER, symbol.encode()))

    def _unbent(self, part: str, notes: Sequence[Note]) -> None:
        """Let no bend, pressure or pedal of the old notes act on the new ones of a part."""
        track, channel = self._home(part)
        stays = [
            (raw.start, raw.end)
            for raws in self._original.notes.values()
            for raw in raws
            if raw.track == track
            and raw.on not in self._edits[track].dropped
            and self._tracks[track].events[raw.on][1] & 0x0F == channel
        ]
        spans = _joined(
            (self._original.ticks(n.start + n.offset), self._original.ticks(n.start + n.offset + n.length))
            for n in notes
        )
        spans = [(a, b) for a, b in spans if not any(start < b and a < end for start, end in stays)]
        left = sum(self._calmed(track, channel, kind, spans) for kind in _NEUTRAL) if spans else 0
        if left:
            self._told.append(f"{part}: {left} bends and pedals under its new notes are left out")

    def _calmed(self, track: int, channel: int, kind: int, spans: Sequence[tuple[int, int]]) -> int:
        edit, neutral = self._edits[track], _NEUTRAL[kind]
        stream = [
            (index, tick, data)
            for index, (tick, status, data) in enumerate(self._tracks[track].events)
            if status == kind | channel and (kind != smf.CONTROL or data[0] == _PEDAL)
        ]
        if not stream:
            return 0
        ticks = [tick for _, tick, _ in stream]
        left = 0
        for begin, end in spans:
            first, last = bisect_right(ticks, begin - 1), bisect_right(ticks, end - 1)
            held = stream[first - 1][2] if first else neutral
            later = stream[last - 1][2] if last else neutral
            left += last - first + (held != neutral)
            edit.dropped |= {index for index, _, _ in stream[first:last]}
            if held != neutral:
                edit.before.append((begin, kind | channel, neutral))
            if later != neutral:
                edit.before.append((end, kind | channel, later))
        return left

    def _track(self, number: int) -> RawTrack:
        track, edit = self._tracks[number], self._edits[number]
        if not (edit.dropped or edit.replaced or edit.before or edit.after):
            return track
        keyed: list[tuple[int, int, int, Event]] = []
        for index, event in enumerate(track.events):
            if index not in edit.dropped:
                event = edit.replaced.get(index, event)
                # a name stays the first of its track, before settings that are put in
                keyed.append((event[0], int(not (event[1] == smf.META and event[2][0] == smf.NAME)) * 2, index, event))
        keyed += [(event[0], 1, i, event) for i, event in enumerate(edit.before)]
        keyed += [(event[0], 3, i, event) for i, event in enumerate(edit.after)]
        events = tuple(event for *_, event in sorted(keyed, key=itemgetter(0, 1, 2)))
        end = self._original.ticks(self._song.end) if self._song.end > self._before.end else 0
        return RawTrack(events, max(track.end, end, events[-1][0] if events else 0))

    def _left_out(self, silent: Iterable[str]) -> set[int]:
        """Return the tracks of parts that fell silent and hold nothing else than what concerns their track."""
        home_of: dict[int, set[str]] = defaultdict(set)
        for part, places in self._original.places.items():
            for track, _ in places:
                home_of[track].add(part)
        silent = set(silent)
        return {
            track
            for track, parts in home_of.items()
            if parts <= silent
            and len(self._tracks) > 1
            and all(_concerns_its_track(event) for event in self._tracks[track].events)
        }


def _concerns_its_track(event: Event) -> bool:
    _, status, data = event
    if status == smf.META:
        return data[0] in _OF_ITS_TRACK
    return status != smf.SYSEX or data[:1] not in (b"\x7e", b"\x7f")  # universal messages set up the whole synthesiser


def _begins(event: Event) -> bool:
    return event[1] & 0xF0 == smf.NOTE_ON and event[2][1] > 0


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans of time joined where they touch."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def _holding(changes: Sequence[tuple[Ticks, str]], at: int) -> str | None:
    index = bisect_right(changes, at, key=lambda c: c[0])
    return changes[index - 1][1] if index else None


_SIGNATURES = {
    **{((7 * fifths) % 12, False): bytes((fifths & 0xFF, 0)) for fifths in (-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6)},
    **{
        ((7 * fifths + 9) % 12, True): bytes((fifths & 0xFF, 1)) for fifths in (-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6)
    },
}
"""Tonic and whether minor → sharps (as a signed byte) and mode."""
