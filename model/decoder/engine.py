"""The interface of inference engines, and how a value is sampled from logits.

Three engines implement it: C (`native_engine`), ONNX Runtime (`onnx_engine`) and torch (`torch_engine`). Shapes: `lanes` are
sequences read side by side, `D` is the decoder's width, `n` the number of values of a field.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from model.decoder.relations import INPUT_SIZES, Relations, relate
from model.decoder.tokenizer import Rows

LANE_COUNTS = (1, 2, 3)
"""Numbers of lanes that a state may have: one or two conditioned on the text and, for guidance, one unconditioned."""
Array = npt.NDArray[np.float32]
Bias = npt.NDArray[np.floating]


class EngineState(Protocol):
    """The key/value cache of one take: `length` rows, which may be set back, never forward; `relations` are those of the last row."""

    length: int
    relations: Relations

    @property
    def free_rows(self) -> int:
        """How many rows still fit."""

    def drop_rows(self, first: int, count: int) -> None:
        """Remove `count` rows from row `first` on; later rows move down, and their keys are rotated back by `count` positions.

        Rows read after the removed ones have attended to them, and keep what they took. Takes some milliseconds.
        """


class Engine(Protocol):
    """A decoder with its weights. `shape` has its sizes by name. Called from one thread only.

    Arrays that it returns are reused: they hold until the same method is called again.
    """

    shape: Mapping[str, int]

    @property
    def context(self) -> int:
        """How many rows a state holds, header among them."""
        return self.shape["context"]

    def begin(self, text: Array, is_conditioned: npt.NDArray[np.bool_], rows: Rows) -> tuple[Any, Array]:
        """Open a state and read its first rows, `(lanes, T, 5)`; return it and the output of the last row, `(lanes, D)`.

        `text` is the prompt's embedding, `(512,)`; `is_conditioned`, `(lanes,)`, says which lanes are given it.
        """

    def step(self, state: Any, row: tuple[int, ...]) -> Array:  # noqa: ANN401 - each engine has its own states
        """Read one row of five fields, the same in every lane; return its output, `(lanes, D)`. Raises IndexError if the state is full."""

    def event(self, h: Array) -> Array:
        """Return the logits of the first field, `(lanes, n)`, from the output of a row."""

    def next_field(self, h: Array, index: int, value: int) -> tuple[Array, Array]:
        """Pass the value of field `index` to the chain; return its state, and what the next head says, `(lanes, n)`.

        Those are the logits of the next field; of the second field, `Relations.spread` makes them.
        """

    def sample(self, logits: Array, bias: Bias, text: float, temperature: float, top_p: float, uniform: float) -> int:
        """Sample a value from logits, `(lanes, n)`, plus a bias, `(n,)`; see `sample` below."""
        return sample(logits, bias, text, temperature, top_p, uniform)


LOGIT_CUTOFF = 40.0
"""A value so many logits below the likeliest is never drawn: e**-40 is less than the rounding of their sum."""


def apply_guidance(logits: Array, text: float) -> Array:
    """Return the guided logits: `text` times the difference of the conditioned and the unconditioned lane is added to the former."""
    conditioned: Array = logits[0]
    return conditioned if len(logits) == 1 else conditioned + text * (conditioned - logits[1])


def sample(logits: Array, bias: Bias, text: float, temperature: float, top_p: float, uniform: float) -> int:
    """Return the value that a `uniform` number 0..1 picks from the likeliest choices that make up a share `top_p` of the probability."""
    z = (apply_guidance(logits, text) + bias) / temperature
    z -= z.max()
    near = np.flatnonzero(z > -LOGIT_CUTOFF)
    if len(near) == 1:
        return int(near[0])
    p = np.exp(z[near])
    order = (-p).argsort(kind="stable")
    total = p[order].cumsum()
    kept = min(int(total.searchsorted(min(top_p, 1.0) * total[-1])) + 1, len(total))
    place = int(total[:kept].searchsorted(uniform * total[kept - 1], "right"))
    return int(near[order[min(place, kept - 1)]])


def sample_binary(logit: float, other_logits: Bias, temperature: float, top_p: float, uniform: float) -> bool:
    """Return True if a `uniform` number 0..1 picks the value of one logit against all others; never if its share is below 1 − top_p."""
    top = other_logits.max()
    gap = logit - top - math.log(np.exp(other_logits - top).sum())
    chance = 1 / (1 + math.exp(-float(np.clip(gap / temperature, -LOGIT_CUTOFF, LOGIT_CUTOFF))))
    unlikely = 1 - min(top_p, 1.0)
    return chance > unlikely and (chance >= 1 - unlikely or uniform < chance)


class Embeddings:
    """The embedding tables of a decoder: `tables` has one for each field, `(values, D)`."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.tables = [np.ascontiguousarray(arrays[f"embed.{i}.weight"]) for i in range(len(INPUT_SIZES))]
        self._prefix, self._unsaid = arrays["prefix.weight"], arrays["unsaid"]

    def embed_prefix(self, text: Array, is_conditioned: npt.NDArray[np.bool_], rows: Rows) -> Array:
        """Return the embedded prefix and first rows of every lane, `(lanes, prefix + T, D)`; arguments as of `Engine.begin`."""
        lead = len(self._unsaid)
        found = np.empty((len(rows), lead + rows.shape[1], self._unsaid.shape[1]), np.float32)
        found[:, :lead] = self._unsaid
        found[is_conditioned, :lead] = (self._prefix @ text).reshape(self._unsaid.shape)
        related = with_relations(rows)
        found[:, lead:] = self.tables[0][related[..., 0]]
        for i, table in enumerate(self.tables[1:], 1):
            found[:, lead:] += table[related[..., i]]
        return found


def with_relations(rows: Rows) -> Rows:
    """Return rows from a header on, `(lanes, T, 5)`, with their relations, `(lanes, T, 8)`."""
    return np.concatenate([rows, np.stack([relate(lane) for lane in rows])], 2)


def relations_after(rows: Rows) -> Relations:
    """Return the relations after rows from a header on, `(T, 5)`."""
    relations = Relations()
    for row in rows.tolist():
        relations.relate(tuple(row))
    return relations
