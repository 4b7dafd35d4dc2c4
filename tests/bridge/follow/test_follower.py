"""The follower: MIDI messages in, chord, melody and key per beat out. No session, no clock."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from bridge.clock import Seconds
from bridge.follow.follower import Follower
from bridge.follow.keyboard import BeatWindow
from bridge.midi.protocol import MidiReceived
from model.music.harmony import Chord, parse_chord, parse_key
from tests.support.midi_player import chords, let_go, line, pedal, struck

BEAT = 0.5
BEGAN = 10.0


def follow(
    events: Iterable[MidiReceived], beats: int, mode: str = "auto", meter: int = 4
) -> tuple[Follower, list[Chord | None]]:
    """Return the follower and its forecast at the end of each beat."""
    follower = Follower()
    follower.requested_mode = mode
    coming = sorted(events, key=lambda h: h.at)
    known: list[Chord | None] = []
    for index in range(beats):
        line_at = BEGAN + index * BEAT
        _pass(follower, coming, line_at)
        follower.on_beat(BeatWindow(Seconds(line_at), BEAT, index % meter, meter))
        _pass(follower, coming, line_at + BEAT - 0.001)
        known.append(follower.forecast(0))
    return follower, known


def _pass(follower: Follower, coming: list[MidiReceived], until: float) -> None:
    while True:
        due = follower.next_deadline()
        moment = coming[0].at if coming else until
        if due is not None and due <= min(moment, until):
            follower.update(due)
        elif coming and moment <= until:
            event = coming.pop(0)
            follower.receive_midi(event.at, event.data)
        else:
            return


def roots(known: Iterable[Chord | None]) -> list[int | None]:
    return [None if c is None else c.root for c in known]


def root(symbol: str) -> int:
    return parse_chord(symbol).root


PROGRESSION = ("Am", "F", "C/E", "G7")


@pytest.mark.parametrize("loose", [0.0, 0.02, 0.035])
def test_held_chords_are_known_in_their_first_beat(loose: float) -> None:
    _, known = follow(chords(PROGRESSION, BEGAN, 4 * BEAT, loose=loose), 16)
    assert roots(known) == [root(s) for s in PROGRESSION for _ in range(4)]


def test_short_chords_hold_until_the_next() -> None:
    events = [e for bar, symbol in enumerate(PROGRESSION) for e in chords([symbol], BEGAN + bar * 4 * BEAT, 0.2)]
    _, known = follow(events, 16)
    assert roots(known) == [root(s) for s in PROGRESSION for _ in range(4)]


def test_the_pedal_blurs_no_change() -> None:
    """The pedal is released after the new chord was struck, as pianists do, and held through one change."""
    events: list[MidiReceived] = []
    for bar, symbol in enumerate(PROGRESSION):
        at = BEGAN + bar * 4 * BEAT
        events += chords([symbol], at, 1.0)
        if bar != 2:
            events += [pedal(at + 0.08, down=False), pedal(at + 0.15, down=True)]
    _, known = follow(events, 16)
    assert roots(known) == [root(s) for s in PROGRESSION for _ in range(4)]


def test_broken_chords_are_known_from_their_bass_and_two_more_notes() -> None:
    figures = {"C": (36, 60, 64, 67), "Am": (45, 57, 60, 64), "F": (41, 57, 60, 65), "G": (43, 59, 62, 67)}
    pitches = [figures[s][i] for s in ("C", "Am", "F", "G") * 2 for i in (0, 1, 2, 3, 2, 1, 2, 3)]
    _, known = follow(line(pitches, BEGAN, BEAT / 2), 32)
    wanted = [root(s) for s in ("C", "Am", "F", "G") * 2 for _ in range(4)]
    later = [(k, w) for i, (k, w) in enumerate(zip(roots(known), wanted, strict=True)) if i >= 4 and i % 4]
    assert all(k == w for k, w in later)


def test_an_alberti_bass_is_one_chord() -> None:
    _, known = follow(line([48, 55, 52, 55] * 8, BEGAN, BEAT / 2), 16)
    assert set(roots(known[3:])) == {0}


def test_a_passing_chord_within_the_beat_moves_nothing() -> None:
    events = chords(["C"], BEGAN, 8 * BEAT)
    between = BEGAN + 4.5 * BEAT
    events += [struck(between, p) for p in (62, 65, 69)] + [let_go(between + 0.1, p) for p in (62, 65, 69)]
    events += [let_go(between - 0.01, p) for p in (48, 52, 55)] + [struck(between + 0.12, p) for p in (48, 52, 55)]
    _, known = follow(events, 8)
    assert set(roots(known)) == {0}


def test_a_melody_over_held_chords_changes_no_root() -> None:
    tune = line([72, 74, 76, 77, 79, 81, 83, 84] * 2, BEGAN, BEAT)
    _, known = follow([*chords(["C", "F", "C", "F"], BEGAN, 4 * BEAT), *tune], 16)
    assert roots(known) == [root(s) for s in ("C", "F", "C", "F") for _ in range(4)]


def test_a_chord_pushed_before_the_bar_is_the_next_bars() -> None:
    early = chords(["Am"], BEGAN, 3.9 * BEAT) + chords(["F"], BEGAN + 3.85 * BEAT, 4 * BEAT)
    follower = Follower()
    _pass_beats = follow(early, 8)[1]
    assert roots(_pass_beats) == [9] * 4 + [5] * 4
    assert follower.forecast(0) is None


@pytest.mark.parametrize(
    ("pitches", "mode"),
    [((72, 74, 76, 74, 72, 71, 69, 71), "melody"), ((40, 43, 45, 40, 38, 43, 40, 36), "bass")],
)
def test_single_lines_are_a_melody_or_a_bass(pitches: tuple[int, ...], mode: str) -> None:
    assert follow(line(pitches, BEGAN, BEAT), 8)[0].mode == mode


def test_hands_that_go_from_chords_to_a_melody_are_noticed() -> None:
    events = chords(["C", "F"], BEGAN, 4 * BEAT) + line([72, 74, 76, 74, 72, 71, 72, 74] * 3, BEGAN + 8 * BEAT, BEAT)
    assert follow(events, 8)[0].mode == "chords"
    assert follow(events, 32)[0].mode == "melody"


def test_a_bass_steers_the_roots_on_strong_beats_in_the_key() -> None:
    follower = Follower()
    follower.fixed_key = parse_key("G major")
    follower.requested_mode = "bass"
    events = line([43, 45, 47, 45, 40, 42, 40, 38, 36, 38, 40, 36], BEGAN, BEAT)
    known = []
    for index in range(12):
        at = BEGAN + index * BEAT
        _pass(follower, events, at)
        follower.on_beat(BeatWindow(Seconds(at), BEAT, index % 4, 4))
        _pass(follower, events, at + BEAT - 0.001)
        known.append(follower.forecast(0))
    assert [known[i] for i in (0, 4, 8)] == [Chord(7, "", 7), Chord(4, "m", 4), Chord(0, "", 0)]


def test_a_split_keyboard_has_chords_below_and_a_melody_above() -> None:
    events = chords(["C", "F"], BEGAN, 4 * BEAT) + line([64, 65, 67, 69, 71, 72, 74, 76], BEGAN, BEAT)
    follower, known = follow(events, 8, mode="split:62")
    assert roots(known) == [0] * 4 + [5] * 4
    assert [t.pitch for t in follower.melody_between(Seconds(BEGAN - 0.1), Seconds(BEGAN + 8 * BEAT))] == [
        64,
        65,
        67,
        69,
        71,
        72,
        74,
        76,
    ]


def test_the_harmony_of_a_melody_is_found_within_the_key_it_sings() -> None:
    tune = [
        67,
        67,
        69,
        67,
        72,
        71,
        67,
        67,
        69,
        67,
        74,
        72,
        67,
        67,
        79,
        76,
        72,
        71,
        69,
        77,
        77,
        76,
        72,
        74,
        72,
    ]
    follower, known = follow(line(tune, BEGAN, BEAT), 24, meter=3)
    assert follower.key is not None
    assert follower.key.pitch_classes == parse_key("C major").pitch_classes
    assert all(c is not None and c.root in (0, 2, 4, 5, 7, 9) for c in known[2:])


def test_after_two_passes_the_next_chord_is_known_before_it_is_played() -> None:
    follower, _ = follow(chords(PROGRESSION * 2, BEGAN, 4 * BEAT, loose=0.02), 32)
    ahead = [follower.forecast(k) for k in range(1, 5)]
    assert roots(ahead)[0] == root("Am")
    follower, known = follow(chords(PROGRESSION * 2, BEGAN, 4 * BEAT), 44)
    assert roots(known)[32:44] == [root(s) for s in ("Am", "F", "C/E") for _ in range(4)], "the hands rest, it goes on"


def test_without_a_loop_a_long_rest_leaves_the_model_free() -> None:
    _, known = follow(chords(["C", "Bb"], BEGAN, 4 * BEAT), 20)
    assert known[9] is not None
    assert known[-1] is None
