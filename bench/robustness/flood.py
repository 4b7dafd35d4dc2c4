"""A flood of packets while four parts play: 20,000 a second for a minute, of each kind that one likes.

    python -m bench.robustness.flood [--seconds 60] [--rate 20000] [--what mixed,mutated,ping,tempo,density,prompt,clip,hello]

Lateness is that of the spacing of two notes at an independent JACK receiver (as in `bench.latency.lateness`). Pings come from
another client, ten a second.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from itertools import islice, pairwise
from pathlib import Path

from bench.client import ROOT, Client
from bench.latency.host_sync import RATE
from bench.latency.lateness import PROMPT, paired
from bench.robustness.malformed_packets import encoded, mutated, packets
from bench.robustness.malformed_packets import message as sensible
from bench.tables import percentile, table
from tests.support import real_programs

STEP = 0.001
"""Seconds between two handfuls of packets."""
QUIET = tuple((ROOT + path).encode() + b"\0" for path in ("stop", "panic", "play", "bank", "hold", "cue"))
"""What would change the music itself, so that lateness could not be told: it is not in the mixed flood."""
DIFFERENT = 4096
"""Packets of a kind that are made beforehand and then sent round and round."""


def kind(what: str) -> list[bytes]:
    """Return packets of a kind."""
    rng = random.Random(3)
    match what:
        case "mixed":
            return [p for p in islice(packets(rng), DIFFERENT) if _harmless(p)]
        case "mutated":
            return [p for p in (mutated(rng, sensible(rng)) for _ in range(DIFFERENT)) if _harmless(p)]
        case "ping":
            return [encoded(ROOT + "ping", [n]) for n in range(DIFFERENT)]
        case "tempo" | "density":
            return [encoded(ROOT + what, [160 + n % 2 if what == "tempo" else n % 10 / 10]) for n in range(DIFFERENT)]
        case "prompt":
            return [encoded(ROOT + "prompt", [f"calm piano {n}, 160 bpm"]) for n in range(DIFFERENT)]
        case "clip":
            return [encoded(ROOT + "clip", [n, 2, n, "calm piano"]) for n in range(DIFFERENT)]
        case "hello":
            return [encoded(ROOT + "hello", [20_000 + n, "x", n % 2]) for n in range(DIFFERENT)]
    raise SystemExit(f"no kind of flood is {what}")


def _harmless(packet: bytes) -> bool:
    return not any(path[:-1] in packet for path in QUIET)


def pour(host: str, port: int, what: str, rate: int, seconds: float) -> None:
    """Send packets at a rate, and print how many were sent."""
    different = kind(what)
    count = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as pouring:
        pouring.connect((host, port))
        pouring.setblocking(False)
        begin = time.monotonic()
        while (now := time.monotonic() - begin) < seconds:
            for _ in range(int(now * rate) - count):
                with contextlib.suppress(OSError):  # the sender's own queue is full
                    pouring.send(different[count % len(different)])
                count += 1
            time.sleep(STEP)
    print(count)


def main() -> None:
    """Flood, listen, and print a row a kind."""
    parser = argparse.ArgumentParser(prog="python -m bench.robustness.flood", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--what", default="mixed")
    parser.add_argument("--pour", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.pour:
        host, _, port = given.pour.rpartition(":")
        pour(host, int(port), given.what, given.rate, given.seconds)
        return
    rows = [flooded(what, given.rate, given.seconds) for what in given.what.split(",")]
    head = (
        "flood of", "packets/s sent", "pings answered", "slowest ms", "notes heard", "lateness ms: median", "p99", "max",
        "late, dropped, starved", "left sounding", "afterwards",
    )  # fmt: skip
    print(table(head, rows))


def flooded(what: str, rate: int, seconds: float) -> tuple[object, ...]:
    """Return the row of a flood."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trace = folder / "trace"
        program = real_programs.built_recorder(folder)
        with (
            real_programs.jack(f"llmball-flood-{os.getpid()}") as env,
            real_programs.daemon("--backend", "jack", "--trace", str(trace), env=env | {"LLMBALL_HOME": name}, folder=folder) as daemon,
            real_programs.receiver(program, daemon.jack_port, env) as receiver,
        ):  # fmt: skip
            client = Client(daemon.osc)
            for path, value in (("humanise", 0), ("tempo", 160), ("prompt", PROMPT)):
                client.say(path, value)
            client.say("play")
            real_programs.until(lambda: len(receiver.note_ons()) > 20, 30)
            began = time.monotonic()
            host, port = daemon.osc
            pouring = subprocess.Popen(
                [sys.executable, "-m", "bench.robustness.flood", "--pour", f"{host}:{port}", "--what", what, "--rate", str(rate),
                 "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            answered, pings, slowest = pinged(client, pouring)
            sent = int(pouring.communicate()[0])
            ended = time.monotonic()
            afterwards = (
                "alive"
                if real_programs.until(lambda: _answers(client), 2) and daemon.process.poll() is None
                else "dead"
            )
            client.say("stop")
            time.sleep(1)
            health = [t.args for t in client.told if t.path == "health"]
            client.close()
            daemon.stop()
            heard = list(receiver.heard)
        ons = [m for m in heard if m.begins and began < m.at < ended]
        pairs = paired(ons, [line.split() for line in trace.read_text().splitlines()])
    errors = [
        abs((b.frame - a.frame) * 1000 / RATE - (there - here) * 1000) for (a, here), (b, there) in pairwise(pairs)
    ]
    late = [percentile(errors, share) for share in (0.5, 0.99, 1)] if errors else ["-"] * 3
    counts = ", ".join(str(max((h[i] for h in health), default=0)) for i in range(3))
    return (
        what, int(sent / seconds), f"{answered}/{pings}", slowest * 1000, len(ons), *late, counts,
        len(real_programs.sounding(heard)), afterwards,
    )  # fmt: skip


def pinged(client: Client, pouring: subprocess.Popen[str]) -> tuple[int, int, float]:
    """Ping ten times a second while it pours: return how many were answered within a second, of how many, the slowest."""
    asked: dict[int, float] = {}
    while pouring.poll() is None:
        asked[len(asked)] = time.monotonic()
        client.say("ping", len(asked) - 1)
        time.sleep(0.1)
    time.sleep(1)
    pongs = {int(t.args[0]): t.at for t in client.heard("pong")}
    taken = [pongs[n] - at for n, at in asked.items() if n in pongs]
    return sum(t < 1 for t in taken), len(asked), max(taken, default=0.0)


def _answers(client: Client) -> bool:
    place = len(client.told)
    client.say("ping", 77)
    return real_programs.until(lambda: bool(client.heard("pong", place)), 0.5)


if __name__ == "__main__":
    main()
