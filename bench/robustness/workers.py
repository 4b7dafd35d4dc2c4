"""Workers: how takes split over two of them, the wall time against one, and one killed in the middle of a bar.

    python -m bench.robustness.workers [--takes 8] [--beats 32] [--pairs 3] [--waits 25] [--kills 5] [--only crew waiting killed]

Needs mosquitto. `crew` has bridges without a model of their own order takes as fast as they come: two bridges with a
take each, and one bridge with two takes at a time; each take's beats are ordered two at a time, as a session does. The
wall needs a core for each worker. So what the workers computed is printed beside it (CPU seconds of the busiest worker,
which on a core of its own is the least that the wall can be), and `waiting` does the same with workers that wait
so many milliseconds a beat instead of computing: what is lost there is lost by the way that jobs and beats travel,
whatever else the machine does. `killed` has two real bridges play with two real workers, of which one is killed in the
middle of a bar, again and again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex
from statistics import median

import aiomqtt
import psutil
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.client import Client
from bench.tables import table
from bridge.config import parse_broker_url
from bridge.mqtt.client import SOCKET_OPTIONS
from bridge.workers.protocol import (
    JOBS_TOPIC,
    TOPIC_ROOT,
    Accepted,
    Done,
    Job,
    Ordered,
    Refused,
    Streamed,
    orders_topic,
    pack,
    qos_of,
    unpack,
)
from bridge.workers.worker import Worker
from model.generation.messages import Begin, Write
from model.music.plan import Controls
from model.weights import FOLDER, hashed
from tests.support.brokers import mosquitto
from tests.support.generators import Plain
from tests.support.real_programs import daemon, ended, until

WEIGHTS = hashed(FOLDER / "decoder.safetensors")
PROMPT = "upbeat pop in C major, 140 bpm"


@contextmanager
def worker(url: str, folder: Path, waits: float | None = None) -> Iterator[psutil.Process]:
    """Hire a worker, until the block ends; one that waits so many seconds a beat instead of computing, if asked to."""
    own = ["-m", "bridge", "worker", "--mqtt", url]
    waiting = ["-m", "bench.robustness.workers", "--be", url, str(waits)]
    log = folder / f"worker-{token_hex(3)}.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, *(own if waits is None else waiting)], env=os.environ, stdout=out, stderr=out, text=True
        )  # fmt: skip
    try:
        if not until(lambda: "the broker is there" in log.read_text(), 60):
            raise RuntimeError(log.read_text())
        yield psutil.Process(process.pid)
    finally:
        ended(process, 10)


def computed(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and its children since they began."""
    times = (p.cpu_times() for p in (process, *process.children(recursive=True)))
    return sum(t.user + t.system for t in times)


async def bridge(port: int, takes: int, beats: int, at_once: int, split: Counter[str]) -> None:
    """Have takes written, so many at once, and the next when one is over."""
    answers = f"{TOPIC_ROOT}answers/{token_hex(4)}"
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = answers
    written: dict[str, list[int]] = {}
    workers: dict[str, str] = {}
    begun = 0
    async with aiomqtt.Client(
        "127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5, socket_options=SOCKET_OPTIONS
    ) as client:
        await client.subscribe(answers, 1)
        sent: set[asyncio.Task[None]] = set()  # a bridge does not wait for the broker's acknowledgements

        def send(topic: str, value: Job | Ordered | Done) -> None:
            sent.add(asyncio.create_task(client.publish(topic, pack(value), qos_of(value), properties=properties)))

        def offer() -> None:
            nonlocal begun
            begun += 1
            job = token_hex(8)
            written[job] = [0, 0]  # ordered, come
            begin = Begin(begun, PROMPT, Controls(), begun)
            send(JOBS_TOPIC, Job(job, WEIGHTS, begin))

        for _ in range(min(at_once, takes)):
            offer()
        async for message in client.messages:
            said = unpack(bytes(message.payload), Accepted, Refused, Streamed)
            if isinstance(said, Refused):
                raise RuntimeError(said.reason)
            if isinstance(said, Accepted):
                workers[said.job] = said.worker
                split[said.worker] += 1
            else:
                written[said.job][1] += 1
            asked, come = written[said.job]
            there = orders_topic(workers[said.job])
            for index in range(asked, min(beats, come + 2)):
                write = Write(1, index, Controls())
                send(there, Ordered(said.job, index, (write,)))
                written[said.job][0] += 1
            if come == beats:
                send(there, Done(said.job))
                del written[said.job]
                if begun < takes:
                    offer()
                elif not written:
                    await asyncio.gather(*sent)
                    return


@dataclass(frozen=True, slots=True)
class Crewed:
    """What all takes cost: the wall, the busiest worker, all workers and the broker, in seconds; and how takes split."""

    wall: float
    busiest: float
    all: float
    broker: float
    split: str


def crew(workers: int, bridges: int, options: argparse.Namespace, waits: float | None) -> Crewed:
    """Have all takes written by so many workers for so many bridges."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(mosquitto(folder))
        hired = [stack.enter_context(worker(broker.url, folder, waits)) for _ in range(workers)]
        everyone = [*hired, psutil.Process(broker.pid)]
        split: Counter[str] = Counter()
        before = [computed(one) for one in everyone]

        async def all_of_them() -> None:
            each = partial(bridge, broker.port, options.takes // bridges, options.beats, 2 // bridges, split)
            await asyncio.gather(*(each() for _ in range(bridges)))

        began = time.monotonic()
        asyncio.run(all_of_them())
        wall = time.monotonic() - began
        *costs, carried = (computed(one) - b for one, b in zip(everyone, before, strict=True))
        shares = " and ".join(f"{n / split.total():.0%}" for n in split.values())
    return Crewed(wall, max(costs), sum(costs), carried, shares)


def compared(options: argparse.Namespace, waits: float | None) -> None:
    """Print what one and two workers take, in pairs one after the other, with two bridges and with one."""
    rows: list[tuple[object, ...]] = []
    beats = options.takes * options.beats
    runs: list[Crewed] = []
    medians: list[str] = []
    for bridges in (2, 1):
        gains: list[float] = []
        for _ in range(options.pairs):
            one, two = (crew(workers, bridges, options, waits) for workers in (1, 2))
            runs += [one, two]
            gains.append(one.wall / two.wall)
            freed = f"x{one.busiest / two.busiest:.2f}"
            rows.append(
                (bridges, beats, one.wall, two.wall, f"x{gains[-1]:.2f}", one.busiest, two.busiest, freed, two.split)
            )  # fmt: skip
        medians.append(f"x{median(gains):.2f} with {bridges} bridge{'s' * (bridges > 1)}")
    head = ("bridges", "beats", "wall s, one worker", "two", "gain", "CPU s of one", "of the busier of two", "gain", "takes split")  # fmt: skip
    print(table(head, rows))
    print(f"\nwall, median of the pairs: {', '.join(medians)}")
    cost, carried = (1000 * sum(s) / (len(runs) * beats) for s in ([r.all for r in runs], [r.broker for r in runs]))
    print(f"CPU a beat: {cost:.1f} ms of a worker, {carried:.2f} ms of the broker;", end=" ")
    print(f"so a core writes for {1000 / cost / 2:.0f} players at 120 bpm, and carries {1000 / carried / 2:.0f}")


def killed(options: argparse.Namespace) -> None:
    """Have two bridges play with two workers; kill one in the middle of a bar and hire another; print the counts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(mosquitto(folder))
        crew = [stack.enter_context(worker(broker.url, folder)) for _ in range(2)]
        bands, clients = [], []
        for name in ("left", "right"):
            (folder / name).mkdir()
            words = ("--output", "none", "--http", "none", "--mqtt", f"{broker.url}/{name}", "--play", PROMPT)
            bands.append(stack.enter_context(daemon(*words, env={"LLMBALL_HOME": str(folder / name)}, folder=folder / name)))  # fmt: skip
            clients.append(Client(bands[-1].osc))
            stack.callback(clients[-1].close)

        def away(band: int, times: int) -> bool:
            return until(lambda: bands[band].log.read_text().count("written by a worker from") >= times, 40)

        for time_ in range(options.kills):
            for band in range(2):
                if not away(band, 1):
                    print("a band that no worker has taken over", file=sys.stderr)
            told = clients[0].heard("beat")[-1]
            until(lambda now=told: clients[0].heard("beat")[-1].args[:2] != now.args[:2], 5)  # type: ignore[misc]
            until(lambda: clients[0].heard("beat")[-1].args[1] in (2, 3), 10)
            gone = crew.pop(0)
            for process in (*gone.children(recursive=True), gone):
                with suppress(psutil.Error):
                    process.send_signal(signal.SIGKILL)
            crew.append(stack.enter_context(worker(broker.url, folder)))
            time.sleep(6)
            print(f"killed {time_ + 1} of {options.kills}", file=sys.stderr)
        rows: list[tuple[object, ...]] = []
        for name, band, client in zip(("left", "right"), bands, clients, strict=True):
            now = client.heard("beat")[-1].args[0]
            notes = client.heard("note")
            first = int(min(n.args[4] for n in notes) // 4)
            full = {int(n.args[4] // 4) for n in notes}
            bars = range(first, int(now) - 1)
            health = client.heard("health")[-1].args
            log = band.log.read_text()
            rows.append((name, len(bars), sum(b not in full for b in bars), health[2], health[0],
                         log.count("written by a worker from"), log.count("written at home again")))  # fmt: skip
    head = ("bridge", "bars", "without a plan", "beats repeated", "late", "went to a worker", "came home")
    print(table(head, rows))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.robustness.workers", description=__doc__)
    parser.add_argument("--takes", type=int, default=16)
    parser.add_argument("--beats", type=int, default=32)
    parser.add_argument("--waits", type=float, default=25.0, help="milliseconds a beat where workers only wait")
    parser.add_argument("--pairs", type=int, default=3, help="how often one worker is set beside two")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=["crew", "waiting", "killed"])
    parser.add_argument("--be", nargs=2, metavar=("URL", "SECONDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.be is not None:
        _be(*options.be)
        return
    if "crew" in options.only:
        print("workers that compute\n")
        compared(options, None)
    if "waiting" in options.only:
        print(f"\nworkers that wait {options.waits:.0f} ms a beat\n")
        compared(options, options.waits / 1000)
    if "killed" in options.only:
        print(f"\none of two workers killed in the middle of a bar, {options.kills} times\n")
        killed(options)


def _be(url: str, seconds: str) -> None:
    import logging

    logging.basicConfig(level=logging.INFO, stream=sys.stderr)

    async def work() -> None:
        await Worker(parse_broker_url(url), lambda: Plain(float(seconds))).run()

    asyncio.run(work())


if __name__ == "__main__":
    main()
