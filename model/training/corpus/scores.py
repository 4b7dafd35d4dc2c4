"""Songs from notated scores: OpenEWLD's lead sheets and those OpenScore Lieder whose analysis holds.

Neither has velocities: notes get one level, which the header's energy does not use. A shortened first or last
bar is padded to its metre, so that bar lines are where the music has them.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml.etree import LxmlError

from model.music.harmony import MODES, Chord, Key
from model.music.notes import METERS, Note, Ticks, beat_length, beats_in_bar
from model.training.corpus.song import Song, chord_cover, snap_to_grid, split_bass
from model.training.formats.musicxml import Score, read
from model.training.formats.romantext import analysis

LEVEL = 80
COVER = 0.6
METER_OF = {"2/2": "4/4", "4/2": "4/4", "C": "4/4"}


def openewld(folder: Path, drops: dict[str, int]) -> Iterator[Song]:
    """Yield OpenEWLD's lead sheets: melody and chord symbols."""
    stated = _genres(folder / "genres.csv")
    for number, path in enumerate(sorted((folder / "dataset").rglob("*.mxl"))):
        tags = stated.get(path.relative_to(folder).as_posix(), ())
        found = _song(f"openewld-{number:03}", "openewld", path, tags, None)
        if isinstance(found, Song):
            yield found
        else:
            drops[found] = drops.get(found, 0) + 1


def lieder(folder: Path, drops: dict[str, int]) -> Iterator[Song]:
    """Yield the Lieder with an automatic analysis that fits the voice: melody, bass and chords."""
    for path in sorted((folder / "scores").rglob("*.mxl")):
        tables = list(path.parent.glob("*.rntxt"))
        if not tables:
            drops["no analysis"] = drops.get("no analysis", 0) + 1
            continue
        composer = path.parts[-4].replace("_", " ").split(",")[0]
        tags = (("human", f"song by {composer}"),)
        found = _song(f"lieder-{path.stem}", "lieder", path, tags, tables[0])
        if isinstance(found, Song):
            yield found
        else:
            drops[found] = drops.get(found, 0) + 1


def _song(name: str, source: str, path: Path, tags: tuple[tuple[str, str], ...], table: Path | None) -> Song | str:
    """Return a song, or the reason why it is left out."""
    try:
        score = read(path)
    except (ValueError, TypeError, KeyError, LxmlError) as broken:
        return f"unreadable ({type(broken).__name__})"
    meters = [METER_OF.get(m, m) for _, _, m in score.bars]
    if any(m not in METERS for m in meters) or not score.bars or not score.parts:
        return "metre outside the contract"
    layout = _padded(score, meters)
    bars, end = layout.bars, layout.end
    notes = [_note(n, "melody", layout) for n in _top_line(score.parts[0].notes)]
    if len(notes) < 16:
        return "hardly any melody"
    if table is None:
        chords = [(Ticks(layout.moved(t)), c) for t, c in score.chords]
        key = _key(score)
        notes_all = notes
    else:
        read_ = analysis(table.read_text(errors="replace"))
        if not read_:
            return "analysis unreadable"
        # a pickup is bar 0 in most analyses and bar 1 in some: what fits the voice better
        bases = (1, 0) if layout.shifts[0] else (0,)
        chords = max(
            (_placed(read_, base, score, layout) for base in bases),
            key=lambda found: chord_cover(tuple(notes), _changes(found), end),
        )
        key = read_[0][3].name
        piano = [_note(n, "chords", layout) for part in score.parts[1:] for n in part.notes]
        notes_all = notes + split_bass(sorted(set(piano)))
    changes = _changes(chords)
    if not changes:
        return "no chords"
    if chord_cover(tuple(notes), changes, end) < COVER:
        return "melody outside the chords"
    everything = tuple(sorted(n for n in notes_all if n.start < end))
    return Song(name, source, score.title or name, score.tempo, key, bars, end, everything, changes, tags)


def _changes(chords: list[tuple[Ticks, Chord]]) -> tuple[tuple[Ticks, Chord | None], ...]:
    """Return chord changes in order, the last told of each tick."""
    told: dict[Ticks, Chord | None] = {}
    for tick, chord in chords:
        told[tick] = chord
    return tuple(sorted(told.items(), key=lambda change: change[0]))


def _placed(
    read_: list[tuple[int, float, Chord, Key]], base: int, score: Score, layout: Layout
) -> list[tuple[Ticks, Chord]]:
    """Return an analysis's chords in our ticks, its bars counted on by `base`; a pickup's beats count in a whole bar."""
    found: list[tuple[Ticks, Chord]] = []
    for number, beat, chord, _ in read_:
        bar = number + base
        if 0 <= bar < len(score.bars):
            start, _, meter = score.bars[bar]
            place = (layout.moved(start) if bar else 0) + round(beat * felt_beat(meter))
            found.append((Ticks(place), chord))
    return found


def felt_beat(meter: str) -> int:
    """Return the ticks of a beat as analysts count it: a dotted quarter in 6/8, 9/8 and 12/8, a half in 2/2."""
    return beat_length(meter) * (3 if meter in ("6/8", "9/8", "12/8") else 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """Whole bars of ours, and how far each bar of the score was moved to them."""

    bars: tuple[tuple[Ticks, str], ...]
    end: Ticks
    starts: tuple[int, ...]
    shifts: tuple[int, ...]

    def moved(self, tick: int) -> int:
        """Return our tick for one of the score."""
        return tick + self.shifts[max(0, bisect_right(self.starts, tick) - 1)]


def _padded(score: Score, meters: list[str]) -> Layout:
    """Lay the score out in whole bars. A short first bar is a pickup: its notes go to the end of its bar."""
    bars: list[tuple[Ticks, str]] = []
    shifts: list[int] = []
    at = 0
    for i, ((start, length, _), meter) in enumerate(zip(score.bars, meters, strict=True)):
        whole = beats_in_bar(meter) * beat_length(meter)
        pickup = max(0, whole - length) if i == 0 else 0
        shifts.append(at + pickup - start)
        for _ in range(max(1, -(-length // whole))):
            bars.append((Ticks(at), meter))
            at += whole
    return Layout(tuple(bars), Ticks(at), tuple(start for start, _, _ in score.bars), tuple(shifts))


def _note(written: tuple[int, int, int], part: str, layout: Layout) -> Note:
    start, offset = snap_to_grid(layout.moved(written[0]))
    return Note(start, Ticks(max(1, round(written[1] / 20)) * 20), written[2], LEVEL, part, offset)


def _top_line(notes: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return one voice: the highest note of each onset, cut at the next onset."""
    highest: dict[int, tuple[int, int, int]] = {}
    for note in notes:
        if note[0] not in highest or note[2] > highest[note[0]][2]:
            highest[note[0]] = note
    line = [highest[t] for t in sorted(highest)]
    following = [n[0] for n in line[1:]] + [10**9]
    return [(s, min(d, after - s), p) for (s, d, p), after in zip(line, following, strict=True)]


def _key(score: Score) -> str:
    """Return the key of a lead sheet: its signature, minor where it says so or ends on the relative minor."""
    major = (score.fifths or 0) * 7 % 12
    relative = (major + 9) % 12
    ends_minor = bool(score.chords) and score.chords[-1][1].root == relative and "m" in score.chords[-1][1].quality
    minor = score.mode == "minor" or ends_minor
    mode = "minor" if minor else "major"
    return Key(relative if minor else major, mode, MODES[mode]).name


def _genres(path: Path) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return lead sheet → what at least three listed releases call it."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            words = [
                w.rsplit(":", 1) for field in ("genres", "styles") for w in (row[field] or "").split("|") if ":" in w
            ]
            tags = tuple(("human", f"labelled as {name}") for name, count in words if int(count) >= 3)
            found[row["path_leadsheet"]] = found.get(row["path_leadsheet"], ()) + tags
    return found
