"""Examples: some bars of the songbook that show the decoder the manner to play in. They are read before a take, never played.

`model/weights/examples.npz` has drums, bass and accompaniment of four bars of each piece of the songbook that the decoder was
trained on (`python -m model.training.fit.examples`), as token rows between EXAMPLE rows, with the piece's style, metre, key,
tempo and energy.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from model.decoder.tokenizer import FIRST_PITCHED, NO_CHORD, ROOT, Event, Rows
from model.music.harmony import Key
from model.music.plan import Plan
from model.styles import DECODER_STYLES
from model.weights import FOLDER

FILE = FOLDER / "examples.npz"
NEAREST = 5
"""A take draws one of so many pieces that are nearest to its plan."""
Row = tuple[int, ...]


@cache
def _table() -> dict[str, npt.NDArray[Any]]:
    if not FILE.exists():
        return {}
    with np.load(FILE, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


@cache
def example_rows(style: str, meter: str, key: Key, tempo: float, energy: float, seed: int) -> tuple[Row, ...]:
    """Return the rows of an example for a plan, transposed to its key; none where the songbook has no piece of the style and metre."""
    table = _table()
    if not table or style not in DECODER_STYLES:
        return ()
    alike = np.flatnonzero((table["style"] == DECODER_STYLES.index(style)) & (table["meter"] == meter))
    if not len(alike):
        return ()
    minor = table["key"][alike] // 12 != key.minor
    far = 3 * np.abs(np.log2(table["tempo"][alike] / tempo)) + np.abs(table["energy"][alike] - energy) + 0.3 * minor
    near = alike[np.argsort(far, kind="stable")[:NEAREST]]
    chosen = int(near[np.random.default_rng([seed, 7]).integers(len(near))])
    at = table["at"]
    rows = transposed(table["rows"][at[chosen] : at[chosen + 1]], (key.tonic - int(table["key"][chosen])) % 12)
    return tuple(tuple(row) for row in rows.tolist())


def transposed(rows: Rows, semitones: int) -> Rows:
    """Return rows some semitones higher, or lower where that is nearer; what has no pitch stays."""
    by = semitones - 12 if semitones > 6 else semitones
    rows = rows.copy()
    pitched = rows[:, 0] >= FIRST_PITCHED
    rows[pitched, 1] += by
    chords = (rows[:, 0] == Event.CHORD) & (rows[:, 1] != NO_CHORD)
    rows[chords, 1] = ROOT + (rows[chords, 1] - ROOT + by) % 12
    return rows


def of_plan(plan: Plan, key: Key, seed: int) -> tuple[Row, ...]:
    """Return the rows of the example of a take."""
    if not plan.style:
        return ()
    tempo = round(plan.tempo) if math.isfinite(plan.tempo) else 100
    return example_rows(plan.style[0][0], plan.meter, key, tempo, round(plan.energy, 1), seed)
