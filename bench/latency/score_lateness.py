"""Planned against sent moments of note-ons while our band plays, and while music plays that a language model wrote (score/text).

    python -m bench.latency.score_lateness [--rounds 3] [--seconds 20]

One daemon, both in turns, from its own trace; the composed music is a piece of the songbook sent as a text.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from bench.client import Client
from bench.tables import percentile, table
from bridge.clock import monotonic
from model.songbook.book import find
from tests.support import real_programs

PROMPT = "busy energetic house in A minor, 124 bpm, chords melody bass drums"
PIECE = "morning-pressure"


def main() -> None:
    """Print the lateness of both."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=20)
    given = options.parse_args()
    text = find(PIECE).path.read_text(encoding="utf-8")
    spans: list[tuple[str, float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trace = folder / "trace"
        with real_programs.daemon(
            "--output", "none", "--trace", str(trace), env={"LLMBALL_HOME": name}, folder=folder, wait=300
        ) as daemon:
            client = Client(daemon.osc)
            client.say("prompt", PROMPT)
            client.say("play")
            for number in range(given.rounds):
                for kind in ("band", "score"):
                    since = len(client.told)
                    if kind == "score":
                        client.say("score/text", text)
                    elif number:
                        client.say("prompt", PROMPT)
                    while not client.heard("take", since):
                        time.sleep(0.05)
                    began = monotonic()
                    time.sleep(given.seconds)
                    spans.append((kind, began, monotonic()))
            client.say("stop")
            health = client.heard("health")
            client.close()
        lines = [tuple(map(float, line.split()[1:3])) for line in trace.read_text().splitlines()]
    rows = []
    for kind in ("band", "score"):
        inside = [(b, e) for k, b, e in spans if k == kind]
        late = [1000 * (sent - planned) for planned, sent in lines if any(b <= planned < e for b, e in inside)]
        rows.append((kind, len(late), percentile(late, 0.5), percentile(late, 0.99), max(late)))
    print(table(("plays", "notes", "median ms late", "p99", "max"), rows))
    late_count, dropped, starved, *_ = health[-1].args
    print(f"told: late {late_count}, dropped {dropped}, starved {starved}")


if __name__ == "__main__":
    main()
