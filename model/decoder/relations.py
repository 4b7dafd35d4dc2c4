"""How a row relates to what sounds: degrees over key and chord, and the distance to the part's last note. Pure; numpy only.

Each row that is read has three fields besides its five, computed from the rows before it (0 = none):

    a note with a pitch    its degree over the key's tonic, over the chord's root, semitones above the part's last note
    a chord                its root's degree over the tonic, over the last root

They are embedded as the other fields are, and the decoder predicts pitches and roots by them too: its second head has `RELATED`
more values after those of the field itself, which `spread` adds to the pitches and roots they mean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.decoder.tokenizer import (
    FIRST_NOTE,
    FIRST_PITCHED,
    GRID,
    KEY,
    NO_CHORD,
    PART_ORDER,
    PITCH,
    PREDICTED,
    ROOT,
    SIZES,
    Event,
    Rows,
)

LEAP = 24
"""Semitones from which on leaps are one class."""
NOTE_DEGREE, ROOT_DEGREE = 1, 13
RELATION_SIZES = (25, 25, 2 * LEAP + 2)
"""How many values each of the three fields has: degrees of notes 1..12, of roots 13..24; leaps 1..49."""
BY_KEY, BY_CHORD, BY_LEAP = 0, 12, 24
ROOT_BY_KEY = BY_LEAP + 2 * LEAP + 1
ROOT_BY_ROOT = ROOT_BY_KEY + 12
RELATED = ROOT_BY_ROOT + 12
"""Values that the second head has besides its field's: by degree over the key, over the chord, by leap; roots over key and root."""
INPUT_SIZES = (*SIZES, *RELATION_SIZES)
"""How many values each field of a row has that the decoder reads."""
HEAD_SIZES = tuple(n + RELATED if field == 1 else n for field, n in enumerate(PREDICTED))
"""How many values each of the decoder's heads has."""
UNKNOWN = -1


def relate(rows: Rows) -> Rows:
    """Return the three fields of each row, `(T, 3)`, for rows from a header on, `(T, 5)`."""
    event, symbol = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    found = np.zeros((len(rows), 3), np.int16)
    keys = np.flatnonzero((event == Event.KEY) & (symbol > 0))
    tonic = int(symbol[keys[0]] - KEY) % 12 if len(keys) else UNKNOWN
    keyed = np.arange(len(rows)) > (keys[0] if len(keys) else len(rows))
    chords = np.flatnonzero(event == Event.CHORD)
    roots = np.where(symbol[chords] == NO_CHORD, UNKNOWN, symbol[chords] - ROOT)
    before = np.concatenate([[UNKNOWN], roots[:-1]]) if len(roots) else roots
    has = roots >= 0
    rooted = has & keyed[chords]
    found[chords[rooted], 0] = ROOT_DEGREE + (roots[rooted] - tonic) % 12
    both = has & (before >= 0)
    found[chords[both], 1] = ROOT_DEGREE + (roots[both] - before[both]) % 12
    notes = np.flatnonzero(event >= FIRST_PITCHED)
    pitch = symbol[notes] - PITCH
    found[notes[keyed[notes]], 0] = NOTE_DEGREE + (pitch[keyed[notes]] - tonic) % 12
    sounding = np.concatenate([[UNKNOWN], roots])[np.searchsorted(chords, notes)]
    under = sounding >= 0
    found[notes[under], 1] = NOTE_DEGREE + (pitch[under] - sounding[under]) % 12
    part = (event[notes] - FIRST_NOTE) // GRID
    for number in range(len(PART_ORDER)):
        mine = np.flatnonzero(part == number)
        if len(mine) > 1:
            found[notes[mine[1:]], 2] = leap_class(np.diff(pitch[mine]))
    return found


def leap_class(semitones: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the class of leaps, 1..49."""
    return 1 + LEAP + np.clip(semitones, -LEAP, LEAP)


class Relations:
    """The same, row by row: what the rows so far leave sounding."""

    def __init__(self) -> None:
        self.tonic = self.root = UNKNOWN
        self._last: dict[int, int] = {}

    def relate(self, row: tuple[int, ...]) -> tuple[int, int, int]:
        """Return the three fields of the next row, and go on to it."""
        event, symbol = row[0], row[1]
        if event >= FIRST_PITCHED:
            part, pitch = (event - FIRST_NOTE) // GRID, symbol - PITCH
            last = self._last.get(part, UNKNOWN)
            self._last[part] = pitch
            return (
                NOTE_DEGREE + (pitch - self.tonic) % 12 if self.tonic >= 0 else 0,
                NOTE_DEGREE + (pitch - self.root) % 12 if self.root >= 0 else 0,
                1 + LEAP + max(-LEAP, min(LEAP, pitch - last)) if last >= 0 else 0,
            )
        if event == Event.CHORD:
            before, self.root = self.root, UNKNOWN if symbol == NO_CHORD else symbol - ROOT
            return (
                ROOT_DEGREE + (self.root - self.tonic) % 12 if min(self.root, self.tonic) >= 0 else 0,
                ROOT_DEGREE + (self.root - before) % 12 if min(self.root, before) >= 0 else 0,
                0,
            )
        if event == Event.KEY and symbol and self.tonic < 0:
            self.tonic = (symbol - KEY) % 12
        return 0, 0, 0

    def spread(self, event: int, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the logits of the second field, `(…, KEY)`, of an event from the head's, `(…, KEY + RELATED)`."""
        own, related = logits[..., :KEY], logits[..., KEY:]
        if event >= FIRST_PITCHED:
            last = self._last.get((event - FIRST_NOTE) // GRID, UNKNOWN)
            own = own.copy()
            for value, first, count in ((self.tonic, BY_KEY, 12), (self.root, BY_CHORD, 12)):
                if value >= 0:
                    own[..., PITCH:ROOT] += related[..., first : first + count][..., (_PITCHES - value) % 12]
            if last >= 0:
                leaps = BY_LEAP + LEAP + np.clip(_PITCHES - last, -LEAP, LEAP)
                own[..., PITCH:ROOT] += related[..., leaps]
        elif event == Event.CHORD:
            own = own.copy()
            for value, first in ((self.tonic, ROOT_BY_KEY), (self.root, ROOT_BY_ROOT)):
                if value >= 0:
                    own[..., ROOT:NO_CHORD] += related[..., first : first + 12][..., (_PITCHES[:12] - value) % 12]
        return own


_PITCHES = np.arange(128)
