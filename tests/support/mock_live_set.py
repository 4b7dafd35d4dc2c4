"""Runs the Max for Live device in a mock Live set against a daemon and returns the clips it writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support import real_programs

SCRIPT = Path(__file__).parents[2] / "max_for_live" / "test" / "e2e.js"
BARS = (0, 1, 2, 4, 8, 12, 16, 32)
"""Bars by index of the device's menu; 0: as the prompt says."""


def answered(
    address: tuple[str, int], jobs: Sequence[dict[str, Any]], instances: int = 1, patience: float = 120
) -> list[dict[str, Any]]:
    """Return the result of each job: its status and notes by track. Raises MissingToolError without Node."""
    ran = subprocess.run(
        [real_programs.tool("node", "Node.js 18 or later"), str(SCRIPT), *map(str, address), str(instances)], input=json.dumps(jobs), capture_output=True,
        text=True, timeout=patience, env=os.environ | {"PYTHON": sys.executable}, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in ran.stdout.splitlines()]
