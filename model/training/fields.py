"""Which fields of which rows are the model's to say. numpy; the decoder's torch masks are held to it by a test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.language import FIRST_NOTE, Event, Rows


def scored(rows: Rows) -> npt.NDArray[np.bool_]:
    """Return `(T, 5)`: header rows, bars left and beat numbers are given; a chord has three fields, a note five.

    The velocity of notated songs is not said, and not scored.
    """
    event, touched = rows[:, 0], rows[:, 3] > 0
    note, chord = event >= FIRST_NOTE, event == Event.CHORD
    line = (event == Event.BAR) | (event == Event.BEAT) | (event == Event.EOS)
    sounding = chord & (rows[:, 2] > 0)
    return np.stack(
        [note | chord | line, note | chord, note | sounding, (note | sounding) & touched, note], -1
    )
