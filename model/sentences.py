"""The default encoder in C (`sentence.c`), in eight bits, from the arrays that `model.mapped` unpacked. Called from one thread only."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from model.choosing import Array
from model.eighths import Matrices, Narrow, narrowed


class Tokenizer(Protocol):
    """What tells the pieces of a text."""

    def encode(self, text: str, **options: object) -> list[int]:
        """Return the numbers of a text's pieces."""


ORDER = (
    "proj_W", "w1.0", "w1.1", "w1.2", "w2.0", "w2.1", "w2.2", "cnn_W", "d0", "p1", "d1", "d2", "p3", "d3",
)  # fmt: skip
"""The matrices in the order of `sentence.c`."""
BIASES = {"proj_W": "proj_b"} | {f"w{layer}.{i}": f"b{layer}.{i}" for layer in (1, 2) for i in range(3)}
NORMS = ("ln_g_all", "ln_b_all", "ln_g", "ln_b", "cnn_b")

Arrays = Mapping[str, npt.NDArray[Any]]
"""The package's arrays by name, behind "backend "; those of a list with their place behind a dot."""


def in_eight_bits(arrays: Arrays) -> dict[str, npt.NDArray[Any]]:
    """Return the matrices as `Sentences` takes them, by name."""
    found: dict[str, npt.NDArray[Any]] = {}
    for name in ORDER:
        found[f"eighths {name}"], found[f"scale {name}"], _ = narrowed(arrays[f"backend {name}"].T)
    return found


class Sentences:
    """USE multilingual v3; `arrays` are the package's with those of `in_eight_bits`."""

    def __init__(self, library: ctypes.CDLL, arrays: Arrays, words: Tokenizer) -> None:
        def of(name: str) -> Array:
            return arrays[f"backend {name}"]

        self._library, self._words = library, words
        self._table, self._scale, self._low = of("table"), of("scale"), of("lo")
        matrices: list[Narrow] = []
        for name in ORDER:
            bias = of(BIASES[name]) if name in BIASES else None
            matrices.append((arrays[f"eighths {name}"], arrays[f"scale {name}"], bias))
        self._matrices = Matrices(library, matrices)
        self._norms = [of(name) for name in NORMS]
        self._at = (ctypes.c_void_p * len(self._norms))(*[norm.ctypes.data for norm in self._norms])
        self._least = float(arrays["backend eps"])

    def encode(self, text: str) -> Array:
        """Return the vector of a text, `(512,)`, of unit length."""
        pieces = np.array(self._words.encode(text, out_type=int, add_bos=True, add_eos=True))
        part = pieces % len(self._scale)
        embedded = self._table[pieces] * self._scale[part, None] + self._low[part, None]
        room = np.zeros(self._library.native_sentence_room(len(pieces)), np.float32)
        found = np.empty(embedded.shape[1], np.float32)
        self._library.native_sentence(
            self._matrices.pointer, len(pieces), embedded.ctypes.data, self._at, self._least,
            room.ctypes.data, found.ctypes.data,
        )  # fmt: skip
        return found
