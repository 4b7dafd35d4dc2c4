"""Tunes in ABC, written here: what is read, how it is laid out in bars, and the songs made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.music.harmony import chord_symbol

pytest.importorskip("symusic")
pytest.importorskip("lxml")

from model.training.corpus.sources import load
from model.training.formats.abc import read, signature
from model.training.formats.barlines import lay_out_bars


def melody_of(body: str, head: str = "M:4/4\nL:1/4\nK:C") -> list[tuple[float, float, int]]:
    """Return (start, length, pitch) in quarters of a tune in ABC."""
    [bars] = read(f"X:1\nT:ours\n{head}\n{body}\n").voices.values()
    layout = lay_out_bars(bars)
    assert not isinstance(layout, str), layout
    return [
        (round((place + s.start) / 480, 3), round(s.length / 480, 3), s.pitches[-1])
        for bar, place in zip(bars, layout[2], strict=True)
        for s in bar.sounds
        if s.pitches
    ]


@pytest.mark.parametrize(
    ("body", "pitches"),
    [
        ("C, C c c'", [48, 60, 72, 84]),
        ("^F F =F F | F", [66, 66, 65, 65, 65]),
        ("_B B b B | B", [70, 70, 83, 70, 71]),
        ('{ag}f !trill!g "Am"a [EGc]', [77, 79, 81, 72]),
        ("C & G | [K:D] F z z2", [60, 66]),
    ],
)
def test_pitches_signs_and_what_is_skipped_of_abc(body: str, pitches: list[int]) -> None:
    assert [p for _, _, p in melody_of(body)] == pitches


@pytest.mark.parametrize(
    ("body", "lengths"),
    [
        ("C2 D/ E/ F", [2, 0.5, 0.5, 1]),
        ("C>D E<F", [1.5, 0.5, 0.5, 1.5]),
        ("(3CDE F2", [0.667, 0.667, 0.667, 2]),
        ("C//D//E/ F3/2 z3/2", [0.25, 0.25, 0.5, 1.5]),
        ("(3:2:2C2D E2", [1.333, 0.667, 2]),
    ],
)
def test_lengths_of_abc(body: str, lengths: list[float]) -> None:
    assert [length for _, length, _ in melody_of(body)] == lengths


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("|: C4 | D4 :| E4 |]", "CDCDE"),
        ("C4 | D4 :|: E4 :|", "CDCDEE"),
        ("|: C4 |1 D4 :|2 E4 || F4", "CDCEF"),
        ("C4 |[1 D4 :|[2 E4 | F4 :|", "CDCEF"),
        ("C4 || D4 :| E4", "CDDE"),
        ("|: C4 || D4 :: E4 :|", "CDCDEE"),
    ],
)
def test_repeats_are_played_twice_each_with_its_ending(body: str, names: str) -> None:
    assert "".join("C D EF"[p - 60] for _, _, p in melody_of(body)) == names


def test_a_pickup_ends_its_bar_and_a_repeat_fills_it() -> None:
    starts = [s for s, _, _ in melody_of("C | D4 | E3 :: F | G4 | A3 :|")]
    assert starts == [3, 4, 8, 11, 12, 16, 19, 20, 24, 27, 28, 32]


def test_bars_that_do_not_add_up_are_told() -> None:
    assert lay_out_bars(tuple(read("X:1\nM:3/4\nL:1/4\nK:C\n" + "CDEF|" * 8).voices[""])) == "bars do not add up"


@pytest.mark.parametrize(
    ("text", "name", "sharps"),
    [("G", "G major", "F"), ("A Dorian", "A dorian", "F"), ("Emix", "E mixolydian", "CFG"), ("Bm", "B minor", "CF"), ("HP", "A mixolydian", "CF")],
)  # fmt: skip
def test_keys_of_abc(text: str, name: str, sharps: str) -> None:
    key, signs = signature(text)
    assert (key.name, "".join(sorted(n for n, s in signs.items() if s == 1))) == (name, sharps)


def test_a_fiddle_tune_is_a_melody_with_what_its_book_calls_it(tmp_path: Path) -> None:
    (tmp_path / "fiddle").mkdir()
    tune = "X:1\nT:Ours\nR: SlipJig\nM:9/8\nL:1/8\nQ:3/8=100\nK:Ador\n|: A3 c3 e3 | g2e d2B c3 :|\n| a3- a3 g3 |]\n"
    (tmp_path / "fiddle" / "book.abc").write_text(tune + "\n\nX:2\nT:Short\nM:3/2\nK:G\nG6|\n")
    [song] = load(tmp_path, ("fiddle",))
    assert (song.key, song.tempo, len(song.bars), song.chords) == ("A dorian", 150, 5, ())
    assert ("human", "slip jig") in song.tags
    assert [(n.start, n.length) for n in song.notes][-2:] == [(4 * 2160, 1440), (4 * 2160 + 1440, 720)], "a tie is one"


def test_a_hymn_has_three_parts_and_the_chords_of_its_voices(tmp_path: Path) -> None:
    (tmp_path / "openhymnal").mkdir()
    head = (
        "% PAGE LAYOUT\n%OHTOPICS {Joy [2]}, {God, As King (x)}\n%OHCATEGORY EVENING\n\nX: 1\nT: Ours\nM: 4/4\nL: 1/4\n"
    )
    head += "V: S1V1\nV: S1V2\nV: S2V1\nV: S2V2\nK: C\n"
    lines = ["[V: S1V1] [Q:1/4=90] e e d d | c d d c |", "[V: S1V2] G G G G | F F F E |",
             "[V: S2V1] C C B, B, | A, B, B, C |", "[V: S2V2] C, C, G,, G,, | F,, G,, G,, C, |"]  # fmt: skip
    (tmp_path / "openhymnal" / "all.abc").write_text(head + "\n".join(line + "\nw: la la\n" for line in lines * 2))
    [song] = load(tmp_path, ("hymns",))
    assert [chord_symbol(c) for _, c in song.chords if c is not None][:4] == ["C", "G", "F", "G7"]
    assert {p: sum(n.part == p for n in song.notes) for p in ("melody", "chords", "bass")} == {
        "melody": 16, "chords": 32, "bass": 16,
    }  # fmt: skip
    assert [text for _, text in song.tags] == ["hymn, evening", "joy", "god, as king"]
    assert song.tempo == 90


@given(st.text("CcG,'^_=|:[]0123/()-<>{}&zZ\"! \nVKMLQ%x.", max_size=60))
@settings(max_examples=150, deadline=None)
def test_whatever_a_file_holds_is_a_tune_or_told_to_be_none(body: str) -> None:
    try:
        tune = read(f"X:1\nM:4/4\nL:1/8\nK:C\n{body}")
    except ValueError:
        return
    for bars in tune.voices.values():
        assert all(s.length >= 0 and s.start >= 0 for bar in bars for s in bar.sounds)
        lay_out_bars(bars)
