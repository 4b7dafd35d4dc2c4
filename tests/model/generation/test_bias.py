"""Laws of the bias formulas, of the features of the last beats, and of target densities."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model.decoder.tokenizer import LENGTHS, STEP, note_row
from model.generation import bias_terms, chord_bias
from model.generation.bias_weights import BiasWeights
from model.generation.history import (
    density_errors,
    share_outside_scale,
    sounding_until,
    target_onsets,
    velocity_corrections,
)
from model.music.drums import ROLES
from model.music.harmony import DECODER_QUALITIES, QUALITIES
from model.music.notes import PARTS, Beat, Note, Ticks
from model.music.plan import Plan
from model.styles import STYLES, performed_share

LEVELS = st.floats(0, 1)
MIXES = st.sampled_from(list(STYLES)).map(lambda name: ((name, 1.0),))
PITCHED = st.sampled_from(("bass", "chords", "melody"))


@given(st.floats(0, 0.99), st.floats(0, 0.99), st.floats(0.1, 6))
def test_the_tighter_the_lock_the_more_a_foreign_tone_costs(one: float, other: float, weight: float) -> None:
    top_p_when_played, tight = (bias_terms.outside_cost(scale_lock, weight) for scale_lock in sorted((one, other)))
    assert tight <= top_p_when_played <= 0
    assert bias_terms.outside_cost(0, weight) == 0
    assert bias_terms.outside_cost(1, weight) == -1e9


@given(st.floats(0, 40), st.floats(0.5, 8), st.floats(0.1, 4))
def test_more_onsets_than_wanted_crowd_and_fewer_leave_room(onsets: float, quarters: float, wanted: float) -> None:
    density_error = bias_terms.log_density_error(onsets, quarters, wanted)
    assert density_error * (onsets - quarters * wanted) >= 0
    assert density_error <= bias_terms.log_density_error(onsets + 1, quarters, wanted)
    assert bias_terms.log_density_error(quarters * wanted, quarters, wanted) == 0


@given(st.frozensets(st.integers(0, 11), max_size=7))
def test_the_fewer_roots_were_heard_the_more_a_new_one_of_the_scale_is_worth(heard: frozenset[int]) -> None:
    major = frozenset({0, 2, 4, 5, 7, 9, 11})
    bias = chord_bias.new_root_bias(heard, 0, major, 2.0)
    away = heard - {0}
    assert not bias[[r for r in range(12) if r in away or r not in major]].any()
    assert bias[0] == bias.max() == pytest.approx(2 * max(0, 1 - len(away) / chord_bias.USUAL_ROOTS))


def test_music_that_people_play_is_drawn_loosely_and_a_mix_lies_between() -> None:
    theta = BiasWeights(
        top_p=0.8,
        top_p_when_played=0.96,
        new_roots=2,
        energy_articulation=2,
        scale=3,
        scale_when_played=1,
        chord_change=1,
    )
    machine, half, people = (theta.for_performed_share(performed_share(mix)) for mix in (
        (("techno", 1.0),), (("techno", 0.5), ("pop ballad", 0.5)), (("folk", 0.6), ("hymn", 0.4))
    ))  # fmt: skip
    assert [t.top_p for t in (machine, half, people)] == pytest.approx([0.8, 0.88, 0.96])
    assert [t.new_roots for t in (machine, half, people)] == pytest.approx([0.5, 1, 2])
    assert [t.energy_articulation for t in (machine, half, people)] == pytest.approx([2, 1, 0])
    assert [t.scale_when_played for t in (machine, half, people)] == pytest.approx([3, 2, 1])
    assert [t.chord_change for t in (machine, half, people)] == pytest.approx([1, 0.5, 0])
    assert theta.while_morphing().chord_change == 0
    assert theta.for_performed_share(performed_share(())) == replace(theta, new_roots=0.5, scale_when_played=3)


def test_what_lay_outside_the_scale_of_late_is_counted_by_its_time_and_forgotten_in_time() -> None:
    c_major = {0, 2, 4, 5, 7, 9, 11}
    notes = tuple(Note(Ticks(0), Ticks(length), pitch, 80, part) for length, pitch, part in (
        (360, 60, "melody"), (120, 66, "melody"), (480, 38, "drums")
    ))  # fmt: skip
    beat = Beat(0, 0, 0, "4/4", None, fresh=False, notes=notes)
    within = replace(beat, notes=notes[:1])
    assert share_outside_scale([], c_major) == share_outside_scale([within], c_major) == 0
    assert share_outside_scale([beat], c_major) == pytest.approx(0.25)
    assert share_outside_scale([beat, *[within] * 8], c_major) == 0


@given(st.floats(10, 120))
def test_the_wanted_touch_is_worth_most(wanted: float) -> None:
    bias = bias_terms.velocity_bias(wanted, 1.0)[:17]
    middle = (int(bias.argmax()) - 1) * 8 + 4
    assert abs(middle - wanted) <= 4 + 1e-9


@given(st.floats(-1, 1), st.floats(0, 6))
def test_a_high_place_raises_what_is_high_and_no_place_raises_nothing(register_position: float, weight: float) -> None:
    bias = bias_terms.register_bias(register_position, 48, 72, weight)
    assert np.all(np.diff(bias) * register_position >= 0)
    assert bias[60] == 0
    long = bias_terms.length_bias(register_position, weight)
    assert np.all(np.diff(long) * register_position >= 0)
    assert long[LENGTHS.index(6)] == 0


@given(st.integers(0, 11), LEVELS, st.floats(0.1, 3))
def test_the_sharp_side_of_a_key_is_worth_more_where_it_shall_be_bright(
    tonic: int, brightness: float, weight: float
) -> None:
    bias = bias_terms.brightness_bias(tonic, brightness, weight)
    lydian, phrygian = bias[(tonic + 6) % 12], bias[(tonic + 1) % 12]
    assert (lydian - phrygian) * (brightness - 0.5) >= 0
    assert bias[tonic] == 0
    minor = frozenset((tonic + step) % 12 for step in (0, 2, 3, 5, 7, 8, 10))
    roots = chord_bias.root_brightness_bias(tonic, minor, brightness, 0.0, weight)
    assert (roots[(tonic + 7) % 12] - roots[(tonic + 8) % 12]) * (brightness - 0.5) >= 0, "v is brighter than VI"
    thirds = chord_bias.root_brightness_bias(tonic, minor, 0.5, brightness - 0.5, weight)
    assert (thirds[(tonic + 8) % 12] - thirds[(tonic + 7) % 12]) * (brightness - 0.5) >= 0, (
        "VI has a major third, v a minor one"
    )


@given(st.floats(0, 8), st.sampled_from((-6, 0, 6, 12)))
def test_what_is_owed_is_rounded_to_whole_onsets(onsets_owed: float, after: int) -> None:
    bias = bias_terms.owed_bias(onsets_owed, 2.0, after)
    assert np.all(bias * (onsets_owed - 0.5) >= 0)
    assert np.all(bias_terms.owed_bias(onsets_owed + 1, 2.0, after) > bias)


@given(st.floats(30, 90))
def test_a_part_that_is_led_is_free_near_its_height_and_pays_by_the_semitone_beyond(height: float) -> None:
    bias = bias_terms.target_pitch_bias(height)
    away = np.abs(np.arange(128) - height)
    assert np.all(bias[away <= bias_terms.FREE_SEMITONES] == 0)
    assert np.all(np.diff(bias[away.argsort(kind="stable")]) <= 0)
    assert bias[away > bias_terms.FREE_SEMITONES].max(initial=-1) < 0


def test_plain_wishes_want_triads_and_rich_ones_more_tones() -> None:
    names = DECODER_QUALITIES

    def best(complexity: float) -> int:
        wanted = chord_bias.chord_size(complexity)
        bias = chord_bias.chord_size_bias(wanted, 1.5) + chord_bias.altered_quality_bias(1.5)
        return len(QUALITIES[names[int(bias.argmax())]])

    assert best(0.0) == 3
    assert best(1.0) >= 5


@given(LEVELS, LEVELS)
def test_light_moves_thirds_and_nothing_at_the_middle(one: float, other: float) -> None:
    names = DECODER_QUALITIES
    dark, bright = (chord_bias.third_bias(b, 1.0) for b in sorted((one, other)))
    major, minor = names.index(""), names.index("m")
    assert bright[major] - bright[minor] >= dark[major] - dark[minor]


@given(st.dictionaries(st.integers(0, 11), st.floats(1, 960), min_size=1), st.integers(0, 11))
def test_a_root_covers_what_its_best_triad_does(melody: dict[int, float], root: int) -> None:
    durations = tuple(melody.items())
    bias = chord_bias.covering_root_bias(durations, 1.0)[root]
    qualities = chord_bias.covering_quality_bias(durations, root, 1.0)
    assert -1e-9 <= bias <= 1 + 1e-9
    assert bias == pytest.approx(max(qualities[DECODER_QUALITIES.index(n)] for n in ("", "m")))


@given(LEVELS, LEVELS, st.sampled_from(PARTS))
def test_energy_is_loud_layered_and_wide(one: float, other: float, part: str) -> None:
    low, high = sorted((one, other))
    assert bias_terms.target_velocity(part, low) <= bias_terms.target_velocity(part, high)
    assert np.all(bias_terms.drum_layer_bias(low, 0, 0, 1.0) <= bias_terms.drum_layer_bias(high, 0, 0, 1.0))
    assert bias_terms.register_position(0, {}, "melody", 0.5, low) <= bias_terms.register_position(
        0, {}, "melody", 0.5, high
    )
    assert bias_terms.register_position(0, {}, "bass", 0.5, low) >= bias_terms.register_position(
        0, {}, "bass", 0.5, high
    )


@given(LEVELS, LEVELS, LEVELS)
def test_a_bright_kit_rings_and_a_dark_one_is_skin_and_wood(one: float, other: float, energy: float) -> None:
    dark, bright = (bias_terms.drum_layer_bias(energy, 0, b, 1.0) for b in sorted((one, other)))
    assert np.all(dark[list(bias_terms.BRIGHT_DRUMS)] <= bright[list(bias_terms.BRIGHT_DRUMS)])
    assert np.all(dark[list(bias_terms.DARK_DRUMS)] >= bright[list(bias_terms.DARK_DRUMS)])
    assert dark[ROLES["kick"]] == bright[ROLES["kick"]]


@given(LEVELS, LEVELS, st.floats(0, 3), st.floats(-1, 1).filter(bool))
def test_notes_are_the_shorter_the_more_energy_there_is_unless_the_words_say_how_long(
    one: float, other: float, energy_articulation: float, said: float
) -> None:
    calm, lively = sorted((one - 0.5, other - 0.5))
    assert bias_terms.target_articulation(0, calm, energy_articulation) >= bias_terms.target_articulation(
        0, lively, energy_articulation
    )
    assert bias_terms.target_articulation(0, 0, energy_articulation) == 0
    assert bias_terms.target_articulation(said, one, energy_articulation) == bias_terms.STATED_ARTICULATION_GAIN * said


@given(st.floats(-1, 1).filter(lambda x: abs(x) > 0.01))
def test_what_the_words_say_of_height_goes_before_brightness_and_energy(said: float) -> None:
    assert bias_terms.register_position(0, {"melody": said}, "melody", 1.0, 1.0) == said


@given(MIXES, st.sampled_from(PARTS), LEVELS, LEVELS)
def test_a_higher_density_never_wants_fewer_onsets(
    mix: tuple[tuple[str, float], ...], part: str, one: float, other: float
) -> None:
    few, many = (target_onsets(mix, part, d) for d in sorted((one, other)))
    assert 0 < few <= many
    assert target_onsets(mix, part, 0) < target_onsets(mix, part, 1)


@example((("r&b", 1.0),), (("pop ballad", 1.0),), "chords", 5e-324)
@given(MIXES, MIXES, st.sampled_from(PARTS), LEVELS)
def test_a_mix_of_styles_lies_between_them(
    one: tuple[tuple[str, float], ...], other: tuple[tuple[str, float], ...], part: str, share: float
) -> None:
    mixed = ((one[0][0], share), (other[0][0], 1 - share))
    ends = sorted(target_onsets(m, part, 0.5) for m in (one, other))
    if one != other and 0 < share < 1:
        assert ends[0] - 1e-9 <= target_onsets(mixed, part, 0.5) <= ends[1] + 1e-9


def beat(index: int, *notes: Note) -> Beat:
    return Beat(index, index // 4, index % 4, "4/4", None, fresh=False, notes=notes)


def test_a_part_that_never_rests_is_crowded_and_one_that_is_silent_is_not() -> None:
    full = [beat(i, *(Note(Ticks(120 * k), Ticks(60), 60, part="melody") for k in range(4))) for i in range(8)]
    plan = Plan(style=(("pop", 1.0),), density=0.3)
    found = density_errors(full, plan, frozenset({"melody", "bass"}))
    assert found["melody"] > 0 > found["bass"]


@given(st.integers(1, 120), st.floats(20, 110))
def test_a_lift_brings_a_part_nearer_to_the_wanted_loudness(velocity: int, wanted: float) -> None:
    row = note_row(Note(Ticks(0), Ticks(STEP * 12), 60, 8 * (velocity // 8) + 4, "chords"))
    drawn = 8 * (velocity // 8) + 4
    lift = velocity_corrections([[row]], {"chords": wanted})["chords"]
    assert abs(drawn + lift - wanted) <= abs(drawn - wanted) + 0.5
    assert not velocity_corrections([[row]], {})


@given(st.integers(1, 8), st.integers(0, 3), PITCHED)
def test_a_note_is_busy_until_it_ends(quarters: int, ago: int, part: str) -> None:
    held = Note(Ticks(0), Ticks(480 * quarters), 60, part=part)
    beats = [beat(0, held), *(beat(i + 1) for i in range(ago))]
    left = quarters - (ago + 1)
    assert sounding_until(beats) == ({(part, 60): 24 * left} if left > 0 else {})


def test_drums_are_never_busy() -> None:
    assert not sounding_until([beat(0, Note(Ticks(0), Ticks(4800), 36, part="drums"))])


def test_crowding_is_a_logarithm() -> None:
    assert bias_terms.log_density_error(32, 8, 1) == pytest.approx(math.log(34 / 10) - 0.1)


def test_a_swing_that_was_stated_asks_for_off_beats_until_some_are_heard() -> None:
    silent, heard = bias_terms.swing_bias(1.0, 8), bias_terms.swing_bias(0.0, 8)
    assert silent.argmax() == 12
    assert silent[12] > heard[12] == 0
    assert silent[16] == heard[16] < 0  # a triplet is neither straight nor swung
    assert bias_terms.swing_bias(1.0, 16)[[6, 18]].min() > 0


def test_a_melody_does_not_rub_against_what_a_chord_puts_in_place_of_the_scale() -> None:
    c_minor, c_major_chord = frozenset({0, 2, 3, 5, 7, 8, 10}), frozenset({0, 4, 7})
    off, on = (bias_terms.rub_bias(c_major_chord, c_minor, on_beat) for on_beat in (False, True))
    assert off[63] == -bias_terms.RUB_COST, "Eb beside E"
    assert off[65] == -bias_terms.RUB_COST, "and F"
    assert off[60] == off[64] == off[67] == off[70] == 0
    assert on[68] == -bias_terms.AVOIDED_COST, "Ab above G, on the beat"
    assert off[68] == 0


def test_over_a_chord_of_the_scale_only_the_beat_avoids_what_lies_a_semitone_above_its_tones() -> None:
    scale, chord = frozenset({0, 2, 4, 5, 7, 9, 11}), frozenset({0, 4, 7, 11})
    assert not bias_terms.rub_bias(chord, scale, False).any()
    assert {p % 12 for p in np.flatnonzero(bias_terms.rub_bias(chord, scale, True))} == {1, 5, 8}
