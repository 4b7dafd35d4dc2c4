"""The table of docs/listening is made of the clips' own table and of what readers said."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.music.listening import told_on

PAGE = (Path(__file__).parents[2] / "docs" / "listening" / "README.md").read_text(encoding="utf-8")


def test_the_page_is_what_comes_of_its_own_readers_words() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if "(" in line and ".opus" in line]
    told = {name: (kept, said) for name, _, _, kept, said in rows}
    assert len(told) == 18
    assert told_on(PAGE, told) == PAGE
    told["house"] = ("5", "“Another.”")
    assert 'src="house.opus"></audio> | 5 | “Another.” |\n| techno' in told_on(PAGE, told)
    with pytest.raises(KeyError, match="reggae"):
        told_on(PAGE, {name: row for name, row in told.items() if name != "reggae"})
