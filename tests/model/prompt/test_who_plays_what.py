"""The words say which part an instrument plays, and that no other instrument does."""

from __future__ import annotations

import pytest

from model.music.programs import PROGRAMS
from model.prompt.encoder import hash_encoder
from model.prompt.reader import parse_prompt
from model.prompt.understand import understand


@pytest.mark.parametrize(
    ("text", "instruments"),
    [
        ("hammond for chords, clavinet for the arp, finger bass", "arp=clavinet bass=electric bass chords=organ"),
        ("cello as the bass", "bass=cello"),
        ("用大提琴做低音,竖琴琶音", "arp=harp bass=cello"),
        ("melody on the piano", "melody=piano"),
        ("Cello für den Bass, Melodie auf der Harfe", "bass=cello melody=harp"),
        ("violoncelle pour la basse", "bass=cello"),
        ("la guitarra toca la melodía", "melody=guitar"),
        ("a harp arpeggio over techno", "arp=harp"),
    ],
)
def test_an_instrument_plays_the_part_that_the_words_give_it(text: str, instruments: str) -> None:
    assert " ".join(f"{part}={name}" for part, name in parse_prompt(text).instruments) == instruments


def test_a_plucked_instrument_plays_the_chords_where_another_has_the_melody() -> None:
    for text in ("尺八と琴", "koto and shakuhachi"):
        assert dict(parse_prompt(text).instruments) == {"chords": "koto", "melody": "shakuhachi"}
    assert dict(parse_prompt("koto").instruments) == {"melody": "koto"}
    assert parse_prompt("柳琴").instruments == ()


def test_a_bowed_double_bass_is_no_plucked_one() -> None:
    plan, _ = understand("celesta melody over a bowed double bass", hash_encoder())
    assert (dict(plan.programs)["bass"], dict(plan.programs)["melody"]) == (
        PROGRAMS.index("contrabass"),
        PROGRAMS.index("celesta"),
    )


def test_an_accordion_leads_where_no_other_melody_instrument_is_named() -> None:
    accordion = PROGRAMS.index("accordion")
    plan, _ = understand("accordéon et contrebasse, valse musette", hash_encoder())
    assert dict(plan.programs)["melody"] == accordion
    plan, _ = understand("accordion and flute", hash_encoder())
    assert dict(plan.programs)["melody"] != accordion


@pytest.mark.parametrize(("text", "word"), [("mandolino e chitarra", "mandolino"), ("二胡主奏", "二胡")])
def test_an_instrument_that_general_midi_lacks_is_told_with_its_nearest_sound(text: str, word: str) -> None:
    told = dict(parse_prompt(text).account.unread())
    assert "is the nearest" in told[word]


@pytest.mark.parametrize(
    "text",
    ["jazz, piano and bass, nothing else", "Jazz, Klavier und Bass, sonst nichts", "jazz, piano et basse, rien d'autre", "jazz, piano y bajo, nada más"],
)  # fmt: skip
def test_nothing_else_means_that_no_other_part_plays(text: str) -> None:
    assert parse_prompt(text).stated_parts.only == ("chords", "melody", "bass")
    assert parse_prompt("rock like nothing else matters").stated_parts.only is None


@pytest.mark.parametrize(
    ("text", "words"),
    [("melody above high C only, flute", "above high C"), ("bass that stays below C2", "stays below C2")],
)
def test_a_range_that_is_bounded_by_a_note_is_told(text: str, words: str) -> None:
    assert "no note bounds it" in dict(parse_prompt(text).account.unread())[words]
