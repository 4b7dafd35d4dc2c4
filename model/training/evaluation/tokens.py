"""`python -m model.training.evaluation.tokens --store FILE --minutes M --out DIR`: the decoder's rival, one token a field.

The same blocks, optimisers, windows and prefix for the text as the decoder's, with as many layers as make about as
many parameters; but each field of each event is a token of one sequence, and the context is 1,536 tokens, about what
512 rows of performed music come to. Which field comes next is given, as it is to the decoder, so the same choices
are paid for. Windows are drawn by rows and cut where the tokens do not fit. Resumable as the decoder's training is.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.decoder.tokenizer import PREDICTED, SIZES
from model.decoder.transformer import Block, Decoder, Shape, rotation
from model.training.dataset import archive
from model.training.dataset.feeding import batches
from model.training.dataset.store import Store
from model.training.dataset.windows import Batch, Windows
from model.training.evaluation.baselines import STARTS, VOCABULARY, flat
from model.training.evaluation.bits import BATCH, Bits, ConditionedSong, count_notes, openings, spans, vectors
from model.training.evaluation.fields import scored_fields
from model.training.fit.training_loop import TrainingConfig, TrainingLoop

CONTEXT = 1536
NEVER = -1e4
"""The logit of a value that no row has of which the decoder predicts the field."""
ROWS = Shape().context
"""Rows drawn for a window: as many as the decoder's."""


class TokenModel(nn.Module):
    """Tokens so far → the distribution of the next one."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.width
        self.shape = shape
        self.embed = nn.Embedding(VOCABULARY, d)
        nn.init.normal_(self.embed.weight, std=0.02)
        self.prefix = nn.Linear(shape.text, shape.prefix * d, bias=False)
        self.unsaid = nn.Parameter(torch.randn(shape.prefix, d) * 0.02)
        self.blocks = nn.ModuleList([Block(shape) for _ in range(shape.layers)])
        self.norm = nn.RMSNorm(d, eps=1e-6)
        self.head = nn.Linear(d, VOCABULARY)
        fields = np.full((len(SIZES), VOCABULARY), NEVER, np.float32)
        for field, (start, size) in enumerate(zip(STARTS, PREDICTED, strict=True)):
            fields[field, start : start + size] = 0
        self.register_buffer("fields", torch.from_numpy(fields), persistent=False)

    def spent(self, text: Tensor, said: Tensor, tokens: Tensor, fields: Tensor) -> Tensor:
        """Return the nats spent on each token but the first, `(B, T)`.

        `text` is `(B, 512)`, `said` `(B,)` tells where it holds; `tokens` and their `fields` are `(B, T + 1)`.
        """
        shape = self.shape
        given = self.prefix(text).view(-1, shape.prefix, shape.width)
        lead = torch.where(said[:, None, None], given, self.unsaid.to(given.dtype))
        x = torch.cat([lead, self.embed(tokens[:, :-1]).to(lead.dtype)], 1)
        cos, sin = (turn.to(x) for turn in rotation(x.shape[1], shape.head))
        for block in self.blocks:
            x = block(x, cos, sin, 0.0)
        masks = torch.as_tensor(self.fields)[fields[:, 1:]]
        logits = self.head(self.norm(x)[:, shape.prefix :]).float() + masks
        return F.cross_entropy(logits.transpose(1, 2), tokens[:, 1:], reduction="none")


def parameters(model: nn.Module) -> int:
    """Return the number of parameters."""
    return sum(p.numel() for p in model.parameters())


def same_size(shape: Shape, context: int = CONTEXT) -> Shape:
    """Return the shape of the token model nearest in parameters to the decoder of a shape."""
    one = parameters(Block(shape))
    rest = parameters(TokenModel(replace(shape, layers=0)))
    layers = max(1, round((parameters(Decoder(shape)) - rest) / one))
    return replace(shape, layers=layers, context=context)


def tokens_of(batch: Batch, context: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return windows of rows as tokens, their fields, and which are scored: each `(B, context + 1)`, padded with 0."""
    tokens = np.zeros((3, len(batch.rows), context + 1), np.int64)
    for i, window in enumerate(batch.rows):
        rows = window[window[:, 0] > 0, : len(SIZES)].astype(np.int16)
        said, field, line = flat(rows)
        full = np.stack([said, field, scored_fields(rows)[line, field]])[:, : context + 1]
        tokens[:, i, : full.shape[1]] = full
    return torch.from_numpy(tokens[0]), torch.from_numpy(tokens[1]), torch.from_numpy(tokens[2] > 0)


def token_bits(model: TokenModel, songs: Sequence[ConditionedSong]) -> Bits:
    """Return the bits spent on each field of each song, `(songs, 5)`, as `bits.decoder_bits` does."""
    total = np.zeros((len(songs), len(SIZES)))
    device = model.unsaid.device
    cuts: list[tuple[int, npt.NDArray[np.int64], int]] = []
    for i, song in enumerate(songs):
        head, head_field, _ = flat(song.header)
        said, field, line = flat(song.rows)
        stacked = np.stack([said, field, scored_fields(song.rows)[line, field]])
        before = np.stack([head, head_field, np.zeros_like(head)])
        edges = np.concatenate([np.flatnonzero(field == 0), [len(said)]])
        for at, fresh, end in spans(edges, model.shape.context - len(head)):
            window = np.concatenate([before, stacked[:, at:end]], 1)
            cuts.append((i, window, len(head) - 1 + fresh - at))
    cuts.sort(key=lambda cut: cut[1].shape[1])
    for first in range(0, len(cuts), BATCH):
        here = cuts[first : first + BATCH]
        table = np.zeros((3, len(here), here[-1][1].shape[1]), np.int64)
        for k, (_, window, _) in enumerate(here):
            table[:, k, : window.shape[1]] = window
        ours = table[2, :, 1:] > 0
        for k, (_, _, known) in enumerate(here):
            ours[k, :known] = False
        text, there = vectors([songs[i] for i, _, _ in here], model.shape.text)
        said_, fields_ = (torch.from_numpy(t).to(device) for t in table[:2])
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            spent = model.spent(text.to(device), there.to(device), said_, fields_).cpu().numpy()
        for f in range(len(SIZES)):
            sums = (spent * (ours & (table[1, :, 1:] == f))).sum(1) / math.log(2)
            np.add.at(total[:, f], [i for i, _, _ in here], sums)
    return total


def train(store: Store, config: TrainingConfig, shape: Shape, rows: int = ROWS, workers: int = 0) -> TokenModel:
    """Train on a course; return the model, its checkpoint in the course's folder."""
    torch.manual_seed(0)
    model = TokenModel(shape).to(config.device)
    training = TrainingLoop(model, config)
    (config.out / "shape.json").write_text(json.dumps(asdict(shape)), encoding="utf-8")
    print(
        f"{parameters(model) / 1e6:.2f} M parameters, {shape.layers} layers, from step {training.step}",
        flush=True,
    )
    watched = openings(store, "pop909", rows)
    spend = model.spent if config.device == "cpu" else torch.compile(model.spent)

    def curve() -> dict[str, float]:
        return {"pop909": round(float(token_bits(model, watched).sum() / max(1, count_notes(watched))), 3)}

    def draw(windows: Windows) -> tuple[npt.NDArray[Any], ...]:
        batch = windows.batch(config.batch)
        return batch.text, batch.said, *(t.numpy() for t in tokens_of(batch, shape.context))

    with batches(lambda seed: Windows(store, rows, seed), draw, training.step, workers) as drawn:

        def loss() -> Tensor:
            text, said, tokens, fields, ours = (torch.from_numpy(a).to(config.device) for a in next(drawn))
            with torch.autocast(config.device, torch.bfloat16):
                nats = torch.as_tensor(spend(text, said, tokens, fields))
            events = (ours & (fields == 0))[:, 1:].sum()
            return (nats * ours[:, 1:]).sum() / events  # a row's loss, as the decoder's

        training.run(loss, curve, config.batch * rows / 1e6)
    return model


def load(folder: Path) -> TokenModel:
    """Return the model whose training lies in a folder. Raises OSError."""
    shape = json.loads((folder / "shape.json").read_text(encoding="utf-8"))
    model = TokenModel(Shape(**shape))
    model.load_state_dict(torch.load(folder / "checkpoint.pt", weights_only=True, map_location="cpu")["model"])
    return model.eval()


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m model.training.evaluation.tokens", description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, help="end after so many steps, if that comes first")
    parser.add_argument("--batch", type=int, default=6, help="windows a step")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--workers", type=int, default=0, help="processes that draw windows (0: none)")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    config = TrainingConfig(options.out, options.minutes, options.batch, options.rate, options.steps, options.device)
    train(archive.read(options.store), config, same_size(Shape()), workers=options.workers)


if __name__ == "__main__":
    main()
