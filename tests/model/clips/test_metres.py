"""Bars of any metre become bars that the decoder writes, over the same time."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.clips.metres import decoder_bars
from model.music.midifile import bar_length
from model.music.notes import METERS, Ticks

ANY = st.tuples(st.integers(1, 16), st.sampled_from((2, 4, 8, 16, 32))).map(lambda m: f"{m[0]}/{m[1]}")


def laid(meters: list[str]) -> tuple[tuple[Ticks, str], ...]:
    starts = [0, *accumulate(bar_length(m) for m in meters)]
    return tuple((Ticks(at), m) for at, m in zip(starts, meters, strict=False))


def end(bars: tuple[tuple[Ticks, str], ...]) -> int:
    return bars[-1][0] + bar_length(bars[-1][1])


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY | st.sampled_from(METERS), min_size=1, max_size=12))
def test_they_follow_each_other_and_end_no_sooner(meters: list[str]) -> None:
    bars = laid(meters)
    found = decoder_bars(bars)
    assert all(meter in METERS for _, meter in found)
    assert found == laid([meter for _, meter in found])
    assert 0 <= end(found) - end(bars) < 2 * 1920


@given(st.lists(st.sampled_from(METERS), min_size=1, max_size=12))
def test_bars_of_ours_stay(meters: list[str]) -> None:
    assert decoder_bars(laid(meters)) == laid(meters)


@pytest.mark.parametrize(
    ("meters", "found"),
    [
        (["6/4"], ["3/4", "3/4"]),
        (["7/4"], ["4/4", "3/4"]),
        (["5/8", "5/8"], ["5/4"]),
        (["3/8", "3/8"], ["6/8"]),
        (["1/4", "4/4", "4/4"], ["5/4", "4/4"]),
        (["2/2"], ["4/4"]),
        (["11/8"], ["7/8", "2/4"]),
    ],
)
def test_they_are_the_fewest_that_fit(meters: list[str], found: list[str]) -> None:
    assert sorted(m for _, m in decoder_bars(laid(meters))) == sorted(found)


def test_a_bar_of_any_length_is_covered() -> None:
    found = decoder_bars(laid(["64/1"] * 9 + ["1/64"]))
    assert len(found) > 500
