"""Beats by one and by two workers, without a bridge's own model: how jobs split, and the wall time.

`python -m bench.workers [takes] [beats]`; needs mosquitto and a core a worker. Each bridge asks for takes one after
another and each take's beats two at a time, as a session does.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from secrets import token_hex

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bridge.jobs import JOBS, Accepted, Done, Job, Ordered, Refused, Streamed, orders_topic
from bridge.wire import pack, unpack
from model.music import Begin, Controls, Write
from model.weights import FOLDER, hashed
from tests.brokers import mosquitto

WEIGHTS = hashed(FOLDER / "decoder.safetensors")


async def bridge(port: int, takes: int, beats: int, split: Counter[str]) -> int:
    """Have takes written, one after another; return how many beats came."""
    answers = f"llmball-work/answers/{token_hex(4)}"
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = answers
    came = 0
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe(answers, 1)
        messages = aiter(client.messages)
        for take in range(1, takes + 1):
            job = token_hex(8)
            begin = Begin(take, "upbeat pop in C major", Controls(), take)
            await client.publish(JOBS, pack(Job(job, WEIGHTS, begin)), 1, properties=properties)
            worker, asked, got = "", 0, 0
            while got < beats:
                message = await anext(messages)
                said = unpack(bytes(message.payload), Accepted, Refused, Streamed)
                if isinstance(said, Refused):
                    raise RuntimeError(said.reason)
                if isinstance(said, Accepted):
                    worker = said.worker
                    split[worker] += 1
                elif said.job == job:
                    got += 1
                while worker and asked < min(beats, got + 2):
                    ordered = Ordered(job, asked, (Write(take, asked, Controls()),))
                    await client.publish(orders_topic(worker), pack(ordered), 1)
                    asked += 1
            await client.publish(orders_topic(worker), pack(Done(job)), 1)
            came += got
    return came


def measured(workers: int, takes: int, beats: int) -> tuple[float, Counter[str], int]:
    """Return the wall time of two bridges on so many workers, who had which takes, and the beats."""
    with tempfile.TemporaryDirectory() as name, mosquitto(Path(name)) as broker:
        hired = [
            subprocess.Popen(
                [sys.executable, "-m", "bridge", "worker", "--mqtt", broker.url],
                env=os.environ, cwd=name, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )
            for _ in range(workers)
        ]  # fmt: skip
        try:
            for one in hired:
                assert one.stdout is not None
                one.stdout.readline()
            time.sleep(3)  # until each has subscribed, also on a busy machine
            split: Counter[str] = Counter()

            async def both() -> int:
                return sum(
                    await asyncio.gather(*(bridge(broker.port, takes, beats, split) for _ in range(2)))
                )

            began = time.monotonic()
            came = asyncio.run(both())
            return time.monotonic() - began, split, came
        finally:
            for one in hired:
                one.terminate()
                one.wait(10)
                if one.stdout is not None:
                    one.stdout.close()


def main(takes: int = 10, beats: int = 64) -> None:
    """Print the table."""
    walls = []
    for workers in (1, 2):
        wall, split, came = measured(workers, takes, beats)
        walls.append(wall)
        shares = ", ".join(f"{n / sum(split.values()):.0%}" for n in split.values())
        print(
            f"{workers} worker(s): {came} beats in {wall:.1f} s = {came / wall:.0f} a second; takes {shares}"
        )
    print(f"two against one: x{walls[0] / walls[1]:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
