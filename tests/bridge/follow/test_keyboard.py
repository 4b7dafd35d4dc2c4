"""Keyboard state: keys, pedals, and the echo of our own output."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clock import Seconds
from bridge.follow.keyboard import NOTE_MEMORY, Keyboard


def heard(hands: Keyboard, at: float, *data: int) -> bool:
    return hands.receive_midi(Seconds(at), bytes(data))


def test_the_pedal_holds_what_keys_let_go_and_lets_go_of_it_itself() -> None:
    hands = Keyboard()
    heard(hands, 0.0, 0xB0, 64, 127)
    heard(hands, 0.1, 0x90, 60, 80)
    heard(hands, 0.2, 0x80, 60, 0)
    assert not hands.held_keys
    assert [t.pitch for t in hands.sounding] == [60]
    assert heard(hands, 0.5, 0xB0, 64, 0)
    assert not hands.sounding
    assert (hands.key_presses[0].key_released_at, hands.key_presses[0].ended_at) == (0.2, 0.5)


def test_the_pedal_lets_go_of_all_tones_of_a_chord() -> None:
    hands = Keyboard()
    heard(hands, 0.0, 0xB0, 64, 127)
    for pitch in (60, 64, 67):
        heard(hands, 0.1, 0x90, pitch, 80)
        heard(hands, 0.2, 0x80, pitch, 0)
    assert heard(hands, 0.5, 0xB0, 64, 0)
    assert not hands.sounding


def test_a_key_that_is_down_outlasts_the_pedal() -> None:
    hands = Keyboard()
    heard(hands, 0.0, 0xB0, 64, 127)
    heard(hands, 0.1, 0x90, 60, 80)
    heard(hands, 0.5, 0xB0, 64, 0)
    assert [t.pitch for t in hands.sounding] == [60]


def test_a_note_on_without_velocity_is_an_end() -> None:
    hands = Keyboard()
    heard(hands, 0.0, 0x90, 60, 80)
    heard(hands, 0.3, 0x90, 60, 0)
    assert not hands.sounding


def test_a_kit_is_not_listened_to_and_other_messages_change_nothing() -> None:
    hands = Keyboard()
    for data in ((0x99, 36, 100), (0xE0, 0, 64), (0xB0, 1, 20), (0xC0, 5), (0xF8,), (0xFE,), ()):
        assert not heard(hands, 0.0, *data)
    assert not hands.key_presses


def test_all_notes_off_ends_all_of_its_channel() -> None:
    hands = Keyboard()
    heard(hands, 0.0, 0x90, 60, 80)
    heard(hands, 0.0, 0x90, 62, 80)
    heard(hands, 0.0, 0x91, 64, 80)
    heard(hands, 0.2, 0xB0, 123, 0)
    assert [t.pitch for t in hands.sounding] == [64]


def test_our_own_notes_and_their_ends_are_not_heard() -> None:
    hands = Keyboard(lambda at, channel, pitch, velocity: velocity == 99)
    heard(hands, 0.0, 0x90, 60, 80)
    assert not heard(hands, 0.1, 0x90, 60, 99)
    assert not heard(hands, 0.2, 0x80, 60, 0), "the end of ours"
    assert [t.pitch for t in hands.sounding] == [60]
    assert heard(hands, 0.3, 0x80, 60, 0), "the player's"
    assert not hands.sounding


MESSAGES = st.lists(
    st.tuples(
        st.floats(0, 2),
        st.sampled_from([0x80, 0x90, 0xB0, 0xE0, 0xF8]),
        st.integers(0, 15),
        st.sampled_from([0, 1, 60, 64, 120, 123]),
        st.integers(0, 127),
    ),
    max_size=60,
)


@given(MESSAGES)
@settings(max_examples=80)
def test_whatever_comes_nothing_is_held_for_ever_and_memory_is_bounded(
    messages: list[tuple[float, int, int, int, int]],
) -> None:
    hands, now = Keyboard(), 0.0
    for wait, kind, channel, first, second in messages:
        now += wait
        hands.receive_midi(Seconds(now), bytes((kind | (channel if kind < 0xF0 else 0), first, second)))
    voices = [(t.channel, t.pitch) for t in hands.sounding]
    assert len(voices) == len(set(voices)), "a key sounds once"
    assert all(t.ended_at is None or t.key_released_at is not None for t in hands.key_presses)
    hands.release_all(Seconds(now))
    assert not hands.sounding
    heard(hands, now + NOTE_MEMORY + 1, 0x90, 60, 80)
    assert len(hands.key_presses) == 1


def test_an_mpe_keyboard_plays_on_the_drums_channel_too_once_it_says_so() -> None:
    hands = Keyboard()
    assert not heard(hands, 0.0, 0x99, 60, 80)
    for controller, value in ((101, 0), (100, 6), (6, 15)):
        heard(hands, 0.1, 0xB0, controller, value)
    assert heard(hands, 0.2, 0x99, 60, 80)
    assert heard(hands, 0.2, 0x91, 64, 80)
    heard(hands, 0.3, 0xE1, 0, 65)  # three quarters of a semitone
    assert [k.pitch for k in hands.held_keys] == [60, 64]
    heard(hands, 0.4, 0xB0, 6, 0)
    assert not heard(hands, 0.5, 0x99, 62, 80)


def test_a_small_mpe_zone_leaves_the_drums_alone() -> None:
    hands = Keyboard()
    for channel, members in ((0, 7), (15, 5)):
        for controller, value in ((101, 0), (100, 6), (6, members)):
            heard(hands, 0.1, 0xB0 | channel, controller, value)
    assert not heard(hands, 0.2, 0x99, 60, 80)


def mpe(hands: Keyboard, members: int = 15, master: int = 0) -> Keyboard:
    for controller, value in ((101, 0), (100, 6), (6, members)):
        heard(hands, 0.0, 0xB0 | master, controller, value)
    return hands


def bend(hands: Keyboard, at: float, channel: int, semitones: float, reach: float = 48) -> bool:
    value = round(8192 + semitones / reach * 8192)
    return heard(hands, at, 0xE0 | channel, value & 127, value >> 7)


def test_a_key_of_mpe_is_heard_at_the_pitch_to_which_it_is_bent() -> None:
    hands = mpe(Keyboard())
    heard(hands, 1.0, 0x91, 60, 80)
    heard(hands, 1.0, 0x92, 67, 80)
    for step in range(1, 9):
        bend(hands, 2.0 + step * 0.02, 1, step / 2)
    assert [k.pitch for k in hands.held_keys] == [67, 64], "the other key stays"
    assert [(k.pitch, k.ended_at) for k in hands.key_presses if k.ended_at is not None] == [(60, 2.04)]
    assert heard(hands, 3.0, 0x81, 60, 0), "the key that was struck ends it"
    assert [k.pitch for k in hands.held_keys] == [67]


def test_bends_of_less_than_a_semitone_are_not_heard() -> None:
    hands = mpe(Keyboard())
    heard(hands, 1.0, 0x91, 60, 80)
    assert not any(bend(hands, 1.0 + i * 0.05, 1, (-1) ** i * 0.9) for i in range(20))
    assert [k.pitch for k in hands.key_presses] == [60]
    bend(hands, 2.5, 1, 2.0)
    assert not bend(hands, 2.6, 1, 1.2), "vibrato where it was bent to"
    assert [k.pitch for k in hands.held_keys] == [62]


def test_a_bend_before_its_note_and_a_range_that_was_set_count() -> None:
    hands = mpe(Keyboard())
    for controller, value in ((101, 0), (100, 0), (6, 24)):
        heard(hands, 0.5, 0xB2, controller, value)
    bend(hands, 1.0, 1, 3.0, reach=24)
    heard(hands, 1.0, 0x91, 60, 80)
    assert [k.pitch for k in hands.held_keys] == [63]
    assert heard(hands, 2.0, 0x81, 60, 0)


def test_the_wheel_of_another_keyboard_bends_nothing() -> None:
    hands = Keyboard()
    heard(hands, 1.0, 0x90, 60, 80)
    assert not bend(hands, 1.1, 0, 12)
    zone = mpe(Keyboard(), members=5)
    for channel in (0, 7):
        heard(zone, 1.0, 0x90 | channel, 60, 80)
        assert not bend(zone, 1.1, channel, 12), "the whole zone, and a channel outside of it"


@given(
    st.lists(
        st.tuples(st.sampled_from([0x81, 0x91, 0xE1, 0x82, 0x92, 0xE2]), st.integers(0, 127), st.integers(0, 127)),
        max_size=60,
    )
)
@settings(max_examples=80)
def test_however_keys_are_bent_their_own_ends_end_them(messages: list[tuple[int, int, int]]) -> None:
    hands, now, struck = mpe(Keyboard()), 1.0, set()
    for status, first, second in messages:
        now += 0.03
        heard(hands, now, status, first, second)
        if status & 0xF0 == 0x90:
            struck.add((status & 0x0F, first))
    for channel, key in struck:
        heard(hands, now + 1, 0x80 | channel, key, 0)
    assert not hands.held_keys
    assert all(0 <= k.pitch <= 127 for k in hands.key_presses)
    assert [k.at for k in hands.key_presses] == sorted(k.at for k in hands.key_presses)
