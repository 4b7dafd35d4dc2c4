"""Where a user's state lives: $LLMBALL_HOME, else the platform's data folder. Called from the daemon's loop."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path

from platformdirs import user_data_path

from model.generation.bias_weights import Weighting, restored, shipped

log = logging.getLogger("llmball")


def folder() -> Path:
    """Return the folder; it need not exist yet."""
    named = os.environ.get("LLMBALL_HOME")
    return Path(named) if named else user_data_path("llmball", appauthor=False)


def read_taste() -> Weighting:
    """Return the user's weights of the fusion; as shipped where none are kept, or where they cannot be read."""
    path = folder() / "taste.json"
    try:
        return restored(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return shipped()
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read, the taste is as shipped: %s", path, error)
        return shipped()


def write_taste(theta: Weighting) -> None:
    """Keep the user's weights; the file is the old one or the new one at any moment. Raises OSError."""
    put(folder() / "taste.json", json.dumps(dict(theta), indent=1).encode())


class HomeError(OSError):
    """Something cannot be kept; the message says the remedy."""


def put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: at any moment it is the old one or the new one. Raises HomeError."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(data)
            part.replace(path)
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as error:
        raise HomeError(
            f"{path.parent} cannot be written ({error.strerror}): make room there, or set LLMBALL_HOME"
        ) from error
