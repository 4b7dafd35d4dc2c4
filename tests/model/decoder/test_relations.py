from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoder.relations import HEAD_SIZES, RELATION_SIZES, Relations, relate
from model.decoder.tokenizer import BASS, FIRST_PITCHED, GRID, KEY, NO_CHORD, PART_ORDER, PITCH, QUALITY, ROOT, Event

Row = tuple[int, int, int, int, int]
PITCHED = len(PART_ORDER) - 2

notes = st.builds(
    lambda part, tick, pitch: (FIRST_PITCHED + part * GRID + tick, PITCH + pitch, 1, 11, 1),
    st.integers(0, PITCHED - 1), st.integers(0, GRID - 1), st.integers(0, 127),
)  # fmt: skip
chords = st.builds(lambda root: (int(Event.CHORD), root, QUALITY, BASS, 0), st.integers(ROOT, NO_CHORD))
keys = st.builds(lambda key: (int(Event.KEY), KEY + key, 0, 0, 0), st.integers(0, 23))
songs = st.lists(notes | chords | keys, max_size=40)


@given(songs)
def test_row_by_row_relations_are_those_of_all_rows_at_once(rows: list[Row]) -> None:
    at_once = relate(np.array(rows, np.int16).reshape(-1, 5))
    relations = Relations()
    assert [relations.relate(row) for row in rows] == [tuple(row) for row in at_once.tolist()]
    assert (at_once < np.array(RELATION_SIZES)).all()


@given(songs, st.integers(1, 11))
def test_a_song_in_another_key_has_the_same_relations(rows: list[Row], semitones: int) -> None:
    def moved(row: Row) -> Row:
        event, symbol, *rest = row
        if event >= FIRST_PITCHED:
            symbol += semitones
        elif event == Event.CHORD and symbol != NO_CHORD:
            symbol = ROOT + (symbol - ROOT + semitones) % 12
        elif event == Event.KEY:
            symbol = KEY + (symbol - KEY + semitones) % 12
        return (event, symbol, rest[0], rest[1], rest[2])

    kept = [row for row in rows if row[0] < FIRST_PITCHED or row[1] < PITCH + 116]
    here, there = (relate(np.array(found, np.int16).reshape(-1, 5)) for found in (kept, [moved(r) for r in kept]))
    assert (here == there).all()


def test_degrees_and_leaps_raise_the_pitches_that_they_mean() -> None:
    relations = Relations()
    for row in ((int(Event.KEY), KEY + 2, 0, 0, 0), (FIRST_PITCHED, PITCH + 62, 1, 11, 1)):
        relations.relate(row)
    logits = np.zeros((1, HEAD_SIZES[1]), np.float32)
    logits[0, KEY + 4] = 1.0  # four semitones above the tonic, D
    found = relations.spread(FIRST_PITCHED, logits)
    assert found.shape == (1, KEY)
    assert {p % 12 for p in np.flatnonzero(found[0, PITCH : PITCH + 128])} == {6}


def test_before_the_first_note_nothing_is_added() -> None:
    logits = np.ones((2, HEAD_SIZES[1]), np.float32)
    assert Relations().spread(FIRST_PITCHED, logits) == pytest.approx(np.ones((2, KEY)))
