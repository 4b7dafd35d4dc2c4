"""Which fields of which rows are the model's to say. numpy; the decoder's torch masks are held to it by a test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.decoder.tokenizer import FIRST_NOTE, Event, Rows


def scored_fields(rows: Rows) -> npt.NDArray[np.bool_]:
    """Return `(T, 5)`: header rows, what bar lines tell and beat numbers are given; a chord has three fields, a note five.

    What a piece does not say (velocity and offset of notation, lengths of drums) is not scored.
    """
    event, said = rows[:, 0], rows > 0
    note, chord = event >= FIRST_NOTE, event == Event.CHORD
    line = (event == Event.BAR) | (event == Event.BEAT) | (event == Event.EOS)
    both = note | chord
    return np.stack([both | line, both, both & said[:, 2], both & said[:, 3], note & said[:, 4]], -1)
