"""The sections of a piece: each bar's section and place in the phrase, its loudness, and what a cue changes. Pure.

A clip has phrases of four or eight bars; a phrase's last bar is a fill in most styles, and a clip of 24 bars or more begins with
an intro. An endless take has phrases of eight bars, every second one a variation.
"""

from __future__ import annotations

from dataclasses import replace

from model.decoder.tokenizer import MAX_BARS_LEFT, BarLine
from model.generation.material import form_plan
from model.generation.take import TakeState, WrittenBeat
from model.music.notes import CUES, Beat, beats_in_bar
from model.music.plan import Plan
from model.styles import STYLES

MIN_BARS_WITH_INTRO = 24
_SILENT_PARTS = {"intro": {"melody"}, "break": {"drums", "perc", "bass"}}
"""Parts that are silent in a section, as long as others are left."""


def place_of_bar(take: TakeState, plan: Plan, frame: Beat, *, follows_round: bool = True) -> form_plan.Place | None:
    """Return where a bar lies in the sections of a clip, or of a take without an end; None where it has none."""
    begin, sections = take.begin, plan.wishes.sections
    if begin.given or begin.beside is not None or begin.melody_first:
        return None
    if begin.bars is None and begin.loop is None:
        return form_plan.place_in_round(frame.bar, plan.style) if follows_round else None
    return form_plan.place_of(frame.bar, sections) if len(sections) > 1 else None


def theme_of(take: TakeState) -> dict[tuple[str, int], tuple[WrittenBeat, ...]]:
    """Return the first bar that a take has of each place of its sections' letters, for the take after it."""
    found: dict[tuple[str, int], tuple[WrittenBeat, ...]] = {}
    for index, first in enumerate(take.written):
        bar = tuple(take.written[index : index + beats_in_bar(first.beat.meter)])
        is_whole = first.beat.beat == 0 and bar[-1].beat.beat + 1 == len(bar) == beats_in_bar(first.beat.meter)
        place = None if first.plan is None else place_of_bar(take, first.plan, first.beat)
        if is_whole and place is not None:
            found.setdefault((place.letter, place.bar), bar)
    return found


def apply_cue(plan: Plan, section: str | None, *, sings: bool = False) -> Plan:
    """Return the plan under a section cue; with `sings` the tune is heard in an intro."""
    if section is None:
        return plan
    _, energy, density = CUES[section]
    silent = _SILENT_PARTS.get(section, set()) - ({"melody"} if sings else set())
    left = tuple(p for p in plan.parts if p not in silent)
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
