"""Weights in the language of version 0.1, taken up in that of now: each value's row of a table goes to its new number.

Old and new ranges by field, as (first number in 0.1, how many, first number now). What has no old row keeps its fresh value.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.decoder import tokenizer as t

Array = npt.NDArray[np.float32]
Ranges = tuple[tuple[int, int, int], ...]

_OLD_PARTS = ("drums", "bass", "chords", "melody")
EVENTS: Ranges = (
    (0, 16, 0),
    *((16 + i * t.GRID, t.GRID, t.note_event(part, 0)) for i, part in enumerate(_OLD_PARTS)),
    (16, t.GRID, t.note_event("perc", 0)),
    (64, t.GRID, t.note_event("pad", 0)),
    (64, t.GRID, t.note_event("arp", 0)),
)
"""Events; percussion begins as drums, pad and arpeggio as chords."""
SYMBOLS: Ranges = (
    (0, 190, 0),  # pitches, roots, keys, tempi
    (190, 8, t.METER),
    (198, 8, t.LEVEL),
    (222, 8, t.BARS_LEFT),
    (230, 12, t.BEAT_NUMBER),
    (242, 48, t.STYLE),
    (306, 1, t.MELODY_FIRST),
    (307, 1, t.NOW),
)
VALUES: Ranges = ((0, 79, 0), (79, 8, t.SECTION), (87, 12, t.MODE), (99, 48, t.SECOND_STYLE))
VELOCITIES: Ranges = ((0, 29, 0), (29, 8, t.PHRASE), (29, 8, t.PHRASE + 8), (37, 4, t.SHARE))
OFFSETS: Ranges = ((0, 21, 0),)
FIELDS = (EVENTS, SYMBOLS, VALUES, VELOCITIES, OFFSETS)


def in_present_language(name: str, old: Array, fresh: Array) -> Array:
    """Return an array of 0.1 in the shape of now; `fresh` is what it would begin with."""
    kind, _, rest = name.partition(".")
    if kind not in ("embed", "heads"):
        return old
    found = fresh.copy()
    field = int(rest.split(".")[0])
    for first, count, now in FIELDS[field]:
        room = min(count, t.PREDICTED[field] - now) if kind == "heads" else count
        if room > 0:
            found[now : now + room] = old[first : first + room]
    if name.startswith("embed.1"):  # the set of parts, bit by bit
        for mask in range(1 << len(_OLD_PARTS)):
            bits = sum(1 << t.PART_ORDER.index(p) for i, p in enumerate(_OLD_PARTS) if mask >> i & 1)
            found[t.PARTS_MASK + bits] = old[206 + mask]
    return found
