"""`python -m model.training.corpus.splits --data DIR`: who is held out, settled once and kept in splits.tsv.

A song's split is the hash of its source and title (`Song.split`) unless that file says otherwise. It does for
copies of one tune, which all go one way, and for the grooves, whose own division keeps drummers' sessions apart. A
line has the start of the hash of "source/id" and t, v or e: train, validation or test (e as in evaluation).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from model.training.corpus import groove
from model.training.corpus.duplicates import groups
from model.training.corpus.song import LETTERS, SPLITS_FILE, Song, fingerprint
from model.training.corpus.sources import data_folder, load

SOURCES = ("pop909", "openewld", "lieder", "hymns", "fiddle", "loops", "groove")
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
    for copies in members.values():
        earlier = {s.by_title for s in copies if s.source in EARLIER} or {copies[0].by_title}
        together = earlier.pop() if len(earlier) == 1 else "train" if "train" in earlier else "test"
        for song in copies:
            split = own.get(song.title, together) if song.source == "groove" else together
            if split != song.by_title:
                told[fingerprint(song)] = split
    return told


def table(songs: Sequence[Song], told: Mapping[str, str]) -> str:
    """Return how many songs of each source are in each split, and how many were moved there."""
    lines = []
    for source in SOURCES:
        here = [s for s in songs if s.source == source]
        counts = Counter(told.get(fingerprint(s), s.by_title) for s in here)
        moved = sum(fingerprint(s) in told for s in here)
        lines.append(
            f"{source:9}"
            + "".join(f"{n:>12} {counts[n]:5}" for n in LETTERS.values())
            + f"   moved {moved:4}"
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
