"""The examples, run as a reader would run them, with the weights that are shipped."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.protocol.addresses import COMMANDS, OUTGOING
from bridge.protocol.controls import CONTROLS
from bridge.protocol.controls import ROOT as ROOT_ADDRESS
from model.music.midifile import read

ROOT = Path(__file__).parents[2]


def test_the_example_of_the_factors_writes_every_file(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "factors.py"), str(tmp_path)],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    songs = {path.stem: read(path) for path in tmp_path.glob("*.mid")}
    assert set(songs) == {"notes", "melody", "harmonised", "behind", "filled", "longer", "refined"}
    assert ran.stdout.startswith("chords: ")
    assert [len(songs[name].bars) for name in ("notes", "filled", "longer", "refined")] == [4, 4, 6, 4]
    starts = {round(n.start / 40) * 40 % 1920 for n in songs["melody"].notes if n.part == "melody"}
    assert starts == {0, 480, 720, 1440}, "the rhythm that was tapped, micro-timing apart"
    lead = [sorted(n for n in songs[name].notes if n.part == "melody") for name in ("melody", "harmonised", "behind")]
    assert lead[0] == lead[1] == lead[2]
    drums = [sorted(n for n in songs[name].notes if n.part == "drums") for name in ("notes", "filled")]
    assert drums[0] == drums[1]


def test_every_address_of_the_open_stage_control_layout_is_in_the_table() -> None:
    layout = json.loads((ROOT / "examples" / "open-stage-control.json").read_text(encoding="utf-8"))

    def widgets(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for inner in (*node.get("widgets", ()), *node.get("tabs", ())):
            yield from widgets(inner)

    there = [w for w in widgets(layout["session"]) if "address" in w]
    assert len(there) > 20
    for widget in there:
        path = widget["address"].removeprefix(ROOT_ADDRESS)
        assert path in CONTROLS or path in COMMANDS or path in {told.path for told in OUTGOING}, path
        span = widget.get("range")
        if path in CONTROLS and span is not None and CONTROLS[path].kind != "s":
            assert CONTROLS[path].low <= span["min"] < span["max"] <= CONTROLS[path].high, path


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("patch", sorted((ROOT / "docs" / "examples").glob("*.patch")), ids=lambda p: p.stem)
def test_a_worked_example_can_be_applied_and_touches_few_files(patch: Path) -> None:
    ran = subprocess.run(
        ["git", "apply", "--check", "--numstat", str(patch)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) <= (3 if "sync-source" in patch.stem else 2)
