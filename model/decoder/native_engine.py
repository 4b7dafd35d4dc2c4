"""The decoder in C (model/native/decoder.c, built at installation if there is a compiler): the fastest engine.

The same arithmetic as `model.decoder.onnx_engine`, with keys and values in int8 too; tests compare them. `native_available`
in `model.native.library` says whether it was built and this processor can run it.
"""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from model.decoder.engine import LANE_COUNTS, LOGIT_CUTOFF, Array, Bias, Embeddings, Engine, relations_after
from model.decoder.onnx_graph import rotary_angles
from model.decoder.relations import HEAD_SIZES, INPUT_SIZES, Relations
from model.decoder.tokenizer import SIZES, Rows
from model.native.library import copy_matrix, native_library, quantise_rows

BLOCK_MATRICES = ("qkv", "out", "up", "down")
MAX_SPARE_CACHES = 2
"""Released caches kept for the next takes, for each number of lanes."""
MAX_CACHED_PREFIX = 24
"""The longest prefix that is cached, in rows: text, header and one line, without bars before."""
MAX_CACHED_PREFIXES = 64
"""Prefixes of the unconditioned lane that are cached, by key, metre and parts. Each has some 50 kB."""


class NativeState:
    """The cache of one take. Its memory goes back to the engine when it is deleted."""

    def __init__(self, engine: NativeEngine, lanes: int) -> None:
        self.lanes, self._engine, self._library = lanes, engine, engine.library
        self._kernel, shape = engine.kernel, engine.shape
        self._size, self._head = shape["context"] + shape["prefix"], shape["head"]
        self._kept = (shape["layers"], lanes, shape["width"] // self._head)
        self.relations = Relations()
        self.pointer = engine.acquire_cache(lanes)

    def __del__(self) -> None:
        if hasattr(self, "pointer"):
            self._engine.release_cache(self.lanes, self.pointer)

    @property
    def length(self) -> int:
        """How many rows are filled."""
        return int(self._library.native_length(self.pointer, -1))

    @length.setter
    def length(self, rows: int) -> None:
        self._library.native_length(self.pointer, rows)

    @property
    def free_rows(self) -> int:
        """How many rows still fit."""
        return self._size - self.length

    @property
    def rows(self) -> Array:
        """The keys and values of all rows, `(2, layers, lanes, heads, length, head)`; a copy."""
        found = np.empty((2, *self._kept, self.length, self._head), np.float32)
        self._library.native_rows(self._kernel, self.pointer, found.ctypes.data)
        return found

    def drop_rows(self, first: int, count: int) -> None:
        """Remove `count` rows from row `first` on; see `EngineState`."""
        self._library.native_drop_rows(self._kernel, self.pointer, first, count)


class NativeEngine(Engine):
    """The decoder in C. Raises RuntimeError if it is not available (see `native_available`), MemoryError."""

    def __init__(self, arrays: Mapping[str, Array], shape: Mapping[str, int]) -> None:
        library = native_library()
        if library is None:
            raise RuntimeError("model/native/decoder.c is not built, or this processor lacks AVX2")
        self.shape, self.library = shape, library
        self._spare: dict[int, list[int]] = {lanes: [] for lanes in LANE_COUNTS}
        self._unconditioned_prefixes: OrderedDict[bytes, tuple[npt.NDArray[np.uint8], Array]] = OrderedDict()
        width, layers, size = shape["width"], shape["layers"], shape["context"] + shape["prefix"]
        names = [f"blocks.{i}.{name}" for i in range(layers) for name in BLOCK_MATRICES]
        names += [f"chain.{i}.{j}" for i in range(len(SIZES) - 1) for j in (0, 1)]
        names += [f"heads.{i}" for i in range(len(SIZES))]
        needed = sum(library.native_bytes(*arrays[f"{name}.weight"].shape) for name in names)
        self.kernel: int = library.native_open(width, layers, shape["head"], size, len(names), needed)
        if not self.kernel:
            raise MemoryError("no room for the decoder")
        self._embedded = Embeddings(arrays)
        self._kept_arrays: list[npt.NDArray[Any]] = []  # the kernel holds pointers to these
        tables = (ctypes.c_void_p * len(INPUT_SIZES))(*[table.ctypes.data for table in self._embedded.tables])
        turned = [self._keep_array(turn) for turn in rotary_angles(size, shape["head"])]
        library.native_tables(self.kernel, *turned, self._keep_array(arrays["norm.weight"]), tables)
        for i in range(layers):
            norms = [self._keep_array(arrays[f"blocks.{i}.{name}.weight"]) for name in ("norm_in", "norm_up")]
            library.native_norms(self.kernel, i, *norms)
        for which, name in enumerate(names):
            matrix = quantise_rows(arrays[f"{name}.weight"])
            copy_matrix(library, self.kernel, which, *matrix, arrays.get(f"{name}.bias"))
        self._following = {lanes: _OutputBuffer(np.empty((lanes, width), np.float32)) for lanes in LANE_COUNTS}
        self._chain_states = {n: [_OutputBuffer(np.empty((n, width), np.float32)) for _ in SIZES] for n in LANE_COUNTS}
        self._logits = {n: [_OutputBuffer(np.empty((n, k), np.float32)) for k in HEAD_SIZES] for n in LANE_COUNTS}

    def __del__(self) -> None:
        if hasattr(self, "kernel"):
            for pointer in [p for spare in self._spare.values() for p in spare]:
                self.library.native_free_state(pointer)
            self.library.native_close(self.kernel)

    def acquire_cache(self, lanes: int) -> int:
        """Return the address of an empty cache, reusing a released one if possible: allocating one takes milliseconds."""
        if self._spare[lanes]:
            pointer = self._spare[lanes].pop()
            self.library.native_length(pointer, 0)
            return pointer
        made: int | None = self.library.native_new_state(self.kernel, lanes)
        if made is None:
            raise MemoryError("no room for the cache of a take")
        return made

    def release_cache(self, lanes: int, pointer: int) -> None:
        """Keep a cache that is no longer used, or free it."""
        spare = self._spare[lanes]
        if len(spare) < MAX_SPARE_CACHES:
            spare.append(pointer)
        else:
            self.library.native_free_state(pointer)

    def _keep_array(self, array: npt.NDArray[Any]) -> int:
        """Return the address of an array, which lives as long as this engine."""
        self._kept_arrays.append(np.ascontiguousarray(array, np.float32))
        return int(self._kept_arrays[-1].ctypes.data)

    def begin(self, text: Array, is_conditioned: npt.NDArray[np.bool_], rows: Rows) -> tuple[NativeState, Array]:
        """Open a state and read its first rows; see `Engine`."""
        lanes = len(rows)
        state = NativeState(self, lanes)
        state.relations = relations_after(rows[0])
        x = self._embedded.embed_prefix(text, is_conditioned, rows)
        count = x.shape[1]
        _check_room(state, count)
        h = self._following[lanes]
        last = lanes - 1
        is_cacheable = lanes > 1 and count <= MAX_CACHED_PREFIX and not is_conditioned[last]
        kept = self._unconditioned_prefixes.get(key := rows[last].tobytes()) if is_cacheable else None
        if kept is None:
            self._read(state, x, h.address)
        else:
            self._read(state, x[:last], h.address)
            self.library.native_copy_rows(self.kernel, state.pointer, last, count, True, kept[0].ctypes.data)
            h.array[last] = kept[1]
        if is_cacheable:
            self._cache_prefix(key, state, h.array[last])
        return state, h.array.copy()

    def _read(self, state: NativeState, x: Array, output: int | None) -> None:
        """Read embedded rows of the first lanes, `(lanes, T, D)`; `output` is the address for the output of the last ones."""
        lanes, count, _ = x.shape
        self.library.native_read(self.kernel, state.pointer, lanes, x.ctypes.data, count, output)

    def _cache_prefix(self, key: bytes, state: NativeState, h: Array) -> None:
        """Cache the rows of the unconditioned lane and their output: prompts in the same key begin with the same prefix."""
        if key not in self._unconditioned_prefixes:
            which = self.kernel, state.pointer, state.lanes - 1, state.length, False
            kept = np.empty(self.library.native_copy_rows(*which, None), np.uint8)
            self.library.native_copy_rows(*which, kept.ctypes.data)
            self._unconditioned_prefixes[key] = kept, h.copy()
            if len(self._unconditioned_prefixes) > MAX_CACHED_PREFIXES:
                self._unconditioned_prefixes.popitem(last=False)
        self._unconditioned_prefixes.move_to_end(key)

    def step(self, state: NativeState, row: tuple[int, ...]) -> Array:
        """Read one row, the same in every lane; return its output, `(lanes, D)`."""
        _check_room(state, 1)
        h = self._following[state.lanes]
        self.library.native_step(self.kernel, state.pointer, *row, *state.relations.relate(row), h.address)
        return h.array

    def event(self, h: Array) -> Array:
        """Return the logits of the first field, `(lanes, n)`, from the output of a row."""
        logits = self._logits[len(h)][0]
        self.library.native_event(self.kernel, len(h), h.ctypes.data, logits.address)
        return logits.array

    def next_field(self, h: Array, index: int, value: int) -> tuple[Array, Array]:
        """Pass the value of field `index` to the chain; return its state, and the logits of the next field, `(lanes, n)`."""
        lanes = len(h)
        out, logits = self._chain_states[lanes][index], self._logits[lanes][index + 1]
        self.library.native_next_field(self.kernel, lanes, index, value, h.ctypes.data, out.address, logits.address)
        return out.array, logits.array

    def sample(self, logits: Array, bias: Bias, text: float, temperature: float, top_p: float, uniform: float) -> int:
        """Sample a value in C; see `Engine`."""
        lanes, n = logits.shape
        contiguous_bias = np.ascontiguousarray(bias, np.float64)
        inputs = lanes, n, logits.ctypes.data, contiguous_bias.ctypes.data
        return int(self.library.native_sample(*inputs, text, temperature, top_p, LOGIT_CUTOFF, uniform))


class _OutputBuffer:
    """An array that is reused, and its address."""

    def __init__(self, array: Array) -> None:
        self.array, self.address = array, array.ctypes.data


def _check_room(state: NativeState, rows: int) -> None:
    if rows > state.free_rows:
        raise IndexError(f"a state has room for {state.free_rows} more rows, not {rows}")
