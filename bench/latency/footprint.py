"""How long until it is ready, how much memory it takes, how fast it composes.

python -m bench.latency.footprint
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import psutil

from bench.tables import percentile, table
from bridge.runtime.services import IDLE_TIMEOUT
from model.generation.composer import Composer
from model.generation.messages import Begin, Write
from model.music.notes import TICKS_PER_QUARTER
from model.music.plan import Controls
from model.prompt.understand import open_encoder
from tests.support import real_programs
from tests.support.clip_client import ClipClient

STARTS = 5
PROMPTS = (
    "upbeat pop, 120 bpm",
    "calm piano ballad, 72 bpm",
    "busy jazz, 160 bpm",
    "春天的气息",
    "techno, 130 bpm",
)
BEATS = 64


def main() -> None:
    """Print small tables."""
    seconds: list[float] = []
    memory: dict[str, list[tuple[object, ...]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(STARTS):
            with real_programs.daemon("--output", "none", "--play", PROMPTS[0], env={}, folder=Path(folder)) as daemon:
                seconds.append(daemon.started_in)
                if len(seconds) == STARTS:
                    time.sleep(5)
                    process = psutil.Process(daemon.process.pid)
                    memory["after 5 s of music"] = resident(process)
                    client = ClipClient(daemon.osc)
                    client.fetch(1, 8, 1, PROMPTS[0])
                    client.close()
                    memory["just after a clip"] = resident(process)
                    time.sleep(IDLE_TIMEOUT + 3)
                    memory[f"{IDLE_TIMEOUT:.0f} s after it"] = resident(process)
    print(table(("start to ready, s", "median", "worst"), [(STARTS, percentile(seconds, 0.5), max(seconds))]))
    print()
    for when, rows in memory.items():
        print(table((f"process, {when}", "resident MB", "proportional MB", "of its own MB"), rows))
        print()
    composer = Composer(open_encoder(None))
    speeds = [speed(composer, prompt) for prompt in PROMPTS]
    print(table(("prompt", "bpm", "music s per s, three parts", "times 3/4"), speeds))


def resident(daemon: psutil.Process) -> list[tuple[object, ...]]:
    """Return name, resident, proportional (what is shared, shared out) and unshared memory of each process, and their sums."""
    rows: list[tuple[str, float, float, float]] = []
    for process in (daemon, *daemon.children(recursive=True)):
        figures = process.memory_full_info()
        command = " ".join(process.cmdline())
        title = next((t for t in ("player", "generator", "clips", "tracker") if t in command), "daemon")
        share = getattr(figures, "pss", figures.rss)  # only Linux tells
        rows.append((title, figures.rss / 1e6, share / 1e6, figures.uss / 1e6))
    return [*rows, ("all", *(sum(row[i] for row in rows) for i in (1, 2, 3)))]


def speed(composer: Composer, prompt: str) -> tuple[object, ...]:
    """Return how many seconds of music a second of one thread writes."""
    plan = composer.begin(Begin(1, prompt, Controls(), seed=1)).plan
    ticks, began = 0, time.perf_counter()
    for index in range(BEATS):
        beat = composer.write(Write(1, index, Controls())).beat
        ticks += beat.length if beat is not None else 0
    taken = time.perf_counter() - began
    composer.forget(1)
    music = ticks / TICKS_PER_QUARTER * 60 / plan.tempo
    return prompt, plan.tempo, music / taken, 0.75 * music / taken


if __name__ == "__main__":
    main()
