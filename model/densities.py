"""How full each part of a style is, from `terms/densities.tsv` (written by `model.training.densities`)."""

from __future__ import annotations

from functools import cache

from model.music import Mix
from model.terms import FOLDER


@cache
def _table() -> dict[tuple[str, str], tuple[float, float, float]]:
    found = {}
    for line in (FOLDER / "densities.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            style, part, low, middle, high = line.split("\t")
            found[style, part] = (float(low), float(middle), float(high))
    return found


def wanted_onsets(style: Mix, part: str, density: float) -> float:
    """Return the onsets a quarter that a density (a percentile, 0..1) means for a part of a mix of styles."""
    known = [(_table()[name, part], weight) for name, weight in style if (name, part) in _table()]
    if not known:
        known = [(_table()["*", part], 1.0)]
    whole = sum(weight for _, weight in known)
    low, middle, high = (sum(row[k] * (weight / whole) for row, weight in known) for k in range(3))
    low = min(low, middle / 2)  # where a style knows one pattern only, words still thin it out
    high = max(high, middle * 2)
    start, end, part_of = (low, middle, 2 * density) if density < 0.5 else (middle, high, 2 * density - 1)
    return float(start * (end / start) ** part_of)
