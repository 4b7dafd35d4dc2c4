"""Weights that are cut, changed in one bit, or gone, in a copy of ourselves."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from bench.mishaps import ROOT, Row
from bench.mishaps.starts import said


def copied(folder: Path) -> Path:
    """Return the weights' folder of a copy of ourselves."""
    for room in ("bridge", "model"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "training"))
    (folder / "model" / "training").mkdir()
    for name in ("__init__.py", "fields.py"):
        shutil.copy(ROOT / "model" / "training" / name, folder / "model" / "training" / name)
    return folder / "model" / "weights"


def spoiled_weights(spoil: Callable[[Path], None], *command: str) -> Callable[[Path], Row]:
    """Return a mishap: a copy of ourselves with spoiled weights."""

    def happen(folder: Path) -> Row:
        spoil(copied(folder))
        return said(*command, folder=folder, cwd=folder, env={"PYTHONPATH": str(folder)})

    return happen


SERVE = ("serve", "--output", "none", "--http", "none", "--osc", "127.0.0.1:0")
CLIP = ("clip", "calm piano", "--bars", "1", "-o", "out.mid")


def cut(name: str) -> Callable[[Path], None]:
    """Return a way to cut a file in half."""
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:100]) and None


def flipped(name: str) -> Callable[[Path], None]:
    """Return a way to change one bit of a file."""

    def flip(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)

    return flip


def unsummed(name: str) -> Callable[[Path], None]:
    """Return a way to cut a file where no sums tell it."""

    def spoil(folder: Path) -> None:
        (folder / "SHA256SUMS").unlink()
        cut(name)(folder)

    return spoil


def gone(name: str) -> Callable[[Path], None]:
    """Return a way to take a file away."""
    return lambda folder: (folder / name).unlink()
