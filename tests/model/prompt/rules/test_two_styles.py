from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoder import style_lanes
from model.decoder.engine import Array, apply_guidance
from model.decoder.tokenizer import EVENTS, GRID, note_event
from model.music.notes import PARTS
from model.music.plan import Plan
from model.prompt.encoder import hash_encoder
from model.prompt.reader import parse_prompt
from model.prompt.rules.two_styles import HARMONY_PARTS
from model.prompt.understand import understand


@pytest.mark.parametrize(
    ("words", "ground", "upper", "parts"),
    [
        ("techno with jazz chords", "techno", "jazz", HARMONY_PARTS),
        ("jazz chords over a house beat", "house", "jazz", HARMONY_PARTS),
        ("bossa nova house", "house", "bossa nova", HARMONY_PARTS),
        ("a country trap song about home", "trap", "country", HARMONY_PARTS),
        ("jazzy uk garage", "uk garage", "jazz", HARMONY_PARTS),
        ("gospel-tinged house, late at night", "house", "gospel", HARMONY_PARTS),
        ("reggae drum and bass", "drum and bass", "reggae", HARMONY_PARTS),
        ("trap with a gospel choir feel", "trap", "gospel", HARMONY_PARTS),
        ("house with a funk bassline", "house", "funk", frozenset(["bass"])),
        ("a bossa nova melody over techno", "techno", "bossa nova", frozenset(["melody"])),
        ("jazz with trap drums", "trap", "jazz", HARMONY_PARTS),
        ("ambient techno", "techno", "ambient", HARMONY_PARTS),
        ("techno, ambient", "techno", "ambient", HARMONY_PARTS),
        ("爵士味的国风", "guofeng", "jazz", HARMONY_PARTS),
        ("国风嘻哈", "hip hop", "guofeng", HARMONY_PARTS),
        ("techno 加爵士和弦", "techno", "jazz", HARMONY_PARTS),
        ("techno con acordes de jazz", "techno", "jazz", HARMONY_PARTS),
    ],
)
def test_of_two_styles_one_gives_the_ground_and_the_other_plays_over_it(
    words: str, ground: str, upper: str, parts: frozenset[str]
) -> None:
    found = parse_prompt(words).two_styles
    assert found is not None
    assert (found.rhythm_style.styles[0][0], found.harmony_style.styles[0][0], found.parts) == (
        ground,
        upper,
        parts,
    )


@pytest.mark.parametrize(
    "words",
    ["techno", "deep house", "jazz waltz", "a lo-fi waltz", "not jazz but funk", "dark techno, no house", "rain", "jazz, jazzy"],
)  # fmt: skip
def test_one_style_is_no_crossing(words: str) -> None:
    assert parse_prompt(words).two_styles is None


def test_a_name_with_thousands_of_hyphens_behind_it_is_read_at_once() -> None:
    began = time.process_time()
    parse_prompt("jazz" + "-" * 3000 + " house" + "'" * 900 + "chords")
    assert time.process_time() - began < 1


def crossed(over: frozenset[str]) -> Plan:
    return Plan(idioms=tuple((p, (("jazz" if p in over else "techno", 1.0),)) for p in PARTS))


odds = st.integers(0, 10_000).map(lambda seed: np.random.default_rng(seed).normal(0, 3, (3, EVENTS)).astype(np.float32))


@given(odds, st.sampled_from([HARMONY_PARTS, frozenset(["bass"]), frozenset(["melody"])]))
def test_each_lane_says_how_the_events_of_its_own_parts_lie_to_one_another(logits: Array, over: frozenset[str]) -> None:
    plan = crossed(over)
    told, untold = style_lanes.logits_of_events(logits, style_lanes.second_style_parts(plan))
    for part in PARTS:
        first = note_event(part, 0)
        lane = logits[int(part in over)][first : first + GRID]
        assert np.ptp(told[first : first + GRID] - lane) < 1e-4
    assert np.array_equal(untold, logits[2])


@given(odds)
def test_the_first_lane_says_how_likely_any_of_its_events_is(logits: Array) -> None:
    def share(z: Array) -> float:
        p = np.exp(z - z.max())
        ground = [note_event(part, t) for part in ("drums", "bass") for t in range(GRID)]
        return float(p[ground].sum() / p.sum())

    told = style_lanes.logits_of_events(logits, HARMONY_PARTS)[0]
    assert share(told) == pytest.approx(share(logits[0]), rel=1e-3, abs=1e-4)


@given(odds)
def test_one_manner_changes_nothing(logits: Array) -> None:
    plan = Plan(style=(("techno", 1.0),))
    assert style_lanes.lane_styles(plan) == (plan.style,)
    assert np.array_equal(style_lanes.logits_of_events(logits[:2], style_lanes.second_style_parts(plan)), logits[:2])
    assert np.array_equal(
        style_lanes.logits_of_part(logits[:2], "chords", style_lanes.second_style_parts(plan)), logits[:2]
    )


def test_a_note_is_told_by_the_lane_of_its_part_and_guided_by_the_last() -> None:
    logits = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    assert apply_guidance(style_lanes.logits_of_part(logits, "drums", HARMONY_PARTS), 1.0).tolist() == [0, -1]
    assert apply_guidance(style_lanes.logits_of_part(logits, "melody", HARMONY_PARTS), 1.0).tolist() == [2, -1]


def test_two_styles_have_a_lane_each_also_where_parts_may_be_added() -> None:
    plan, _ = understand("techno with jazz chords", hash_encoder())
    assert style_lanes.lane_styles(plan) == ((("techno", 1.0),), (("jazz", 1.0),))
    assert {p for p in PARTS if plan.style_of(p) == (("jazz", 1.0),)} == HARMONY_PARTS
