"""`llmball device install`: the Max for Live devices into Live's User Library."""

from __future__ import annotations

import shutil
import sys
from importlib.resources import as_file, files
from pathlib import Path

from bridge.errors import OwnerError

DESTINATIONS = {
    "LLMBall.amxd": Path("Presets") / "MIDI Effects" / "Max MIDI Effect",
    "LLMBall Generator.amxd": Path("MIDI Tools") / "Max Generators",
}
"""Folders of a User Library in which Live looks for each device."""


def install(library: Path | None) -> int:
    """Copy the devices; ask for the User Library where it is not given. Raises OwnerError."""
    library = library or _ask_for_library()
    shipped = files("max_for_live") / "dist"
    for name, place in DESTINATIONS.items():
        try:
            (library / place).mkdir(parents=True, exist_ok=True)
            with as_file(shipped / name) as device:
                shutil.copyfile(device, library / place / name)
        except OSError as error:
            raise OwnerError(f"{library / place / name} cannot be written: {error.strerror}") from error
        sys.stdout.write(f"{library / place / name}\n")
    return 0


def default_library() -> Path:
    """Return the default folder of Live's User Library."""
    return Path.home() / ("Documents" if sys.platform == "win32" else "Music") / "Ableton" / "User Library"


def _ask_for_library() -> Path:
    if not sys.stdin.isatty():
        raise OwnerError(
            "say where the User Library is: llmball device install --to DIR (Live's Preferences, Library, show it)"
        )
    sys.stdout.write(f"Live's User Library [{default_library()}]: ")
    sys.stdout.flush()
    answer = sys.stdin.readline().strip()
    folder = Path(answer).expanduser() if answer else default_library()
    if not folder.is_dir():
        raise OwnerError(f"there is no folder {folder}: Live shows its own in Preferences, Library")
    return folder
