"""Bends and curves of a clip, by the rules of `model.expression`: the same as those of live playing, for a whole song."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from model import expression
from model.expression import NEUTRAL, Place, Stroke
from model.music.midifile import Gesture, Song, as_filed, bar_at, bar_length
from model.music.notes import CUES, UNPITCHED_PARTS, Note
from model.music.plan import Mix, Plan
from model.music.smf import BEND_CENTRE
from model.styles import depths_of


def gestures(song: Song, plan: Plan, seed: int) -> tuple[Gesture, ...]:
    """Return the bends and curves of a song that is written with a plan: those that its notes are marked with, else drawn by a seed."""
    filed = as_filed(song)
    found: list[Gesture] = []
    for part, program in filed.programs:
        if part not in UNPITCHED_PARTS:
            notes = [n for n in filed.notes if n.part == part]
            found += [*_bends(notes, program, plan.style_of(part), seed), *_curves(filed, part, program, plan)]
    return tuple(found)


def _bends(notes: Sequence[Note], program: int, style: Mix, seed: int) -> Iterator[Gesture]:
    strokes = [Stroke(n.start, n.end, n.pitch, n.bend) for n in notes]
    part = notes[0].part if notes else ""
    habit = expression.slide_of(part, program, style[0][0] if style else "")
    slide = None if any(s.marks for s in strokes) else habit
    for number, marks in expression.bends(strokes, slide, f"{seed}/{part}").items():
        yield from bend(replace(notes[number], bend=marks))


def bend(note: Note) -> Iterator[Gesture]:
    """Yield the bend of a note by its marks, and the return to the centre."""
    points = expression.bend_points(note.bend, note.length)
    for at, value in points:
        yield Gesture(note.part, note.start + at, None, value)
    if points:
        yield Gesture(note.part, note.end, None, BEND_CENTRE)


def _curves(song: Song, part: str, program: int, plan: Plan) -> Iterator[Gesture]:
    depths = depths_of(plan.style_of(part))
    sections = [(at, _cue(name)) for at, name in song.sections if at < song.end]

    def bars(tick: int) -> float:
        bar = bar_at(song, tick)
        start, meter = song.bars[bar]
        return bar + (tick - start) / bar_length(meter)

    def place(tick: int) -> Place:
        number = bisect_right(sections, tick, key=lambda s: s[0])
        begin, name = sections[number - 1] if number else (0, "")
        end = sections[number][0] if number < len(sections) else song.end
        first = bars(begin)
        return Place(bars(tick) - first, bar_at(song, end - 1) + 1 - first, bars(tick), name)

    for controller, neutral in NEUTRAL.items():
        last = neutral
        for tick, last in expression.curve(part, program, controller, depths, place, range(song.end), whole=False):
            yield Gesture(part, tick, controller, last)
        if last != neutral:
            yield Gesture(part, song.end, controller, neutral)


def _cue(name: str) -> str:
    """Return the cue that a section is played as by its name, "" for none."""
    lower = name.lower()
    return next((cue for cue in CUES if cue in lower), "ending" if "outro" in lower else "")
