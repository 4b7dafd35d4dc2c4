"""Hosts that can be run without a screen: Ardour records us, sclang conducts us, fluidsynth sounds on the beat."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import mido
import numpy as np
import pytest

from tests.support.real_programs import Daemon, Receiver, ended, until

pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).parents[3]
SECONDS = float(os.environ.get("LLMBALL_RECORD_SECONDS", "10"))
"""Of Ardour's recording; `.ci/run` takes a minute."""
NEAR = 0.003
"""Seconds between a note at our receiver and in Ardour's file: each stamps the same JACK frame."""

Needs = Callable[[str, str], str]
Listen = Callable[[str], Receiver]
Start = Callable[..., Daemon]
Onset = tuple[float, tuple[int, int, int]]


def onsets(file: Path) -> list[Onset]:
    """Return the note-ons of a file in seconds, each with channel, pitch and velocity."""
    now, found = 0.0, list[Onset]()
    for message in mido.MidiFile(file):
        now += message.time
        if message.type == "note_on" and message.velocity:
            found.append((now, (message.channel + 1, message.note, message.velocity)))
    return found


def taken_down(ardour: str, port: str, jack: Mapping[str, str], folder: Path) -> list[Onset]:
    """Have Ardour record a port; return what is in its file, nothing where it wrote none."""
    folder.mkdir()
    session, log = folder / "session", folder / "ardour.log"
    env = {"SESSION": str(session), "PORT": port, "SECONDS": str(SECONDS), "HOME": str(folder)}
    with log.open("w") as out:
        recording = subprocess.Popen(
            [ardour, str(ROOT / "tests" / "support" / "receivers" / "ardour.lua")],
            env=os.environ | jack | env, stdout=out, stderr=out, text=True,
        )  # fmt: skip
    try:
        assert until(lambda: "saved" in log.read_text(), SECONDS + 90), log.read_text()
        with suppress(subprocess.TimeoutExpired):
            recording.wait(20)  # what it heard is on disk for certain once it has gone
    finally:
        ended(recording)
    # a take that was begun and holds nothing is a file too
    return max(map(onsets, session.glob("interchange/*/midifiles/*.mid")), key=len, default=[])


def unmatched(recorded: list[Onset], sent: list[Onset]) -> int:
    """Return how many notes of the recording's span are not in both, at the best alignment."""
    fewest = len(recorded) + len(sent)
    first = recorded[0]
    for at, what in sent:
        if what != first[1]:
            continue
        shift = at - first[0]
        low, high = min(t for t, _ in recorded) + shift - NEAR, max(t for t, _ in recorded) + shift + NEAR
        span = [(t - shift, w) for t, w in sent if low <= t <= high]
        wrong = 0
        for t, w in recorded:
            same = [one for one in span if one[1] == w and abs(one[0] - t) < NEAR]
            if same:
                span.remove(same[0])
            else:
                wrong += 1
        fewest = min(fewest, wrong + len(span))
    return fewest


def test_a_recording_that_lacks_a_note_or_has_one_too_many_is_told_apart() -> None:
    sent = [(0.5 * i, (1, 60 + i, 80)) for i in range(6)]
    shifted = [(t - 0.7, w) for t, w in sent[1:5]]
    assert unmatched(shifted, sent) == 0
    assert unmatched([*shifted[:2], *shifted[3:]], sent) == 1
    assert unmatched([*shifted, (0.5, (1, 99, 80))], sent) == 1
    assert unmatched([shifted[0], (shifted[1][0] + 0.02, shifted[1][1]), *shifted[2:]], sent) == 2


@pytest.mark.long
@pytest.mark.timeout(180 + 3 * SECONDS)
def test_what_ardour_records_is_what_we_sent(
    daemon: Start, jack_environment: Mapping[str, str], receiver: Listen, needs: Needs, tmp_path: Path
) -> None:
    ardour = needs("ardour7-lua", "ardour")
    started = daemon("--backend", "jack", "--play", "upbeat pop in C major, 140 bpm", env=jack_environment)
    heard = receiver(started.jack_port)
    recorded: list[Onset] = []
    for attempt in range(3):  # without a screen Ardour now and then rolls before its track is armed
        recorded = recorded or taken_down(ardour, started.jack_port, jack_environment, tmp_path / str(attempt))
    assert recorded[-1][0] - recorded[0][0] > 0.7 * SECONDS
    sent = [(m.frame / 48000, (m.channel, m.data[1], m.data[2])) for m in heard.note_ons()]
    assert unmatched(recorded, sent) == 0


@pytest.mark.untimed
def test_an_sclang_script_conducts_a_performance_and_prints_the_answers(
    daemon: Start, jack_environment: Mapping[str, str], receiver: Listen, needs: Needs, tmp_path: Path
) -> None:
    sclang = needs("sclang", "supercollider-language")
    started = daemon("--backend", "jack", env=jack_environment)
    heard = receiver(started.jack_port)
    printed = tmp_path / "sclang.log"
    env = {
        "LLMBALL_PORT": str(started.osc[1]), "LLMBALL_SECONDS": "3", "HOME": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1",
    }  # fmt: skip
    with printed.open("w") as out:
        conducting = subprocess.Popen(
            [sclang, str(ROOT / "examples" / "llmball.scd")],
            env=os.environ | env, stdout=out, stderr=out, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
    try:
        assert until(lambda: "state idle" in printed.read_text().partition("state playing")[2], 90), printed.read_text()
    finally:
        ended(conducting)
    told = printed.read_text()
    assert all(word in told for word in ("welcome", "understood/key D minor", "chord", "llmball note")), told
    assert "llmball/error" not in told
    assert len(heard.note_ons()) > 8


def test_fluidsynth_sounds_on_the_beats_of_a_clip(needs: Needs, tmp_path: Path) -> None:
    fonts = [*Path("/usr/share/sounds/sf2").glob("*.sf2")]
    if not fonts:
        pytest.skip("no sound font is installed (package timgm6mb-soundfont)")
    mid, wav = tmp_path / "clip.mid", tmp_path / "clip.wav"
    words = ["clip", "four on the floor techno, 120 bpm", "--parts", "drums", "--bars", "4", "--seed", "1"]
    subprocess.run(
        [sys.executable, "-m", "bridge", *words, "-o", str(mid)],
        check=True, timeout=60, capture_output=True, cwd=tmp_path,
    )  # fmt: skip
    synth = [needs("fluidsynth", "fluidsynth"), "-ni", "-g", "0.7", "-R", "0", "-C", "0", "-r", "44100"]
    subprocess.run([*synth, "-F", str(wav), str(fonts[0]), str(mid)], check=True, timeout=60, capture_output=True)
    with wave.open(str(wav)) as file:
        stereo = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
    power = (stereo.astype(float).mean(1) ** 2)[: len(stereo) // 220 * 220].reshape(-1, 220).mean(1)
    rise = np.diff(np.log10(power + 1.0), prepend=0.0)  # in frames of 5 ms
    beats = {round(t / 0.5) for t, _ in onsets(mid) if abs(t / 0.5 - round(t / 0.5)) < 0.02}
    assert len(beats) >= 12
    hit = [b for b in beats if rise[max(0, b * 100 - 3) : b * 100 + 6].max() > 0.15]
    assert len(hit) >= 0.9 * len(beats), (sorted(hit), sorted(beats))
