"""The drawing of a value from bent, guided and tempered logits; the reference of what `native.c` does faster. Pure."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Worth = npt.NDArray[np.floating]

NEGLIGIBLE = 40.0
"""How many logits below the likeliest choice another is never drawn: e**-40 is less than the rounding of their sum."""


def guided(logits: Array, text: float) -> Array:
    """Return what the words make of logits, `(lanes, n)`: the second lane, where there is one, was not told of them."""
    told: Array = logits[0]
    return told if len(logits) == 1 else told + text * (told - logits[1])


def choose(logits: Array, bias: Worth, text: float, temperature: float, tail: float, drawn: float) -> int:
    """Return a value by a number `drawn` from 0 to 1; the unlikely tail, all but a share `tail` of the odds, is left out."""
    z = (guided(logits, text) + bias) / temperature
    z -= z.max()
    near = np.flatnonzero(z > -NEGLIGIBLE)
    if len(near) == 1:
        return int(near[0])
    p = np.exp(z[near])
    order = (-p).argsort(kind="stable")
    total = p[order].cumsum()
    kept = min(int(total.searchsorted(min(tail, 1.0) * total[-1])) + 1, len(total))
    place = int(total[:kept].searchsorted(drawn * total[kept - 1], "right"))
    return int(near[order[min(place, kept - 1)]])


def comes(against: float, others: Worth, temperature: float, tail: float, drawn: float) -> bool:
    """Tell by a number `drawn` from 0 to 1 whether a value of so many logits comes instead of any of the others; the unlikely never does."""
    top = others.max()
    gap = against - top - math.log(np.exp(others - top).sum())
    chance = 1 / (1 + math.exp(-float(np.clip(gap / temperature, -NEGLIGIBLE, NEGLIGIBLE))))
    unlikely = 1 - min(tail, 1.0)
    return chance > unlikely and (chance >= 1 - unlikely or drawn < chance)
