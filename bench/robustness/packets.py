"""Mutated packets, frames and payloads against the real OSC server in this process, and against a daemon that plays.

    python -m bench.robustness.packets [--count 1000000] [--sent 100000] [--others 20000] [--seed 11]

`--count` packets go through the real server, services and session without a socket, and each is checked: bad input
gives an error to its sender and changes nothing. Then `--sent` are sent to a daemon by UDP, and `--others` frames and
payloads by WebSocket and MQTT; it answers every ping, and the music goes on. Then each kind of mistake once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import random
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from functools import partial
from itertools import filterfalse, islice
from pathlib import Path

import aiohttp
import aiomqtt

from bench.client import Client
from bench.robustness.in_process import SENDERS, Indoors, Verdict
from bench.robustness.malformed_packets import frames, packets, payloads
from bench.tables import percentile, table
from bridge.protocol.controls import CONTROLS
from tests.support import brokers, real_programs

PING_EVERY = 500
A_TURN = 50
STOPS = ("stop", "panic", "play", "hold")
SETTLED = 2.0
"""Seconds until all that was sent and waits for its share is done."""
MISTAKES: tuple[tuple[str, str, tuple[str | int | float, ...]], ...] = (
    ("wrong type", "tempo", ("fast",)),
    ("wrong type", "key", (5,)),
    ("out of range", "tempo", (301.0,)),
    ("out of range", "part/bass/channel", (17,)),
    ("out of range", "density", (float("nan"),)),
    ("too many", "tempo", (100.0, 120.0)),
    ("unknown address", "nonsense", (1,)),
    ("pattern", "{play,stop}", (1.0,)),
    ("unknown key", "key", ("X minor",)),
    ("unknown chord", "chords", ("Am Qx",)),
    ("3,000 characters", "prompt", ("x" * 3000,)),
    ("empty prompt", "prompt", (" ",)),
)


def main() -> None:
    """Print the tables; exit 1 where the law was broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.robustness.packets", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--sent", type=int, default=100_000)
    parser.add_argument("--others", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["LLMBALL_HOME"] = name
        logging.disable(logging.WARNING)  # sets that are not there, by the thousand
        verdict = asyncio.run(judged(given.count, given.seed))
        print(told(verdict))
        print()
        print(asyncio.run(outdoors(Path(name), given.sent, given.others, given.seed)))
    if verdict.broken:
        raise SystemExit(1)


async def judged(count: int, seed: int) -> Verdict:
    """Give packets to a server in this process while the band plays."""
    rng = random.Random(seed)
    house = Indoors()
    for number, packet in enumerate(islice(packets(rng), count)):
        house.hear(packet, rng.choice(SENDERS))
        if number % A_TURN == 0:
            house.keep_playing()
            await asyncio.sleep(0)
    house.close()
    return house.verdict


def told(verdict: Verdict) -> str:
    """Return the table of a verdict, and an example of each broken law."""
    ms = [[1000 * percentile(v, s) for s in (0.5, 0.99, 1)] for v in (verdict.costs, verdict.processor)]
    answered = ", ".join(f"{what} {n}" for what, n in verdict.answered.most_common())
    lines = [
        table(
            (
                "packets",
                "answered by",
                "ms each: median",
                "p99",
                "worst",
                "of the processor: p99",
                "laws broken",
            ),
            [(len(verdict.costs), answered, *ms[0], ms[1][1], sum(verdict.broken.values()))],
        )
    ]
    lines += [f"{what}, {verdict.broken[what]} times, such as {example}" for what, example in verdict.examples.items()]
    return "\n".join(lines)


async def outdoors(folder: Path, sent: int, others: int, seed: int) -> str:
    """Return the tables of a daemon that is sent all this."""
    with (
        brokers.mosquitto(folder) as broker,
        real_programs.daemon(
            "--output", "none", "--play", "calm piano", "--http", "127.0.0.1:0", "--mqtt", broker.url + "/spoiled",
            env={}, folder=folder,
        ) as daemon,
        contextlib.closing(Client(daemon.osc)) as client,
    ):  # fmt: skip
        real_programs.until(lambda: bool(client.heard("beat")), 20)  # it plays
        rows = [
            (
                door,
                count,
                *await watched(client, sending),
                "alive" if daemon.process.poll() is None else "dead",
            )
            for door, count, sending in (
                ("UDP", sent, by_udp(daemon.osc, sent, seed)),
                ("WebSocket", others, by_socket(daemon.said("http"), others, seed)),
                ("MQTT", others, by_mqtt(broker.port, others, seed)),
            )
        ]
        await asyncio.sleep(SETTLED)
        mistakes = [mistake(client, *m) for m in MISTAKES]
        said = daemon.log.read_text().splitlines()
    head = ("door", "sent", "pings", "answered", "slowest answer, ms", "beats meanwhile", "daemon")
    faults = [said[max(0, at - 2) : at + 14] for at, line in enumerate(said) if line.startswith("Traceback")]
    shown = "\n".join("\n".join(lines) for lines in faults[:3])
    told = table(("mistake", "address", "answered by", "state changed"), mistakes)
    return f"{table(head, rows)}\n\nfaults in its log: {len(faults)}\n{shown}\n{told}"


async def watched(client: Client, sending: AsyncIterator[None]) -> tuple[int, int, float, int]:
    """Ping whenever so many were sent; return pings, answers within 5 s, the slowest in ms, and beats meanwhile."""
    place, asked, answered, worst = len(client.told), 0, 0, 0.0
    async for _ in sending:
        asked += 1
        began, number = time.monotonic(), 1_000_000 + asked
        client.say("ping", number)
        if await asyncio.to_thread(real_programs.until, partial(ponged, client, number), 5):
            answered += 1
            worst = max(worst, time.monotonic() - began)
        if client.heard("state")[-1].args != ("playing",):  # what was sent may have stopped it
            client.say("prompt", "calm piano")
            client.say("play")
    return asked, answered, worst * 1000, len(client.heard("beat", place))


async def by_udp(address: tuple[str, int], count: int, seed: int) -> AsyncIterator[None]:
    """Send packets, and come back every few hundred."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        for number, packet in enumerate(islice(filterfalse(quiet, packets(random.Random(seed))), count), start=1):
            with contextlib.suppress(OSError):
                stranger.sendto(packet, address)
            if number % PING_EVERY == 0:
                yield


def quiet(packet: bytes | str) -> bool:
    """Tell whether a packet stops the band, which is to play on: such are for indoors."""
    text = packet if isinstance(packet, str) else packet.decode("latin-1")
    return any(word in text for word in STOPS)


async def by_socket(http: str, count: int, seed: int) -> AsyncIterator[None]:
    """Send frames to the panel's WebSocket; whoever is let go comes back."""
    async with aiohttp.ClientSession() as visitor:
        ws = await visitor.ws_connect(http + "/ws", max_msg_size=0)
        for number, frame in enumerate(islice(filterfalse(quiet, frames(random.Random(seed))), count), start=1):
            try:
                await (ws.send_str(frame) if isinstance(frame, str) else ws.send_bytes(frame))
                while True:
                    await ws.receive(timeout=0.0001 if number % 10 else 0.001)
                    if ws.closed:
                        raise ConnectionResetError
            except TimeoutError:
                pass
            except (ConnectionError, aiohttp.ClientError):
                ws = await visitor.ws_connect(http + "/ws", max_msg_size=0)
            if number % PING_EVERY == 0:
                yield
        await ws.close()


async def by_mqtt(port: int, count: int, seed: int) -> AsyncIterator[None]:
    """Publish payloads."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        some = (one for one in payloads(random.Random(seed)) if not quiet(one[0]))
        for number, (path, payload) in enumerate(islice(some, count), start=1):
            with contextlib.suppress(ValueError):  # a topic that nobody may publish at
                await client.publish(f"llmball/spoiled/{path}", payload)
            if number % PING_EVERY == 0:
                yield


def ponged(client: Client, number: int) -> bool:
    """Tell whether a ping was answered lately."""
    return any(t.args == (number,) for t in client.heard("pong", max(0, len(client.told) - 2000)))


def mistake(client: Client, what: str, path: str, args: tuple[str | int | float, ...]) -> tuple[str, str, str, str]:
    """Make one mistake; return what it was answered by, and whether a control's value changed."""
    before = value(client, path) if path in CONTROLS else None
    place = len(client.told)
    client.say(path, *args)
    told = real_programs.until(lambda: bool(client.heard("error", place)), 2)
    reason = client.heard("error", place)[0].args[1] if told else "nothing"
    after = value(client, path) if path in CONTROLS else None
    return what, path, str(reason)[:70].replace("|", "/"), "yes" if before != after else "no"


def value(client: Client, path: str) -> object:
    """Ask for a control."""
    place = len(client.told)
    client.say(path)
    real_programs.until(lambda: bool(client.heard(path, place)), 2)
    return client.heard(path, place)[0].args


if __name__ == "__main__":
    main()
