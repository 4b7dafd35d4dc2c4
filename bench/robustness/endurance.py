"""Minutes of real playing, a prompt every 20 s, following on and off: late, dropped, starved, memory.

python -m bench.robustness.endurance [--minutes 15]
"""

from __future__ import annotations

import argparse
import itertools
import time

import psutil

from bench.client import stage
from bench.tables import table
from tests.support import real_programs
from tests.support.real_programs import sounding, until

PROMPTS = (
    "house in A minor, 124 bpm", "calm jazz piano", "trap 140 F minor", "温柔的钢琴曲，三拍子", "busy funk in E, 108 bpm", "ambient",
    "drum and bass 174", "bossa nova in D minor", "disco 120", "lo-fi in C minor 82 bpm",
)  # fmt: skip
EVERY = 20.0


def memory(daemon: real_programs.Daemon) -> float:
    """Return the resident memory of the daemon and its children, in megabytes."""
    process = psutil.Process(daemon.process.pid)
    return sum(p.memory_info().rss for p in [process, *process.children(recursive=True)]) / 1e6


def main() -> None:
    """Play, and print the counts."""
    parser = argparse.ArgumentParser(prog="python -m bench.robustness.endurance", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    options = parser.parse_args()
    with stage("--input", "virtual") as (daemon, receiver, client):
        client.say("humanise", 0.0)
        client.say("prompt", PROMPTS[0])
        client.say("play")
        until(lambda: len(receiver.note_ons()) > 20, 30)
        used = []
        ends = time.monotonic() + options.minutes * 60
        for turn, prompt in enumerate(itertools.cycle(PROMPTS)):
            if time.monotonic() > ends:
                break
            client.say("follow", turn % 2)
            client.say("prompt", prompt)
            time.sleep(min(EVERY, max(1.0, ends - time.monotonic())))
            used.append(memory(daemon))
        client.say("stop")
        time.sleep(1)
        health = [t.args for t in client.told if t.path == "health"]
        heard = list(receiver.heard)
    late, dropped, starved = (max(h[i] for h in health) for i in range(3))
    third = max(1, len(used) // 3)
    rows = [
        ("note-ons", len([m for m in heard if m.begins])),
        ("late, dropped, starved", f"{late}, {dropped}, {starved}"),
        ("p99 lateness by the player, worst second, ms", f"{max(h[4] for h in health):.1f}"),
        (
            "resident MB, mean of the first and the last third",
            f"{sum(used[:third]) / third:.0f}, {sum(used[-third:]) / third:.0f}",
        ),
        ("left sounding", len(sounding(heard))),
    ]
    print(table(("what", "figure"), rows))


if __name__ == "__main__":
    main()
