"""The decoder at work in C (`native.c`, built where there is a compiler when LLMBall is installed): the fastest engine.

The same arithmetic as `model.engine`, in eight bits, keys and values too; tests hold them together. `able` says
whether it was built and this processor can run it. Called from one thread only; a state belongs to whoever began it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.choosing import NEGLIGIBLE, Array, Worth
from model.embedded import Embedded
from model.graph import MIDDLE, eight_bits, turns
from model.language import SIZES, Rows

BLOCK = ("qkv", "out", "up", "down")
SPARE = 2
"""Caches of each kind that are kept for the next takes."""


@cache
def _library() -> ctypes.CDLL | None:
    """Return what was compiled, where it was and this processor can run it."""
    built = sorted(Path(__file__).parent.glob("_native*.so"))
    if not built:
        return None
    try:
        library = ctypes.CDLL(str(built[0]))
    except OSError:
        return None
    if not library.native_able():
        return None
    pointer, number, real, size = ctypes.c_void_p, ctypes.c_int, ctypes.c_double, ctypes.c_size_t
    kinds: dict[str, tuple[Any, list[Any]]] = {
        "bytes": (size, [number, number]),
        "open": (pointer, [*[number] * 4, size]),
        "close": (None, [pointer]),
        "tables": (None, [pointer] * 5),
        "norms": (None, [pointer, number, pointer, pointer]),
        "matrix": (None, [pointer, number, number, number, pointer, pointer, pointer]),
        "begin": (pointer, [pointer, number]),
        "forget": (None, [pointer]),
        "length": (number, [pointer, number]),
        "read": (None, [pointer, pointer, pointer, number, pointer]),
        "step": (None, [pointer, pointer, *[number] * 5, pointer]),
        "rows": (None, [pointer, pointer, pointer]),
        "drop": (None, [pointer, pointer, number, number]),
        "event": (None, [pointer, number, pointer, pointer]),
        "say": (None, [pointer, number, number, number, pointer, pointer, pointer]),
        "choose": (number, [number, number, pointer, pointer, *[real] * 5]),
    }
    for name, (result, arguments) in kinds.items():
        function = getattr(library, f"native_{name}")
        function.restype, function.argtypes = result, arguments
    return library


def able() -> bool:
    """Return whether this engine can be had here."""
    return _library() is not None


class NativeState:
    """The cache of one take: `length` may be set back, never forward. What it took goes back to its engine."""

    def __init__(self, engine: NativeEngine, lanes: int) -> None:
        self.lanes, self._engine, self._library = lanes, engine, engine.library
        self._kernel, shape = engine.kernel, engine.shape
        self._size, self._head = shape["context"] + shape["prefix"], shape["head"]
        self._kept = (shape["layers"], lanes, shape["width"] // self._head)
        self.pointer = engine.lend(lanes)

    def __del__(self) -> None:
        if hasattr(self, "pointer"):
            self._engine.take_back(self.lanes, self.pointer)

    @property
    def length(self) -> int:
        """How many rows are filled."""
        return int(self._library.native_length(self.pointer, -1))

    @length.setter
    def length(self, rows: int) -> None:
        self._library.native_length(self.pointer, rows)

    @property
    def room(self) -> int:
        """How many rows still fit."""
        return self._size - self.length

    @property
    def rows(self) -> Array:
        """The keys and values of all rows, `(2, layers, lanes, heads, length, head)`; a copy."""
        found = np.empty((2, *self._kept, self.length, self._head), np.float32)
        self._library.native_rows(self._kernel, self.pointer, found.ctypes.data)
        return found

    def drop(self, first: int, count: int) -> None:
        """Take `count` rows out from row `first` on; those after them move down, and their keys turn back by as many places.

        What was read after them has heard them, and goes on to know of them. Costs some milliseconds.
        """
        self._library.native_drop(self._kernel, self.pointer, first, count)


class NativeEngine:
    """The weights, laid out for one row at a time. `shape` has the decoder's sizes by name.

    What is returned is written into the same memory again and again: it holds until the same is asked for again.
    Raises `RuntimeError` where it cannot be had: ask `able` first.
    """

    def __init__(self, arrays: Mapping[str, Array], shape: Mapping[str, int]) -> None:
        library = _library()
        if library is None:
            raise RuntimeError("model/native.c is not built, or this processor lacks AVX2")
        self.shape, self.library = shape, library
        self._spare: dict[int, list[int]] = {1: [], 2: []}
        width, layers, size = shape["width"], shape["layers"], shape["context"] + shape["prefix"]
        names = [f"blocks.{i}.{name}" for i in range(layers) for name in BLOCK]
        names += [f"chain.{i}.{j}" for i in range(len(SIZES) - 1) for j in (0, 1)]
        names += [f"heads.{i}" for i in range(len(SIZES))]
        needed = sum(library.native_bytes(*arrays[f"{name}.weight"].shape) for name in names)
        self.kernel: int = library.native_open(width, layers, shape["head"], size, needed)
        if not self.kernel:
            raise MemoryError("no room for the decoder")
        self._embedded = Embedded(arrays)
        self._lent: list[npt.NDArray[Any]] = []  # the kernel reads these where they lie
        tables = (ctypes.c_void_p * len(SIZES))(*[table.ctypes.data for table in self._embedded.tables])
        turned = [self._lay(turn) for turn in turns(size, shape["head"])]
        library.native_tables(self.kernel, *turned, self._lay(arrays["norm.weight"]), tables)
        for i in range(layers):
            norms = [self._lay(arrays[f"blocks.{i}.{name}.weight"]) for name in ("norm_in", "norm_up")]
            library.native_norms(self.kernel, i, *norms)
        for which, name in enumerate(names):
            matrix, bias = arrays[f"{name}.weight"], arrays.get(f"{name}.bias")
            eighths, scale = eight_bits(matrix)
            weights = (eighths ^ MIDDLE).view(np.int8)
            parts = (weights, scale, None if bias is None else np.ascontiguousarray(bias, np.float32))
            where = [None if part is None else part.ctypes.data for part in parts]
            library.native_matrix(self.kernel, which, *matrix.shape, *where)
        self._following = {lanes: _Answer(np.empty((lanes, width), np.float32)) for lanes in (1, 2)}
        self._told = {n: [_Answer(np.empty((n, width), np.float32)) for _ in SIZES] for n in (1, 2)}
        self._logits = {n: [_Answer(np.empty((n, k), np.float32)) for k in SIZES] for n in (1, 2)}

    def __del__(self) -> None:
        if hasattr(self, "kernel"):
            for pointer in [p for spare in self._spare.values() for p in spare]:
                self.library.native_forget(pointer)
            self.library.native_close(self.kernel)

    def lend(self, lanes: int) -> int:
        """Return where an empty cache lies: one that came back, for new megabytes cost milliseconds."""
        if self._spare[lanes]:
            pointer = self._spare[lanes].pop()
            self.library.native_length(pointer, 0)
            return pointer
        made: int | None = self.library.native_begin(self.kernel, lanes)
        if made is None:
            raise MemoryError("no room for the cache of a take")
        return made

    def take_back(self, lanes: int, pointer: int) -> None:
        """Keep a cache that nobody uses any more, or free it."""
        spare = self._spare[lanes]
        if len(spare) < SPARE:
            spare.append(pointer)
        else:
            self.library.native_forget(pointer)

    def _lay(self, array: npt.NDArray[Any]) -> int:
        """Return where an array lies, for as long as this engine lives."""
        self._lent.append(np.ascontiguousarray(array, np.float32))
        return int(self._lent[-1].ctypes.data)

    @property
    def context(self) -> int:
        """How many rows a state holds, header among them."""
        return self.shape["context"]

    def begin(self, text: Array, said: npt.NDArray[np.bool_], rows: Rows) -> tuple[NativeState, Array]:
        """Open a state and read its first rows at once; see `model.decoding`."""
        lanes = len(rows)
        state = NativeState(self, lanes)
        x = self._embedded.beginning(text, said, rows)
        _fits(state, x.shape[1])
        h = self._following[lanes]
        self.library.native_read(self.kernel, state.pointer, x.ctypes.data, x.shape[1], h.at)
        return state, h.array.copy()

    def step(self, state: NativeState, row: tuple[int, ...]) -> Array:
        """Read one row, the same in every lane; return what follows it, `(lanes, D)`. Raises IndexError where it is full."""
        _fits(state, 1)
        h = self._following[state.lanes]
        self.library.native_step(self.kernel, state.pointer, *row, h.at)
        return h.array

    def event(self, h: Array) -> Array:
        """Return the logits of the first field, `(lanes, n)`, from what follows a row."""
        logits = self._logits[len(h)][0]
        self.library.native_event(self.kernel, len(h), h.ctypes.data, logits.at)
        return logits.array

    def say(self, h: Array, index: int, value: int) -> tuple[Array, Array]:
        """Tell the chain the value of field `index`; return its state, and the logits of the next field, `(lanes, n)`."""
        lanes = len(h)
        told, logits = self._told[lanes][index], self._logits[lanes][index + 1]
        self.library.native_say(self.kernel, lanes, index, value, h.ctypes.data, told.at, logits.at)
        return told.array, logits.array

    def choose(
        self, logits: Array, bias: Worth, text: float, temperature: float, tail: float, drawn: float
    ) -> int:
        """Draw a value; see `model.choosing`."""
        lanes, n = logits.shape
        worth = np.ascontiguousarray(bias, np.float64)
        return int(
            self.library.native_choose(
                lanes, n, logits.ctypes.data, worth.ctypes.data, text, temperature, tail, NEGLIGIBLE, drawn
            )
        )


class _Answer:
    """An array that is written again and again, and where it lies."""

    def __init__(self, array: Array) -> None:
        self.array, self.at = array, array.ctypes.data


def _fits(state: NativeState, rows: int) -> None:
    if rows > state.room:
        raise IndexError(f"a state has room for {state.room} more rows, not {rows}")
