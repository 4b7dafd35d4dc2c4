"""`python -m model.training.evaluate`: bits a note on held-out whole songs, a table for each set.

The shipped weights (or --weights FILE) are read as the engine reads them, and are told nothing, the key, the plan,
the plan and the text, or the plan and another song's text. Beside them the best n-gram of --orders, which learns
the training songs of the same set and gets the key, and with --tokens DIR the token model of that training. Notes
of drums are hits. `--midi DIR` measures .mid files instead, as `model.training.measures` does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from model import weights
from model.decoder.conditioning import DROPPABLE_CONDITIONS, without_conditions
from model.decoder.tokenizer import FIRST_NOTE, Event
from model.decoder.transformer import Decoder
from model.training.dataset.store import SOURCES, Store
from model.training.evaluation.baselines import in_c, ngram_bits, symbols
from model.training.evaluation.bits import (
    Bits,
    ConditionedSong,
    Interval,
    decoder,
    decoder_bits,
    interval,
    lines_unsaid,
    saved,
)
from model.training.evaluation.tokens import load, token_bits
from model.training.measures import clips, report

FIELD_NAMES = ("event", "symbol", "value", "velocity", "offset")
CONDITIONS = ("nothing told", "key given", "plan given", "plan and text given", "text of another song")
COMPARED = "key given"
"""What the baselines are told too."""


@dataclass(frozen=True, slots=True)
class Line:
    """Bits a note of one model: all, its interval, each field, and how far it lies above the decoder given the key."""

    what: str
    bits_a_note: float
    interval: Interval
    fields: dict[str, float]
    above: float
    above_interval: Interval


@dataclass(frozen=True, slots=True)
class Table:
    """A set's lines. `saved` is the share of a baseline's bits that the decoder given the key saves, by baseline."""

    source: str
    split: str
    songs: int
    notes: int
    lines: tuple[Line, ...]
    saved: dict[str, tuple[float, Interval]]


def told(store: Store, held: Sequence[int], condition: str) -> list[ConditionedSong]:
    """Return songs with what a condition of `CONDITIONS` tells of them."""
    songs = []
    for k, i in enumerate(held):
        header, text = store.headers[i], None
        if condition == "nothing told":
            header = without_conditions(header, *DROPPABLE_CONDITIONS, Event.KEY, Event.PARTS)
        elif condition == "key given":
            header = without_conditions(header, *DROPPABLE_CONDITIONS)
        elif condition != "plan given":
            whose = i if condition == "plan and text given" else held[(k + 1) % len(held)]
            text = store.text[store.text_at[whose]]
        songs.append(ConditionedSong(header, lines_unsaid(store.song(i)), text))
    return songs


def compare(
    store: Store,
    source: str,
    split: str,
    model: Decoder,
    *,
    songs: int = 0,
    orders: int = 0,
    rival: Callable[[Sequence[ConditionedSong]], Bits] | None = None,
) -> Table:
    """Return the table of a set, over `songs` of it drawn once and for all, or all if that is 0.

    Raises ValueError if the set has no songs in this split.
    """
    held = [int(i) for i in np.random.default_rng(0).permutation(store.songs(split, source))]
    held = held[:songs] if songs else held
    if not held:
        raise ValueError(f"a set has songs in its split, but {source} none in {split}")
    notes = np.array([(store.song(i)[:, 0] >= FIRST_NOTE).sum() for i in held])
    found = {f"decoder, {c}": decoder_bits(model, told(store, held, c)) for c in CONDITIONS}
    ours, floors = found[f"decoder, {COMPARED}"], {}
    if rival is not None:
        floors["token model, key given"] = rival(told(store, held, COMPARED))
    if orders:
        by_order = ngram_bits(
            (_line(store, int(i))[0] for i in store.songs("train", source)),
            [_line(store, i) for i in held],
            orders,
        )
        best = int(by_order.sum((1, 2)).argmin())
        floors[f"n-gram, best of {orders}: {best} before"] = by_order[best]
    return Table(
        source,
        split,
        len(held),
        int(notes.sum()),
        tuple(_measured(name, bits, ours, notes) for name, bits in {**found, **floors}.items()),
        {name: saved(ours, bits) for name, bits in floors.items()},
    )


def _line(store: Store, song: int) -> tuple[list[int], list[int]]:
    return symbols(in_c(lines_unsaid(store.song(song)), store.headers[song]))


def _measured(what: str, bits: Bits, ours: Bits, notes: npt.NDArray[np.int64]) -> Line:
    whole = notes.sum()
    return Line(
        what,
        float(bits.sum() / whole),
        interval(bits, notes),
        {f: float(bits[:, k].sum() / whole) for k, f in enumerate(FIELD_NAMES)},
        float((bits - ours).sum() / whole),
        interval(bits - ours, notes),
    )


def text(table: Table) -> str:
    """Return a table in Markdown."""
    lines = [
        f"### {table.source}, {table.split}: {table.songs} songs, {table.notes:,} notes",
        "",
        "| bits a note | all | 95 % | above key given (95 %) | " + " | ".join(FIELD_NAMES) + " |",
        "|---|---|---|---|" + "---|" * len(FIELD_NAMES),
    ]
    for r in table.lines:
        (low, high), (under, over) = r.interval, r.above_interval
        fields = " | ".join(f"{v:.2f}" for v in r.fields.values())
        lines.append(
            f"| {r.what} | {r.bits_a_note:.2f} | {low:.2f} to {high:.2f} "
            f"| {r.above:+.3f} ({under:+.3f} to {over:+.3f}) | {fields} |"
        )
    for name, (share, (low, high)) in table.saved.items():
        lines += ["", f"Given the key: {share:.1%} ({low:.1%} to {high:.1%}) under the {name}."]
    return "\n".join([*lines, ""])


def main() -> None:
    """Parse the command line and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m model.training.evaluate", description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("runs/store.npz"))
    parser.add_argument("--weights", type=Path, default=weights.FOLDER / "decoder.safetensors")
    parser.add_argument("--sources", default="pop909,lieder,fiddle,groove,loops,grammar")
    parser.add_argument("--split", default="test")
    parser.add_argument("--songs", type=int, default=100, help="songs of each set at most; 0 for all")
    parser.add_argument("--orders", type=int, default=9, help="n-grams tried; 0 leaves the baseline out")
    parser.add_argument("--tokens", type=Path, help="the folder of a training of model.training.evaluation.tokens")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--midi", type=Path, help="measure the .mid files of this folder instead")
    parser.add_argument("--human", type=Path, help="with --midi: songs beside them (see model.training.measures)")
    parser.add_argument("--pieces", type=Path, help="with --midi: pieces by grammars (see model.training.measures)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.midi:
        given = report.MeasureInput(
            ours=clips.folder(options.midi),
            songs=clips.load(options.human) if options.human else [],
            pieces=clips.load(options.pieces) if options.pieces else [],
        )
        found = report.measured(given, list(report.MEASURES))
        print(json.dumps(report.plain(found)) if options.json else report.text(found))
        return
    sources = options.sources.split(",")
    if unknown := set(sources) - set(SOURCES):
        parser.error(f"a source is one of {' '.join(SOURCES)}, not {min(unknown)}")
    torch.set_num_threads(options.threads)
    store, model = Store.load(options.store), decoder(options.weights)
    rival = load(options.tokens) if options.tokens else None
    tables = []
    for source in sources:
        if not len(store.songs(options.split, source)):
            print(f"{source} has no songs in {options.split}", file=sys.stderr)
            continue
        table = compare(
            store, source, options.split, model, songs=options.songs, orders=options.orders,
            rival=(lambda songs: token_bits(rival, songs)) if rival else None,
        )  # fmt: skip
        tables.append(table)
        if not options.json:
            print(text(table), flush=True)
    if options.json:
        print(json.dumps([asdict(t) for t in tables]))


if __name__ == "__main__":
    main()
