"""The event store: every prepared song as rows, with its header, captions' vectors and split.

One `.npz` without pickles. Songs lie one after another; `song_at[i]:song_at[i + 1]` are the rows of song i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.decoder.tokenizer import Rows

SPLITS = ("train", "validation", "test")
SOURCES = (
    "pop909",
    "openewld",
    "lieder",
    "hymns",
    "fiddle",
    "groove",
    "loops",
    "grammar",
    "songbook",
    "freedoom",
    "simutrans",
    "billboard",
)


@dataclass(frozen=True, slots=True)
class Store:
    """Arrays over S songs, N rows and C captions."""

    rows: Rows  # (N, 5)
    song_at: npt.NDArray[np.int64]  # (S + 1,)
    headers: Rows  # (S, 11, 5), everything that is known said
    text: npt.NDArray[np.float16]  # (C, 512)
    text_at: npt.NDArray[np.int64]  # (S + 1,)
    split: npt.NDArray[np.uint8]  # (S,) index into SPLITS
    source: npt.NDArray[np.uint8]  # (S,) index into SOURCES
    ids: npt.NDArray[np.str_]  # (S,)

    def song(self, i: int) -> Rows:
        """Return the rows of a song, header apart, EOS at the end."""
        return self.rows[self.song_at[i] : self.song_at[i + 1]]

    def songs(self, split: str, source: str | None = None) -> npt.NDArray[np.int64]:
        """Return the numbers of the songs of a split, of one source or all."""
        chosen = self.split == SPLITS.index(split)
        if source is not None:
            chosen &= self.source == SOURCES.index(source)
        return np.flatnonzero(chosen)

    def save(self, path: Path) -> None:
        """Write the store."""
        arrays: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        with path.open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Store:
        """Read a store written by `save`."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(*(arrays[f.name] for f in fields(cls)))


def joined(stores: Sequence[Store]) -> Store:
    """Return the songs of several stores as one."""
    return Store(
        rows=np.concatenate([s.rows for s in stores]),
        song_at=_joined_places([s.song_at for s in stores]),
        headers=np.concatenate([s.headers for s in stores]),
        text=np.concatenate([s.text for s in stores]),
        text_at=_joined_places([s.text_at for s in stores]),
        split=np.concatenate([s.split for s in stores]),
        source=np.concatenate([s.source for s in stores]),
        ids=np.concatenate([s.ids for s in stores]),
    )


def _joined_places(places: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.cumsum([0, *np.concatenate([np.diff(p) for p in places])])
