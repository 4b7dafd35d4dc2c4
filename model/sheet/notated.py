"""A song as it is written on paper: notes on a grid, cut at bar lines into values that can be written. Pure.

A quarter is written in sixteenths, or in eighth triplets where its notes lie nearer to those; notes of x/8 are in sixteenths.
Times are ticks, 480 a quarter.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from model.music.harmony import Chord, Key, parse_chord, parse_key
from model.music.midifile import Song, bar_length
from model.music.notes import TICKS_PER_QUARTER, Note, Ticks

STRAIGHT, TRIPLET = 120, 160
"""Ticks of a sixteenth and of an eighth triplet."""
VALUES = (1920, 1440, 960, 720, 480, 360, 240, 120)
"""Ticks of the values in straight time, plain and dotted, the longest first."""


@dataclass(frozen=True, slots=True)
class Written:
    """A chord of notes, or a rest, in a bar: where it begins in the bar, how long it is written, which pitches it has.

    `tied_from` and `tied_to`: the pitches that go on from the value before, and into the one behind.
    """

    start: int
    length: int
    pitches: tuple[int, ...] = ()
    tied_from: frozenset[int] = frozenset()
    tied_to: frozenset[int] = frozenset()
    triplet: bool = False


@dataclass(frozen=True, slots=True)
class WrittenBar:
    """A bar: metre, length, chords from where in it on, and the voices of each staff, each filled from start to end."""

    meter: str
    length: int
    chords: tuple[tuple[int, Chord], ...]
    staves: tuple[tuple[tuple[Written, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A song on paper: a staff a part."""

    title: str
    key: Key
    tempo: float
    parts: tuple[str, ...]
    bars: tuple[WrittenBar, ...]


@dataclass(frozen=True, slots=True)
class _Sounding:
    start: int
    end: int
    pitch: int


MAX_BARS = 2000
"""Bars that a sheet has at most: more is no sheet but a file of hours."""


def notated(song: Song, parts: Iterable[str], title: str) -> Sheet:
    """Return the sheet of some pitched parts of a song. Raises ValueError for bars that no sixteenths fill, and for too many."""
    if len(song.bars) > MAX_BARS:
        raise ValueError(
            f"a sheet has {MAX_BARS} bars at most, and this has {len(song.bars)}: cut it, or print the chords"
        )
    for number, (_, meter) in enumerate(song.bars, start=1):
        if bar_length(meter) % VALUES[-1]:
            raise ValueError(
                f"bar {number} is of {meter}, and a sheet has sixteenths at the shortest: cut it, or print the chords"
            )
    grid = _Grid(song)
    chosen = tuple(parts)
    staves = [_voices(grid.placed(n for n in song.notes if n.part == part)) for part in chosen]
    changes = [at for at, _ in song.chords]
    bars = []
    for number, (start, meter) in enumerate(song.bars):
        end = song.bars[number + 1][0] if number + 1 < len(song.bars) else song.end
        inside = tuple(
            (grid.snapped(Ticks(max(at, start))) - start, parse_chord(symbol))
            for at, symbol in song.chords[bisect_left(changes, start) : bisect_left(changes, end)]
        )
        written = tuple(tuple(_bar_of(voice, grid, start, end) for voice in voices) for voices in staves)
        bars.append(WrittenBar(meter, end - start, inside, written))
    return Sheet(title, parse_key(song.key), song.tempos[0][1], chosen, tuple(bars))


class _Grid:
    """Where notes may stand: the groups of each bar (a quarter, three eighths, or one), and which quarters are in triplets."""

    def __init__(self, song: Song) -> None:
        self._bars, self._end = song.bars, song.end
        places: dict[int, list[int]] = {}
        for note in song.notes:
            at = min(max(0, note.start + note.offset), song.end - 1)
            base, length = self.group(at)
            if length == TICKS_PER_QUARTER:
                places.setdefault(base, []).append(at - base)
        self._triplets = {base for base, found in places.items() if _in_triplets(found)}

    def group(self, at: int) -> tuple[int, int]:
        """Return start and length of the group that a tick lies in."""
        start, meter = self._bars[max(0, bisect_right(self._bars, at, key=lambda bar: bar[0]) - 1)]
        beats, unit = map(int, meter.split("/"))
        length = TICKS_PER_QUARTER if unit <= 4 else 720 if beats % 3 == 0 else 240
        return start + (at - start) // length * length, length

    def has_triplets(self, at: int) -> bool:
        """Return whether the group of a tick is written in triplets."""
        return self.group(at)[0] in self._triplets

    def snapped(self, at: int) -> int:
        """Return the nearest place that can be written."""
        at = min(max(at, 0), self._end)
        base, _ = self.group(at)
        unit = TRIPLET if base in self._triplets else STRAIGHT
        return min(base + round((at - base) / unit) * unit, self._end)

    def placed(self, notes: Iterable[Note]) -> list[_Sounding]:
        """Return notes where they are written, at least a unit long; of two at one place on one pitch the longer."""
        found: dict[tuple[int, int], int] = {}
        for note in notes:
            start = self.snapped(note.start + note.offset)
            unit = TRIPLET if self.has_triplets(min(start, self._end - 1)) else STRAIGHT
            start = min(start, self._end - unit)
            shortest = start + unit
            end = max(self.snapped(note.end + note.offset), shortest)
            found[start, note.pitch] = max(end, found.get((start, note.pitch), 0))
        return [_Sounding(start, min(end, self._end), pitch) for (start, pitch), end in sorted(found.items())]


def _in_triplets(places: list[int]) -> bool:
    def error(unit: int) -> int:
        return sum(abs(p - round(p / unit) * unit) for p in places)

    return any(p % TICKS_PER_QUARTER not in range(TRIPLET // 4) for p in places) and error(TRIPLET) + 15 < error(
        STRAIGHT
    )


def _voices(notes: list[_Sounding]) -> list[list[tuple[int, int, tuple[int, ...]]]]:
    """Return voices in which nothing overlaps: notes that begin and end together are a chord of one voice."""
    chords: dict[tuple[int, int], list[int]] = {}
    for note in notes:
        chords.setdefault((note.start, note.end), []).append(note.pitch)
    voices: list[list[tuple[int, int, tuple[int, ...]]]] = [[]]
    for (start, end), pitches in sorted(chords.items(), key=lambda c: (c[0][0], -max(c[1]), c[0][1])):
        free = next((v for v in voices if not v or v[-1][1] <= start), None)
        if free is None:
            voices.append(free := [])
        free.append((start, end, tuple(sorted(pitches))))
    return voices


def _bar_of(voice: list[tuple[int, int, tuple[int, ...]]], grid: _Grid, start: int, end: int) -> tuple[Written, ...]:
    """Return what a voice has in a bar, rests between."""
    found: list[Written] = []
    now = start
    for index in range(bisect_right(voice, start, key=lambda sounding: sounding[1]), len(voice)):
        first, last, pitches = voice[index]
        if first >= end:
            break
        begin, stop = max(first, start), min(last, end)
        found += (Written(a - start, b - a, triplet=t) for a, b, t in _values(grid, now, begin))
        pieces = _values(grid, begin, stop)
        for a, b, triplet in pieces:
            before = frozenset(pitches) if a > first else frozenset[int]()
            behind = frozenset(pitches) if b < last else frozenset[int]()
            found.append(Written(a - start, b - a, pitches, before, behind, triplet))
        now = stop
    found += (Written(a - start, b - a, triplet=t) for a, b, t in _values(grid, now, end))
    return tuple(found)


def _values(grid: _Grid, start: int, end: int) -> list[tuple[int, int, bool]]:
    """Return a stretch within a bar as values that can be written: (start, end, whether in triplets)."""
    found: list[tuple[int, int, bool]] = []
    now = start
    while now < end:
        base, length = grid.group(now)
        stop = min(end, base + length)
        if grid.has_triplets(now):
            value, triplet = stop - now, stop - now != length
        else:
            while now == base and stop < end and not grid.has_triplets(stop):
                stop = min(end, stop + grid.group(stop)[1])
            value, triplet = next(v for v in VALUES if v <= stop - now), False
        found.append((now, now + value, triplet))
        now += value
    return found
