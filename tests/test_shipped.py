"""What was shipped with us is as it was shipped, or the owner is told in one line."""

from __future__ import annotations

import importlib.abc
import shutil
import sys
from pathlib import Path

import pytest

from model import theta, weights
from model.theta import ThetaError
from model.weights import FOLDER, WeightsError


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
    with pytest.raises(ThetaError, match="install LLMBall again"):
        theta.read(path)


def test_what_is_broken_as_we_are_imported_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bridge.__main__ import main

    class Broken(importlib.abc.MetaPathFinder):
        """Finds arguments whose import fails, as it does where θ is broken."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "bridge.arguments":
                raise ThetaError("fusion.json is not the file that was shipped: install LLMBall again")

    monkeypatch.delitem(sys.modules, "bridge.arguments", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    assert main(["ports"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "llmball: fusion.json is not the file that was shipped: install LLMBall again"
    ]
