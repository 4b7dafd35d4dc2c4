"""Clips as .mid files in one folder: read by name, written, and held back for approval where notes would be written over.

Kept takes are read by their names too; what is made of one is written among the clips.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from bridge.storage.home import StorageError, data_folder, write_atomically
from bridge.storage.kept_takes import kept_path
from model.analysis.midi_import import read_midi_file
from model.clips.changes import Changes, changes, roll
from model.music import midifile
from model.music.midifile import MidiFileError, Song

MAX_HELD = 32
"""Clips that wait for approval; the oldest is dropped first."""
MAX_LISTED = 60
NAME = re.compile(r"[\w][\w .()+-]{0,59}")


class ClipError(ValueError):
    """A clip that cannot be read or written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Held:
    """A clip that is not written yet: what would change, and the bytes that stood there when that was told."""

    name: str
    what: Changes
    before: bytes


@dataclass(slots=True)
class Library:
    """The clips of a folder, by name without `.mid`."""

    folder: Path = field(default_factory=lambda: data_folder() / "clips")
    held: dict[str, Held] = field(default_factory=dict)
    _last: int = 0

    def path(self, name: str) -> Path:
        """Return the path of a clip. Raises ClipError for a name that is a path."""
        stem = name.strip().removesuffix(".mid")
        if NAME.fullmatch(stem) is None:
            raise ClipError(f"{name[:40]!r} is no name of a clip: letters, digits, spaces and . ( ) + - _, 60 at most")
        return self.folder / f"{stem}.mid"

    def names(self) -> list[str]:
        """Return the names of the clips, the newest first."""
        if not self.folder.is_dir():
            return []
        found = sorted(self.folder.glob("*.mid"), key=lambda path: path.stat().st_mtime, reverse=True)
        return [path.stem for path in found][:MAX_LISTED]

    def source(self, name: str) -> Path:
        """Return the path of a clip, or of a kept take, that can be read. Raises ClipError."""
        path = self.path(name)
        kept = None if path.is_file() else kept_path(path.stem)
        return path if kept is None else kept

    def read(self, name: str) -> Song:
        """Return a clip, or a kept take. Raises ClipError."""
        path = self.source(name)
        if not path.is_file():
            known = ", ".join(self.names()[:8])
            raise ClipError(f"there is no clip {path.stem!r}" + (f"; there are {known}" if known else ""))
        try:
            return read_midi_file(path)
        except (MidiFileError, OSError) as error:
            raise ClipError(f"{path.name} cannot be read: {error}") from error

    def put(self, name: str, song: Song) -> str:
        """Write a clip where no notes are, else hold it; return what was done, or what would change. Raises ClipError."""
        path = self.path(name)
        filed = midifile.as_filed(song)
        before = path.read_bytes() if path.is_file() else b""
        old = self.read(name) if before else None
        if old is None or not old.notes:
            self._write(path, filed)
            return f"written: {path}\n{summary(filed)}"
        what = changes(midifile.as_filed(old), filed)
        if not what.any:
            return f"{path.name} holds these notes already: nothing is written"
        self._last += 1
        id_ = f"change-{self._last}"
        self.held[id_] = Held(path.stem, what, before)
        while len(self.held) > MAX_HELD:
            del self.held[next(iter(self.held))]
        return (
            f"NOT written yet: {path.stem!r} holds notes. This would change; show it to the user, and if they agree call "
            f'write_clip with {{"change": "{id_}"}}, else write under another name.\n{what.text()}'
        )

    def approve(self, id_: str) -> str:
        """Write a clip that was held; return what was done. Raises ClipError."""
        if id_ not in self.held:
            known = ", ".join(self.held)
            raise ClipError(f"no change {id_[:40]!r} waits" + (f"; there are {known}" if known else ""))
        held = self.held[id_]
        path = self.path(held.name)
        if (path.read_bytes() if path.is_file() else b"") != held.before:
            del self.held[id_]
            raise ClipError(
                f"{held.name!r} has changed since that was shown: write the clip again to see what would change now"
            )
        self._write(path, held.what.new)
        del self.held[id_]
        return f"written: {path}\n{summary(held.what.new)}"

    def _write(self, path: Path, song: Song) -> None:
        try:
            write_atomically(path, midifile.to_bytes(song))
        except StorageError as error:
            raise ClipError(str(error)) from error


def summary(song: Song) -> str:
    """Return a clip in a few lines: length, tempo, key, chords, notes by part, and the roll."""
    bars, (_, tempo) = song.bars, song.tempos[0]
    chords = list(dict.fromkeys(name for _, name in song.chords))[:12]
    head = f"{len(bars)} bars of {bars[0][1]}, {tempo:g} bpm, {song.key}, {len(song.notes)} notes"
    return "\n".join([head, *([f"chords: {' '.join(chords)}"] if chords else []), *roll(song)])
