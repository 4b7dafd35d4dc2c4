"""What people, and machines of a style, do more often than the decoder as it is drawn from, in logits: from `terms/habits.tsv` (written by `model.training.fit.style_statistics`)."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from model.decoder.tokenizer import LENGTHS
from model.music.plan import Mix
from model.prompt.rules.vocabulary import FOLDER
from model.styles import decoder_style

FILE = FOLDER / "habits.tsv"


MAX_STEP = 12
"""Semitones of a step; larger ones count as this."""


SIXTEENTHS = 16
"""Sixteenths of a bar of 4/4."""


SIZES = {"length": len(LENGTHS), "step": MAX_STEP + 1, "place": SIXTEENTHS}
"""What there are habits of: the classes of lengths, the semitones between a note and the one before, and where in the bar notes begin."""


Bias = npt.NDArray[np.float64]


@lru_cache(1024)
def bias(style: Mix, part: str, what: str) -> Bias:
    """Return what each length, `(48,)`, each size of step, `(13,)`, or each place, `(16,)`, is worth in a part of a mix of styles; read-only.

    Places are asked of each role of the drums besides, by its name. Where nobody was measured all are worth nothing.
    """
    found = np.zeros(SIZES[what])
    for name, share in style:
        found += share * table().get((decoder_style(name), part, what), 0.0)
    found.setflags(write=False)
    return found


@cache
def table() -> dict[tuple[str, str, str], Bias]:
    """Return the whole table, by style, part or drum, and what; read it only."""
    found: dict[tuple[str, str, str], Bias] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            style, part, what, values = line.split("\t")
            found[style, part, what] = np.array(values.split(), float)
    return found


@cache
def _table() -> dict[tuple[str, str], tuple[float, float, float]]:
    found = {}
    for line in (FOLDER / "densities.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            style, part, low, middle, high = line.split("\t")
            found[style, part] = (float(low), float(middle), float(high))
    return found


def target_onsets(style: Mix, part: str, density: float) -> float:
    """Return the onsets a quarter that a density (a percentile, 0..1) means for a part of a mix of styles."""
    rows = [((decoder_style(name), part), weight) for name, weight in style]
    known = [(_table()[row], weight) for row, weight in rows if row in _table()]
    if not known:
        known = [(_table()["*", part], 1.0)]
    whole = sum(weight for _, weight in known)
    low, middle, high = (sum(row[k] * (weight / whole) for row, weight in known) for k in range(3))
    low = min(low, middle / 2)  # where a style knows one pattern only, words still thin it out
    high = max(high, middle * 2)
    start, end, part_of = (low, middle, 2 * density) if density < 0.5 else (middle, high, 2 * density - 1)
    return float(start * (end / start) ** part_of)
