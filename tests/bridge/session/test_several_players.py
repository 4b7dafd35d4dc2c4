"""A keyboard and a bass player, each at an input of its own: what the band hears in both, and what it leaves to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from bridge.midi.protocol import InputLost, MidiReceived
from model.music.harmony import parse_chord
from tests.bridge.session.test_accompaniment import first_line, playing
from tests.support.midi_player import chords, line, struck

BEAT = 0.5
BAR = 4 * BEAT


def at_input(number: int, events: Iterable[MidiReceived]) -> list[MidiReceived]:
    return [replace(event, input=number) for event in events]


def together(*played: list[MidiReceived]) -> list[MidiReceived]:
    return sorted((event for events in played for event in events), key=lambda e: e.at)


def roots(pitches: Iterable[int], began: float, beats: int = 4) -> list[MidiReceived]:
    return line([p for p in pitches for _ in range(4 // beats)], began, beats * BEAT)


def test_the_chord_is_that_of_the_keyboard_over_the_bass() -> None:
    rig = playing()
    began = first_line(rig)
    keys = at_input(1, chords(["Am", "Am", "C", "C"] * 2, began, BAR, loose=0.01))
    bass = at_input(2, roots((45, 41, 36, 45) * 2, began))
    rig.perform(together(keys, bass), began + 8 * BAR)
    heard = [w.hands.chord for w in rig.writes if w.hands is not None and w.index >= 20]
    assert {"Am", "Fmaj7", "C", "Am7"} >= {h for h in heard if h is not None} >= {"Fmaj7", "Am7"}


def test_either_alone_would_have_told_another_chord() -> None:
    for number, wanted in ((1, 9), (2, 5)):
        rig = playing()
        began = first_line(rig)
        played = chords(["Am"] * 4, began, BAR) if number == 1 else roots((41,) * 4, began)
        rig.perform(at_input(number, played), began + 4 * BAR)
        told = [w.hands.chord for w in rig.writes if w.hands is not None and w.hands.chord is not None]
        assert parse_chord(told[-1]).root == wanted


def test_the_band_plays_neither_chords_nor_bass_while_both_are_played() -> None:
    rig = playing()
    began = first_line(rig)
    keys = at_input(1, chords(["C", "F"] * 4, began, BAR))
    bass = at_input(2, line([36, 40, 43, 45, 41, 45, 48, 45] * 4, began, BEAT))
    rig.perform(together(keys, bass), began + 8 * BAR)
    late = [w for w in rig.writes if w.index >= 8 and w.hands is not None]
    assert late
    assert all(w.hands is not None and w.hands.parts == {"chords", "bass"} for w in late)
    told = max(late[-1].played)[1]
    assert {n.part for n in told.notes} >= {"chords", "bass", "drums"}, "the band knows what was played beside it"
    assert {n.pitch for n in told.notes if n.part == "bass"} < {36, 40, 43, 45, 41, 48}


def test_the_band_takes_the_bass_again_when_its_player_rests() -> None:
    rig = playing()
    began = first_line(rig)
    keys = at_input(1, chords(["C", "F"] * 6, began, BAR))
    bass = at_input(2, line([36, 40, 43, 40] * 4, began, BEAT))
    rig.perform(together(keys, bass), began + 12 * BAR)
    parts = [w.hands.parts for w in rig.writes if w.hands is not None]
    assert {"chords", "bass"} in parts
    assert parts[-1] == {"chords"}
    told = [args for _, path, args in rig.told if path == "input/plays"]
    assert told == [(1, "chords"), (2, "bass"), (2, "rests")]


def test_a_single_player_is_accompanied_as_before() -> None:
    rig = playing()
    began = first_line(rig)
    rig.perform(chords(["C", "F"] * 2, began, BAR), began + 4 * BAR)
    assert all(w.hands is None or not w.hands.parts for w in rig.writes)


def test_the_key_is_that_of_all_notes() -> None:
    """The chords lie in C and in F major alike; the bass has the B flat."""
    rig = playing()
    began = first_line(rig)
    keys = at_input(1, chords(["F", "Dm", "Am", "C"] * 4, began, BAR))
    bass = at_input(2, line([41, 45, 46, 45, 38, 46, 45, 41, 45, 46, 45, 43, 36, 46, 45, 43] * 4, began, BEAT))
    rig.perform(together(keys, bass), began + 16 * BAR)
    told = [args[0] for _, path, args in rig.told if path == "understood/key"]
    assert told[-1] in ("F major", "D minor")


def test_without_chords_the_bass_tells_them_and_a_melody_their_thirds() -> None:
    rig = playing(key="C major")
    began = first_line(rig)
    tune = at_input(1, line([78, 79, 81, 79, 78, 76, 74, 76] * 2, began, BEAT))
    bass = at_input(2, roots((38,) * 4, began + 0.01))
    rig.perform(together(tune, bass), began + 4 * BAR)
    told = [w.hands for w in rig.writes if w.hands is not None and w.index >= 8]
    assert {h.chord for h in told} == {"D"}
    assert all(h.parts == {"melody", "bass"} for h in told)


def test_a_mode_for_each_input_goes_before_what_is_found() -> None:
    rig = playing(follow__mode="chords,melody")
    began = first_line(rig)
    keys = at_input(1, chords(["C"] * 4, began, BAR))
    low_tune = at_input(2, line([40, 43, 45, 43] * 4, began, BEAT))
    rig.perform(together(keys, low_tune), began + 4 * BAR)
    late = [w.hands for w in rig.writes if w.hands is not None and w.index >= 8]
    assert {h.chord for h in late} == {"C"}
    assert all(h.parts == {"chords", "melody"} for h in late)


@pytest.mark.parametrize("delay", [0.0, 0.17])
def test_notes_that_are_known_late_count_from_when_they_began(delay: float) -> None:
    """Sound is known some time after it was played: --input audio."""
    rig = playing()
    began = first_line(rig)
    keys = chords(["C", "F", "G", "C"], began, BAR)
    bass = at_input(2, roots((36, 38, 43, 45), began))
    for event in sorted([*((e.at, e) for e in keys), *((e.at + delay, e) for e in bass)], key=lambda pair: pair[0]):
        rig.until(event[0])
        rig.happen(event[1])
    rig.until(began + 4 * BAR)
    for bar, wanted in enumerate(("C", "Dm7", "G", "Am7")):
        told = [args[0] for at, path, args in rig.told if path == "chord" and at < began + bar * BAR + 0.9 * BEAT]
        assert told[-1] == wanted, bar


@pytest.mark.parametrize("place", [0.33, 0.5, 0.65])
@pytest.mark.parametrize(("held", "wanted"), [((57, 60, 64), "Fmaj7"), ((), "F")])
def test_a_bass_line_tells_the_chord_wherever_in_the_beat_it_lies(
    held: tuple[int, ...], wanted: str, place: float
) -> None:
    """Its player keeps the tempo but not the beat, as off-beats do: none of its notes may lie on a beat of ours."""
    rig = playing()
    began = first_line(rig)
    for pitch in held:
        rig.happen(struck(began, pitch))
    for event in at_input(2, roots((41,) * 4, began + BAR + place * BEAT)):
        rig.until(event.at + 0.16)
        rig.happen(event)
    assert [args[0] for _, path, args in rig.told if path == "chord"][-1] == wanted


def test_a_passing_note_before_the_bar_is_not_the_bass_of_the_chord_on_it() -> None:
    rig = playing()
    began = first_line(rig)
    keys = chords(["Am", "C"] * 2, began, BAR)
    bass = line([45, 45, 45, 47, 36, 36, 36, 44] * 2, began, BEAT)
    for event in sorted(
        [*((e.at, e) for e in keys), *((e.at + 0.17, e) for e in at_input(2, bass))], key=lambda e: e[0]
    ):
        rig.until(event[0])
        rig.happen(event[1])
    told = {args[0] for at, path, args in rig.told if path == "chord" and at >= began + 0.9 * BAR}
    assert told <= {"Am", "C", "C/A", "Am7"}


def test_when_one_input_is_lost_the_other_leads_on_and_the_band_takes_the_part() -> None:
    rig = playing()
    began = first_line(rig)
    keys = at_input(1, chords(["Am"] * 10, began, BAR))
    held = replace(struck(began + 4 * BAR, 41), input=2)
    bass = at_input(2, line([41] * 16, began, BEAT))
    rig.perform(together([e for e in keys if e.at < began + 4.6 * BAR], bass, [held]), began + 4.6 * BAR)
    assert rig.writes[-1].hands is not None
    assert rig.writes[-1].hands.parts == {"chords", "bass"}
    assert rig.writes[-1].hands.chord == "Fmaj7"
    rig.happen(InputLost(rig.now, 2))
    assert {k.input for k in rig.session._accompaniment.follower.keyboard.held_keys} == {1}
    rig.perform([e for e in keys if e.at >= rig.now], began + 10 * BAR)
    assert rig.writes[-1].hands is not None
    assert rig.writes[-1].hands.parts == {"chords"}
    assert rig.writes[-1].hands.chord == "Am"


@pytest.mark.parametrize("delay", [0.0, 1.3])
def test_a_bass_that_enters_under_a_long_held_chord_changes_it(delay: float) -> None:
    rig = playing()
    began = first_line(rig)
    rig.perform(at_input(1, [struck(began, p) for p in (57, 60, 64)]), began + 3 * BAR)
    for event in at_input(2, line([41] * 12, began + 3 * BAR, BEAT)):
        rig.until(event.at + 0.16)
        rig.happen(event)
    assert [args[0] for _, path, args in rig.told if path == "chord"][-1] == "Fmaj7"
