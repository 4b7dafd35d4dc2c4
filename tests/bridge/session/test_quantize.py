"""Where a take enters, and what becomes of the one that played."""

from __future__ import annotations

import random

import pytest

from bridge.midi.protocol import Cancel
from bridge.protocol.events import ControlSet, PlayRequested, PromptRequested, StopRequested, ToPlayer
from model.music.notes import Ticks
from model.music.plan import Plan
from tests.support.virtual_band import BAR, BEAT, Rig, first_notes, health, latencies, paths, playing


def test_two_hundred_prompt_changes_enter_on_their_lines_and_lose_nothing() -> None:
    rig = playing(seed=1)
    rng = random.Random(2)
    asked = 1
    for i in range(200):
        rig.until(rig.now + rng.uniform(0.05, 4))
        rig.happen(PromptRequested(f"prompt {i}"))
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
    rig.happen(StopRequested())
    assert rig.held == {}


def test_a_take_that_is_not_ready_enters_at_the_next_line_and_is_counted() -> None:
    rig = playing()
    rig.until(rig.now + 1.5 - (rig.now - 100.03) % 1.5)  # on a bar line: bars last 1.5 s at 160
    rig.latency = lambda: 2.0
    rig.happen(PromptRequested("slow to write"))
    rig.until(rig.now + 12)
    firsts = first_notes(rig)
    assert firsts[2] % BAR == 0
    assert health(rig)[0] >= 1


@pytest.mark.parametrize(("quantize", "grid"), [("beat", BEAT), ("bar", BAR), ("2bars", 2 * BAR), ("4bars", 4 * BAR)])
def test_a_take_enters_on_the_grid_that_was_asked_for(quantize: str, grid: int) -> None:
    rig = playing(quantize=quantize)
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 10)
    assert first_notes(rig)[2] % grid == 0


def test_with_quantize_now_the_old_notes_stop_and_the_new_ones_begin_at_once() -> None:
    rig = playing(quantize="now")
    asked_at = rig.now
    rig.happen(PromptRequested("snow"))
    assert "cancelled" in paths(rig)
    rig.until(rig.now + 1)
    tick = first_notes(rig)[2]
    assert rig.tempo.seconds_at(tick) - asked_at < 0.1
    assert all(take == 2 for t, take, _ in rig.sounded if t >= tick)


def test_a_prompt_takes_nothing_back_of_takes_that_are_over() -> None:
    rig = playing(quantize="now")
    for words in ("snow", "wind", "hail"):
        rig.happen(PromptRequested(words))
        rig.until(rig.now + 1)
    effects = rig.session.handle(PromptRequested("sun"), rig.now)
    taken_back = {e.order.take for e in effects if isinstance(e, ToPlayer) and isinstance(e.order, Cancel)}
    assert taken_back == {4}, "takes 1 to 3 have long ended"


def test_only_the_latest_of_several_prompts_is_played() -> None:
    rig = playing()
    for i in range(5):
        rig.happen(PromptRequested(f"prompt {i}"))
    rig.until(rig.now + 5)
    assert set(first_notes(rig)) == {1, 6}


def test_a_flood_of_prompts_costs_the_generator_two_takes_at_most() -> None:
    rig = playing(typical=0.01)
    free = rig.now
    for i in range(500):
        rig.happen(PromptRequested(f"prompt {i}"))
    assert len(rig._written) <= 2
    assert rig._free < free + 0.5
    rig.until(rig.now + 5)
    assert set(first_notes(rig)) == {1, 501}
    assert health(rig)[2] == 0


def test_a_new_take_brings_its_tempo_from_its_line_on() -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda b: Plan(tempo=160.0 if b.take == 1 else 80.0))
    rig.happen(ControlSet("humanise", 0.0))
    rig.happen(PromptRequested("fast"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 2)
    rig.happen(PromptRequested("slow"))
    rig.until(rig.now + 6)
    line = first_notes(rig)[2]
    assert rig.tempo.bpm_at(line) == 80
    assert rig.tempo.bpm_at(Ticks(line - 1)) == 160


def test_with_quantize_now_nothing_of_the_old_take_comes_back_while_the_new_one_is_awaited() -> None:
    rig = playing(quantize="now", typical=0.03)
    rig.until(rig.now + 0.3)
    rig.happen(PromptRequested("snow"))
    asked_at = rig.tempo.ticks_at(rig.now)
    rig.until(rig.now + 2)
    assert all(take == 2 for t, take, _ in rig.sounded if t > asked_at)
    assert health(rig)[2] == 0


def test_with_quantize_now_a_band_at_its_first_beat_waits_without_spinning() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(ControlSet("quantize", "now"))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 0.025)
    rig.latency = lambda: 5.0
    rig.happen(PromptRequested("snow"))
    wake = rig.session.next_deadline()
    assert wake is not None
    rig.until(rig.now + 12)
    assert 2 in first_notes(rig)
