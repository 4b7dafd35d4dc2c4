"""What was shipped is broken: one line with the remedy and exit code 2, whichever room reads it first."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import OwnerError
from bridge.readiness import Readiness

ROOT = Path(__file__).parent.parent
SERVE = ("serve", "--output", "none", "--http", "none", "--osc", "127.0.0.1:0")
CLIP = ("clip", "calm piano", "--bars", "1", "-o", "out.mid")


@pytest.mark.parametrize("command", [SERVE, CLIP], ids=["serve", "clip"])
@pytest.mark.parametrize("file", ["fusion.json", "decoder.safetensors", "plan.safetensors"])
def test_a_file_that_is_cut_is_told_in_one_line(tmp_path: Path, file: str, command: tuple[str, ...]) -> None:
    for room in ("bridge", "model"):
        shutil.copytree(
            ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "training")
        )
    broken = tmp_path / "model" / "weights" / file
    broken.write_bytes(broken.read_bytes()[:100])
    (tmp_path / "model" / "training").mkdir()
    for name in ("__init__.py", "fields.py"):
        shutil.copy(ROOT / "model" / "training" / name, tmp_path / "model" / "training" / name)
    told = subprocess.run(
        [sys.executable, "-m", "bridge", *command], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 2
    [line] = told.stderr.splitlines()
    assert "install LLMBall again" in line


def test_who_comes_after_another_failed_comes_for_the_first_time() -> None:
    async def wait() -> None:
        readiness = Readiness()
        assert readiness.fail(OwnerError("mend it"))
        assert readiness.came("player", "a port")
        assert not readiness.came("player", "a port")
        with pytest.raises(OwnerError, match="mend it"):
            await readiness.all()

    asyncio.run(wait())
