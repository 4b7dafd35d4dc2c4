"""Where a user's state lives: $LLMBALL_HOME, else the platform's data folder. Called from the daemon's loop."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path

from platformdirs import user_data_path

from model.generation.bias_weights import NamedWeights, restore_weights, shipped

log = logging.getLogger("llmball")


def data_folder() -> Path:
    """Return the folder; it need not exist yet."""
    override = os.environ.get("LLMBALL_HOME")
    return Path(override) if override else user_data_path("llmball", appauthor=False)


def read_taste() -> NamedWeights:
    """Return the user's weights of the fusion; as shipped where none are kept, or where they cannot be read."""
    path = data_folder() / "taste.json"
    try:
        return restore_weights(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return shipped()
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read, the taste is as shipped: %s", path, error)
        return shipped()


def write_taste(theta: NamedWeights) -> None:
    """Keep the user's weights; the file is the old one or the new one at any moment. Raises OSError."""
    write_atomically(data_folder() / "taste.json", json.dumps(dict(theta), indent=1).encode())


class StorageError(OSError):
    """Something cannot be kept; the message says the remedy."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: at any moment it is the old one or the new one. Raises HomeError."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path.parent} cannot be written ({error.strerror}): make room there, or set LLMBALL_HOME"
        ) from error
