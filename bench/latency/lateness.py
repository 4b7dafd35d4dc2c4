"""Planned against received spacing of note-ons at an independent JACK receiver: four parts at 160 bpm, humanise 0.

    python -m bench.latency.lateness [--minutes 5] [--busy] [--period 256]

Each note-on is matched with its own line of the trace, and its error is that of its distance from the moment before at which
anything was planned: JACK frames against the trace. The notes of a chord are planned for one moment, so that none is measured
against another of them. `--busy` runs two processes at normal priority that never rest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from bench.client import Client
from bench.latency.host_sync import RATE
from bench.tables import percentile, table
from tests.support import real_programs

PROMPT = "busy energetic funk in D minor, 160 bpm, chords melody bass drums"
NEAR = 0.500
"""Seconds between a note's planned moment and the period in which it was heard; what is farther off was not found."""


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep so many processes busy."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def main() -> None:
    """Print the errors of spacing, and what was lost."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=5)
    options.add_argument("--busy", action="store_true")
    options.add_argument("--period", type=int, default=256)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trace = folder / "trace"
        program = real_programs.built_recorder(folder)
        with (
            real_programs.jack(f"llmball-lateness-{os.getpid()}", given.period) as env,
            real_programs.daemon("--backend", "jack", "--trace", str(trace), env=env, folder=folder) as daemon,
            real_programs.receiver(program, daemon.jack_port, env) as receiver,
            busy(2 if given.busy else 0),
        ):
            client = Client(daemon.osc)
            for path, value in (("humanise", 0), ("tempo", 160), ("prompt", PROMPT)):
                client.say(path, value)
            client.say("play")
            time.sleep(given.minutes * 60)
            client.say("stop")
            time.sleep(1)
            health = client.heard("health")
            client.close()
            said = daemon.log.read_text()
            daemon.stop()
            heard = receiver.note_ons()
        report(heard, [line.split() for line in trace.read_text().splitlines()], said, given)
        late, dropped, starved, *_ = health[-1].args
        print(f"\ntold: late {late}, dropped {dropped}, starved {starved}")


def report(heard: list[real_programs.Heard], lines: list[list[str]], said: str, given: argparse.Namespace) -> None:
    """Print the table."""
    pairs = paired(heard, lines)
    errors = spacing(pairs)
    priority = "real-time" if "real-time" in said else "normal"
    beside = "two busy processes" if given.busy else "nothing else of ours"
    print(f"{given.minutes:g} min, player with {priority} priority, -p {given.period}, beside {beside}\n")
    cells = [percentile(errors, share) for share in (0.5, 0.99, 1)]
    channels = len({m.channel for m, _ in pairs})
    over = [sum(error > limit for error in errors) for limit in (1.5, 2.0)]
    print(
        table(
            ("planned", "heard", "not matched", "channels", "median ms", "p99", "max", "over 1.5", "over 2"),
            [(len(lines), len(heard), len(heard) - len(pairs), channels, *cells, *over)],
        )
    )


def spacing(pairs: list[tuple[real_programs.Heard, float]]) -> list[float]:
    """Return for each note-on how far its distance from the planned moment before is off, in milliseconds."""
    errors: list[float] = []
    before: tuple[real_programs.Heard, float] | None = None
    for planned, notes in groupby(sorted(pairs, key=lambda pair: pair[1]), key=lambda pair: pair[1]):
        together = [message for message, _ in notes]
        if before is not None:
            message, then = before
            errors += [abs((m.frame - message.frame) / RATE - (planned - then)) * 1000 for m in together]
        before = together[0], planned
    return errors


def paired(heard: list[real_programs.Heard], lines: list[list[str]]) -> list[tuple[real_programs.Heard, float]]:
    """Pair each note-on with the planned moment of its own line: the nearest of its pitch that no other has."""
    planned: dict[tuple[int, int], list[float]] = {}
    for _, at, _, channel, pitch in lines:
        planned.setdefault((int(channel), int(pitch)), []).append(float(at))
    pairs: list[tuple[real_programs.Heard, float]] = []
    for message in heard:
        there = planned.get((message.channel, message.data[1]), [])
        nearest = min(there, key=lambda at: abs(at - message.at), default=None)
        if nearest is not None and abs(nearest - message.at) < NEAR:
            there.remove(nearest)
            pairs.append((message, nearest))
    return pairs


if __name__ == "__main__":
    main()
