"""The place in its bar at which a tune begins."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.analysis.bar_lines import SIXTEENTH, TunedNote, features, first_place
from model.analysis.voice import MAX_SECONDS
from model.music.midifile import bar_length
from model.music.notes import METERS

AULD = (
    (55, 2), (60, 3), (60, 1), (60, 2), (64, 2), (62, 3), (60, 1), (62, 2), (64, 2), (60, 3), (60, 1), (64, 2), (67, 2), (69, 6),
    (69, 2), (67, 3), (64, 1), (64, 2), (60, 2), (62, 3), (60, 1), (62, 2), (64, 2), (60, 3), (57, 1), (57, 2), (55, 2), (60, 6),
)  # fmt: skip
"""Pitches, and lengths in eighths: the first note before the first bar line."""
HUSH = ((67, 2), (64, 2), (64, 4), (65, 2), (62, 2), (62, 4), (60, 2), (62, 2), (64, 2), (65, 2), (67, 2), (67, 2), (67, 4))  # fmt: skip
"""Begins with its bar."""


def tune(line: tuple[tuple[int, int], ...], up: int = 0) -> list[TunedNote]:
    at, found = 0, []
    for pitch, eighths in line:
        found.append(TunedNote(at, at + 240 * eighths, pitch + up))
        at += 240 * eighths
    return found


@pytest.mark.parametrize(("line", "place"), [(AULD, 1440), (HUSH, 0)])
def test_an_upbeat_lies_before_the_bar_line_and_a_tune_without_one_begins_with_it(
    line: tuple[tuple[int, int], ...], place: int
) -> None:
    assert first_place(tune(line), "4/4") == place


@given(st.integers(-11, 11))
@settings(max_examples=5, deadline=None)
def test_a_tune_in_another_key_has_the_same_bar_lines(up: int) -> None:
    assert first_place(tune(HUSH, up), "4/4") == first_place(tune(HUSH), "4/4")


NOTES = st.lists(st.tuples(st.integers(36, 84), st.integers(1, 16)), min_size=3, max_size=40)


@given(NOTES, st.sampled_from(METERS))
@settings(max_examples=25, deadline=None)
def test_any_tune_begins_on_a_sixteenth_of_its_bar(line: list[tuple[int, int]], meter: str) -> None:
    notes = tune(tuple(line))
    place = first_place(notes, meter)
    assert 0 <= place < bar_length(meter)
    assert place % SIXTEENTH == 0
    onsets, harmony = features(notes, meter)
    assert onsets.sum((1, 2)).tolist() == [len(notes)] * len(onsets), "each note counts once at every place"
    assert harmony.max() == 0


def test_the_longest_sound_is_no_more_work_than_its_notes() -> None:
    quarters = MAX_SECONDS * 3
    notes = [TunedNote(i * 240, i * 240 + 240, 60 + i % 7) for i in range(2 * quarters)]
    assert first_place(notes, "2/4") % SIXTEENTH == 0
