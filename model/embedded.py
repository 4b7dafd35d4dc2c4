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
        lead = len(self._unsaid)
        found = np.empty((len(rows), lead + rows.shape[1], self._unsaid.shape[1]), np.float32)
        found[:, :lead] = self._unsaid
        found[said, :lead] = (self._prefix @ text).reshape(self._unsaid.shape)
        found[:, lead:] = self.tables[0][rows[..., 0]]
        for i, table in enumerate(self.tables[1:], 1):
            found[:, lead:] += table[rows[..., i]]
        return found
