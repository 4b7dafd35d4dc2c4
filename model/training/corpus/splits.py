"""`python -m model.training.corpus.splits --data DIR`: who is held out, settled once and kept in splits.tsv.

A song's split is the hash of its source and title (`Song.split`) unless that file says otherwise. It does for
copies of one tune, which all go one way, and for the grooves, whose own division keeps drummers' sessions apart. A
line has the start of the hash of "source/id" and t, v or e: train, validation or test (e as in evaluation).

Copies of one tune are songs whose melodies share runs of notes, in any key. A run is twelve intervals in a row, with at least four
different ones, so that scales, repeated notes and arpeggios do not count; neither do runs that many songs have. Two songs are the same
tune if they share at least four of the other runs, and as many as a tenth of those of the song with fewer. Of a band's
piece runs of the bass and of arpeggios count too, and pieces with one title (remixes, halves of a file) are the same tune.

Sets of few pieces are divided by rank: groups in the order of their hashes, the first 8 % of the pieces test, the next 8 % validation.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path

from model.training.corpus import groove
from model.training.corpus.song import LETTERS, SPLITS_FILE, Song, fingerprint
from model.training.corpus.sources import data_folder, load

BANDS = ("freedoom", "simutrans")
"""Small sets of whole bands."""
HELD_OUT = 0.08
"""Share of the pieces of a small set that go to test, and to validation."""
RUN = 12
MIN_DISTINCT_INTERVALS = 4
MAX_SHARED_BY = 16
"""A run that more songs than this have is no sign of one tune."""
FEWEST = 4
SHARE = 0.1

Run = tuple[int, ...]


def runs(song: Song) -> frozenset[Run]:
    """Return the runs of a song's melody, and of a band's bass and arpeggios: intervals between onsets, rests passed over."""
    found: set[Run] = set()
    for part in ("melody", "bass", "arp") if song.source in BANDS else ("melody",):
        pitches = [n.pitch for n in sorted(n for n in song.notes if n.part == part)]
        steps = [b - a for a, b in pairwise(pitches)]
        found.update(tuple(steps[i : i + RUN]) for i in range(len(steps) - RUN + 1))
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

    titled: dict[tuple[str, str], int] = {}
    named = [(titled.setdefault((s.source, s.title), i), i) for i, s in enumerate(songs) if s.source in BANDS]
    for a, b in [*pairs(songs), *named]:
        low, high = sorted((root(a), root(b)))
        first[high] = low
    return [root(i) for i in range(len(songs))]


SOURCES = ("pop909", "openewld", "lieder", "hymns", "fiddle", "loops", "groove", "freedoom", "simutrans", "billboard")
EARLIER = ("pop909", "openewld", "lieder")
"""Sources that earlier weights were trained on: where copies disagree, theirs decide."""


def assign_splits(songs: Sequence[Song], own: Mapping[str, str]) -> dict[str, str]:
    """Return fingerprint → split of those songs whose split is not the hash's.

    `own` has the splits of songs, by title, that come with one. A group of copies goes the way of its songs of
    earlier sources; if these went several ways it goes to train, unless all were held out, then to test. A group
    without such songs goes the way of its first.
    """
    members: dict[int, list[Song]] = defaultdict(list)
    for song, group in zip(songs, groups(songs), strict=True):
        members[group].append(song)
    told: dict[str, str] = {}
    ranked = ranked_splits([copies for copies in members.values() if copies[0].source in BANDS])
    for copies in members.values():
        earlier = {s.by_title for s in copies if s.source in EARLIER} or {copies[0].by_title}
        together = earlier.pop() if len(earlier) == 1 else "train" if "train" in earlier else "test"
        for song in copies:
            split = own.get(song.title, together) if song.source == "groove" else ranked.get(song.id, together)
            if split != song.by_title:
                told[fingerprint(song)] = split
    return told


def ranked_splits(groups: Sequence[Sequence[Song]]) -> dict[str, str]:
    """Return the split of each song, by id, of sets that are divided by rank; a group counts for its first song's set."""
    told: dict[str, str] = {}
    for source in BANDS:
        here = [group for group in groups if group[0].source == source]
        here.sort(key=lambda group: min(fingerprint(song) for song in group))
        whole, before = sum(map(len, here)), 0
        for group in here:
            share = (before + len(group) / 2) / whole
            split = "test" if share < HELD_OUT else "validation" if share < 2 * HELD_OUT else "train"
            told |= {song.id: split for song in group}
            before += len(group)
    return told


def table(songs: Sequence[Song], told: Mapping[str, str]) -> str:
    """Return how many songs of each source are in each split, and how many were moved there."""
    lines = []
    for source in SOURCES:
        here = [s for s in songs if s.source == source]
        counts = Counter(told.get(fingerprint(s), s.by_title) for s in here)
        moved = sum(fingerprint(s) in told for s in here)
        lines.append(
            f"{source:9}" + "".join(f"{n:>12} {counts[n]:5}" for n in LETTERS.values()) + f"   moved {moved:4}"
        )
    return "\n".join(lines)


def main() -> None:
    """Parse the command line, settle the splits and print them."""
    parser = argparse.ArgumentParser(prog="python -m model.training.corpus.splits", description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=SPLITS_FILE)
    options = parser.parse_args()
    data = data_folder(options.data)
    songs = list(load(data, SOURCES))
    told = assign_splits(songs, groove.splits(data / "groove"))
    letters = {split: letter for letter, split in LETTERS.items()}
    lines = [f"{name}\t{letters[split]}\n" for name, split in sorted(told.items())]
    options.out.write_text("".join(lines), encoding="ascii")
    sys.stdout.write(table(songs, told) + "\n")


if __name__ == "__main__":
    main()
