"""Music that a command is given: any .mid file, a sung line, a text of the songbook, a piece by its name."""

from __future__ import annotations

import sys
from pathlib import Path

from bridge.errors import OwnerError
from model.analysis.midi_import import Reading, read_file
from model.analysis.voice import SoundError, heard_in_sound
from model.music.midifile import MidiFileError
from model.songbook.book import path_of, to_song
from model.songbook.piece import NotationError
from model.songbook.reader import read_file as read_notation
from model.songbook.rendering import perform


def is_sound(path: Path) -> bool:
    """Return True for a .wav file, by its name."""
    return path.suffix.lower() == ".wav"


def load_file(path: Path, tempo: float = 0.0) -> Reading:
    """Return what any .mid file holds, or the line that is sung in a .wav file (at a tempo, 0: found).

    What is out of order in it is told. Raises OwnerError.
    """
    try:
        if is_sound(path):
            found = heard_in_sound(path.read_bytes(), tempo=tempo)
            sys.stdout.write(f"{path}: {found.sentence()}\n")
            return Reading(found.song)
        reading = read_file(path)
    except (MidiFileError, SoundError) as error:
        raise OwnerError(f"{path}: {error}") from error
    except OSError as error:
        raise OwnerError(f"{path} cannot be read: {error.strerror}") from error
    sys.stderr.writelines(f"{path}: {sentence}\n" for sentence in reading.told)
    return reading


def load_source(source: str) -> Reading:
    """Return a .mid file, a text of the songbook's notation, or a piece by its name. Raises OwnerError."""
    path = Path(source)
    if path.is_file() and path.suffix != ".txt":
        return load_file(path)
    try:
        song, left = to_song(perform(read_notation(path_of(source))))
    except NotationError as error:
        raise OwnerError(str(error.faults[0])) from error
    except (OSError, ValueError) as error:
        raise OwnerError(str(error)) from error
    if left:
        sys.stderr.write(f"{left}\n")
    return Reading(song)
