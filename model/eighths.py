"""Matrices in eight bits, by the C of `eighths.h`: for few rows, where the reading of float32 weights is what takes the time.

Called from one thread only.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model.choosing import Array
from model.native import compiled, copied, narrow

STRETCH = 256
"""Columns come in whole stretches, each of which has a scale of its own in a row that is multiplied."""


Narrow = tuple[npt.NDArray[np.int8], Array, Array | None]
"""A matrix `(rows, columns)`, columns filled up with noughts to whole stretches; the scale of each row; what is added to its products."""


def narrowed(matrix: Array, bias: Array | None = None) -> Narrow:
    """Return a matrix `(rows, columns)` in eight bits."""
    rows, columns = matrix.shape
    wide = np.zeros((rows, columns + -columns % STRETCH), np.float32)
    wide[:, :columns] = matrix
    return *narrow(wide), bias


class Matrices:
    """Some of them, for as long as it lives. Raises MemoryError."""

    def __init__(self, library: ctypes.CDLL, matrices: Sequence[Narrow]) -> None:
        self._library = library
        needed = sum(library.native_bytes(*weights.shape) for weights, _, _ in matrices)
        longest = max(weights.shape[1] for weights, _, _ in matrices)
        self.pointer: int = library.native_matrices(len(matrices), longest, needed)
        if not self.pointer:
            raise MemoryError("no room for the matrices")
        for which, matrix in enumerate(matrices):
            copied(library, self.pointer, which, *matrix)

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            self._library.native_release(self.pointer)


class Eighths:
    """A matrix `(columns, rows)` that stands to the right of an array and an `@`: `x @ it` is `(n, rows)`, from `x` `(n, columns)`.

    Columns come in whole stretches. Raises MemoryError.
    """

    __array_ufunc__ = None  # so that an array leaves `@` to us

    def __init__(self, library: ctypes.CDLL, matrix: Array) -> None:
        self._library, self._rows = library, matrix.shape[1]
        self._matrices = Matrices(library, [narrowed(matrix.T)])

    def __rmatmul__(self, x: Array) -> Array:
        given = np.ascontiguousarray(x, np.float32)
        found = np.empty((len(given), self._rows), np.float32)
        where = given.ctypes.data, len(given), found.ctypes.data
        self._library.native_multiply(self._matrices.pointer, 0, *where)
        return found


def quick(matrix: Array) -> Array | Eighths:
    """Return a matrix to stand to the right of an `@`, in eight bits where that can be had here."""
    library = compiled()
    return matrix if library is None else Eighths(library, matrix)
