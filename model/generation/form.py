"""The form: each bar's section and place in the phrase, and the figures of drums and bass. Pure.

A clip has phrases of four or eight bars; a phrase's last bar is a fill in most styles, and a clip of 16 bars or more begins with
an intro. An endless take has phrases of eight bars, every second one a variation.
"""

from __future__ import annotations

from dataclasses import replace

from model.decoder.tokenizer import (
    OFFSET_CENTRE,
    PHRASE_BARS,
    PITCH,
    VELOCITY_STEP,
    BarLine,
    nearest_length,
    note_event,
)
from model.generation.bias_terms import target_velocity
from model.music.drums import ROLES
from model.music.notes import CUES, Beat
from model.music.plan import Plan
from model.prompt.rules.figures import FIGURES, Figure
from model.styles import STYLES

_SILENT_PARTS = {"intro": {"melody"}, "break": {"drums", "bass"}}
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
    return BarLine(left if left <= PHRASE_BARS else 0, section, bar % PHRASE_BARS + 1)


def _section(bar: int, bars: int | None, style: str, left: int) -> str:
    if left == 1:
        return "ending"
    phrase = PHRASE_BARS if bars is None or bars >= 16 else 4
    number, place = divmod(bar, phrase)
    count = None if bars is None else -(-bars // phrase)
    if count is not None and bars is not None and bars >= 16 and number == 0:
        return "intro" if place < phrase // 2 else "groove"
    last = place == phrase - 1 and (bars is None or bar + 1 < bars or bars >= phrase)
    if last and STYLES[style].has_fills:
        return "fill"
    if count is not None and count >= 4 and STYLES[style].has_club_form:
        return ("groove", "build", "drop", "break")[number % 4]
    return "variation" if number % 2 else "groove"


Row = tuple[int, ...]


def figure_rows(plan: Plan, frame: Beat, line: BarLine) -> tuple[Row, ...]:
    """Return the rows of the plan's figures in a beat; those of the bass have no pitch. A closing bar has none of the bass."""
    found, loud = list[Row](), 1 + int(target_velocity("drums", plan.energy)) // VELOCITY_STEP
    for figure in _active_figures(plan, line):
        for tick in figure.ticks if figure.beat in (None, frame.beat) else ():
            if figure.what == "bass":
                found.append((note_event("bass", tick), 0, 1 + nearest_length(figure.length), 0, 0))
            else:
                pitch = PITCH + ROLES[figure.what]
                found.append((note_event("drums", tick), pitch, 0, loud - (tick % 12 > 0), 1 + OFFSET_CENTRE))
    if _half_time(plan, frame) and frame.beat == 2 and "snare" not in plan.silenced:
        found.append((note_event("drums", 0), PITCH + ROLES["snare"], 0, loud, 1 + OFFSET_CENTRE))
    return tuple(found)


def replaced_parts(plan: Plan, line: BarLine) -> tuple[frozenset[str], frozenset[int]]:
    """Return the parts, and the drums by their notes, that figures replace in a bar: nothing else of them is sampled."""
    what = {figure.what for figure in _active_figures(plan, line)}
    return frozenset(what & {"bass"}), frozenset(ROLES[role] for role in what - {"bass"})


def off_the_backbeat(plan: Plan, frame: Beat) -> frozenset[int]:
    """Return the drums that must not sound on a beat's first tick in half time: snare and clap on two and four."""
    if _half_time(plan, frame) and frame.beat % 2:
        return frozenset({ROLES["snare"], ROLES["clap"]})
    return frozenset()


def _active_figures(plan: Plan, line: BarLine) -> list[Figure]:
    figures = [FIGURES[name] for name in plan.figures]
    return [
        f
        for f in figures
        if f.part in plan.parts and f.what not in plan.silenced and not (f.what == "bass" and line.left == 1)
    ]


def _half_time(plan: Plan, frame: Beat) -> bool:
    known = "feel" in plan.explicit or any(STYLES[name].is_half_time for name, _ in plan.style[:1])
    return plan.feel == "half" and known and frame.meter == "4/4"
