"""`python -m model.processes.hear [TEMPO METER KEY]`: a .wav file on stdin → its line as JSON on stdout; a process of its own.

Tempo 0 and key "auto" are found. Exit 2 with a sentence on stderr where the sound cannot be read, 3 where the extra is missing.
"""

from __future__ import annotations

import json
import sys

from model.analysis.voice import REMEDY, SoundError, Transcription, heard_in_sound, is_there
from model.music.notes import TICKS_PER_QUARTER

UNREADABLE, NO_EXTRA = 2, 3


def to_json(found: Transcription) -> dict[str, object]:
    """Return what was found as JSON's values; a note is pitch, start and length in quarter notes, velocity."""
    song = found.song
    quarter = TICKS_PER_QUARTER
    return {
        "notes": [[n.pitch, n.start / quarter, n.length / quarter, n.velocity] for n in song.notes],
        "beats": song.end / quarter,
        "tempo": song.tempos[0][1],
        "meter": song.bars[0][1],
        "key": song.key,
        "tuning": round(found.tuning, 1),
        "drift": round(found.drift, 1),
        "told": found.sentence(),
    }


def main(args: list[str]) -> int:
    """Read stdin, write stdout; return the exit code."""
    if not is_there():
        sys.stderr.write(REMEDY)
        return NO_EXTRA
    tempo, meter, key = (*args, *("0", "4/4", "auto")[len(args) :])
    try:
        found = heard_in_sound(sys.stdin.buffer.read(), tempo=float(tempo), meter=meter, key=key)
    except SoundError as wrong:
        sys.stderr.write(str(wrong))
        return UNREADABLE
    sys.stdout.write(json.dumps(to_json(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
