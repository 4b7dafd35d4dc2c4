"""How long an event takes on one thread: the blocks and the fields, with and without guidance, early and late in the context.

    python -m bench.latency.engine [--engine auto native onnx torch]

Microseconds of the wall, least and median of 300 in a row; "rested" is the median of ten steps after a tenth of a second of
rest, as lies between two prompts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from bench.tables import table
from model.decoder.engine import Engine
from model.decoder.load import ENGINES, open_engine
from model.decoder.tokenizer import SIZES

STEPS, RESTED = 300, 10
CONTEXTS = (32, 128, 256, 500)
REST = 0.1


def figures(engine: Engine, lanes: int, context: int) -> tuple[str, str, str]:
    """Return the microseconds of each step at a context, of a step after a rest, and of each event's fields."""
    rng = np.random.default_rng(0)
    rows = np.stack([rng.integers(1, n, context) for n in SIZES], -1).astype(np.int16)
    said = np.array([True, False][:lanes])
    state, _ = engine.begin(np.zeros(512, np.float32), said, np.stack([rows[:-1]] * lanes))
    length, row = state.length, tuple(int(v) for v in rows[-1])

    def step() -> None:
        state.length = length
        engine.step(state, row)

    steps = [taken(step) for _ in range(STEPS)]
    rested = []
    for _ in range(RESTED):
        time.sleep(REST)
        rested += [taken(step) for _ in range(10)]
    following = engine.step(state, row) if state.free_rows else np.zeros((lanes, engine.shape["width"]), np.float32)

    def fields() -> None:
        h = following
        engine.event(h)
        for i, value in enumerate(row[:-1]):
            h, _ = engine.next_field(h, i, value)

    return shown(steps), f"{np.median(rested):.0f}", shown([taken(fields) for _ in range(STEPS)])


def taken(work: Callable[[], None]) -> float:
    """Return the microseconds that something takes."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e6


def shown(times: list[float]) -> str:
    """Return the least and the median."""
    return f"{min(times):.0f}; {np.median(times):.0f}"


def main() -> None:
    """Print a table an engine."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency.engine", description=__doc__)
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES[:1])
    for name in parser.parse_args().engine:
        engine = open_engine(name)
        rows = [(n, c, *figures(engine, n, c)) for n in (1, 2) for c in CONTEXTS]
        print(table((f"{type(engine).__name__}: lanes", "rows", "a step", "rested", "the five fields"), rows))
        print()


if __name__ == "__main__":
    main()
