"""The examples, run as a reader would run them, with the weights that are shipped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from model.midifile import read

ROOT = Path(__file__).parent.parent


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
    lead = [
        sorted(n for n in songs[name].notes if n.part == "melody")
        for name in ("melody", "harmonised", "behind")
    ]
    assert lead[0] == lead[1] == lead[2]
    drums = [sorted(n for n in songs[name].notes if n.part == "drums") for name in ("notes", "filled")]
    assert drums[0] == drums[1]
