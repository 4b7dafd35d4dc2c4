"""Likeness: what pieces share with each other, bar by bar, beside what people's songs share."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from model.songbook.figures import Song, bars_of, chord_bars, skyline
from model.songbook.symbols import symbol

Found = tuple[Hashable, int]
"""What stands in a song, and in which bar (from 0)."""


@dataclass(frozen=True, slots=True)
class Shared:
    """How much of one kind is shared: distinct ones in all, how many of them stand in two songs, and where."""

    kind: str
    distinct: int
    shared: int
    places: tuple[tuple[tuple[str, int], ...], ...]
    """For each shared one, the songs and bars (from 1) it stands in; the most shared first."""

    @property
    def share(self) -> float:
        """Share of the distinct ones that stand in more than one song."""
        return self.shared / self.distinct if self.distinct else 0.0


def melody_bars(song: Song) -> Iterable[Found]:
    """Return melody bars of five notes and more, whatever their key."""
    for index, bar in enumerate(bars_of(skyline(song.notes["melody"]), song.bar, song.bars)):
        if len(bar) >= 5:
            yield _untransposed(bar), index


def hooks(song: Song) -> Iterable[Found]:
    """Return melodies of two bars with seven notes and more, whatever their key."""
    bars = bars_of(skyline(song.notes["melody"]), song.bar, song.bars)
    for index, (a, b) in enumerate(itertools.pairwise(bars)):
        both = (*a, *((place + song.bar, pitch) for place, pitch in b))
        if len(both) >= 7 and a and b:
            yield _untransposed(both), index


def drum_bars(song: Song) -> Iterable[Found]:
    """Return drum bars of eight strokes and more with three drums, without their velocities."""
    for index, bar in enumerate(bars_of(song.notes["drums"], song.bar, song.bars)):
        if len(bar) >= 8 and len({pitch for _, pitch in bar}) > 2:
            yield bar, index


def progressions(song: Song) -> Iterable[Found]:
    """Return chords of four bars with the rhythm in which the chords part strikes them, whatever their key."""
    chords = chord_bars(song)
    struck: list[set[int]] = [set() for _ in range(song.bars)]
    for index, bar in enumerate(bars_of(song.notes["chords"], song.bar, song.bars)):
        struck[index] = {place for place, _ in bar}
    for index in range(0, song.bars - 3, 4):
        named = [(i, place, symbol(name)) for i in range(4) for place, name in chords[index + i]]
        known = [(i, place, meant) for i, place, meant in named if meant]
        if len({meant.root for _, _, meant in known}) < 3 or not any(struck[index : index + 4]):
            continue
        tonic = known[0][2].root
        degrees = tuple((i, place, (m.root - tonic) % 12, m.quality) for i, place, m in known)
        yield (degrees, tuple(tuple(sorted(s)) for s in struck[index : index + 4])), index


KINDS: dict[str, Callable[[Song], Iterable[Found]]] = {
    "melody bars": melody_bars,
    "hooks": hooks,
    "drum bars": drum_bars,
    "progressions": progressions,
}
"""What is compared."""


def shared(songs: Sequence[Song], kind: str) -> Shared:
    """Return what songs share of one kind; what one song says twice is no sharing."""
    places: dict[Hashable, dict[str, int]] = defaultdict(dict)
    for song in songs:
        for found, bar in KINDS[kind](song):
            places[song.bar, found].setdefault(song.name, bar + 1)
    common = sorted((tuple(p.items()) for p in places.values() if len(p) > 1), key=lambda p: (-len(p), p))
    return Shared(kind, len(places), len(common), tuple(common))


def _untransposed(bar: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    first = bar[0][1]
    return tuple((place, pitch - first) for place, pitch in bar)
