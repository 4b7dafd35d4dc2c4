"""`python -m model.training.fit.examples --store FILE`: the songbook's training pieces → model/weights/examples.npz.

Of each piece the eight bars, from the beginning of a section or of its half on, in which most parts play; of shorter pieces four.
Behind all of these the other section of each piece that has one: bars of a section that is none of these nor made from them
(`model.generation.material.examples`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.analysis.form_labels import with_labels
from model.decoder.conditioning import HEADER
from model.decoder.tokenizer import (
    EMPTY_BAR_LINE,
    FIRST_NOTE,
    GRID,
    KEY,
    LEVEL,
    LEVELS,
    METER,
    PART_ORDER,
    PHRASE,
    STYLE,
    TEMPO,
    Event,
    Rows,
    decode,
)
from model.generation.material.examples import FILE, PULSES
from model.music.notes import LABELS, METERS, beats_in_bar
from model.songbook.piece import Piece
from model.songbook.reader import read_file
from model.songbook.tables import PIECES
from model.training.dataset.store import Store

LENGTHS = (8, 4)
KICKS, BACKBEATS = frozenset({35, 36}), frozenset({37, 38, 39, 40})
FOUR_SHARE = 0.8
"""With a kick on more than this share of beats drums count four to the floor."""
MAX_ROWS = 900
STARTS = (PHRASE, PHRASE + 4, PHRASE + 8)
"""What the bar line of a first bar tells: its place in the section."""


def example(song: Rows, within: Callable[[int, int], bool] = lambda first, last: True) -> tuple[Rows, int]:
    """Return the rows of the example of a piece and its first bar; none where it is too short. It lies in bars that `within` allows."""
    song = song[(song[:, 0] != Event.FORM) & (song[:, 0] != Event.EOS)]
    edges = [*np.flatnonzero(song[:, 0] == Event.BAR), len(song)]
    best, most, begins = np.zeros((0, 5), song.dtype), 0, 0
    for length in LENGTHS:
        for bar, (first, last) in enumerate(zip(edges, edges[length:], strict=False)):
            if (
                song[first, 3] in STARTS
                and last - first <= MAX_ROWS
                and within(bar, bar + length)
                and (playing := parts_in_bars(song[first:last])) > most
            ):
                best, most, begins = with_chord(song, first, last), playing, bar
        if len(best):
            break
    best = best.copy()
    best[best[:, 0] == Event.BAR, 1:] = 0
    return best, begins


def other_section(song: Rows, piece: Piece, first: int, last: int) -> tuple[Rows, int]:
    """Return the rows of a section of a piece that is none of some bars of it nor made from them, and how much higher it lies.

    Introductions, breaks and endings are none. -1, 0 or 1: a chorus lies higher than a verse, else what has more notes and level.
    """
    bars = [
        (_root(piece, name), piece.sections[name])
        for name in piece.header.form
        for _ in range(piece.sections[name].bars)
    ]
    here = {root for root, _ in bars[first:last]}

    def within(begin: int, end: int) -> bool:
        return all(root not in here and section.kind not in NO_MATERIAL for root, section in bars[begin:end])

    rows, begins = example(song, within)
    if not len(rows):
        return rows, 0
    told = [HEIGHTS.get(bars[at][1].kind, 0) for at in (begins, first)]
    levels = [bars[at][1].level for at in (begins, first)]
    return rows, int(np.sign(told[0] - told[1]) or np.sign(levels[0] - levels[1]))


def _root(piece: Piece, name: str) -> str:
    """Return the section that one is made from, by all its steps."""
    while (base := piece.sections[name].base) is not None:
        name = base
    return name


NO_MATERIAL = frozenset({"intro", "outro", "break", "interlude", "fill", "build"})
HEIGHTS = {"verse": -1, "bridge": 0, "prechorus": 0, "chorus": 1, "drop": 1}
"""How high sections of a kind lie among those of a piece; others in the middle."""


def parts_in_bars(rows: Rows) -> int:
    """Return in how many bars each part plays, summed over the parts."""
    bar = np.cumsum(rows[:, 0] == Event.BAR)
    notes = rows[:, 0] >= FIRST_NOTE
    return len(np.unique(np.stack([bar[notes], (rows[notes, 0] - FIRST_NOTE) // GRID]), axis=1).T)


def bars_played(rows: Rows) -> list[int]:
    """Return in how many bars each part of `PART_ORDER` plays."""
    bar = np.cumsum(rows[:, 0] == Event.BAR)
    part = (rows[:, 0] - FIRST_NOTE) // GRID
    return [len(np.unique(bar[(rows[:, 0] >= FIRST_NOTE) & (part == i)])) for i in range(len(PART_ORDER))]


def melody_labels(rows: Rows, meter: str) -> list[tuple[int, int]]:
    """Return of each of eight bars how its melody relates to earlier ones: a number of `LABELS` and how many bars back; −1 rests."""
    bars = int((rows[:, 0] == Event.BAR).sum())
    lines = with_labels(decode(rows, [meter] * bars), [EMPTY_BAR_LINE] * bars)
    sung = [
        (LABELS.index(line.melody), line.source if line.melody != "new" else 0) if line.melody else (-1, 0)
        for line in lines
    ]
    return (sung + [(-1, 0)] * max(LENGTHS))[: max(LENGTHS)]


def pulse(rows: Rows, meter: str) -> str:
    """Return how the drums of rows of a metre count, of `PULSES`."""
    beats = beats_in_bar(meter)
    drums = [
        [n for n in b.notes if n.part == "drums"] for b in decode(rows, [meter] * int((rows[:, 0] == Event.BAR).sum()))
    ]
    if not any(drums):
        return ""

    def share(beat: int, pitches: frozenset[int]) -> float:
        struck = [any(n.start == 0 and n.pitch in pitches for n in notes) for notes in drums[beat::beats]]
        return sum(struck) / len(struck)

    if sum(share(b, KICKS) for b in range(beats)) / beats > FOUR_SHARE:
        return "four"
    backbeats = [share(b, BACKBEATS) for b in range(beats)]
    return "half" if beats == 4 and backbeats[2] > 0.5 > (backbeats[1] + backbeats[3]) / 2 else "back"


def with_chord(song: Rows, first: int, last: int) -> Rows:
    """Return rows of a song from a bar line on, the chord that is held over this line written after it."""
    held = np.flatnonzero(song[:first, 0] == Event.CHORD)
    rows = song[first:last]
    if len(held) and rows[1, 0] != Event.CHORD:
        rows = np.concatenate([rows[:1], song[held[-1:]], rows[1:]])
    return rows


def collect(store: Store) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of the file from the songbook's training pieces in a store."""
    files = {file.stem: file for file in PIECES.rglob("*.txt")}
    found, told, others = list[Rows](), [], list[tuple[Rows, int, int]]()
    for i in store.songs("train", "songbook"):
        rows, first = example(store.song(int(i)))
        if len(rows):
            last = first + int((rows[:, 0] == Event.BAR).sum())
            piece = read_file(files[str(store.ids[i]).rpartition("/")[2]])
            other, higher = other_section(store.song(int(i)), piece, first, last)
            if len(other):
                others.append((other, len(found), higher))
            found.append(rows)
            told.append(store.headers[i][:, 1].astype(int))
    count = len(found)
    found += [rows for rows, _, _ in others]
    told += [told[of] for _, of, _ in others]
    meters = [METERS[int(t[HEADER.index(Event.METER)]) - METER] for t in told]
    columns = np.array(told)
    other_of = np.full(count, -1)
    other_of[[of for _, of, _ in others]] = np.arange(count, len(found))

    def column(event: Event) -> npt.NDArray[np.int64]:
        return np.asarray(columns[:, HEADER.index(event)], np.int64)

    return {
        "rows": np.concatenate(found),
        "bars": np.array([int((rows[:, 0] == Event.BAR).sum()) for rows in found]),
        "playing": np.array([bars_played(rows) for rows in found]),
        "melody": np.array([melody_labels(rows, meter) for rows, meter in zip(found, meters, strict=True)]),
        "pulse": np.array([PULSES.index(pulse(rows, meter)) for rows, meter in zip(found, meters, strict=True)]),
        "other": other_of,
        "higher": np.array([higher for _, _, higher in others]),
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
    print(f"{len(arrays['other'])} examples, {len(arrays['higher'])} other sections, {len(arrays['rows'])} rows")


if __name__ == "__main__":
    main()
