"""The form of a piece in seven languages: how often a section comes, how long each is, sums of bars, and bars that come again."""

from __future__ import annotations

import pytest

from model.prompt.reader import parse_prompt


def form(text: str) -> str:
    """Return the sections that a text names, each with its bars."""
    return " ".join(f"{s.name} {s.bars}" for s in parse_prompt(text).wishes.sections)


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("verse x2 then chorus, 4 bars each", "verse 4 verse 4 chorus 4"),
        ("2x Strophe, 1x Refrain, 2x Strophe, alles vier Takte", "verse 4 verse 4 chorus 4 verse 4 verse 4"),
        ("couplet x2, refrain x1, 4 mesures chacun", "verse 4 verse 4 chorus 4"),
        ("estrofa x2, coro x2, 4 compases cada uno", "verse 4 verse 4 chorus 4 chorus 4"),
        ("strofa x2, ritornello x2, 4 battute ciascuno", "verse 4 verse 4 chorus 4 chorus 4"),
        ("verso x2, refrão x2, 4 compassos cada", "verse 4 verse 4 chorus 4 chorus 4"),
        ("主歌两遍副歌一遍,各8小节", "verse 8 verse 8 chorus 8"),
        ("rondo: A B A C A, 4 bars each", "A 4 B 4 A 4 C 4 A 4"),
    ],
)
def test_a_section_comes_as_often_as_is_said_and_each_is_as_long(text: str, sections: str) -> None:
    assert form(text) == sections
    assert parse_prompt(text).account.sentence() == ""


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("4+4+8 pop: intro, verse, chorus", "intro 4 verse 4 chorus 8"),
        ("8+8+16 : couplet, pont, refrain", "verse 8 bridge 8 chorus 16"),
        ("Strophe, Refrain, 8 + 16 Takte", "verse 8 chorus 16"),
        ("Aメロ8、Bメロ8、サビ16でお願いします", "verse 8 pre-chorus 8 chorus 16"),
    ],
)
def test_a_sum_of_bars_beside_a_list_of_sections_is_the_bars_of_each(text: str, sections: str) -> None:
    assert form(text) == sections
    assert parse_prompt(text).account.sentence() == ""


@pytest.mark.parametrize(
    ("text", "bars"),
    [
        ("12 bar blues twice through in G", 24), ("4小節ループを4回、ハウス", 16), ("4小节循环4遍", 16), ("4 Takte Schleife viermal", 16),
        ("une boucle de 4 mesures, 3 fois", 12), ("4 bar loop x4", 16), ("two bar loop repeated, boom bap", 8), ("4 bar loop", 4),
        ("12 bar blues in G", 12), ("16 bars, funk", 16),
    ],
)  # fmt: skip
def test_bars_that_come_again_are_as_many_more(text: str, bars: int) -> None:
    parsed = parse_prompt(text)
    assert parsed.bars == bars
    assert parsed.account.sentence() == ""


def test_a_choir_is_no_chorus_where_no_verse_stands_beside_it() -> None:
    assert "chorus" not in form("balada con coro, 16 compases")
    assert "chorus" not in form("estrofa 8 compases con coro de niños")


def test_a_grouping_is_no_sum_of_bars_and_times_of_a_pace_are_none_of_bars() -> None:
    assert form("3+3+2 grouping, verse, chorus, bridge, 24 bars") == "verse 8 chorus 8 bridge 8"
    assert parse_prompt("4 bars, 2 times slower").bars == 4


@pytest.mark.parametrize(
    "words", ["Strophe und Refrain, alle 8 Takte ein Fill", "verse and chorus, every 8 bars a fill"]
)
def test_what_comes_after_so_many_bars_each_time_is_no_length_of_sections(words: str) -> None:
    assert 8 not in [section.bars for section in parse_prompt(words).wishes.sections]
