"""Training windows: a header and some bars of a song, transposed, with parts and conditions dropped at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.language import (
    FIRST_NOTE,
    GRID,
    HEADER,
    PART_ORDER,
    PARTS_MASK,
    Event,
    Rows,
    transposed,
)
from model.training.store import SOURCES, Store

SHARES = {"pop909": 0.6, "lieder": 0.22, "openewld": 0.18}
"""How often a window comes from each source."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of T + 1 rows with their text."""

    rows: npt.NDArray[np.int64]  # (B, T + 1, 5)
    text: npt.NDArray[np.float32]  # (B, 512)
    said: npt.NDArray[np.bool_]  # (B,)


def without_parts(rows: Rows, kept: frozenset[str]) -> Rows:
    """Return the rows without the notes of the parts not kept."""
    part = (rows[:, 0] - FIRST_NOTE) // GRID
    keep = rows[:, 0] < FIRST_NOTE
    for i, name in enumerate(PART_ORDER):
        if name in kept:
            keep |= part == i
    return rows[keep]


def parts_of(header: Rows) -> frozenset[str]:
    """Return the parts that a header says."""
    mask = int(header[HEADER.index(Event.PARTS), 1]) - PARTS_MASK
    return frozenset(p for i, p in enumerate(PART_ORDER) if mask >> i & 1)


def unsaid(header: Rows, *events: Event) -> Rows:
    """Return the header with some conditions not said."""
    header = header.copy()
    header[[HEADER.index(e) for e in events], 1] = 0
    return header


LEVELS = (Event.DENSITY, Event.ENERGY, Event.BRIGHTNESS, Event.COMPLEXITY)
DROPPABLE = (Event.TEMPO, *LEVELS)


class Windows:
    """Draws batches from the training songs of a store; all chance comes from one generator."""

    def __init__(self, store: Store, context: int, seed: int) -> None:
        self._store, self._context = store, context
        self._rng = np.random.default_rng(seed)
        self._songs = {s: store.songs("train", s) for s in SOURCES}
        self._songs = {s: songs for s, songs in self._songs.items() if len(songs)}
        lengths = np.diff(store.song_at)
        self._weights = {s: lengths[songs] / lengths[songs].sum() for s, songs in self._songs.items()}
        shares = np.array([SHARES[s] for s in self._songs])
        self._shares = shares / shares.sum()

    def batch(self, size: int) -> Batch:
        """Return a batch of windows of `context` + 1 rows, padded with PAD."""
        rows = np.zeros((size, self._context + 1, 5), np.int64)
        text = np.zeros((size, self._store.text.shape[1]), np.float32)
        said = np.zeros(size, np.bool_)
        for i in range(size):
            window, caption = self._window()
            rows[i, : len(window)] = window
            text[i] = self._store.text[caption]
            said[i] = self._rng.random() < 0.7
        return Batch(rows, text, said)

    def _window(self) -> tuple[Rows, int]:
        rng, store = self._rng, self._store
        source = list(self._songs)[rng.choice(len(self._shares), p=self._shares)]
        song = int(rng.choice(self._songs[source], p=self._weights[source]))
        rows, header = store.song(song), store.headers[song]
        kept = parts_of(header)
        if len(kept) > 1 and rng.random() < 0.25:
            kept = frozenset(p for p in kept if rng.random() < 0.6) or kept
            rows = without_parts(rows, kept)
            header = header.copy()
            header[HEADER.index(Event.PARTS), 1] = PARTS_MASK + sum(1 << PART_ORDER.index(p) for p in kept)
        lines = np.flatnonzero(rows[:, 0] == Event.BAR)
        near_end = max(1, int(np.searchsorted(lines, len(rows) - self._context // 2)))
        at = 0 if rng.random() < 0.15 else int(lines[rng.integers(near_end)])
        window = np.concatenate([self._thinned(header), rows[at : at + self._context + 1 - len(header)]])
        if rng.random() < 0.5:
            window[window[:, 0] == Event.BAR, 1] = 0
        caption = int(rng.integers(store.text_at[song], store.text_at[song + 1]))
        return transposed(window, int(rng.integers(-5, 7))), caption

    def _thinned(self, header: Rows) -> Rows:
        """Drop all levels and the tempo together sometimes, else each by itself; the key now and then."""
        rng = self._rng
        share = rng.choice([0.0, 0.4, 1.0], p=[0.25, 0.5, 0.25])
        dropped = [e for e in DROPPABLE if rng.random() < share]
        if rng.random() < 0.1:
            dropped.append(Event.KEY)
        if rng.random() < 0.1:
            dropped.append(Event.PARTS)
        return unsaid(header, *dropped)
