"""int8 matrices multiplied by C code (int8.h): faster than float32 for a few rows, where memory bandwidth is the limit.

Not thread-safe.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from model.weights import ZERO_POINT, quantise_uint8

Array = npt.NDArray[np.float32]


@cache
def native_library() -> ctypes.CDLL | None:
    """Return the compiled library, or None if it was not built or this processor cannot run it."""
    built = find_spec("model.native._native")
    if built is None or built.origin is None:
        return None
    try:
        library = ctypes.CDLL(built.origin)
        available: int = library.native_available()
    except (OSError, AttributeError):  # AttributeError: a Windows library that exports nothing
        return None
    if not available:
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
        "step": (None, [pointer, pointer, *[number] * 8, pointer]),
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
    """Return True if the native engine was built and this processor can run it."""
    return native_library() is not None


def quantise_rows(matrix: Array) -> tuple[npt.NDArray[np.int8], Array]:
    """Return a matrix as int8, and the scale of each row, `(rows, 1)`."""
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
    """Copy an int8 matrix, `(rows, columns)`, and its bias into a kernel, as its matrix number `which`."""
    where = [None if part is None else np.ascontiguousarray(part).ctypes for part in (weights, scale, bias)]
    library.native_matrix(kernel, which, *weights.shape, *[None if at is None else at.data for at in where])


COLUMN_BLOCK = 256
"""Columns are padded to whole blocks; activations have one scale for each."""
QuantisedMatrix = tuple[npt.NDArray[np.int8], Array, Array | None]
"""A matrix `(rows, columns)`, columns padded with zeros to whole blocks; the scale of each row; the bias."""


def quantise_matrix(matrix: Array) -> QuantisedMatrix:
    """Return a matrix `(rows, columns)` as int8, without a bias."""
    rows, columns = matrix.shape
    wide = np.zeros((rows, columns + -columns % COLUMN_BLOCK), np.float32)
    wide[:, :columns] = matrix
    return *quantise_rows(wide), None


class Int8Matrices:
    """int8 matrices in C memory, freed with the object. Raises MemoryError."""

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
    """An int8 matrix `(columns, rows)` for the right side of `@`: `x @ matrix` is `(n, rows)` for `x` of `(n, columns)`.

    The number of columns must be a multiple of COLUMN_BLOCK. Raises MemoryError.
    """

    __array_ufunc__ = None  # so that numpy leaves `@` to this class

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
    """Return a matrix for the right side of `@`: int8 in C if available, else the array itself."""
    library = native_library()
    return matrix if library is None else Int8Matrix(library, matrix)
