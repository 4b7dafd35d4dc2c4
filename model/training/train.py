"""`python -m model.training.train --store FILE --minutes M --out DIR`: the store → weights.

Resumable: a checkpoint is written every few minutes and taken up again when DIR has one; the time already
spent counts. The learning rate falls to nothing over the minutes given, so choose them before beginning.
`--from FILE` begins with the weights of another training: what has grown since keeps its fresh values.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import nn

from model.decoder import Decoder, Shape, losses
from model.header import HEADER, unsaid
from model.language import FIRST_NOTE, Event
from model.training.store import Store
from model.training.windows import DROPPABLE, SHARES, Windows
from model.weights import load, save

LOG_EVERY = 100  # steps
SAVE_EVERY = 240.0  # seconds


def held_out_bits(model: Decoder, store: Store, songs: int = 20) -> float:
    """Return bits a note on the first windows of POP909 validation songs: key, metre and parts given only."""
    model.eval()
    bits = notes = 0.0
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for i in store.songs("validation", "pop909")[:songs]:
            rows = np.concatenate([unsaid(store.headers[i], *DROPPABLE), store.song(int(i))])
            rows = rows[: model.shape.context + 1].astype(np.int64)
            rows[rows[:, 0] == Event.BAR, 1:] = 0
            said = torch.zeros(1, dtype=torch.bool)
            total, _ = losses(model, torch.zeros(1, model.shape.text), said, torch.from_numpy(rows)[None])
            bits += total.sum().item() / math.log(2)
            notes += (rows[len(HEADER) :, 0] >= FIRST_NOTE).sum()
    model.train()
    return bits / notes


def optimizers(model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the blocks and AdamW for all else."""
    inner = [p for n, p in model.named_parameters() if n.startswith("blocks") and p.ndim == 2]
    chosen = {id(p) for p in inner}
    outer = [p for p in model.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(inner, lr=rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(outer, lr=rate, betas=(0.9, 0.95), weight_decay=0.01),
    ]


def train(
    store: Store,
    out: Path,
    shape: Shape,
    *,
    minutes: float,
    steps: int | None = None,
    batch: int,
    rate: float,
    dropout: float,
    before: Path | None = None,
    shares: dict[str, float] | None = None,
) -> Decoder:
    """Train for some minutes of wall time in all, or so many steps; return the model, its weights in `out`."""
    torch.manual_seed(0)
    model = Decoder(shape, dropout)
    if before is not None:
        take_up(model, before)
    opts = optimizers(model, rate)
    checkpoint = out / "checkpoint.pt"
    step, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        for opt, held in zip(opts, state["optimizers"], strict=True):
            opt.load_state_dict(held)
        step, spent = state["step"], state["spent"]
    windows = Windows(store, shape.context, seed=step, shares=shares)
    begun, saved = time.monotonic() - spent, time.monotonic()
    print(
        f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, from step {step}", flush=True
    )
    model.train()
    while (gone := time.monotonic() - begun) < minutes * 60 and step != steps:
        done = max(gone / (minutes * 60), step / steps if steps else 0)
        for opt in opts:
            for group in opt.param_groups:
                group["lr"] = rate * min(1, (step + 1) / 100) * max(0.02, 1 - done)
        drawn = windows.batch(batch)
        with torch.autocast("cpu", torch.bfloat16):
            total, counts = losses(
                model,
                torch.from_numpy(drawn.text),
                torch.from_numpy(drawn.said),
                torch.from_numpy(drawn.rows),
            )
        loss = total.sum() / counts[0]
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for opt in opts:
            opt.step()
            opt.zero_grad(set_to_none=True)
        step += 1
        if step % LOG_EVERY == 0:
            bits = held_out_bits(model, store)
            events = step * batch * shape.context / 1e6
            line = {
                "minutes": round(gone / 60, 2),
                "of": minutes,
                "Mevents": round(events, 2),
                "loss": round(loss.item(), 3),
                "held_out_bits_a_note": round(bits, 3),
            }
            print(json.dumps(line), flush=True)
            with (out / "curve.jsonl").open("a", encoding="utf-8") as curve:
                curve.write(json.dumps(line) + "\n")
        if time.monotonic() - saved > SAVE_EVERY:
            keep(checkpoint, model, opts, step, time.monotonic() - begun)
            saved = time.monotonic()
    keep(checkpoint, model, opts, step, time.monotonic() - begun)
    save(
        out / "decoder.safetensors",
        {n: p.detach().numpy() for n, p in model.state_dict().items()},
        asdict(shape),
    )
    return model


def take_up(model: Decoder, path: Path) -> None:
    """Begin with the weights of a file; a table that has grown keeps its fresh rows at the end."""
    arrays, _ = load(path)
    with torch.no_grad():
        for name, ours in model.named_parameters():
            if name in arrays:
                held = torch.from_numpy(arrays[name])
                ours[tuple(slice(n) for n in held.shape)] = held


def keep(path: Path, model: nn.Module, opts: list[torch.optim.Optimizer], step: int, spent: float) -> None:
    """Write a checkpoint, whole or not at all."""
    state = {
        "model": model.state_dict(),
        "optimizers": [o.state_dict() for o in opts],
        "step": step,
        "spent": spent,
    }
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m model.training.train", description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("runs/store.npz"))
    parser.add_argument("--out", type=Path, default=Path("runs/decoder"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, help="end after so many steps, if that comes first")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--from", type=Path, dest="before", help="weights to begin with")
    parser.add_argument("--width", type=int, default=Shape().width)
    parser.add_argument("--layers", type=int, default=Shape().layers)
    parser.add_argument(
        "--grammar", type=float, help="share of windows from grammars (default: see windows.py)"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    store = Store.load(options.store)
    shares = None
    if options.grammar is not None:
        real = {s: v for s, v in SHARES.items() if s != "grammar"}
        whole = sum(real.values())
        shares = {s: v / whole * (1 - options.grammar) for s, v in real.items()} | {
            "grammar": options.grammar
        }
    shape = Shape(width=options.width, layers=options.layers)
    train(
        store, options.out, shape, minutes=options.minutes, steps=options.steps, batch=options.batch,
        rate=options.rate, dropout=options.dropout, before=options.before, shares=shares,
    )  # fmt: skip


if __name__ == "__main__":
    main()
