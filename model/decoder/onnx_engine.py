"""The decoder in ONNX Runtime: one thread, int8 weights, a key/value cache of bounded size.

The same arithmetic as `model.decoder.transformer` but for the int8 weights (tests compare them). All lanes are run in one pass
over the weights. Inputs and outputs are bound to arrays that are reused.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnxruntime

from model.decoder.engine import LANE_COUNTS, Array, Embeddings, Engine, relations_after
from model.decoder.onnx_graph import block_graph, field_graph, rotary_angles
from model.decoder.relations import HEAD_SIZES, Relations
from model.decoder.tokenizer import Rows

onnxruntime.disable_telemetry_events()  # builds for Windows would report their use


class OnnxState:
    """The cache of one take."""

    def __init__(self, session: onnxruntime.InferenceSession, shape: Mapping[str, int], lanes: int) -> None:
        self.lanes, self.length, self.relations = lanes, 0, Relations()
        self._size = shape["context"] + shape["prefix"]
        self._session, self._binding = session, session.io_binding()
        self._last, self._total = np.zeros(lanes, np.int32), np.zeros(1, np.int32)
        head = shape["head"]
        # a binding borrows the memory of the arrays: the cache and the two numbers must live as long as the state
        self._cache = np.zeros((2, shape["layers"], lanes, shape["width"] // head, self._size, head), np.float32)
        for name, side in zip(("key", "value"), self._cache, strict=True):
            for i, layer in enumerate(side):
                shared = onnxruntime.OrtValue.ortvalue_from_numpy(layer)
                self._binding.bind_ortvalue_input(f"{name}.{i}", shared)
                self._binding.bind_ortvalue_output(f"{name}.{i}.out", shared)
        for name, number in (("last", self._last), ("total", self._total)):
            self._binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(number))
        self._row = np.zeros((2, lanes, 1, shape["width"]), np.float32)
        self._bound: Array | None = None

    @property
    def free_rows(self) -> int:
        """How many rows still fit."""
        return self._size - self.length

    @property
    def rows(self) -> Array:
        """The keys and values of all rows, `(2, layers, lanes, heads, length, head)`."""
        return self._cache[..., : self.length, :]

    def read(self, x: Array) -> Array:
        """Run the blocks over embedded rows, `(lanes, T, D)`, and extend the cache. Raises IndexError if they do not fit."""
        h = np.empty_like(x)
        self._bind(x, h)
        self._run(x.shape[1])
        return h

    def read_row(self, x: Array) -> Array:
        """Run the blocks over one embedded row, `(D,)`, the same in every lane; return `(lanes, D)`, valid until the next call."""
        row, h = self._row
        if self._bound is not row:
            self._bind(row, h)
        row[:] = x
        self._run(1)
        return h[:, 0]

    def drop_rows(self, first: int, count: int) -> None:
        """Remove `count` rows from row `first` on; see `EngineState`."""
        keys, values = self._cache[..., first + count : self.length, :].copy()
        half = keys.shape[-1] // 2
        cos, sin = (turn[count] for turn in rotary_angles(count + 1, 2 * half))
        a, b = keys[..., :half], keys[..., half:]
        self.length -= count
        self._cache[0, ..., first : self.length, :half] = a * cos + b * sin
        self._cache[0, ..., first : self.length, half:] = b * cos - a * sin
        self._cache[1, ..., first : self.length, :] = values

    def _bind(self, x: Array, h: Array) -> None:
        self._bound = x
        self._binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(x))
        self._binding.bind_ortvalue_output("h", onnxruntime.OrtValue.ortvalue_from_numpy(h))

    def _run(self, rows: int) -> None:
        if rows > self.free_rows:
            raise IndexError(f"a state has room for {self.free_rows} more rows, not {rows}")
        self.length += rows
        self._last[:], self._total[:] = self.length - 1, self.length
        self._session.run_with_iobinding(self._binding)


class FieldHead:
    """One field of an event for a number of lanes, with its bound arrays."""

    def __init__(self, session: onnxruntime.InferenceSession, lanes: int, width: int, values: int) -> None:
        self._session, self._binding = session, session.io_binding()
        self._h, self._value = np.zeros((lanes, width), np.float32), np.zeros((1, width), np.float32)
        self.out, self.logits = np.zeros((lanes, width), np.float32), np.zeros((lanes, values), np.float32)
        asked = {i.name for i in session.get_inputs()} | {o.name for o in session.get_outputs()}
        for name, array in (("h", self._h), ("value", self._value)):
            if name in asked:
                self._binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        for name, array in (("out", self.out), ("logits", self.logits)):
            if name in asked:
                self._binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))

    def run(self, h: Array, value: Array | float = 0.0) -> None:
        """Compute `out` and `logits` from the chain's state, `(lanes, D)`, and the embedding of the last field's value, `(D,)`."""
        self._h[:], self._value[:] = h, value
        self._session.run_with_iobinding(self._binding)


class OnnxEngine(Engine):
    """The decoder in ONNX Runtime."""

    def __init__(self, arrays: Mapping[str, Array], shape: Mapping[str, int]) -> None:
        self.shape = shape
        self._session = _session(block_graph(arrays, shape))
        self._embedded = Embeddings(arrays)
        fields = [_session(field_graph(arrays, i)) for i in range(len(HEAD_SIZES))]
        self._fields = {
            lanes: [FieldHead(f, lanes, shape["width"], n) for f, n in zip(fields, HEAD_SIZES, strict=True)]
            for lanes in LANE_COUNTS
        }

    def begin(self, text: Array, is_conditioned: npt.NDArray[np.bool_], rows: Rows) -> tuple[OnnxState, Array]:
        """Open a state and read its first rows; see `Engine`."""
        state = OnnxState(self._session, self.shape, len(rows))
        state.relations = relations_after(rows[0])
        return state, state.read(self._embedded.embed_prefix(text, is_conditioned, rows))[:, -1]

    def step(self, state: OnnxState, row: tuple[int, ...]) -> Array:
        """Read one row, the same in every lane; return its output, `(lanes, D)`."""
        first, *others = self._embedded.tables
        x = first[row[0]].copy()
        for table, value in zip(others, (*row[1:], *state.relations.relate(row)), strict=True):
            x += table[value]
        return state.read_row(x)

    def event(self, h: Array) -> Array:
        """Return the logits of the first field, `(lanes, n)`, from the output of a row."""
        first = self._fields[len(h)][0]
        first.run(h)
        return first.logits

    def next_field(self, h: Array, index: int, value: int) -> tuple[Array, Array]:
        """Pass the value of field `index` to the chain; return its state, and the logits of the next field, `(lanes, n)`."""
        following = self._fields[len(h)][index + 1]
        following.run(h, self._embedded.tables[index][value])
        return following.out, following.logits


def _session(graph: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
