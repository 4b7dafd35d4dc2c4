"""A melody's line: how it is bent, how its figures are counted, and where a shown tune and its chords lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.generation.bias_terms import again_bias, closing_bias, contour_bias, height_bias, held_bias, melody_line_bias
from model.generation.bias_weights import BiasWeights
from model.generation.material import examples
from model.generation.material.lines import WAYS, fits, risen, sequenced, stepped
from model.music.harmony import Chord, parse_chord, parse_key
from model.music.notes import CHORD_PARTS
from model.training.fit.melody_line import figures, moved

KEYS = ("C major", "F# major", "A minor", "Eb minor")


def test_turning_back_costs_and_going_on_gains() -> None:
    bias = melody_line_bias((64, 60), 0.8, 0.5)
    assert bias[60] == -0.8
    assert bias[64] == 0
    assert set(bias[65:]) == {0.5}


def test_after_a_note_that_stayed_no_direction_is_asked_for() -> None:
    assert not melody_line_bias((64, 64), 0.8, 0.5).any()
    assert not melody_line_bias((64,), 0.8, 0.5).any()


def test_a_contour_costs_nothing_near_it_and_the_same_above_and_below() -> None:
    bias = contour_bias(70.0, 0.3)
    assert bias[69] == bias[70] == bias[71] == 0
    assert bias[66] == bias[74] == pytest.approx(-0.9)


def test_a_line_that_turns_at_every_note_is_counted_as_that() -> None:
    found = figures([[60, 62, 60, 62]] * 8)
    assert found["turns"] == 1
    assert found["onward"] == found["stays"] == 0
    assert found["pitches"] == pytest.approx(2 / 12)


def test_too_few_notes_have_no_figures() -> None:
    assert figures([[60, 62], [], [64]]) == {}


def test_a_weight_moves_towards_the_figure_that_is_wanted() -> None:
    theta = BiasWeights(melody_turn=0.5, melody_onward=0.5)
    after = moved(theta, {"turns": 0.3, "onward": 0.3}, {"turns": 0.2, "onward": 0.5})
    assert after.melody_turn > 0.5
    assert after.melody_onward > 0.5
    same = moved(theta, {"turns": 0.2, "onward": 0.5}, {"turns": 0.2, "onward": 0.5})
    assert same == theta


@pytest.mark.parametrize("name", KEYS)
def test_chords_of_shown_pieces_leave_room_for_the_tune_in_every_key(name: str) -> None:
    key = parse_key(name)
    for piece in range(0, 400, 40):
        top = examples.chord_tops(piece, key)
        assert top is None or top + examples.octave(piece, "chords", key) <= examples.HIGHEST_CHORDS


@pytest.mark.parametrize("name", KEYS)
def test_a_bass_that_would_lie_too_low_or_too_high_moves_as_a_whole(name: str) -> None:
    key = parse_key(name)
    for piece in range(0, 400, 40):
        bass = [n.pitch for b in examples.piece_beats(piece, key) for n in b.notes if n.part == "bass"]
        up = examples.octave(piece, "bass", key)
        assert up in (0, 12, -12)
        if up:
            assert (up < 0) == (np.median(bass) > examples.HIGHEST_BASS - 1)
            assert (up > 0) == (min(bass) < examples.LOWEST_BASS)
            assert min(bass) + up >= examples.LOWEST_BASS
            assert np.median(bass) + up <= examples.HIGHEST_BASS + 1


def test_drums_and_tune_are_not_moved() -> None:
    assert {examples.octave(3, part, parse_key("C major")) for part in ("drums", "melody", "arp")} == {0}
    assert "pad" in CHORD_PARTS


def test_the_last_pitch_costs_and_the_more_so_where_it_has_come_twice() -> None:
    once, twice, thrice = again_bias((64, 62, 64)), again_bias((64, 64)), again_bias((64, 64, 64))
    assert once[64] < 0 == once[62]
    assert twice[64] == 2 * once[64]
    assert thrice[64] == 3 * once[64]


def test_a_phrase_closes_on_a_tone_of_the_chord_that_is_near() -> None:
    bias = closing_bias(frozenset({0, 4, 7}), 65)
    assert bias[64] == bias[67] > bias[65] == 0
    assert bias[76] < bias[72] < bias[64]


def test_heights_cost_beyond_what_is_usual_but_where_they_are_asked_for() -> None:
    usual, high, low = (height_bias(register, 0.5) for register in (0.0, 1.0, -1.0))
    assert usual[90] == low[90] < 0 == high[90]
    assert usual[57] == high[57] < 0 == low[57]
    assert not usual[62:85].any()


HEARD = st.lists(st.tuples(st.integers(60, 80), st.floats(0.25, 2.0)), min_size=1, max_size=6)
CHORDS = st.sampled_from(["C", "Dm7", "Em", "F", "G7", "Am9", "Bdim", "Eb", "E7"]).map(parse_chord)


@given(heard=HEARD, chord=CHORDS)
def test_a_bar_sung_again_over_another_chord_never_fits_it_worse_than_it_did(
    heard: list[tuple[int, float]], chord: Chord
) -> None:
    key = parse_key("C major")
    steps = sequenced(heard, chord, key, 84)
    assert steps in WAYS
    assert steps <= 0 or max(stepped(pitch, steps, key) for pitch, _ in heard) <= 84
    moved = [(stepped(pitch, steps, key), weight) for pitch, weight in heard]
    assert fits(moved, chord, key) >= fits(heard, chord, key)


@given(pitch=st.integers(40, 90), steps=st.integers(-6, 6))
def test_steps_of_the_scale_up_and_down_again_are_none(pitch: int, steps: int) -> None:
    key = parse_key("D minor")
    if pitch % 12 in key.pitch_classes:
        assert stepped(stepped(pitch, steps, key), -steps, key) == pitch


def test_a_figure_on_c_goes_to_f_as_a_sequence() -> None:
    key, heard = parse_key("C major"), [(64, 1.0), (67, 1.0), (71, 0.3), (64, 1.0)]
    steps = sequenced(heard, parse_chord("F"), key, 84)
    assert [stepped(pitch, steps, key) for pitch, _ in heard] == [65, 69, 72, 65]


def test_a_bar_rises_to_where_it_fits_and_not_too_high() -> None:
    key, chord = parse_key("C major"), parse_chord("C")
    assert risen([(60, 1.0), (64, 1.0)], chord, key, 84) == 2
    assert risen([(60, 1.0), (84, 1.0)], chord, key, 84) == 0


def test_a_held_note_of_a_tune_leans_to_the_chord() -> None:
    bias = held_bias(frozenset({0, 4, 7}))
    assert bias[60] == bias[67] > bias[62] == 0
