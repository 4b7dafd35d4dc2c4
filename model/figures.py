"""Figures that are asked for by name, and what must sound of them in a beat: four on the floor, a walking bass. Pure.

A figure owns its part, or a drum: nothing else of that is drawn. The snare on three of a half-time feel is one too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from model.drums import ROLES
from model.fusion import wanted_velocity
from model.language import OFFSET_CENTRE, PITCH, VELOCITY_STEP, Line, nearest_length, note_event
from model.music import Beat, Plan
from model.negation import within

Row = tuple[int, ...]

HALVED = frozenset({"trap", "dubstep", "future bass"})
"""Styles whose snare falls on three where the words do not say otherwise; drill has its own places."""


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
    "eighth hats": Figure(re.compile(rf"\b(?:8ths?|eighths?){_HATS}|八分(?:音符)?的?踩?镲"), "closed_hat", (0, 12)),
    "offbeat hats": Figure(re.compile(r"\boff[\s-]?beat\s+(?:open\s+)?(?:hi[\s-]?)?hats?\b|反拍的?开?镲"), "open_hat", (12,)),
    "walking bass": Figure(
        re.compile(r"\bwalk(?:ing|s)?[\s-]+(?:(?:double|upright|acoustic|jazz|string|swing)\s+){0,2}bass|\bbass(?:[\s-]?line)?\s+(?:that\s+)?walk(?:s|ing)\b|行走的?(?:贝斯|低音)|(?:贝斯|低音)行走|basse marchante|bajo caminante"),
        "bass", (0,), length=22,
    ),
    "offbeat bass": Figure(re.compile(r"\boff[\s-]?beat\s+bass|反拍的?(?:贝斯|低音)"), "bass", (12,), length=10),
    "rolling bass": Figure(
        re.compile(r"\broll(?:ing|s)\s+(?:(?:sub|techno|reese)\s+)?bass|\bbass(?:[\s-]?line)?\s+(?:that\s+)?roll(?:s|ing)\b|滚动的?(?:贝斯|低音)"),
        "bass", (6, 12, 18), length=5,
    ),
}  # fmt: skip
"""In the order in which they count: of those that own the same only the first is played."""
WALK = "walking bass"


def named(lower: str, denied: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return the figures that a lower-case text asks for, one of each drum or part; those within `denied` spans are not wanted."""
    owned: dict[str, str] = {}
    for name, figure in FIGURES.items():
        if any(not within(m.start(), denied) for m in figure.words.finditer(lower)):
            owned.setdefault(figure.what, name)
    return tuple(owned.values())


def part(name: str) -> str:
    """Return the part that a figure belongs to."""
    return FIGURES[name].part


def rows(plan: Plan, frame: Beat, line: Line) -> tuple[Row, ...]:
    """Return the rows that figures have in a beat; those of the bass lack a pitch. The last bar of an ending has only its drums'."""
    found, loud = list[Row](), 1 + int(wanted_velocity("drums", plan.energy)) // VELOCITY_STEP
    for figure in _played(plan, line):
        for tick in figure.ticks if figure.beat in (None, frame.beat) else ():
            if figure.what == "bass":
                found.append((note_event("bass", tick), 0, 1 + nearest_length(figure.length), 0, 0))
            else:
                pitch = PITCH + ROLES[figure.what]
                found.append((note_event("drums", tick), pitch, 0, loud - (tick % 12 > 0), 1 + OFFSET_CENTRE))
    if _half_time(plan, frame) and frame.beat == 2 and "snare" not in plan.silenced:
        found.append((note_event("drums", 0), PITCH + ROLES["snare"], 0, loud, 1 + OFFSET_CENTRE))
    return tuple(found)


def owned(plan: Plan, line: Line) -> tuple[frozenset[str], frozenset[int]]:
    """Return the parts, and the drums by their notes, of which nothing is drawn in a bar, for figures have them."""
    what = {figure.what for figure in _played(plan, line)}
    return frozenset(what & {"bass"}), frozenset(ROLES[role] for role in what - {"bass"})


def off_the_backbeat(plan: Plan, frame: Beat) -> frozenset[int]:
    """Return the drums that a half-time feel keeps off a beat's first tick: snare and clap on two and four."""
    if _half_time(plan, frame) and frame.beat % 2:
        return frozenset({ROLES["snare"], ROLES["clap"]})
    return frozenset()


def _played(plan: Plan, line: Line) -> list[Figure]:
    figures = [FIGURES[name] for name in plan.figures]
    return [
        f
        for f in figures
        if f.part in plan.parts and f.what not in plan.silenced and not (f.what == "bass" and line.left == 1)
    ]


def _half_time(plan: Plan, frame: Beat) -> bool:
    known = "feel" in plan.explicit or any(name in HALVED for name, _ in plan.style[:1])
    return plan.feel == "half" and known and frame.meter == "4/4"
