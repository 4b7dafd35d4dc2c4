"""Means with their 95 % intervals: bootstrap over groups, for windows of one song are not independent."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval and the number of values; all but the count are NaN where there is none."""

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}..{self.high:.3f}] n={self.count}" if self.count else "none"


def estimate(
    values: Sequence[float] | Array,
    groups: Sequence[Hashable] | None = None,
    weights: Sequence[float] | Array | None = None,
) -> Estimate:
    """Return the weighted mean of values; NaN are left out, values of one group are drawn together."""
    v = np.asarray(values, np.float64)
    w = np.ones(len(v)) if weights is None else np.asarray(weights, np.float64)
    names = list(range(len(v))) if groups is None else list(groups)
    there = np.isfinite(v) & (w > 0)
    if not there.any():
        return Estimate(np.nan, np.nan, np.nan, 0)
    place: dict[Hashable, int] = {}
    at = np.array([place.setdefault(n, len(place)) for n, here in zip(names, there, strict=True) if here])
    sums = np.bincount(at, v[there] * w[there])
    weight = np.bincount(at, w[there])
    picks = np.random.default_rng(0).integers(len(place), size=(RESAMPLES, len(place)))
    means = sums[picks].sum(1) / weight[picks].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(sums.sum() / weight.sum()), float(low), float(high), int(there.sum()))


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown; numbers with three decimals."""

    def line(cells: Sequence[object]) -> str:
        return "| " + " | ".join(f"{c:.3f}" if isinstance(c, float) else str(c) for c in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows)])
