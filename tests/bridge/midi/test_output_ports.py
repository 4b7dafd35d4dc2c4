from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from bridge.config import BACKENDS
from bridge.errors import OwnerError
from bridge.midi.backends import find_backend, jack_client_name, list_ports, platform_backends
from bridge.midi.input_ports import InputConfig, resolved_input
from bridge.midi.output_ports import OutputConfig, OutputPort, SilentPort, first_words, open_output, resolved_output
from bridge.midi.player_process import preload
from bridge.midi.protocol import NoteOn
from tests.support.real_programs import Receiver, until

ASKED = OutputConfig(None, "auto", False, "LLMBall", ("chords", "melody", "bass"))
JACK = replace(ASKED, output="virtual", backend="jack")

# --- without a MIDI system -----------------------------------------------------------------------


def test_a_client_name_is_the_port_name_in_small_letters_and_digits() -> None:
    assert jack_client_name("LLMBall") == "llmball"
    assert jack_client_name("My Band 2!") == "myband2"
    assert jack_client_name("!") == "llmball"


@pytest.mark.parametrize("output", ["none", "record:out.mid"])
def test_nothing_is_looked_for_where_no_port_is_wanted(output: str, fake: Fake) -> None:
    fake.compiled.clear()
    config = replace(ASKED, output=output)
    assert resolved_output(config) == config
    assert open_output(config).name == output.replace("record:", "file:")


def test_a_silent_port_takes_everything() -> None:
    port: OutputPort = SilentPort("none")
    port.send("", b"")
    port.close()
    assert port.routes == ("",)


# --- other systems, with a fake of RtMidi ---------------------------------------------------------


class Fake:
    """A fake of the module supriya_midi: available systems, their ports, sent messages."""

    def __init__(self) -> None:
        self.compiled = [1]
        self.silent: set[int] = set()
        self.sinks: list[str] = []
        self.sources: list[str] = []
        self.opened: list[tuple[str, str]] = []
        self.sent: list[bytes] = []
        self.closed = 0
        self.lost = False


class FakeError(Exception):
    """A fake of RtMidiError."""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    there = Fake()

    class Out:
        def __init__(self, api: int, client_name: str = "") -> None:
            if api in there.silent:
                raise FakeError("no such system")
            self.client = client_name

        def get_ports(self) -> list[str]:
            return there.sinks

        def open_port(self, index: int, name: str) -> None:
            there.opened.append((self.client, there.sinks[index]))

        def open_virtual_port(self, name: str) -> None:
            there.opened.append((self.client, name))

        def send_message(self, data: bytes) -> None:
            if there.lost:
                raise FakeError("the cable is out")
            there.sent.append(data)

        def close_port(self) -> None:
            there.closed += 1

        def delete(self) -> None:
            return

    class In(Out):
        def get_ports(self) -> list[str]:
            return there.sources

    module: Any = ModuleType("supriya_midi")
    module.MidiOut, module.MidiIn, module.RtMidiError = Out, In, FakeError
    module.RtMidiAPI = SimpleNamespace(MACOSX_CORE=1, LINUX_ALSA=2, UNIX_JACK=3, WINDOWS_MM=4)
    module.get_compiled_apis = lambda: there.compiled
    monkeypatch.setitem(sys.modules, "supriya_midi", module)
    return there


def test_each_platform_has_its_systems_the_best_first(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.compiled = [1, 2, 3, 4]
    for platform, first in (
        ("darwin", "coremidi"),
        ("win32", "winmm"),
        ("linux", "jack"),
        ("freebsd14", "jack"),
    ):
        monkeypatch.setattr(sys, "platform", platform)
        assert platform_backends(platform)[0] == first
        assert find_backend("auto") == first
    fake.silent = {3}
    assert find_backend("auto") == "alsa"
    fake.silent = {2, 3}
    assert find_backend("auto") is None
    assert find_backend("coremidi") == "coremidi"


def test_macos_gets_a_virtual_port_of_our_name(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    config = resolved_output(ASKED)
    assert (config.output, config.backend) == ("virtual", "coremidi")
    port = open_output(config)
    assert port.name == "coremidi:llmball:LLMBall"
    assert fake.opened == [("llmball", "LLMBall")]
    port.send("", b"\xfe")
    port.close()
    assert (fake.sent, fake.closed) == ([b"\xfe"], 1)


SYNTH, A, B = "Microsoft GS Wavetable Synth 0", "Default App Loopback (A) 1", "Default App Loopback (B) 2"


@pytest.mark.parametrize(
    ("there", "output", "told"),
    [
        ([SYNTH], "record:llmball.mid", "Windows has no port to another program yet (llmball ports): writing ./llmball.mid\n"),
        ([SYNTH, B, A], A, f"playing into {A}: in the DAW, listen to Default App Loopback (B)\n"),
        ([SYNTH, A, B, "Default Basic App Loopback 3"], A, f"playing into {A}: in the DAW, listen to Default App Loopback (B)\n"),
        ([SYNTH, "loopMIDI Port 1"], "loopMIDI Port 1", ""),
        ([SYNTH, "My stage loop (B) 1", "My stage loop (A) 2"], "My stage loop (A) 2", "playing into My stage loop (A) 2: in the DAW, listen to My stage loop (B)\n"),
    ],
)  # fmt: skip
def test_windows_plays_into_a_loopback_port_where_none_is_named_and_says_where_to_listen(
    there: list[str], output: str, told: str, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    fake.compiled, fake.sinks, fake.sources = [4], there, there
    resolved = resolved_output(ASKED)
    assert (resolved.output, resolved.backend) == (output, "winmm")
    assert first_words(ASKED, resolved) == told
    listed = list_ports("auto")
    assert listed is not None
    assert sorted(listed[1]) == sorted(there)
    assert listed[1][-1] == SYNTH
    assert open_output(resolved).name == (f"winmm:{output}" if told == "" or "playing" in told else "file:llmball.mid")


def test_an_owner_who_names_an_output_is_told_nothing_of_loopbacks() -> None:
    named = replace(ASKED, output=A, backend="winmm")
    assert first_words(named, named) == ""


def test_windows_names_loopmidi_and_its_settings_when_asked_for_a_virtual_port(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    fake.compiled = [4]
    fake.sinks = ["Microsoft GS Wavetable Synth 0", "loopMIDI Port 1"]
    with pytest.raises(OwnerError, match="loopMIDI"):
        open_output(resolved_output(replace(ASKED, output="virtual")))
    port = open_output(resolved_output(replace(ASKED, output="LOOPmidi")))
    assert port.name == "winmm:loopMIDI Port 1"
    assert port.routes == ("",)


def test_a_machine_without_midi_writes_a_file_unless_a_port_was_asked_for(fake: Fake) -> None:
    fake.compiled.clear()
    assert resolved_output(ASKED).output == "record:llmball.mid"
    assert list_ports("auto") is None
    for asked in (
        replace(ASKED, output="virtual"),
        replace(ASKED, backend="jack"),
        replace(ASKED, output="Synth"),
    ):
        with pytest.raises(OwnerError, match="--output record:FILE"):
            resolved_output(asked)


def test_a_machine_without_a_midi_binding_writes_a_file_and_plays_in_the_browser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "supriya_midi", None)
    assert [find_backend(backend) for backend in BACKENDS] == [None] * len(BACKENDS)
    assert resolved_output(ASKED).output == "record:llmball.mid"
    assert list_ports("auto") is None
    with pytest.raises(OwnerError, match="No MIDI system"):
        resolved_input(InputConfig("virtual", "auto", "LLMBall"))
    preload()  # the player of a browser's sound starts


@pytest.mark.parametrize(
    ("wanted", "opened"),
    [("pIa", "Piano"), ("Synth A", "Synth A"), ("synth", None), ("Organ", None)],
    ids=["part of one name", "a whole name", "part of two", "no name"],
)
def test_a_port_is_found_by_its_name_or_by_a_part_that_only_one_has(
    wanted: str, opened: str | None, fake: Fake
) -> None:
    fake.sinks = ["Synth A", "Synth A 2", "Piano"]
    config = replace(ASKED, output=wanted, backend="coremidi")
    if opened is None:
        with pytest.raises(OwnerError, match="there are: Synth A, Synth A 2, Piano"):
            open_output(config)
    else:
        assert open_output(config).name == f"coremidi:{opened}"


def test_a_refusal_of_the_system_is_the_owners_to_mend(fake: Fake) -> None:
    fake.silent = {1}
    with pytest.raises(OwnerError, match="coremidi refuses"):
        open_output(replace(ASKED, output="virtual", backend="coremidi"))


def test_a_port_that_is_lost_says_so_as_an_os_error(fake: Fake) -> None:
    port = open_output(replace(ASKED, output="virtual", backend="coremidi"))
    fake.lost = True
    with pytest.raises(OSError, match="the cable is out"):
        port.send("", b"\xfe")


# --- with a JACK server --------------------------------------------------------------------------


@pytest.fixture
def opened(request: pytest.FixtureRequest) -> Callable[[OutputConfig], OutputPort]:
    """Return a function that opens a port, which is closed when the test ends."""

    def opening(config: OutputConfig) -> OutputPort:
        port = open_output(config)
        request.addfinalizer(port.close)
        return port

    return opening


Opening = Callable[[OutputConfig], OutputPort]


def test_jack_is_found_and_the_port_has_the_names_of_the_contract(jack_server: str, opened: Opening) -> None:
    port = opened(resolved_output(ASKED))
    assert port.name == "jack:llmball:LLMBall"
    found = list_ports("auto")
    assert found is not None
    assert found[0] == "jack"
    assert "llmball:LLMBall" in found[2]


def test_what_is_sent_arrives_even_if_the_port_is_closed_at_once(
    jack_server: str, receiver: Callable[[str], Receiver]
) -> None:
    port = open_output(JACK)
    heard = receiver("llmball:LLMBall")
    port.send("", NoteOn(3, 61, 99).encode())
    port.close()
    assert until(lambda: [m.data for m in heard.heard] == [(0x93, 61, 99)], 3)


def test_each_part_may_have_a_port_of_its_own(
    jack_server: str, opened: Opening, receiver: Callable[[str], Receiver]
) -> None:
    port = opened(replace(JACK, per_part=True))
    assert port.name == "jack:llmball:LLMBall chords"
    assert port.routes == ("chords", "melody", "bass")
    chords, bass = receiver("llmball:LLMBall chords"), receiver("llmball-bass:LLMBall bass")
    port.send("bass", NoteOn(2, 40, 90).encode())
    assert until(lambda: [m.data for m in bass.heard] == [(0x92, 40, 90)], 3)
    assert chords.heard == []


def test_a_name_that_is_taken_is_refused_with_the_remedy(jack_server: str, opened: Opening) -> None:
    opened(JACK)
    with pytest.raises(OwnerError, match="--port-name"):
        open_output(JACK)
    assert opened(replace(JACK, port_name="Other")).name == "jack:other:Other"


def test_a_name_that_a_client_without_sending_ports_has_is_refused_too(
    jack_server: str, recorder: Path, opened: Opening
) -> None:
    other = subprocess.Popen([recorder, "llmball"], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == "ready\n"
        with pytest.raises(OwnerError, match="llmball is there already"):
            open_output(JACK)
    finally:
        other.terminate()
        other.wait(5)
        other.stdout.close()
    assert opened(JACK).name == "jack:llmball:LLMBall"


def test_no_server_is_no_backend_and_says_nothing(
    jack_server: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no-such-server")
    assert find_backend("jack") is None
    with pytest.raises(OwnerError, match="jack does not answer"):
        resolved_output(replace(ASKED, backend="jack"))
    assert capfd.readouterr().err == ""
