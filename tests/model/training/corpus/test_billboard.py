"""Chord files as the Billboard project writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.music.harmony import QUALITIES, Chord, chord_symbol, parse_chord
from model.training.corpus.billboard import harte, nearest_quality, song
from model.training.corpus.song import Song

TEXT = """# title: A song of ours
# artist: Nobody
# metre: 4/4
# tonic: A

0.0\tsilence
1.0\tA, intro, | A:min | F:maj G:7/3 |, (guitar)
5.0\tB, verse, | A:min | . . G:maj . | * | N | x2, (voice
21.0\t| A:min/b3 | (2/4) E:7(b9) | &pause |, voice)
# metre: 3/4
# tonic: C
24.0\tC, chorus, | C:maj | C:maj7 D:min7 G:sus4(b7) | C:maj |
28.5\tsilence
29.0\tend
"""


def read(text: str = TEXT) -> Song:
    found = song("0001", text)
    assert isinstance(found, Song)
    return found


def test_bars_repeats_and_changes_of_metre_are_followed() -> None:
    found = read()
    assert [m for _, m in found.bars] == ["4/4"] * 11 + ["2/4"] + ["3/4"] * 3
    assert found.end == 11 * 1920 + 960 + 3 * 1440
    assert found.notes == ()


def test_chords_stand_on_the_beats_of_their_bars() -> None:
    chords = [(at, None if c is None else chord_symbol(c)) for at, c in read().chords]
    assert chords[:8] == [
        (0, "Am"), (1920, "F"), (2880, "G7/B"), (3840, "Am"), (6720, "G"), (7680, None), (11520, "Am"), (14400, "G"),
    ]  # fmt: skip
    last = 11 * 1920 + 960
    assert chords[-6:] == [
        (last - 960, "E7b9"), (last, "C"), (last + 1440, "Cmaj7"), (last + 1920, "Dm7"), (last + 2400, "G7sus4"), (last + 2880, "C"),
    ]  # fmt: skip


def test_sections_letters_and_the_end_are_kept() -> None:
    found = read()
    assert dict(found.tags)["form"] == "A intro 2, B verse 10, C chorus 3"
    assert [line.section for line in found.lines] == ["intro"] * 2 + ["groove"] * 13
    assert [line.phrase for line in found.lines[:8]] == [1, 2, 1, 2, 3, 4, 1, 2]
    assert [line.left for line in found.lines[-3:]] == [3, 2, 1]


def test_a_song_that_fades_out_has_no_last_bar() -> None:
    assert not any(line.left for line in read(TEXT.replace("C, chorus", "fadeout")).lines)


def test_tempo_and_key_come_from_times_tonic_and_chords() -> None:
    found = read()
    assert found.tempo == 120
    assert found.key == "A minor"


def test_a_bar_of_no_metre_of_ours_leaves_the_song_out() -> None:
    assert song("0001", TEXT.replace("(2/4)", "(3/8)")) == "metre outside the contract"


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("C:maj", "C"), ("Bb:min7", "Bbm7"), ("F#:hdim7", "F#m7b5"), ("G:sus4(b7)", "G7sus4"), ("G:sus4(b7,9)", "G11"), ("A:maj(9)", "Aadd9"),
        ("D:maj/5", "D/A"), ("E:7(#9)", "E7#9"), ("Cb:maj", "B"), ("C:1", "C5"), ("C:min/b7", "Cm/Bb"), ("C:maj6(9)", "C69"),
        ("G:11", "G11"), ("C", "C"), ("C:9(*3)", "C11"), ("A:min(11)", "Am"),
    ],
)  # fmt: skip
def test_symbols_become_the_nearest_of_ours(said: str, ours: str) -> None:
    assert harte(said) == parse_chord(ours)


@pytest.mark.parametrize("said", ["N", "*", "X"])
def test_no_chord_is_none(said: str) -> None:
    assert harte(said) is None


@pytest.mark.parametrize("said", ["", "H:maj", "C:wide", "C:maj/x"])
def test_what_is_no_symbol_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="Harte"):
        harte(said)


@given(st.sampled_from(sorted(QUALITIES)))
def test_a_quality_of_ours_is_nearest_to_itself(name: str) -> None:
    found = nearest_quality(frozenset(QUALITIES[name]))
    assert Chord(0, found, 0).pitch_classes == Chord(0, name, 0).pitch_classes
