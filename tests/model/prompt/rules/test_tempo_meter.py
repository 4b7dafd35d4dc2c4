"""Words for the pace and for metres that the contract does not have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.music.notes import METERS
from model.prompt.encoder import hash_encoder
from model.prompt.reader import parse_prompt
from model.prompt.rules.vocabulary import table
from model.prompt.understand import understand


def tempo(text: str) -> float:
    return understand(text, hash_encoder())[0].tempo


@pytest.mark.parametrize("style", ["house", "techno", "jazz", "bossa nova", "trap", "hymn"])
def test_very_leaves_the_range_of_a_style_and_slow_or_fast_alone_stays_within_it(style: str) -> None:
    low, high = table()[style].tempo or (0, 0)
    assert tempo(f"very slow {style}") < low <= tempo(f"slow {style}") < tempo(f"fast {style}") <= high
    assert high < tempo(f"very fast {style}") <= 300


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("extremely fast house", "very fast house"),
        ("house, really fast", "very fast house"),
        ("非常快的house", "very fast house"),
        ("breakneck house", "very fast house"),
        ("super slow house", "very slow house"),
        ("极慢的house", "very slow house"),
    ],
)
def test_a_very_has_many_words(text: str, other: str) -> None:
    assert tempo(text) == tempo(other)


def test_not_too_fast_turns_the_pace_and_keeps_the_style() -> None:
    plan = understand("not too fast house", hash_encoder())[0]
    assert plan.style[0][0] == "house"
    low, high = table()["house"].tempo or (0, 0)
    assert low <= plan.tempo <= high
    assert low <= tempo("not very fast house") <= high


def test_a_stated_tempo_goes_before_a_very() -> None:
    assert tempo("very slow bossa nova at 140 bpm") == 140


def test_very_slow_and_very_fast_go_beyond_slow_and_fast_without_a_style() -> None:
    assert tempo("very slow") < tempo("slow") < tempo("fast") < tempo("very fast")


@pytest.mark.parametrize(
    ("text", "meter"),
    [
        ("a groove in 5/8", "5/4"), ("7/4 funk", "7/8"), ("11/8 folk", "12/8"), ("waltz in 3/8", "3/4"), ("4/2 hymn", "4/4"),
        ("march in 2/2", "4/4"), ("3/2 sarabande", "3/4"), ("6/4 ballad", "6/8"), ("10/8 dance", "5/4"), ("15/8", "12/8"), ("balkan 7/16", "7/8"),
        ("8/8", "4/4"), ("9/11 house", None), ("open 24/7", None), ("12/24 whatever", None), ("2/3 of a song", None), ("1/4 notes", None),
    ],
)  # fmt: skip
def test_a_metre_that_is_not_there_is_the_nearest_one(text: str, meter: str | None) -> None:
    assert parse_prompt(text).meter == meter


@pytest.mark.parametrize("text", ["march in 2/2", "alla breve", "8/8", "10/8 dance", "a song in 4/8", "in 7/8"])
def test_a_metre_with_the_bar_of_another_is_stated(text: str) -> None:
    assert "meter" in parse_prompt(text).explicit


@pytest.mark.parametrize("text", ["11/8 folk", "13/8", "a groove in 5/8", "7/4 funk", "6/4 ballad", "seven four time"])
def test_a_metre_that_only_has_a_nearest_one_is_not_stated(text: str) -> None:
    assert "meter" not in parse_prompt(text).explicit


@given(st.integers(2, 24), st.sampled_from([2, 4, 8]))
def test_every_metre_said_is_one_of_the_contract(count: int, unit: int) -> None:
    said = f"{count}/{unit}"
    meter = parse_prompt(f"a tune in {said}").meter
    assert meter in METERS
    if said in METERS:
        assert meter == said
