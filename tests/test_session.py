from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from bridge.errors import BadRequest
from bridge.events import (
    ControlSet,
    GeneratorLost,
    GeneratorReady,
    Judged,
    MorphGiven,
    PlayAsked,
    PlayerReady,
    PromptGiven,
    StopAsked,
    TasteReset,
    ToPlayer,
)
from bridge.orders import Cancel
from bridge.transport import State
from model.music import Begin, Plan, Ticks
from model.taste import drawn, shipped
from tests.performance import Rig, latencies

BEAT, BAR = 480, 1920


def playing(seed: int = 0, typical: float = 0.01, stalls: float = 0.0, **controls: float | str) -> Rig:
    rig = Rig(latencies(seed, typical, stalls))
    rig.happen(ControlSet("humanise", 0.0))
    for path, value in controls.items():
        rig.happen(ControlSet(path, value))
    rig.happen(PromptGiven("rain"))
    rig.happen(PlayAsked())
    rig.until(rig.now + 2)
    return rig


def first_notes(rig: Rig) -> dict[int, Ticks]:
    """The tick of each take's first note that sounded."""
    firsts: dict[int, Ticks] = {}
    for tick, take, _ in rig.sounded:
        firsts.setdefault(take, tick)
    return firsts


def whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def noting(begun: list[Begin]) -> Callable[[Begin], Plan]:
    """A way to understand that notes what it was asked."""

    def plan(begin: Begin) -> Plan:
        begun.append(begin)
        return Plan()

    return plan


def health(rig: Rig) -> tuple[int, int, int]:
    """What was told last: late, dropped, starved."""
    late, dropped, starved, *_ = [args for _, path, args in rig.told if path == "health"][-1]
    return whole(late), whole(dropped), whole(starved)


def paths(rig: Rig) -> list[str]:
    return [path for _, path, _ in rig.told]


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


def test_two_hundred_prompt_changes_enter_on_their_lines_and_lose_nothing() -> None:
    rig = playing(seed=1)
    rng = random.Random(2)
    asked = 1
    for i in range(200):
        rig.until(rig.now + rng.uniform(0.05, 4))
        rig.happen(PromptGiven(f"prompt {i}"))
        asked += 1
    rig.until(rig.now + 8)
    firsts = first_notes(rig)
    assert all(tick % BAR == 0 for tick in firsts.values())
    assert asked in firsts
    late, _, starved = health(rig)
    assert late == 0, "no take missed its line"
    assert starved == 0, "no bar was without a plan"
    sounded = sorted((t, take, m.pitch) for t, take, m in rig.sounded)
    now = rig.tempo.ticks_at(rig.now)
    planned = sorted((s.at, take, s.pitch) for take, all_ in rig.planned.items() for s in all_ if s.at <= now)
    assert sounded == planned
    rig.happen(StopAsked())
    assert rig.held == {}


def test_a_take_that_is_not_ready_enters_at_the_next_line_and_is_counted() -> None:
    rig = playing()
    rig.until(rig.now + 1.5 - (rig.now - 100.03) % 1.5)  # on a bar line: bars last 1.5 s at 160
    rig.latency = lambda: 2.0
    rig.happen(PromptGiven("slow to write"))
    rig.until(rig.now + 12)
    firsts = first_notes(rig)
    assert firsts[2] % BAR == 0
    assert health(rig)[0] >= 1


@pytest.mark.parametrize(
    ("quantize", "grid"), [("beat", BEAT), ("bar", BAR), ("2bars", 2 * BAR), ("4bars", 4 * BAR)]
)
def test_a_take_enters_on_the_grid_that_was_asked_for(quantize: str, grid: int) -> None:
    rig = playing(quantize=quantize)
    rig.happen(PromptGiven("snow"))
    rig.until(rig.now + 10)
    assert first_notes(rig)[2] % grid == 0


def test_with_quantize_now_the_old_notes_stop_and_the_new_ones_begin_at_once() -> None:
    rig = playing(quantize="now")
    asked_at = rig.now
    rig.happen(PromptGiven("snow"))
    assert "cancelled" in paths(rig)
    rig.until(rig.now + 1)
    tick = first_notes(rig)[2]
    assert rig.tempo.seconds_at(tick) - asked_at < 0.1
    assert all(take == 2 for t, take, _ in rig.sounded if t >= tick)


def test_a_prompt_takes_nothing_back_of_takes_that_are_over() -> None:
    rig = playing(quantize="now")
    for words in ("snow", "wind", "hail"):
        rig.happen(PromptGiven(words))
        rig.until(rig.now + 1)
    effects = rig.session.on(PromptGiven("sun"), rig.now)
    taken_back = {e.order.take for e in effects if isinstance(e, ToPlayer) and isinstance(e.order, Cancel)}
    assert taken_back == {4}, "takes 1 to 3 have long ended"


def test_only_the_latest_of_several_prompts_is_played() -> None:
    rig = playing()
    for i in range(5):
        rig.happen(PromptGiven(f"prompt {i}"))
    rig.until(rig.now + 5)
    assert set(first_notes(rig)) == {1, 6}


def test_a_flood_of_prompts_costs_the_generator_two_takes_at_most() -> None:
    rig = playing(typical=0.01)
    free = rig.now
    for i in range(500):
        rig.happen(PromptGiven(f"prompt {i}"))
    assert len(rig._written) <= 2
    assert rig._free < free + 0.5
    rig.until(rig.now + 5)
    assert set(first_notes(rig)) == {1, 501}
    assert health(rig)[2] == 0


def test_a_new_take_brings_its_tempo_from_its_line_on() -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda b: Plan(tempo=160.0 if b.take == 1 else 80.0))
    rig.happen(ControlSet("humanise", 0.0))
    rig.happen(PromptGiven("fast"))
    rig.happen(PlayAsked())
    rig.until(rig.now + 2)
    rig.happen(PromptGiven("slow"))
    rig.until(rig.now + 6)
    line = first_notes(rig)[2]
    assert rig.tempo.bpm_at(line) == 80
    assert rig.tempo.bpm_at(Ticks(line - 1)) == 160


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


def test_a_starved_band_repeats_its_last_bar_in_time() -> None:
    rig = playing()
    rig.latency = lambda: 1e6
    rig.until(rig.now + 20)
    onsets = sorted({t for t, _, _ in rig.sounded})
    assert {b - a for a, b in pairwise(onsets)} == {BEAT}
    assert health(rig)[2] > 20


def test_after_the_generators_death_the_music_goes_on_and_a_new_one_enters_at_a_bar_line() -> None:
    rig = playing()
    rig._answers.clear()
    rig.happen(GeneratorLost())
    rig.until(rig.now + 3)
    rig.happen(GeneratorReady())
    rig.until(rig.now + 6)
    onsets = sorted({t for t, _, _ in rig.sounded})
    assert {b - a for a, b in pairwise(onsets)} == {BEAT}
    assert first_notes(rig)[2] % BAR == 0


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


def test_with_quantize_now_nothing_of_the_old_take_comes_back_while_the_new_one_is_awaited() -> None:
    rig = playing(quantize="now", typical=0.03)
    rig.until(rig.now + 0.3)
    rig.happen(PromptGiven("snow"))
    asked_at = rig.tempo.ticks_at(rig.now)
    rig.until(rig.now + 2)
    assert all(take == 2 for t, take, _ in rig.sounded if t > asked_at)
    assert health(rig)[2] == 0


def test_with_quantize_now_a_band_at_its_first_beat_waits_without_spinning() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(ControlSet("quantize", "now"))
    rig.happen(PromptGiven("rain"))
    rig.happen(PlayAsked())
    rig.until(rig.now + 0.025)
    rig.latency = lambda: 5.0
    rig.happen(PromptGiven("snow"))
    wake = rig.session.wake()
    assert wake is not None
    rig.until(rig.now + 12)
    assert 2 in first_notes(rig)


def test_controls_while_starving_ask_for_no_beat_out_of_turn() -> None:
    rig = playing()
    rig.latency = lambda: 3.0
    rig.until(rig.now + 4)
    for i in range(100):
        rig.happen(ControlSet("density", i / 100))
    rig.happen(ControlSet("meter", "3/4"))
    rig.latency = lambda: 0.01
    rig.until(rig.now + 12)
    starved = health(rig)[2]
    rig.until(rig.now + 6)
    assert health(rig)[2] == starved, "the band has caught up"


def between_two(begin: Begin) -> Plan:
    return Plan(tempo=60.0, swing=0.5) if begin.prompt == "calm" else Plan(tempo=240.0, swing=0.7)


def morphing(x: float) -> Rig:
    rig = Rig(latencies(0, 0.01), plan=between_two)
    rig.happen(ControlSet("humanise", 0.0))
    rig.happen(MorphGiven("calm", "wild", x))
    rig.happen(PlayAsked())
    rig.until(rig.now + 2)
    return rig


def test_a_morph_plays_between_its_prompts_and_moves_with_its_place() -> None:
    rig = morphing(0.5)
    assert rig.tempo.segments[-1].bpm == pytest.approx(120)
    assert ("understood/swing", (pytest.approx(0.6),)) in [(p, a) for _, p, a in rig.told]
    rig.happen(ControlSet("morph/x", 1.0))
    assert rig.tempo.segments[-1].bpm == pytest.approx(240)
    assert ("understood/tempo", (240.0,)) in [(p, a) for _, p, a in rig.told]
    rig.until(rig.now + 3)
    assert set(first_notes(rig)) == {1}, "it is still the same take"
    assert (rig.places[0], rig.places[-1]) == (0.5, 1.0)
    assert rig.session.asked("morph") == ("calm", "wild", 1.0)
    assert health(rig)[2] == 0


def test_the_place_of_a_morph_does_not_touch_a_take_of_one_prompt() -> None:
    rig = playing()
    before = len(rig.told)
    rig.happen(ControlSet("morph/x", 0.7))
    assert not [path for _, path, _ in rig.told[before:] if path == "cancelled"]
    assert rig.tempo.segments[-1].bpm == 160


def test_the_place_of_a_coming_morph_leaves_the_tempo_of_what_plays() -> None:
    rig = morphing(0.0)
    rig.happen(MorphGiven("wild", "wild", 0.0))
    rig.happen(ControlSet("morph/x", 0.9))
    assert rig.tempo.bpm_at(Ticks(rig.tempo.ticks_at(rig.now) + 1)) == 60
    rig.until(rig.now + 6)
    line = first_notes(rig)[2]
    assert (rig.tempo.bpm_at(Ticks(line - 1)), rig.tempo.bpm_at(line)) == (60, 240)


def test_a_flood_of_places_does_not_starve_the_band() -> None:
    rig = morphing(0.0)
    for i in range(200):
        rig.happen(ControlSet("morph/x", i / 200))
        rig.until(rig.now + 0.02)
    rig.until(rig.now + 2)
    assert rig.places[-1] == pytest.approx(199 / 200)
    rig.happen(StopAsked())
    assert rig.held == {}


def test_what_is_liked_moves_the_users_weights_towards_the_take_that_plays() -> None:
    rig = playing(seed=0)
    [(name, value)] = [(n, v) for n, v in shipped().items() if n == "text"]
    drawn_value = dict(drawn(shipped(), 7))[name]
    rig.happen(Judged(liked=True))
    assert min(value, drawn_value) < rig.kept[-1][name] < max(value, drawn_value)
    rig.happen(TasteReset())
    assert rig.kept[-1] == shipped()
    rig.happen(Judged(liked=False))
    assert (rig.kept[-1][name] - value) * (drawn_value - value) < 0


def test_nothing_is_judged_while_nothing_plays() -> None:
    rig = Rig(latencies(0, 0.01))
    for liked in (True, False):
        with pytest.raises(BadRequest, match="no take plays"):
            rig.happen(Judged(liked))
    assert rig.kept == []


def test_the_taste_goes_with_later_takes_by_their_seed() -> None:
    begun: list[Begin] = []
    rig = Rig(latencies(0, 0.01), plan=noting(begun))
    for _ in range(2):
        rig.happen(PromptGiven("rain"))
        rig.until(rig.now + 1)
    assert begun[0].theta == begun[1].theta == tuple(drawn(shipped(), 7).items())
    assert begun[0].controls.guidance is None, "a guidance that was not set is the taste's"
    rig.happen(ControlSet("guidance", 2.0))
    rig.happen(PromptGiven("rain"))
    rig.until(rig.now + 1)
    assert begun[-1].controls.guidance == 2.0


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
