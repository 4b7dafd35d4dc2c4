from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from model.songbook.__main__ import main
from model.songbook.packets import (
    SPOILS,
    TWINS,
    Excerpt,
    excerpt,
    key,
    packet,
    preferences,
    read_sheet,
    table,
    verdicts,
)
from model.songbook.rendering import perform
from tests.model.songbook.texts import piece, text

BODY = (
    "section A 4\nharmony\nC | F | C | G7\nmelody\n1: C5:8 E5:8\n2: F5:16\n3: G5:16\n4: B4:16\n"
    "chords\nall: x:16\nbass\n1,3: C2:16\n2: F2:16\n4: G2:16\ndrums\nall:\nK 9.......9.......\n"
)


def excerpts(count: int) -> list[Excerpt]:
    return [excerpt(perform(piece(BODY, title=f"Piece {i}")), f"piece-{i}", 4) for i in range(count)]


def test_an_excerpt_ends_at_its_last_bar() -> None:
    found = excerpt(perform(piece(BODY)), "a", 2)
    assert found.bars == 2
    assert all(n.end <= 2 * 1920 for notes in found.notes.values() for n in notes)


@pytest.mark.parametrize("way", list(SPOILS))
def test_a_spoilt_twin_has_other_notes_within_the_same_bars(way: str) -> None:
    one, other = excerpts(2)
    part, spoil = SPOILS[way]
    spoilt = spoil(one, other, random.Random(1))
    assert spoilt[part] != one.notes[part]
    assert all(0 <= n.start < n.end <= 4 * 1920 for notes in spoilt.values() for n in notes)


def test_a_packet_hides_twins_and_says_nothing_of_them() -> None:
    items = packet(excerpts(8), seed=3)
    assert len(items) == 8 + TWINS
    assert sum(bool(item.spoilt) for item in items) == TWINS
    assert len({item.id for item in items}) == len(items)
    given = table(items)
    for word in ("Piece", "piece-", "spoilt", "one", "tests"):
        assert word not in given.replace("tone", "")
    answers = json.loads(key(items, 3))["items"]
    assert {a["piece"] for a in answers.values()} == {f"piece-{i}" for i in range(8)}


def test_a_packet_is_the_same_for_the_same_seed() -> None:
    assert table(packet(excerpts(8), 5)) == table(packet(excerpts(8), 5))
    assert table(packet(excerpts(8), 5)) != table(packet(excerpts(8), 6))


def test_a_reader_who_does_not_hear_what_is_spoilt_is_not_counted(tmp_path: Path) -> None:
    items = packet(excerpts(5), seed=1)
    (tmp_path / "p.json").write_text(key(items, 1), encoding="utf-8")
    for reader, spoilt_score in (("good", 1), ("deaf", 9)):
        lines = [f"{i.id} {spoilt_score if i.spoilt else 2 + int(i.excerpt.name[-1])} because" for i in items]
        (tmp_path / f"p.{reader}.txt").write_text(f"reader {reader}\n" + "\n".join(lines), encoding="utf-8")
    sheets = [read_sheet(tmp_path / f"p.{reader}.txt", tmp_path / "p.json") for reader in ("good", "deaf")]
    assert preferences(sheets) == {"good": (TWINS, TWINS), "deaf": (0, TWINS)}
    found = verdicts(sheets)
    assert [v.piece for v in found] == [f"piece-{i}" for i in (4, 3, 2, 1, 0)]
    assert [v.lowest for v in found] == [False] * 4 + [True]
    assert all(v.readings == 1 for v in found)


def test_a_sheet_with_ids_of_another_packet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(key(packet(excerpts(3), 1), 1), encoding="utf-8")
    (tmp_path / "p.txt").write_text("P1 5\n", encoding="utf-8")
    with pytest.raises(ValueError, match="ids that the packet does not have"):
        read_sheet(tmp_path / "p.txt", tmp_path / "p.json")


def test_commands_write_packets_and_collect_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "pop"
    folder.mkdir()
    for i in range(6):
        (folder / f"{i}.txt").write_text(text(BODY, title=f"T{i}"), encoding="utf-8")
    packets, keys = tmp_path / "packets", tmp_path / "keys"
    assert main(["packet", str(folder), "-o", str(packets), "--keys", str(keys)]) == 0
    answers = json.loads((keys / "pop-1-1.json").read_text(encoding="utf-8"))["items"]
    sheet = tmp_path / "pop-1-1.ann.txt"
    sheet.write_text("\n".join(f"{i} {1 if a['spoilt'] else 5}" for i, a in answers.items()), encoding="utf-8")
    capsys.readouterr()
    assert main(["scores", str(sheet), "--keys", str(keys)]) == 0
    assert f"{TWINS} of {TWINS} twins found worse, counted" in capsys.readouterr().out
