"""Expression beside the notes: pitch bends of single notes, and curves of two controllers by section and part. Pure.

The same rules serve clips, which have the whole song, and live playing, which has a beat at a time. Drums have neither. A bend belongs to
a note that sounds alone in its part, and is back at the centre before the note ends; a curve is a function of the place in its section.
"""

from __future__ import annotations

import math
import random
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from model.music.notes import TICKS_PER_QUARTER, UNPITCHED_PARTS, Ticks
from model.music.smf import BEND_CENTRE, BEND_MAX, BEND_RANGE

SWELL, FILTER = 11, 74
"""The controllers of the curves: expression, and brightness as in General MIDI 2."""
NEUTRAL = {SWELL: 127, FILTER: 64}
"""The values at which they do nothing."""
LEVEL_CONTROLLERS = {"energy": SWELL, "brightness": FILTER}
"""The levels of a plan that may be sent as the same controllers: then their value stands, and no curve is drawn."""
GESTURES = f"slides as pitch bends (range {BEND_RANGE}), swells as controller {SWELL} and filters as {FILTER}"
"""What expression is, for whoever asks for it."""
SIXTEENTH = Ticks(TICKS_PER_QUARTER // 4)
"""Ticks between two values of a curve."""
BEND_STEP = 20
"""Ticks between two values of a bend."""
_GLIDE, _VIBRATO, _DEPTH, _WAVE = 120, 240, 0.3, 90
"""Ticks that a glide takes at most, after which vibrato begins; its depth in semitones, and ticks of a wave
(5.3 a second at 80 bpm)."""
MARKS = re.compile(r"\$~|\$>?[+-]?\d*")
"""Marks of a note in the songbook: `$` glides from the note before, `$-2` from two semitones below, `$>-12` falls away, `$~` is vibrato."""


def bend_of_mark(mark: str, length: int, before: int, reach: float) -> Iterator[tuple[int, float]]:
    """Yield the bend of one mark as (ticks from the note's start, semitones), at most `reach`.

    `before` is how many semitones the note before lies above this one.
    """
    if mark == "$~":
        for at in range(_VIBRATO, length, BEND_STEP):
            yield at, _DEPTH * math.sin(2 * math.pi * (at - _VIBRATO) / _WAVE)
        return
    falls, number = mark.startswith("$>"), mark.lstrip("$>")
    far = max(-reach, min(reach, float(number) if number.strip("+-") else float(before)))
    span = max(BEND_STEP, min(_GLIDE, length // 2))
    for at in range(0, span + 1, BEND_STEP):
        share = min(1.0, at / span)
        yield (length - span + at - 1, far * share) if falls else (at, far * (1 - share))


Points = tuple[tuple[int, int], ...]
"""A bend: ticks from the note's start, and values of 14 bits."""


def bend_points(marks: str, length: int) -> Points:
    """Return the bend of a note by its marks, within `BEND_RANGE`, without its return to the centre; empty without marks."""
    found: dict[int, float] = {}
    for mark in MARKS.findall(marks):
        found.update(bend_of_mark(mark, length, 0, BEND_RANGE))
    values = {at: bend_value(semitones) for at, semitones in sorted(found.items()) if 0 <= at < length}
    return tuple(values.items()) if any(v != BEND_CENTRE for v in values.values()) else ()


def bend_value(semitones: float) -> int:
    """Return the value of a pitch bend, 0..16383."""
    return max(0, min(BEND_MAX, round(BEND_CENTRE + semitones / BEND_RANGE * BEND_CENTRE)))


# which notes are bent where no songbook has marked them


@dataclass(frozen=True, slots=True)
class Slide:
    """A habit of an instrument: the mark, how often (0..1), and the shortest note that has it, in ticks.

    `joined` is for notes that begin where the one before ends, on another pitch.
    """

    mark: str
    share: float
    shortest: int
    joined: bool = False


GLIDING_BASS = {
    "drill": 0.48, "phonk": 0.38, "amapiano": 0.35, "acid": 0.35, "trap": 0.31, "hyperpop": 0.25,
    "grime": 0.13, "future bass": 0.11, "house": 0.07, "dubstep": 0.06,
}  # fmt: skip
"""Of a bass's notes that begin where the one before ends the share that glides, by style: counted in the songbook's pieces."""
SLIDES = {
    35: Slide("$", 0.15, 240, joined=True),  # fretless bass
    **dict.fromkeys(range(24, 31), Slide("$-2", 0.1, 360)),  # guitars
    **dict.fromkeys((40, 41, 42, 110), Slide("$-1", 0.1, 480)),  # violin, viola, cello, fiddle
    **dict.fromkeys((57, 64, 65, 66, 67), Slide("$-1", 0.1, 480)),  # trombone, saxophones
    **dict.fromkeys((75, 77), Slide("$-1", 0.2, 480)),  # pan flute, shakuhachi
    **dict.fromkeys((104, 105, 106, 107), Slide("$-2", 0.2, 360)),  # sitar, banjo, shamisen, koto and guzheng
}
"""By General MIDI program, of melodies, arpeggios and basses."""
SLIDING_PARTS = ("melody", "arp", "bass")


def slide_of(part: str, program: int, style: str) -> Slide | None:
    """Return the habit of a part's instrument in a style, None where it has none."""
    if part == "bass" and style in GLIDING_BASS:
        return Slide("$", GLIDING_BASS[style], 240, joined=True)
    return SLIDES.get(program) if part in SLIDING_PARTS else None


@dataclass(frozen=True, slots=True)
class Stroke:
    """A note as a bend needs it: absolute ticks, and the marks that are written for it."""

    start: int
    end: int
    pitch: int
    marks: str = ""


def bends(strokes: Sequence[Stroke], slide: Slide | None, seed: str, before: Sequence[Stroke] = ()) -> dict[int, str]:
    """Return the marks of a part's notes that are bent, by their number; `before` sounded earlier and are not bent any more.

    A glide is told as its semitones. A note is bent by its marks, or where it has none by the habit of the instrument, drawn by `seed` and its place. One that sounds
    together with another is not: the bend would take both.
    """
    line = sorted([*before, *strokes], key=lambda s: (s.start, s.pitch))
    starts, latest_ends = [s.start for s in line], [*accumulate((s.end for s in line), max)]
    found: dict[int, str] = {}
    for number, stroke in enumerate(strokes):
        first, behind = bisect_left(starts, stroke.start), bisect_left(starts, stroke.end)
        is_alone = behind - first == 1 and (first == 0 or latest_ends[first - 1] <= stroke.start)
        if not (stroke.marks or slide) or not is_alone:
            continue
        last = line[first - 1] if first else None
        marks = stroke.marks or _habit(stroke, last, slide, seed)
        told = "".join(_told(mark, last.pitch - stroke.pitch if last else 0) for mark in MARKS.findall(marks))
        if told:
            found[number] = told
    return found


def _told(mark: str, before: int) -> str:
    """Return a mark whose distance is told, "" for a glide from the same pitch."""
    if mark == "$~" or mark[-1].isdecimal():
        return mark
    return f"{mark.rstrip('+-')}{max(-BEND_RANGE, min(BEND_RANGE, before)):+d}" if before else ""


def _habit(stroke: Stroke, last: Stroke | None, slide: Slide | None, seed: str) -> str:
    if slide is None or stroke.end - stroke.start < slide.shortest:
        return ""
    if slide.joined and (last is None or last.pitch == stroke.pitch or stroke.start - last.end > SIXTEENTH):
        return ""
    return slide.mark if random.Random(f"{seed}/{stroke.start}/{stroke.pitch}").random() < slide.share else ""


# curves


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tick lies: bars from the beginning of its section, bars that this has, and bars from the beginning of all.

    `section` is one of `model.music.notes.CUES`, or "" for no special one.
    """

    bar: float
    of: float
    since: float
    section: str = ""


@dataclass(frozen=True, slots=True)
class Depths:
    """How far a style's curves go, 0..1."""

    swell: float
    filter: float


PERFORMED, SEQUENCED, CLUB = Depths(1.0, 0.0), Depths(0.7, 0.5), Depths(0.5, 1.0)
"""Music that people play swells, music of machines moves its filter."""
SWELLING = frozenset((*range(16, 24), *range(40, 46), *range(48, 55), *range(56, 80), *range(88, 96)))
"""Programs that hold their notes: organs, strings, voices, wind, pads."""
FILTERED = frozenset((38, 39, 50, 51, 54, 62, 63, *range(80, 104)))
"""Programs of synthesisers."""
PHRASE_BARS = 4
_LOW_SWELL = 52
"""Steps below full of a whole swell's beginning."""
_OPEN, _CLOSED, _SLOW = 48, -24, 12
"""Steps of the filter above and below its middle: open, closed, and as it moves over eight bars."""
_AFTER_DROP_BARS = 4


def _swell(place: Place) -> float:
    """Return how full a phrase sounds, 0..1: it grows for three quarters of its bars, and ends a little softer."""
    done = (place.since % PHRASE_BARS) / PHRASE_BARS
    return math.sin(done / 0.75 * math.pi / 2) if done < 0.75 else 1 - 0.4 * (done - 0.75) / 0.25


def _filter(place: Place) -> float:
    """Return the steps of the filter above its middle."""
    done = place.bar / place.of if place.of else 1.0
    match place.section:
        case "build":
            return _CLOSED + (_OPEN - _CLOSED) * min(1.0, done)
        case "drop":
            return _OPEN * max(0.0, 1 - place.bar / _AFTER_DROP_BARS)
        case "break" | "intro":
            return float(_CLOSED)
        case "ending":
            return _CLOSED * min(1.0, done)
        case _:
            return _SLOW * math.sin(place.since / 8 * 2 * math.pi)


_CURVES: tuple[tuple[int, frozenset[int], frozenset[str], Callable[[Place, Depths], float]], ...] = (
    (SWELL, SWELLING, frozenset({"pad", "chords"}), lambda p, d: 127 - d.swell * _LOW_SWELL * (1 - _swell(p))),
    (FILTER, FILTERED, frozenset({"pad", "chords", "arp", "bass", "melody"}), lambda p, d: 64 + d.filter * _filter(p)),
)
"""A row each: the controller, the programs and the parts that it is for, and its value at a place."""


def curve_value(part: str, program: int, number: int, place: Place, depths: Depths) -> int | None:
    """Return the value of a controller at a place, None where the part's instrument has no such curve."""
    for controller, programs, parts, value in _CURVES:
        if controller == number and program in programs and part in parts and part not in UNPITCHED_PARTS:
            return max(0, min(127, round(value(place, depths))))
    return None


def curve(
    part: str, program: int, number: int, depths: Depths, place_at: Callable[[int], Place], span: range, whole: bool
) -> Iterator[tuple[int, int]]:
    """Yield a part's curve in a span of ticks as (tick, value): at most one value a sixteenth, and only where it changes.

    At the first tick it is told what it is at all events; with `whole` its neutral value too, where the part has no such curve.
    """
    before: int | None = None
    for tick in range(span.start, span.stop, SIXTEENTH):
        value = curve_value(part, program, number, place_at(tick), depths)
        if value is None:
            if whole:
                yield span.start, NEUTRAL[number]
            return
        if value != before:
            yield tick, value
        before = value
