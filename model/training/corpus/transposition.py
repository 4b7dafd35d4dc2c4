"""Songs in other keys, as rows of the language. Pure; numpy only."""

from __future__ import annotations

import numpy as np

from model.decoder.tokenizer import FIRST_PITCHED, KEY, NO_CHORD, PITCH, ROOT, Event, Rows


def transposed(rows: Rows, semitones: int) -> Rows:
    """Return the rows some semitones higher: pitches, chord roots and the key. What has no pitch stays."""
    rows = rows.copy()
    event, symbol = rows[:, 0], rows[:, 1]
    pitch = event >= FIRST_PITCHED
    symbol[pitch] = PITCH + np.clip(symbol[pitch] - PITCH + semitones, 0, 127)
    root = (event == Event.CHORD) & (symbol != NO_CHORD)
    symbol[root] = ROOT + (symbol[root] - ROOT + semitones) % 12
    key = (event == Event.KEY) & (symbol > 0)
    told = symbol[key] - KEY
    symbol[key] = KEY + told // 12 * 12 + (told % 12 + semitones) % 12
    return rows
