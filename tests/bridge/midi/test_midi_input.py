"""MIDI input: the input process, and the path of a message from a port to the session."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import pytest

from bridge.clock import Seconds, monotonic
from bridge.errors import OwnerError
from bridge.midi import jack
from bridge.midi.backends import binding
from bridge.midi.input_ports import InputConfig, PortGoneError, RtMidiInput, open_input, resolved_input
from bridge.midi.input_process import run
from bridge.midi.output_ports import OutputConfig, RtMidiPort, open_output, resolved_output
from bridge.midi.protocol import InputLost, MidiReceived, OpenFailed, PortChanged, PortLost, Ready
from bridge.processes.supervisor import ChildProcess
from tests.support.real_programs import until

JACK = InputConfig("virtual", "jack", "LLMBall")
DIED = "died"
Start = Callable[..., tuple[ChildProcess, "queue.Queue[Any]"]]


@pytest.fixture
def start(child_process: Start) -> Start:
    return lambda config, main=run: child_process("input", main, config)


class ScriptedInput:
    """Receives two messages when it is opened."""

    name = "scripted:in"

    def __init__(self, hear: Callable[[Seconds, bytes], None]) -> None:
        hear(Seconds(1.0), b"\x90\x3c\x40")
        hear(Seconds(1.5), b"\xf8")

    connections: frozenset[str] = frozenset()
    has_left = False

    def check(self) -> list[str]:
        return []

    def close(self) -> None:
        return


class UnpluggedInput(ScriptedInput):
    """Its keyboard is unplugged before the first check, the port itself is gone before the second. A clock runs all the time."""

    def __init__(self, hear: Callable[[Seconds, bytes], None]) -> None:
        super().__init__(hear)
        self._checks, self._hear, self._open = 0, hear, True
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while self._open:
            self._hear(monotonic(), b"\xf8")
            time.sleep(0.02)

    def check(self) -> list[str]:
        self._checks += 1
        self.has_left = True
        if self._checks > 1:
            raise PortGoneError("the system is gone")
        return ["keys is gone"]

    def close(self) -> None:
        self._open = False


def unplugged(connection: Connection, config: InputConfig) -> None:
    """Run the input process with a port whose keyboard is unplugged."""
    run(connection, config, open_port=lambda _, hear, kept: UnpluggedInput(hear))


def scripted(connection: Connection, config: InputConfig) -> None:
    """Run the input process with a scripted port."""
    run(connection, config, open_port=lambda _, hear, kept: ScriptedInput(hear))


def refused(connection: Connection, config: InputConfig) -> None:
    """Run the input process with a port that does not exist."""

    def opened(_: InputConfig, hear: object, kept: object) -> ScriptedInput:
        raise OwnerError("no port is named like it")

    run(connection, config, open_port=opened)


def test_the_ears_pass_on_each_message_with_its_moment_and_end_when_told(start: Start) -> None:
    child, said = start(JACK, scripted)
    assert said.get(timeout=20) == Ready("scripted:in", realtime=False)
    assert said.get(timeout=5) == MidiReceived(Seconds(1.0), b"\x90\x3c\x40")
    assert said.get(timeout=5) == MidiReceived(Seconds(1.5), b"\xf8")
    child.send(None)
    assert said.get(timeout=5) == DIED


def test_a_keyboard_that_is_unplugged_and_a_port_that_is_lost_are_told_though_a_clock_never_ceases(
    start: Start,
) -> None:
    _, said = start(JACK, unplugged)
    told = [type(said.get(timeout=20))]
    while PortLost not in told:
        told.append(type(said.get(timeout=5)))
    assert [t for t in told if t is not MidiReceived] == [Ready, PortChanged, InputLost, InputLost, PortLost]


def test_a_port_that_is_not_there_is_told_with_the_remedy(start: Start) -> None:
    _, said = start(JACK, refused)
    assert said.get(timeout=20) == OpenFailed("no port is named like it")


def test_windows_is_told_to_name_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.midi.input_ports.find_backend", lambda _: "winmm")
    with pytest.raises(OwnerError, match="loopMIDI"):
        resolved_input(InputConfig("virtual", "auto", "LLMBall"))
    monkeypatch.setattr("bridge.midi.input_ports.find_backend", lambda _: None)
    with pytest.raises(OwnerError, match="No MIDI system"):
        resolved_input(InputConfig("virtual", "auto", "LLMBall"))


# --- with a JACK server --------------------------------------------------------------------------


def test_what_a_jack_port_sends_is_heard_when_it_came(jack_server: str) -> None:
    rtmidi = binding()
    heard: list[tuple[float, bytes]] = []
    inlet = open_input(resolved_input(JACK), lambda at, data: heard.append((at, data)))
    out = rtmidi.MidiOut(rtmidi.RtMidiAPI.UNIX_JACK, "hands")
    try:
        assert inlet.name == "jack:llmball-in:LLMBall in"
        out.open_port(next(i for i, name in enumerate(out.get_ports()) if "LLMBall in" in name))
        sent = monotonic()
        for data in ([0x90, 60, 100], [0xFE], [0xF8], [0xC0, 5]):
            out.send_message(data)
        assert until(lambda: len(heard) == 3, 3), heard
        assert [data for _, data in heard] == [b"\x90\x3c\x64", b"\xf8", b"\xc0\x05"]
        assert all(sent <= at <= monotonic() + 0.006 for at, _ in heard), "a frame may lie a period ahead"
    finally:
        out.close_port()
        out.delete()
        inlet.close()


def test_a_port_is_found_by_a_piece_of_its_name_or_refused(jack_server: str) -> None:
    rtmidi = binding()
    out = rtmidi.MidiOut(rtmidi.RtMidiAPI.UNIX_JACK, "piano")
    out.open_virtual_port("keys")
    heard: list[bytes] = []
    try:
        inlet = open_input(InputConfig("Keys", "jack", "LLMBall"), lambda _, data: heard.append(data))
        try:
            out.send_message([0x90, 60, 100])
            assert until(lambda: heard == [b"\x90\x3c\x64"], 3)
        finally:
            inlet.close()
        with pytest.raises(OwnerError, match="organ"):
            open_input(InputConfig("organ", "jack", "LLMBall"), lambda _, data: heard.append(data))
    finally:
        out.close_port()
        out.delete()


def test_without_the_compiled_callback_jack_plays_and_hears_through_rtmidi_and_the_systems_libjack(
    jack_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jack, "available", lambda: False)
    heard: list[bytes] = []
    outlet = open_output(resolved_output(OutputConfig("virtual", "jack", False, "LLMBall", ("chords",))))
    inlet = open_input(InputConfig("llmball:LLMBall", "jack", "LLMBall"), lambda _, data: heard.append(data))
    try:
        assert (type(outlet), type(inlet)) == (RtMidiPort, RtMidiInput)
        outlet.send("", b"\x90\x3c\x64")
        assert until(lambda: heard == [b"\x90\x3c\x64"], 3)
    finally:
        inlet.close()
        outlet.close()
