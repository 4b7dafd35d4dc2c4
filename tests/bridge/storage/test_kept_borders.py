"""Kept takes, at their borders: the most that are kept and listed, what is none of them, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import OwnerError
from bridge.storage import kept_takes
from bridge.storage.home import StorageError
from tests.bridge.storage.test_foreign_files import NOW, home, kept_bars

__all__ = ["home"]


def others(home: Path, count: int, text: str = "{}") -> None:
    for number in range(count):
        (home / "takes" / f"20250101-{number:06}.json").write_text(text)


def test_takes_up_to_the_limit_are_kept_and_of_one_more_the_remedy_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_takes, "MAX_KEPT_TAKES", 3)
    others(home, 2)
    kept_takes.save(kept_bars(), NOW)
    before = sorted(p.name for p in (home / "takes").iterdir())
    with pytest.raises(StorageError, match=r"3 takes are kept in .*: move some away first"):
        kept_takes.save(kept_bars(), NOW)
    assert sorted(p.name for p in (home / "takes").iterdir()) == before


def test_takes_of_one_second_are_numbered_up_to_the_limit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_takes, "MAX_KEPT_TAKES", 5)
    names = [kept_takes.save(kept_bars(), NOW)[1] for _ in range(4)]
    assert names == ["20261130-120000", *(f"20261130-120000-{n}" for n in (2, 3, 4))]
    for name in names:
        (home / "takes" / f"{name}.json").rename(home / "takes" / f"{name}.old")
    with pytest.raises(StorageError, match="too many takes of one second"):
        kept_takes.save(kept_bars(), NOW)


def test_the_newest_are_listed_first_and_so_many_at_most(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [kept_takes.save(kept_bars(), NOW)[1] for _ in range(11)]
    assert [one["name"] for one in kept_takes.list_kept()] == names[::-1], "the eleventh of a second is its last"
    monkeypatch.setattr(kept_takes, "MAX_LISTED", 3)
    assert [one["name"] for one in kept_takes.list_kept()] == names[:7:-1]


def test_a_listed_take_says_its_words_bars_key_metre_and_tempo(home: Path) -> None:
    kept = kept_bars()
    kept_takes.save(kept, NOW)
    [told] = kept_takes.list_kept()
    assert set(told) == {"name", "words", "bars", "key", "meter", "tempo", "tempos"}
    assert (told["words"], told["bars"], told["key"]) == ("rain", 1, kept.song.key)
    assert (told["tempo"], told["tempos"]) == (kept.song.tempos[0][1], f"{kept.song.tempos[0][1]:.0f}")


@pytest.mark.parametrize(
    "text",
    ["{}", "", "[" * 5000, '{"song": ' + "9" * 400 + "}", "\xff"],
    ids=["no take", "empty", "nested", "a number", "no text"],
)
def test_each_way_to_be_none_is_passed_over(home: Path, text: str) -> None:
    _, name = kept_takes.save(kept_bars(), NOW)
    (home / "takes" / "20991231-000000.json").write_bytes(text.encode("latin-1"))
    (home / "takes" / "20991231-000001.json").mkdir()
    assert [one["name"] for one in kept_takes.list_kept()] == [name]


@pytest.mark.parametrize("name", ["a" * 300, "../takes", "a\0b", "\ud800"])
def test_a_name_that_no_kept_take_has_names_no_file(home: Path, name: str) -> None:
    assert kept_takes.kept_path(name, "json") is None
    assert kept_takes.kept_file(f"{name}.mid") is None


def test_a_key_that_is_none_is_no_take(home: Path) -> None:
    text = kept_bars().to_json()
    song = kept_bars().song
    assert f'"key":"{song.key}"' in text.replace(": ", ":")
    for wrong in ("H#", "", "C major minor"):
        broken = text.replace(f'"{song.key}"', f'"{wrong}"', 1)
        with pytest.raises(ValueError, match=r"."):
            kept_takes.from_json(broken)


@pytest.mark.parametrize(
    "name",
    [
        "../taste.json",
        "/etc/passwd",
        "a.txt",
        ".mid",
        "-x.mid",
        "a.mid.json2",
        "a b.mid",
        "a.mid\n",
        "",
        "x/../a.mid",
        "a.MID",
    ],
)
def test_other_names_are_no_kept_files(home: Path, name: str) -> None:
    (home / "taste.json").write_text("{}")
    for there in ("a.txt", "-x.mid", "a b.mid", "a.MID"):
        (home / "takes" / there).write_bytes(b"x")
    assert kept_takes.kept_file(name) is None


def test_a_kept_file_is_what_lies_there_and_none_otherwise(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, name = kept_takes.save(kept_bars(), NOW)
    assert kept_takes.kept_file(f"{name}.mid") == path.read_bytes()
    assert kept_takes.kept_file(f"{name}.json") == path.with_suffix(".json").read_bytes()
    assert kept_takes.kept_file("nobody.mid") is None

    def refuse(path: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert kept_takes.kept_file(f"{name}.mid") is None


def test_who_asks_for_a_take_that_is_not_there_is_told_the_latest_three(home: Path) -> None:
    with pytest.raises(OwnerError, match=r"there is no take 'x' in .*takes; none is kept yet: send /llmball/keep"):
        kept_takes.load("x")
    others(home, 5)
    with pytest.raises(OwnerError, match=r"the latest are 20250101-000002, 20250101-000003, 20250101-000004$"):
        kept_takes.load("x")
    with pytest.raises(OwnerError, match=r"there is no take"):
        kept_takes.load(str(home / "nowhere" / "x.json"))


def test_a_take_is_found_by_its_name_and_by_its_path_and_a_folder_is_none(home: Path) -> None:
    _, name = kept_takes.save(kept_bars(), NOW)
    assert kept_takes.load(name) == kept_takes.load(str(home / "takes" / f"{name}.json")) == kept_bars()
    assert kept_takes.load(f"elsewhere/{name}") == kept_bars()
    (home / "takes" / "folder.json").mkdir()
    with pytest.raises(OwnerError, match="cannot be read: it is no regular file"):
        kept_takes.load("folder")


def test_an_output_is_a_recording_by_its_beginning() -> None:
    assert kept_takes.recording_path("record:a/b.mid") == Path("a/b.mid")
    assert kept_takes.recording_path("virtual") is None
    assert kept_takes.recording_path(None) is None
