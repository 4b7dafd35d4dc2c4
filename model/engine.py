"""The decoder at work: ONNX Runtime on one thread, its weights in eight bits, a key/value cache of bounded size.

The same arithmetic as `model.decoder`, but for the eight bits (tests hold them together), without torch. A state may
hold two lanes, for guidance: one told of the words, one not; both are stepped in one pass over the weights.

Called from one thread only; a state belongs to whoever opened it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnxruntime

from model.graph import blocks
from model.language import SIZES, Rows

Array = npt.NDArray[np.float32]

onnxruntime.disable_telemetry_events()  # builds for Windows would report their use


class State:
    """The cache of one take, and how many rows of it are filled: `length` may be set back, never forward."""

    def __init__(self, session: onnxruntime.InferenceSession, shape: Mapping[str, int], lanes: int) -> None:
        self.lanes, self.length = lanes, 0
        self._size = shape["context"] + shape["prefix"]
        self._session, self._binding = session, session.io_binding()
        self._last, self._total = np.zeros(lanes, np.int32), np.zeros(1, np.int32)
        head = shape["head"]
        # a binding borrows the memory of what is bound: the cache and the two numbers live as long as the state
        self._cache = np.zeros(
            (2, shape["layers"], lanes, shape["width"] // head, self._size, head), np.float32
        )
        for name, side in zip(("key", "value"), self._cache, strict=True):
            for i, layer in enumerate(side):
                shared = onnxruntime.OrtValue.ortvalue_from_numpy(layer)
                self._binding.bind_ortvalue_input(f"{name}.{i}", shared)
                self._binding.bind_ortvalue_output(f"{name}.{i}.out", shared)
        for name, number in (("last", self._last), ("total", self._total)):
            self._binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(number))

    @property
    def room(self) -> int:
        """How many rows still fit."""
        return self._size - self.length

    def read(self, x: Array) -> Array:
        """Run the blocks over new positions, `(lanes, T, D)`; extend the cache. Raises IndexError where they do not fit."""
        if x.shape[1] > self.room:
            raise IndexError(f"a state has room for {self.room} more rows, not {x.shape[1]}")
        self.length += x.shape[1]
        self._last[:], self._total[:] = self.length - 1, self.length
        h = np.empty_like(x)
        self._binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(x))
        self._binding.bind_ortvalue_output("h", onnxruntime.OrtValue.ortvalue_from_numpy(h))
        self._session.run_with_iobinding(self._binding)
        return h


class Engine:
    """The weights, laid out for one row at a time. `shape` has the decoder's sizes by name."""

    def __init__(self, arrays: Mapping[str, Array], shape: Mapping[str, int]) -> None:
        self.shape = shape
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            blocks(arrays, shape), options, providers=["CPUExecutionProvider"]
        )
        self._prefix, self._unsaid = arrays["prefix.weight"], arrays["unsaid"]
        self._embed = [arrays[f"embed.{i}.weight"] for i in range(len(SIZES))]
        self._heads = [_layer(arrays, f"heads.{i}") for i in range(len(SIZES))]
        self._chain = [
            (_layer(arrays, f"chain.{i}.0"), _layer(arrays, f"chain.{i}.1")) for i in range(len(SIZES) - 1)
        ]

    @property
    def context(self) -> int:
        """How many rows a state holds, header among them."""
        return self.shape["context"]

    def begin(self, text: Array, said: npt.NDArray[np.bool_], rows: Rows) -> tuple[State, Array]:
        """Open a state and read its first rows at once.

        `text` is `(512,)`, `said` `(lanes,)` tells which lanes are told of it, `rows` is `(lanes, T, 5)`. Returns
        the state and what follows the last row, `(lanes, D)`.
        """
        state = State(self._session, self.shape, len(rows))
        told = (self._prefix @ text).reshape(self._unsaid.shape)
        lead = np.where(said[:, None, None], told, self._unsaid).astype(np.float32)
        x: Array = np.sum([e[rows[..., i]] for i, e in enumerate(self._embed)], axis=0)
        return state, state.read(np.concatenate([lead, x], 1))[:, -1]

    def step(self, state: State, row: tuple[int, ...]) -> Array:
        """Read one row, the same in every lane; return what follows it, `(lanes, D)`."""
        x = self._embed[0][row[0]].copy()
        for table, value in zip(self._embed[1:], row[1:], strict=True):
            x += table[value]
        return state.read(np.tile(x, (state.lanes, 1, 1)))[:, 0]

    def logits(self, h: Array, index: int) -> Array:
        """Return the logits of field `index`, `(lanes, n)`, from the chain's state before it."""
        matrix, bias = self._heads[index]
        return np.asarray(h @ matrix + bias)

    def say(self, h: Array, index: int, value: int) -> Array:
        """Tell the chain the value of field `index`; return its state before the next field."""
        (first, lift), (second, shift) = self._chain[index]
        return np.asarray(h + np.maximum((h + self._embed[index][value]) @ first + lift, 0) @ second + shift)


def _layer(arrays: Mapping[str, Array], name: str) -> tuple[Array, Array]:
    """Return a layer's matrix as (in, out), and its bias."""
    return np.ascontiguousarray(arrays[f"{name}.weight"].T), arrays[f"{name}.bias"]
