"""Pieces as .mid files: notes, chord symbols as markers, sections as cue points, the header as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import mido

from model.expression import BEND_STEP, MARKS, bend_of_mark
from model.music.programs import KITS, PROGRAMS
from model.songbook.header import header_lines
from model.songbook.piece import Piece
from model.songbook.rendering import Bend, Note, Performance
from model.songbook.symbols import NAMES, pitch_class
from model.songbook.tables import ALWAYS, MODES, PARTS, PPQ

_Event = tuple[int, int, mido.Message | mido.MetaMessage]

_MINORS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
"""Tonics of the minor signatures that MIDI can write."""
CANONICAL, RENDERED = "songbook 1 canonical", "songbook 1 rendered"
"""What a file's first track says of its notes: as written on the grid, or as played."""
_CHANNELS = {part.channel: name for name, part in PARTS.items()}


def save(performance: Performance, path: Path, canonical: bool = False, bends: bool = False) -> None:
    """Write a piece to a file: as played, or its canonical notes on the grid; with `bends` its slides as pitch bends."""
    to_midi(performance, canonical, bends).save(str(path))


def to_midi(performance: Performance, canonical: bool = False, sounding: bool = False) -> mido.MidiFile:
    """Return a piece as a file: as played, or its canonical notes on the grid; with `sounding` its slides are pitch bends too."""
    piece = performance.piece
    notes = performance.notes() if canonical else performance.rendered()
    file = mido.MidiFile(type=1, ticks_per_beat=PPQ, charset="utf-8")
    kind = mido.MetaMessage("text", text=CANONICAL if canonical else RENDERED)
    file.tracks.append(_track([*_first(performance), (0, 4, kind)], performance.length))
    bends: dict[str, list[_Event]] = {}
    for bend in performance.bends:
        text = mido.MetaMessage("text", text=f"bend {bend.pitch} {bend.mark}")
        bends.setdefault(bend.part, []).append((bend.start, 5, text))
    for part in PARTS:
        if notes[part] or part in ALWAYS:
            events = _part(piece, part, notes) + bends.get(part, [])
            if sounding and part in bends:
                marks = [bend for bend in performance.bends if bend.part == part]
                events += _bend_events(PARTS[part].channel, bend_curve(notes[part], marks))
            file.tracks.append(_track(events, performance.length))
    return file


BEND_RANGE = 12
"""Semitones of a whole pitch bend, as files with bends tell their instruments (registered parameter 0)."""
_NEAR = 100
"""Ticks that a note may be played off its written place."""


def marked(notes: Sequence[Note], mark: Bend) -> Note | None:
    """Return the note of a part that a mark is for, however it is played; None where it is not there."""
    near = [n for n in notes if n.pitch == mark.pitch and abs(n.start - mark.start) <= _NEAR]
    return min(near, key=lambda n: abs(n.start - mark.start), default=None)


def bend_curve(notes: Sequence[Note], marks: Sequence[Bend]) -> tuple[tuple[int, float], ...]:
    """Return the bend of a part as (tick, semitones), by the marks of its notes; a note that sounds with others is not bent.

    `$` glides from the note before it, `$-2` from two semitones below, `$>-12` falls away, `$~` is vibrato.
    """
    line = sorted(notes)
    curve: dict[int, float] = {}
    for mark in marks:
        note = marked(line, mark)
        if note is None:
            continue
        if any(n is not note and n.start < note.end and n.end > note.start + BEND_STEP for n in line):
            continue  # a bend would take the others with it
        before = [n for n in line if n.start < note.start]
        far = before[-1].pitch - note.pitch if before else 0
        for said in MARKS.findall(mark.mark):
            points = bend_of_mark(said, note.length, far, BEND_RANGE)
            curve.update((note.start + at, semitones) for at, semitones in points)
        curve[note.end] = 0.0
    return tuple(sorted(curve.items()))


def _bend_events(channel: int, curve: Sequence[tuple[int, float]]) -> list[_Event]:
    """Return pitch bends, behind the range that they are in."""
    tell = ((101, 0), (100, 0), (6, BEND_RANGE), (38, 0), (101, 127), (100, 127))
    events: list[_Event] = [
        (0, 2 + i, mido.Message("control_change", channel=channel, control=control, value=value))
        for i, (control, value) in enumerate(tell)
    ]
    for tick, semitones in curve:
        value = max(-8192, min(8191, round(semitones / BEND_RANGE * 8192)))
        events.append((max(0, tick), 8, mido.Message("pitchwheel", channel=channel, pitch=value)))
    return events


def key_signature(tonic: str, mode: str) -> str:
    """Return the signature that is written for a key, in mido's spelling."""
    if MODES[mode] == "minor":
        return _MINORS[pitch_class(tonic)] + "m"
    return NAMES[pitch_class(tonic)]


def _first(performance: Performance) -> list[_Event]:
    """Return the events of the track that every other is played to."""
    piece, meta = performance.piece, mido.MetaMessage
    header = piece.header
    events: list[_Event] = [
        (0, 0, meta("track_name", name=header.title)),
        (0, 1, meta("set_tempo", tempo=round(60_000_000 / header.tempo))),
        (0, 2, meta("time_signature", numerator=header.meter[0], denominator=header.meter[1])),
        (0, 3, meta("key_signature", key=key_signature(header.tonic, header.mode))),
    ]
    events += [(0, 4, meta("text", text=line)) for line in header_lines(piece)]
    for bar in performance.bars:
        if bar.number == 1:
            events.append((bar.start, 4, meta("cue_marker", text=f"{bar.section.name} {bar.section.kind}")))
    before = None
    for sounding in performance.harmony:
        if sounding.symbol != before:
            events.append((sounding.start, 5, meta("marker", text=sounding.symbol)))
        before = sounding.symbol
    return events


def _part(piece: Piece, part: str, notes: Mapping[str, tuple[Note, ...]]) -> list[_Event]:
    channel = PARTS[part].channel
    program = KITS[piece.header.kit] if PARTS[part].rows else PROGRAMS.index(piece.header.sound.get(part, PROGRAMS[0]))
    events: list[_Event] = [
        (0, 0, mido.MetaMessage("track_name", name=part)),
        (0, 1, mido.Message("program_change", channel=channel, program=program)),
    ]
    for note in notes[part]:
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch, velocity=64)
        events += [(note.start, 9, on), (note.end, 8, off)]
    return events


def _track(events: list[_Event], end: int) -> mido.MidiTrack:
    track, now = mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        message.time = tick - now
        track.append(message)
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return track


@dataclass(frozen=True, slots=True)
class Recording:
    """A .mid file of ours as read: notes by part in ticks of 480 a quarter, and what its other events say."""

    title: str
    tempo: Fraction
    meter: tuple[int, int]
    key: str
    length: int
    notes: Mapping[str, tuple[Note, ...]]
    programs: Mapping[str, int]
    symbols: tuple[tuple[int, str], ...]
    sections: tuple[tuple[int, str], ...]
    lines: tuple[str, ...]
    bends: tuple[Bend, ...]

    @property
    def bar(self) -> int:
        """Ticks of a bar."""
        return 1920 * self.meter[0] // self.meter[1]

    @property
    def canonical(self) -> bool:
        """Whether the file says that its notes are as written."""
        return CANONICAL in self.lines


def load(path: Path) -> Recording:
    """Return what a file says. Raises ValueError for what is no .mid file, or has parts that are not ours."""
    try:
        return recorded(mido.MidiFile(str(path), charset="utf-8"))
    except (OSError, EOFError, UnicodeDecodeError) as wrong:
        raise ValueError(f"{path}: not a .mid file: {wrong}") from None


def recorded(file: mido.MidiFile) -> Recording:
    """Return what a file says; tracks are parts by name, else by channel."""
    scale = Fraction(PPQ, file.ticks_per_beat)
    first: dict[str, list[tuple[int, mido.MetaMessage]]] = {}
    notes: dict[str, list[Note]] = {part: [] for part in PARTS}
    programs: dict[str, int] = {}
    bends: list[Bend] = []
    length, title = 0, ""
    for index, track in enumerate(file.tracks):
        part = track.name if track.name in PARTS else None
        now, open_notes = 0, {}
        for message in track:
            now += message.time
            tick = round(now * scale)
            if message.is_meta:
                first.setdefault(message.type, []).append((tick, message))
                if message.type == "text" and part and message.text.startswith("bend "):
                    _, pitch, mark = message.text.split(" ", 2)
                    bends.append(Bend(part, tick, int(pitch), mark))
                continue
            if message.type not in ("note_on", "note_off", "program_change"):
                continue
            owner = part or _CHANNELS.get(message.channel)
            if owner is None:
                continue
            if message.type == "program_change":
                programs.setdefault(owner, message.program)
            elif message.type == "note_on" and message.velocity:
                open_notes[owner, message.note] = (tick, message.velocity)
            elif (owner, message.note) in open_notes:
                start, velocity = open_notes.pop((owner, message.note))
                notes[owner].append(Note(start, message.note, max(1, tick - start), velocity))
        length = max(length, round(now * scale))
        if index == 0:
            title = track.name
    meters, keys = first.get("time_signature", []), first.get("key_signature", [])
    tempos = first.get("set_tempo", [])
    meter = (meters[0][1].numerator, meters[0][1].denominator) if meters else (4, 4)
    bar = 1920 * meter[0] // meter[1]
    return Recording(
        title,
        Fraction(60_000_000, tempos[0][1].tempo) if tempos else Fraction(120),
        meter,
        keys[0][1].key if keys else "C",
        max(1, -(-length // bar)) * bar,
        {part: tuple(sorted(found)) for part, found in notes.items()},
        programs,
        tuple((tick, m.text) for tick, m in first.get("marker", [])),
        tuple((tick, m.text) for tick, m in first.get("cue_marker", [])),
        tuple(m.text for _, m in first.get("text", []) if not m.text.startswith("bend ")),
        tuple(bends),
    )
