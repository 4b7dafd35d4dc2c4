"""Ableton Link with an independent peer (aalink) in a network namespace: who moves whose tempo, and the phase.

    python -m bench.latency.link_peer [--seconds 15]

The peer is there first, at 97 bpm; the daemon joins and plays; the peer goes to 121; we set 90. The phase error of a note is
the peer's beat at the moment of its JACK frame beside its planned beat. Needs root (unshare, ip) and the extras link and dev.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from itertools import pairwise
from pathlib import Path

from bench.client import Client
from bench.latency.host_sync import matched
from bench.tables import percentile, table
from tests.support import real_programs

FIRST, SECOND, OURS = 97.0, 121.0, 90.0
SETTLED = 1.0
"""Seconds after a change of tempo that are told apart."""
ISOLATED = "ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo && exec {} -m bench.latency.link_peer {}"


async def peer(bpm: float, log: Path) -> None:
    """Be the other one: write down moment, beat, tempo and peers; a number on standard input is a new tempo."""
    import aalink

    link = aalink.Link(bpm)
    link.quantum = 4
    link.enabled = True
    asyncio.get_running_loop().add_reader(0, lambda: setattr(link, "tempo", float(sys.stdin.readline() or bpm)))
    with log.open("w") as file:
        while True:
            before, beat, after = time.monotonic(), link.beat, time.monotonic()
            file.write(f"{(before + after) / 2:.6f} {beat:.6f} {link.tempo:.4f} {link.num_peers}\n")
            file.flush()
            await asyncio.sleep(0.02)


def main() -> None:
    """Go into a namespace of its own, or be what runs there."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.peer is not None:
        asyncio.run(peer(FIRST, given.peer))
    elif given.inside:
        inside(given.seconds)
    else:
        words = ISOLATED.format(sys.executable, f"--inside --seconds {given.seconds}")
        sys.exit(subprocess.run(["unshare", "-n", "sh", "-c", words], check=False).returncode)


def inside(seconds: float) -> None:
    """Measure, with nobody else on the network."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = real_programs.built_recorder(folder)
        log, trace = folder / "peer", folder / "trace"
        other = subprocess.Popen(
            [sys.executable, "-m", "bench.latency.link_peer", "--peer", str(log)],
            stdin=subprocess.PIPE,
            text=True,
        )
        assert other.stdin is not None
        try:
            time.sleep(2)
            serve = ("--backend", "jack", "--sync", "link", "--trace", str(trace))
            with (
                real_programs.jack(f"llmball-link-{os.getpid()}") as env,
                real_programs.daemon(*serve, env=env, folder=folder) as daemon,
                real_programs.receiver(program, daemon.jack_port, env) as receiver,
            ):
                client = Client(daemon.osc)
                client.say("humanise", 0)
                client.say("prompt", "upbeat pop in C major, 140 bpm")
                client.say("play")
                real_programs.until(lambda: len(receiver.note_ons()) > 4, 15)
                marks = [("joined", time.monotonic())]
                time.sleep(seconds)
                marks.append((f"the peer says {SECOND:g}", time.monotonic()))
                other.stdin.write(f"{SECOND}\n")
                other.stdin.flush()
                time.sleep(seconds)
                marks.append((f"we say {OURS:g}", time.monotonic()))
                client.say("tempo", OURS)
                time.sleep(seconds)
                marks.append(("end", time.monotonic()))
                client.say("stop")
                time.sleep(0.5)
                client.close()
                daemon.stop()
            lines = [line.split() for line in trace.read_text().splitlines()]
            report(
                receiver.heard,
                lines,
                marks,
                [list(map(float, x.split())) for x in log.read_text().splitlines()],
            )
        finally:
            real_programs.ended(other)
            other.stdin.close()


def report(
    heard: list[real_programs.Heard],
    lines: list[list[str]],
    marks: list[tuple[str, float]],
    theirs: list[list[float]],
) -> None:
    """Print a row a stretch: the peer's tempo and the phase error."""
    raw = time.clock_gettime(time.CLOCK_MONOTONIC_RAW) - time.monotonic()
    moments = [row[0] for row in theirs]
    rows = []
    for (name, begin), (_, end) in pairwise(marks):
        errors: list[float] = []
        early: list[float] = []
        for message, beat in matched([m for m in heard if m.begins], lines):
            at = message.jack - raw
            if not begin <= at < end:
                continue
            here = theirs[max(0, bisect_right(moments, at) - 1)]
            place = here[1] + (at - here[0]) * here[2] / 60
            beside = place - beat - round(place - beat)
            (errors if at >= begin + SETTLED else early).append(abs(beside) * 60_000 / here[2])
        there = [row for row in theirs if begin + SETTLED <= row[0] < end]
        tempi = f"{min(r[2] for r in there):.2f}..{max(r[2] for r in there):.2f}"
        cells = [percentile(errors, share) for share in (0.5, 0.99, 1)] if errors else ["-"] * 3
        rows.append((name, tempi, int(there[-1][3]), len(errors), *cells, max(early, default=0.0)))
    head = (
        "stretch",
        "the peer's tempo",
        "its peers",
        "notes",
        "median ms",
        "p99",
        "max",
        "first second, max",
    )
    print(table(head, rows))
    alone = [row[2] for row in theirs if row[3] == 0]
    joined = [row[2] for row in theirs if row[3] > 0 and row[0] < marks[1][1]]
    moved = max(abs(t - FIRST) for t in joined)
    print(f"\nthe peer alone: {max(alone):.2f} bpm; moved by our joining: {moved:.4f} bpm")


if __name__ == "__main__":
    main()
