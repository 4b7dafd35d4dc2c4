"""A light install in a fresh environment: how long, how large, and whether torch stayed out.

python -m bench.latency.install     asks the package index that pip is set up for
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.tables import table

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "venv"
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        made = time.monotonic() - begun
        pip = [
            home / "bin" / "python",
            "-m",
            "pip",
            "--quiet",
            "--disable-pip-version-check",
            "--no-cache-dir",
        ]
        begun = time.monotonic()
        subprocess.run([*pip, "install", ROOT], check=True)
        taken = time.monotonic() - begun
        size = sum(f.stat().st_size for f in home.rglob("*") if f.is_file() and not f.is_symlink())
        packages = subprocess.run(
            [*pip[:3], "list", "--format=freeze"], check=True, capture_output=True, text=True
        ).stdout
        assert "numpy==" in packages, "pip tells what it installed"
        heavy = [line for line in packages.splitlines() if line.startswith(("torch", "transformers"))]
        runs = subprocess.run(
            [home / "bin" / "llmball", "understand", "calm piano, 80 bpm", "--json"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    rows = [
        ("making the environment, s", made),
        ("pip install, nothing cached, s", taken),
        ("size, MB", size / 1e6),
        ("packages", len(packages.split())),
        ("torch or transformers among them", ", ".join(heavy) or "no"),
        ("`llmball understand` answers", '"tempo": 80' in runs),
    ]
    print(table(("a fresh environment", ""), rows))


if __name__ == "__main__":
    main()
