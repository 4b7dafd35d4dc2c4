"""`python -m model.training.evaluation.infilling`: bits per note of two inner bars, with and without the bars that follow.

The two bars of every held-out song have the same bars before them both times. A decoder that can fill in needs fewer bits when it
has read the bars that follow.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from model import weights
from model.decoder.conditioning import DROPPABLE_CONDITIONS, without_conditions
from model.decoder.tokenizer import FIRST_NOTE, Event, Rows
from model.decoder.transformer import Decoder
from model.training.dataset.store import Store
from model.training.dataset.windows import infilling_rows
from model.training.evaluation.bits import (
    ConditionedSong,
    Interval,
    RowWindow,
    cut_bits,
    decoder,
    interval,
    lines_unsaid,
)

BARS = 2
"""Bars that are paid for."""
BEFORE, BEHIND = 4, 2
"""Bars that a place must have before and behind it."""


@dataclass(frozen=True, slots=True)
class InfillingCost:
    """Bits a note of the bars between, without and with the bars that follow; `less` is what these save of them."""

    clips: int
    notes: int
    without: float
    given: float
    less: float
    less_interval: Interval


def places(store: Store, source: str, split: str, count: int) -> list[tuple[int, int]]:
    """Return (song, bar behind the place) for so many songs, or as many as there are, drawn once and for all."""
    rng = np.random.default_rng(0)
    found = []
    for song in rng.permutation(store.songs(split, source)):
        bars = np.flatnonzero(store.song(int(song))[:, 0] == Event.BAR)
        if len(bars) >= BEFORE + BARS + BEHIND:
            bar = int(rng.integers(BEFORE + BARS, len(bars) - BEHIND + 1))
            rows = store.song(int(song))[bars[bar - BARS] : bars[bar]]
            if (rows[:, 0] >= FIRST_NOTE).any():
                found.append((int(song), bar))
    return found[:count]


def cuts(rows: Rows, header: Rows, bar: int, room: int, number: int) -> tuple[RowWindow, RowWindow]:
    """Return the rows up to a bar line with what follows shown first, and without; its last bars are paid for."""
    shown = infilling_rows(rows, bar, room - len(header))
    start = int(np.flatnonzero((shown[:, 0] == Event.AFTER) & (shown[:, 1] > 0))[0]) + 1
    lines = np.flatnonzero(shown[start:, 0] == Event.BAR) + start
    fresh = int(lines[-BARS])
    return (
        RowWindow(number, np.concatenate([header, shown]), len(header) - 1 + fresh),
        RowWindow(number, np.concatenate([header, shown[start:]]), len(header) - 1 + fresh - start),
    )


def compare(store: Store, source: str, split: str, count: int, model: Decoder) -> InfillingCost:
    """Return what the bars between cost. Raises ValueError where no song has such bars."""
    asked = places(store, source, split, count)
    if not asked:
        raise ValueError(f"{source} has no song of {BEFORE + BARS + BEHIND} bars in {split}")
    songs, given, without, notes = [], [], [], []
    for number, (song, bar) in enumerate(asked):
        rows, header = (
            lines_unsaid(store.song(song)),
            without_conditions(store.headers[song], *DROPPABLE_CONDITIONS),
        )
        one, other = cuts(rows, header, bar, model.shape.context, number)
        songs.append(ConditionedSong(header, rows))
        given.append(one)
        without.append(other)
        notes.append(int((one.rows[one.known + 1 :, 0] >= FIRST_NOTE).sum()))
    count_of = np.array(notes)
    shown, alone = cut_bits(model, songs, given), cut_bits(model, songs, without)
    whole = float(count_of.sum())
    return InfillingCost(
        len(asked),
        int(whole),
        float(alone.sum() / whole),
        float(shown.sum() / whole),
        float((alone - shown).sum() / whole),
        interval(alone - shown, count_of),
    )


def main() -> None:
    """Parse the command line and print a line for each set."""
    parser = argparse.ArgumentParser(prog="python -m model.training.evaluation.infilling", description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("runs/store.npz"))
    parser.add_argument("--weights", type=Path, default=weights.FOLDER / "decoder.safetensors")
    parser.add_argument("--sources", default="pop909,lieder,groove")
    parser.add_argument("--split", default="test")
    parser.add_argument("--clips", type=int, default=100, help="clips of each set at most")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    store, model = Store.load(options.store), decoder(options.weights)
    for source in options.sources.split(","):
        found = compare(store, source, options.split, options.clips, model)
        print(json.dumps({"set": source} | asdict(found)), flush=True)


if __name__ == "__main__":
    main()
