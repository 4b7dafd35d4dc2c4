"""What is heard while the generator does not write."""

from __future__ import annotations

from itertools import pairwise

from bridge.protocol.events import ControlSet, GeneratorExited, GeneratorReady, PlayRequested, StopRequested
from bridge.session.transport import State
from model.generation.messages import Failed
from tests.support.virtual_band import BAR, BEAT, first_notes, health, playing


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
    rig.happen(GeneratorExited())
    rig.until(rig.now + 3)
    rig.happen(GeneratorReady())
    rig.until(rig.now + 6)
    onsets = sorted({t for t, _, _ in rig.sounded})
    assert {b - a for a, b in pairwise(onsets)} == {BEAT}
    assert first_notes(rig)[2] % BAR == 0


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


def test_every_beat_that_is_repeated_counts_once() -> None:
    rig = playing()
    rig.latency = lambda: 1e6
    counted: list[tuple[int, int]] = []
    for _ in range(2):
        rig.until(rig.now + 10)
        counted.append((rig.session._transport.health.starved, len({s.at for s in rig.planned[1]})))
    (starved, laid), (starved_since, laid_since) = counted
    assert starved_since - starved == laid_since - laid > 20
    assert rig.latest < 0.001, "each was laid in time"


def test_a_lost_take_whose_successor_fails_can_be_begun_again_after_a_stop() -> None:
    rig = playing()
    rig._answers.clear()
    rig.happen(GeneratorExited())
    rig.happen(GeneratorReady())
    rig._answers.clear()
    rig.happen(Failed(2, "no"))
    rig.happen(StopRequested())
    rig.happen(PlayRequested())
    rig.until(rig.now + 2)
    assert rig.session.state is State.PLAYING
    assert rig.sounded[-1][1] == 3
