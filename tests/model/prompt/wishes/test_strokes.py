"""Where drums strike, and where they do not: what is denied, what is no drum, what has a place, and other metres than four quarters."""

import pytest

from model.music.wishes import Strokes
from model.prompt.reader import parse_prompt


def _strokes(text: str) -> tuple[Strokes, ...]:
    return parse_prompt(text).wishes.strokes


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("techno, no kick on beat 3", Strokes("kick", (3,), without=True)), ("pop without snare on 2 and 4", Strokes("snare", (2, 4), without=True)), ("no claps on 2 and 4", Strokes("clap", (2, 4), without=True)),
        ("ohne Snare auf 2 und 4", Strokes("snare", (2, 4), without=True)), ("pas de caisse claire sur 2 et 4", Strokes("snare", (2, 4), without=True)), ("senza rullante su 2 e 4", Strokes("snare", (2, 4), without=True)),
        ("没有军鼓在第2、4拍", Strokes("snare", (2, 4), without=True)), ("2拍と4拍のスネアなし、ポップ", Strokes("snare", (2, 4), without=True)), ("rock, never a crash on 1", Strokes("crash", (1,), without=True)), ("pop, cowbell not on 3", Strokes("perc", (3,), without=True)),
    ],
)  # fmt: skip
def test_strokes_that_are_denied_are_left_out_on_those_beats_and_nowhere_else(text: str, denied: Strokes) -> None:
    parsed = parse_prompt(text)
    assert parsed.wishes.strokes == (denied,)
    assert denied.role not in parsed.stated_parts.silenced
    assert not parsed.account.unread()


def test_all_drums_of_a_denied_list_are_left_out() -> None:
    assert _strokes("rock, no kick or snare on 3") == (
        Strokes("kick", (3,), without=True),
        Strokes("snare", (3,), without=True),
    )


@pytest.mark.parametrize("text", ["no hi-hats, claps on 2 and 4", "no melody but claps on 2 and 4"])
def test_what_else_is_denied_leaves_the_strokes(text: str) -> None:
    assert _strokes(text) == (Strokes("clap", (2, 4)),)


def test_a_drum_that_is_silent_has_no_strokes() -> None:
    assert _strokes("no snare, snare on 3") == ()


@pytest.mark.parametrize(
    "text",
    [
        "Tom is walking home, jazz", "walking with Tom, folk", "ride into the sunset", "train ride, folk", "a rim of light", "the crash of waves", "a car crash", "kick in the door", "a man in a hat, jazz",
        "with a ride into the night", "piatti caldi, jazz",
    ],
)  # fmt: skip
def test_a_plain_word_is_no_drum(text: str) -> None:
    assert _strokes(text) == ()


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("rock, kick and snare, toms", ["kick", "snare", "tom_low"]), ("drums with toms and crash", ["tom_low", "crash"]), ("jazz with a ride", ["ride"]), ("add a crash", ["crash"]), ("ride cymbal, jazz", ["ride", "crash"]),
        ("house with a huge kick", ["kick"]), ("techno, big kick, 4 bars", ["kick"]), ("pop with a cowbell", ["perc"]),
    ],
)  # fmt: skip
def test_a_drum_is_meant_where_it_stands_beside_another_or_is_asked_for(text: str, roles: list[str]) -> None:
    assert [s.role for s in _strokes(text)] == roles


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("pop, claps on beats 2 and 4 but not in the intro", "but not in the intro"), ("pop, claps on 2 and 4, but not in the verse", ", but not in the verse"), ("pop, snare on 3 in the chorus", "in the chorus"),
        ("pop, Snare auf 3 im Refrain", "im Refrain"), ("pop, caisse claire sur 3 dans le refrain", "dans le refrain"),
    ],
)  # fmt: skip
def test_strokes_of_one_section_are_told(text: str, place: str) -> None:
    assert [(words, "whole piece" in why) for words, why in parse_prompt(text).account.unread()] == [
        (place.strip(" ,"), True)
    ]


def test_a_section_of_another_clause_is_no_place_of_strokes() -> None:
    assert not parse_prompt("pop, claps on 2 and 4, verse 8 bars, chorus 8 bars").account.unread()


@pytest.mark.parametrize(
    ("text", "beats", "told"),
    [
        ("folk, 6/8, clap on 2", (2,), []), ("12/8 blues, clap on 2 and 4", (2, 4), []), ("5/4 pop, clap on 4", (4,), []),
        ("folk, 6/8, clap on 2 and 4", (2,), [("clap on 2 and 4", "a bar of 6/8 is counted in 2")]), ("3/4 folk, clap on 2 and 4", (2,), [("clap on 2 and 4", "a bar of 3/4 is counted in 3")]),
    ],
)  # fmt: skip
def test_beats_past_the_bar_are_told_and_six_eighths_are_two_beats(
    text: str, beats: tuple[int, ...], told: list[tuple[str, str]]
) -> None:
    assert _strokes(text) == (Strokes("clap", beats),)
    assert list(parse_prompt(text).account.unread()) == told


def test_a_number_of_bars_is_no_beat() -> None:
    parsed = parse_prompt("claps on 2 and 4 bars long")
    assert (parsed.wishes.strokes, parsed.bars) == ((Strokes("clap", (2,)),), 4)


@pytest.mark.parametrize("text", ["pop, no 3+3+2 accents", "4/4 without 3+3+2", "pop, not grouped as 3+3+2"])
def test_groups_that_are_denied_are_none(text: str) -> None:
    assert parse_prompt(text).wishes.groups == ()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("night drive in LA", None), ("summer in LA, pop", None), ("pensar en mi", None), ("pensar en mi, pop", None), ("the one in re", None),
        ("un blues in la", "A major"), ("canzone in re, lenta", "D major"), ("in re", "D major"), ("blues en la", "A major"), ("una canción en la, lenta", "A major"), ("pop, en sol", "G major"), ("samba em dó", "C major"),
    ],
)  # fmt: skip
def test_a_syllable_is_a_tonic_among_words_of_music_only(text: str, key: str | None) -> None:
    read = parse_prompt(text).key
    assert (None if read is None else read.name) == key


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("ritornello 8 battute, prima strofa 8 battute", ["chorus", "verse"]),
        ("ritornello 8 battute, prima un build di 4 battute", ["build", "chorus"]),
    ],
)
def test_prima_strofa_is_the_first_verse_and_prima_with_an_article_before_that(text: str, order: list[str]) -> None:
    assert [s.name for s in parse_prompt(text).wishes.sections] == order
