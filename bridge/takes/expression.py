"""Bends and curves of a beat that is played live, by the rules of `model.expression`. Pure and repeatable.

A channel that drums or another part play too has neither: they act on all that sounds there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bridge.midi.protocol import ScheduledControl, ScheduledNote
from bridge.protocol.controls import Value, part_programs
from bridge.takes.arrange import Feel
from model import expression
from model.music.notes import PARTS, UNPITCHED_PARTS, Beat, Ticks, beats_in_bar
from model.styles import depths_of


def channels(settings: Mapping[str, Value]) -> dict[str, int]:
    """Return the channels, 0..15, of the parts that have a channel to themselves; without drums."""
    of = {part: int(settings[f"part/{part}/channel"]) - 1 for part in PARTS}
    own = (part for part in PARTS if part not in UNPITCHED_PARTS and list(of.values()).count(of[part]) == 1)
    return {part: of[part] for part in own}


def bent(
    notes: Sequence[ScheduledNote], earlier: Sequence[ScheduledNote], feel: Feel, settings: Mapping[str, Value]
) -> tuple[ScheduledNote, ...]:
    """Return a beat's notes with their bends; `earlier` are notes of the beats before."""
    own, programs = channels(settings), part_programs(feel.plan, settings)
    found = list(notes)
    for part in dict.fromkeys(n.part for n in notes):
        numbers = [i for i, n in enumerate(notes) if n.part == part]
        style = feel.plan.style_of(part)
        slide = expression.slide_of(part, programs[part], style[0][0] if style else "")
        marks: Mapping[int, str] = {}
        if part in own:
            strokes = [_stroke(notes[i]) for i in numbers]
            before = [_stroke(n) for n in earlier if n.part == part]
            marks = expression.bends(strokes, None if feel.is_written else slide, f"{feel.seed}/{part}", before)
        for at, number in enumerate(numbers):
            found[number] = replace(notes[number], bend=marks.get(at, ""))
    return tuple(found)


def _stroke(note: ScheduledNote) -> expression.Stroke:
    return expression.Stroke(note.at, note.at + note.length, note.pitch, note.bend)


def curves(
    beat: Beat, start: Ticks, feel: Feel, settings: Mapping[str, Value], *, whole: bool
) -> tuple[ScheduledControl, ...]:
    """Return the controllers of a beat that begins at a tick; with `whole` also those that take back what another take left."""
    return tuple(_curves(beat, start, feel, settings, whole))


def remaining(curves: Sequence[ScheduledControl], here: Ticks) -> tuple[ScheduledControl, ...]:
    """Return what of a beat's controllers lies behind a tick, and of each before it the last: where it is now."""
    now = {(c.channel, c.number): c for c in curves if c.at <= here}
    return (*now.values(), *(c for c in curves if c.at > here))


def _curves(
    beat: Beat, start: Ticks, feel: Feel, settings: Mapping[str, Value], whole: bool
) -> Iterator[ScheduledControl]:
    programs, own = part_programs(feel.plan, settings), channels(settings)
    beats = beats_in_bar(beat.meter)

    def place(tick: int) -> expression.Place:
        now = beat.index + (tick - start) / beat.length
        of = (feel.last - feel.first) / beats
        return expression.Place((now - feel.first) / beats, of, now / beats, feel.section)

    for part, channel in own.items():
        depths = depths_of(feel.plan.style_of(part))
        for level, number in expression.LEVEL_CONTROLLERS.items():
            if settings[f"send/{level}"]:
                continue
            if part not in feel.plan.parts:
                if whole:
                    yield ScheduledControl(start, channel, number, expression.NEUTRAL[number], part, start)
                continue
            span = range(start, start + beat.length)
            for at, value in expression.curve(part, programs[part], number, depths, place, span, whole):
                yield ScheduledControl(Ticks(at), channel, number, value, part, start)
