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
    heard(hands, 0.3, 0xE1, 0, 80)
    assert [k.pitch for k in hands.held_keys] == [60, 64]
    heard(hands, 0.4, 0xB0, 6, 0)
    assert not heard(hands, 0.5, 0x99, 62, 80)


def test_a_small_mpe_zone_leaves_the_drums_alone() -> None:
    hands = Keyboard()
    for channel, members in ((0, 7), (15, 5)):
        for controller, value in ((101, 0), (100, 6), (6, members)):
            heard(hands, 0.1, 0xB0 | channel, controller, value)
    assert not heard(hands, 0.2, 0x99, 60, 80)
