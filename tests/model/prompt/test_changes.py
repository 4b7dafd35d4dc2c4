"""Prompts that change the band that plays instead of naming another."""

import pytest

from model.music.plan import Plan
from model.prompt.changes import changed_band, changes_band, keeps_tune
from model.prompt.reader import parse_prompt

HOUSE = Plan(
    tempo=122, parts=("chords", "melody", "bass", "drums"), style=(("deep house", 1.0),), energy=0.4, density=0.4,
    programs=(("chords", 4), ("melody", 81), ("bass", 38), ("drums", 24)),
)  # fmt: skip


def changed(prompt: str) -> Plan:
    words = parse_prompt(prompt)
    plan = Plan(explicit=words.explicit, parts=words.stated_parts.with_defaults(HOUSE.parts), energy=0.9, density=0.9)
    return changed_band(HOUSE, plan, prompt)


@pytest.mark.parametrize(
    "prompt",
    ["more energy, brighter, add a piano", "same but darker", "big melodic breakdown, no drums", "节奏快一点，加鼓"],
)
def test_words_without_a_style_that_speak_of_a_change_keep_the_band(prompt: str) -> None:
    assert changes_band(prompt)
    assert changed(prompt).style == HOUSE.style


@pytest.mark.parametrize("prompt", ["disco, everybody dances", "more jazz", "rain on a tin roof", "a quiet piano"])
def test_words_that_name_a_style_or_a_scene_are_another_band(prompt: str) -> None:
    assert not changes_band(prompt)


def test_only_what_is_stated_differs_from_the_band() -> None:
    louder = changed("louder")
    assert louder.energy == 0.9, "the words say it"
    assert (louder.tempo, louder.density, louder.parts) == (HOUSE.tempo, HOUSE.density, HOUSE.parts)


def test_faster_and_slower_are_faster_and_slower_than_the_band() -> None:
    assert changed("faster").tempo > HOUSE.tempo > changed("slower").tempo


def test_who_is_sent_away_rests_and_who_is_left_plays() -> None:
    assert "drums" not in changed("again without drums").parts
    assert changed("strip it down to bass and drums").parts == ("bass", "drums")


@pytest.mark.parametrize(("words", "tempo"), [("faster", 140), ("not faster", 122), ("no slower than before", 122)])
def test_a_pace_that_is_denied_stays(words: str, tempo: float) -> None:
    assert changed(words).tempo == tempo


def test_a_change_of_the_band_keeps_the_tune_unless_another_one_is_asked_for() -> None:
    for kept in ("busier drums, darker", "add a piano", "更安静一点"):
        assert keeps_tune(kept)
    for other in ("a new melody, darker", "change the chords, same drums", "换一个旋律", "techno"):
        assert not keeps_tune(other)
