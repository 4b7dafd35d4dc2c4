"""A microphone or an instrument as an input: blocks of sound become MIDI messages with their moments, losses are counted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from bench.client import Client
from bridge.clock import Seconds, monotonic
from bridge.errors import OwnerError
from bridge.midi import jack
from bridge.midi.audio_input import Ear, Latency, joined
from bridge.midi.backends import binding
from bridge.midi.input_ports import InputConfig, MeasuredInput, open_input, resolved_input
from bridge.midi.jack import seconds_of
from bridge.midi.jack_sound import SoundBlock
from model.analysis.voice import Samples
from tests.support.real_programs import Daemon, MissingToolError, ended, tool, until
from tests.support.sound.lines import Timed, f1, plucked, pure_tone, sine, sounded

RATE = 48_000
BEGAN = 1000.0
LINE: Timed = [(0.3 + 0.3 * i, 0.28, pitch) for i, pitch in enumerate((45, 52, 57, 60, 64))]
SOUND = InputConfig("audio", "auto", "LLMBall")


def blocks(sound: Samples, first: int = 0, size: int = 64) -> list[SoundBlock]:
    """Return a sound as JACK gives it: its first frame has the number `first` and came at `BEGAN`."""
    return [
        SoundBlock((first + i) % 2**32, Seconds(BEGAN + i / RATE), sound[i : i + size])
        for i in range(0, len(sound), size)
    ]


def begun(messages: list[tuple[Seconds, bytes]]) -> list[tuple[float, int]]:
    return [(at - BEGAN, data[1]) for at, data in messages if data[0] == 0x90]


def ends_each(messages: list[tuple[Seconds, bytes]]) -> bool:
    return [d[0] for _, d in messages] == [0x90, 0x80] * (len(messages) // 2)


def heard(ear: Ear, given: list[SoundBlock]) -> list[tuple[Seconds, bytes]]:
    return [message for block in joined(given) for message in ear.hear(block)]


@pytest.mark.parametrize("first", [0, 2**32 - RATE // 2])
def test_notes_have_the_moments_at_which_they_began(first: int) -> None:
    ear = Ear(RATE, pure_tone)
    messages = heard(ear, blocks(sounded(LINE, sine, RATE), first)) + ear.end()
    assert f1(LINE, begun(messages), within=0.03) == 1
    assert ends_each(messages)
    assert (ear.gaps, ear.lost) == (0, 0.0), "the number of a frame wraps"


def test_lost_sound_is_counted_and_what_follows_keeps_its_moments() -> None:
    ear = Ear(RATE, pure_tone)
    given = blocks(sounded(LINE, sine, RATE))
    del given[10:20], given[300:307]
    messages = heard(ear, given)
    assert ear.gaps == 2
    assert ear.lost == pytest.approx(17 * 64 / RATE)
    assert f1(LINE, begun(messages), within=0.03) >= 0.8


def test_after_a_long_loss_nothing_is_left_held_and_the_line_begins_anew() -> None:
    ear = Ear(RATE, pure_tone)
    given = blocks(sounded([(0.1, 3.0, 60), (3.5, 0.3, 62)], sine, RATE))
    before, after = given[: RATE // 64], given[int(2.5 * RATE) // 64 :]
    messages = heard(ear, [*before, *after]) + ear.end()
    assert ends_each(messages)
    assert [pitch for _, pitch in begun(messages)] == [60, 60, 62]
    assert begun(messages)[2][0] == pytest.approx(3.5, abs=0.03)
    assert ear.lost == pytest.approx(1.5, abs=0.01)


def test_a_server_that_counts_anew_is_no_loss_of_a_day() -> None:
    ear = Ear(RATE, pure_tone)
    heard(ear, blocks(sounded(LINE[:1], sine, RATE), first=1_000_000))
    heard(ear, blocks(sounded(LINE[:1], sine, RATE), first=5))
    assert (ear.gaps, ear.lost) == (1, 0.0)


def test_blocks_that_follow_one_another_are_read_as_one() -> None:
    given = blocks(np.arange(640, dtype=np.float32))
    del given[4]
    found = list(joined(iter(given)))
    assert [(b.first, len(b.samples)) for b in found] == [(0, 256), (320, 320)]
    assert found[1].samples[0] == 320
    assert list(joined(iter(()))) == []


def test_the_latency_is_the_median_of_the_last_notes() -> None:
    latency = Latency()
    assert latency.milliseconds == 0
    for ms in (150, 160, 900):
        latency.note(Seconds(1.0), Seconds(1.0 + ms / 1000))
    assert latency.milliseconds == 160


def without(name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(name, lambda *_: value)


@pytest.mark.parametrize(
    ("missing", "remedy"),
    [
        (without("bridge.midi.audio_input.is_there", False), r"pip install 'llmball\[voice\]'"),
        (without("bridge.midi.input_ports.find_backend", None), "start JACK"),
        (without("bridge.midi.jack.hears_sound", False), "C compiler"),
    ],
)
def test_where_sound_cannot_be_heard_the_owner_is_told_what_to_do(
    missing: Callable[[pytest.MonkeyPatch], None], remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.midi.audio_input.is_there", lambda: True)
    monkeypatch.setattr("bridge.midi.input_ports.find_backend", lambda _: "jack")
    monkeypatch.setattr("bridge.midi.jack.hears_sound", lambda: True)
    assert resolved_input(SOUND) == InputConfig("audio", "jack", "LLMBall")
    missing(monkeypatch)
    with pytest.raises(OwnerError, match=remedy) as told:
        resolved_input(SOUND)
    assert "\n" not in str(told.value)


def lowest_free() -> int:
    """Return the lowest number that a new file descriptor gets."""
    number = os.dup(0)
    os.close(number)
    return number


@pytest.mark.parametrize("wanted", ["audio", "virtual"])
def test_a_port_that_cannot_be_opened_keeps_no_descriptor(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("bridge.midi.audio_input.detect", lambda _: None)
    monkeypatch.setattr("bridge.midi.audio_input.JackSound", gone)
    monkeypatch.setattr("bridge.midi.input_ports.JackClient", gone)
    monkeypatch.setattr(jack, "available", lambda: True)
    free = lowest_free()
    with pytest.raises(OwnerError, match="does not answer"):
        open_input(InputConfig(wanted, "jack", "LLMBall"), lambda at, data: None)
    assert lowest_free() == free


# --- with a JACK server --------------------------------------------------------------------------


@pytest.fixture
def hears(jack_server: str) -> None:
    """Skip where sound cannot be heard."""
    pytest.importorskip("swift_f0")
    if not jack.hears_sound():
        pytest.skip("bridge/midi/jackmidi.c is not built (a C compiler, then make setup)")


@pytest.fixture(scope="session")
def singer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that plays samples into a JACK port, compiled."""
    program = tmp_path_factory.mktemp("singer") / "singer"
    source = Path(__file__).parents[2] / "support" / "sound" / "singer.c"
    try:
        command = [tool("gcc", "gcc"), "-O2", "-Wall", "-Wextra", "-Werror", str(source), "-o", str(program), "-ljack"]
    except MissingToolError as missing:
        pytest.skip(str(missing))
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if "jack/jack.h" in built.stderr:
        pytest.skip("JACK's headers are not installed (package libjack-jackd2-dev)")
    assert built.returncode == 0, built.stderr
    return program


@contextmanager
def singing(
    program: Path, sound: Samples, port: str, env: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[str]]:
    """Play a sound into a port for the duration of the block, or until its end."""
    (folder / "sound").write_bytes(sound.tobytes())
    command = [str(program), f"singer-{os.getpid()}", str(folder / "sound"), port]
    with subprocess.Popen(command, env=os.environ | env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            ended(process)


def sings(program: Path, sound: Samples, port: str, env: Mapping[str, str], folder: Path) -> Seconds:
    """Play a sound into a port; return the moment of its first sample."""
    with singing(program, sound, port, env, folder) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return seconds_of(int(said))


def test_a_plucked_line_at_a_jack_port_becomes_notes_at_their_moments(
    hears: None, jack_environment: Mapping[str, str], singer: Path, tmp_path: Path
) -> None:
    messages: list[tuple[Seconds, bytes, Seconds]] = []
    inlet = open_input(resolved_input(SOUND), lambda at, data: messages.append((at, data, monotonic())))
    try:
        assert inlet.name == "jack:system:capture_1", "the first port of the sound card"
        began = sings(singer, sounded(LINE, plucked, RATE), "llmball-in:LLMBall sound", jack_environment, tmp_path)
        assert until(lambda: len(messages) >= 2 * len(LINE), 10), messages
        assert isinstance(inlet, MeasuredInput)
        told = inlet.health()
        assert told is not None
        assert inlet.health() is None, "told once"
        notes = [(at - began, data[1]) for at, data, _ in messages if data[0] == 0x90]
        assert f1(LINE, notes) >= 0.8, notes
        assert ends_each([(at, data) for at, data, _ in messages])
        late = sorted(known - at for at, data, known in messages if data[0] == 0x90)
        assert told.latency_ms == pytest.approx(1000 * late[len(late) // 2], abs=50)
    finally:
        inlet.close()


def test_a_port_for_sound_is_found_by_a_piece_of_its_name_or_refused(hears: None) -> None:
    inlet = open_input(resolved_input(InputConfig("audio:capture_2", "auto", "LLMBall", 2)), lambda at, data: None)
    try:
        assert inlet.name == "jack:system:capture_2"
        assert inlet.connections == {"system:capture_2"}
        assert inlet.check() == []
    finally:
        inlet.close()
    with pytest.raises(OwnerError, match="organ"):
        open_input(resolved_input(InputConfig("audio:organ", "auto", "LLMBall")), lambda at, data: None)


@pytest.mark.long
@pytest.mark.timeout(120)
def test_the_band_follows_a_keyboard_and_a_bass_guitar_at_jack(
    hears: None, jack_environment: Mapping[str, str], daemon: Callable[..., Daemon], singer: Path, tmp_path: Path
) -> None:
    started = daemon(
        "--backend", "jack", "--input", "virtual", "--input", "audio", "--play", "upbeat pop in C major, 140 bpm",
        env=jack_environment,
    )  # fmt: skip
    client = Client(started.osc)
    rtmidi = binding()
    keys = rtmidi.MidiOut(rtmidi.RtMidiAPI.UNIX_JACK, "keys")
    try:
        client.say("follow", 1)
        assert until(lambda: bool(client.heard("chord")), 10)
        keys.open_port(next(i for i, name in enumerate(keys.get_ports()) if "LLMBall in" in name))
        for pitch in (57, 60, 64):
            keys.send_message([0x90, pitch, 90])
        quarter = 60 / 140
        bass = sounded([(quarter * i, 0.9 * quarter, 41) for i in range(140)], plucked, RATE)
        with singing(singer, bass, "llmball-in-2:LLMBall sound 2", jack_environment, tmp_path):
            assert until(lambda: "Fmaj7" in [told.args[0] for told in client.heard("chord")], 60), (
                "Am on the keyboard over F in the bass"
            )
        plays = {told.args[0]: told.args[1] for told in client.heard("input/plays")}
        assert plays == {1: "chords", 2: "bass"}
        number, ms, *_ = client.heard("input/latency")[-1].args
        assert number == 2
        assert float(ms) > 50
        assert "knows a note" in started.log.read_text()
    finally:
        keys.close_port()
        keys.delete()
        client.close()
