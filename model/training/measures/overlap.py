"""How much of two distributions lies over one another, and how much it should: ours beside human halves.

The overlap area is the shared area under two densities, 1 if they are alike. Small samples overlap less, so ours
against one half of the human songs is divided by that half against the other, all of one size.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from model.training.measures.clips import Clip
from model.training.measures.tables import Estimate, estimate
from model.training.measures.texture import HISTOGRAMS, SCALARS

Array = npt.NDArray[np.float64]
ROUNDS = 200
FEWEST = 20
"""Fewer clips on either side have no overlap worth telling."""
POINTS = 200


def density(values: Array, grid: Array, width: float) -> Array:
    """Return the Gaussian kernel density of values on an even grid, its sum 1."""
    heights: Array = np.exp(-0.5 * ((grid[:, None] - values[None]) / width) ** 2).sum(1)
    heights /= heights.sum()
    return heights


def scalar_overlap(human: Array) -> Callable[[Array, Array], float]:
    """Return the overlap area of two samples, its kernel width and grid taken from the human figures."""
    spread = max(float(np.std(human)), 1e-6)
    width = 1.06 * spread * (len(human) / 2) ** -0.2
    low, high = np.quantile(human, (0.01, 0.99))
    grid = np.linspace(low - 3 * spread, high + 3 * spread, POINTS)

    def overlap(a: Array, b: Array) -> float:
        clipped = [density(np.clip(v, grid[0], grid[-1]), grid, width) for v in (a, b)]
        return float(np.minimum(*clipped).sum())

    return overlap


def counted_overlap(a: Array, b: Array) -> float:
    """Return the overlap area of two sets of counts `(clips, bins)`, each summed over its clips."""
    shares = [counts.sum(0) / counts.sum() for counts in (a, b)]
    return float(np.minimum(*shares).sum())


def compared(
    ours: Array, human: Array, groups: Sequence[Hashable], overlap: Callable[[Array, Array], float]
) -> dict[str, float]:
    """Return the overlap ours/human, human/human and their ratio with a 95 % interval over resamples.

    Human songs (groups) are split in halves anew in each round; a song lies in one half only.
    """
    rng = np.random.default_rng(0)
    songs = sorted(set(groups), key=str)
    place = {song: i for i, song in enumerate(songs)}
    song_of = np.array([place[g] for g in groups])
    pairs = []
    for _ in range(ROUNDS):
        first = rng.permutation(len(songs)) < len(songs) // 2
        halves = [human[first[song_of]], human[~first[song_of]]]
        size = min(len(ours), *map(len, halves))
        if size < 2:
            continue
        a, b, c = (sample[rng.integers(len(sample), size=size)] for sample in (*halves, ours))
        pairs.append((overlap(c, a), overlap(a, b)))
    if not pairs:
        return {"ours/human": np.nan, "human/human": np.nan, "ratio": np.nan, "low": np.nan, "high": np.nan}
    mean_ours, mean_human = np.mean(pairs, axis=0)
    low, high = np.quantile([o / h for o, h in pairs], (0.025, 0.975))
    return {
        "ours/human": float(mean_ours),
        "human/human": float(mean_human),
        "ratio": float(mean_ours / mean_human),
        "low": float(low),
        "high": float(high),
    }


def measure(ours: Sequence[Clip], human: Sequence[Clip]) -> dict[str, dict[str, object]]:
    """Return per figure: ours, the human mean and quartiles, whether ours lies within, and the overlap areas."""
    table: dict[str, dict[str, object]] = {}
    for name, scalar in SCALARS.items():
        mine, theirs = (np.array([scalar(c) for c in clips], float) for clips in (ours, human))
        row = _beside(mine, theirs, [c.group for c in ours], [c.group for c in human])
        there, here = np.isfinite(theirs), np.isfinite(mine)
        groups = [c.group for c, t in zip(human, there, strict=True) if t]
        if min(there.sum(), here.sum()) >= FEWEST:
            row |= compared(mine[here], theirs[there], groups, scalar_overlap(theirs[there]))
        table[name] = row
    for name, counts in HISTOGRAMS.items():
        filled = [[(c.group, h) for c in clips if (h := counts(c)).any()] for clips in (ours, human)]
        if min(map(len, filled)) >= FEWEST:
            mine, theirs = (np.array([h for _, h in some]) for some in filled)
            table[name] = dict(compared(mine, theirs, [g for g, _ in filled[1]], counted_overlap))
    return table


def _beside(
    mine: Array, theirs: Array, my_groups: Sequence[Hashable], their_groups: Sequence[Hashable]
) -> dict[str, object]:
    there = theirs[np.isfinite(theirs)]
    low, high = np.quantile(there, (0.25, 0.75)) if len(there) else (np.nan, np.nan)
    figures: Mapping[str, Estimate] = {
        "ours": estimate(mine, my_groups),
        "human": estimate(theirs, their_groups),
    }
    mean = figures["ours"].mean
    within = bool(low <= mean <= high) if len(there) and np.isfinite(mean) else None
    row: dict[str, object] = {name: asdict(f) for name, f in figures.items()}
    return row | {"quartiles": [float(low), float(high)], "within": within}
