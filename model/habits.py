"""What people do more often than the decoder as it is drawn from, in logits: from `terms/habits.tsv` (written by `model.training.habits`)."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from model.language import LENGTHS, nearest_length
from model.music import Mix
from model.terms import FOLDER

FILE = FOLDER / "habits.tsv"
LARGEST = 12
"""Semitones of a step; larger ones count as this."""
SIZES = {"length": len(LENGTHS), "step": LARGEST + 1}
"""What people have habits of: the classes of lengths, and the semitones between a note and the one before."""
Worth = npt.NDArray[np.float64]


@lru_cache(128)
def worth(style: Mix, part: str, what: str) -> Worth:
    """Return what each length, `(48,)`, or each size of step, `(13,)`, is worth in a part of a mix of styles; read-only.

    Where nobody was measured all are worth nothing.
    """
    found = np.zeros(SIZES[what])
    for name, share in style:
        found += share * _table().get((name, part, what), 0.0)
    found.setflags(write=False)
    return found


@cache
def _table() -> dict[tuple[str, str, str], Worth]:
    found: dict[tuple[str, str, str], Worth] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            style, part, what, size, value = line.split("\t")
            row = found.setdefault((style, part, what), np.zeros(SIZES[what]))
            row[nearest_length(int(size)) if what == "length" else int(size)] = float(value)
    return found
