"""What the owner is told of each mishap, in how many lines, with which exit code, and whether what was kept is still there.

    python -m bench.robustness.mishaps [PART OF A NAME …]

Each mishap happens to a program of its own. A full and a read-only disk are small file systems in memory, tried where we
may mount them. Killed processes and lost JACK servers are in `bench.robustness.faults`.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[3]
PLAYS = ("--output", "none", "--http", "none", "--play", "fast pop, 150 bpm")
Row = tuple[str, str, object]
"""What happened, in words; the one line that was told; the exit code."""
