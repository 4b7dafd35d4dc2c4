"""Training windows: a header and some bars of a song, transposed, with parts and conditions dropped at random."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.decoder.conditioning import (
    DROPPABLE_CONDITIONS,
    HEADER,
    parts_of,
    parts_symbol,
    without_conditions,
)
from model.decoder.relations import relate
from model.decoder.tokenizer import (
    FIRST_NOTE,
    GRID,
    KEY,
    MELODY_EVENT,
    MELODY_FIRST,
    NOW,
    PART_ORDER,
    Event,
    Rows,
    transposed,
)
from model.training.dataset.store import SOURCES, Store

SHARES = {
    "songbook": 0.40, "freedoom": 0.09, "simutrans": 0.05, "billboard": 0.02, "pop909": 0.19, "lieder": 0.04,
    "openewld": 0.05, "hymns": 0.01, "fiddle": 0.04, "groove": 0.06, "loops": 0.01, "grammar": 0.04,
}  # fmt: skip
"""How often a window comes from each source."""

LATER_ROWS = 150
"""At most so many rows of the bars that follow are shown before those to be filled in."""
EXAMPLE_SHARE = 0.5
"""How many windows begin with an example, half of them with one from another piece."""
EXAMPLE_ROWS = 220
EXAMPLE_BARS = 8
EXAMPLE_SOURCES = ("songbook", "freedoom", "simutrans", "grammar")
THINNED = 0.25
"""How often a part is left out of an example; the melody always is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of T + 1 rows with their text."""

    rows: Rows  # (B, T + 1, 8): fields and relations
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


def melody_first(rows: Rows) -> Rows:
    """Return the rows with the melody of each beat before its chord symbol."""
    event = rows[:, 0]
    line = (event == Event.BAR) | (event == Event.BEAT) | (event == Event.EOS)
    beat = np.cumsum(line)
    rank = np.where(line | (event == Event.FORM), 0, np.where(event >= MELODY_EVENT, 1, 2))
    return rows[np.lexsort((rank, beat))]


def infilling_rows(rows: Rows, bar: int, room: int) -> Rows:
    """Return what follows bar number `bar` as rows of later bars, then the bars up to it that fit into `room` rows."""
    lines = [*np.flatnonzero(rows[:, 0] == Event.BAR), len(rows)]
    cut = lines[bar]
    later = max((at for at in lines[bar + 1 :] if at - cut <= min(LATER_ROWS, room // 3)), default=cut)
    room -= later - cut + 2
    first = min((at for at in lines if at <= cut and cut - at <= room), default=cut)
    mark = np.zeros((2, rows.shape[1]), rows.dtype)
    mark[:, 0], mark[1, 1] = Event.AFTER, NOW
    return np.concatenate([mark[:1], rows[cut:later], mark[1:], rows[first:cut]])


class Windows:
    """Draws batches from the training songs of a store; all chance comes from one generator."""

    def __init__(self, store: Store, context: int, seed: int, shares: Mapping[str, float] | None = None) -> None:
        self._store, self._context = store, context
        self._rng = np.random.default_rng(seed)
        self._songs = {s: store.songs("train", s) for s in SOURCES}
        wanted = shares or SHARES
        self._songs = {s: songs for s, songs in self._songs.items() if len(songs) and wanted.get(s)}
        lengths = np.diff(store.song_at)
        self._by_style = self._pieces_by_style()
        self._weights = {s: lengths[songs] / lengths[songs].sum() for s, songs in self._songs.items()}
        given = np.array([wanted[s] for s in self._songs])
        self._shares = given / given.sum()

    def batch(self, size: int) -> Batch:
        """Return a batch of windows of `context` + 1 rows, padded with PAD."""
        rows = np.zeros((size, self._context + 1, 8), np.int16)
        text = np.zeros((size, self._store.text.shape[1]), np.float32)
        said = np.zeros(size, np.bool_)
        for i in range(size):
            window, caption, told = self._window()
            rows[i, : len(window), :5] = window
            rows[i, : len(window), 5:] = relate(window)
            text[i] = self._store.text[caption]
            said[i] = told
        return Batch(rows, text, said)

    def _window(self) -> tuple[Rows, int, bool]:
        rng, store = self._rng, self._store
        source = list(self._songs)[rng.choice(len(self._shares), p=self._shares)]
        song = int(rng.choice(self._songs[source], p=self._weights[source]))
        rows, header = store.song(song), store.headers[song]
        kept = parts_of(header)
        if len(kept) > 1 and rng.random() < 0.25:
            kept = frozenset(p for p in kept if rng.random() < 0.6) or kept
            rows = without_parts(rows, kept)
            header = header.copy()
            header[HEADER.index(Event.PARTS), 1] = parts_symbol(kept)
        told = bool(rng.random() < 0.7)
        head = self._drop_conditions(header, told)
        if "melody" in kept and rng.random() < 0.12:
            rows = melody_first(rows)
            head[0, 1] = MELODY_FIRST
        example = self._example(song, source, header)
        body = self._drop_line_fields(self._cut(rows, self._context + 1 - len(head) - len(example)))
        body = np.concatenate([example, body])
        caption = int(rng.integers(store.text_at[song], store.text_at[song + 1]))
        return transposed(np.concatenate([head, body]), int(rng.integers(-5, 7))), caption, told

    def _pieces_by_style(self) -> dict[int, list[int]]:
        """Return the songs that examples come from, by the symbol of their style."""
        found: dict[int, list[int]] = {}
        for source in EXAMPLE_SOURCES:
            for song in self._songs.get(source, ()):
                style = int(self._store.headers[song][HEADER.index(Event.STYLE), 1])
                if style:
                    found.setdefault(style, []).append(int(song))
        return found

    def _example(self, song: int, source: str, header: Rows) -> Rows:
        """Return rows that show the manner to play in, from the song or from another of its style, or none."""
        rng, store = self._rng, self._store
        nothing = np.zeros((0, 5), np.int16)
        if source not in EXAMPLE_SOURCES or rng.random() >= EXAMPLE_SHARE:
            return nothing
        other = song
        alike = self._by_style.get(int(header[HEADER.index(Event.STYLE), 1]), [])
        if rng.random() < 0.5 and len(alike) > 1:
            other = alike[int(rng.integers(len(alike)))]
        rows = store.song(other)
        lines = np.flatnonzero(rows[:, 0] == Event.BAR)
        first = int(rng.integers(len(lines)))
        last = min(first + int(rng.integers(2, EXAMPLE_BARS + 1)), len(lines) - 1)
        kept = frozenset(p for p in PART_ORDER[:-1] if rng.random() >= THINNED)
        rows = without_parts(rows[lines[first] : lines[last]], kept)
        rows = rows[rows[:, 0] != Event.FORM][:EXAMPLE_ROWS].copy()
        rows[rows[:, 0] == Event.BAR, 1:] = 0
        key = HEADER.index(Event.KEY)
        ours, theirs = int(header[key, 1]), int(store.headers[other][key, 1])
        if not len(rows) or bool(ours) != bool(theirs):
            return nothing
        rows = transposed(rows, (ours - KEY) % 12 - (theirs - KEY) % 12) if ours else rows
        mark = np.zeros((2, 5), rows.dtype)
        mark[:, 0], mark[1, 1] = Event.EXAMPLE, NOW
        return np.concatenate([mark[:1], rows, mark[1:]])

    def _cut(self, rows: Rows, room: int) -> Rows:
        rng = self._rng
        lines = np.flatnonzero(rows[:, 0] == Event.BAR)
        if len(lines) > 3 and rng.random() < 0.12:
            return infilling_rows(rows, int(rng.integers(1, len(lines) - 1)), room)
        near_end = max(1, int(np.searchsorted(lines, len(rows) - room // 2)))
        at = 0 if rng.random() < 0.15 else int(lines[rng.integers(near_end)])
        return rows[at : at + room]

    def _drop_line_fields(self, rows: Rows) -> Rows:
        """Leave out what the bar lines tell, each kind by itself."""
        form = rows[:, 0] == Event.FORM
        rows = rows[~form] if self._rng.random() < 0.3 else rows.copy()
        form = rows[:, 0] == Event.FORM
        for field in (1, 2, 3):
            if self._rng.random() < 0.2:
                rows[form, field] = 0
        bars = rows[:, 0] == Event.BAR
        for field, share in ((1, 0.5), (2, 0.3), (3, 0.3)):
            if self._rng.random() < share:
                rows[bars, field] = 0
        return rows

    def _drop_conditions(self, header: Rows, told: bool) -> Rows:
        """Drop all levels and the tempo together sometimes, else each by itself; the rest now and then.

        The style is left to the text in half of the windows that have one.
        """
        rng = self._rng
        share = rng.choice([0.0, 0.4, 1.0], p=[0.25, 0.5, 0.25])
        dropped: list[Event] = [e for e in DROPPABLE_CONDITIONS if e != Event.STYLE and rng.random() < share]
        if rng.random() < (0.5 if told else 0.15):
            dropped.append(Event.STYLE)
        dropped += [e for e in (Event.KEY, Event.PARTS) if rng.random() < 0.1]
        head = without_conditions(header, *dropped)
        if rng.random() < 0.3:  # the mode is left to the notes
            head[HEADER.index(Event.KEY), 2] = 0
        return head
