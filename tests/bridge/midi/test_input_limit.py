"""A flood at the MIDI input is cut down to what hands play, and nothing of what was let through is left held."""

from __future__ import annotations

from queue import SimpleQueue

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clock import Seconds
from bridge.midi.input_limit import CLOCKS, CONTROLLERS, NOTES, TELL_INTERVAL, InputLimit
from bridge.midi.input_process import LimitedInput
from bridge.midi.protocol import MidiReceived


def at(seconds: float, *data: int) -> MidiReceived:
    return MidiReceived(Seconds(seconds), bytes(data))


def through(messages: list[MidiReceived], limit: InputLimit | None = None) -> list[MidiReceived]:
    limit = limit or InputLimit()
    return [one for message in messages for one in limit.passed(message)]


def flood(seconds: float, *data: int, rate: int = 3000) -> list[MidiReceived]:
    return [at(i / rate, *data) for i in range(int(seconds * rate))]


def test_what_hands_play_is_passed_on_as_it_came() -> None:
    chord = [at(i / 8, 0x90, 48 + k, 90) for i in range(40) for k in range(10)]
    ends = [at(i / 8 + 0.1, 0x80, 48 + k, 0) for i in range(40) for k in range(10)]
    pedal = [at(i / 4, 0xB0, 64, 127 * (i % 2)) for i in range(20)]
    wheel = [at(i / 250, 0xE0, i % 128, 64) for i in range(1200)]
    clock = [at(i / 120, 0xF8) for i in range(600)]
    played = sorted(chord + ends + pedal + wheel + clock, key=lambda m: m.at)
    assert through(played) == played


def test_a_slide_over_all_keys_is_passed_on() -> None:
    slide = [m for k in range(88) for m in (at(k / 300, 0x90, 21 + k, 80), at(k / 300 + 0.002, 0x80, 21 + k, 0))]
    assert through(slide) == slide


def test_a_flood_of_notes_is_cut_to_the_rate_of_hands() -> None:
    on, off = flood(2, 0x90, 60, 80), flood(2, 0x80, 60, 0)
    passed = through(sorted(on + off, key=lambda m: m.at))
    assert len(passed) <= 2 * (NOTES[1] + 2 * NOTES[0]) + 2
    assert len(passed) >= NOTES[1]


def test_floods_of_ends_clocks_and_strange_messages_are_cut_too() -> None:
    assert len(through(flood(2, 0x80, 60, 0))) <= NOTES[1] + 2 * NOTES[0] + 1
    assert len(through(flood(2, 0xF8))) <= CLOCKS[1] + 2 * CLOCKS[0] + 1
    assert len(through(flood(2, 0xE0, 1, 1))) <= CONTROLLERS[1] + 2 * CONTROLLERS[0] + 1
    many = [at(i / 3000, 0xB0 | i % 16, i // 16 % 128, 1) for i in range(6000)]
    assert len(through(many)) <= CONTROLLERS[1] + 2 * CONTROLLERS[0] + 1
    assert through([at(0.0)]) == []


def test_of_a_controller_that_floods_the_last_value_comes_through() -> None:
    limit = InputLimit()
    values = [at(i / 3000, 0xB0, 64, i % 128) for i in range(3000)] + [at(1.0, 0xB0, 64, 0)]
    passed = through(values, limit) + limit.due(Seconds(1.5))
    assert passed[-1] == at(1.0, 0xB0, 64, 0), "the pedal is up"
    assert limit.due(Seconds(2.0)) == []


def test_what_was_dropped_is_told_in_a_line_now_and_then() -> None:
    limit = InputLimit()
    assert limit.news(Seconds(0.0)) is None
    through(flood(1, 0x90, 60, 80), limit)
    line = limit.news(Seconds(1.0))
    assert line is not None
    assert "more than hands play" in line
    through(flood(1, 0x90, 60, 80), limit)
    assert limit.news(Seconds(2.0)) is None
    assert limit.news(Seconds(1.0 + TELL_INTERVAL)) is not None


MESSAGES = st.lists(
    st.tuples(st.sampled_from((0x80, 0x90, 0x91)), st.sampled_from((60, 61, 62)), st.sampled_from((0, 80))), max_size=80
)


@given(MESSAGES, st.floats(0, 0.02), st.integers(0, 300))
@settings(max_examples=150, deadline=None)
def test_whatever_is_played_and_however_fast_each_note_that_comes_through_has_its_end(
    played: list[tuple[int, int, int]], step: float, before: int
) -> None:
    limit = InputLimit()
    through([at(0.0, 0x95, 1, 1)] * before, limit)
    given_ = [at(1e-4 + i * step, *data) for i, data in enumerate(played)]
    end = 1e-4 + len(given_) * step
    given_ += [at(end, 0x80 | c, k, 0) for c in (0, 1) for k in (60, 61, 62)]
    held: set[tuple[int, int]] = set()
    for message in through(given_, limit):
        key = message.data[0] & 0x0F, message.data[1]
        begins = message.data[0] & 0xF0 == 0x90 and message.data[2] > 0
        held = held | {key} if begins else held - {key}
    assert held == set()


def test_the_process_tells_the_daemon_and_lets_what_waited_through() -> None:
    queue: SimpleQueue[MidiReceived | None] = SimpleQueue()
    limited = LimitedInput(queue, lambda: Seconds(5.0))
    for i in range(2000):
        limited.receive(Seconds(i / 20_000), bytes((0x90, 60, 80)))
        limited.receive(Seconds(i / 20_000), bytes((0xB0, 1, i % 128)))
    count = queue.qsize()
    assert limited.catch_up() is not None
    assert queue.qsize() == count + 1
