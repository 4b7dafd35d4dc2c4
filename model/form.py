"""The form of what is written: which section a bar is and its place in the phrase. Pure.

A clip of N bars has phrases of four or eight; a phrase's last bar is a fill where the style has drums, and a long piece
begins with an intro. A stream without end goes on in phrases of eight, every second one a variation.
"""

from __future__ import annotations

from dataclasses import replace

from model.language import PHRASE_BARS, Line
from model.music import CUES, Plan

STILL = frozenset({"ambient", "art song", "hymn", "folk", "standard", "pop ballad", "cinematic"})
"""Styles whose phrases end without a fill."""
CLUB = frozenset(
    {"house", "techno", "trance", "dubstep", "future bass", "drum and bass", "jersey club", "afro house"}
)
_WITHOUT = {"intro": {"melody"}, "break": {"drums", "bass"}}
"""The parts that are silent in it, as long as others are left."""


def cued(plan: Plan, section: str | None) -> Plan:
    """Return the plan of bars in a section that was asked for by hand."""
    if section is None:
        return plan
    _, energy, density = CUES[section]
    left = tuple(p for p in plan.parts if p not in _WITHOUT.get(section, ()))
    return replace(
        plan,
        parts=left or plan.parts,
        energy=min(1.0, max(0.0, plan.energy + energy)),
        density=min(1.0, max(0.0, plan.density + density)),
    )


def line(
    bar: int, bars: int | None, style: str, *, closes: bool, cue: str | None = None, moving: bool = False
) -> Line:
    """Return what is told at the line of bar number `bar` (from 0) of a piece of `bars`, None being endless.

    `cue` is a section asked for by hand; no fill breaks into a sweep between two prompts that is `moving`.
    """
    left = 0 if bars is None or not closes else bars - bar
    section = cue or _section(bar, bars, style, left)
    if moving and section == "fill" and cue != "fill":
        section = "groove"
    return Line(left if left <= PHRASE_BARS else 0, section, bar % PHRASE_BARS + 1)


def _section(bar: int, bars: int | None, style: str, left: int) -> str:
    if left == 1:
        return "ending"
    phrase = PHRASE_BARS if bars is None or bars >= 16 else 4
    number, place = divmod(bar, phrase)
    count = None if bars is None else -(-bars // phrase)
    if count is not None and bars is not None and bars >= 16 and number == 0:
        return "intro" if place < phrase // 2 else "groove"
    last = place == phrase - 1 and (bars is None or bar + 1 < bars or bars >= phrase)
    if last and style not in STILL:
        return "fill"
    if count is not None and count >= 4 and style in CLUB:
        return ("groove", "build", "drop", "break")[number % 4]
    return "variation" if number % 2 else "groove"
