"""Matrices in eight bits, by the C of `eighths.h`: for few rows, where the reading of float32 weights is what takes the time.

Called from one thread only.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.weights import ZERO_POINT, quantise_uint8

Array = npt.NDArray[np.float32]


@cache
def native_library() -> ctypes.CDLL | None:
    """Return what was compiled, where it was and this processor can run it."""
    built = sorted(Path(__file__).parent.glob("_native*.so"))
    if not built:
        return None
    try:
        library = ctypes.CDLL(str(built[0]))
    except OSError:
        return None
    if not library.native_available():
        return None
    pointer, number, real, size = ctypes.c_void_p, ctypes.c_int, ctypes.c_double, ctypes.c_size_t
    kinds: dict[str, tuple[Any, list[Any]]] = {
        "bytes": (size, [number, number]),
        "open": (pointer, [*[number] * 5, size]),
        "close": (None, [pointer]),
        "tables": (None, [pointer] * 5),
        "norms": (None, [pointer, number, pointer, pointer]),
        "matrix": (None, [pointer, number, number, number, pointer, pointer, pointer]),
        "matrices": (pointer, [number, number, size]),
        "release": (None, [pointer]),
        "multiply": (None, [pointer, number, pointer, number, pointer]),
        "sentence_buffer": (number, [number]),
        "sentence": (None, [pointer, number, pointer, pointer, ctypes.c_float, pointer, pointer]),
        "new_state": (pointer, [pointer, number]),
        "free_state": (None, [pointer]),
        "length": (number, [pointer, number]),
        "read": (None, [pointer, pointer, number, pointer, number, pointer]),
        "copy_rows": (size, [pointer, pointer, number, number, number, pointer]),
        "step": (None, [pointer, pointer, *[number] * 5, pointer]),
        "rows": (None, [pointer, pointer, pointer]),
        "drop_rows": (None, [pointer, pointer, number, number]),
        "event": (None, [pointer, number, pointer, pointer]),
        "next_field": (None, [pointer, number, number, number, pointer, pointer, pointer]),
        "sample": (number, [number, number, pointer, pointer, *[real] * 5]),
    }
    for name, (result, arguments) in kinds.items():
        function = getattr(library, f"native_{name}")
        function.restype, function.argtypes = result, arguments
    return library


def native_available() -> bool:
    """Return whether this engine can be had here."""
    return native_library() is not None


def quantise_rows(matrix: Array) -> tuple[npt.NDArray[np.int8], Array]:
    """Return a matrix in signed eight bits, and the scale of each row, `(rows, 1)`."""
    quantised, scale = quantise_uint8(matrix)
    return (quantised ^ ZERO_POINT).view(np.int8), scale


def copy_matrix(
    library: ctypes.CDLL,
    kernel: int,
    which: int,
    weights: npt.NDArray[np.int8],
    scale: Array,
    bias: Array | None,
) -> None:
    """Copy a matrix, `(rows, columns)`, and what is added to its products, into a kernel."""
    where = [None if part is None else np.ascontiguousarray(part).ctypes for part in (weights, scale, bias)]
    library.native_matrix(kernel, which, *weights.shape, *[None if at is None else at.data for at in where])


COLUMN_BLOCK = 256
"""Columns come in whole stretches, each of which has a scale of its own in a row that is multiplied."""


QuantisedMatrix = tuple[npt.NDArray[np.int8], Array, Array | None]
"""A matrix `(rows, columns)`, columns filled up with noughts to whole stretches; the scale of each row; what is added to its products."""


def quantise_matrix(matrix: Array, bias: Array | None = None) -> QuantisedMatrix:
    """Return a matrix `(rows, columns)` in eight bits."""
    rows, columns = matrix.shape
    wide = np.zeros((rows, columns + -columns % COLUMN_BLOCK), np.float32)
    wide[:, :columns] = matrix
    return *quantise_rows(wide), bias


class Int8Matrices:
    """Some of them, for as long as it lives. Raises MemoryError."""

    def __init__(self, library: ctypes.CDLL, matrices: Sequence[QuantisedMatrix]) -> None:
        self._library = library
        needed = sum(library.native_bytes(*weights.shape) for weights, _, _ in matrices)
        longest = max(weights.shape[1] for weights, _, _ in matrices)
        self.pointer: int = library.native_matrices(len(matrices), longest, needed)
        if not self.pointer:
            raise MemoryError("no room for the matrices")
        for which, matrix in enumerate(matrices):
            copy_matrix(library, self.pointer, which, *matrix)

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            self._library.native_release(self.pointer)


class Int8Matrix:
    """A matrix `(columns, rows)` that stands to the right of an array and an `@`: `x @ it` is `(n, rows)`, from `x` `(n, columns)`.

    Columns come in whole stretches. Raises MemoryError.
    """

    __array_ufunc__ = None  # so that an array leaves `@` to us

    def __init__(self, library: ctypes.CDLL, matrix: Array) -> None:
        self._library, self._rows = library, matrix.shape[1]
        self._matrices = Int8Matrices(library, [quantise_matrix(matrix.T)])

    def __rmatmul__(self, x: Array) -> Array:
        given = np.ascontiguousarray(x, np.float32)
        found = np.empty((len(given), self._rows), np.float32)
        where = given.ctypes.data, len(given), found.ctypes.data
        self._library.native_multiply(self._matrices.pointer, 0, *where)
        return found


def fast_matrix(matrix: Array) -> Array | Int8Matrix:
    """Return a matrix to stand to the right of an `@`, in eight bits where that can be had here."""
    library = native_library()
    return matrix if library is None else Int8Matrix(library, matrix)
