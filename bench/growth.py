"""Does an event cost more the longer a take goes on? One take of four parts over many bars: CPU time and memory.

python -m bench.growth [--bars 1024] [--prompt TEXT]

An event's cost is the CPU time of a beat over its rows. Beside bar 64 stand windows of 32 bars, so that where the cache
is rolled counts as it does anywhere.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import psutil

from bench.figures import table
from model.composer import Composer
from model.music import PARTS, Begin, Controls, Write
from model.plan import open_encoder

WINDOW = 32  # bars


def main() -> None:
    """Print a line for each place in the take."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--bars", type=int, default=1024)
    parser.add_argument("--prompt", default="funk in 4/4, 110 bpm")
    options = parser.parse_args()
    composer, controls = Composer(open_encoder(None)), Controls()
    composer.begin(Begin(1, options.prompt, controls, 1, parts=PARTS))
    process = psutil.Process()
    spent, events, memory = (np.zeros(options.bars * 4) for _ in range(3))
    for index in range(options.bars * 4):
        begun = time.thread_time()
        beat = composer.write(Write(1, index, controls)).beat
        spent[index] = time.thread_time() - begun
        events[index] = 1 if beat is None else len(beat.notes) + 1 + beat.fresh
        memory[index] = process.memory_info().rss
    rows = []
    places = [bar for bar in (64, 128, 256, 512, 1024) if bar <= options.bars]
    cost = {}
    for bar in places:
        here = slice((bar - WINDOW) * 4, bar * 4)
        each = spent[here] / events[here] * 1e3
        cost[bar] = spent[here].sum() / events[here].sum() * 1e3
        rows.append((
            f"{bar - WINDOW + 1}-{bar}", cost[bar], cost[bar] / cost[places[0]], float(np.median(each)), float(each.min()),
            spent[here].max() * 1e3, memory[here].max() / 1e6,
        ))  # fmt: skip
    print(
        table(
            (
                "bars",
                "CPU ms an event",
                "beside the first",
                "median",
                "least",
                "worst beat, CPU ms",
                "resident MB",
            ),
            rows,
        )
    )


if __name__ == "__main__":
    main()
