"""The table of genres, moods, instruments and artists."""

from __future__ import annotations

import pytest

from model.prompt.rules.reader import parse_prompt
from model.prompt.rules.vocabulary import TERM_KINDS, table
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
