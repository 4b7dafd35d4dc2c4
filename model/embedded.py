"""What a decoder is told, as vectors: the words as rows before the music, rows of music as the sums of their fields. Read-only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from model.choosing import Array
from model.language import SIZES, Rows


class Embedded:
    """The tables of a decoder's weights; `tables` has one of each field, `(values, D)`."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.tables = [np.ascontiguousarray(arrays[f"embed.{i}.weight"]) for i in range(len(SIZES))]
        self._prefix, self._unsaid = arrays["prefix.weight"], arrays["unsaid"]

    def beginning(self, text: Array, said: npt.NDArray[np.bool_], rows: Rows) -> Array:
        """Return the first rows of every lane, `(lanes, prefix + T, D)`; `said` tells which lanes are told of the `text`, `(512,)`."""
        told = (self._prefix @ text).reshape(self._unsaid.shape)
        lead = np.where(said[:, None, None], told, self._unsaid).astype(np.float32)
        music = np.sum([table[rows[..., i]] for i, table in enumerate(self.tables)], axis=0)
        return np.ascontiguousarray(np.concatenate([lead, music], 1))
