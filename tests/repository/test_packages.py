"""What a wheel and a source distribution hold: all that playing needs, and nothing of ours that is nobody's business."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
NEEDED = (
    "bridge/__main__.py", "bridge/http/page/index.html", "model/native/decoder.c", "model/native/sentence.c", "model/native/int8.c", "model/native/int8.h", "model/native/attention.h", "model/native/compiler.h", "bridge/py.typed", "model/py.typed", "model/weights/SHA256SUMS", "model/weights/decoder.safetensors",
    "model/weights/plan.safetensors", "model/weights/harmoniser.safetensors", "model/weights/continuo.safetensors", "model/weights/bar_lines.safetensors",
    "model/weights/fusion.json", "model/training/styles/", "model/prompt/rules/tables/", "max_for_live/dist/",
)  # fmt: skip
NOBODYS = (
    "runs/",
    "store/",
    ".npz",
    ".pyc",
    "__pycache__",
    ".hypothesis",
    "node_modules",
    "mutants/",
    ".git",
    ".mid",
    ".so",
    ".env",
)
LARGEST = 25_000_000
"""Bytes of either."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both from a copy of what git knows; setuptools is the one that is installed, nothing is fetched."""
    folder = tmp_path_factory.mktemp("packages")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0 or not listed.stdout:
        pytest.skip("git does not know this tree")
    source = folder / "source"
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    code = "import setuptools.build_meta as b, sys; out = sys.argv[1]; b.build_sdist(out); b.build_wheel(out)"
    made = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=source, capture_output=True, text=True, check=False
    )
    if "No module named 'setuptools" in made.stderr:
        pytest.skip("setuptools is not installed")
    assert made.returncode == 0, made.stderr[-2000:]
    return folder


def inside(folder: Path, kind: str) -> dict[str, int]:
    """Return the names and sizes in a package, without the folder of a source distribution."""
    [path] = folder.glob(kind)
    assert path.stat().st_size < LARGEST
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {i.filename: i.file_size for i in wheel.infolist()}
    with tarfile.open(path) as source:
        return {m.name.partition("/")[2]: m.size for m in source.getmembers() if m.isfile()}


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_a_package_holds_all_that_playing_needs(built: Path, kind: str) -> None:
    names = inside(built, kind)
    for needed in NEEDED:
        assert any(n == needed or (needed.endswith("/") and n.startswith(needed)) for n in names), needed


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_a_package_holds_no_data_and_no_junk(built: Path, kind: str) -> None:
    for name in inside(built, kind):
        compiled = name.startswith(("bridge/midi/_jackmidi", "model/native/_native")) and name.endswith(".so")
        ours = name.endswith("model/weights/examples.npz")  # bars of our own songbook
        assert compiled or ours or not any(part in name for part in NOBODYS), name


def test_a_wheel_holds_neither_tests_nor_benches(built: Path) -> None:
    tops = {name.split("/")[0] for name in inside(built, "*.whl") if ".dist-info" not in name}
    assert {t for t in tops if not t.endswith(".so")} == {"bridge", "max_for_live", "model"}


def test_the_licence_goes_with_both(built: Path) -> None:
    for kind in ("*.whl", "*.tar.gz"):
        assert any(name.endswith("LICENSE") for name in inside(built, kind))
