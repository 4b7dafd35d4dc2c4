"""The decoder at work: numpy on one thread, a key/value cache of bounded size, nothing but numbers.

The same arithmetic as `model.decoder` (a test holds them together), without torch: it starts in a tenth of
a second and leaves the other core to the DAW. A state may hold two lanes, for guidance: one told of the
words, one not; both are stepped in one pass over the weights.

Called from one thread only; a state belongs to whoever opened it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from model.language import SIZES, Rows

Array = npt.NDArray[np.float32]


@dataclass(slots=True)
class State:
    """The cache of one take: keys and values `(layers, lanes, heads, T, head)` and how much of T is filled."""

    keys: Array
    values: Array
    length: int = 0

    @property
    def room(self) -> int:
        """How many rows still fit."""
        return int(self.keys.shape[3]) - self.length


@dataclass(frozen=True, slots=True)
class _Layer:
    norm_in: Array
    qkv: Array
    out: Array
    norm_up: Array
    up: Array
    down: Array


@dataclass(slots=True)
class Engine:
    """The weights, laid out for one row at a time: matrices as (in, out)."""

    arrays: Mapping[str, Array]
    shape: Mapping[str, int]
    _layers: list[_Layer] = field(init=False)
    _chain: list[tuple[Array, Array, Array, Array]] = field(init=False)
    _heads: list[tuple[Array, Array]] = field(init=False)
    _embed: list[Array] = field(init=False)
    _cos: Array = field(init=False)
    _sin: Array = field(init=False)

    def __post_init__(self) -> None:
        a = self.arrays

        def turned(name: str) -> Array:
            return np.ascontiguousarray(a[name].T)

        self._layers = [
            _Layer(
                a[f"blocks.{i}.norm_in.weight"],
                turned(f"blocks.{i}.qkv.weight"),
                turned(f"blocks.{i}.out.weight"),
                a[f"blocks.{i}.norm_up.weight"],
                turned(f"blocks.{i}.up.weight"),
                turned(f"blocks.{i}.down.weight"),
            )
            for i in range(self.shape["layers"])
        ]
        self._embed = [a[f"embed.{i}.weight"] for i in range(len(SIZES))]
        self._heads = [(turned(f"heads.{i}.weight"), a[f"heads.{i}.bias"]) for i in range(len(SIZES))]
        self._chain = [
            (
                turned(f"chain.{i}.0.weight"),
                a[f"chain.{i}.0.bias"],
                turned(f"chain.{i}.1.weight"),
                a[f"chain.{i}.1.bias"],
            )
            for i in range(len(SIZES) - 1)
        ]
        half = self.shape["head"] // 2
        angle = np.arange(self.shape["context"] + self.shape["prefix"])[:, None] * 10000.0 ** (
            -np.arange(half) / half
        )
        self._cos, self._sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)

    @property
    def context(self) -> int:
        """How many rows a state holds, header among them."""
        return self.shape["context"]

    def begin(self, text: Array, said: npt.NDArray[np.bool_], rows: Rows) -> tuple[State, Array]:
        """Open a state and read its first rows at once.

        `text` is `(512,)`, `said` `(lanes,)` tells which lanes are told of it, `rows` is `(lanes, T, 5)`. Returns
        the state and what follows the last row, `(lanes, D)`.
        """
        lanes = len(rows)
        prefix, width = self.shape["prefix"], self.shape["width"]
        shape = (
            self.shape["layers"],
            lanes,
            width // self.shape["head"],
            self.context + prefix,
            self.shape["head"],
        )
        state = State(np.zeros(shape, np.float32), np.zeros(shape, np.float32))
        told = (text @ self.arrays["prefix.weight"].T).reshape(prefix, width)
        lead = np.where(said[:, None, None], told, self.arrays["unsaid"])
        return state, self._forward(state, np.concatenate([lead, self._sum(rows)], 1))[:, -1]

    def step(self, state: State, row: tuple[int, ...]) -> Array:
        """Read one row, the same in every lane; return what follows it, `(lanes, D)`."""
        lanes = state.keys.shape[1]
        x = self._sum(np.array([[row]], np.int16))
        return self._forward(state, np.broadcast_to(x, (lanes, *x.shape[1:])))[:, 0]

    def logits(self, h: Array, index: int) -> Array:
        """Return the logits of field `index`, `(lanes, n)`, from the chain's state before it."""
        matrix, bias = self._heads[index]
        return np.asarray(h @ matrix + bias)

    def say(self, h: Array, index: int, value: int) -> Array:
        """Tell the chain the value of field `index`; return its state before the next field."""
        w0, b0, w1, b1 = self._chain[index]
        return np.asarray(h + np.maximum((h + self._embed[index][value]) @ w0 + b0, 0) @ w1 + b1)

    def _sum(self, rows: Rows) -> Array:
        x: Array = np.sum([e[rows[..., i]] for i, e in enumerate(self._embed)], axis=0)
        return x

    def _forward(self, state: State, x: Array) -> Array:
        """Run the blocks over new positions, `(lanes, T, D)`; extend the cache."""
        lanes, new, width = x.shape
        heads, head = state.keys.shape[2], state.keys.shape[4]
        at, end = state.length, state.length + new
        cos, sin = self._cos[at:end], self._sin[at:end]
        mask = None if new == 1 else np.triu(np.full((new, end), -np.inf, np.float32), at + 1)
        scale = np.float32(head**-0.5)
        for i, layer in enumerate(self._layers):
            mixed = _normed(x, layer.norm_in) @ layer.qkv
            q, k, v = mixed.reshape(lanes, new, 3, heads, head).transpose(2, 0, 3, 1, 4)
            state.keys[i, :, :, at:end] = _turned(k, cos, sin)
            state.values[i, :, :, at:end] = v
            scores = _turned(q, cos, sin) @ state.keys[i, :, :, :end].transpose(0, 1, 3, 2) * scale
            if mask is not None:
                scores = scores + mask
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            heard = (scores @ state.values[i, :, :, :end]) / scores.sum(-1, keepdims=True)
            x = x + heard.transpose(0, 2, 1, 3).reshape(lanes, new, width) @ layer.out
            x = x + np.square(np.maximum(_normed(x, layer.norm_up) @ layer.up, 0)) @ layer.down
        state.length = end
        return _normed(x, self.arrays["norm.weight"])


def _normed(x: Array, weight: Array) -> Array:
    return np.asarray(x / np.sqrt(np.square(x).mean(-1, keepdims=True) + 1e-6) * weight)


def _turned(x: Array, cos: Array, sin: Array) -> Array:
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], -1)
