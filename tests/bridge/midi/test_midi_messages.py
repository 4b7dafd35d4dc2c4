from __future__ import annotations

import mido
from hypothesis import given
from hypothesis import strategies as st

from bridge.midi.protocol import ACTIVE_SENSING, NoteOff, NoteOn, panic

channels, values = st.integers(0, 15), st.integers(0, 127)


@given(channels, values, st.integers(1, 127))
def test_a_beginning_is_read_by_others_as_it_was_meant(channel: int, pitch: int, velocity: int) -> None:
    read = mido.Message.from_bytes(NoteOn(channel, pitch, velocity).encode())
    assert read == mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)


@given(channels, values)
def test_an_end_is_read_by_others_as_it_was_meant(channel: int, pitch: int) -> None:
    read = mido.Message.from_bytes(NoteOff(channel, pitch).encode())
    assert read == mido.Message("note_off", channel=channel, note=pitch, velocity=0)


def test_a_panic_ends_all_notes_and_all_sound_on_all_channels() -> None:
    read = [mido.Message.from_bytes(data) for data in panic()]
    assert {(m.channel, m.control, m.value) for m in read} == {(c, n, 0) for c in range(16) for n in (120, 123)}


def test_active_sensing_is_one_byte() -> None:
    assert mido.Message.from_bytes(ACTIVE_SENSING).type == "active_sensing"
