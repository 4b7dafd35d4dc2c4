"""Drafts of language models: completed, checked, and what is wrong told with where and how it is mended."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.drafts.check import checked
from model.drafts.complete import completed
from model.drafts.guide import excerpt, guide, near
from model.songbook.lint import check
from model.songbook.reader import read
from model.songbook.tables import styles
from tests.model.songbook.texts import spread

GROOVE = """section A 2
harmony
Ebm9 | Ab13
chords
all: x:8 x:8
bass
1: Eb2:16
2: Ab1:16
drums
all:
K 9...9...9...9...
"""


def test_the_example_of_the_guide_is_without_a_fault() -> None:
    [example] = re.findall(r"```\n(.*?)```", guide(), re.DOTALL)
    verdict = checked(example)
    assert verdict.errors == ()
    assert verdict.score()[0].beats[-1].bar == 7


def test_what_the_guide_says_of_styles_programs_and_symbols_is_so() -> None:
    symbols = guide().split("then (nothing) ")[1].split(", then any of")[0].split()
    bars = " | ".join(f"C{quality}" for quality in symbols)
    assert checked(f"section A {len(symbols)}\nharmony\n{bars}\nbass\nall: C2:16\n").errors == ()


def test_sections_alone_are_a_piece() -> None:
    verdict = checked(GROOVE)
    assert verdict.errors == ()
    score, left = verdict.score("mine")
    assert (score.name, left, score.loops) == ("mine", "", True)
    assert {n.part for beat in score.beats for n in beat.notes} == {"chords", "bass", "drums"}
    assert "style pop" in verdict.draft.filled


def test_what_is_said_stays_and_a_style_is_known_by_any_spelling() -> None:
    text = "Sure! Here it is:\n\n```text\ntempo: 96\nstyle Neo Soul\nkey Ebm\n" + GROOVE + "```\nEnjoy."
    verdict = checked(text)
    assert verdict.errors == ()
    assert verdict.piece is not None
    header = verdict.piece.header
    assert (header.style, header.family, float(header.tempo), header.tonic, header.mode) == (
        "neo-soul",
        "soul",
        96,
        "Eb",
        "minor",
    )


def test_programs_may_have_the_numbers_of_general_midis_own_list() -> None:
    verdict = checked("sound chords=pad_2_warm bass=lead_2_sawtooth kit=standard\n" + GROOVE)
    assert verdict.errors == ()
    assert verdict.piece is not None
    assert verdict.piece.header.sound["chords"] == "pad_warm"
    assert verdict.piece.header.sound["bass"] == "lead_sawtooth"


def test_every_wrong_name_of_an_instrument_is_told_with_those_near_to_it() -> None:
    [error, *_] = checked("sound chords=trumpett bass=fretles_bass kit=jaz\n" + GROOVE).errors
    for said in (
        "chords: no program is called trumpett",
        "bass: no program is called fretles_bass",
        "not jaz",
        "near trumpett: trumpet",
        "near fretles_bass: fretless_bass",
        "near: jazz",
    ):
        assert said in error


def test_lines_that_are_given_stand_for_those_of_the_author() -> None:
    verdict = checked("tempo 200\nkey C major\n" + GROOVE, {"tempo": "90"})
    assert verdict.piece is not None
    assert (float(verdict.piece.header.tempo), verdict.piece.header.tonic) == (90, "C")


def test_voicings_that_are_made_lie_near_to_one_another() -> None:
    symbols = "Cmaj9 | A7b9 | Dm11 | G13 | Bb13#11 | F#m7b5"
    verdict = checked(f"section A 6\nharmony\n{symbols}\nchords\nall: x:16\nbass\nall: -\n")
    assert verdict.errors == ()
    assert not [w for w in verdict.warnings if "voices move" in w]


@pytest.mark.parametrize(
    ("broken", "mended", "words"),
    [
        ("1: Eb2:16", "1: Eb2:15", "line 7, section A bar 1: `1: Eb2:15` structure: 15 units, not 16 → the lengths of this bar"),
        ("K 9...9...9...9...", "K 9...9...9...9..", "15 steps; 4/4 has 4 8 12 16 24 32 48 → count"),
        ("Ebm9 | Ab13", "Ebm9 | Ab99", "not a chord symbol: Ab99 → root A-G"),
        ("2: Ab1:16", "", "A: bass lacks bar 2 (an empty bar is `-`) → a part that a section writes"),
        ("1: Eb2:16", "1: E2:16", "bass begins Ebm9 with E → let the bass begin"),
        ("section A 2", "style houes\nsection A 2", "no style of the table is called houes → near: house"),
        ("section A 2", "sound bass=slap_bas\nsection A 2", "no program is called slap_bas → near: slap_bass"),
        ("Ebm9 | Ab13", "Ebm9", "bar 2 has no harmony → under `harmony` write"),
        ("section A 2", "form A B\nsection A 2", "form plays B, which is not written → write a `section B BARS`"),
        ("drums\n", "drums\nW X\n", "needs `BARS:` before its rows → drums are"),
    ],
)  # fmt: skip
def test_a_fault_says_where_what_and_how_it_is_mended(broken: str, mended: str, words: str) -> None:
    errors = checked(GROOVE.replace(broken, mended)).errors
    assert any(words in error for error in errors), errors


def test_a_text_without_music_is_refused_in_a_sentence() -> None:
    assert checked("I am sorry, I cannot write music.").errors == (
        "there is no `section NAME BARS`: nothing would be heard",
    )


def test_a_metre_that_is_not_played_is_told() -> None:
    [error] = checked("meter 11/8\nsection A 1\nharmony\nC\nbass\n1: C2:22\n").errors
    assert "11/8" in error


def test_what_would_play_for_hours_is_refused_before_it_is_computed() -> None:
    [error] = checked("form " + "A*32 " * 40 + "\n" + GROOVE).errors
    assert "256 bars at most" in error
    nested = "[" * 12 + "C2:1" + "]*64" * 12
    assert any("more than" in error for error in checked(GROOVE.replace("1: Eb2:16", f"1: {nested}")).errors)


def test_pieces_of_the_songbook_are_drafts_without_a_fault() -> None:
    for path in spread(4):
        assert checked(path.read_text(encoding="utf-8")).errors == (), path


def test_excerpts_of_near_pieces_are_pieces() -> None:
    for style in ("dub techno", "waltz", "a style of nobody's"):
        for entry in near(style, 118, styles()[style].metres[0] if style in styles() else "4/4"):
            assert checked(excerpt(entry.path)).piece is not None, entry.name
    assert near("dub techno", 118)[0].style == "dub techno"


@given(
    st.lists(
        st.sampled_from(
            [*GROOVE.splitlines(), "section A' = A", "```", "level +4", "drums out", "title x", "; x", "2: ~:16", ""]
        ),
        max_size=14,
    )
)
@settings(deadline=None, max_examples=30)
def test_whatever_is_written_is_music_or_told(lines: list[str]) -> None:
    verdict = checked("\n".join(lines))
    assert verdict.errors or verdict.score()[0].beats


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=30)
def test_a_completed_text_keeps_the_authors_line_numbers(text: str) -> None:
    draft = completed(text)
    assert len(draft.lines) == len(draft.text.splitlines())
    assert all(0 <= number <= len(text.splitlines()) for number in draft.lines)


def test_a_completed_piece_of_the_book_says_the_same() -> None:
    [path, *_] = spread(1)
    text = path.read_text(encoding="utf-8")
    assert check(read(completed(text).text)).errors == check(read(text)).errors
