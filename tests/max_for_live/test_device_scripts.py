"""The scripts of the Max for Live devices: their own tests, run by Node against a mock of Max and of Live."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "max_for_live" / "test"
Needs = Callable[[str, str], str]


@pytest.mark.parametrize("room", sorted(path.name for path in FOLDER.glob("*.test.js")))
def test_the_scripts_hold_what_their_own_tests_say(room: str, needs: Needs) -> None:
    node = needs("node", "Node.js 18 or later")
    ran = subprocess.run(
        [node, "--test", str(FOLDER / room)], env=os.environ | {"PYTHON": sys.executable}, capture_output=True, text=True, timeout=120
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    assert "# tests 0" not in ran.stdout, "a file without tests proves nothing"
