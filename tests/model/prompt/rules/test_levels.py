from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.music.plan import LEVELS
from model.prompt.reader import parse_prompt


def level(text: str, name: str) -> float | None:
    return dict(parse_prompt(text).levels).get(name)


@pytest.mark.parametrize(
    ("name", "high", "low"),
    [
        ("energy", "loud", "quiet"), ("energy", "fortissimo", "pianissimo"), ("energy", "大声", "轻声"),
        ("brightness", "bright", "dark"), ("brightness", "明亮", "阴暗"),
        ("density", "busy", "sparse"), ("density", "密集", "稀疏"), ("density", "lots of notes", "few notes"),
        ("complexity", "jazzy extended chords", "triads only"), ("complexity", "丰富的和声", "三和弦"),
    ],
)  # fmt: skip
def test_an_outright_word_reaches_the_end_of_its_scale(name: str, high: str, low: str) -> None:
    upper, lower = level(high, name), level(low, name)
    assert upper is not None
    assert lower is not None
    assert lower <= 0.15 < 0.85 <= upper
    assert name in parse_prompt(high).explicit


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [("not too busy", "density", 0.3), ("不要太密集", "density", 0.3), ("very loud", "energy", 0.95), ("not too quiet", "energy", 0.7),
     ("a bit darker", "brightness", 0.34), ("triads only", "complexity", 0.0), ("dark but bright", "brightness", 0.5)],
)  # fmt: skip
def test_what_stands_before_a_word_says_how_far_it_goes(text: str, name: str, value: float) -> None:
    assert level(text, name) == pytest.approx(value)


def test_a_word_within_a_name_or_an_idiom_says_nothing_of_the_whole() -> None:
    assert level("bright piano", "brightness") is None
    assert level("soft rock", "energy") is None
    assert level("holding your hand in the dark", "brightness") is None


@pytest.mark.parametrize(
    ("text", "whole", "parts"),
    [
        ("high register", 0.8, {}), ("an octave lower", -0.8, {}), ("低沉的弦乐", -0.8, {}), ("高八度", 0.8, {}),
        ("high melody", 0.4, {"melody": 0.8}), ("low bass", 0.0, {"bass": -0.8}), ("high strings", 0.4, {"chords": 0.8}),
        ("deep house", 0.0, {}), ("high energy", 0.0, {}), ("high, lonesome strings", 0.8, {}), ("low, dusty soul", -0.8, {}), ("the melody an octave higher", 0.8, {"melody": 0.8}),
    ],
)  # fmt: skip
def test_registers(text: str, whole: float, parts: dict[str, float]) -> None:
    parsed = parse_prompt(text)
    assert parsed.register == pytest.approx(whole)
    assert dict(parsed.registers) == parts


@pytest.mark.parametrize(
    ("text", "side"),
    [("staccato", -1), ("short notes", -1), ("short, dry notes", -1), ("long warm held chords", 1), ("a short song of high notes", 0), ("plucky synths", -1), ("断奏", -1), ("legato", 1), ("sustained pads", 1), ("连奏", 1),
     ("not staccato", 1), ("a tune", 0)],
)  # fmt: skip
def test_short_and_long_notes(text: str, side: int) -> None:
    said = parse_prompt(text).articulation
    assert (said > 0) - (said < 0) == side


@pytest.mark.parametrize(
    ("text", "ending"),
    [("a seamless loop", "loop"), ("循环", "loop"), ("end with a cadence", "cadence"), ("有收尾", "cadence"), ("andalusian cadence", None),
     ("plagal cadence", None), ("a tune", None)],
)  # fmt: skip
def test_endings(text: str, ending: str | None) -> None:
    assert parse_prompt(text).ending == ending


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "not",
                "too",
                "very",
                "less",
                "loud",
                "dark",
                "sparse",
                "jazzy",
                "high",
                "bass",
                "不",
                "密集",
                ",",
            ]
        ),
        max_size=12,
    )
)
def test_levels_stay_on_their_scales(mixed: list[str]) -> None:
    parsed = parse_prompt(" ".join(mixed))
    assert all(name in LEVELS and 0 <= v <= 1 for name, v in parsed.levels)
    assert -1 <= parsed.register <= 1
    assert -1 <= parsed.articulation <= 1
