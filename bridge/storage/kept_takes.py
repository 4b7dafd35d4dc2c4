"""What is kept of a performance: some bars with all that they came from, as .mid and as JSON to replay them by.

Files lie in the takes folder of the user's state. Called from a worker thread of the daemon, or by `llmball replay`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bridge.clock import Seconds, monotonic
from bridge.errors import OwnerError
from bridge.protocol.controls import current_paths
from bridge.storage.home import StorageError, data_folder, write_atomically
from bridge.takes.recorder import BarOrigin, KeptBars
from model.music import midifile
from model.music.midifile import Song
from model.music.midifile import write as write_song
from model.music.notes import Note, Ticks

MAX_KEPT_TAKES, MAX_LISTED = 2000, 50
"""Takes that are kept; nothing is thrown away for the user."""


def save(kept_bars: KeptBars, now: datetime) -> tuple[Path, str]:
    """Keep it; return the .mid file and the name by which it is replayed. Raises HomeError, and keeps neither then."""
    takes = data_folder() / "takes"
    if sum(1 for _ in takes.glob("*.json")) >= MAX_KEPT_TAKES:
        raise StorageError(f"{MAX_KEPT_TAKES} takes are kept in {takes}: move some away first")
    name = now.strftime("%Y%m%d-%H%M%S")
    names = (name if i == 1 else f"{name}-{i}" for i in range(1, MAX_KEPT_TAKES))
    name = next(n for n in names if not (takes / f"{n}.json").exists())
    path = takes / f"{name}.mid"
    write_atomically(path, midifile.to_bytes(kept_bars.song))
    try:
        write_atomically(takes / f"{name}.json", kept_bars.to_json().encode())
    except StorageError:
        path.unlink(missing_ok=True)
        raise
    return path, name


KEPT_FILE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*\.(mid|json)")


def list_kept() -> list[dict[str, object]]:
    """Return the latest kept takes, the newest first: name, words, how many bars, key and tempo."""
    newest = sorted((data_folder() / "takes").glob("*.json"), reverse=True)[:MAX_LISTED]
    found: list[dict[str, object]] = []
    for path in newest:
        try:
            kept = from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # somebody else's file is not listed
        song = kept.song
        words = kept.bars[-1].prompt if kept.bars else ""
        data = {"name": path.stem, "words": words, "bars": len(song.bars), "key": song.key}
        found.append({**data, "tempo": song.tempos[0][1]})
    return found


def kept_file(name: str) -> bytes | None:
    """Return a kept .mid or .json by its name, None where there is none."""
    if KEPT_FILE_NAME.fullmatch(name) is None:
        return None
    try:
        return (data_folder() / "takes" / name).read_bytes()
    except OSError:
        return None


def load(name: str) -> KeptBars:
    """Return a kept take by its name, or by the path of its JSON. Raises OwnerError."""
    path = Path(name) if name.endswith(".json") else data_folder() / "takes" / f"{Path(name).name}.json"
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        kept = sorted(p.stem for p in path.parent.glob("*.json"))[-3:] if path.parent.is_dir() else []
        known = (
            f"the latest are {', '.join(kept)}"
            if kept
            else "none is kept yet: send /llmball/keep while playing"
        )
        raise OwnerError(f"there is no take {name!r} in {path.parent}; {known}") from error
    except OSError as error:
        raise OwnerError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise OwnerError(f"{path} is no take of LLMBall's: {error}") from error


def from_json(text: str) -> KeptBars:
    """Return what `to_json` wrote. Raises ValueError, KeyError or TypeError."""
    data = json.loads(text)
    song = data["song"]

    return KeptBars(
        Song(
            bars=tuple((Ticks(at), str(what)) for at, what in song["bars"]),
            end=Ticks(song["end"]),
            tempos=tuple((Ticks(at), float(what)) for at, what in song["tempos"]),
            key=song["key"],
            notes=tuple(Note(**note) for note in song["notes"]),
            chords=tuple((Ticks(at), str(what)) for at, what in song["chords"]),
            programs=tuple((str(part), int(program)) for part, program in song["programs"]),
        ),
        tuple(
            BarOrigin(**bar | {"controls": current_paths(bar.get("controls", {}))}) for bar in data["bars"]
        ),
        current_paths(data["controls"]),
        data["weights"],
    )


log = logging.getLogger("llmball")


RECORD_PREFIX = "record:"


def recording_path(output: str | None) -> Path | None:
    """Return the file that an output names, if it does."""
    if output is None or not output.startswith(RECORD_PREFIX):
        return None
    return Path(output.removeprefix(RECORD_PREFIX))


class RecordingFile:
    """`output` is the owner's choice of output; where it names no file nothing is written."""

    def __init__(self, output: str | None, recorded_song: Callable[[Seconds], Song | None]) -> None:
        self._recorded_song = recorded_song
        self._file = recording_path(output)

    def write(self) -> None:
        """Write what was played so far. A disk that is full is told, and is no reason to stop."""
        if self._file is None:
            return
        song = self._recorded_song(monotonic())
        if song is not None:
            try:
                write_song(self._file, song)
            except OSError as error:
                log.warning("%s cannot be written: %s", self._file, error.strerror)
