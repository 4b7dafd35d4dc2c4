"""Ten minutes in which every process is killed, stopped and slowed at random, while four parts play at 160 bpm.

    python -m bench.robustness.chaos [--minutes 10] [--seed 1]

The generator, the player and the writer of clips are killed, stopped for up to three seconds and slowed to a twentieth;
the daemon, which answers the pings, is stopped for up to 0.6 s and slowed to a quarter. Judged by what was told, and at a JACK receiver.
"""

from __future__ import annotations

import argparse
import random
import threading
import time
from collections import Counter
from contextlib import suppress

import psutil

from bench.client import Client, Told, stage
from bench.latency.prompt_changes import BAR, BPM, kept
from bench.tables import table
from tests.support import real_programs
from tests.support.real_programs import until

CHILDREN = ("generator", "player", "clips")
LONGEST, DAEMONS = 3.0, 0.6
"""Seconds that a child, and the daemon, is stopped at most."""
SLICE, SLOWED, DAEMON_SLOWED = 0.005, 20, 4
EVERY = 0.1
"""Seconds between pings."""


def main() -> None:
    """Play, break, and print the counts."""
    parser = argparse.ArgumentParser(prog="python -m bench.robustness.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    with stage() as (daemon, receiver, client):
        for path, value in (("tempo", BPM), ("meter", "4/4"), ("humanise", 0.0), ("density", 0.6)):
            client.say(path, value)
        client.say("prompt", "funk with chords, melody, bass and drums")
        client.say("play")
        until(lambda: len(receiver.note_ons()) > 40, 30)
        with pinging(client) as pings:
            done = broken(daemon, client, rng, given.minutes * 60)
            time.sleep(6)
        alive = "alive" if daemon.process.poll() is None else "dead"
        client.say("stop")
        time.sleep(2)
        heard, told = list(receiver.heard), list(client.told)
    health = [t.args for t in told if t.path == "health"]
    print(
        table(
            ("what", "count", "of"),
            [
                *((what, count, "") for what, count in sorted(done.items())),
                ("bars without a plan", *unplanned(told)),
                (
                    "notes left sounding",
                    len(real_programs.sounding(heard, silenced=True)),
                    sum(m.begins for m in heard),
                ),
                ("pings unanswered for over 1 s", pings.late(), len(pings.asked)),
                ("slowest ping, ms", f"{pings.slowest() * 1000:.0f}", ""),
                (
                    "late, dropped, starved by the daemon's own count",
                    ", ".join(str(max((h[i] for h in health), default=0)) for i in range(3)),
                    "",
                ),
                ("the daemon", alive, ""),
            ],
        )
    )


def broken(daemon: real_programs.Daemon, client: Client, rng: random.Random, seconds: float) -> Counter[str]:
    """Break one thing after another; return what was done how often."""
    done: Counter[str] = Counter()
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        time.sleep(rng.uniform(0.3, 2.0))
        number += 1
        client.say("clip", number, 2, number, "calm piano")  # so that there is a writer of clips
        name = rng.choice((*CHILDREN, "daemon"))
        process = psutil.Process(daemon.process.pid) if name == "daemon" else daemon.child(f"llmball: {name}")
        if process is None:
            done[f"{name} was not there"] += 1
            continue
        how = rng.choice(("stopped", "slowed") if name == "daemon" else ("killed", "stopped", "slowed"))
        with suppress(psutil.NoSuchProcess):
            match how:
                case "killed":
                    process.kill()
                case "stopped":
                    process.suspend()
                    time.sleep(rng.uniform(0.1, DAEMONS if name == "daemon" else LONGEST))
                    process.resume()
                case _:
                    slow(process, rng.uniform(1, 5), DAEMON_SLOWED if name == "daemon" else SLOWED)
            done[f"{name} {how}"] += 1
    return done


def slow(process: psutil.Process, seconds: float, factor: int) -> None:
    """Let a process run one part of so many of the time only."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        process.suspend()
        time.sleep(SLICE * (factor - 1))
        process.resume()
        time.sleep(SLICE)


class pinging:  # noqa: N801 - it is used as a block
    """Pings ten times a second from a thread, as long as the block lasts and a second more."""

    def __init__(self, client: Client) -> None:
        self.asked: dict[int, float] = {}
        self._client, self._open = client, True
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> pinging:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        self._thread.join()
        time.sleep(1.5)

    def _ask(self) -> None:
        while self._open:
            self.asked[len(self.asked)] = time.monotonic()
            self._client.say("ping", len(self.asked) - 1)
            time.sleep(EVERY)

    def _taken(self) -> list[float]:
        answered = {int(t.args[0]): t.at for t in self._client.heard("pong")}
        return [answered.get(n, float("inf")) - at for n, at in self.asked.items()]

    def late(self) -> int:
        """Return how many were not answered within a second."""
        return sum(taken > 1 for taken in self._taken())

    def slowest(self) -> float:
        """Return the slowest answer in seconds."""
        return max(self._taken())


def unplanned(told: list[Told]) -> tuple[int, int]:
    """Return how many bars had no note planned, of how many: planned notes that were not taken back count."""
    notes, _ = kept(told)
    begun = [t.args for t in told if t.path == "beat"]
    last = max((bar for bar, *_ in begun), default=0)
    planned = {int(n.start // BAR) + 1 for n in notes}
    return sum(bar not in planned for bar in range(1, last + 1)), last


if __name__ == "__main__":
    main()
