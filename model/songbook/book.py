"""The songbook as the product uses it: pieces by name, as songs and as beats' source; any .mid file written down as text.

A piece is named by its title or its file name; both are unique in the book. `Song` is the product's value of whole bars.
"""

from __future__ import annotations

import difflib
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import mido

from model.analysis.midi_import import read_midi_file
from model.music import smf
from model.music.harmony import parse_chord, parse_key
from model.music.midifile import MidiFileError, Song
from model.music.notes import CHANNELS, METERS, TICKS_PER_QUARTER, Ticks
from model.music.notes import Note as SongNote
from model.music.plan import Plan
from model.music.programs import KITS, PROGRAMS
from model.music.score import Score, score_of
from model.songbook.header import HEADER, HEADER_KEYS
from model.songbook.midi import CANONICAL, RENDERED, Recording, key_signature, marked, recorded
from model.songbook.piece import Header, NotationError, Piece
from model.songbook.reader import read, read_file
from model.songbook.rendering import Note, Performance, perform
from model.songbook.symbols import NO_CHORD
from model.songbook.tables import MODES, PARTS, PIECES, ROWS
from model.songbook.writing import written
from model.styles import STYLES

# pieces by name


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece of the book, as its header says; `name` is its file's."""

    name: str
    title: str
    style: str
    tempo: float
    key: str
    meter: str
    bars: int
    path: Path

    @property
    def row(self) -> tuple[str, str, str, float, str, str, int]:
        """What a list of pieces tells: name, title, style, tempo, key, metre, bars."""
        return self.name, self.title, self.style, self.tempo, self.key, self.meter, self.bars


_SECTION = re.compile(r"section\s+(\S+)\s+(?:(\d+)|=\s*(\S+)(?:\s+(\d+)-(\d+))?)")


@cache
def entries(folder: Path = PIECES) -> tuple[Entry, ...]:
    """Return the pieces by style and title. Reads headers and the lengths of sections only."""
    found = [_entry(path) for path in folder.rglob("*.txt")]
    return tuple(sorted(found, key=lambda entry: (entry.style, entry.title.casefold())))


def _entry(path: Path) -> Entry:
    said: dict[str, str] = {}
    lengths: dict[str, int] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, value = line.split(" ;")[0].strip().partition(" ")
        if key in HEADER_KEYS and not lengths:
            said.setdefault(key, value.strip())
        elif key == "section" and (m := _SECTION.match(line)):
            first, last = int(m[4] or 1), int(m[5] or 0)
            lengths[m[1]] = int(m[2]) if m[2] else last - first + 1 if last else lengths[m[3]]
    form = HEADER["form"][0](said["form"])["form"]
    assert isinstance(form, tuple)
    bars = sum(lengths[name] for name in form)
    meter = said.get("meter", "4/4")
    return Entry(path.stem, said["title"], said["style"], float(said["tempo"]), said["key"], meter, bars, path)


def find(name: str) -> Entry:
    """Return the piece of a title or file name, whatever its capitals and signs. Raises ValueError with near names."""
    by_name, wanted = _by_name(), plain(name)
    if wanted in by_name:
        return by_name[wanted]
    holding = [said for said in by_name if wanted and wanted in said]
    near = [*holding, *difflib.get_close_matches(wanted, by_name, 5, 0.6)]
    names = list(dict.fromkeys(by_name[said].name for said in near))[:5]
    raise ValueError(f"no piece of the songbook is called {name!r}" + (f"; near: {', '.join(names)}" if names else ""))


@cache
def _by_name() -> dict[str, Entry]:
    return {plain(said): entry for entry in entries() for said in (entry.name, entry.title)}


def plain(name: str) -> str:
    """Return the letters and digits of a name, small."""
    return "".join(c for c in name.casefold() if c.isalnum())


# a piece as a song


def to_song(performance: Performance) -> tuple[Song, str]:
    """Return a piece as played, and a sentence on the parts that the product cannot play, "" if it can play all.

    Raises ValueError for a metre that the product does not know.
    """
    header = performance.piece.header
    meter = f"{header.meter[0]}/{header.meter[1]}"
    if meter not in METERS:
        raise ValueError(f"{header.title} is in {meter}; what is played is in one of {' '.join(METERS)}")
    rendered = {part: notes for part, notes in performance.rendered().items() if notes}
    known = [part for part in rendered if part in CHANNELS]
    marks = {(b.part, n): b.mark for b in performance.bends if (n := marked(rendered.get(b.part, ()), b)) is not None}
    chords: dict[Ticks, str] = {}
    for sounding in performance.harmony:
        symbol = _read_symbol(sounding.symbol)
        if symbol is not None and symbol != next(reversed(chords.values()), None):
            chords[Ticks(sounding.start)] = symbol
    song = Song(
        bars=tuple((Ticks(bar.start), meter) for bar in performance.bars),
        end=Ticks(performance.length),
        tempos=((Ticks(0), float(header.tempo)),),
        key=_key(header),
        notes=tuple(
            SongNote(Ticks(n.start), Ticks(n.length), n.pitch, n.velocity, part, bend=marks.get((part, n), ""))
            for part in known
            for n in rendered[part]
        ),
        chords=tuple(chords.items()),
        programs=_programs(header, known),
    )
    left = ", ".join(f"{part} ({len(rendered[part])} notes)" for part in rendered if part not in known)
    return song, f"{header.title}: left out, for they cannot be played yet: {left}" if left else ""


def plan_of(piece: Piece) -> Plan:
    """Return what a piece's header says as the plan of a prompt would."""
    header = piece.header
    parts = {part for s in piece.sections.values() for part in (*s.pitched, *s.rows)}
    return Plan(
        tempo=float(header.tempo),
        key=_key(header),
        meter=f"{header.meter[0]}/{header.meter[1]}",
        bars=piece.bars,
        parts=tuple(part for part in CHANNELS if part in parts),
        energy=(header.energy - 1) / 4,
        density=(header.density - 1) / 4,
        style=((header.style, 1.0),) if header.style in STYLES else (),
        explicit=("tempo", "key", "meter"),
        programs=_programs(header, CHANNELS),
    )


def _programs(header: Header, parts: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Return the programs that a header says, of drums and percussion its kit."""
    said = {part: PROGRAMS.index(name) for part, name in header.sound.items()} | dict.fromkeys(ROWS, KITS[header.kit])
    return tuple((part, said[part]) for part in parts if part in said)


def _key(header: Header) -> str:
    try:
        return parse_key(f"{header.tonic} {header.mode.replace('_', ' ')}").name
    except ValueError:
        return f"{header.tonic} {MODES[header.mode]}"


def _read_symbol(symbol: str) -> str | None:
    """Return a symbol as the product reads it, its last alterations left off if need be; None for no chord."""
    if symbol == NO_CHORD:
        return None
    for end in range(len(symbol), 0, -1):
        try:
            parse_chord(symbol[:end])
        except ValueError:
            continue
        return symbol[:end]
    return None


def score(piece: Piece, name: str = "") -> tuple[Score, str]:
    """Return a piece as a take plays it, and a sentence on the parts that are left out. Raises ValueError."""
    song, left = to_song(perform(piece))
    header = piece.header
    return score_of(name or header.title, header.title, song, plan_of(piece), header.ends == "loop"), left


def score_named(name: str) -> tuple[Score, str]:
    """Return a piece of the book as a take plays it; see `score`."""
    entry = find(name)
    return score(read_file(entry.path), entry.name)


def score_of_text(text: str) -> tuple[Score, str]:
    """Return the piece of a text as a take plays it; see `score`. Raises ValueError that names the first fault."""
    try:
        return score(read(text))
    except NotationError as wrong:
        more = f" (and {len(wrong.faults) - 1} more)" if len(wrong.faults) > 1 else ""
        raise ValueError(f"{wrong.faults[0]}{more}") from wrong


# a .mid file as text

_HEARD = ("note_on", "note_off", "program_change")


MAX_WRITTEN_BARS = 1000
"""Bars of a .mid file that are written down as text."""


def text_of_file(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the notation of any .mid file, and what the text does not keep, one sentence each. Raises ValueError."""
    try:
        content = smf.sound(path.read_bytes())
        file = mido.MidiFile(file=io.BytesIO(content), charset=_charset(content), clip=True)
    except (OSError, EOFError, ValueError, LookupError, TypeError) as wrong:
        raise ValueError(f"{path}: {wrong or 'it ends too early'}") from None
    said: dict[str, str] = {}
    told: list[str] = []
    if {CANONICAL, RENDERED} & {m.text for track in file.tracks for m in track if m.type == "text"}:
        recording = recorded(file)
    else:
        try:
            song = read_midi_file(path)
            if len(song.bars) > MAX_WRITTEN_BARS:
                raise ValueError(
                    f"{path} has {len(song.bars)} bars, and {MAX_WRITTEN_BARS} can be written down: cut it"
                )
            recording = _recorded_song(song, path.stem)
        except MidiFileError as wrong:
            raise ValueError(f"{path}: {wrong}") from None
        said = {"title": " ".join(path.stem.replace(";", " ").split()) or "Untitled"}
        told += ["style, family, mood, energy and density are not in the file: write what they are, and captions"]
    tempo = min(Fraction(300), max(Fraction(30), recording.tempo))
    if tempo != recording.tempo:
        told.append(f"the tempo is {float(recording.tempo):g}; the notation has 30 to 300")
    recording = replace(recording, tempo=tempo)
    text = written(recording, said)
    try:
        kept = perform(read(text, str(path))).notes()
    except NotationError as wrong:
        raise ValueError(f"{path} cannot be written down: {wrong.faults[0].what}") from None
    return text, (*told, *_not_kept(file, recording, kept))


def _charset(content: bytes) -> str:
    """Return the encoding in which all texts of a file can be read."""
    try:
        for track in smf.parse(content).tracks:
            for _, status, data in track.events:
                if status == smf.META and data[0] <= 0x0F:
                    data[1:].decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _recorded_song(song: Song, title: str) -> Recording:
    notes: dict[str, tuple[Note, ...]] = dict.fromkeys(PARTS, ())
    for part in CHANNELS:
        inside = (n for n in song.notes if n.part == part)
        notes[part] = tuple(sorted(Note(n.start, n.pitch, n.length, n.velocity) for n in inside))
    numerator, denominator = map(int, song.bars[0][1].split("/"))
    size = 4 * TICKS_PER_QUARTER * numerator // denominator
    key = parse_key(song.key).name.split()
    return Recording(
        title,
        Fraction(song.tempos[0][1]).limit_denominator(1000),
        (numerator, denominator),
        key_signature(key[0], "minor" if parse_key(song.key).signature.endswith("m") else "major"),
        -(-song.end // size) * size,
        notes,
        dict(song.programs),
        song.chords,
        (),
        (),
        (),
    )


def _not_kept(file: mido.MidiFile, recording: Recording, kept: dict[str, tuple[Note, ...]]) -> list[str]:
    """Return what of a file its text does not say, found by reading the text again."""
    told: list[str] = []
    for part, notes in recording.notes.items():
        places = Counter((n.start, n.pitch, n.length) for n in notes)
        same = (places & Counter((n.start, n.pitch, n.length) for n in kept[part])).total()
        lost = max(0, len(notes) - len(kept[part]))
        moved = len(notes) - same - lost
        if moved > 0:
            told.append(f"{part}: {moved} of {len(notes)} notes are put on the grid")
        if lost:
            told.append(
                f"{part}: {lost} of {len(notes)} notes are left out (no letter of the kit, or one key struck twice)"
            )
    messages = Counter(message.type for track in file.tracks for message in track)
    for kind, what in (("set_tempo", "tempo"), ("time_signature", "metre"), ("key_signature", "key")):
        if messages[kind] > 1:
            told.append(f"{what}: the first of {messages[kind]} is kept")
    others = {m.type for track in file.tracks for m in track if not m.is_meta} - {*_HEARD}
    told += [f"{messages[kind]} messages {kind} are left out" for kind in sorted(others)]
    return told


def path_of(source: str) -> Path:
    """Return the file of a .txt path, or of a name in the songbook. Raises ValueError."""
    return Path(source) if source.endswith(".txt") else find(source).path
