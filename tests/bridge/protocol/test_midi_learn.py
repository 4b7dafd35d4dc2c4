from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BadRequest
from bridge.protocol.midi_learn import MidiBinding, MidiLearn, checked_action, parse_binding
from bridge.protocol.osc import Message

NOTE, OFF = bytes((0x99, 36, 100)), bytes((0x89, 36, 0))


def cc(value: int, number: int = 20) -> bytes:
    return bytes((0xB0, number, value))


def test_the_next_touch_learns_what_it_does_and_does_it() -> None:
    pads = MidiLearn()
    pads.learn("bank/3/launch")
    launch = [Message("/llmball/bank/3/launch", ())]
    assert pads.receive_midi(NOTE) == (MidiBinding("note", 10, 36), launch, True)
    assert pads.receive_midi(OFF) == (None, [], True), "its end is no music either"
    assert pads.receive_midi(NOTE) == (None, launch, True)
    assert pads.receive_midi(bytes((0x90, 36, 100))) == (None, [], False), "another channel is another pad"


def test_a_program_change_and_a_pedal_do_commands_once_a_press() -> None:
    pads = MidiLearn({MidiBinding("program", 1, 5): "cue fill", MidiBinding("cc", 1, 64): "back"})
    assert pads.receive_midi(bytes((0xC0, 5)))[1] == [Message("/llmball/cue", ("fill",))]
    pressed = [len(pads.receive_midi(cc(value, 64))[1]) for value in (10, 70, 90, 127, 3, 64)]
    assert pressed == [0, 1, 0, 0, 0, 1]


@given(st.integers(0, 127))
def test_a_knob_moves_a_control_over_its_whole_range(value: int) -> None:
    pads = MidiLearn({MidiBinding("cc", 1, 20): "morph/x", MidiBinding("cc", 1, 21): "transpose"})
    [[x]] = [m.args for m in pads.receive_midi(cc(value))[1]]
    assert x == pytest.approx(value / 127)
    [[semitones]] = [m.args for m in pads.receive_midi(cc(value, 21))[1]]
    assert isinstance(semitones, int)
    assert -24 <= semitones <= 24


def test_a_pad_sets_a_control_to_a_value() -> None:
    pads = MidiLearn({MidiBinding("note", 10, 36): "part/drums/enabled 0"})
    assert pads.receive_midi(NOTE)[1] == [Message("/llmball/part/drums/enabled", (0.0,))]


def test_what_is_forgotten_is_music_again() -> None:
    pads = MidiLearn({MidiBinding("note", 10, 36): "back", MidiBinding("cc", 1, 20): "morph/x"})
    pads.unlearn("back")
    assert pads.receive_midi(NOTE) == (None, [], False)
    pads.unlearn("")
    assert pads.actions == {}
    pads.learn("back")
    pads.learn("")
    assert pads.receive_midi(NOTE) == (None, [], False)


@pytest.mark.parametrize("words", ["nothing", "learn", "clip", "hello", "density 3", "bank/17/launch", "clip/cancel"])
def test_what_no_pad_can_do_is_refused(words: str) -> None:
    with pytest.raises(BadRequest):
        checked_action(words)


@pytest.mark.parametrize("name", ["note 10", "note 17 3", "cc 1 200", "key 1 1", "note a b", ""])
def test_what_is_no_touch_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a touch"):
        parse_binding(name)


@given(st.binary(max_size=4))
def test_no_message_harms(data: bytes) -> None:
    pads = MidiLearn()
    pads.learn("back")
    pads.receive_midi(data)
