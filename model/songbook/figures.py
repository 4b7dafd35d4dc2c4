"""Figures of songs, and the distribution test: whether our pieces lie where people's songs lie.

A human set is a JSON file: `{"group": name, "songs": [{"id": name, figure: number, …}, …]}`, made by `figures` from a
folder of .mid files with our track names and symbols as markers, or by any other program that measures the same. A
figure that a song does not have (no melody, no symbols) is left out.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, quantiles

from model.songbook.midi import Recording, load
from model.songbook.piece import Piece
from model.songbook.reader import read_file
from model.songbook.rendering import Note, Performance, perform
from model.songbook.symbols import symbol
from model.songbook.tables import UNIT

SUNG = frozenset({"pop", "soul", "roots", "east"})
"""Families whose melodies are held against people's songs."""
CHORDAL = frozenset({"pop", "rock", "soul"})
"""Families whose chords are held against people's songs."""
DANCED = frozenset({"club", "techno", "bass", "hip-hop"})
"""Families that keep their drum bar and their loop."""

FIGURES = {
    "return8": "sung bars that return exactly (onsets and pitches) within 8 bars",
    "return16": "the same within 16 bars",
    "rhythm8": "sung bars whose rhythm returns within 8 bars",
    "range": "semitones between lowest and highest note in 8 bars",
    "height": "median pitch of the melody",
    "empty": "bars in which no melody note begins or sounds",
    "sixteenths": "melody notes a sixteenth or less after the one before",
    "repeats": "melody intervals of 0",
    "steps": "melody intervals of 1 and 2",
    "thirds": "melody intervals of 3 and 4",
    "leaps": "melody intervals of 5 and more",
    "loops": "groups of four bars with the chords of the four before",
    "there_and_back": "chord changes that go back to the chord before",
    "fifths": "root movements down a fifth",
    "held": "bar lines that a chord is held over",
    "drums_kept": "groups of four bars of which three have much the same drums",
    "loop_kept": "groups of four bars whose chords loop in two bars, or are those of the group 4 or 8 bars away",
}
"""What is measured, a song at a time; shares are 0..1."""
MELODIC = (
    "return8",
    "return16",
    "rhythm8",
    "range",
    "height",
    "empty",
    "sixteenths",
    "repeats",
    "steps",
    "thirds",
    "leaps",
)
HARMONIC = ("loops", "there_and_back", "fifths", "held")


@dataclass(frozen=True, slots=True)
class Song:
    """A song to measure: its bars' length and number, canonical notes by part, symbols with their starts."""

    name: str
    bar: int
    bars: int
    notes: Mapping[str, tuple[Note, ...]]
    symbols: tuple[tuple[int, str], ...]
    piece: Piece | None = None


def load_song(path: Path) -> Song:
    """Return the song of a text or .mid file. Raises ValueError."""
    if path.suffix == ".txt":
        return song(perform(read_file(path)))
    return recorded_song(path.stem, load(path))


def song(performance: Performance) -> Song:
    """Return a piece as a song to measure."""
    piece = performance.piece
    symbols = tuple((s.start, s.symbol) for s in performance.harmony)
    return Song(piece.header.title, piece.header.bar, len(performance.bars), performance.notes(), symbols, piece)


def recorded_song(name: str, recording: Recording) -> Song:
    """Return a .mid file as a song to measure."""
    return Song(name, recording.bar, recording.length // recording.bar, recording.notes, recording.symbols)


def figures(measured: Song) -> dict[str, float]:
    """Return the figures that a song has."""
    return _melodic(measured) | _harmonic(measured) | _danced(measured)


# melody


def skyline(notes: Iterable[Note]) -> list[Note]:
    """Return the highest of the notes that begin together, graces and overlaps of a tick left as they are."""
    top: dict[int, Note] = {}
    for note in notes:
        if note.start not in top or note.pitch > top[note.start].pitch:
            top[note.start] = note
    return [top[start] for start in sorted(top)]


def bars_of(notes: Iterable[Note], bar: int, count: int) -> list[tuple[tuple[int, int], ...]]:
    """Return each bar's (start within it, pitch), starts to the nearest thirty-second."""
    bars: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for note in notes:
        place = round(note.start / 60) * 60
        if place // bar < count:
            bars[place // bar].append((place % bar, note.pitch))
    return [tuple(sorted(b)) for b in bars]


def _melodic(measured: Song) -> dict[str, float]:
    tune = skyline(measured.notes["melody"])
    bars = bars_of(tune, measured.bar, measured.bars)
    sung = [i for i, bar in enumerate(bars) if len(bar) > 1]
    if len(sung) < 4:
        return {}
    rhythms = [tuple(place for place, _ in bar) for bar in bars]
    found = {
        "return8": mean(bars[i] in bars[max(0, i - 8) : i] for i in sung),
        "return16": mean(bars[i] in bars[max(0, i - 16) : i] for i in sung),
        "rhythm8": mean(rhythms[i] in rhythms[max(0, i - 8) : i] for i in sung),
        "height": float(median(n.pitch for n in tune)),
    }
    ranges = []
    for first in range(0, measured.bars, 8):
        pitches = [pitch for bar in bars[first : first + 8] for _, pitch in bar]
        if len(pitches) > 4:
            ranges.append(max(pitches) - min(pitches))
    if ranges:
        found["range"] = mean(ranges)
    sounding = {b for n in tune for b in range(n.start // measured.bar, (n.end - 1) // measured.bar + 1)}
    found["empty"] = 1 - len([b for b in sounding if b < measured.bars]) / measured.bars
    waits = [b.start - a.start for a, b in itertools.pairwise(tune)]
    leaps = [abs(b.pitch - a.pitch) for a, b in itertools.pairwise(tune) if b.start - a.end < 2 * measured.bar]
    found["sixteenths"] = mean(w <= UNIT + 10 for w in waits)
    found["repeats"] = mean(x == 0 for x in leaps)
    found["steps"] = mean(x in (1, 2) for x in leaps)
    found["thirds"] = mean(x in (3, 4) for x in leaps)
    found["leaps"] = mean(x > 4 for x in leaps)
    return found


# harmony


def chord_bars(measured: Song) -> list[tuple[tuple[int, str], ...]]:
    """Return each bar's chord changes as (start within it, symbol); an unchanged bar holds the symbol at its start."""
    bars: list[list[tuple[int, str]]] = [[] for _ in range(measured.bars)]
    for tick, name in measured.symbols:
        if tick // measured.bar < measured.bars:
            bars[tick // measured.bar].append((tick % measured.bar, name))
    now = ""
    out = []
    for bar in bars:
        if now and (not bar or bar[0][0] > 0):
            bar.insert(0, (0, now))
        kept = [chord for k, chord in enumerate(bar) if k == 0 or chord[1] != bar[k - 1][1]]
        out.append(tuple(kept))
        now = kept[-1][1] if kept else now
    return out


def _harmonic(measured: Song) -> dict[str, float]:
    bars = chord_bars(measured)
    sequence: list[str] = []
    for bar in bars:
        for _, name in bar:
            if not sequence or sequence[-1] != name:
                sequence.append(name)
    if len(sequence) < 3:
        return {}
    found: dict[str, float] = {}
    groups = [tuple(bars[i : i + 4]) for i in range(0, len(bars) - 3, 4)]
    if len(groups) > 1:
        found["loops"] = mean(a == b for a, b in itertools.pairwise(groups))
    found["there_and_back"] = mean(a == c for a, c in zip(sequence, sequence[2:], strict=False))
    roots = [meant.root for meant in map(symbol, sequence) if meant]
    moves = [(b - a) % 12 for a, b in itertools.pairwise(roots) if a != b]
    if moves:
        found["fifths"] = mean(move == 5 for move in moves)
    found["held"] = mean(b[0][1] == a[-1][1] for a, b in itertools.pairwise(bars) if a and b)
    return found


# drums


def _danced(measured: Song) -> dict[str, float]:
    drums = bars_of(measured.notes["drums"], measured.bar, measured.bars)
    chords = chord_bars(measured)
    found: dict[str, float] = {}
    kept, looped = [], []
    for first in range(0, measured.bars - 3, 4):
        group = [frozenset(bar) for bar in drums[first : first + 4]]
        if all(group):
            kept.append(max(sum(_alike(a, b) for b in group) for a in group) >= 3)
        four = chords[first : first + 4]
        if all(four):
            names = [tuple(name for _, name in bar) for bar in four]
            inside = names[:2] == names[2:]
            looped.append(inside or any(chords[at : at + 4] == four for away in (4, 8) for at in _around(first, away)))
    if kept:
        found["drums_kept"] = mean(kept)
    if looped:
        found["loop_kept"] = mean(looped)
    return found


def _around(first: int, away: int) -> list[int]:
    return [at for at in (first - away, first + away) if at >= 0]


def _alike(a: frozenset[tuple[int, int]], b: frozenset[tuple[int, int]]) -> bool:
    return len(a & b) >= 0.7 * len(a | b)


# the distribution test


@dataclass(frozen=True, slots=True)
class Line:
    """A figure of a group of ours beside the quartiles of a human set."""

    group: str
    figure: str
    ours: float
    songs: int
    low: float
    high: float

    @property
    def inside(self) -> bool:
        """Whether our median lies inside the human quartiles."""
        return self.low <= self.ours <= self.high


def human_set(path: Path) -> tuple[str, list[dict[str, float]]]:
    """Return a human set's name and figures: of a JSON file, or measured from a folder of .mid files."""
    if path.is_dir():
        return path.name, [figures(load_song(p)) for p in sorted(path.rglob("*.mid"))]
    said = json.loads(path.read_text(encoding="utf-8"))
    return str(said["group"]), [{k: float(v) for k, v in s.items() if k in FIGURES} for s in said["songs"]]


def compared(
    group: str,
    ours: Sequence[Mapping[str, float]],
    theirs: Sequence[Mapping[str, float]],
    names: Iterable[str],
) -> list[Line]:
    """Return the lines of a group: our median of each figure between the quartiles of theirs."""
    lines = []
    for name in names:
        human = [song[name] for song in theirs if name in song]
        our = [song[name] for song in ours if name in song]
        if len(human) > 3 and our:
            low, _, high = quantiles(human, n=4, method="inclusive")
            lines.append(Line(group, name, median(our), len(our), low, high))
    return lines


def compare(songs: Iterable[Song], melodies: Iterable[Path], chords: Iterable[Path]) -> list[str]:
    """Return the distribution test as lines of text: groups of ours against human sets, dance against itself."""
    by: dict[str, list[dict[str, float]]] = {"sung": [], "chordal": [], "danced": []}
    for measured in songs:
        family = measured.piece.header.family if measured.piece else ""
        found = figures(measured)
        for group, families in (("sung", SUNG), ("chordal", CHORDAL), ("danced", DANCED)):
            if family in families or not measured.piece:
                by[group].append(found)
    lines = []
    for group, names, paths in (("sung", MELODIC, melodies), ("chordal", HARMONIC, chords)):
        for path in paths:
            title, theirs = human_set(path)
            for line in compared(f"{group} / {title}", by[group], theirs, names):
                lines.append(
                    f"{line.group}: {line.figure} {line.ours:.3f} ({line.songs} pieces), people {line.low:.3f} to "
                    f"{line.high:.3f}: {'inside' if line.inside else 'OUTSIDE'}"
                )
        if not paths:
            for name in names:
                values = [song[name] for song in by[group] if name in song]
                if values:
                    lines.append(f"{group}: {name} {median(values):.3f} ({len(values)} pieces)")
    for name in ("drums_kept", "loop_kept"):
        values = [song[name] for song in by["danced"] if name in song]
        if values:
            lines.append(
                f"danced: {name} {mean(values):.3f} ({len(values)} pieces), at least 0.600: {'inside' if mean(values) >= 0.6 else 'OUTSIDE'}"
            )
    return lines


def counted(pieces: Sequence[Piece]) -> list[str]:
    """Return the table of what there is, as Markdown: a row a style, then all."""
    rows = ["| style | family | pieces | bars | pens | captions | metres |", "|---|---|---|---|---|---|---|"]
    by: dict[tuple[str, str], list[Piece]] = {}
    for piece in pieces:
        by.setdefault((piece.header.family, piece.header.style), []).append(piece)
    for (family, style), found in sorted(by.items()):
        rows.append(f"| {style} | {family} | {_counts(found)} |")
    styles, families = len(by), len({family for family, _ in by})
    rows.append(f"| all: {styles} styles | {families} families | {_counts(pieces)} |")
    long = [p for p in pieces if p.bars >= 24 and (len(set(p.header.form)) < len(p.header.form) or _varied(p))]
    more = [
        p
        for p in pieces
        if {"pad", "arp", "perc"} & {part for s in p.sections.values() for part in (*s.pitched, *s.rows)}
    ]
    rows += [
        "",
        f"{len(long)} pieces of 24 bars and more with a written return, {len(more)} with pad, arp or perc, "
        f"{sum(p.header.meter != (4, 4) for p in pieces)} in other metres than 4/4, "
        f"{sum(len(s.waivers) for p in pieces for s in p.sections.values() if s.base is None)} waivers.",
    ]
    return rows


def _varied(piece: Piece) -> bool:
    return any(piece.sections[name].base in piece.header.form for name in piece.header.form)


def _counts(pieces: Sequence[Piece]) -> str:
    metres = sorted({f"{p.header.meter[0]}/{p.header.meter[1]}" for p in pieces})
    pens, captions = len({p.header.batch for p in pieces}), sum(len(p.captions) for p in pieces)
    return f"{len(pieces)} | {sum(p.bars for p in pieces)} | {pens} | {captions} | {' '.join(metres)}"
