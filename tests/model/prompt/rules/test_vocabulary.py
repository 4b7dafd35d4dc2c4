"""The table of genres, moods, instruments and artists."""

from __future__ import annotations

import pytest

from model.prompt.encoder import sentence_encoder
from model.prompt.reader import parse_prompt
from model.prompt.rules.vocabulary import SIMPLIFIED, TERM_KINDS, find, table
from model.prompt.understand import understand
from model.styles import GRAMMAR_STYLES, STYLES


def test_the_table_has_four_kinds_and_some_four_hundred_rows() -> None:
    rows = {(t.kind, t.name) for t in table().values()}
    assert {kind for kind, _ in rows} == set(TERM_KINDS)
    assert len(rows) >= 400
    assert all(t.tempo is None or 40 <= t.tempo[0] <= t.tempo[1] <= 300 for t in table().values())
    levels = [v for t in table().values() for v in (t.density, t.energy, t.brightness, t.complexity) if v is not None]
    assert all(0 <= v <= 1 for v in levels)


def test_every_style_is_found_by_its_name_in_english_and_in_chinese() -> None:
    rows = {t.name: t for t in table().values() if t.kind == "genres"}
    chinese = {t.name for alias, t in table().items() if t.kind == "genres" and any(c >= "\u4e00" for c in alias)}
    for style in GRAMMAR_STYLES:
        assert [t.styles for t in parse_prompt(f"a {style} track").terms] == [((style, 1.0),)]
        assert style in chinese
        assert rows[style].tempo is not None


def test_every_genre_and_artist_stands_for_styles_of_the_decoder() -> None:
    for term in table().values():
        if term.kind in ("genres", "artists"):
            assert {name for name, _ in term.styles} <= set(STYLES), term.name
            assert sum(weight for _, weight in term.styles) == pytest.approx(1), term.name


@pytest.mark.parametrize(
    ("text", "names"),
    [("ベルリンテクノ", ["techno"]), ("スピリットのあるジャズ", ["jazz"]), ("ブロックパーティー", []), ("ジャズピアノ", ["jazz", "piano"]), ("ピアノバラード", ["piano", "ballad"]), ("ベルの音", ["bells"])],
)  # fmt: skip
def test_a_name_in_kana_is_no_piece_of_a_longer_word(text: str, names: list[str]) -> None:
    assert [t.term.name for t in find(text)] == names
    assert parse_prompt(text).wishes.ramp is None


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("valse à l'accordéon", [21]), ("jazz mit besen", [40]), ("balade am saxofon", [66]), ("akustikgitarre und geige", [24, 40]), ("リコーダーとリュート", [74, 24]), ("笛のソロ", [73]), ("solo vibes", [11]), ("good vibes only", []),
        ("オルゴールの子守唄", [10]), ("à l'orgue d'église", [19]), ("all'organo", [16]), ("un pezzo con l’arpa", [46]), ("電子ピアノ", [4]), ("ホルンとオーボエ", [60, 68]), ("standbass und bassgitarre", [32, 33]),
        ("quarteto de cordas", [48]), ("guitarra flamenca y cajón", [24, 0]), ("contrabaixo e violão", [32, 24]), ("クラリネットとファゴット", [71, 70]), ("パイプオルガン", [19]), ("次中音萨克斯", [66]), ("三角钢琴", [0]), ("röhrenglocken", [14]), ("naipe de metais", [61]),
    ],
)  # fmt: skip
def test_instruments_by_their_names_in_seven_languages(text: str, programs: list[int]) -> None:
    assert [t.term.program for t in find(text.translate(SIMPLIFIED)) if t.term.kind == "instruments"] == programs


def test_a_name_of_two_words_is_read_behind_chinese() -> None:
    assert [f.term.name for f in find("甜甜的future bass")] == ["sweet", "future bass"]
    assert [f.term.name for f in find("黑暗的techno bass")] == ["dark", "techno"], "no name of two words"


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("a waltz for a wedding", "waltz"),
        ("techno for a carnival", "techno"),
        ("舞狮和舞龙", "guofeng"),
        ("a carnival in the streets", "samba"),
    ],
)
def test_an_occasion_tells_the_style_where_nothing_else_does(prompt: str, style: str) -> None:
    plan, _ = understand(prompt, sentence_encoder())
    assert plan.style == ((style, 1.0),)
