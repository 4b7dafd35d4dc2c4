"""`python -m model.training.evaluate`: bits a note on held-out whole songs, per field, beside the best n-gram.

The shipped weights (or --weights FILE) are read as the engine reads them. Songs are cut into windows of the
context that overlap by half; of every window but the first only the second half counts. Intervals are 95 %
bootstrap intervals over songs.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from model import weights
from model.decoder import Decoder, Shape
from model.header import unsaid
from model.language import FIRST_NOTE, Event, Rows
from model.training.baselines import NGram, in_c, symbols
from model.training.fields import scored
from model.training.store import Store
from model.training.windows import DROPPABLE

FIELDS = ("event", "symbol", "value", "velocity", "offset")
Bits = npt.NDArray[np.float64]


def decoder(path: Path) -> Decoder:
    """Return the torch decoder with weights as shipped (eight bits and all)."""
    arrays, shape = weights.load(path)
    model = Decoder(Shape(**shape))
    model.load_state_dict({n: torch.from_numpy(a) for n, a in arrays.items()})
    return model.eval()


def song_bits(model: Decoder, header: Rows, rows: Rows, text: npt.NDArray[np.floating] | None) -> Bits:
    """Return the bits spent on each field of a whole song, `(5,)`."""
    room = model.shape.context - len(header)
    total = np.zeros(5)
    said = torch.tensor([text is not None])
    vector = torch.zeros(1, model.shape.text) if text is None else torch.from_numpy(np.float32(text))[None]
    at, fresh = 0, 0
    while fresh < len(rows):
        window = np.concatenate([header, rows[at : at + room]]).astype(np.int64)
        table = torch.from_numpy(window)[None]
        ours = scored(window[1:].astype(np.int16))
        ours[: len(header) - 1 + fresh - at] = False
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            h = model.backbone(vector, said, table[:, :-1])
            for i, logits in enumerate(model.fields(h, table[:, 1:])):
                spent = F.cross_entropy(logits[0].float(), table[0, 1:, i], reduction="none").numpy()
                total[i] += spent[ours[:, i]].sum() / math.log(2)
        fresh = min(len(rows), at + room)
        at += room // 2
    return total


def interval(bits: Bits, notes: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Return a 95 % bootstrap interval over songs of bits a note; `bits` is `(songs, 5)`."""
    rng = np.random.default_rng(0)
    picks = rng.integers(len(notes), size=(1000, len(notes)))
    means = bits.sum(1)[picks].sum(1) / notes[picks].sum(1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(prog="python -m model.training.evaluate", description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("runs/store.npz"))
    parser.add_argument("--weights", type=Path, default=weights.FOLDER / "decoder.safetensors")
    parser.add_argument("--source", default="pop909")
    parser.add_argument("--split", default="test")
    parser.add_argument("--orders", type=int, default=6, help="longest n-gram; 0 leaves the baseline out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    store = Store.load(options.store)
    held = [int(i) for i in store.songs(options.split, options.source)]
    songs = {i: _told_nothing(store.song(i)) for i in held}
    notes = np.array([(songs[i][:, 0] >= FIRST_NOTE).sum() for i in held])
    model = decoder(options.weights)

    def key_given(i: int) -> Bits:
        return song_bits(model, unsaid(store.headers[i], *DROPPABLE), songs[i], None)

    def plan_given(i: int) -> Bits:
        return song_bits(model, store.headers[i], songs[i], store.text[store.text_at[i]])

    results = {
        "decoder, key given": _all(key_given, held),
        "decoder, plan and text given": _all(plan_given, held),
    }
    if options.orders:
        results |= _baselines(store, options.source, held, songs, options.orders)
    rows = []
    for name, bits in results.items():
        low, high = interval(bits, notes)
        fields = {f: float(bits[:, k].sum() / notes.sum()) for k, f in enumerate(FIELDS)}
        rows.append(
            {"what": name, "bits_a_note": float(bits.sum() / notes.sum()), "low": low, "high": high, **fields}
        )
    print(
        json.dumps(rows)
        if options.json
        else _table(rows, f"{options.source} {options.split}", len(held), int(notes.sum()))
    )


def _told_nothing(rows: Rows) -> Rows:
    rows = rows.copy()
    rows[rows[:, 0] == Event.BAR, 1:] = 0
    return rows


def _all(measure: Callable[[int], Bits], held: list[int]) -> Bits:
    return np.stack([measure(i) for i in held])


def _baselines(
    store: Store, source: str, held: list[int], songs: dict[int, Rows], longest: int
) -> dict[str, Bits]:
    ngram = NGram(longest)
    train = [int(i) for i in store.songs("train", source)]
    ngram.learn(symbols(in_c(_told_nothing(store.song(i)), store.headers[i]))[0] for i in train)
    sequences = [symbols(in_c(songs[i], store.headers[i])) for i in held]
    return {
        f"n-gram, order {order}": np.array([ngram.bits(s, f, order) for s, f in sequences])
        for order in range(2, longest + 1)
    }


def _table(rows: list[dict[str, object]], what: str, songs: int, notes: int) -> str:
    lines = [f"{what}: {songs} songs, {notes} notes; bits a note", ""]
    lines += ["| | all | 95 % | " + " | ".join(FIELDS) + " |", "|---|---|---|" + "---|" * len(FIELDS)]
    for r in rows:
        fields = " | ".join(f"{r[f]:.2f}" for f in FIELDS)
        lines.append(f"| {r['what']} | {r['bits_a_note']:.2f} | {r['low']:.2f}..{r['high']:.2f} | {fields} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
