"""Both cores taken by two busy processes: what an event costs in CPU time, and whether the band of four parts starves at 160 bpm.

    python -m bench.latency.crowded [--seconds 60] [--slices 12]

The same beats are written by turns with the two processes running and stopped. Then the daemon plays over JACK beside them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from bench.client import stage
from bench.tables import table
from model.generation.composer import Composer
from model.generation.messages import Begin, Write
from model.music.notes import USUAL_PARTS
from model.music.plan import Controls
from model.prompt.understand import open_encoder
from tests.support.real_programs import until

BEATS = 16
PROMPT = "funk with chords, melody, bass and drums"


def spin() -> None:
    """Take a core: arithmetic over more memory than a core's own cache holds."""
    block = np.ones(1 << 19, np.float32)
    while True:
        block += 1e-9
        sum(range(20_000))


@contextmanager
def busy(count: int = 2) -> Iterator[list[int]]:
    """Run processes that take all they get; yield their numbers."""
    running = [multiprocessing.Process(target=spin, daemon=True) for _ in range(count)]
    for one in running:
        one.start()
    try:
        yield [one.pid for one in running if one.pid is not None]
    finally:
        for one in running:
            one.kill()
            one.join()


def costs(slices: int) -> dict[str, tuple[float, float]]:
    """Return CPU and wall milliseconds an event, with the cores free and taken, from slices by turns."""
    composer, controls = Composer(open_encoder(None)), Controls()
    cpu: dict[str, list[float]] = {"free": [], "taken": []}
    wall: dict[str, list[float]] = {"free": [], "taken": []}
    with busy() as pids:
        for number in range(2 * slices):
            name = "taken" if number % 2 else "free"
            for pid in pids:
                os.kill(pid, signal.SIGCONT if name == "taken" else signal.SIGSTOP)
            time.sleep(0.2)
            composer.begin(Begin(1, PROMPT, controls, 1 + number // 2, parts=USUAL_PARTS))
            events = 0
            begun, started = time.thread_time(), time.perf_counter()
            for index in range(BEATS):
                beat = composer.write(Write(1, index, controls)).beat
                events += 0 if beat is None else len(beat.notes) + 1 + beat.fresh
            cpu[name].append((time.thread_time() - begun) / events * 1e3)
            wall[name].append((time.perf_counter() - started) / events * 1e3)
            composer.forget(1)
    return {name: (float(np.median(cpu[name])), float(np.median(wall[name]))) for name in cpu}


def performance(seconds: float) -> list[tuple[object, ...]]:
    """Play at 160 bpm beside the two processes; return what starved."""
    with stage() as (_, receiver, client), busy():
        for path, value in (("tempo", 160.0), ("meter", "4/4")):
            client.say(path, value)
        client.say("prompt", PROMPT)
        client.say("play")
        until(lambda: len(receiver.note_ons()) > 20, 20)
        time.sleep(seconds)
        health = client.heard("health")
        client.say("stop")
        return [
            ("starved beats", max((t.args[2] for t in health), default=0)),
            ("beats ahead, least", min((t.args[3] for t in health), default=0.0)),
            ("note-ons heard", len(receiver.note_ons())),
        ]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency.crowded", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--slices", type=int, default=12)
    options = parser.parse_args()
    found = costs(options.slices)
    head = ("cores", "CPU ms an event", "wall ms an event")
    print(table(head, [(name, *figures) for name, figures in found.items()]))
    print(f"\nCPU time taken over free: x{found['taken'][0] / found['free'][0]:.2f}\n")
    print(table((f"160 bpm, {options.seconds:.0f} s", "count"), performance(options.seconds)))


if __name__ == "__main__":
    main()
