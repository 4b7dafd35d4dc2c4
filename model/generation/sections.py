"""The sections of a piece: each bar's section and place in the phrase, its loudness, and what a cue changes. Pure.

A clip has phrases of four or eight bars; a phrase's last bar is a fill in most styles, and a clip of 24 bars or more begins with
an intro. An endless take has phrases of eight bars, every second one a variation.
"""

from __future__ import annotations

from dataclasses import replace

from model.decoder.tokenizer import MAX_BARS_LEFT, BarLine
from model.generation.material import form_plan
from model.generation.take import TakeState
from model.music.notes import CUES, Beat, beats_in_bar
from model.music.plan import Plan
from model.styles import STYLES

MIN_BARS_WITH_INTRO = 24
_SILENT_PARTS = {"intro": {"melody"}, "break": {"drums", "perc", "bass"}}
"""Parts that are silent in a section, as long as others are left."""


def apply_cue(plan: Plan, section: str | None) -> Plan:
    """Return the plan under a section cue."""
    if section is None:
        return plan
    _, energy, density = CUES[section]
    left = tuple(p for p in plan.parts if p not in _SILENT_PARTS.get(section, ()))
    return replace(
        plan,
        parts=left or plan.parts,
        energy=min(1.0, max(0.0, plan.energy + energy)),
        density=min(1.0, max(0.0, plan.density + density)),
    )


def bar_line(
    bar: int, bars: int | None, style: str, *, closes: bool, cue: str | None = None, is_morphing: bool = False
) -> BarLine:
    """Return the bar line of bar number `bar` (from 0) of a piece of `bars`, None for endless.

    `cue` is a section set by hand. During a morph there are no other fills.
    """
    left = 0 if bars is None or not closes else bars - bar
    section = cue or _section(bar, bars, style, left)
    if is_morphing and section == "fill" and cue != "fill":
        section = "groove"
    return BarLine(left if left <= MAX_BARS_LEFT else 0, section, bar % form_plan.PHRASE_BARS + 1)


def _section(bar: int, bars: int | None, style: str, left: int) -> str:
    if left == 1:
        return "ending"
    phrase = form_plan.phrase_length(bars)
    number, place = divmod(bar, phrase)
    count = None if bars is None else -(-bars // phrase)
    if count is not None and bars is not None and bars >= MIN_BARS_WITH_INTRO and number == 0:
        return "intro" if place < phrase // 2 else "groove"
    last = place == phrase - 1 and (bars is None or bar + 1 < bars or bars >= phrase)
    if last and STYLES[style].has_fills:
        return "fill"
    if count is not None and count >= 4 and STYLES[style].has_club_form:
        return ("groove", "build", "drop", "break")[number % 4]
    return "variation" if number % 2 else "groove"


def section_place(take: TakeState, frame: Beat, line: BarLine, *, is_cued: bool) -> tuple[int, int]:
    """Return the place of a bar in its section, from 0, and the bars that this lasts."""
    if not is_cued or line.section not in CUES:
        length = form_plan.phrase_length(take.begin.bars or take.begin.loop)
        return frame.bar % length, length
    before = 0
    for written in reversed(take.written[: len(take.written) - frame.beat]):
        if written.section != line.section:
            break
        before += written.beat.beat == 0
    return before, CUES[line.section][0]


def next_beat(frame: Beat) -> Beat:
    """Return the next beat in the same metre."""
    last = frame.beat + 1 == beats_in_bar(frame.meter)
    return replace(frame, index=frame.index + 1, bar=frame.bar + last, beat=0 if last else frame.beat + 1)
