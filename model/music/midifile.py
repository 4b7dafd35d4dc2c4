"""Standard MIDI files: a song of ours ↔ bytes. Format 1, 480 ticks a quarter, one track a part.

The law: `read(write(song)) == as_filed(song)`, where `as_filed` is all that a file can hold of a song.
The same song gives the same bytes.
"""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import mido

from model.music.harmony import parse_key
from model.music.notes import (
    CHANNELS,
    METERS,
    PARTS,
    TICKS_PER_QUARTER,
    Note,
    Ticks,
    beat_length,
    beats_in_bar,
    is_meter,
)
from model.music.programs import DEFAULT_PROGRAMS
from model.music.smf import BEND_CENTRE, RANGE_TOLD
from model.music.smf import MidiFileError as MidiFileError

PROMPT = "prompt: "
"""Begins a text that says from which words on the music came."""
Event = tuple[Ticks, int, mido.Message | mido.MetaMessage]
"""Absolute tick, rank among the events of that tick, message."""


@dataclass(frozen=True, slots=True, order=True)
class Gesture:
    """A pitch bend (controller None) or a controller of a part in a file: tick and value."""

    part: str
    tick: int
    controller: int | None
    value: int


@dataclass(frozen=True, slots=True)
class Song:
    """Whole bars of music. All times are absolute ticks, 480 a quarter.

    `bars` has the first tick and the metre of every bar, `end` the last bar's end. `tempos` are quarter
    notes a minute from a tick on, the first from 0. `chords` are symbols from a tick on. `programs` are
    General MIDI programs (0..127) of the parts that have a track. Notes may be in any order; each sounds at
    `start + offset`. `keys` are those that follow the first one, `prompts` the words that what sounds came from, each from a tick on.
    `sections` are names from a tick on; those behind the end say nothing. `gestures` are bends and curves of the parts.
    """

    bars: tuple[tuple[Ticks, str], ...]
    end: Ticks
    tempos: tuple[tuple[Ticks, float], ...]
    key: str
    notes: tuple[Note, ...]
    chords: tuple[tuple[Ticks, str], ...] = ()
    programs: tuple[tuple[str, int], ...] = ()
    keys: tuple[tuple[Ticks, str], ...] = ()
    prompts: tuple[tuple[Ticks, str], ...] = ()
    sections: tuple[tuple[Ticks, str], ...] = ()
    gestures: tuple[Gesture, ...] = ()

    def __post_init__(self) -> None:
        expected = Ticks(0)
        for start, meter in self.bars:
            if not is_meter(meter):
                raise ValueError(f"a metre is one of {' '.join(METERS)} or of its kind, not {meter}")
            if start != expected:
                raise ValueError(f"a bar begins where the last one ends, at {expected}, not at {start}")
            expected = Ticks(start + bar_length(meter))
        if not self.bars or self.end != expected:
            raise ValueError(f"a song is one or more whole bars: it ends at {expected}, not at {self.end}")
        if not self.tempos or self.tempos[0][0] != 0:
            raise ValueError("the first tempo holds from tick 0")
        changing = {"tempos": self.tempos, "chords": self.chords, "keys": self.keys, "prompts": self.prompts}
        for name, changes in changing.items():
            ticks = [at for at, _ in changes]
            if ticks != sorted(set(ticks)) or any(not 0 <= at < self.end for at in ticks):
                raise ValueError(f"{name} change at ascending ticks before the end")
        if any(not 4 <= bpm <= 1000 for _, bpm in self.tempos):
            raise ValueError("a tempo is in 4..1000 quarter notes a minute")
        unknown = {n.part for n in self.notes} | {p for p, _ in self.programs}
        if unknown - CHANNELS.keys():
            raise ValueError(f"a part is one of {' '.join(PARTS)}, not {min(unknown - CHANNELS.keys())}")
        if any(not 0 <= program <= 127 for _, program in self.programs):
            raise ValueError("a program is in 0..127")


@lru_cache(512)
def bar_length(meter: str) -> Ticks:
    """Return the length of a bar in ticks."""
    return Ticks(beats_in_bar(meter) * beat_length(meter))


def as_filed(song: Song) -> Song:
    """Return what a file holds of a song.

    Micro-timing has become time and nothing lies outside 0..end. Of two notes of a part on one pitch the
    earlier ends where the later begins; of two that begin together the longer stays. A tempo is a whole
    number of microseconds a quarter (some millionths off), a key the nearest major or minor one, and every
    part that sounds has a program. Keys and prompts stand where they change.
    """
    programs = DEFAULT_PROGRAMS | dict(song.programs)
    tracks = {n.part for n in song.notes} | {part for part, _ in song.programs}
    key = _filed_key(song.key)
    return replace(
        song,
        tempos=tuple((at, mido.tempo2bpm(mido.bpm2tempo(bpm))) for at, bpm in song.tempos),
        key=key,
        notes=without_overlaps(song.notes, song.end),
        programs=tuple((part, programs[part]) for part in PARTS if part in tracks),
        keys=where_they_change(((at, _filed_key(name)) for at, name in song.keys), key),
        prompts=where_they_change(song.prompts, ""),
    )


def _filed_key(name: str) -> str:
    return parse_key(parse_key(name).signature).name


def where_they_change(values: Iterable[tuple[Ticks, str]], before: str) -> tuple[tuple[Ticks, str], ...]:
    """Return the values that differ from the one before."""
    found: list[tuple[Ticks, str]] = []
    for at, value in values:
        if value != before:
            found.append((at, value))
        before = value
    return tuple(found)


MAX_IN_TURN = 4
"""So many values are told one after another; of more the first and the last."""


def in_turn(values: Iterable[str]) -> str:
    """Return values in the order in which they sound, each once where it is repeated: 4/4 → 3/4."""
    found = [value for value, _ in groupby(values) if value]
    if len(found) > MAX_IN_TURN:
        found = [found[0], "…", found[-1]]
    return " → ".join(found)


def without_overlaps(notes: Iterable[Note], end: Ticks) -> tuple[Note, ...]:
    """Return the notes as they sound, by time, part and pitch; those of one part and pitch never overlap."""
    by_key: dict[tuple[str, int], list[Note]] = defaultdict(list)
    for note in notes:
        start, stop = max(0, note.start + note.offset), min(end, note.end + note.offset)
        if start < stop:
            if (start, stop, note.offset) != (note.start, note.end, 0):
                note = replace(note, start=Ticks(start), length=Ticks(stop - start), offset=0)
            by_key[note.part, note.pitch].append(note)
    kept: list[Note] = []
    for rivals in by_key.values():
        rivals.sort(key=lambda n: (n.start, -n.length, -n.velocity))
        firsts = [n for n, before in zip(rivals, [None, *rivals], strict=False) if not before or before.start < n.start]
        for note, following in zip(firsts, [*firsts[1:], None], strict=True):
            room = note.length if following is None else min(note.length, following.start - note.start)
            kept.append(note if room == note.length else replace(note, length=Ticks(room)))
    order = {part: at for at, part in enumerate(PARTS)}
    return tuple(sorted(kept, key=lambda n: (n.start, order[n.part], n.pitch)))


def to_bytes(song: Song) -> bytes:
    """Return the song as a .mid file."""
    filed = as_filed(song)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, charset="utf-8")
    file.tracks.append(_track(_conductor_events(filed), filed.end))
    for part, program in filed.programs:
        file.tracks.append(_track(_part_events(filed, part, program), filed.end))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def write(path: Path, song: Song) -> None:
    """Write the song to a file, which at any moment is the old one or the new one. Raises OSError."""
    write_bytes(path, to_bytes(song))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, which at any moment is the old one or the new one. Raises OSError."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(content)
    beside.replace(path)


def _conductor_events(song: Song) -> list[Event]:
    events: list[Event] = [(Ticks(0), 0, mido.MetaMessage("key_signature", key=parse_key(song.key).signature))]
    before = None
    for start, meter in song.bars:
        if meter != before:
            beats, unit = map(int, meter.split("/"))
            events.append((start, 1, mido.MetaMessage("time_signature", numerator=beats, denominator=unit)))
        before = meter
    events += [(at, 2, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))) for at, bpm in song.tempos]
    events += [(at, 0, mido.MetaMessage("key_signature", key=parse_key(key).signature)) for at, key in song.keys]
    events += [(at, 3, mido.MetaMessage("marker", text=symbol)) for at, symbol in song.chords]
    events += [(at, 3, mido.MetaMessage("cue_marker", text=name)) for at, name in song.sections if at < song.end]
    events += [(at, 4, mido.MetaMessage("text", text=PROMPT + prompt)) for at, prompt in song.prompts]
    return events


def _part_events(song: Song, part: str, program: int) -> list[Event]:
    channel, gestures = CHANNELS[part], [g for g in song.gestures if g.part == part]
    events: list[Event] = [
        (Ticks(0), 0, mido.MetaMessage("track_name", name=part)),
        (Ticks(0), 1, mido.Message("program_change", channel=channel, program=program)),
    ]
    for note in song.notes:
        if note.part == part:
            off = mido.Message("note_off", channel=channel, note=note.pitch, velocity=0)
            on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
            events += [(note.end, 2, off), (note.start, 3, on)]
    if any(g.controller is None for g in gestures):
        told = [mido.Message("control_change", channel=channel, control=c, value=v) for c, v in RANGE_TOLD]
        events += [(Ticks(0), 1, message) for message in told]
    for g in gestures:
        if g.controller is None:
            message = mido.Message("pitchwheel", channel=channel, pitch=g.value - BEND_CENTRE)
        else:
            message = mido.Message("control_change", channel=channel, control=g.controller, value=g.value)
        events.append((Ticks(g.tick), 2, message))
    return events


def _track(events: list[Event], end: Ticks) -> mido.MidiTrack:
    """Return a track of events that ends at a tick; at one tick by rank, an end before a beginning."""
    track = mido.MidiTrack()
    now = Ticks(0)
    for at, _, message in sorted(events, key=lambda e: e[:2]):
        message.time = at - now
        track.append(message)
        now = at
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return track


def read(path: Path) -> Song:
    """Return the song of a .mid file such as `write` makes. Raises MidiFileError, OSError."""
    return from_bytes(path.read_bytes())


def from_bytes(content: bytes) -> Song:
    """Return the song of a .mid file's bytes: 480 ticks a quarter, tracks named as parts, whole bars.

    Raises MidiFileError.
    """
    try:
        file = mido.MidiFile(file=io.BytesIO(content), charset="utf-8")
    except (EOFError, OSError, ValueError, LookupError, TypeError, mido.KeySignatureError, struct.error) as broken:
        raise MidiFileError(f"no .mid file: {str(broken) or 'it ends too early'}") from broken
    if file.ticks_per_beat != TICKS_PER_QUARTER:
        raise MidiFileError(f"a .mid file of ours has 480 ticks a quarter, not {file.ticks_per_beat}")
    tempos: dict[Ticks, float] = {Ticks(0): 120.0}
    meters: dict[Ticks, str] = {Ticks(0): "4/4"}
    chords: dict[Ticks, str] = {}
    keys: dict[Ticks, str] = {}
    prompts: dict[Ticks, str] = {}
    sections: dict[Ticks, str] = {}
    notes: list[Note] = []
    programs: dict[str, int] = {}
    end = Ticks(0)
    try:
        for track in file.tracks:
            part = track.name if track.name in CHANNELS else None
            sounding: dict[int, tuple[Ticks, int]] = {}
            now = Ticks(0)
            for message in track:
                now = Ticks(now + message.time)
                match message.type:
                    case "set_tempo":
                        tempos[now] = mido.tempo2bpm(message.tempo)
                    case "time_signature":
                        meters[now] = f"{message.numerator}/{message.denominator}"
                    case "key_signature":
                        keys[now] = parse_key(message.key).name
                    case "text" if message.text.startswith(PROMPT):
                        prompts[now] = message.text.removeprefix(PROMPT)
                    case "marker":
                        chords[now] = message.text
                    case "cue_marker":
                        sections[now] = message.text
                    case "program_change" if part:
                        programs[part] = message.program
                    case "note_on" | "note_off":
                        if part is None:
                            raise MidiFileError(f"a track is named {' '.join(PARTS)}, not {track.name!r}")
                        began = sounding.pop(message.note, None)
                        if began is not None and began[0] < now:
                            at, velocity = began
                            notes.append(Note(at, Ticks(now - at), message.note, velocity, part))
                        if message.type == "note_on" and message.velocity > 0:
                            sounding[message.note] = (now, message.velocity)
            end = max(end, now)
        bars = _bars(meters, end)
        key = keys.pop(Ticks(0), "C major")
        return as_filed(
            Song(
                bars=bars,
                end=end,
                tempos=tuple(sorted(tempos.items())),
                key=key,
                notes=tuple(notes),
                chords=tuple(sorted(chords.items())),
                programs=tuple(programs.items()),
                keys=tuple(sorted(keys.items())),
                prompts=tuple(sorted(prompts.items())),
                sections=tuple(sorted((at, name) for at, name in sections.items() if at < end)),
            )
        )
    except MidiFileError:
        raise
    except (ValueError, ZeroDivisionError) as broken:
        raise MidiFileError(str(broken)) from broken


def _bars(meters: dict[Ticks, str], end: Ticks) -> tuple[tuple[Ticks, str], ...]:
    bars: list[tuple[Ticks, str]] = []
    now, meter = Ticks(0), meters[Ticks(0)]
    while now < end:
        meter = meters.get(now, meter)
        if meter not in METERS:
            raise MidiFileError(f"a metre is one of {' '.join(METERS)}, not {meter}")
        bars.append((now, meter))
        now = Ticks(now + bar_length(meter))
    misplaced = meters.keys() - {start for start, _ in bars}
    if misplaced:
        raise MidiFileError(f"a metre changes at a bar line, not at tick {min(misplaced)}")
    return tuple(bars)


def bar_at(song: Song, tick: int) -> int:
    """Return the number of the bar in which a tick lies, from 0."""
    return max(0, bisect_right(song.bars, tick, key=lambda bar: bar[0]) - 1)


def halves(song: Song) -> list[tuple[Ticks, Ticks]]:
    """Return start and end of the half bars, in ticks; of an odd bar the first half is the longer."""
    found: list[tuple[Ticks, Ticks]] = []
    for start, meter in song.bars:
        beats = bar_length(meter) // beat_length(meter)
        middle = Ticks(start + (-(-beats // 2) * beat_length(meter) if beats > 1 else bar_length(meter) // 2))
        found += [(start, middle), (middle, Ticks(start + bar_length(meter)))]
    return found


def notes_in_spans(notes: Sequence[Note], spans: Sequence[tuple[Ticks, Ticks]]) -> list[list[tuple[Note, int]]]:
    """Return, for spans that follow each other, the notes that sound in each and for how many ticks."""
    begins, ends = [begin for begin, _ in spans], [end for _, end in spans]
    found: list[list[tuple[Note, int]]] = [[] for _ in spans]
    for note in notes:
        start = note.start
        stop = start + note.length
        at = bisect_right(ends, start)
        while at < len(ends) and (begin := begins[at]) < stop:
            end = ends[at]
            found[at].append((note, (stop if stop < end else end) - (start if start > begin else begin)))
            at += 1
    return found
