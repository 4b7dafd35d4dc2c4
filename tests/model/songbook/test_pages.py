from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from model.songbook.__main__ import main
from model.songbook.pages import chosen, pages, roll
from model.songbook.piece import Piece
from model.songbook.reader import read
from model.songbook.rendering import perform
from tests.model.songbook.texts import text

BODY = (
    "section A 2\nharmony\nC | G7\nchords\n1-2: x:16\nmelody\n1: C5:8 E5:8\n2: D5:16\ndrums\nall:\nK 9...9...9...9..."
)


def titled(title: str, style: str = "pop", **header: str) -> Piece:
    return read(text(BODY, title=title, style=style, **header), title)


def test_a_style_has_a_page_with_its_pieces_one_of_them_in_full() -> None:
    made = pages([titled("First | Light", form="A*2"), titled("Second"), titled("Third", style="house", family="club")])
    assert made.keys() == {"pieces.md", "pop.md", "pop.svg", "house.md", "house.svg"}
    assert "| [pop](pop.md) | pop | 2 | 6 |" in made["pieces.md"]
    assert "| First \\| Light | 120 | C major | 4/4 | A A | 4 |" in made["pop.md"]
    assert made["pop.md"].count("section A 2") == 1
    assert "- from the notes: three" in made["pop.md"]
    assert "<audio" not in made["pop.md"]


def test_a_sound_of_another_naming_is_passed_over() -> None:
    made = pages([titled("First")], ["pop.opus", "README", "pop.first.again.opus"])
    assert "<audio" not in made["pop.md"]


def test_a_page_shows_the_piece_whose_sound_there_is() -> None:
    made = [replace(titled(name), file=f"{name.lower()}.txt") for name in ("First", "Second", "Third")]
    for piece in made:
        page = pages(made, [f"pop.{Path(piece.file).stem}.opus", "house.third.opus"])["pop.md"]
        assert f'src="../sound/pop.{Path(piece.file).stem}.opus"' in page
        assert f"## {piece.header.title}\n" in page
    assert "<audio" not in pages(made, ["pop.dropped.opus"])["pop.md"]


def test_a_roll_has_every_part_and_stays_within_its_frame() -> None:
    drawn = roll(perform(titled("First")))
    assert re.findall(r"<title>(\w+)</title>", drawn) == ["chords", "melody", "drums"]
    for x, y, width, height in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)", drawn):
        assert int(x) + int(width) <= 900
        assert int(y) + int(height) <= 240


def test_the_same_piece_stands_for_its_style_whatever_the_order() -> None:
    found = [titled("One"), titled("Two", form="A A"), titled("Three", era="1990s")]
    assert chosen(found) == chosen(found[::-1])


def test_pages_are_written_and_those_that_are_not_current_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    piece, folder = tmp_path / "first.txt", tmp_path / "pages"
    piece.write_text(text(BODY), encoding="utf-8")
    assert main(["pages", str(folder), str(piece)]) == 0
    assert main(["pages", str(folder), str(piece), "--check"]) == 0
    (folder / "pop.md").write_text("old", encoding="utf-8")
    (folder / "gone.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    assert main(["pages", str(folder), str(piece), "--check"]) == 1
    assert capsys.readouterr().out.split() == [str(folder / "gone.md"), str(folder / "pop.md")]
    assert main(["pages", str(folder), str(piece)]) == 0
    assert not (folder / "gone.md").exists()
    assert main(["pages", str(folder), str(piece), "--check"]) == 0
