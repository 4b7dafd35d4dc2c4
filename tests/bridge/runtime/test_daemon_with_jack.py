"""The whole chain on parts that are not ours: JACK and its clients, oscsend, Pure Data, fluidsynth."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.support.real_programs import Daemon, Receiver, ended, sounding, until

pytestmark = pytest.mark.timeout(90)

ROOT = Path(__file__).parents[3]
PROMPT = "upbeat pop in C major, 140 bpm"

Needs = Callable[[str, str], str]
Listen = Callable[[str], Receiver]
Start = Callable[..., Daemon]


@pytest.fixture
def playing(
    daemon: Start, jack_environment: Mapping[str, str], receiver: Listen, needs: Needs
) -> tuple[Daemon, Receiver]:
    """A daemon that plays to the receiver, told to by oscsend; some notes have been heard."""
    started = daemon("--backend", "jack", env=jack_environment)
    heard = receiver(started.jack_port)
    say(started, needs, "prompt", "s", PROMPT)
    say(started, needs, "play")
    assert until(lambda: len(heard.note_ons()) > 12, 10)
    return started, heard


def say(to: Daemon, needs: Needs, address: str, *args: str) -> None:
    """Send one message with oscsend."""
    host, port = to.osc
    command = [needs("oscsend", "liblo-tools"), host, str(port), f"/llmball/{address}", *args]
    subprocess.run(command, check=True, timeout=10)


def falls_silent(heard: Receiver, within: float) -> bool:
    """Tell whether in time nothing sounds any more at the receiver, and nothing new begins after that."""
    time.sleep(within)
    last = time.monotonic()
    time.sleep(0.2)
    return not sounding(heard.heard) and not heard.note_ons(after=last)


def test_chords_and_melody_arrive_on_their_channels_within_a_second_of_prompt_and_play(
    daemon: Start, jack_environment: Mapping[str, str], receiver: Listen, needs: Needs
) -> None:
    started = daemon("--backend", "jack", env=jack_environment)
    assert started.said("midi") == "jack:llmball:LLMBall"
    heard = receiver("llmball:LLMBall")
    began = time.monotonic()
    say(started, needs, "prompt", "s", PROMPT)
    say(started, needs, "play")
    assert until(lambda: {1, 2} <= {m.channel for m in heard.note_ons()}, 5)
    assert heard.note_ons()[0].at - began < 1.0
    assert {m.channel for m in heard.note_ons()} <= {1, 2, 3, 10}


def test_a_pure_data_patch_makes_it_play_and_prints_the_answers(
    daemon: Start, jack_environment: Mapping[str, str], receiver: Listen, needs: Needs, tmp_path: Path
) -> None:
    started = daemon("--backend", "jack", env=jack_environment)
    heard = receiver(started.jack_port)
    printed = tmp_path / "pd.log"
    sends = [f"llmball-port {started.osc[1]}", "llmball-demo bang"]
    with printed.open("w") as log:
        pd = subprocess.Popen(
            [
                needs("pd", "puredata-core"), "-nogui", "-noaudio", "-nomidi", "-noprefs", "-stderr",
                *[word for send in sends for word in ("-send", send)], str(ROOT / "examples" / "llmball.pd"),
            ],
            stdout=log, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    try:
        assert until(lambda: len(heard.note_ons()) > 8, 5), printed.read_text()
        words = ("welcome", "state playing", "note 1", r"understood key D\ minor")
        assert until(lambda: all(f"llmball {w}" in printed.read_text() for w in words), 2), printed.read_text()
        stopped = r"state playing(.|\n)*state idle"
        assert until(lambda: re.search(stopped, printed.read_text()) is not None, 8), printed.read_text()[-500:]
        assert falls_silent(heard, 0.1)
    finally:
        ended(pd)


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, pytest.param(signal.SIGINT, marks=LONG), pytest.param(signal.SIGHUP, marks=LONG)],
)
def test_a_signal_ends_every_note_and_exits_with_0(number: int, playing: tuple[Daemon, Receiver]) -> None:
    started, heard = playing
    assert started.stop(number) == 0
    assert falls_silent(heard, 0.5)
    assert "Traceback" not in started.log.read_text()


def test_stop_ends_every_note_and_play_begins_again(playing: tuple[Daemon, Receiver], needs: Needs) -> None:
    started, heard = playing
    say(started, needs, "stop")
    assert falls_silent(heard, 0.1)
    again = time.monotonic()
    say(started, needs, "play")
    assert until(lambda: len(heard.note_ons(after=again)) > 4, 5)


def test_the_death_of_the_daemon_ends_every_note_within_half_a_second(
    playing: tuple[Daemon, Receiver],
) -> None:
    started, heard = playing
    children = psutil.Process(started.process.pid).children(recursive=True)
    started.process.kill()
    assert falls_silent(heard, 0.5)
    _, alive = psutil.wait_procs(children, 3)
    assert not alive, "the children end by themselves"


def test_the_music_goes_on_after_the_death_of_the_generator(playing: tuple[Daemon, Receiver]) -> None:
    started, heard = playing
    old = started.child("llmball: generator")
    assert old is not None
    killed = time.monotonic()
    old.kill()
    assert until(lambda: (new := started.child("llmball: generator")) is not None and new.pid != old.pid, 10)
    time.sleep(6)  # real seconds of music: over the beats planned ahead, and through the new one's start
    onsets = [killed, *(m.at for m in heard.note_ons(after=killed)), time.monotonic()]
    assert max(np.diff(onsets)) < 2.0, "no silence longer than a bar"
    assert started.stop() == 0
    assert falls_silent(heard, 0.5)


@pytest.mark.untimed
def test_a_second_daemon_is_refused_in_one_line(
    daemon: Start, jack_environment: Mapping[str, str], tmp_path: Path
) -> None:
    first = daemon("--output", "none", env=jack_environment)
    second = refused(tmp_path, jack_environment, "--output", "none", "--osc", first.said("osc"))
    assert str(first.osc[1]) in second
    assert "--osc" in second


@pytest.mark.untimed
def test_a_jack_name_that_is_taken_is_refused_in_one_line(
    daemon: Start, jack_environment: Mapping[str, str], tmp_path: Path
) -> None:
    daemon("--backend", "jack", env=jack_environment)
    assert "--port-name" in refused(tmp_path, jack_environment, "--backend", "jack", "--osc", "127.0.0.1:0")


def refused(folder: Path, env: Mapping[str, str], *options: str) -> str:
    """Start a daemon that cannot start; return its one line."""
    result = subprocess.run(
        [sys.executable, "-m", "bridge", "serve", *options],
        env=os.environ | env, cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    lines = [line for line in result.stderr.splitlines() if "priority" not in line]
    assert result.returncode == 2, result.stderr
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.mark.untimed
def test_jack_midi_dump_hears_what_is_played(
    daemon: Start, jack_environment: Mapping[str, str], needs: Needs, tmp_path: Path
) -> None:
    started = daemon("--backend", "jack", "--play", PROMPT, env=jack_environment)
    env = os.environ | jack_environment
    log = tmp_path / "dump.log"
    dump_program, connect = needs("jack_midi_dump", "jackd2"), needs("jack_connect", "jackd2")
    with log.open("w") as out:
        command = ["stdbuf", "-oL", dump_program, "-a", "dumper"]
        dump = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.DEVNULL, text=True)
    try:
        join = [connect, started.jack_port, "dumper:input"]
        assert until(lambda: subprocess.run(join, env=env, capture_output=True).returncode == 0, 30)
        assert until(lambda: all(f"channel  {c}" in log.read_text() for c in (0, 1)), 30), log.read_text()
    finally:
        ended(dump)


def test_fluidsynth_renders_a_clip_that_is_not_silent(needs: Needs, tmp_path: Path) -> None:
    fonts = [*Path("/usr/share/sounds/sf2").glob("*.sf2")]
    if not fonts:
        pytest.skip("no sound font is installed (package timgm6mb-soundfont)")
    mid, wav = tmp_path / "clip.mid", tmp_path / "clip.wav"
    clip = ["clip", "calm piano ballad in D minor, 72 bpm", "--bars", "2", "--seed", "1", "-o", str(mid)]
    subprocess.run([sys.executable, "-m", "bridge", *clip], check=True, timeout=60, capture_output=True)
    synth = [needs("fluidsynth", "fluidsynth"), "-ni", "-g", "0.7", "-r", "44100", "-F", str(wav)]
    subprocess.run([*synth, str(fonts[0]), str(mid)], check=True, timeout=60, capture_output=True)
    with wave.open(str(wav)) as file:
        audio = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)
        seconds = file.getnframes() / file.getframerate()
    assert seconds > 2 * 4 * 60 / 72
    assert np.sqrt((audio**2).mean()) > 100
