"""A groove is found in notes, and given to others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.music.groove import FEWEST, Groove, groove_of, swung
from model.music.notes import Note, Ticks


def hats(swing: float, unit: int, late: int = 0, bars: int = 2) -> list[Note]:
    step = 1920 // unit
    return [
        Note(Ticks(swung(Ticks(at), swing, unit) + (late if at % 1920 == 480 else 0)), Ticks(60), 42, 110 if at % 960 == 0 else 80, "drums")
        for at in range(0, bars * 1920, step)
    ]  # fmt: skip


@pytest.mark.parametrize(("swing", "unit"), [(0.5, 8), (0.58, 16), (0.62, 16), (0.66, 8)])
def test_swing_is_found_and_given_on(swing: float, unit: int) -> None:
    found = groove_of(hats(swing, unit), 16)
    assert found.swing == pytest.approx(swing, abs=0.011)
    assert found.unit == unit
    straight = [Note(n.start, n.length, 36, 80, "bass") for n in hats(0.5, unit)]
    given_on = found.applied(straight, {"bass"})
    assert [n.start for n in given_on] == pytest.approx([n.start for n in hats(swing, unit)], abs=3)


def test_what_is_laid_back_and_what_is_accented_is_found() -> None:
    found = groove_of(hats(0.5, 8, late=20), 16)
    assert found.late[4] == 20
    assert found.late[0] == 0
    assert found.late[1] is None
    assert (found.accents[0] or 0) > (found.accents[2] or 0)


@given(st.lists(st.tuples(st.integers(0, 7000), st.integers(1, 127)), min_size=FEWEST, max_size=40), st.floats(0, 1))
def test_any_groove_leaves_every_note_there_and_moves_none_by_more_than_a_sixteenth(
    played: list[tuple[int, int]], amount: float
) -> None:
    notes = [Note(Ticks(at), Ticks(100), 42, velocity, "drums") for at, velocity in played]
    line = [Note(Ticks(i * 120), Ticks(100), 40, 80, "bass") for i in range(32)]
    moved = groove_of(notes, 16).applied(line, {"bass"}, amount)
    assert len(moved) == len(line)
    assert all(abs(a.start - b.start) <= 120 + 50 and a.length > 0 for a, b in zip(moved, line, strict=True))


def test_no_amount_of_a_groove_is_no_change() -> None:
    line = [Note(Ticks(i * 120), Ticks(100), 40, 80, "bass") for i in range(32)]
    assert groove_of(hats(0.66, 8), 16).applied(line, {"bass"}, 0.0) == tuple(line)
    assert groove_of(hats(0.66, 8), 16).applied(line, {"drums"}) == tuple(line)


def test_triplets_stay_where_they_are() -> None:
    triplet = Note(Ticks(160), Ticks(100), 40, 80, "bass")
    assert Groove(0.6, 16, (0,) * 16, (None,) * 16).applied([triplet], {"bass"}) == (triplet,)


def test_a_groove_is_not_found_in_three_notes() -> None:
    with pytest.raises(ValueError, match="4 notes at least"):
        groove_of(hats(0.5, 8)[:3], 16)
