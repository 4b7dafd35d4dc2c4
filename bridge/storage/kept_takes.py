"""Kept takes: the last bars of a performance as .mid, and as JSON with what each bar came from, for `llmball replay`.

The files are in the folder `takes` of the data folder. Called from a worker thread of the daemon, or by `llmball replay`.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bridge.clock import Seconds, monotonic
from bridge.errors import OwnerError
from bridge.protocol.controls import current_paths
from bridge.storage.home import StorageError, cannot_write, data_folder, make_folder, read_regular, write_atomically
from bridge.takes.recorder import KeptBars
from model.music import midifile
from model.music.harmony import parse_key
from model.music.midifile import Song, in_turn
from model.music.midifile import write as write_song

MAX_KEPT_TAKES, MAX_LISTED = 2000, 50
"""The number of takes that may be kept, and of those that are listed."""


def save(kept_bars: KeptBars, now: datetime) -> tuple[Path, str]:
    """Write both files; return the .mid and the name for `llmball replay`. Raises StorageError and then writes neither."""
    takes = data_folder() / "takes"
    if is_full():
        raise StorageError(f"{MAX_KEPT_TAKES} takes are kept in {takes}: move some away first")
    name = now.strftime("%Y%m%d-%H%M%S")
    song, text = midifile.to_bytes(kept_bars.song), kept_bars.to_json().encode()
    name = _reserved(takes, name)
    path = takes / f"{name}.mid"
    try:
        write_atomically(path, song)
        write_atomically(takes / f"{name}.json", text)
    except StorageError:
        path.unlink(missing_ok=True)
        (takes / f"{name}.json").unlink(missing_ok=True)
        raise
    return path, name


def _reserved(takes: Path, wanted: str) -> str:
    """Return a name that nobody has, another process with the same folder among them: its empty .json is there now. Raises StorageError."""
    make_folder(takes)
    for name in (wanted if i == 1 else f"{wanted}-{i}" for i in range(1, MAX_KEPT_TAKES)):
        if (takes / f"{name}.mid").exists():
            continue
        try:
            (takes / f"{name}.json").open("x").close()
        except FileExistsError:
            continue
        except OSError as error:
            raise cannot_write(takes, error) from error
        return name
    raise StorageError(f"too many takes of one second in {takes}: move some away first")


def is_full() -> bool:
    """Return True if no other take can be kept."""
    return sum(1 for _ in (data_folder() / "takes").glob("*.json")) >= MAX_KEPT_TAKES


def remove(name: str) -> None:
    """Delete both files of a take that `save` has named, if they are there."""
    for suffix in (".mid", ".json"):
        with contextlib.suppress(OSError):
            (data_folder() / "takes" / f"{name}{suffix}").unlink()


KEPT_FILE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,99}\.(mid|json)")


def _when(path: Path) -> tuple[str, int]:
    """Return what sorts takes by time: the moment of a name, and its number among those of one second."""
    moment, _, number = path.stem.rpartition("-")
    is_numbered = moment.count("-") == 1 and number.isdecimal() and len(number) < 9
    return (moment, int(number)) if is_numbered else (path.stem, 1)


def list_kept() -> list[dict[str, object]]:
    """Return the newest kept takes, newest first: name, number of bars, and all the words, keys, metres and tempos that sound."""
    files = (path for path in (data_folder() / "takes").glob("*.json") if path.is_file() and not path.is_symlink())
    found: list[dict[str, object]] = []
    for path in sorted(files, key=_when, reverse=True)[:MAX_LISTED]:
        try:
            kept = from_json(read_regular(path))
            song = kept.song
        except (OSError, ValueError, ArithmeticError, RecursionError):
            continue  # not a file of ours
        data = {"name": path.stem, "words": in_turn(b.prompt for b in kept.bars), "bars": len(song.bars)}
        data["key"] = in_turn([song.key, *(key for _, key in song.keys)])
        data["meter"] = in_turn(meter for _, meter in song.bars)
        tempos = in_turn(f"{bpm:.0f}" for _, bpm in song.tempos)
        found.append({**data, "tempo": song.tempos[0][1], "tempos": tempos})
    return found


def kept_path(name: str, ending: str = "mid") -> Path | None:
    """Return the path of a kept take's .mid or .json, None if there is none."""
    if KEPT_FILE_NAME.fullmatch(f"{name}.{ending}") is None:
        return None
    path = data_folder() / "takes" / f"{name}.{ending}"
    if path.is_symlink() or not path.is_file():
        return None  # neither a link to a file elsewhere nor a pipe that never ends
    return path


def kept_file(name: str) -> bytes | None:
    """Return the bytes of a kept .mid or .json by its file name, None if there is none."""
    if KEPT_FILE_NAME.fullmatch(name) is None:
        return None
    path = kept_path(*name.rsplit(".", 1))
    try:
        return None if path is None else path.read_bytes()
    except OSError:
        return None


def load(name: str) -> KeptBars:
    """Return a kept take by its name, or by the path of its JSON. Raises OwnerError."""
    path = Path(name) if name.endswith(".json") else data_folder() / "takes" / f"{Path(name).name}.json"
    try:
        kept = from_json(read_regular(path))
        midifile.to_bytes(kept.song)  # what cannot be written again is told now
        return kept
    except FileNotFoundError as error:
        latest = sorted(p.stem for p in path.parent.glob("*.json"))[-3:] if path.parent.is_dir() else []
        known = (
            f"the latest are {', '.join(latest)}" if latest else "none is kept yet: send /llmball/keep while playing"
        )
        raise OwnerError(f"there is no take {name!r} in {path.parent}; {known}") from error
    except OSError as error:
        raise OwnerError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise OwnerError(f"{path} is not a take of LLMBall: {error}") from error


def from_json(text: str) -> KeptBars:
    """Return the bars that `KeptBars.to_json` wrote. Raises ValueError."""
    import msgspec  # imported here: the daemon's start need not wait for it

    try:
        kept: KeptBars = msgspec.json.decode(text, type=KeptBars)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError) as error:
        raise ValueError(str(error)) from error
    bars = tuple(replace(bar, controls=current_paths(bar.controls)) for bar in kept.bars)
    for key in (kept.song.key, *(key for _, key in kept.song.keys)):
        parse_key(key)
    return replace(kept, bars=bars, controls=current_paths(kept.controls))


log = logging.getLogger("llmball")
RECORD_PREFIX = "record:"


def recording_path(output: str | None) -> Path | None:
    """Return the path of an output `record:PATH`, None for other outputs."""
    if output is None or not output.startswith(RECORD_PREFIX):
        return None
    return Path(output.removeprefix(RECORD_PREFIX))


class RecordingFile:
    """Writes the recorded bars to the file of an output `record:PATH`; other outputs write nothing."""

    def __init__(self, output: str | None, recorded_song: Callable[[Seconds], Song | None]) -> None:
        self._recorded_song = recorded_song
        self._file = recording_path(output)

    def write(self) -> None:
        """Write the bars played so far. A failure (a full disk) is logged only."""
        if self._file is None:
            return
        song = self._recorded_song(monotonic())
        if song is not None:
            try:
                write_song(self._file, song)
            except OSError as error:
                log.warning("%s cannot be written: %s", self._file, error.strerror)
