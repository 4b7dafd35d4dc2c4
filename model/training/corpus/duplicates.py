"""Tunes that are the same: songs whose melodies share runs of notes, whatever key they are in.

A run is twelve intervals in a row, with at least four different ones, so that scales, repeated notes and arpeggios do
not count. Runs that many songs have are figures of the style and no tune, and do not count either. Two songs are the
same tune if they share at least four of the runs that are left, and as many as a tenth of all those of the song with
fewer. Variants of fiddle tunes share no more than that; and calling two tunes one costs nothing but a song to hold out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations, pairwise

from model.training.corpus.song import Song

RUN = 12
MIN_DISTINCT_INTERVALS = 4
MAX_SHARED_BY = 16
"""A run that more songs than this have is no sign of one tune."""
FEWEST = 4
SHARE = 0.1

Run = tuple[int, ...]


def runs(song: Song) -> frozenset[Run]:
    """Return the runs of a song's melody: intervals in semitones between onsets, rests passed over."""
    pitches = [n.pitch for n in sorted(n for n in song.notes if n.part == "melody")]
    steps = [b - a for a, b in pairwise(pitches)]
    found = (tuple(steps[i : i + RUN]) for i in range(len(steps) - RUN + 1))
    return frozenset(run for run in found if len(set(run)) >= MIN_DISTINCT_INTERVALS)


def pairs(songs: Sequence[Song]) -> list[tuple[int, int]]:
    """Return the pairs of songs, by number, that are the same tune."""
    told = [runs(song) for song in songs]
    holders: dict[Run, list[int]] = defaultdict(list)
    for number, found in enumerate(told):
        for run in found:
            holders[run].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for having in holders.values():
        if len(having) <= MAX_SHARED_BY:
            shared.update(combinations(having, 2))
    return [
        (a, b) for (a, b), count in shared.items() if count >= max(FEWEST, SHARE * min(len(told[a]), len(told[b])))
    ]  # fmt: skip


def groups(songs: Sequence[Song]) -> list[int]:
    """Return for each song the number of the first song that is the same tune, or a copy of a copy of it."""
    first = list(range(len(songs)))

    def root(i: int) -> int:
        while first[i] != i:
            first[i] = first[first[i]]
            i = first[i]
        return i

    for a, b in pairs(songs):
        low, high = sorted((root(a), root(b)))
        first[high] = low
    return [root(i) for i in range(len(songs))]
