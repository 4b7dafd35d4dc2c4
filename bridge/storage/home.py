"""The user's data folder ($LLMBALL_HOME, else the platform's) and the taste in it."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
from pathlib import Path

from platformdirs import user_data_path

from model.generation.bias_weights import NamedWeights, restore_weights, shipped

log = logging.getLogger("llmball")


def data_folder() -> Path:
    """Return the folder. It may not exist yet."""
    override = os.environ.get("LLMBALL_HOME")
    return Path(override) if override else user_data_path("llmball", appauthor=False)


def read_taste() -> NamedWeights:
    """Return the user's taste (weights of the bias terms); the shipped weights if there is none or it cannot be read."""
    path = data_folder() / "taste.json"
    try:
        return restore_weights(json.loads(read_regular(path)))
    except FileNotFoundError:
        return shipped()
    except (OSError, ValueError, ArithmeticError, RecursionError) as error:
        log.warning("%s cannot be read, the taste is as shipped: %s", path, error)
        return shipped()


def write_taste(theta: NamedWeights) -> None:
    """Save the user's taste. Raises StorageError."""
    write_atomically(data_folder() / "taste.json", json.dumps(dict(theta), indent=1).encode())


class StorageError(OSError):
    """A file cannot be written; the message says the remedy."""


def make_folder(folder: Path) -> None:
    """Make a folder and those above it. Raises StorageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error


def cannot_write(folder: Path, error: OSError) -> StorageError:
    """Return the error that a folder cannot be written, with the remedy."""
    return StorageError(f"{folder} cannot be written ({error.strerror}): make room there, or set LLMBALL_HOME")


def read_regular(path: Path) -> str:
    """Return the text of a file, not of a pipe or device, which may never end. Raises OSError, UnicodeError."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return path.read_text(encoding="utf-8")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, by renaming a temporary one. Raises StorageError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    if path.exists() and not path.is_file():
        raise StorageError(f"{path} is no regular file: move it away first")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path.parent, error) from error
