from __future__ import annotations

import random
from itertools import pairwise

import pytest

from bridge.errors import BadRequest
from bridge.events import (
    ControlSet,
    PlayAsked,
    PlayerReady,
    PromptGiven,
    StopAsked,
)
from bridge.transport import State
from model.music import Begin, Plan, Ticks
from tests.performance import BEAT, Rig, latencies, noting, paths, playing, whole


def test_a_prompt_while_stopped_waits_for_play() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(PromptGiven("rain"))
    rig.until(rig.now + 5)
    assert rig.session.state is State.WAITING
    assert rig.sounded == []
    rig.happen(PlayAsked())
    rig.until(rig.now + 1)
    assert rig.sounded[0][0] == 0
    assert ("state", ("playing",)) in [(path, args) for _, path, args in rig.told]


def test_play_without_a_prompt_is_the_clients_error_and_changes_nothing() -> None:
    rig = Rig(latencies(0, 0.01))
    with pytest.raises(BadRequest):
        rig.happen(PlayAsked())
    assert rig.session.state is State.IDLE


def test_stop_ends_every_note_at_once_and_keeps_the_prompt() -> None:
    rig = playing()
    rig.happen(StopAsked())
    assert rig.held == {}
    rig.until(rig.now + 3)
    assert rig.held == {}
    count = len(rig.sounded)
    rig.happen(PlayAsked())
    rig.until(rig.now + 1)
    assert len(rig.sounded) > count
    assert rig.sounded[count][0] == 0


def test_a_set_tempo_acts_at_once_and_goes_before_the_words() -> None:
    rig = playing()
    rig.happen(ControlSet("tempo", 90.0))
    assert rig.tempo.bpm_at(Ticks(rig.tempo.ticks_at(rig.now) + 1)) == 90
    rig.happen(PromptGiven("snow"))
    rig.until(rig.now + 6)
    assert rig.tempo.segments[-1].bpm == 90


def test_explicit_words_that_lose_against_a_control_are_told() -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda b: Plan(tempo=82.0, explicit=("tempo",)))
    rig.happen(ControlSet("tempo", 120.0))
    rig.happen(PromptGiven("lofi at 82 bpm"))
    rig.until(rig.now + 1)
    assert ("understood/overruled", ("tempo", "control")) in [(p, a) for _, p, a in rig.told]
    assert ("understood/tempo", (120.0,)) in [(p, a) for _, p, a in rig.told]


def test_a_new_player_is_told_the_tempo_and_all_that_is_to_come() -> None:
    rig = playing()
    rig.scheduler.silence()
    rig.held.clear()
    rig.happen(PlayerReady())
    assert rig.scheduler.busy


def test_muting_a_part_takes_its_planned_notes_back() -> None:
    rig = playing()
    rig.happen(ControlSet("part/melody/enabled", 0))
    muted_at = rig.tempo.ticks_at(rig.now) + 2 * BEAT
    rig.until(rig.now + 5)
    assert any(path == "cancelled" for path in paths(rig))
    assert all(m.channel != 1 for t, _, m in rig.sounded if t >= muted_at)


def test_a_new_metre_begins_at_a_bar_line_and_beats_are_counted_from_one() -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda b: Plan(tempo=120.0, meter="4/4" if b.take == 1 else "3/4"))
    rig.happen(PromptGiven("march"))
    rig.happen(PlayAsked())
    rig.until(rig.now + 3)
    rig.happen(PromptGiven("waltz"))
    rig.until(rig.now + 8)
    beats = [(whole(args[0]), whole(args[1])) for _, path, args in rig.told if path == "beat"]
    assert beats[:4] == [(1, 1), (1, 2), (1, 3), (1, 4)]
    assert max(b for _, b in beats[-6:]) == 3
    bars = [bar for bar, _ in beats]
    assert bars == sorted(bars)


def test_the_seed_that_is_set_is_the_takes() -> None:
    seen: list[Begin] = []
    rig = Rig(latencies(0, 0.01), plan=noting(seen))
    rig.happen(ControlSet("seed", 42))
    rig.happen(PromptGiven("rain"))
    assert seen[-1].seed == 42


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
                rig.happen(PromptGiven(f"prompt {i}"))
            case 1:
                rig.happen(ControlSet("transpose", rng.randint(-2, 2)))
            case _:
                rig.happen(ControlSet("density", rng.random()))
    rig.until(rig.now + 4)
    bass = sorted(t for t, _, m in rig.sounded if m.channel == 2)
    assert min(b - a for a, b in pairwise(bass)) > BEAT / 2, "one bass note a beat, none twice"


def test_a_mute_reaches_the_old_take_too_while_a_new_one_is_planned() -> None:
    rig = playing()
    rig.happen(PromptGiven("snow"))
    rig.until(rig.now + 0.2)
    rig.happen(ControlSet("part/melody/enabled", 0))
    muted_at = rig.tempo.ticks_at(rig.now) + BEAT
    rig.until(rig.now + 5)
    assert all(m.channel != 1 for t, _, m in rig.sounded if t > muted_at)


def test_a_control_that_beats_the_words_is_told_when_it_is_set() -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda b: Plan(tempo=82.0, explicit=("tempo",)))
    rig.happen(PromptGiven("lofi at 82 bpm"))
    rig.until(rig.now + 1)
    before = len(rig.told)
    rig.happen(ControlSet("tempo", 120.0))
    news = [(path, args) for _, path, args in rig.told[before:]]
    assert news == [("understood/tempo", (120.0,)), ("understood/overruled", ("tempo", "control"))]
    rig.happen(ControlSet("seed", 5))
    assert len(rig.told) == before + 2


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
