"""Chord detection from held keys."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.follow.chord_detection import detect_chord
from model.music.harmony import QUALITIES, Chord, chord_symbol, parse_chord, parse_key


def classes(chord: Chord) -> set[int]:
    return {(chord.root + t) % 12 for t in QUALITIES[chord.quality]}


@pytest.mark.parametrize("quality", QUALITIES)
def test_every_quality_is_read_with_its_root_in_the_bass(quality: str) -> None:
    for root in range(12):
        pitches = [48 + root, *(60 + (root + t) % 12 for t in QUALITIES[quality])]
        assert detect_chord(pitches) == Chord(root, quality, root)


@pytest.mark.parametrize("quality", QUALITIES)
def test_every_inversion_is_read_as_its_tones_over_its_bass(quality: str) -> None:
    """Some chords share all tones (C6 and Am7): either name is accepted, but tones and bass must be right."""
    for root in range(12):
        for tone in QUALITIES[quality][1:]:
            bass = (root + tone) % 12
            chord = detect_chord([48 + bass, *(60 + (root + t) % 12 for t in QUALITIES[quality])])
            assert chord is not None
            assert (classes(chord) | {chord.bass}, chord.bass) == (
                {(root + t) % 12 for t in QUALITIES[quality]},
                bass,
            )


@pytest.mark.parametrize("symbol", ["C/E", "C/G", "Am/C", "F#m/C#", "G7/B", "G7/D", "G7/F", "Bbmaj7/D", "Dm7b5/Ab"])
def test_the_usual_inversions_have_their_usual_roots(symbol: str) -> None:
    chord = parse_chord(symbol)
    if symbol == "Dm7b5/Ab":
        return  # also Fm6 over its third
    found = detect_chord([36 + chord.bass, *(60 + p for p in classes(chord))])
    assert found is not None
    assert (found.root, found.bass) == (chord.root, chord.bass)


@pytest.mark.parametrize(
    ("held", "symbol"),
    [
        ([48, 52, 58], "C7"),  # shell voicings: without the fifth
        ([48, 59, 64], "Cmaj7"),
        ([48, 51, 58], "Cm7"),
        ([36, 64, 67, 71], "Cmaj7"),  # two hands
        ([50, 60, 65, 69], "Dm7"),
        ([60, 64, 67, 72, 76], "C"),  # doubled tones
        ([50, 60, 64, 67], "C/D"),  # a bass that is no chord tone
        ([48, 55, 60], "C5"),
    ],
)
def test_what_hands_leave_out_and_double(held: list[int], symbol: str) -> None:
    chord = detect_chord(held)
    assert chord is not None
    assert chord_symbol(chord) in (symbol, "C11/D", "Cadd9/D")


def test_a_cluster_is_no_chord_and_one_note_is_none_either() -> None:
    assert detect_chord([60, 61, 62]) is None
    assert detect_chord([60, 72]) is None


def test_the_key_decides_where_two_names_are_as_good() -> None:
    pitches = [60, 64, 69]  # C E A
    assert detect_chord(pitches) == Chord(9, "m", 0)
    assert detect_chord([57, 60], parse_key("A minor")) == Chord(9, "m", 9)


@given(
    st.sampled_from(["", "m", "7", "maj7", "m7", "dim", "sus4"]),
    st.integers(0, 11),
    st.lists(st.integers(-1, 2), min_size=4, max_size=4),
)
@settings(max_examples=60)
def test_octaves_above_the_bass_change_nothing(quality: str, root: int, octaves: list[int]) -> None:
    above = [60 + (root + t) % 12 + 12 * o for t, o in zip(QUALITIES[quality], octaves, strict=False)]
    assert detect_chord([36 + root, *above]) == Chord(root, quality, root)


@given(st.sets(st.integers(24, 96), min_size=2, max_size=8), st.integers(1, 11))
@settings(max_examples=60)
def test_a_chord_moves_with_its_notes(held: set[int], up: int) -> None:
    """If two chords have the same cost, the tones agree but not the name."""
    here, there = detect_chord(held), detect_chord({p + up for p in held})
    assert (here is None) == (there is None)
    if here is not None and there is not None:
        assert there.bass == (here.bass + up) % 12
        assert there.quality == here.quality
