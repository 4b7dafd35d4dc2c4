"""The strokes that the words or the style ask for: figures of drums and bass, half time, owed kicks. Pure."""

from __future__ import annotations

from model.decoder.tokenizer import (
    OFFSET_CENTRE,
    PITCH,
    VELOCITY_CENTRE,
    VELOCITY_STEP,
    BarLine,
    nearest_length,
    note_event,
)
from model.generation.history import SPARSE_SECTIONS
from model.generation.take import TakeState
from model.music.drums import ROLES
from model.music.notes import Beat
from model.music.plan import Plan
from model.prompt.rules.figures import FIGURES, Figure
from model.styles import STYLES

Row = tuple[int, ...]


def figure_rows(plan: Plan, frame: Beat, line: BarLine) -> tuple[Row, ...]:
    """Return the rows of the plan's figures in a beat; those of the bass have no pitch. A closing bar has none of the bass."""
    found, loud = list[Row](), 1 + VELOCITY_CENTRE // VELOCITY_STEP
    for figure in active_figures(plan, line):
        for tick in figure.ticks if figure.beat in (None, frame.beat) else ():
            if figure.what == "bass":
                found.append((note_event("bass", tick), 0, 1 + nearest_length(figure.length), 0, 0))
            else:
                pitch = PITCH + ROLES[figure.what]
                found.append((note_event("drums", tick), pitch, 0, loud - (tick % 12 > 0), 1 + OFFSET_CENTRE))
    if half_time(plan, frame) and frame.beat == 2 and "snare" not in plan.silenced:
        found.append((note_event("drums", 0), PITCH + ROLES["snare"], 0, loud, 1 + OFFSET_CENTRE))
    return tuple(found)


def replaced_parts(plan: Plan, line: BarLine) -> tuple[frozenset[str], frozenset[int]]:
    """Return the parts, and the drums by their notes, that figures replace in a bar: nothing else of them is sampled."""
    what = {figure.what for figure in active_figures(plan, line)}
    return frozenset(what & {"bass"}), frozenset(ROLES[role] for role in what - {"bass"})


def off_the_backbeat(plan: Plan, frame: Beat) -> frozenset[int]:
    """Return the drums that must not sound on a beat's first tick in half time: snare, clap and rim on two and four."""
    if half_time(plan, frame) and frame.beat % 2:
        return frozenset({ROLES["snare"], ROLES["clap"], ROLES["rim"]})
    return frozenset()


def active_figures(plan: Plan, line: BarLine) -> list[Figure]:
    """Return the figures of a plan that sound in a bar."""
    figures = [FIGURES[name] for name in plan.figures]
    return [
        f
        for f in figures
        if f.part in plan.parts and f.what not in plan.silenced and not (f.what == "bass" and line.left == 1)
    ]


def half_time(plan: Plan, frame: Beat) -> bool:
    """Return True if the backbeat is on the third beat only."""
    known = "feel" in plan.explicit or any(STYLES[name].is_half_time for name, _ in plan.style[:1])
    return plan.feel == "half" and known and frame.meter == "4/4"


BACKBEAT = frozenset(ROLES[name] for name in ("snare", "clap", "rim", "crash", "tom_low", "tom_mid", "tom_high"))
"""Drums that an intro that was asked for leaves to what follows."""
KICKS, KICK_PLACE = 2, 12
"""Kicks of a bar in the styles that have more than one, and the grid tick of its third beat where a missing one falls."""
_SYNCOPATED = frozenset({"bass", "hip-hop"})
"""Families whose bars have a kick on the first beat, and more than one."""
_FOUR_ON_THE_FLOOR = frozenset({"club", "techno"})
"""Families whose bars have a kick on every beat."""


def owed_kicks(take: TakeState, plan: Plan, frame: Beat, line: BarLine) -> tuple[Row, ...]:
    """Return the kicks without which a bar in 4/4 would not be one of its style: what returns is copied with its faults."""
    family = next((STYLES[name].family for name, _ in plan.style_of("drums")), "")
    tick = None
    if family in _FOUR_ON_THE_FLOOR or (family in _SYNCOPATED and frame.beat == 0):
        tick = 0
    elif family in _SYNCOPATED and frame.beat == 2 and not half_time(plan, frame):
        last = [n for w in take.written[-2:] for n in w.beat.notes if n.part == "drums"]
        tick = KICK_PLACE if last and sum(n.pitch == ROLES["kick"] for n in last) < KICKS else None
    replaced = ROLES["kick"] in replaced_parts(plan, line)[1] or "kick" in plan.silenced
    if tick is None or frame.meter != "4/4" or replaced or line.section in SPARSE_SECTIONS:
        return ()
    loud = 1 + VELOCITY_CENTRE // VELOCITY_STEP
    return ((note_event("drums", tick), PITCH + ROLES["kick"], 0, loud, 1 + OFFSET_CENTRE),)
