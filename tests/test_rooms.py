"""The walls between the rooms: who may import whom."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    return found | {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}


def test_the_daemon_leaves_torch_alone() -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed, so nothing could import it")
    code = "import bridge.daemon, bridge.__main__, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_playing_does_not_import_torch_either() -> None:
    code = "import model.process, model.clip, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("rooms", "left"),
    [
        ("bridge.serve", "model.composer"),
        ("bridge.serve", "model.clip"),
        ("bridge.arguments, bridge.child", "numpy"),
    ],
)
def test_what_only_a_child_does_keeps_nobody_waiting_at_the_start(rooms: str, left: str) -> None:
    code = f"import {rooms}, sys; sys.exit({left!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_model_never_imports_the_bridge() -> None:
    for path in (ROOT / "model").rglob("*.py"):
        assert not any(name.split(".")[0] == "bridge" for name in imported(path)), path


def test_the_bridge_imports_torch_nowhere() -> None:
    for path in (ROOT / "bridge").rglob("*.py"):
        assert not any(name.split(".")[0] in ("torch", "transformers") for name in imported(path)), path


def test_deciding_rooms_neither_wait_nor_send() -> None:
    for name in (
        "session",
        "transport",
        "baton",
        "accompany",
        "follow",
        "hands",
        "gesture",
        "reading",
        "passes",
        "broken",
        "manner",
        "pulse",
        "singing",
        "bearing",
        "reharmonise",
        "desk",
        "sync",
        "lineup",
        "stage",
        "entrance",
        "generation",
        "vitals",
        "timeline",
        "take",
        "arrange",
        "record",
        "scheduler",
        "requests",
        "clients",
        "share",
        "mirror",
        "relay",
        "follower",
        "benches",
        "jobs",
        "wire",
        "parcel",
        "account",
        "osc",
    ):
        assert not imported(ROOT / "bridge" / f"{name}.py") & {
            "time",
            "asyncio",
            "socket",
            "threading",
            "multiprocessing",
        }, name
