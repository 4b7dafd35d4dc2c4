"""How long people hold notes, beside how long the decoder would: from `terms/durations.tsv` (written by `model.training.durations`)."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from model.language import LENGTHS, nearest_length
from model.music import Mix
from model.terms import FOLDER

FILE = FOLDER / "durations.tsv"
Worth = npt.NDArray[np.float64]


@lru_cache(64)
def lasting(style: Mix, part: str) -> Worth:
    """Return what each class of length is worth in a part of a mix of styles, `(48,)`, in logits; read-only.

    What is worth more than nothing is played more often by people than by the decoder as it is drawn from. Where nobody was
    measured all are worth nothing.
    """
    worth = np.zeros(len(LENGTHS))
    for name, share in style:
        worth += share * _table().get((name, part), 0.0)
    worth.setflags(write=False)
    return worth


@cache
def _table() -> dict[tuple[str, str], Worth]:
    found: dict[tuple[str, str], Worth] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            style, part, ticks, worth = line.split("\t")
            row = found.setdefault((style, part), np.zeros(len(LENGTHS)))
            row[nearest_length(int(ticks))] = float(worth)
    return found
