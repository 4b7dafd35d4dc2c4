"""What people, and machines of a style, do more often than the decoder as it is drawn from, in logits: from `terms/habits.tsv` (written by `model.training.habits`)."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from model.language import LENGTHS
from model.music import Mix
from model.terms import FOLDER

FILE = FOLDER / "habits.tsv"
LARGEST = 12
"""Semitones of a step; larger ones count as this."""
PLACES = 16
"""Sixteenths of a bar of 4/4."""
SIZES = {"length": len(LENGTHS), "step": LARGEST + 1, "place": PLACES}
"""What there are habits of: the classes of lengths, the semitones between a note and the one before, and where in the bar notes begin."""
Worth = npt.NDArray[np.float64]


@lru_cache(1024)
def worth(style: Mix, part: str, what: str) -> Worth:
    """Return what each length, `(48,)`, each size of step, `(13,)`, or each place, `(16,)`, is worth in a part of a mix of styles; read-only.

    Places are asked of each role of the drums besides, by its name. Where nobody was measured all are worth nothing.
    """
    found = np.zeros(SIZES[what])
    for name, share in style:
        found += share * table().get((name, part, what), 0.0)
    found.setflags(write=False)
    return found


@cache
def table() -> dict[tuple[str, str, str], Worth]:
    """Return the whole table, by style, part or drum, and what; read it only."""
    found: dict[tuple[str, str, str], Worth] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            style, part, what, values = line.split("\t")
            found[style, part, what] = np.array(values.split(), float)
    return found
