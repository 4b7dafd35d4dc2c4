"""Weights on disk: safetensors, matrices in eight bits with a scale a row, checked by hash. Nothing is unpickled.

Shipped files lie in `model/weights/` beside `SHA256SUMS`.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

Array = npt.NDArray[np.float32]
FOLDER = Path(__file__).with_name("weights")


class WeightsError(ValueError):
    """A weights file is missing, or is not the one that was shipped; the message says the remedy."""


def save(path: Path, arrays: Mapping[str, npt.NDArray[np.floating]], shape: Mapping[str, int]) -> None:
    """Write arrays: matrices as int8 with one scale a row, the rest as they are, in float32."""
    stored: dict[str, npt.NDArray[np.int8 | np.float32]] = {}
    for name, array in arrays.items():
        full = np.asarray(array, np.float32)
        if full.ndim == 2 and min(full.shape) > 8:
            scale = np.maximum(np.abs(full).max(1, keepdims=True), 1e-8) / 127
            stored[name] = np.round(full / scale).astype(np.int8)
            stored[name + ".scale"] = scale.astype(np.float32)
        else:
            stored[name] = np.ascontiguousarray(full)
    save_file(stored, path, {"shape": json.dumps(dict(shape))})


def load(path: Path) -> tuple[dict[str, Array], dict[str, int]]:
    """Return the arrays in float32 and the shape of the model; checked by hash where the folder has SHA256SUMS.

    Raises `WeightsError`.
    """
    found, told = read(path)
    try:
        shape = json.loads(told["shape"])
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{path.name} does not tell its shape: install LLMBall again") from error
    scales = {n.removesuffix(".scale"): found.pop(n) for n in list(found) if n.endswith(".scale")}
    full = {n: a.astype(np.float32) * scales.get(n, np.float32(1)) for n, a in found.items()}
    return full, shape


def read(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the arrays of a file as they are, and what it tells of itself. Raises `WeightsError`."""
    check(path)
    try:
        with safe_open(path, "numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path.name} cannot be read ({error}): install LLMBall again") from error


def map_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a safetensors file mapped into memory, read-only and shared by all processes that map it.

    No hash is computed. Raises OSError where the file cannot be opened, `WeightsError` where it is not whole.
    """
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        start = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:start])
        found = {}
        for name, told in header.items():
            if name != "__metadata__":
                count, begin = math.prod(told["shape"]), start + told["data_offsets"][0]
                found[name] = np.frombuffer(data, _DTYPES[told["dtype"]], count, begin).reshape(told["shape"])
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{path.name} is not whole: delete it") from error
    return found


_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "U64": "<u8",
    "I64": "<i8",
    "U32": "<u4",
    "I32": "<i4",
    "I8": "i1",
    "U8": "u1",
}


def check_all(folder: Path = FOLDER) -> None:
    """Raise `WeightsError` unless every file that SHA256SUMS lists is as it was shipped."""
    sums = folder / "SHA256SUMS"
    for name in _listed(sums) if sums.is_file() or folder == FOLDER else ():
        check(folder / name)


def hashed(path: Path) -> str:
    """Return the hash of a weights file: which weights they are."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check(path: Path) -> None:
    """Raise `WeightsError` unless the file is there and its hash is the one in SHA256SUMS beside it."""
    if not path.is_file():
        raise WeightsError(f"no weights at {path}: install LLMBall again, or train them (README)")
    sums = path.with_name("SHA256SUMS")
    if not sums.is_file():
        if path.parent == FOLDER:
            raise WeightsError("weights/SHA256SUMS is missing, so nothing can be checked: install LLMBall again")
        return  # weights of the user's own
    if _listed(sums).get(path.name) != hashed(path):
        raise WeightsError(f"{path.name} is not the file that was shipped: install LLMBall again")


def _listed(sums: Path) -> dict[str, str]:
    """Return hash by name of a SHA256SUMS file. Raises `WeightsError`."""
    try:
        rows = [line.split() for line in sums.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeError) as error:
        raise WeightsError(f"{sums.name} cannot be read ({error}): install LLMBall again") from error
    if any(len(row) != 2 or len(row[0]) != 64 for row in rows) or not rows:
        raise WeightsError(f"{sums.name} is not the file that was shipped: install LLMBall again")
    return {name: digest for digest, name in rows}


ZERO_POINT = 128
"""What stands for nought among unsigned eight bits."""


def quantise_uint8(matrix: Array) -> tuple[npt.NDArray[np.uint8], Array]:
    """Return a matrix in eight bits around `MIDDLE`, and the scale of each row, `(rows, 1)`; as the weights lie on disk."""
    largest = np.maximum(matrix.max(1, keepdims=True), -matrix.min(1, keepdims=True))
    scale = (np.maximum(largest, 1e-8) / 127).astype(np.float32)
    whole = matrix / scale
    np.round(whole, out=whole)
    whole += ZERO_POINT
    return whole.astype(np.uint8), scale
