"""The floor that a decoder must beat: a Witten-Bell n-gram over the fields of events.

Fields follow one another as symbols, zeros left out; songs are transposed to C major or A minor by their key
row, so the n-gram gets the key for nothing. It is scored on the same fields as the decoder: what the grammar
gives (bars left, beat numbers) is context for it, and no cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from model.decoder.conditioning import HEADER
from model.decoder.tokenizer import KEY, SIZES, Event, Rows, transposed
from model.training.evaluation.fields import scored_fields

STARTS = np.concatenate([[0], np.cumsum(SIZES[:-1])])
"""The first symbol of each field."""
VOCABULARY = sum(SIZES)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def in_c(rows: Rows, header: Rows) -> Rows:
    """Return the rows in C major or A minor, by the shorter way; as they are if the header says no key."""
    said = int(header[HEADER.index(Event.KEY), 1])
    if not said:
        return rows
    key = said - KEY
    up = -key % 12 if key < 12 else (9 - key) % 12
    return transposed(rows, up - 12 if up > 6 else up)


def flat(rows: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the rows as symbols, the field of each, and the line of each."""
    present = rows > 0
    present[:, 0] = True
    line, field = np.nonzero(present)
    return STARTS[field] + rows[line, field].astype(np.int64), field, line


def symbols(rows: Rows) -> tuple[list[int], list[int]]:
    """Return the song as symbols, and for each the field it scores in (−1: given)."""
    said, field, line = flat(rows)
    return said.tolist(), np.where(scored_fields(rows)[line, field], field, -1).tolist()


def ngram_bits(
    train: Iterable[Sequence[int]], held: Sequence[tuple[Sequence[int], Sequence[int]]], orders: int
) -> npt.NDArray[np.float64]:
    """Return the bits spent on each field of each held-out song, `(orders, songs, 5)`.

    Row k is by contexts of at most k symbols, interpolated after Witten and Bell (1991). `held` has the symbols of
    each song and their fields. Contexts are counted by 64-bit hashes: among the millions of a corpus none are
    expected to collide. One order is counted at a time, so memory holds one.
    """
    known = [np.asarray(song, np.uint64) for song in train]
    asked = [(np.asarray(song, np.uint64), np.asarray(fields)) for song, fields in held]
    chances = [np.full(len(song), 1 / VOCABULARY) for song, _ in asked]
    spent = np.zeros((orders, len(asked), len(SIZES)))
    for order in range(orders):
        hashes = [_hashes(song, order) for song in known]
        runs, first, counts = np.unique(
            np.concatenate([run for _, run in hashes]), return_index=True, return_counts=True
        )
        before = np.concatenate([context for context, _ in hashes])
        contexts, totals = np.unique(before, return_counts=True)
        followed, kinds = np.unique(before[first], return_counts=True)
        for i, (song, fields) in enumerate(asked):
            context, run = _hashes(song, order)
            k = _counted(followed, kinds, context)
            n = _counted(contexts, totals, context)
            p = chances[i][order:]
            seen = (_counted(runs, counts, run) + k * p) / np.maximum(n + k, 1)
            chances[i][order:] = np.where(n > 0, seen, p)
            for f in range(len(SIZES)):
                spent[order, i, f] = -np.log2(chances[i][fields == f]).sum()
    return spent


def _counted(
    keys: npt.NDArray[np.uint64], counts: npt.NDArray[np.int64], asked: npt.NDArray[np.uint64]
) -> npt.NDArray[np.int64]:
    """Return the count of each key asked for, 0 where it is none of the ascending keys."""
    if not len(keys):
        return np.zeros(len(asked), np.int64)
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, counts[place], 0)


def _hashes(song: npt.NDArray[np.uint64], order: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return the hashes of the `order` symbols before each symbol from number `order` on, and with that symbol."""
    length = max(0, len(song) - order)
    before = np.zeros(length, np.uint64)
    for i in range(order):
        before = _mixed(before, song[i : i + length])
    return before, _mixed(before, song[order : order + length])


def _mixed(hashes: npt.NDArray[np.uint64], said: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    x = (hashes ^ (said + np.uint64(1))) * _FACTOR
    return x ^ (x >> np.uint64(29))
