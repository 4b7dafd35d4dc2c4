"""`python -m model.training.train --store FILE… --minutes M --out DIR`: the store → weights.

Resumable, see `model.training.fit.training_loop`; the learning rate falls to nothing over the minutes given, so choose them before
beginning. `--from FILE` begins with the weights of another training: what has grown since keeps its fresh values.
`--device cuda` trains on an accelerator, its windows drawn by `--workers` processes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from model.decoder.transformer import Decoder, Shape, losses
from model.training.dataset import archive
from model.training.dataset.feeding import batches
from model.training.dataset.store import Store, joined
from model.training.dataset.windows import SHARES, Batch, Windows
from model.training.evaluation.bits import count_notes, decoder_bits, openings
from model.training.fit.training_loop import TrainingConfig, TrainingLoop, computes_in_bfloat16
from model.weights import load, save

WATCHED = ("songbook", "pop909", "freedoom", "groove")
"""The sources whose validation songs make the curve."""


def train(
    store: Store,
    config: TrainingConfig,
    shape: Shape,
    *,
    dropout: float,
    before: Path | None = None,
    shares: Mapping[str, float] | None = None,
    workers: int = 0,
) -> Decoder:
    """Train a decoder on a course; return it, its weights in the course's folder."""
    torch.manual_seed(0)
    model = Decoder(shape, dropout).to(config.device)
    if before is not None:
        take_up(model, before)
    training = TrainingLoop(model, config)
    size = sum(p.numel() for p in model.parameters()) / 1e6
    print(f"{size:.2f} M parameters, from step {training.step}", flush=True)
    watched = {source: openings(store, source, shape.context) for source in WATCHED}
    watched = {source: songs for source, songs in watched.items() if songs}
    # on a processor compiling takes longer than it saves (docs/log.md)
    spent = losses if config.device == "cpu" else torch.compile(losses)

    def curve() -> dict[str, float]:
        bits = {s: decoder_bits(model, songs).sum() / count_notes(songs) for s, songs in watched.items()}
        return {source: round(float(found), 3) for source, found in bits.items()}

    with batches(
        lambda seed: Windows(store, shape.context, seed, shares),
        lambda windows: windows.batch(config.batch),
        training.step,
        workers,
    ) as drawn:

        def loss() -> Tensor:
            text, said, rows = placed(drawn, config.device)
            with torch.autocast(config.device, torch.bfloat16, enabled=computes_in_bfloat16(config.device)):
                total, counts = spent(model, text, said, rows)
            return torch.as_tensor(total.sum() / counts[0])

        training.run(loss, curve, config.batch * shape.context / 1e6)
    arrays = {n: p.detach().cpu().numpy() for n, p in model.state_dict().items()}
    save(config.out / "decoder.safetensors", arrays, asdict(shape))
    return model


def placed(drawn: Iterator[Batch], device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return the next batch on a device: texts, where they hold, rows."""
    batch = next(drawn)
    tensors = (torch.from_numpy(array) for array in (batch.text, batch.said, batch.rows))
    text, said, rows = (tensor.to(device, non_blocking=True) for tensor in tensors)
    return text, said, rows.long()


def take_up(model: Decoder, path: Path) -> None:
    """Begin with the weights of a file; what it does not hold keeps its fresh values."""
    arrays, _ = load(path)
    with torch.no_grad():
        for name, ours in model.named_parameters():
            if name in arrays:
                ours.copy_(torch.from_numpy(arrays[name]))


def shares_with(source: str, wanted: float) -> dict[str, float]:
    """Return the shares of the sources with one of them changed, the rest as they are to each other."""
    rest = {other: share for other, share in SHARES.items() if other != source}
    whole = sum(rest.values())
    return {other: share / whole * (1 - wanted) for other, share in rest.items()} | {source: wanted}


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m model.training.train", description=__doc__)
    parser.add_argument("--store", type=Path, nargs="+", default=[Path("runs/store.npz")])
    parser.add_argument("--out", type=Path, default=Path("runs/decoder"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, help="end after so many steps, if that comes first")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--workers", type=int, default=0, help="processes that draw windows (0: none)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--from", type=Path, dest="before", help="weights to begin with")
    parser.add_argument("--width", type=int, default=Shape().width)
    parser.add_argument("--layers", type=int, default=Shape().layers)
    parser.add_argument("--context", type=int, default=Shape().context)
    parser.add_argument("--songbook", type=float, help="share of windows from the songbook (default: see windows.py)")
    parser.add_argument("--grammar", type=float, help="share of windows from grammars (default: see windows.py)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    train(
        joined([archive.read(store) for store in options.store]),
        TrainingConfig(options.out, options.minutes, options.batch, options.rate, options.steps, options.device),
        Shape(width=options.width, layers=options.layers, context=options.context),
        dropout=options.dropout,
        before=options.before,
        shares=shares_with("grammar", options.grammar)
        if options.grammar is not None
        else shares_with("songbook", options.songbook)
        if options.songbook is not None
        else None,
        workers=options.workers,
    )


if __name__ == "__main__":
    main()
