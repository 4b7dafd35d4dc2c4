"""Files that are there and are not ours: links, pipes, broken ones, names that another process takes in the same moment."""

from __future__ import annotations

import os
import sys
import threading
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from bridge.errors import BadRequest, OwnerError
from bridge.storage import kept_takes
from bridge.storage.home import StorageError, write_atomically
from bridge.storage.sets import load_set, set_path
from bridge.takes.recorder import KeptBars
from tests.bridge.storage.test_kept_takes import playing


@cache
def kept_bars() -> KeptBars:
    rig = playing()
    return rig.session.kept_bars(1, rig.now)


NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path))
    (tmp_path / "takes").mkdir()
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_to_a_file_elsewhere_is_not_served(home: Path) -> None:
    outside = home / "secret.txt"
    outside.write_text("secret")
    (home / "takes" / "link.mid").symlink_to(outside)
    (home / "takes" / "own.mid").write_bytes(b"MThd")
    assert kept_takes.kept_file("link.mid") is None
    assert kept_takes.kept_file("own.mid") == b"MThd"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes by name there")
def test_a_pipe_is_neither_read_nor_written(home: Path) -> None:
    for name in ("takes/pipe.mid", "takes/pipe.json", "set.toml"):
        os.mkfifo(home / name)
    assert kept_takes.kept_file("pipe.mid") is None
    assert kept_takes.list_kept() == []
    with pytest.raises(OwnerError, match="no regular file"):
        kept_takes.load("pipe")
    with pytest.raises(OwnerError, match="no regular file"):
        load_set(home / "set.toml")
    with pytest.raises(StorageError, match="no regular file"):
        write_atomically(home / "set.toml", b"x")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 5000, '{"song": {"tempos": [[0, 1e400]]}}', "9" * 400, "null", '{"bars": ' + "9" * 4000 + "}"],
)
def test_a_broken_take_is_one_line_and_hides_no_other(home: Path, text: str) -> None:
    kept_takes.save(kept_bars(), NOW)
    (home / "takes" / "20991231-235959.json").write_text(text)
    assert [one["name"] for one in kept_takes.list_kept()] == ["20261130-120000"]
    with pytest.raises(OwnerError, match="is not a take of LLMBall"):
        kept_takes.load("20991231-235959")


def test_takes_that_are_kept_in_the_same_moment_have_names_of_their_own(home: Path) -> None:
    names: list[str] = []

    def keep() -> None:
        for _ in range(8):
            names.append(kept_takes.save(kept_bars(), NOW)[1])

    threads = [threading.Thread(target=keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == len(names) == 32
    assert len(list((home / "takes").glob("*.mid"))) == 32
    assert len(kept_takes.list_kept()) == 32


@pytest.mark.parametrize("name", ["CON", "nul", "com1", "LPT9", "aux", "con 2"])
def test_a_set_is_not_named_as_a_device_of_windows(name: str) -> None:
    with pytest.raises(BadRequest, match="device"):
        set_path(name)


@pytest.mark.parametrize("name", ["concert", "com10", "nulls", "auxiliary"])
def test_names_that_only_begin_like_one_are_fine(name: str) -> None:
    assert set_path(name).name == f"{name}.toml"


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "[controls]\ntempo = " + "9" * 400, "x" * 9])
def test_a_strange_set_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "set.toml"
    path.write_text(text)
    with pytest.raises(OwnerError) as refused:
        load_set(path)
    assert "\n" not in str(refused.value)
