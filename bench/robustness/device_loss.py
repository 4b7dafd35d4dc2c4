"""500 prompts from the Max for Live device through a network that loses 10 % each way: every clip whole or a clear error.

    python -m bench.robustness.device_loss [--count 500] [--share 0.1] [--instances 4]

Clips of one to eight bars. Four instances of the device's script in the mock Live set; a clip counts as whole when its notes are those without loss.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from bench.tables import table
from tests.support import real_programs
from tests.support.clip_client import lossy
from tests.support.mock_live_set import answered

WORDS = ("calm piano in D minor", "techno, 130 bpm", "春天的气息", "jazz trio, walking bass", "lo-fi; 82 bpm")


def main() -> None:
    """Print how the clips fared."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--instances", type=int, default=4)
    args = parser.parse_args()
    jobs = [{"prompt": WORDS[i % len(WORDS)], "seed": i, "bars": 1 + i % 4} for i in range(args.count)]
    with (
        tempfile.TemporaryDirectory() as folder,
        real_programs.daemon("--output", "none", env={}, folder=Path(folder)) as daemon,
        lossy(daemon.osc, args.share, seed=1) as proxy,
    ):
        plain = {j["seed"]: j["notes"] for j in answered(daemon.osc, jobs, args.instances, 7200)}
        began = time.monotonic()
        found = answered(proxy, jobs, args.instances, 7200)
        took = time.monotonic() - began
    whole = sum(job["notes"] == plain[job["seed"]] for job in found)
    empty = [job for job in found if not any(job["notes"].values())]
    row = (args.count, len(found), whole, len(empty), len(found) - whole - len(empty), took)
    print(table(("prompts", "answered", "whole", "refused in words", "parts of clips", "s"), [row]))
    for job in empty[:5]:
        print(job["prompt"], job["seed"], job["status"])


if __name__ == "__main__":
    main()
