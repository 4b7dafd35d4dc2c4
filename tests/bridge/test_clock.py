from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.clock import Seconds, TempoMap
from model.music.notes import Ticks

tempi = st.floats(20, 300)
changes = st.lists(st.tuples(tempi, st.integers(0, 20_000)), max_size=6)


def built(first: float, asked: list[tuple[float, int]]) -> TempoMap:
    tempo = TempoMap.starting_at(first, Seconds(50))
    for bpm, tick in sorted(asked, key=lambda a: a[1]):
        tempo = tempo.with_tempo(bpm, Ticks(tick))
    return tempo


@given(tempi, changes)
def test_time_never_goes_back(first: float, asked: list[tuple[float, int]]) -> None:
    tempo = built(first, asked)
    moments = [tempo.seconds_at(Ticks(t)) for t in range(0, 21_000, 700)]
    assert moments == sorted(moments)


@given(tempi, changes, st.integers(0, 20_000))
def test_a_tick_has_come_exactly_when_its_moment_has(first: float, asked: list[tuple[float, int]], tick: int) -> None:
    tempo = built(first, asked)
    at = tempo.seconds_at(Ticks(tick))
    assert tempo.ticks_at(Seconds(at + 1e-6)) >= tick
    assert tempo.ticks_at(Seconds(at - 1e-4)) < max(tick, 1)


@given(tempi, tempi, st.integers(0, 9_999))
def test_a_change_does_not_jump_and_leaves_what_was_before(first: float, second: float, tick: int) -> None:
    before = TempoMap.starting_at(first, Seconds(0))
    after = before.with_tempo(second, Ticks(tick))
    assert after.seconds_at(Ticks(tick)) == before.seconds_at(Ticks(tick))
    assert after.bpm_at(Ticks(tick)) == second


def test_a_change_takes_back_what_was_to_come_later() -> None:
    tempo = TempoMap.starting_at(120, Seconds(0)).with_tempo(60, Ticks(960)).with_tempo(90, Ticks(480))
    assert tempo.bpm_at(Ticks(2000)) == 90


def test_a_map_can_forget_what_is_past() -> None:
    tempo = built(120, [(60, 480), (90, 960)])
    assert tempo.without_segments_before(Ticks(1000)).seconds_at(Ticks(1440)) == tempo.seconds_at(Ticks(1440))
