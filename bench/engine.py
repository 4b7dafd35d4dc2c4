"""How long an event takes on one thread: the blocks and the fields, with and without guidance, early and late in the context.

python -m bench.engine [WEIGHTS]     milliseconds of the thread's own time, so that a busy machine counts less
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from model.engine import Engine
from model.language import SIZES
from model.weights import FOLDER, load

STEPS = 200
CONTEXTS = (100, 300, 500)


def figures(engine: Engine, lanes: int, context: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each step at a context, and of each event's fields."""
    rng = np.random.default_rng(0)
    rows = np.stack([rng.integers(1, n, context) for n in SIZES], -1).astype(np.int16)
    said = np.array([True, False][:lanes])
    state, _ = engine.begin(np.zeros(512, np.float32), said, np.stack([rows[:-1]] * lanes))
    length, row = state.length, tuple(int(v) for v in rows[-1])
    steps, fields = [], []
    for _ in range(STEPS):
        state.length = length
        begun = time.thread_time()
        following = engine.step(state, row)
        stepped = time.thread_time()
        engine.event(following)
        for i, value in enumerate(row[:-1]):
            following, _ = engine.say(following, i, value)
        done = time.thread_time()
        steps.append((stepped - begun) * 1e3)
        fields.append((done - stepped) * 1e3)
    return steps, fields


def main() -> None:
    """Print the table."""
    begun = time.thread_time()
    engine = Engine(*load(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "decoder.safetensors"))
    print(f"loaded in {time.thread_time() - begun:.2f} s")
    print("lanes context | blocks: median  least | fields: median  least (ms)")
    for lanes in (1, 2):
        for context in CONTEXTS:
            steps, fields = figures(engine, lanes, context)
            cells = [f"{np.median(x):6.2f} {min(x):6.2f}" for x in (steps, fields)]
            print(f"{lanes:5} {context:7} | {cells[0]:>21} | {cells[1]:>21}")


if __name__ == "__main__":
    main()
