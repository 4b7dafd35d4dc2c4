"""What is heard in notes, and how common that is among people."""

from dataclasses import replace

import pytest

from bench.music.obedience import measure_song
from bench.music.obedience.percentiles import made, reference
from model.music.harmony import parse_key
from tests.bench.test_obedience import note, song, triad


def test_a_strummed_chord_is_one_onset() -> None:
    strummed = [replace(n, offset=i * 10) for i, n in enumerate(triad(0, 60))]
    assert measure_song.onsets(song(*strummed), "chords") == [0]


def test_swung_off_beats_are_heard_later_than_straight_ones() -> None:
    straight = song(*(note(i / 2, 60, 0.5) for i in range(8)))
    swung = song(*(note(i // 2 + (2 / 3) * (i % 2), 60, 0.3) for i in range(8)))
    assert measure_song.swing(straight) == pytest.approx(0.5)
    assert measure_song.swing(swung) == pytest.approx(2 / 3)


def test_sixteenths_of_straight_music_do_not_swing() -> None:
    assert measure_song.swing(song(*(note(i / 4, 60, 0.25) for i in range(16)))) == pytest.approx(0.5)


def test_lydian_is_brighter_than_phrygian_on_one_tonic() -> None:
    modes = [song(*(note(i / 2, 60 + s, 0.5) for i, s in enumerate(parse_key(f"C {m}").scale))) for m in
             ("phrygian", "minor", "dorian", "mixolydian", "major", "lydian")]  # fmt: skip
    light = [measure_song.mode_light(s, 0) or 0.0 for s in modes]
    assert light == sorted(light)


def test_short_notes_are_heard_as_short() -> None:
    staccato, legato = (song(*(note(i, 60, length) for i in range(4))) for length in (0.25, 1.0))
    assert measure_song.articulation(staccato) == pytest.approx(0.25)
    assert measure_song.articulation(legato) == pytest.approx(1.0)


def test_swung_sixteenths_are_swing_too() -> None:
    swung = song(*(note(i // 2 / 2 + 0.3 * (i % 2), 60, 0.15) for i in range(16)))
    assert measure_song.off_beat(swung) == pytest.approx(0.6)


def test_a_bass_that_moves_on_every_quarter_walks() -> None:
    walking = song(*(note(i, 36 + i, 1, "bass") for i in range(4)))
    standing = song(*(note(i, 36, 1, "bass") for i in range(4)))
    assert measure_song.walking(walking) == 0.75  # the first note has none before it
    assert measure_song.walking(standing) == 0


def test_a_dissonance_is_less_consonant_than_a_fifth() -> None:
    fifth, second = song(note(0, 60), note(0, 67)), song(note(0, 60), note(0, 61))
    assert measure_song.consonance(fifth) == 1
    assert measure_song.consonance(second) == 0


def test_percentiles_rise_with_the_value() -> None:
    places = [reference().percentile("velocity", v) for v in range(20, 127, 5)]
    assert places == sorted(places)
    assert 0 <= places[0] < places[-1] <= 1


def test_the_middle_of_what_the_reference_was_made_of_is_its_middle() -> None:
    pieces = [("pop", song(*(note(i * 4 / n, 60, 0.1) for i in range(n))), True) for n in range(1, 17)]
    levels = made(pieces).levels(pieces[8][1], "pop")
    assert levels["density"] == pytest.approx(0.5, abs=0.1)
