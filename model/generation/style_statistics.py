"""Per-style corrections of note lengths, melodic steps and onset places, in logits, and target densities.

Corrections are log ratios of how often music of the style has a value and how often the decoder samples it: habits.tsv,
written by `model.training.fit.style_statistics`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.decoder.tokenizer import LENGTHS
from model.music.plan import Mix
from model.prompt.rules.vocabulary import FOLDER
from model.styles import decoder_style

FILE = FOLDER / "habits.tsv"
MAX_STEP = 12
"""Largest step in semitones; larger ones count as this."""
SIXTEENTHS = 16
"""Sixteenths of a bar of 4/4."""
SIZES = {"length": len(LENGTHS), "step": MAX_STEP + 1, "place": SIXTEENTHS}
"""Sizes of the corrections: length classes, semitones from the note before, sixteenths of the bar."""
Bias = npt.NDArray[np.float64]


UNMEASURED = (0.25, 1.0, 4.0)
"""Onsets a quarter, least, usual and most, of a part that no table has."""


@lru_cache(1024)
def bias(style: Mix, part: str, what: str) -> Bias:
    """Return the corrections of lengths, `(48,)`, steps, `(13,)`, or places, `(16,)`, in a part of a mix of styles; read-only.

    Places exist for each drum too, by its name. All are 0 where nothing was measured.
    """
    found = np.zeros(SIZES[what])
    for name, share in style:
        found += share * table().get((decoder_style(name), part, what), 0.0)
    found.setflags(write=False)
    return found


@cache
def table() -> dict[tuple[str, str, str], Bias]:
    """Return the table by style, part or drum, and kind; not to be changed."""
    return {(style, part, what): np.array(values.split(), float) for style, part, what, values in _rows(FILE)}


def _rows(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@cache
def _table() -> dict[tuple[str, str], tuple[float, float, float]]:
    rows = _rows(FOLDER / "densities.tsv")
    return {(style, part): (float(low), float(mid), float(high)) for style, part, low, mid, high in rows}


def target_onsets(style: Mix, part: str, density: float) -> float:
    """Return the onsets a quarter at a density (a percentile, 0..1) of a part of a mix of styles."""
    rows = [((decoder_style(name), part), weight) for name, weight in style]
    known = [(_table()[row], weight) for row, weight in rows if row in _table()]
    if not known:
        known = [(_table().get(("*", part), UNMEASURED), 1.0)]
    whole = sum(weight for _, weight in known)
    low, middle, high = (sum(row[k] * (weight / whole) for row, weight in known) for k in range(3))
    low = min(low, middle / 2)  # a style with one pattern only can still be thinned out
    high = max(high, middle * 2)
    start, end, part_of = (low, middle, 2 * density) if density < 0.5 else (middle, high, 2 * density - 1)
    return float(start * (end / start) ** part_of)
