"""Live following through a real MIDI port: the band plays the chords received through JACK."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from bench.client import Client
from bridge.midi.backends import binding
from tests.support.real_programs import Daemon, Receiver, until

pytestmark = pytest.mark.timeout(90)

PROMPT = "upbeat pop in C major, 140 bpm"
F_SHARP = {6, 10, 1}


def test_a_chord_held_at_a_jack_port_is_what_bass_and_chords_play(
    jack_server: str,
    jack_environment: Mapping[str, str],
    daemon: Callable[..., Daemon],
    receiver: Callable[[str], Receiver],
) -> None:
    rtmidi = binding()
    started = daemon("--backend", "jack", "--input", "virtual", "--play", PROMPT, env=jack_environment)
    heard = receiver(started.jack_port)
    client = Client(started.osc)
    hands = rtmidi.MidiOut(rtmidi.RtMidiAPI.UNIX_JACK, "hands")
    try:
        client.say("follow", 1)
        assert until(lambda: len(heard.note_ons()) > 12, 10)
        port = next(i for i, name in enumerate(hands.get_ports()) if "LLMBall in" in name)
        hands.open_port(port)
        for pitch in (54, 58, 61):
            hands.send_message([0x90, pitch, 90])
        assert until(lambda: any(told.args[0] in ("F#", "Gb") for told in client.heard("chord")), 5)
        begun = len(heard.note_ons())

        def harmony() -> list[int]:
            return [m.data[1] % 12 for m in heard.note_ons()[begun:] if m.channel in (1, 3)]

        assert until(lambda: len(harmony()) > 12, 10)
        assert set(harmony()) <= F_SHARP
    finally:
        hands.close_port()
        hands.delete()
        client.close()
