"""Figures that are asked for by name, and what must sound of them in a beat: four on the floor, a walking bass. Pure.

A figure owns its part, or a drum: nothing else of that is drawn. The snare on three of a half-time feel is one too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from model.prompt.rules.negation import within


@dataclass(frozen=True, slots=True)
class Figure:
    """What is played on each beat, or on that of the bar only: a drum or the bass, at grid ticks of a quarter.

    `length` is that of a note of the bass, in grid ticks.
    """

    words: re.Pattern[str]
    what: str
    ticks: tuple[int, ...]
    beat: int | None = None
    length: int = 0

    @property
    def part(self) -> str:
        """The part that it belongs to."""
        return "bass" if self.what == "bass" else "drums"


_HATS = r"[\s-]*(?:notes?)?[\s-]*(?:closed[\s-]+)?(?:hi[\s-]?)?hats?\b"

FIGURES = {
    "four on the floor": Figure(
        re.compile(r"\b(?:four|4)[\s-]*(?:on|to)[\s-]*the[\s-]*floor\b|\bkick on every (?:beat|quarter)\b|四踩|每拍(?:都有)?(?:一个)?底鼓"),
        "kick", (0,),
    ),
    "one drop": Figure(re.compile(r"\bone[\s-]drop\b|ワンドロップ"), "kick", (0,), beat=2),
    "sixteenth hats": Figure(re.compile(rf"\b(?:16ths?|sixteenths?){_HATS}|十六分(?:音符)?的?踩?镲"), "closed_hat", (0, 6, 12, 18)),
    "eighth hats": Figure(re.compile(rf"\b(?:8ths?|eighths?){_HATS}|八分(?:音符)?的?踩?镲|踩镲(?:打|走|是|用)?八分(?:音符)?"), "closed_hat", (0, 12)),
    "offbeat hats": Figure(re.compile(r"\boff[\s-]?beat\s+(?:open\s+)?(?:hi[\s-]?)?hats?\b|反拍的?开?镲"), "open_hat", (12,)),
    "walking bass": Figure(
        re.compile(r"\bwalk(?:ing|s)?[\s-]+(?:(?:double|upright|acoustic|jazz|string|swing)\s+){0,2}bass|\bbass(?:[\s-]?line)?\s+(?:that\s+)?walk(?:s|ing)\b|行走的?(?:贝斯|低音)|(?:贝斯|低音)行走|basse marchante|bajo caminante"),
        "bass", (0,), length=22,
    ),
    "galloping bass": Figure(re.compile(r"\bgallop(?:ing|s)\s+(?:off[\s-]?beat\s+)?bass"), "bass", (12, 18), length=5),
    "offbeat bass": Figure(re.compile(r"\boff[\s-]?beat\s+bass|反拍的?(?:贝斯|低音)"), "bass", (12,), length=10),
    "rolling bass": Figure(
        re.compile(r"\broll(?:ing|s)\s+(?:(?:sub|techno|reese)\s+)?bass|\bbass(?:[\s-]?line)?\s+(?:that\s+)?roll(?:s|ing)\b|滚动的?(?:贝斯|低音)"),
        "bass", (6, 12, 18), length=5,
    ),
}  # fmt: skip
"""In the order in which they count: of those that own the same only the first is played."""
WALKING_BASS = "walking bass"


def named_figures(lower: str, denied: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return the figures that a lower-case text asks for, one of each drum or part; those within `denied` spans are not wanted."""
    replaced_parts: dict[str, str] = {}
    for name, figure in FIGURES.items():
        if any(not within(m.start(), denied) for m in figure.words.finditer(lower)):
            replaced_parts.setdefault(figure.what, name)
    return tuple(replaced_parts.values())


def part(name: str) -> str:
    """Return the part that a figure belongs to."""
    return FIGURES[name].part
