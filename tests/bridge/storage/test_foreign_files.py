"""Files that are there and are not ours: links, pipes, broken ones, names that another process takes in the same moment."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import tempfile
import threading
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.__main__ import main
from bridge.errors import BadRequest, OwnerError
from bridge.storage import kept_takes
from bridge.storage.home import StorageError, read_taste, write_atomically, write_taste
from bridge.storage.sets import load_set, set_path
from bridge.takes.recorder import KeptBars
from model.generation.bias_weights import shipped
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


ODD: tuple[object, ...] = (
    None, True, -1, 0, 10**9, 10**400, -(10**18), 1e308, -0.5, "", "x" * 3000, "\ud800", "\0", "4/0", "64/64", "H#", "C" * 99, [], {}, [[]], [0, 0],
)  # fmt: skip
"""Values that stand where a take has others."""


def places(value: object) -> list[tuple[dict[str, object] | list[object], str | int]]:
    """Return every place in a JSON value: what holds it, and its key or index."""
    if isinstance(value, dict):
        return [(value, key) for key in value] + [place for one in value.values() for place in places(one)]
    if isinstance(value, list):
        return [(value, i) for i in range(len(value))] + [place for one in value for place in places(one)]
    return []


@given(st.randoms(use_true_random=False), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_a_take_with_anything_in_it_hides_no_other_and_is_written_again_or_refused_in_a_line(
    rng: random.Random, count: int
) -> None:
    data = json.loads(kept_bars().to_json())
    for _ in range(count):
        holder, place = rng.choice(places(data))
        if rng.random() < 0.15:
            del holder[place]  # type: ignore[arg-type]
        else:
            holder[place] = rng.choice(ODD)  # type: ignore[index]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMBALL_HOME", name)
        (Path(name) / "takes").mkdir()
        kept_takes.save(kept_bars(), NOW)
        path = Path(name) / "takes" / "20991231-235959.json"
        path.write_text(json.dumps(data))
        listed = kept_takes.list_kept()
        assert "20261130-120000" in [one["name"] for one in listed]
        json.dumps(listed, ensure_ascii=False).encode()  # as it is served
        with contextlib.suppress(OwnerError):
            main(["replay", str(path), "-o", str(Path(name) / "again.mid")])


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_what_is_not_a_file_in_the_folder_is_not_listed(home: Path) -> None:
    _, name = kept_takes.save(kept_bars(), NOW)
    outside = home / "elsewhere.json"
    outside.write_bytes((home / "takes" / f"{name}.json").read_bytes())
    (home / "takes" / "20990101-000000.json").symlink_to(outside)
    os.mkfifo(home / "takes" / "20990101-000001.json")
    (home / "takes" / "20990101-000002.json").mkdir()
    assert [one["name"] for one in kept_takes.list_kept()] == [name]


def test_a_midi_file_without_its_take_is_not_written_over(home: Path) -> None:
    alone = home / "takes" / "20261130-120000.mid"
    alone.write_bytes(b"mine")
    path, name = kept_takes.save(kept_bars(), NOW)
    assert alone.read_bytes() == b"mine"
    assert path.stem == name == "20261130-120000-2"
    assert not (home / "takes" / "20261130-120000.json").exists()


TASTES = [
    "[" * 5000,
    "9" * 5000,
    '{"density": ' + "9" * 4000 + "}",
    "[]",
    "null",
    '{"density": NaN, "chord": 1e400}',
    "\xff",
    "",
]


@pytest.mark.parametrize("text", TASTES)
def test_a_taste_that_is_none_is_as_shipped(home: Path, text: str) -> None:
    (home / "taste.json").write_text(text)
    assert read_taste() == shipped()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes there")
def test_pipes_stop_neither_the_start_nor_a_save(home: Path) -> None:
    for name in ("taste.json", "bank.toml"):
        os.mkfifo(home / name)
    assert read_taste() == shipped()
    with pytest.raises(OwnerError, match="cannot be read"):
        load_set(home / "bank.toml")
    with pytest.raises(StorageError, match="no regular file"):
        write_taste(shipped())


def nested(text: str, depth: int) -> str:
    return text * depth


@pytest.mark.parametrize(
    "text",
    [
        nested("a.", 3000) + "b = 1", "a = " + nested("{a = ", 3000), "[" + nested("a.", 3000) + "b]", "[bank]\n1 = " + "9" * 400, "[bank]\n" + "9" * 5000 + ' = "x"',
        "[controls]\nkey = " + "9" * 5000, "[controls]\nseed = -" + "9" * 400, "[controls]\ntempo = nan", "[controls]\ntempo = 1979-05-27", "[pads]\n'note 1 2' = 9",
        "[bank]\n\u0661 = 'x'", "[bank]\n\u00b2 = 'x'", "\0", "[scores]\n1 = " + nested("[", 3000), "controls = 3", "[controls]\n'part/bass/level' = inf",
    ],
)  # fmt: skip
def test_a_set_with_anything_in_it_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "set.toml"
    path.write_text(text)
    try:
        load_set(path)
    except OwnerError as refused:
        line = str(refused)
        assert "\n" not in line, line
        assert len(line) < 400, line


@pytest.mark.parametrize("name", ["COM\u00b9", "lpt\u00b2 x", "com\u00b3"])
def test_the_old_devices_have_more_spellings(name: str) -> None:
    with pytest.raises(BadRequest, match="device"):
        set_path(name)
