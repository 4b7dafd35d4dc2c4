"""The event store: every prepared song as rows, with its header, captions' vectors and split.

One `.npz` without pickles. Songs lie one after another; `song_at[i]:song_at[i + 1]` are the rows of song i.
"""

from __future__ import annotations

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
    "freedoom",
    "simutrans",
    "billboard",
)


@dataclass(frozen=True, slots=True)
class Store:
    """Arrays over S songs, N rows and C captions."""

    rows: Rows  # (N, 5)
    song_at: npt.NDArray[np.int64]  # (S + 1,)
    headers: Rows  # (S, 10, 5), everything that is known said
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
