"""`python -m model.training.fit.examples --store FILE`: the songbook's training pieces → model/weights/examples.npz.

Of each piece the four bars, from the beginning of a section on, in which most parts play: drums, percussion, bass and
accompaniment, without the melody (`model.generation.examples`).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.decoder.conditioning import HEADER
from model.decoder.tokenizer import (
    FIRST_NOTE,
    GRID,
    KEY,
    LEVEL,
    LEVELS,
    METER,
    NOW,
    PART_ORDER,
    PHRASE,
    STYLE,
    TEMPO,
    Event,
    Rows,
)
from model.generation.examples import FILE
from model.music.notes import METERS
from model.training.dataset.store import Store
from model.training.dataset.windows import without_parts

BARS, MAX_ROWS = 4, 220
PARTS = frozenset(PART_ORDER) - {"melody"}


def example(song: Rows) -> Rows:
    """Return the rows of the example of a piece; none where it is too short."""
    lines = np.flatnonzero(song[:, 0] == Event.BAR)
    edges = [*lines, len(song)]
    best, most = np.zeros((0, 5), song.dtype), 0
    for i, line in enumerate(lines[: max(0, len(lines) - BARS + 1)]):
        if song[line, 3] not in (PHRASE, PHRASE + BARS, PHRASE + 2 * BARS):
            continue
        rows = without_parts(song[line : edges[i + BARS]], PARTS)
        rows = rows[(rows[:, 0] != Event.FORM) & (rows[:, 0] != Event.EOS)]
        playing = len(np.unique((rows[rows[:, 0] >= FIRST_NOTE, 0] - FIRST_NOTE) // GRID))
        if playing > most and len(rows) <= MAX_ROWS:
            best, most = rows, playing
    best = best.copy()
    best[best[:, 0] == Event.BAR, 1:] = 0
    return best


def collect(store: Store) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of the file from the songbook's training pieces in a store."""
    mark = np.zeros((2, 5), np.int16)
    mark[:, 0], mark[1, 1] = Event.EXAMPLE, NOW
    found, told = [], []
    for i in store.songs("train", "songbook"):
        rows, header = example(store.song(int(i))), store.headers[i]
        if len(rows):
            found.append(np.concatenate([mark[:1], rows, mark[1:]]))
            told.append(header[:, 1].astype(int))
    columns = np.array(told)

    def column(event: Event) -> npt.NDArray[np.int64]:
        return np.asarray(columns[:, HEADER.index(event)], np.int64)

    return {
        "rows": np.concatenate(found),
        "at": np.cumsum([0, *map(len, found)]),
        "style": column(Event.STYLE) - STYLE,
        "key": column(Event.KEY) - KEY,
        "meter": np.array([METERS[m] for m in column(Event.METER) - METER]),
        "tempo": 45 * 2 ** ((column(Event.TEMPO) - TEMPO) / 12),
        "energy": (column(Event.ENERGY) - LEVEL + 0.5) / LEVELS,
    }


def main() -> None:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(prog="python -m model.training.fit.examples", description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    arrays = collect(Store.load(options.store))
    with options.out.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    print(f"{len(arrays['style'])} examples, {len(arrays['rows'])} rows")


if __name__ == "__main__":
    main()
