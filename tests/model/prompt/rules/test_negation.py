"""No, only, off, without, neither, not too much: each binds to what it stands beside, in six languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.music.notes import USUAL_PARTS
from model.prompt.encoder import hash_encoder
from model.prompt.reader import parse_prompt
from model.prompt.understand import understand

BASS, DRUMS, MELODY = ("chords", "melody", "drums"), ("chords", "melody", "bass"), ("chords", "bass", "drums")
"""Who plays where one part does not."""


def parts(text: str) -> tuple[str, ...]:
    return parse_prompt(text).stated_parts.with_defaults(USUAL_PARTS)


@pytest.mark.parametrize(
    ("text", "players"),
    [
        ("drums: none", DRUMS), ("drums off", DRUMS), ("drums=no", DRUMS), ("bass: off, sad", BASS), ("melody muted", MELODY), ("drums are out", DRUMS),
        ("neither drums nor bass", ("chords", "melody")), ("omit the drums", DRUMS), ("kill the drums", DRUMS), ("forget the drums", DRUMS), ("ditch the bass", BASS),
        ("0 drums", DRUMS), ("zero drums", DRUMS), ("turn off the bass", BASS), ("leave the drums out", DRUMS), ("get rid of the melody", MELODY), ("drums and bass off", ("chords", "melody")),
        ("no bass and no drums", ("chords", "melody")), ("sin bajo y sin batería", ("chords", "melody")), ("no more drums", DRUMS), ("without any kind of drums", DRUMS), ("I don't want any drums", DRUMS), ("everything but the bass", BASS),
        ("weder Schlagzeug noch Bass", ("chords", "melody")), ("ohne Schlagzeug", DRUMS), ("keine Drums", DRUMS), ("Schlagzeug aus", DRUMS), ("lass die Drums weg", DRUMS),
        ("ni batería ni bajo", ("chords", "melody")), ("sin batería", DRUMS), ("ningún bajo", BASS), ("quita la batería", DRUMS), ("batería apagada", DRUMS),
        ("ni batterie ni basse", ("chords", "melody")), ("pas de batterie", DRUMS), ("aucune basse", BASS), ("enlevez la batterie", DRUMS),
        ("né batteria né basso", ("chords", "melody")), ("senza batteria", DRUMS), ("nem bateria nem baixo", ("chords", "melody")), ("sem bateria", DRUMS),
        ("不要鼓", DRUMS), ("不要架子鼓", DRUMS), ("鼓不要", DRUMS), ("贝斯关掉", BASS), ("既不要鼓也不要贝斯", ("chords", "melody")), ("ドラムはいらない", DRUMS), ("드럼 빼고", DRUMS), ("드럼과 베이스 없이", ("chords", "melody")), ("没有鼓也没有贝斯", ("chords", "melody")),
    ],
)  # fmt: skip
def test_a_part_that_is_denied_does_not_play(text: str, players: tuple[str, ...]) -> None:
    assert parts(text) == players


@pytest.mark.parametrize(
    "text",
    [
        "うるさいドラムはいらない", "吵闹的鼓不要", "techno, bass off until bar 5", "no drum solo", "no drum fills", "no heavy drums", "no busy melody", "no seventh chords", "no minor chords", "no electronic drums", "no drum machine", "no bass drop",
        "no chord changes", "no loud snare", "not too many drums", "not too much bass", "without too much melody", "no boring bass, please", "avoid dissonant chords",
        "kein schweres Schlagzeug", "keine lauten Drums", "nicht so viel Bass", "sin batería pesada", "pas trop de batterie", "sans batterie lourde", "senza troppa batteria",
        "sem bateria pesada", "不要太多鼓", "不要太重的鼓", "不要复杂的旋律", "no drums in the intro", "no bass until bar 5", "no drums for the first 4 bars", "副歌不要鼓",
        "drums only in the chorus", "bass only on beat 1", "only drums in the outro", "two chords only", "just two chords, Am and G", "only minor chords", "only three chords", "nur zwei Akkorde",
        "sólo dos acordes", "use only power chords", "off beat drums", "避免七和弦", "less drums", "hardly any bass", "keine Septakkorde", "kick only on 1 and 3", "鼓不要太吵", "starts with just drums, then bass", "drums off the beat",
    ],
)  # fmt: skip
def test_a_quality_an_amount_or_a_place_that_is_denied_leaves_the_part(text: str) -> None:
    assert parts(text) == USUAL_PARTS


@pytest.mark.parametrize(
    ("text", "players"),
    [
        ("drums only", ("drums",)), ("mute everything except piano", ("chords", "melody")), ("nothing except drums", ("drums",)), ("nichts außer Bass", ("bass",)), ("only drums and bass", ("bass", "drums")), ("only soft piano", ("chords", "melody")), ("chords and melody only", ("chords", "melody")),
        ("only chords", ("chords",)), ("just bass please", ("bass",)), ("nur Schlagzeug", ("drums",)), ("只要鼓", ("drums",)), ("only warm chords", ("chords",)),
    ],
)  # fmt: skip
def test_only_a_part_is_that_part(text: str, players: tuple[str, ...]) -> None:
    assert parts(text) == players


def test_what_is_said_of_a_denied_quality_is_turned_for_the_whole() -> None:
    assert dict(parse_prompt("no busy melody").levels)["density"] < 0.5
    assert dict(parse_prompt("no seventh chords").levels)["complexity"] == 0
    assert dict(parse_prompt("jazz, no extensions").levels)["complexity"] == 0
    assert parse_prompt("no minor chords").mode == "major"
    assert parse_prompt("only minor chords").mode == "minor"


@pytest.mark.parametrize(
    "text", ["no en do mayor", "pas en do majeur", "não em dó maior", "que no sea en do mayor", "nicht in C-Dur"]
)
def test_a_key_that_is_denied_in_any_language_is_none_that_is_stated(text: str) -> None:
    assert understand(text, hash_encoder())[0].key != "C major"
    assert parse_prompt(text).key is None


def test_less_of_a_part_is_known_by_the_part() -> None:
    assert parse_prompt("not too much bass").stated_parts.fewer == {"bass"}
    assert parse_prompt("不要太多鼓").stated_parts.fewer == {"drums"}
    assert parse_prompt("no bass").stated_parts.fewer == frozenset()


@pytest.mark.parametrize("tonic", ["C", "D", "E", "F", "G", "A", "B", "Bb", "Eb"])
@pytest.mark.parametrize(
    "words",
    [
        "not in {} major",
        "anything but {} major",
        "avoid {} major",
        "nicht in {} major",
        "anything except {} major",
        "non in {} major",
        "不要{}大调",
    ],
)
def test_a_key_that_is_denied_is_not_played(words: str, tonic: str) -> None:
    plan = understand(words.format(tonic), hash_encoder())[0]
    assert plan.key != f"{tonic} major"
    assert "key" not in plan.explicit


@pytest.mark.parametrize("words", ["anything but {}", "not {}", "no {}, please", "not in {}", "nicht im {}"])
@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8"])
def test_a_metre_that_is_denied_is_not_played(words: str, meter: str) -> None:
    assert understand(words.format(meter), hash_encoder())[0].meter != meter


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("techno under 100 bpm", 60, 100), ("no faster than 90 bpm", 20, 90), ("ballad, at least 140 bpm", 140, 300), ("house over 130 bpm", 130, 300),
        ("langsam, höchstens 70 bpm", 20, 70), ("menos de 90 bpm", 20, 90), ("moins de 90 bpm", 20, 90), ("低于90bpm的house", 20, 90),
    ],
)  # fmt: skip
def test_a_bound_of_the_tempo_is_kept(text: str, low: float, high: float) -> None:
    plan = understand(text, hash_encoder())[0]
    assert low < plan.tempo < high
    assert "tempo" in plan.explicit


def test_a_refusal_does_not_reach_what_stands_behind_it() -> None:
    assert [t.name for t in parse_prompt("no faster than 90 bpm jazz").terms] == ["jazz"]
    assert [t.name for t in parse_prompt("왈츠, 드럼 없이").terms] == ["waltz"]
    assert parse_prompt("not in D minor but in E minor").key == parse_prompt("in E minor").key


NOUNS = ["drums", "bass", "melody", "chords"]


@settings(deadline=None)
@given(
    st.sampled_from(["no", "without", "omit the", "forget the", "zero"]),
    st.sampled_from(NOUNS),
    st.sampled_from(["and", "or"]),
    st.sampled_from(NOUNS),
)
def test_a_list_of_parts_is_denied_as_a_whole(word: str, first: str, joint: str, second: str) -> None:
    assert set(parts(f"{word} {first} {joint} {second}")) == set(USUAL_PARTS) - {first, second}


@settings(deadline=None)
@given(st.sampled_from(["heavy", "loud", "fancy", "wobbly", "electronic"]), st.sampled_from(NOUNS))
def test_no_adjective_takes_the_part_with_it(adjective: str, noun: str) -> None:
    assert parts(f"no {adjective} {noun}") == USUAL_PARTS


@pytest.mark.parametrize(
    ("text", "part", "family"),
    [
        ("jazz, no piano", "chords", 0),
        ("bossa, ma niente pianoforte", "chords", 0),
        ("rock sans guitare", "chords", 3),
        ("不要钢琴的爵士", "chords", 0),
        ("ピアノなしのジャズ", "chords", 0),
        ("pop ohne Klavier", "chords", 0),
    ],
)
def test_an_instrument_that_is_denied_plays_nothing(text: str, part: str, family: int) -> None:
    assert dict(understand(text, hash_encoder())[0].programs)[part] // 8 != family
