"""The floor that a decoder must beat: a Witten-Bell n-gram over the fields of events.

Fields follow one another as symbols, zeros left out; songs are transposed to C major or A minor by their key
row, so the n-gram gets the key for nothing. It is scored on the same fields as the decoder: what the grammar
gives (bars left, beat numbers) is context for it, and no cost.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from model.header import HEADER
from model.language import KEY, SIZES, Event, Rows, transposed
from model.training.fields import scored

STARTS = np.concatenate([[0], np.cumsum(SIZES[:-1])])
GIVEN = 7
"""Symbols at the head of a song that are not scored, as for the decoder's header."""


def in_c(rows: Rows, header: Rows) -> Rows:
    """Return the rows in C major or A minor, by the shorter way."""
    key = int(header[HEADER.index(Event.KEY), 1]) - KEY
    up = -key % 12 if key < 12 else (9 - key) % 12
    return transposed(rows, up - 12 if up > 6 else up)


def symbols(rows: Rows) -> tuple[list[int], list[int]]:
    """Return the song as symbols, and for each the field it scores in (−1: given)."""
    ours = scored(rows)
    present = ours.copy()
    present[:, 0] = True
    present[:, 1] |= rows[:, 1] > 0
    line, field = np.nonzero(present)
    said = STARTS[field] + rows[line, field]
    return said.tolist(), np.where(ours[line, field], field, -1).tolist()


class NGram:
    """Counts of up to `order` symbols, interpolated after Witten and Bell (1991)."""

    def __init__(self, order: int) -> None:
        self._counts: list[dict[tuple[int, ...], dict[int, int]]] = [defaultdict(dict) for _ in range(order)]

    def learn(self, songs: Iterable[Sequence[int]]) -> None:
        """Count songs."""
        for song in songs:
            for order, counts in enumerate(self._counts):
                for i in range(order, len(song)):
                    here = counts[tuple(song[i - order : i])]
                    here[song[i]] = here.get(song[i], 0) + 1

    def bits(self, song: Sequence[int], fields: Sequence[int], order: int) -> list[float]:
        """Return the bits spent on each field of a song with contexts shorter than `order` symbols."""
        spent = [0.0] * len(SIZES)
        for i in range(GIVEN, len(song)):
            p = 1 / sum(SIZES)
            for o in range(min(order, i + 1)):
                here = self._counts[o].get(tuple(song[i - o : i]))
                if here is None:
                    break
                total = sum(here.values())
                p = (here.get(song[i], 0) + len(here) * p) / (total + len(here))
            if fields[i] >= 0:
                spent[fields[i]] -= math.log2(p)
        return spent
