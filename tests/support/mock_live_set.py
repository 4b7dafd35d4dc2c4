"""The Max for Live effect in a mock Live set, joined to a daemon: what it put into its clips."""

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
"""What the places of the device's menu stand for; 0 is the words'."""


def answered(
    address: tuple[str, int], jobs: Sequence[dict[str, Any]], instances: int = 1, patience: float = 120
) -> list[dict[str, Any]]:
    """Return what each job ended with: its status and its notes by track. Raises MissingToolError without Node."""
    ran = subprocess.run(
        [real_programs.tool("node", "Node.js 18 or later"), str(SCRIPT), *map(str, address), str(instances)], input=json.dumps(jobs), capture_output=True,
        text=True, timeout=patience, env=os.environ | {"PYTHON": sys.executable}, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in ran.stdout.splitlines()]
