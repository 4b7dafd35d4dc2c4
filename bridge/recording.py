"""The file of `--output record:FILE`: the whole performance, written anew at every bar. Part of the daemon's shell."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from bridge.clock import Seconds, monotonic
from model.midifile import Song
from model.midifile import write as write_song

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
