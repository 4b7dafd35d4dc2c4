"""Several tracks heard together: the clips of a scene, or files side by side, as one song. Pure, but for the reading of files.

Each track has a part: the one that its name says (in the words that prompts have: "Sub 808", "Rhodes", 鼓), else the one that its
notes are like: channel 10, its register, how many voices it has. A track that is shorter than the longest goes round.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from model.analysis.key_finder import find_key
from model.analysis.midi_import import detect_chords, midi_lines, notes_of_line, voices
from model.music.harmony import parse_key
from model.music.midifile import MidiFileError, Song, as_filed, bar_length
from model.music.notes import HARMONY_PARTS, PARTS, UNPITCHED_PARTS, Note, Ticks
from model.prompt.rules.parts import PART, PIECES
from model.prompt.rules.vocabulary import find

Line = list[tuple[int, int, int, int]]
"""Notes of one voice or instrument: start, end, pitch and velocity."""
SINGLE = 1.2
"""A line with fewer notes at once, on average, has one voice."""
LOW = 50
"""A single voice whose mean pitch is below this is a bass."""
DEFAULT_TEMPO = 120.0


@dataclass(frozen=True, slots=True)
class Track:
    """A track as it is given: its name, its notes, and how many bars it goes round after (None: it does not)."""

    name: str
    line: Line
    is_drums: bool = False
    bars: int | None = None


@dataclass(frozen=True, slots=True)
class HeardSet:
    """Tracks as one song, and which part each of them is, by name."""

    song: Song
    tracks: tuple[tuple[str, str], ...]

    @property
    def parts(self) -> frozenset[str]:
        """The parts that are there."""
        return frozenset(part for _, part in self.tracks)

    def sentence(self) -> str:
        """Return what was heard: which track is what, key, metre, tempo, length, chords bar by bar."""
        song = self.song
        said = ", ".join(f"{name} is {part}" if name != part else part for name, part in self.tracks)
        beats = "bar" if len(song.bars) == 1 else "bars"
        facts = f"{song.key}, {song.bars[0][1]} at {song.tempos[0][1]:g}, {len(song.bars)} {beats}"
        if not self.parts - set(UNPITCHED_PARTS):
            facts = facts.partition(", ")[2]
        return f"{said}; {facts}" + (f"; chords {chart(song)}" if song.chords else "; no chords")


MAX_CHART = 16
"""Bars of chords that are told."""


def chart(song: Song) -> str:
    """Return the chords of a song bar by bar, once round where they go round."""
    cells: list[str] = []
    for start, meter in song.bars[:MAX_CHART]:
        end = start + bar_length(meter)
        cells.append(" ".join(symbol for at, symbol in song.chords if start <= at < end) or "%")
    size = next((n for n in (1, 2, 4, 8) if n < len(cells) and all(c in (cells[i % n], "%") and (c != "%" or n == 1) for i, c in enumerate(cells))), len(cells))  # fmt: skip
    return " | ".join(cells[:size]) + (" …" if len(song.bars) > MAX_CHART and size == MAX_CHART else "")


def part_of_name(name: str) -> str | None:
    """Return the part that a track's name says, None where it says none: by names of parts, then by instruments."""
    lower = name.lower().replace("_", " ")
    if _KIT.search(lower):
        return "drums"
    for match in PART.finditer(lower):
        group = match.lastgroup or ""
        return PIECES.get(group, group)
    parts = [f.term.part for f in find(lower) if f.term.kind == "instruments" and f.term.part]
    if parts:
        return parts[0]
    said = (part for part, words in _MORE_NAMES.items() if any(word in lower for word in words))
    return next(said, None)


_KIT = re.compile(r"\bkits?\b|\bdrum ?rack\b")
_MORE_NAMES = {"melody": ("vocal", "vox", "voice", "solo"), "drums": ("perc loop", "break", "top loop"), "chords": ("comp", "stab")}  # fmt: skip
"""What tracks are called beside the words that prompts have."""


def _names_part(name: str) -> bool:
    return PART.search(name.lower().replace("_", " ")) is not None


def assigned(tracks: Sequence[Track]) -> tuple[str, ...]:
    """Return the part of each track: by what says most first (channel 10, its name), then by how the rest lies."""
    found: dict[int, str] = {}
    for number, track in enumerate(tracks):
        part = "drums" if track.is_drums else track.name if track.name in PARTS else part_of_name(track.name)
        single = voices(track.line) < SINGLE and track.name not in PARTS and not _names_part(track.name)
        if part is not None and not (part == "chords" and single):  # a guitar may play chords or a line
            found[number] = part
    rest = sorted((n for n in range(len(tracks)) if n not in found), key=lambda n: _height(tracks[n].line))
    for number in rest:
        line, taken = tracks[number].line, set(found.values())
        if voices(line) < SINGLE:
            low = _height(line) < LOW
            found[number] = "bass" if low else "melody"
            if not low and "melody" in taken:  # of several single lines the highest leads
                other = next((n for n in rest if found.get(n) == "melody"), None)
                found[number if other is None else other] = "arp"
        else:
            found[number] = "chords"
    return tuple(found[n] for n in range(len(tracks)))


def _height(line: Line) -> float:
    return sum(pitch for _, _, pitch, _ in line) / len(line)


def heard(
    tracks: Sequence[Track],
    *,
    meter: str = "4/4",
    tempo: float = 0.0,
    key: str = "auto",
    chords: Sequence[tuple[Ticks, str]] = (),
    bars: int | None = None,
) -> HeardSet:
    """Return tracks as one song of so many bars (None: as long as the longest). Key and chords that are not stated are found.

    Raises ValueError where there is no note.
    """
    tracks = [t for t in tracks if t.line]
    if not tracks:
        raise ValueError("there is no note in what was given")
    parts, bar = assigned(tracks), bar_length(meter)
    lengths = [t.bars or max(1, -(-(max(end for _, end, _, _ in t.line) - bar // 32) // bar)) for t in tracks]
    longest = max(lengths)
    count = bars or longest
    notes: list[Note] = []
    for track, part, length in zip(tracks, parts, lengths, strict=True):
        period = (length if track.bars is not None else longest) * bar
        notes += _unrolled(notes_of_line(part, track.line), period, count * bar)
    song = Song(
        bars=tuple((Ticks(i * bar), meter) for i in range(count)),
        end=Ticks(count * bar),
        tempos=((Ticks(0), tempo or DEFAULT_TEMPO),),
        key="C major" if key == "auto" else parse_key(key).name,
        notes=tuple(sorted(notes)),
        chords=tuple((at, symbol) for at, symbol in chords if at < count * bar),
    )
    pitched = any(n.part not in UNPITCHED_PARTS for n in notes)
    if key == "auto" and pitched:
        song = replace(song, key=find_key(song).key.name)
    song = as_filed(song)
    if not song.chords and any(n.part in HARMONY_PARTS for n in notes):
        song = replace(song, chords=detect_chords(song))
    return HeardSet(song, tuple(zip((t.name for t in tracks), parts, strict=True)))


def _unrolled(notes: Iterable[Note], period: int, end: int) -> list[Note]:
    return [
        replace(n, start=Ticks(n.start + turn), length=Ticks(min(n.length, end - n.start - turn)))
        for n in notes
        for turn in range(0, end, period)
        if n.start + turn < end
    ]


def read_set(paths: Sequence[Path], *, meter: str = "auto", tempo: float = 0.0, key: str = "auto", bars: int | None = None) -> HeardSet:  # fmt: skip
    """Return what .mid files hold together. Tempo, metre and key are those that most files state, unless they are told.

    Chord markers count where one file alone has them. Raises MidiFileError, OSError.
    """
    files = [(path, midi_lines(path.read_bytes())) for path in paths]
    meters = Counter(f.meter for _, f in files if f.meter is not None)
    tempos = Counter(f.tempos[min(f.tempos)] for _, f in files if f.tempos)
    keys = Counter(f.key for _, f in files if f.key and f.key != "C")
    meter = meter if meter != "auto" else max(meters, key=meters.__getitem__, default="4/4")
    tempo = tempo or max(tempos, key=tempos.__getitem__, default=DEFAULT_TEMPO)
    key = key if key != "auto" else max(keys, key=keys.__getitem__, default="auto")
    tracks: list[Track] = []
    for path, file in files:
        length = replace(file, meter=meter).bars
        for (name, number), line in file.lines.items():
            said_name = name if len(file.lines) > 1 or part_of_name(name) else f"{path.stem} {name}"
            tracks.append(Track(said_name.strip() or path.stem, line, number % 16 == 9, length))
    marked = [file.chords for _, file in files if file.chords]
    try:
        return heard(tracks, meter=meter, tempo=tempo, key=key, bars=bars, chords=sorted(marked[0].items()) if len(marked) == 1 else ())  # fmt: skip
    except ValueError as wrong:
        raise MidiFileError(str(wrong)) from wrong
