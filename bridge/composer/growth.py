"""A text of the notation while it is written: which bars of it are complete, and when they may enter. Pure."""

from __future__ import annotations

import re

from model.songbook.header import NAME
from model.songbook.tables import PARTS

_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_SECTION = re.compile(rf"\s*section\s+{NAME}\s+(?:(?P<bars>\d+)|=)")
_HARMONY_BAR = re.compile(r"\s*(?:harmony\s+)?(?P<first>\d+)\s*:(?!\d)")
_OPENS = re.compile(rf"\s*(harmony|voicings|{'|'.join(PARTS)})\b")


def spoken(text: str) -> str:
    """Return a text without what a language model thinks aloud."""
    return _THOUGHT.sub("", text)


def complete_bars(text: str) -> str:
    """Return what of a text that is still being written is whole: finished sections, and of the last one the bars before the last.

    A bar of a section is complete when the harmony of a later one has begun; one that is not written bar by bar is complete with
    its section. Returns "" where nothing is.
    """
    lines = spoken(text).splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines.pop()
    begins = [i for i, line in enumerate(lines) if _SECTION.match(line)]
    if not begins:
        return ""
    last = begins[-1]
    m = _SECTION.match(lines[last])
    assert m is not None
    bar, cut, block = 0, last, ""
    for i in range(last + 1, len(lines)):
        opened = _OPENS.match(lines[i])
        block = opened[1] if opened else block
        harmony = _HARMONY_BAR.match(lines[i]) if block == "harmony" else None
        if harmony and int(harmony["first"]) == bar + 1:
            bar, cut = bar + 1, i
    if bar < 2 or m["bars"] is None:  # no bar of it is known to be complete
        return "".join(lines[:last]) if len(begins) > 1 else ""
    shorter = lines[last][: m.start("bars")] + str(bar - 1) + lines[last][m.end("bars") :]
    return "".join([*lines[:last], shorter, *lines[last + 1 : cut]])


def may_enter(written: int, wanted: int, seconds: float, bar_seconds: float) -> bool:
    """Return True if the bars that are there will last until the rest is written at the speed seen so far."""
    if written < 1:
        return False
    left = max(0, wanted - written) * seconds / written
    return left <= written * bar_seconds
