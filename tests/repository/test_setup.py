"""`make setup`: what a failed one says and leaves behind. Its Pythons are shell scripts of ours, so nothing is fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.tools import tool

ROOT = Path(__file__).parents[2]
FAKE = """#!/bin/sh
# `-c` asks whether it is new enough, `-m venv OPTION FOLDER` makes an environment, `-m pip` installs
case "$1 $2" in
  "-m venv") mkdir -p "$4/bin"; test -e broken-venv && exit 1; cp "$0" "$4/bin/python"; basename "$0" > "$4/made-by";;
  "-m pip") test -e offline || exit 0; echo "ERROR: no route to the packages"; exit 1;;
  *) test "$(basename "$0")" != old-python;;
esac
"""


@dataclass(frozen=True, slots=True)
class Clone:
    """A folder with our Makefile, and Pythons on the PATH."""

    folder: Path

    def setup(self, pythons: str = "python-a", uv: str = "") -> tuple[int, list[str]]:
        """Run `make setup`, with uv where it is given; return its exit code and what it said as errors, without make's own line."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        env = outside | {"PATH": f"{self.folder / 'pythons'}:{os.environ['PATH']}"}
        words = [tool("make", "make"), "--no-print-directory", "setup", f"PYTHONS={pythons}", f"UV={uv}"]
        ran = subprocess.run(words, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        return ran.returncode, [line for line in ran.stderr.splitlines() if not line.startswith("make: ***")]

    def has(self, name: str) -> bool:
        return (self.folder / name).exists()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "pythons").mkdir()
    for name in ("python-a", "python-b", "old-python"):
        path = tmp_path / "pythons" / name
        path.write_text(FAKE, encoding="utf-8")
        path.chmod(0o755)
    return Clone(tmp_path)


def test_a_setup_that_fails_says_why_and_what_to_do_in_one_line_and_leaves_no_environment(clone: Clone) -> None:
    (clone.folder / "offline").touch()
    code, said = clone.setup()
    assert code != 0
    [line] = said
    assert "ERROR: no route to the packages" in line
    assert "Then make setup again" in line
    assert not clone.has(".venv")
    assert "no route" in (clone.folder / "setup.log").read_text(encoding="utf-8")
    (clone.folder / "offline").unlink()
    assert clone.setup() == (0, [])
    assert clone.has(".venv/.installed")
    assert not clone.has("setup.log")


def test_an_environment_that_worked_survives_a_failed_upgrade(clone: Clone) -> None:
    assert clone.setup()[0] == 0
    (clone.folder / "offline").touch()
    later = (clone.folder / ".venv/.installed").stat().st_mtime + 10
    os.utime(clone.folder / "pyproject.toml", (later, later))
    assert clone.setup()[0] != 0
    assert clone.has(".venv/bin/python")


def test_an_environment_whose_python_is_gone_is_made_anew(clone: Clone) -> None:
    assert clone.setup()[0] == 0
    (clone.folder / ".venv/bin/python").unlink()
    assert clone.setup("python-b") == (0, [])
    assert (clone.folder / ".venv/made-by").read_text(encoding="utf-8") == "python-b\n"


def test_a_python_that_is_too_old_is_passed_over(clone: Clone) -> None:
    assert clone.setup("no-python old-python python-b") == (0, [])
    assert (clone.folder / ".venv/made-by").read_text(encoding="utf-8") == "python-b\n"


def test_a_machine_without_a_python_that_serves_is_told_so_in_one_line(clone: Clone) -> None:
    code, [line] = clone.setup("no-python old-python")
    assert code != 0
    assert "3.11 or later" in line
    assert not clone.has(".venv")
    (clone.folder / "broken-venv").touch()
    code, [line] = clone.setup("python-a")
    assert code != 0
    assert "python3-venv" in line
    assert not clone.has(".venv"), "no half-made one"


def test_uv_installs_where_it_is_and_pip_where_uv_cannot(clone: Clone) -> None:
    uv = clone.folder / "uv"
    uv.write_text("#!/bin/sh\necho $* >>uv.log\ntest ! -e refused\n", encoding="utf-8")
    uv.chmod(0o755)
    (clone.folder / "offline").touch()  # for pip: whatever works is uv's
    assert clone.setup(uv=str(uv)) == (0, [])
    assert (clone.folder / "uv.log").read_text(
        encoding="utf-8"
    ) == "pip install --quiet --python .venv/bin/python --editable .\n"
    (clone.folder / "refused").touch()
    shutil.rmtree(clone.folder / ".venv")
    assert clone.setup(uv=str(uv))[0] != 0
    (clone.folder / "offline").unlink()
    assert clone.setup(uv=str(uv)) == (0, [])
