"""`python -m bench.accept [NAME …]`: the long measurements one after another, all or those whose line has a NAME in it; stops at the first that fails."""

from __future__ import annotations

import subprocess
import sys

MEASUREMENTS = """
bench.latency.decoding
bench.latency.prompts_to_notes
bench.latency.prompt_changes
bench.latency.growth
bench.latency.crowded
bench.latency.install
bench.music.quantised
bench.latency.footprint
bench.music.mood_pairs
bench.robustness.packets
bench.robustness.flood --what mutated,prompt,density
bench.robustness.attacks
bench.robustness.chaos
bench.robustness.mixed_kills
bench.robustness.mishaps
bench.robustness.soak
bench.robustness.panels
bench.latency.starving
bench.music.sweep
bench.robustness.endurance
bench.latency.lateness
bench.latency.lateness --busy
bench.latency.lateness --period 64
bench.latency.lateness --busy --period 64
bench.latency.host_sync
bench.latency.link_peer
bench.robustness.faults
bench.latency.broker
bench.robustness.workers
bench.robustness.device_loss
"""
"""A module and its options a line; most need JACK, `bench.latency.link_peer` aalink."""


def main(names: list[str]) -> int:
    """Run the measurements whose line contains one of the names, all without names; return the exit status."""
    for line in MEASUREMENTS.split("\n")[1:-1]:
        if names and not any(name in line for name in names):
            continue
        print(f"## {line}", flush=True)
        ended = subprocess.run([sys.executable, "-m", *line.split()], check=False).returncode
        if ended:
            return ended
        print(flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
