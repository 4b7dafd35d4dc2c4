"""Does an event cost more the longer a take goes on? One take of four parts over many bars: CPU time and memory.

python -m bench.latency.growth [--bars 1024] [--prompt TEXT]

An event's cost is the CPU time of a beat over its rows. Windows are of 32 bars, so that where the cache is rolled counts as it
does anywhere. What is compared is written by turns, beat by beat: the machine is not the same from minute to minute.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import psutil

from bench.tables import table
from model.generation.composer import Composer
from model.generation.messages import Begin, Write
from model.music.notes import USUAL_PARTS
from model.music.plan import Controls
from model.prompt.understand import open_encoder

WINDOW = 32  # bars
BEATS = 4 * WINDOW
LONG, SHORT = 1, 2


def main() -> None:
    """Print memory along the take, then what its last window costs beside bars 33 to 64 of another that begins the same."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency.growth", description=__doc__)
    parser.add_argument("--bars", type=int, default=1024)
    parser.add_argument("--prompt", default="funk in 4/4, 110 bpm")
    options = parser.parse_args()
    composer, process = Composer(open_encoder(None)), psutil.Process()
    for take in (LONG, SHORT):
        composer.begin(Begin(take, options.prompt, Controls(), 1, parts=USUAL_PARTS))
    for index in range(BEATS):
        cost(composer, SHORT, index)
    memory = []
    for index in range(4 * options.bars - BEATS):
        cost(composer, LONG, index)
        memory.append(process.memory_info().rss / 1e6)
    places = [bar for bar in (64, 128, 256, 512, options.bars - WINDOW) if bar <= options.bars - WINDOW]
    print(table(("bars", "resident MB"), [(bar, memory[4 * bar - 1]) for bar in places]))
    spent = np.array([
        [cost(composer, SHORT, BEATS + i), cost(composer, LONG, 4 * options.bars - BEATS + i)] for i in range(BEATS)
    ])  # fmt: skip
    rows = []
    for name, (seconds, events) in zip(
        ("33-64", f"{options.bars - WINDOW + 1}-{options.bars}"), spent.transpose(1, 2, 0), strict=True
    ):
        rows.append((name, seconds.sum() / events.sum() * 1e3, float(np.median(seconds / events)) * 1e3))
    rows.append(("later over earlier", *[b / a for a, b in zip(rows[0][1:], rows[1][1:], strict=True)]))
    print()
    print(table(("bars, by turns", "CPU ms an event", "median"), rows))


def cost(composer: Composer, take: int, index: int) -> tuple[float, int]:
    """Write a beat; return its CPU time in seconds and how many events it has."""
    begun = time.thread_time()
    beat = composer.write(Write(take, index, Controls())).beat
    seconds = time.thread_time() - begun
    return seconds, 1 if beat is None else len(beat.notes) + 1 + beat.fresh


if __name__ == "__main__":
    main()
