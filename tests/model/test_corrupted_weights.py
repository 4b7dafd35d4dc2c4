"""A shipped file is damaged: one line with the remedy and exit code 2, whichever module reads it first."""

from __future__ import annotations

import asyncio
import importlib.abc
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli import commands
from bridge.errors import OwnerError
from bridge.processes.child_processes import Readiness
from model import weights
from model.generation import bias_weights
from model.generation.bias_weights import BiasWeightsError
from model.processes.generate import Generator
from model.prompt.encoder import hash_encoder
from model.weights import FOLDER, WeightsError

ROOT = Path(__file__).parents[2]
SERVE = ("serve", "--output", "none", "--http", "none", "--osc", "127.0.0.1:0")
CLIP = ("clip", "calm piano", "--bars", "1", "-o", "out.mid")


@pytest.mark.long
@pytest.mark.parametrize("command", [SERVE, CLIP], ids=["serve", "clip"])
@pytest.mark.parametrize("file", ["fusion.json", "decoder.safetensors", "plan.safetensors"])
def test_a_file_that_is_cut_is_told_in_one_line(tmp_path: Path, file: str, command: tuple[str, ...]) -> None:
    for room in ("bridge", "model"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "training"))
    broken = tmp_path / "model" / "weights" / file
    broken.write_bytes(broken.read_bytes()[:100])
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
        assert readiness.mark_ready("player", "a port")
        assert not readiness.mark_ready("player", "a port")
        with pytest.raises(OwnerError, match="mend it"):
            await readiness.wait_for_all()

    asyncio.run(wait())


def copied(folder: Path, *names: str) -> Path:
    for name in names:
        shutil.copy(FOLDER / name, folder / name)
    return folder


def test_every_file_that_is_shipped_is_listed_with_its_hash() -> None:
    listed = {line.split()[1] for line in (FOLDER / "SHA256SUMS").read_text().splitlines()}
    assert listed == {p.name for p in FOLDER.iterdir()} - {"SHA256SUMS"}
    weights.check_all()


@pytest.mark.parametrize("name", ["continuo.safetensors", "fusion.json"])
def test_one_changed_bit_is_told(name: str, tmp_path: Path) -> None:
    folder = copied(tmp_path, name)
    (folder / "SHA256SUMS").write_text(
        "".join(line + "\n" for line in (FOLDER / "SHA256SUMS").read_text().splitlines() if name in line)
    )
    weights.check_all(folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(WeightsError, match="install LLMBall again"):
        weights.check_all(folder)


@pytest.mark.parametrize("size", [0, 7, 8, 100, 1000])
def test_weights_that_were_cut_are_told_where_nothing_lists_their_hash(size: int, tmp_path: Path) -> None:
    path = copied(tmp_path, "continuo.safetensors") / "continuo.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(WeightsError, match="install LLMBall again"):
        weights.load(path)


def test_weights_that_tell_no_shape_are_none_of_ours(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({}, tmp_path / "x.safetensors")
    with pytest.raises(WeightsError, match="shape"):
        weights.load(tmp_path / "x.safetensors")


@pytest.mark.parametrize("text", ["", "{", "[1]", "\ud800"])
def test_a_theta_that_cannot_be_read_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "fusion.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(BiasWeightsError, match="install LLMBall again"):
        bias_weights.read(path)


def test_what_is_broken_as_we_are_imported_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bridge.__main__ import main

    class Broken(importlib.abc.MetaPathFinder):
        """Finds arguments whose import fails, as it does where θ is broken."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "bridge.cli.arguments":
                raise BiasWeightsError("fusion.json is not the file that was shipped: install LLMBall again")

    monkeypatch.delitem(sys.modules, "bridge.cli.arguments", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    assert main(["ports"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "llmball: fusion.json is not the file that was shipped: install LLMBall again"
    ]


@pytest.mark.parametrize("sums", ["", "garbage", "0" * 64 + "  other.safetensors", "0" * 64, "\x00\xff"])
def test_a_list_of_hashes_that_does_not_name_the_file_is_no_leave_to_read_it(sums: str, tmp_path: Path) -> None:
    folder = copied(tmp_path, "fusion.json")
    (folder / "SHA256SUMS").write_bytes(sums.encode("latin-1"))
    with pytest.raises(WeightsError, match="install LLMBall again"):
        weights.check(folder / "fusion.json")


def test_where_what_is_shipped_has_no_list_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "FOLDER", copied(tmp_path, "fusion.json"))
    with pytest.raises(WeightsError, match="install LLMBall again"):
        weights.check(tmp_path / "fusion.json")
    with pytest.raises(WeightsError, match="install LLMBall again"):
        weights.check_all(tmp_path)


SHIPPED = sorted(p.name for p in FOLDER.iterdir() if p.name != "SHA256SUMS")


@pytest.mark.parametrize("name", SHIPPED)
def test_who_composes_reads_no_file_that_was_changed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = weights._listed(FOLDER / "SHA256SUMS") | {name: "0" * 64}
    monkeypatch.setattr(weights, "_listed", lambda sums: listed)
    monkeypatch.setattr(commands, "open_encoder", lambda directory: hash_encoder())
    with pytest.raises(OwnerError, match=f"{name} is not the file that was shipped: install LLMBall again"):
        commands.open_composer(None)
    with pytest.raises(WeightsError):
        Generator(None)
