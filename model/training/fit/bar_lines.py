"""`python -m model.training.fit.bar_lines [--out FILE]`: the weights of `model.analysis.bar_lines`, by tunes of the songbook.

Of every training piece with a tune eight bars are taken, on the grid, without one in 25 of their notes. The score of the true place of the
first note is fitted against those of all others (logistic regression with ridge). Metres share a table by kind of place, from which
each departs as far as its tunes say. Prints the share of tunes whose place is found, of training and of validation pieces.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model.analysis.bar_lines import KINDS, SIXTEENTH, TunedNote, features
from model.music.midifile import bar_length
from model.music.notes import METERS, Note, beat_length, beats_in_bar
from model.training.corpus import songbook
from model.training.corpus.song import Song
from model.weights import FOLDER, save

BARS, FEWEST_NOTES = 8, 16
LEFT_OUT = 0.04
SHARED_RIDGE, OWN_RIDGE = 0.001, 0.003
PLACES = 5


@dataclass(frozen=True, slots=True)
class Tune:
    """What is known of a tune: its metre and features, the sixteenth at which it begins, and its split."""

    meter: str
    onsets: Tensor
    harmony: Tensor
    place: int
    split: str


def line(notes: Sequence[Note], begin: int, end: int) -> list[Note]:
    """Return the highest notes of a part in a span, on the grid, each until the next at most."""
    inside = [n for n in notes if n.part == "melody" and begin <= n.start < end]
    top = {round(n.start / SIXTEENTH) * SIXTEENTH: n for n in sorted(inside, key=lambda n: n.pitch)}
    return [top[at] for at in sorted(top)]


def tune(song: Song, chance: random.Random) -> Tune | None:
    """Return a tune of a piece, the first eight bars that begin with one; None where there is none."""
    meter = song.bars[0][1]
    if meter not in METERS or {m for _, m in song.bars} != {meter}:
        return None
    bar = bar_length(meter)
    for first in range(0, len(song.bars) - BARS + 1, BARS):
        begin = song.bars[first][0]
        found = line(song.notes, begin, begin + BARS * bar)
        if len(found) >= FEWEST_NOTES and found[0].start < begin + bar:
            break
    else:
        return None
    heard = [n for n in found if chance.random() >= LEFT_OUT]
    starts = [round((n.start - begin) / SIXTEENTH) * SIXTEENTH for n in heard]
    notes = [
        TunedNote(at - starts[0], max(at + SIXTEENTH // 2, n.end - begin) - starts[0], n.pitch)
        for at, n in zip(starts, heard, strict=True)
    ]
    onsets, harmony = features(notes, meter)
    return Tune(
        meter,
        torch.tensor(onsets).float(),
        torch.tensor(harmony).float(),
        starts[0] % bar // SIXTEENTH,
        songbook.split(song),
    )


def tunes() -> Iterator[Tune]:
    """Yield the tunes of training and validation pieces."""
    for song in songbook.load(None, {}):
        found = tune(song, random.Random(song.id)) if songbook.split(song) != "test" else None
        if found is not None:
            yield found


def kinds_of_places(meter: str) -> Tensor:
    """Return of each sixteenth of a bar whether it is its first, its middle, another beat, another eighth or none of these."""
    beat, count = beat_length(meter) // SIXTEENTH, bar_length(meter) // SIXTEENTH
    middle = beats_in_bar(meter) // 2 * beat if beats_in_bar(meter) % 2 == 0 else 0
    return torch.tensor(
        [0 if p == 0 else 1 if p == middle else 2 if p % beat == 0 else 3 + p % 2 for p in range(count)]
    )


class Weights:
    """The weights while they are fitted."""

    def __init__(self) -> None:
        self._shared, self._shared_first = torch.zeros(PLACES, KINDS), torch.zeros(PLACES)
        counts = {m: bar_length(m) // SIXTEENTH for m in METERS}
        self._own = {m: torch.zeros(n, KINDS) for m, n in counts.items()}
        self._own_first = {m: torch.zeros(n) for m, n in counts.items()}
        self._harmony = torch.ones(1)
        self._kinds = {m: kinds_of_places(m) for m in METERS}
        self.all = [self._shared, self._shared_first, self._harmony, *self._own.values(), *self._own_first.values()]
        for one in self.all:
            one.requires_grad_()

    def scores(self, one: Tune) -> Tensor:
        """Return the score of each place of a tune's first note."""
        onsets, first = self._of(one.meter)
        return (one.onsets * onsets).sum((1, 2)) + first + self._harmony * one.harmony

    def _of(self, meter: str) -> tuple[Tensor, Tensor]:
        kinds = self._kinds[meter]
        return self._shared[kinds] + self._own[meter], self._shared_first[kinds] + self._own_first[meter]

    def ridge(self) -> Tensor:
        """Return the cost of their size."""
        own = sum((w**2).sum() for w in (*self._own.values(), *self._own_first.values()))
        return SHARED_RIDGE * ((self._shared**2).sum() + (self._shared_first**2).sum()) + OWN_RIDGE * own

    def arrays(self) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return them as they are shipped."""
        found = {"harmony": self._harmony}
        for meter in METERS:
            found[f"{meter}.onsets"], found[f"{meter}.first"] = self._of(meter)
        return {name: value.detach().numpy() for name, value in found.items()}


def fitted(training: Sequence[Tune]) -> Weights:
    """Return weights fitted to tunes."""
    weights = Weights()
    optimiser = torch.optim.LBFGS(weights.all, max_iter=100)

    def loss() -> Tensor:
        optimiser.zero_grad()
        costs = [-weights.scores(t).log_softmax(0)[t.place] for t in training]
        cost: Tensor = torch.stack(costs).mean() + weights.ridge()
        cost.backward()  # type: ignore[no-untyped-call]
        return cost

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return weights


def main() -> None:
    """Fit and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m model.training.fit.bar_lines", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER / "bar_lines.safetensors")
    options = parser.parse_args()
    found = list(tunes())
    weights = fitted([t for t in found if t.split == "train"])
    for split in ("train", "validation"):
        here = [t for t in found if t.split == split]
        right = sum(int(weights.scores(t).argmax()) == t.place for t in here)
        sys.stdout.write(f"{split}: {right} of {len(here)} tunes\n")
    save(options.out, weights.arrays(), {})


if __name__ == "__main__":
    main()
