"""`python -m model.training.fit.melody_tracker --human FILE [--out FILE]`: the weights of `model.analysis.melody_tracker` and the tables of `model.analysis.key_finder`.

FILE is what `python -m model.training.measures read --sources pop909,openewld,lieder,hymns` wrote; only songs of its training
split are learnt. The network is trained on excerpts with random timing errors, beat by beat: the chord of each beat relative to the right
key, and to tell that key from wrong ones. Some ten minutes of one core.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.analysis.harmoniser import TRIAD_KINDS, relative_major_tonic, triad_kind
from model.analysis.key_finder import KEYS
from model.analysis.melody_tracker import (
    BEAT_FEATURES,
    BEAT_LINE_FEATURES,
    PLACE_FEATURES,
    STATES,
    BeatPlace,
    SungNote,
    beat_features,
    beat_line_features,
    in_every_key,
)
from model.music.harmony import parse_key
from model.music.notes import TICKS_PER_QUARTER, beat_length, beats_in_bar
from model.training.measures import clips
from model.training.measures.clips import LENGTH, PITCH, START, Clip
from model.training.measures.melody_chords import Model, longest_chord
from model.weights import FOLDER, save

WIDTH, MEMBERS, STEPS, BATCH = 96, 1, 2500, 48
STRETCHES = (32, 32, 48)
"""Beats of a stretch."""
KEYED, OTHERS = 16, 4
"""Stretches of a batch that are heard in wrong keys too, and in how many."""
SHARES = {"pop909": 0.5, "openewld": 0.2, "lieder": 0.2, "hymns": 0.1}
"""What of the stretches is of each source."""
UNKNOWN = -1
TIMING_JITTER = 0.02
"""Seconds by which strokes are early or late, a standard deviation; keys are let go up to five times as early."""
WIDE = BEAT_FEATURES + PLACE_FEATURES + BEAT_LINE_FEATURES
_HERE = np.arange(WIDE, dtype=np.float32)
_PLACE = np.tile(_HERE[BEAT_FEATURES : BEAT_FEATURES + PLACE_FEATURES], (KEYS, 1))
FROM = np.concatenate(
    [in_every_key(_HERE[:BEAT_FEATURES]), _PLACE, in_every_key(_HERE[BEAT_FEATURES + PLACE_FEATURES :])], 1
).astype(np.int64)
"""Which feature is each one counted from the home of a key, `(KEYS, WIDE)`."""
MINOR = BEAT_FEATURES + PLACE_FEATURES - 1
"""The feature that tells the mode."""


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """What is heard at each beat `(T, WIDE)` and the chord there `(T,)`, both counted from home; where bars begin."""

    beat_features: npt.NDArray[np.float32]
    told: npt.NDArray[np.int64]
    bars: npt.NDArray[np.int64]
    source: str


def beats(clip: Clip) -> Iterator[tuple[int, int, BeatPlace]]:
    """Yield start and length of each beat in ticks, and its place."""
    for at, meter in clip.bars:
        length = beat_length(meter)
        for i in range(beats_in_bar(meter)):
            yield at + i * length, length, BeatPlace(i, beats_in_bar(meter), length / TICKS_PER_QUARTER)


def played(clip: Clip, rng: random.Random) -> list[tuple[float, float, int]]:
    """Return the melody as hands play it: start and end in ticks, pitch."""
    second = (clip.tempo or 100.0) / 60 * TICKS_PER_QUARTER
    found = []
    for note in clip.part("melody"):
        start = max(0.0, note[START] + rng.gauss(0, TIMING_JITTER) * second)
        end = float(note[START] + note[LENGTH]) - rng.uniform(TIMING_JITTER, 5 * TIMING_JITTER) * second
        found.append((start, max(end, start + 0.08 * second), int(note[PITCH])))
    return sorted(found)


def song(clip: Clip, rng: random.Random) -> Song:
    """Return what is heard of a song, and its chords."""
    key, lines = parse_key(clip.key), list(beats(clip))
    rows, told = np.zeros((len(lines), WIDE), np.float32), np.full(len(lines), UNKNOWN)
    notes = played(clip, rng)
    first = 0
    for i, (at, length, place) in enumerate(lines):
        if i:
            before, long, was = lines[i - 1]
            while first < len(notes) and notes[first][0] < before - 8 * long:
                first += 1
            rows[i, :BEAT_FEATURES] = beat_features(_about(notes[first:], before, long, before + long), was.quarters)
        rows[i, BEAT_FEATURES : BEAT_FEATURES + PLACE_FEATURES] = place.features(key.minor)
        rows[i, BEAT_FEATURES + PLACE_FEATURES :] = beat_line_features(_about(notes[first:], at, length, at + length))
        inside = [(t, c) for t, c in clip.chords if t < at + length]
        chord = longest_chord(tuple(inside[-9:]), at, at + length)
        if chord is not None:
            told[i] = (chord.root - relative_major_tonic(key)) % 12 * len(TRIAD_KINDS) + triad_kind(chord)
    bars = np.flatnonzero([place.beat == 0 for _, _, place in lines])
    return Song(rows[:, FROM[relative_major_tonic(key)]], told, bars, clip.source)


def _about(notes: Sequence[tuple[float, float, int]], at: float, length: float, until: float) -> Iterator[SungNote]:
    """Yield the notes that begin before a tick and sound after another, in beats from that one."""
    for start, end, pitch in notes:
        if start >= until:
            return
        if end > at:
            yield (start - at) / length, (end - at) / length, pitch


class HarmonyNetwork(nn.Module):
    """What is heard of each beat → the chord of the beat over home, and how well the key suits."""

    def __init__(self, width: int = WIDTH, drop: float = 0.3) -> None:
        super().__init__()
        self.drop = nn.Dropout(drop)
        self.inp = nn.Linear(BEAT_FEATURES + PLACE_FEATURES, width)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.mid = nn.Linear(width + BEAT_LINE_FEATURES, width)
        self.out = nn.Linear(width, STATES)
        self.key = nn.Linear(width, 1)

    def forward(self, told: Tensor) -> tuple[Tensor, Tensor]:
        """Take `(B, T, WIDE)`, return logits of chords `(B, T, STATES)` and of the key, `(B, T)`."""
        past, _ = self.gru(self.drop(F.relu(self.inp(told[..., : BEAT_FEATURES + PLACE_FEATURES]))))
        both = torch.cat([self.drop(past), told[..., BEAT_FEATURES + PLACE_FEATURES :]], -1)
        x = self.drop(F.relu(self.mid(both)))
        return self.out(x), self.key(x)[..., 0]


class Excerpts:
    """Stretches of songs, drawn at random. Half and more of them begin where phrases do, at every fourth bar."""

    def __init__(self, songs: Sequence[Song]) -> None:
        gap = max(STRETCHES)
        self._heard = torch.from_numpy(
            np.concatenate([np.pad(s.beat_features, ((0, gap), (0, 0))).astype(np.float32) for s in songs])
        )
        self._told = torch.from_numpy(
            np.concatenate([np.pad(s.told, (0, gap), constant_values=UNKNOWN) for s in songs])
        )
        self._starts = np.cumsum([0, *[len(s.told) + gap for s in songs[:-1]]])
        self._bars = [s.bars for s in songs]
        length = np.array([len(s.bars) for s in songs], float)
        sources = np.array([s.source for s in songs])
        shares = np.zeros(len(songs))
        for source, share in SHARES.items():
            mine = sources == source
            shares[mine] = share * length[mine] / max(1.0, length[mine].sum())
        self._shares = shares / shares.sum()

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Return what is heard in so many stretches of one length, and their chords."""
        length = int(rng.choice(STRETCHES))
        which = rng.choice(len(self._bars), count, p=self._shares)
        begin = []
        for i in which:
            bar = int(rng.integers(max(1, len(self._bars[i]) - 3)))
            begin.append(self._starts[i] + self._bars[i][bar // 4 * 4 if rng.random() < 0.6 else bar])
        places = torch.from_numpy(np.array(begin)[:, None] + np.arange(length))
        told = self._heard[places]
        told[:, 0, :BEAT_FEATURES] = 0  # nothing was heard before the first beat, and nothing is held over it
        told[:, 0, WIDE - 12 :] = 0
        return told, self._told[places]


def in_wrong_keys(told: Tensor, rng: np.random.Generator) -> Tensor:
    """Return stretches `(B, T, WIDE)` as they are heard in some wrong keys each, `(B, OTHERS, T, WIDE)`."""
    wrong = np.stack([rng.choice(np.arange(1, KEYS), OTHERS, False) for _ in told])
    # a key from 12 on here is one of the other mode, its home as much higher as the number is over 12
    homes = torch.from_numpy(FROM[wrong % 12])[:, :, None]
    shape = len(told), OTHERS, *told.shape[1:]
    found = torch.gather(told[:, None].expand(shape), 3, homes.expand(shape))
    other = torch.from_numpy(wrong >= 12)[:, :, None]
    found[..., MINOR] = torch.where(other, 1 - found[..., MINOR], found[..., MINOR])
    return found


def train(songs: Sequence[Song], seed: int, steps: int, *, rate: float = 3e-3, batch: int = BATCH) -> HarmonyNetwork:
    """Return a network after so many steps; the rate falls to nothing."""
    torch.manual_seed(seed)
    rng, network, stretches = np.random.default_rng(seed), HarmonyNetwork(), Excerpts(songs)
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.05)
    begun, keyed = time.monotonic(), min(KEYED, batch)
    for step in range(steps):
        told, chords = stretches.draw(rng, batch)
        wrong = in_wrong_keys(told[:keyed], rng)
        said, suits = network(torch.cat([told, wrong.flatten(0, 1)]))
        loss = F.cross_entropy(said[:batch].flatten(0, 1), chords.flatten(), ignore_index=UNKNOWN, label_smoothing=0.05)
        among = torch.cat([suits[:keyed, None], suits[batch:].view(keyed, OTHERS, -1)], 1)
        right = torch.where(chords[:keyed] == UNKNOWN, UNKNOWN, 0)
        loss = loss + 0.5 * F.cross_entropy(among, right, ignore_index=UNKNOWN)
        done = step / steps
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, 0.05 + done / 0.04) * max(0.01, 1 - done)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if step % 200 == 199:
            print(
                json.dumps({"step": step + 1, "nats": round(loss.item(), 3), "s": round(time.monotonic() - begun)}),
                flush=True,
            )
    return network.eval()


def arrays(networks: Sequence[HarmonyNetwork]) -> dict[str, npt.NDArray[np.floating]]:
    """Return the weights under the names by which `model.analysis.melody_tracker` knows them."""
    ours = {"gru.weight_ih_l0": "gru.input", "gru.weight_hh_l0": "gru.hidden", "gru.bias_ih_l0": "gru.bias"}
    ours["gru.bias_hh_l0"] = "gru.shift"
    return {
        f"{i}.{ours.get(name, name)}": p.detach().numpy()
        for i, network in enumerate(networks)
        for name, p in network.state_dict().items()
    }


def counted(songs: Sequence[Clip]) -> dict[str, npt.NDArray[np.floating]]:
    """Return the tables of `model.analysis.key_finder`."""
    model = Model.fit(songs)
    return {"first": np.exp(model.first), "moves": np.exp(model.transitions), "heard": model.heard}


def main() -> None:
    """Parse the command line, learn, count, write."""
    parser = argparse.ArgumentParser(prog="python -m model.training.fit.melody_tracker", description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help="songs, as model.training.measures read wrote them")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--out", type=Path, default=FOLDER / "continuo.safetensors")
    options = parser.parse_args()
    torch.set_num_threads(1)
    known = [s for s in clips.load(options.human) if s.split == "train" and s.chords and s.key]
    taught = [s for s in known if s.part("melody").size]
    rng = random.Random(0)
    songs = [song(s, rng) for s in taught if s.source in SHARES]
    networks = [train(songs, seed, options.steps) for seed in range(1, options.members + 1)]
    save(options.out, arrays(networks) | counted(taught), {"members": options.members, "width": WIDTH})
    print(f"{len(taught)} songs → {options.out}")


if __name__ == "__main__":
    main()
