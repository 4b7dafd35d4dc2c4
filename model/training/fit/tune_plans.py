"""`python -m model.training.fit.tune_plans --store FILE`: how people's tunes return → model/generation/material/tune_plans.tsv.

Of each song 32 bars from its middle on, of training songs alone. A bar is `-` where the tune rests, `l` with one note, `n` where it
is new, or `s` `r` `v` `a` (the first letters of `LABELS`) with how many bars back what returns lies; no notes are kept
(`model.generation.material.examples.tune_plan`).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from model.analysis.form_labels import with_labels
from model.decoder.conditioning import HEADER
from model.decoder.tokenizer import EMPTY_BAR_LINE, FIRST_NOTE, METER, Event, Rows, decode
from model.generation.material.examples import TUNE_PLAN_BARS, TUNE_PLANS
from model.music.notes import METERS, Beat
from model.training.dataset.store import Store

SOURCES = {"pop": ("pop909", 150), "songs": ("openewld", 75), "reels": ("fiddle", 75)}
"""Of each group the songs whose tunes its styles are held against, and how many plans."""
MOST_RESTS, RESTS_AT_FIRST = 8, 1
"""In so many bars of a plan, and of its first eight, the tune rests at most: what is between two verses is no plan of a tune."""


def tune_plan(beats: Sequence[Beat]) -> tuple[str, ...]:
    """Return what each bar of a tune is."""
    bars: list[list[int]] = []
    for beat in beats:
        if beat.beat == 0:
            bars.append([])
        bars[-1] += (n.start for n in beat.notes if n.part == "melody")
    told = []
    for onsets, line in zip(bars, with_labels(beats, [EMPTY_BAR_LINE] * len(bars)), strict=True):
        if line.melody is None:
            told.append("l" if onsets else "-")
        else:
            told.append(line.melody[0] + (str(line.source) if line.melody != "new" else ""))
    return tuple(told)


def of_song(store: Store, number: int) -> tuple[str, ...] | None:
    """Return the plan of a song; None where it is short, or does not sing from its first bar on."""
    rows: Rows = store.song(number)
    rows = rows[(rows[:, 0] != Event.FORM) & (rows[:, 0] != Event.EOS)].copy()
    meter = int(store.headers[number][HEADER.index(Event.METER), 1])
    count = int((rows[:, 0] == Event.BAR).sum())
    if not meter or count < TUNE_PLAN_BARS:
        return None
    first = min(count // 2 // 4 * 4, (count - TUNE_PLAN_BARS) // 4 * 4)
    rows[(rows[:, 0] >= FIRST_NOTE) & (rows[:, 3] == 0), 3] = 1
    beats = [b for b in decode(rows, [METERS[meter - METER]] * count) if first <= b.bar < first + TUNE_PLAN_BARS]
    told = tune_plan(beats)
    sings = told[0] not in ("-", "l") and told.count("-") <= MOST_RESTS and told[:8].count("-") <= RESTS_AT_FIRST
    return told if sings and len(told) == TUNE_PLAN_BARS else None


def collected(store: Store) -> Iterator[str]:
    """Yield the lines of the file."""
    for group, (source, count) in SOURCES.items():
        songs = [int(i) for i in store.songs("train", source)]
        random.Random(source).shuffle(songs)
        found = [plan for plan in (of_song(store, number) for number in songs) if plan is not None]
        for plan in sorted(found[:count]):
            yield f"{group}\t{' '.join(plan)}"


def main() -> None:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(prog="python -m model.training.fit.tune_plans", description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=TUNE_PLANS)
    options = parser.parse_args()
    lines = list(collected(Store.load(options.store)))
    options.out.write_text(
        "\n".join(["# How people's tunes return: model/training/fit/tune_plans.py", *lines, ""]), encoding="utf-8"
    )
    print(f"{len(lines)} plans")


if __name__ == "__main__":
    main()
