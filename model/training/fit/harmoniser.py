"""`python -m model.training.fit.harmoniser`: the networks of `model.analysis.harmoniser`, learnt from songs with melody and chords.

    python -m model.training.fit.harmoniser prepare --human FILE --out harmony.npz
    python -m model.training.fit.harmoniser train --songs harmony.npz [--device cuda] [--seconds 120] [--out FILE]

FILE is what `model.training.measures read --sources pop909,openewld,lieder,hymns` wrote; what is prepared of it is one file of a few
megabytes, and training needs nothing else than it, numpy, torch and safetensors. Training songs are cut at bar lines into stretches
of 8 to 24 bars. Afterwards the share of half bars of validation songs whose root is found, and a file of weights in eight bits.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.analysis.harmoniser import CORPORA, FEATURES, STATES, TRIAD_KINDS
from model.training.fit.melody_songs import SOURCES, UNKNOWN, Excerpts, Song, keep, kept, song
from model.weights import FOLDER, save

WIDTH = 96
MEMBERS = 3
"""Networks that learn from other seeds; what they say is averaged."""
BATCH = 64
SECOND = 0.6
"""What the second half of a bar counts beside the first, whose chord is heard as the bar's."""


class Network(nn.Module):
    """What is heard of each half bar → the chord under it, knowing the whole melody, and knowing only what came before."""

    def __init__(self, width: int = WIDTH, drop: float = 0.45) -> None:
        super().__init__()
        self.drop = drop
        self.inp = nn.Linear(FEATURES, width)
        self.gru = nn.GRU(width, width, 2, batch_first=True, bidirectional=True, dropout=drop)
        self.out = nn.Linear(2 * width, STATES)
        self.behind = nn.GRU(width, width, batch_first=True)
        self.next = nn.Linear(width, STATES)

    def forward(self, heard: Tensor) -> tuple[Tensor, Tensor]:
        """Take `(B, T, FEATURES)`, return the logits of both, `(B, T, STATES)` each."""
        x = F.dropout(F.relu(self.inp(heard)), self.drop, self.training)
        whole, _ = self.gru(x)
        before, _ = self.behind(torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1))
        return (
            self.out(F.dropout(whole, self.drop, self.training)),
            self.next(F.dropout(before, self.drop, self.training)),
        )


def with_random_gaps(heard: Tensor, generator: torch.Generator) -> Tensor:
    """Return what is heard with some half bars not heard at all, and now and then whose chords are wanted not said."""
    shape = (*heard.shape[:2], 1)
    heard = heard * (torch.rand(shape, generator=generator, device=heard.device) > 0.06)
    untold = torch.rand((len(heard), 1, 1), generator=generator, device=heard.device) < 0.1
    named = torch.arange(FEATURES, device=heard.device) >= FEATURES - len(CORPORA)
    return heard.masked_fill(untold & named, 0.0)


def losses(logits: tuple[Tensor, Tensor], told: Tensor) -> Tensor:
    """Return the cross-entropy of both, that of first halves counting more."""
    weights = torch.where(torch.arange(told.shape[1], device=told.device) % 2 == 0, 1.0, SECOND)
    weights = weights * (told != UNKNOWN)
    found = [
        F.cross_entropy(
            said.flatten(0, 1), told.flatten(), ignore_index=UNKNOWN, reduction="none", label_smoothing=0.05
        )
        for said in logits
    ]
    return sum(
        ((f.view_as(weights) * weights).sum() / weights.sum() for f in found),
        torch.zeros((), device=told.device),
    )


def train(
    songs: Sequence[Song],
    seconds: float,
    *,
    seed: int = 0,
    width: int = WIDTH,
    device: str = "cpu",
    steps: int = 2500,
    rate: float = 3e-3,
    batch: int = BATCH,
    drop: float = 0.45,
    decay: float = 0.05,
) -> Network:
    """Return the network after so many steps, or seconds if they are over before; the rate falls to nothing."""
    torch.manual_seed(seed)
    rng, network = np.random.default_rng(seed), Network(width, drop).to(device)
    generator = torch.Generator(device).manual_seed(seed)
    stretches = Excerpts(songs, device)
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=decay)
    begun, done, step = time.monotonic(), 0.0, 0
    while done < 1:
        heard, told = stretches.draw(rng, batch)
        loss = losses(network(with_random_gaps(heard, generator)), told)
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, 0.05 + done / 0.04) * max(0.01, 1 - done)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        step += 1
        done = max(step / steps, (time.monotonic() - begun) / seconds)
        if step % 500 == 0:
            print(json.dumps({"step": step, "nats": round(loss.item(), 3)}), flush=True)
    return network.cpu().eval()


def found(networks: Sequence[Network], songs: Sequence[Song], length: int = 16) -> dict[str, float]:
    """Return the share of half bars, and of bars by their first half, whose root is found in stretches of 8 bars: whole and behind."""
    hits, asked, firsts, bars = np.zeros(2), 0, np.zeros(2), 0
    for one in songs:
        for at in range(0, len(one.told) - length + 1, length):
            heard, told = torch.from_numpy(one.heard[at : at + length])[None], one.told[at : at + length]
            with torch.no_grad():
                said = [
                    sum(x.softmax(-1) for x in logits)[0] for logits in zip(*(n(heard) for n in networks), strict=True)
                ]
            roots = [s.view(length, 12, len(TRIAD_KINDS)).sum(2).argmax(1).numpy() for s in said]
            known = told != UNKNOWN
            right = np.array([(r == told // len(TRIAD_KINDS)) & known for r in roots])
            hits += right.sum(1)
            asked += int(known.sum())
            firsts += right[:, ::2].sum(1)
            bars += int(known[::2].sum())
    return {
        "half bars": hits[0] / asked, "bars": firsts[0] / bars, "half bars behind": hits[1] / asked, "bars behind": firsts[1] / bars,
    }  # fmt: skip


def arrays(networks: Sequence[Network]) -> dict[str, npt.NDArray[np.floating]]:
    """Return the weights under the names by which `model.analysis.harmoniser` knows them."""
    return {f"{i}.{name}": array for i, network in enumerate(networks) for name, array in _arrays(network).items()}


def _arrays(network: Network) -> dict[str, npt.NDArray[np.floating]]:
    named = {n: p.detach().numpy() for n, p in network.state_dict().items()}
    kept = {n: a for n, a in named.items() if n.split(".")[0] in ("inp", "out", "next")}
    for name in [n for n in named if ".weight_ih_" in n]:
        room, layer = name.split(".weight_ih_")
        ours = f"{room}.{layer.removesuffix('_reverse')}{'.back' if layer.endswith('_reverse') else ''}"
        for new, old in (
            ("input", "weight_ih"),
            ("hidden", "weight_hh"),
            ("bias", "bias_ih"),
            ("shift", "bias_hh"),
        ):
            kept[f"{ours}.{new}"] = named[f"{room}.{old}_{layer}"]
    return kept


def main() -> None:
    """Parse the command line; prepare or train."""
    parser = argparse.ArgumentParser(prog="python -m model.training.fit.harmoniser", description=__doc__)
    parser.add_argument("what", choices=("prepare", "train"))
    parser.add_argument("--human", type=Path, help="songs, as `measures read` wrote them")
    parser.add_argument("--songs", type=Path, help="songs, as `prepare` wrote them")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seconds", type=float, default=1e9, help="of all members together")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--drop", type=float, default=0.45)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=FOLDER / "harmoniser.safetensors")
    options = parser.parse_args()
    if options.what == "prepare":
        from model.training.measures.clips import load

        known = [c for c in load(options.human) if c.chords and c.key and c.part("melody").size and c.source in SOURCES]
        keep(options.out, [song(c) for c in known])
        return
    torch.set_num_threads(1)
    songs = kept(options.songs)
    learnt = [s for s in songs if s.split == "train"]
    held = [s for s in songs if s.split == "validation" and s.source == "pop909"]
    networks = []
    for member in range(options.members):
        network = train(
            learnt,
            options.seconds / options.members,
            seed=options.seed + member,
            width=options.width,
            device=options.device,
            steps=options.steps,
            rate=options.rate,
            batch=options.batch,
            drop=options.drop,
            decay=options.decay,
        )
        networks.append(network)
        print(json.dumps(rounded(found([network], held))), flush=True)
    save(
        options.out,
        arrays(networks),
        {"width": options.width, "features": FEATURES, "members": options.members},
    )
    print("all:", json.dumps(rounded(found(networks, held))))


def rounded(shares: dict[str, float]) -> dict[str, float]:
    """Return shares as they are printed."""
    return {name: round(float(share), 4) for name, share in shares.items()}


if __name__ == "__main__":
    main()
