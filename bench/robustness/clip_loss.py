"""500 clips through a network that loses 10 % of the packets each way: every clip whole, or a clear error, never a part.

    python -m bench.robustness.clip_loss [--count 500] [--share 0.1]

A quarter of them go on from notes that are given. A clip is compared with the same request made without loss.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.tables import percentile, table
from tests.support import real_programs
from tests.support.clip_client import Clip, ClipClient, ClipError, Row, lossy

WORDS = ("calm piano in D minor", "techno, 130 bpm", "春天的气息", "jazz trio, walking bass", "lo-fi, 82 bpm")
CLIENTS = 4
Wanted = tuple[int, int, int, str, tuple[Row, ...]]


def main() -> None:
    """Print how the clips fared, and the memory of the writer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--share", type=float, default=0.1)
    args = parser.parse_args()
    rng = random.Random(3)
    wanted = [order(i, rng) for i in range(args.count)]
    with (
        tempfile.TemporaryDirectory() as folder,
        real_programs.daemon("--output", "none", "--play", "calm piano", env={}, folder=Path(folder)) as daemon,
        lossy(daemon.osc, args.share, seed=1) as proxy,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        began = time.monotonic()
        got = list(pool.map(lambda w: one(proxy, w), wanted))
        took = time.monotonic() - began
        sample = [i for i, g in enumerate(got) if isinstance(g[0], Clip)][:: max(1, args.count // 50)]
        same = sum(notes(one(daemon.osc, wanted[i])[0]) == notes(got[i][0]) for i in sample)
        writer = daemon.child("llmball: clips")
        resident = 0.0 if writer is None else writer.memory_info().rss / 1e6
    whole = [g for g in got if isinstance(g[0], Clip) and g[0].whole]
    errors = [g[0] for g in got if isinstance(g[0], ClipError)]
    seconds = [g[1] for g in whole]
    columns = ("clips", "whole", "clear errors", "parts", "equal to those without loss", "median s", "p99 s", "in all s",
               "writer MB")  # fmt: skip
    row = (
        args.count, len(whole), len(errors), args.count - len(whole) - len(errors), f"{same} of {len(sample)}",
        percentile(seconds, 0.5), percentile(seconds, 0.99), took, resident,
    )  # fmt: skip
    print(table(columns, [row]))
    for error in errors[:5]:
        print("error:", error)


def order(number: int, rng: random.Random) -> Wanted:
    """Return a request; every fourth goes on from notes."""
    given = tuple(("melody", rng.randrange(60, 80), i / 2, 0.4, 90) for i in range(100)) if number % 4 == 3 else ()
    return number, rng.randint(1, 2), number, rng.choice(WORDS), given


def one(address: tuple[str, int], wanted: Wanted) -> tuple[Clip | ClipError, float]:
    """Return the clip or the error, and the seconds it took."""
    client = ClipClient(address)
    began = time.monotonic()
    try:
        id_, bars, seed, prompt, given = wanted
        return client.fetch(id_, bars, seed, prompt, given=given), time.monotonic() - began
    except ClipError as error:
        return error, time.monotonic() - began
    finally:
        client.close()


def notes(clip: Clip | ClipError) -> object:
    """Return what is compared."""
    return clip.notes if isinstance(clip, Clip) else str(clip)


if __name__ == "__main__":
    main()
