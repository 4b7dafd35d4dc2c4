"""The table of styles."""

from __future__ import annotations

from itertools import pairwise

import pytest

from model.decoder.conditioning import Header
from model.music.notes import PARTS
from model.music.programs import KITS, PROGRAMS
from model.prompt.rules.vocabulary import table
from model.styles import DECODER_STYLES, FILE, STYLES, decoder_style, program, read_styles

LINES = FILE.read_text(encoding="utf-8").splitlines()
NEW = (
    "-\ttest style\tclub\tno\tsequenced\t0.2\tfull\tyes\tclub\tnormal\tpop\tdeep house\ttest style\t测试风格\tt=118-126"
)


def test_the_index_of_each_style_is_the_one_the_weights_were_trained_with() -> None:
    known = {"pop": 0, "techno": 5, "jazz": 22, "metal": 34, "pop ballad": 35, "blues": 47}
    assert {name: STYLES[name].index for name in known} == known
    assert all(decoder_style(name) == name for name in DECODER_STYLES)


@pytest.mark.parametrize("at", [len(LINES), len(LINES) - 20, len(LINES) - len(STYLES)])
def test_a_row_added_anywhere_shifts_no_other_style(at: int) -> None:
    styles = read_styles([*LINES[:at], NEW, *LINES[at:]])
    assert [name for name in styles if name != "test style"] == [*STYLES]
    assert {name: styles[name] for name in STYLES} == STYLES


def test_the_decoder_gets_the_nearest_style_of_one_that_it_has_not_learnt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(STYLES, "test style", read_styles([*LINES, NEW])["test style"])
    told = Header(style=(("test style", 1.0),)).rows()
    assert (told == Header(style=(("deep house", 1.0),)).rows()).all()


def test_a_style_gets_the_next_index_when_the_decoder_learns_it() -> None:
    styles = read_styles([*LINES, str(len(DECODER_STYLES)) + NEW[1:]])
    assert [name for name, s in styles.items() if s.index is not None] == [*DECODER_STYLES, "test style"]


@pytest.mark.parametrize("row", ["47" + NEW[1:], "49" + NEW[1:], NEW.replace("deep house", "deep home")])
def test_a_table_that_contradicts_itself_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match=r"styles have one name|the nearest style"):
        read_styles([*LINES, row])


def test_every_style_is_a_word_of_prompts_and_has_a_corpus_of_the_harmoniser() -> None:
    assert all(style.words.split("\t")[0].split("|")[0] in table() for style in STYLES.values())
    assert {s.corpus for s in STYLES.values()} == {"pop", "standard", "art song", "hymn"}
    assert STYLES["jazz"].corpus == "standard"


def test_indices_go_up_without_a_gap() -> None:
    assert all(b == a + 1 for a, b in pairwise(STYLES[name].index or 0 for name in DECODER_STYLES))


def test_every_style_has_a_program_for_every_part_and_a_kit() -> None:
    for style in STYLES:
        assert all(program(((style, 1.0),), part) in range(128) for part in PARTS)
        assert program(((style, 1.0),), "drums") == program(((style, 1.0),), "perc") in KITS.values()


def test_a_style_is_played_on_what_its_row_says_and_one_without_a_word_on_that_of_its_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert PROGRAMS[program((("metal", 0.6), ("jazz", 0.4)), "chords") or 0] == "distortion_guitar"
    assert program((), "chords") is None
    monkeypatch.setitem(STYLES, "test style", read_styles([*LINES, NEW])["test style"])
    assert program((("test style", 1.0),), "bass") == program((("deep house", 1.0),), "bass")


def test_a_program_that_general_midi_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="theremin"):
        read_styles([*LINES, NEW + "\tmelody=theremin"])
