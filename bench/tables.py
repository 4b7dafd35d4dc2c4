"""What the measurements share: percentiles, shares with their intervals, and tables in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least a share (0..1) of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def interval(hits: int, count: int) -> str:
    """Return "hits/count = share % [low..high]" with Wilson's 95 % interval."""
    z, p = 1.96, hits / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return f"{hits}/{count} = {100 * p:.0f} % [{100 * (middle - half):.0f}..{100 * (middle + half):.0f}]"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown; floats with two decimals."""

    def line(cells: Sequence[object]) -> str:
        return "| " + " | ".join(f"{c:.2f}" if isinstance(c, float) else str(c) for c in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows)])
