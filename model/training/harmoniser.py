"""`python -m model.training.harmoniser --human FILE`: the network of `model.harmoniser`, learnt from songs with melody and chords.

FILE is what `model.training.measures read --sources pop909,openewld,lieder` wrote. Training songs are cut at bar lines into
stretches of 8 to 24 bars; their keys count from the tonic, so nothing is transposed. Afterwards the share of half bars of
validation songs whose root is found, and a file of weights in eight bits. A few minutes on one core.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.harmoniser import FEATURES, KINDS, STATES, features, halves, kind
from model.harmony import parse_key
from model.training.measures.clips import LENGTH, PITCH, START, Clip, load
from model.training.measures.melody_chords import reigning
from model.weights import FOLDER, save

WIDTH = 80
STRETCHES = (16, 16, 32, 48)
"""Half bars of a stretch, drawn as often as they stand here."""
BATCH = 32
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Sung:
    """A note of a melody, as far as it is heard here."""

    start: int
    end: int
    pitch: int


Song = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]


class Network(nn.Module):
    """What is heard of each half bar → the chord under it, knowing the whole melody, and knowing only what came before."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.inp = nn.Linear(FEATURES, width)
        self.gru = nn.GRU(width, width, 2, batch_first=True, bidirectional=True, dropout=0.2)
        self.out = nn.Linear(2 * width, STATES)
        self.behind = nn.GRU(width, width, batch_first=True)
        self.next = nn.Linear(width, STATES)

    def forward(self, heard: Tensor) -> tuple[Tensor, Tensor]:
        """Take `(B, T, FEATURES)`, return the logits of both, `(B, T, STATES)` each."""
        x = F.dropout(F.relu(self.inp(heard)), 0.2, self.training)
        whole, _ = self.gru(x)
        before, _ = self.behind(torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1))
        return (
            self.out(F.dropout(whole, 0.3, self.training)),
            self.next(F.dropout(before, 0.3, self.training)),
        )


def song(clip: Clip) -> Song:
    """Return what is heard of a song in every half bar, and the number of its chord there."""
    key, parts = parse_key(clip.key), halves(clip.bars)
    notes = [Sung(int(n[START]), int(n[START] + n[LENGTH]), int(n[PITCH])) for n in clip.part("melody")]
    told = np.full(len(parts), UNKNOWN)
    for i, half in enumerate(parts):
        chord = reigning(clip.chords, half.start, half.end)
        if chord is not None:
            told[i] = (chord.root - key.tonic) % 12 * len(KINDS) + kind(chord)
    return features(parts, notes, key), told


def batch(songs: Sequence[Song], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return stretches of songs drawn at random."""
    heard = np.zeros((BATCH, max(STRETCHES), FEATURES), np.float32)
    told = np.full((BATCH, max(STRETCHES)), UNKNOWN)
    for i in range(BATCH):
        x, y = songs[int(rng.integers(len(songs)))]
        length = int(rng.choice(STRETCHES))
        at = 2 * int(rng.integers(max(1, (len(y) - length) // 2 + 1)))
        x, y = x[at : at + length], y[at : at + length]
        heard[i, : len(x)], told[i, : len(y)] = x, y
    return torch.from_numpy(heard), torch.from_numpy(told)


def train(songs: Sequence[Song], steps: int, rate: float = 3e-3) -> Network:
    """Return the network after so many steps; the rate falls to nothing."""
    torch.manual_seed(0)
    rng, network = np.random.default_rng(0), Network()
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.05)
    for step in range(steps):
        heard, told = batch(songs, rng)
        loss = torch.stack([
            F.cross_entropy(logits.flatten(0, 1), told.flatten(), ignore_index=UNKNOWN) for logits in network(heard)
        ]).sum()  # fmt: skip
        for group in optimizer.param_groups:
            group["lr"] = rate * max(0.02, 1 - step / steps)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if step % 200 == 199:
            print(json.dumps({"step": step + 1, "nats": round(loss.item(), 3)}), flush=True)
    return network.eval()


def found(network: Network, songs: Sequence[Song]) -> tuple[float, float]:
    """Return the share of half bars whose root is found: knowing the whole melody, and what came before only."""
    hits, asked = np.zeros(2), 0
    for heard, told in songs:
        with torch.no_grad():
            said = [logits[0].argmax(1).numpy() for logits in network(torch.from_numpy(heard)[None])]
        known = told != UNKNOWN
        hits += [(s[known] // len(KINDS) == told[known] // len(KINDS)).sum() for s in said]
        asked += int(known.sum())
    return float(hits[0] / asked), float(hits[1] / asked)


def arrays(network: Network) -> dict[str, npt.NDArray[np.floating]]:
    """Return the weights under the names by which `model.harmoniser` knows them."""
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
    """Parse the command line, train, write."""
    parser = argparse.ArgumentParser(prog="python -m model.training.harmoniser", description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help="songs, as `measures read` wrote them")
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--out", type=Path, default=FOLDER / "harmoniser.safetensors")
    options = parser.parse_args()
    torch.set_num_threads(1)
    known = [c for c in load(options.human) if c.chords and c.key and c.part("melody").size]
    network = train([song(c) for c in known if c.split == "train"], options.steps)
    held = [song(c) for c in known if c.split == "validation" and c.source == "pop909"]
    whole, behind = found(network, held) if held else (float("nan"), float("nan"))
    save(options.out, arrays(network), {"width": WIDTH, "features": FEATURES})
    print(f"{len(known)} songs; roots of half bars of validation songs: {whole:.3f}, behind {behind:.3f}")


if __name__ == "__main__":
    main()
