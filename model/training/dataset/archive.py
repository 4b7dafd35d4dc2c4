"""`python -m model.training.dataset.archive --store FILE --out FILE.xz`: a store made small, to train on it elsewhere.

Rows become bytes, each text's vector is kept once and in six bits (2 % of its length off), and all of it is compressed: some
250 MB become 45. `model.training.train --store FILE.xz` reads it with numpy and torch alone.
"""

from __future__ import annotations

import argparse
import io
import lzma
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.training.dataset.store import Store

STEPS = 31
"""Steps of a vector's numbers to each side of nought."""


def pack(store: Store, path: Path) -> None:
    """Write the store as a parcel."""
    unique, which = np.unique(store.text.view(np.uint16), axis=0, return_inverse=True)
    vectors = unique.view(np.float16).astype(np.float32)
    scale = np.maximum(np.abs(vectors).max(1, keepdims=True), 1e-6) / STEPS
    held = {f.name: getattr(store, f.name) for f in fields(Store)} | {
        "rows": _bytes(store.rows),
        "text": np.round(vectors / scale).astype(np.int8),
        "scale": scale.astype(np.float16),
        "which": which.ravel().astype(np.int32),
    }
    raw = io.BytesIO()
    np.savez(raw, **held)
    with lzma.open(path, "wb", preset=4) as file:
        file.write(raw.getbuffer())


def unpack(path: Path) -> Store:
    """Return the store of a parcel, its texts as near as six bits are."""
    with lzma.open(path) as file, np.load(io.BytesIO(file.read()), allow_pickle=False) as held:
        text = (held["text"] * held["scale"].astype(np.float32)).astype(np.float16)[held["which"]]
        read = Store(**{f.name: held[f.name] for f in fields(Store)})
    return replace(read, rows=_rows(read.rows), text=text)


def read(path: Path) -> Store:
    """Return a store, or that of a parcel where the name ends in .xz."""
    return unpack(path) if path.suffix == ".xz" else Store.load(path)


def _bytes(rows: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    """Return rows as bytes, low ones before high ones, so that what is alike lies together."""
    low, high = rows & 255, rows >> 8
    return np.concatenate([low, high], 1).astype(np.uint8)


def _rows(packed: npt.NDArray[np.generic]) -> npt.NDArray[np.int16]:
    low, high = np.split(packed.astype(np.int16), 2, 1)
    return np.ascontiguousarray(low + 256 * high)


def main() -> None:
    """Parse the command line and pack."""
    parser = argparse.ArgumentParser(prog="python -m model.training.dataset.archive", description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("runs/store.npz"))
    parser.add_argument("--out", type=Path, default=Path("runs/store.xz"))
    options = parser.parse_args()
    pack(Store.load(options.store), options.out)
    print(f"{options.out.stat().st_size / 1e6:.1f} MB → {options.out}")


if __name__ == "__main__":
    main()
