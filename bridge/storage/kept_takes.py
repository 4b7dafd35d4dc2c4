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
from bridge.storage.home import HomeError, folder, put
from bridge.takes.recorder import Bar, Keepsake
from model.music import midifile
from model.music.midifile import Song
from model.music.midifile import write as write_song
from model.music.notes import Note, Ticks

MOST, LISTED = 2000, 50
"""Takes that are kept; nothing is thrown away for the user."""


def write(keepsake: Keepsake, now: datetime) -> tuple[Path, str]:
    """Keep it; return the .mid file and the name by which it is replayed. Raises HomeError, and keeps neither then."""
    takes = folder() / "takes"
    if sum(1 for _ in takes.glob("*.json")) >= MOST:
        raise HomeError(f"{MOST} takes are kept in {takes}: move some away first")
    name = now.strftime("%Y%m%d-%H%M%S")
    names = (name if i == 1 else f"{name}-{i}" for i in range(1, MOST))
    name = next(n for n in names if not (takes / f"{n}.json").exists())
    path = takes / f"{name}.mid"
    put(path, midifile.to_bytes(keepsake.song))
    try:
        put(takes / f"{name}.json", keepsake.to_json().encode())
    except HomeError:
        path.unlink(missing_ok=True)
        raise
    return path, name


NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*\.(mid|json)")


def listed() -> list[dict[str, object]]:
    """Return the latest kept takes, the newest first: name, words, how many bars, key and tempo."""
    newest = sorted((folder() / "takes").glob("*.json"), reverse=True)[:LISTED]
    found: list[dict[str, object]] = []
    for path in newest:
        try:
            kept = from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # somebody else's file is not listed
        song = kept.song
        words = kept.bars[-1].prompt if kept.bars else ""
        told = {"name": path.stem, "words": words, "bars": len(song.bars), "key": song.key}
        found.append({**told, "tempo": song.tempos[0][1]})
    return found


def file(name: str) -> bytes | None:
    """Return a kept .mid or .json by its name, None where there is none."""
    if NAME.fullmatch(name) is None:
        return None
    try:
        return (folder() / "takes" / name).read_bytes()
    except OSError:
        return None


def read(name: str) -> Keepsake:
    """Return a kept take by its name, or by the path of its JSON. Raises OwnerError."""
    path = Path(name) if name.endswith(".json") else folder() / "takes" / f"{Path(name).name}.json"
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


def from_json(text: str) -> Keepsake:
    """Return what `to_json` wrote. Raises ValueError, KeyError or TypeError."""
    told = json.loads(text)
    song = told["song"]

    return Keepsake(
        Song(
            bars=tuple((Ticks(at), str(what)) for at, what in song["bars"]),
            end=Ticks(song["end"]),
            tempos=tuple((Ticks(at), float(what)) for at, what in song["tempos"]),
            key=song["key"],
            notes=tuple(Note(**note) for note in song["notes"]),
            chords=tuple((Ticks(at), str(what)) for at, what in song["chords"]),
            programs=tuple((str(part), int(program)) for part, program in song["programs"]),
        ),
        tuple(Bar(**bar) for bar in told["bars"]),
        told["controls"],
        told["weights"],
    )


log = logging.getLogger("llmball")


RECORD = "record:"


def file_of(output: str | None) -> Path | None:
    """Return the file that an output names, if it does."""
    if output is None or not output.startswith(RECORD):
        return None
    return Path(output.removeprefix(RECORD))


class Recording:
    """`output` is the owner's choice of output; where it names no file nothing is written."""

    def __init__(self, output: str | None, recorded: Callable[[Seconds], Song | None]) -> None:
        self._recorded = recorded
        self._file = file_of(output)

    def write(self) -> None:
        """Write what was played so far. A disk that is full is told, and is no reason to stop."""
        if self._file is None:
            return
        song = self._recorded(monotonic())
        if song is not None:
            try:
                write_song(self._file, song)
            except OSError as error:
                log.warning("%s cannot be written: %s", self._file, error.strerror)
