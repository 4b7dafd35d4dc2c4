"""The guide to the notation, for language models, and pieces of the songbook that show a style."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from model.songbook.book import Entry, entries
from model.songbook.tables import PIECES, styles

_OTHER_STYLE, _OTHER_METRE = 2.0, 4.0
"""How far a piece of another style of the family, or in another metre, lies, in octaves of tempo."""
_SECTION = re.compile(r"section\s+\S+\s+\d+")
_SONGBOOK_ONLY = ("family ", "batch ", "plan ", "era ", "scene ", "mood ", "energy ", "density ", "lead ")


@cache
def guide() -> str:
    """Return how music is written as text, with an example."""
    return Path(__file__).with_name("guide.md").read_text(encoding="utf-8")


def near(style: str, tempo: float, meter: str = "4/4", count: int = 2) -> tuple[Entry, ...]:
    """Return the pieces of a style (or its family) that are nearest to a tempo; those of the whole book for an unknown style."""
    table = styles()

    def distance(entry: Entry) -> float:
        far = abs(math.log2(entry.tempo / tempo))
        return far + _OTHER_STYLE * (entry.style != style) + _OTHER_METRE * (entry.meter != meter)

    folders = [PIECES]
    if style in table:  # its own folder is read before those of its family: a thousand files take a second
        own, family = table[style].slug, [s.slug for s in table.values() if s.family == table[style].family]
        fit = [e for e in entries(PIECES / own) if e.meter == meter]
        folders = [PIECES / slug for slug in ([own] if len(fit) >= count else family)]
    among = [entry for folder in folders for entry in entries(folder)]
    return tuple(sorted(among, key=distance)[:count])


def excerpt(path: Path) -> str:
    """Return a piece's header, voicings and first written section: enough to show the manner, no more than has to be read."""
    return "\n".join(_shown(path.read_text(encoding="utf-8").splitlines()))


def _shown(lines: list[str]) -> Iterator[str]:
    first, block = "", ""
    for line in lines:
        text = line.strip()
        if text in ("captions", "voicings"):
            block = text
        if text.startswith("section "):
            if first:
                return
            first = text.split()[1] if _SECTION.match(text) else ""
            block = "section"
        if text.startswith("form "):
            line = f"form {next((s for s in _named(lines)), 'A')}"
        if block == "captions" or not text or (not block and text.startswith(_SONGBOOK_ONLY)):
            continue
        yield line


def _named(lines: list[str]) -> Iterator[str]:
    yield from (line.split()[1] for line in lines if _SECTION.match(line))
