from __future__ import annotations

import pytest

from model.songbook.symbols import pitch, pitch_name, symbol, transposed


@pytest.mark.parametrize(
    ("name", "number"), [("C4", 60), ("Cb4", 59), ("B#3", 60), ("F##2", 43), ("Ebb5", 74), ("C-1", 0)]
)
def test_a_pitch_is_a_letter_with_signs_and_an_octave(name: str, number: int) -> None:
    assert pitch(name) == number


@pytest.mark.parametrize("name", ["H4", "c4", "C", "C10", "Cb-1", "A9"])
def test_what_is_no_pitch_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="pitch"):
        pitch(name)


@pytest.mark.parametrize(
    ("name", "tones"),
    [
        ("C", {0, 4, 7}), ("Bb5", {10, 5}), ("Am7", {9, 0, 4, 7}), ("F#m7b5", {6, 9, 0, 4}), ("Dm9/G", {2, 4, 5, 9, 0, 7}),
        ("G7alt", {7, 8, 10, 11, 3, 5}), ("E7#9#5", {4, 8, 0, 2, 7}), ("Ab13sus4", {8, 10, 1, 3, 5, 6}),
        ("Cmaj7#11", {0, 4, 7, 11, 6}), ("G7b9b13", {7, 11, 2, 5, 8, 3}), ("C**", {0, 4, 7}),
    ],
)  # fmt: skip
def test_a_symbol_is_its_tones(name: str, tones: set[int]) -> None:
    meant = symbol(name)
    assert meant is not None
    assert meant.tones == tones
    assert not meant.tones & meant.tensions


@pytest.mark.parametrize("name", ["", "H", "Cmaj", "Cm7sus", "C/", "C7#4", "c"])
def test_what_is_no_symbol_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a chord symbol"):
        symbol(name)


def test_no_chord_means_nothing() -> None:
    assert symbol("NC") is None


def test_a_symbol_is_transposed_with_its_bass_and_stars() -> None:
    assert transposed("Em7b5/Bb*", 3) == "Gm7b5/Db*"
    assert transposed("NC", 5) == "NC"
    assert transposed("C#m", 12) == "C#m"


def test_a_pitch_is_named_by_its_number() -> None:
    assert [pitch_name(n) for n in (60, 61, 70)] == ["C4", "Db4", "Bb4"]
