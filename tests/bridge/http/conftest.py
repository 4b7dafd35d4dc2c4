"""Runs modules of the page by Node, without a browser."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.http.app import PAGE_FOLDER


@pytest.fixture
def node(needs: Callable[[str, str], str], tmp_path: Path) -> Callable[[str], dict[str, object]]:
    program = needs("node", "nodejs")

    def run(script: str) -> dict[str, object]:
        for path in PAGE_FOLDER.glob("*.js"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
        (tmp_path / "package.json").write_text('{"type": "module"}')
        (tmp_path / "run.js").write_text(script.replace("%PAGE%", str(tmp_path)))
        done = subprocess.run([program, str(tmp_path / "run.js")], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        said: dict[str, object] = json.loads(done.stdout)
        return said

    return run
