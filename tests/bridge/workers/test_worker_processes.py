"""Workers as processes, at a real broker: beats by them, one killed, jobs twice and of other weights."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bridge.config import parse_broker_url
from bridge.errors import OwnerError
from bridge.workers.protocol import (
    JOBS_TOPIC,
    Accepted,
    Job,
    Ordered,
    Refused,
    Streamed,
    orders_topic,
    pack,
    unpack,
)
from bridge.workers.worker import WEIGHTS, Worker
from model.generation.messages import Begin, Write
from model.music.plan import Controls
from model.weights import hashed
from tests.support.brokers import Mosquitto
from tests.support.generators import Plain
from tests.support.real_programs import Daemon, ended, until

pytestmark = pytest.mark.timeout(110)

ROOT = Path(__file__).parents[3]
Start = Callable[..., Daemon]
PROMPT = "upbeat pop in C major, 140 bpm"


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
    assert until(lambda: "written by a worker from beat" in started.log.read_text(), 20), started.log.read_text()
    lines = len(trace.read_text().splitlines())
    worker.kill()
    assert until(lambda: "is written at home again" in started.log.read_text(), 10)
    assert until(lambda: len(trace.read_text().splitlines()) > lines + 60, 30), "the music goes on"
    beats = sorted({int(float(line.split()[0])) for line in trace.read_text().splitlines()[1:-1]})
    assert max(b - a for a, b in pairwise(beats)) <= 2, "and no beat is missing"
    assert started.stop() == 0
    assert "Traceback" not in started.log.read_text()


PLAIN = """
import asyncio, logging, sys
from bridge.config import parse_broker_url
from bridge.workers.worker import Worker
from tests.support.generators import Plain
logging.basicConfig(level=logging.INFO)
async def work(): await Worker(parse_broker_url(sys.argv[1]), Plain).run()
asyncio.run(work())
"""


def test_a_job_that_comes_twice_is_accepted_once_and_one_of_other_weights_is_refused(
    broker: Mosquitto, tmp_path: Path
) -> None:
    with (tmp_path / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PLAIN, broker.url], cwd=ROOT, stdout=log, stderr=log, text=True
        )
    begin = Begin(7, "jazz", Controls(), 1)
    ours = Job("once", hashed(WEIGHTS), begin)
    theirs = Job("other", "0" * 64, begin)
    done = Job("last", hashed(WEIGHTS), begin)
    said: list[Accepted | Refused | Streamed] = []

    async def offered() -> None:
        answers = f"{JOBS_TOPIC}/answers"
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = answers
        async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            await client.subscribe(answers, 1)
            for job in (ours, ours, theirs, done):
                await client.publish(JOBS_TOPIC, pack(job), 1, properties=properties)
            async for message in client.messages:
                said.append(unpack(bytes(message.payload), Accepted, Refused, Streamed))
                if said[-1].job == "last":
                    worker = said[-1].worker if isinstance(said[-1], Accepted) else ""
                    write = Ordered("once", 0, (Write(7, 0, Controls()),))
                    for _ in range(2):
                        await client.publish(orders_topic(worker), pack(write), 0)
                    await client.publish(orders_topic(worker), pack(Ordered("once", 1, (Write(7, 1, Controls()),))))
                if isinstance(said[-1], Streamed) and said[-1].number == 1:
                    return

    try:
        assert until(lambda: "the broker is there" in (tmp_path / "worker.log").read_text(), 60)
        asyncio.run(offered())
    finally:
        ended(process)
    assert [(type(one), one.job) for one in said] == [
        (Accepted, "once"), (Refused, "other"), (Accepted, "last"), (Streamed, "once"), (Streamed, "once"),
    ]  # fmt: skip
    refused = said[1]
    assert isinstance(refused, Refused)
    assert "same version" in refused.reason


def test_a_worker_that_cannot_compose_says_the_remedy_and_ends() -> None:
    def refusing() -> Plain:
        raise ValueError("decoder.safetensors is not the file that was shipped: install LLMBall again")

    async def work() -> None:
        await Worker(parse_broker_url("mqtt://127.0.0.1:1"), refusing).run()

    with pytest.raises(OwnerError, match="install LLMBall again"):
        asyncio.run(work())


def test_a_worker_ends_at_a_signal_with_0(worker: subprocess.Popen[str], tmp_path: Path) -> None:
    worker.terminate()
    assert worker.wait(10) == 0
    assert "beats written" in (tmp_path / "worker.log").read_text()
