"""Controls that change what is planned already: mutes, kits, offsets, metre, tempo."""

from __future__ import annotations

import random
from itertools import pairwise

from bridge.protocol.events import ControlSet, PromptRequested
from model.music.notes import Ticks
from tests.support.virtual_band import BEAT, paths, playing


def test_a_set_tempo_acts_at_once_and_goes_before_the_words() -> None:
    rig = playing()
    rig.happen(ControlSet("tempo", 90.0))
    assert rig.tempo.bpm_at(Ticks(rig.tempo.ticks_at(rig.now) + 1)) == 90
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 6)
    assert rig.tempo.segments[-1].bpm == 90


def test_muting_a_part_takes_its_planned_notes_back() -> None:
    rig = playing()
    rig.happen(ControlSet("part/melody/enabled", 0))
    muted_at = rig.tempo.ticks_at(rig.now) + 2 * BEAT
    rig.until(rig.now + 5)
    assert any(path == "cancelled" for path in paths(rig))
    assert all(m.channel != 1 for t, _, m in rig.sounded if t >= muted_at)


def test_what_is_rewritten_or_arranged_again_lets_sounding_notes_ring() -> None:
    for path, value in (("density", 0.9), ("transpose", 2), ("part/melody/level", 0.5)):
        rig = playing()
        rig.until(100.03 + 6 * 0.375 + 0.05)  # beat 6 of the generator has a chord of two beats
        held = set(rig.held)
        rig.happen(ControlSet(path, value))
        rig.until(rig.now + 0.5)
        chords = {voice for voice in held if voice[1] == 0}
        assert chords
        assert chords <= set(rig.held), path


def test_looseness_and_offsets_leave_no_note_behind_and_double_none() -> None:
    rig = playing(humanise=1.0)
    rig.happen(ControlSet("part/bass/offset", -80.0))
    rng = random.Random(3)
    for i in range(60):
        rig.until(rig.now + rng.uniform(0.05, 1.5))
        match i % 3:
            case 0:
                rig.happen(PromptRequested(f"prompt {i}"))
            case 1:
                rig.happen(ControlSet("transpose", rng.randint(-2, 2)))
            case _:
                rig.happen(ControlSet("density", rng.random()))
    rig.until(rig.now + 4)
    bass = sorted(t for t, _, m in rig.sounded if m.channel == 2)
    assert min(b - a for a, b in pairwise(bass)) > BEAT / 2, "one bass note a beat, none twice"


def test_a_mute_reaches_the_old_take_too_while_a_new_one_is_planned() -> None:
    rig = playing()
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 0.2)
    rig.happen(ControlSet("part/melody/enabled", 0))
    muted_at = rig.tempo.ticks_at(rig.now) + BEAT
    rig.until(rig.now + 5)
    assert all(m.channel != 1 for t, _, m in rig.sounded if t > muted_at)


def test_a_kit_is_sent_to_the_notes_of_its_map_at_once_and_is_never_transposed() -> None:
    rig = playing(transpose=5)
    assert {m.pitch for _, _, m in rig.sounded if m.channel == 9} == {36, 42}
    rig.happen(ControlSet("drums/map", "kick:35,closed_hat:44"))
    changed_at = rig.tempo.ticks_at(rig.now) + BEAT
    rig.until(rig.now + 4)
    assert {m.pitch for t, _, m in rig.sounded if m.channel == 9 and t > changed_at} == {35, 44}


def test_a_part_that_was_muted_comes_back_within_a_beat() -> None:
    rig = playing(**{"part/drums/enabled": 0})
    assert all(m.channel != 9 for _, _, m in rig.sounded)
    rig.happen(ControlSet("part/drums/enabled", 1))
    asked_at = rig.tempo.ticks_at(rig.now)
    rig.until(rig.now + 2)
    assert asked_at < min(t for t, _, m in rig.sounded if m.channel == 9) <= asked_at + 2 * BEAT
