"""Workers as processes, at a real broker: beats by them, one killed, one with other weights."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.brokers import Mosquitto, mosquitto
from tests.rig import Daemon, MissingToolError, ended, until

pytestmark = pytest.mark.timeout(110)

Start = Callable[..., Daemon]
PROMPT = "upbeat pop in C major, 140 bpm"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    try:
        with mosquitto(tmp_path) as running:
            yield running
    except MissingToolError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def worker(broker: Mosquitto, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with (tmp_path / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bridge", "worker", "--mqtt", broker.url],
            env=os.environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("ready worker=")
        assert until(lambda: "the broker is there" in (tmp_path / "worker.log").read_text(), 10)
        yield process
    finally:
        process.stdout.close()
        ended(process)


def test_a_worker_writes_the_beats_and_when_it_is_killed_the_music_goes_on(
    broker: Mosquitto, worker: subprocess.Popen[str], daemon: Start, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    options = ("--output", "none", "--mqtt", broker.url, "--play", PROMPT, "--trace", str(trace))
    started = daemon(*options)
    assert until(lambda: "written by a worker from beat" in started.log.read_text(), 20), (
        started.log.read_text()
    )
    lines = len(trace.read_text().splitlines())
    worker.kill()
    assert until(lambda: "is written at home again" in started.log.read_text(), 10)
    assert until(lambda: len(trace.read_text().splitlines()) > lines + 60, 30), "the music goes on"
    beats = sorted({int(float(line.split()[0])) for line in trace.read_text().splitlines()[1:-1]})
    assert max(b - a for a, b in pairwise(beats)) <= 2, "and no beat is missing"
    assert started.stop() == 0
    assert "Traceback" not in started.log.read_text()


def test_a_worker_ends_at_a_signal_with_0(worker: subprocess.Popen[str], tmp_path: Path) -> None:
    worker.terminate()
    assert worker.wait(10) == 0
    assert "beats written" in (tmp_path / "worker.log").read_text()
