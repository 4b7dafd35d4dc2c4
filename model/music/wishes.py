"""What words wish of a piece beside its plan, and the account of every word. Frozen values without a reader.

A clip meets the wishes; played live a piece has no end and no sections of its own, so there they are told as not met.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

from model.music.notes import CUES, TICKS_PER_QUARTER, beat_length, beats_in_bar

IN_CLIPS = "a clip has it; played live, a piece has no end and no sections of its own"
Kind = Literal["fact", "meaning", "wish", "unmet", "unknown"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of some words, from character `start` to `end` of the prompt.

    `fact`: obeyed; `note` names the field. `meaning`: left to the sense of the sentence. `wish`: met in clips, `note` says what
    it is about. `unmet`: cannot be met; `note` says why. `unknown`: no words of a language that we know of.
    """

    start: int
    end: int
    text: str
    kind: Kind
    note: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of each word of a prompt, in order."""

    readings: tuple[Reading, ...] = ()

    def unread(self, not_here: str = "") -> tuple[tuple[str, str], ...]:
        """Return the words that are not obeyed, each with the reason; `not_here` is that of wishes which only a clip meets, "" in a clip."""
        kinds = ("unmet", "unknown", "wish") if not_here else ("unmet", "unknown")
        return tuple((r.text, not_here if r.kind == "wish" else r.note) for r in self.readings if r.kind in kinds)

    def sentence(self, not_here: str = "") -> str:
        """Return what is not obeyed as one line, empty where all is."""
        by_reason: dict[str, list[str]] = {}
        for words, reason in self.unread(not_here):
            by_reason.setdefault(reason, []).append(f"“{words}”")
        return "; ".join(f"{', '.join(words)}: {reason}" for reason, words in by_reason.items())

    def without(self, about: str, reason: str) -> Account:
        """Return the account in which a wish about something cannot be met after all."""
        told = (
            replace(r, kind="unmet", note=reason) if (r.kind, r.note) == ("wish", about) else r for r in self.readings
        )
        return Account(tuple(told))


NO_ACCOUNT = Account()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form that was asked for: its name, its bars, and the cue of `CUES` that it is played as, if any."""

    name: str
    bars: int
    cue: str | None = None


@dataclass(frozen=True, slots=True)
class CueAt:
    """A cue of `CUES` that begins with a bar, counted from 1, and the bars that it lasts, None for its own."""

    bar: int
    cue: str
    bars: int | None = None

    def lasts(self, bar: int) -> bool:
        """Return True if a bar behind its first one, counted from 0, is still under it."""
        return self.cue == "drop" or bar < self.bar - 1 + (self.bars or CUES[self.cue][0])


EVERY_BEAT = (1, 2, 3, 4)
HALVES = ("first half", "second half")


@dataclass(frozen=True, slots=True)
class Rest:
    """Bars in which a part is silent, counted from 1, from the end where negative (-1 is the last); the last is None for the end.

    `roles` names the drums that are silent, empty for the whole part. `section` names all bars of that section instead, or of one of `HALVES`; with `outside` all others.
    """

    part: str
    first: int = 1
    last: int | None = None
    section: str = ""
    outside: bool = False
    roles: tuple[str, ...] = ()

    def bars(self, of: int) -> range:
        """Return its bars, counted from 0, of so many, where it names no section."""
        first, last = (b if b is None or b > 0 else of + 1 + b for b in (self.first, self.last))
        return range(max(0, (first or 1) - 1), of if last is None else last)


@dataclass(frozen=True, slots=True)
class Strokes:
    """A drum, by its role, and the beats of a bar that it strikes, counted from 1; none where it only is to be heard: then on its usual ones.

    With `without` they are the beats on which it does not strike.
    """

    role: str
    beats: tuple[int, ...] = ()
    without: bool = False


@dataclass(frozen=True, slots=True)
class TempoRamp:
    """The tempo at the end, as a factor of that at the beginning or, not 0, in quarters a minute.

    It takes so many of the last bars, None for all; or so many from bar `first` on, counted from 1, None for all that follow.
    """

    factor: float
    bars: int | None = None
    end: float = 0.0
    first: int | None = None

    def factor_from(self, tempo: float) -> float:
        """Return the factor for a piece that begins with a tempo."""
        return self.end / tempo if self.end else self.factor


@dataclass(frozen=True, slots=True)
class Fade:
    """How loud the piece begins and ends, as factors of its velocities, and how many of the last bars it takes, None for all; `first` is the bar that it begins with instead."""

    begin: float
    end: float
    bars: int | None = None
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Modulation:
    """Another key from a bar on, counted from 1 and from the end where negative, or from a section on ("last chorus"), else from the middle: by its name, or by semitones up."""

    key: str = ""
    semitones: int = 0
    bar: int | None = None
    section: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """The wishes of a prompt that have a form of their own. `seconds` is a duration, 0 for none; `chords` counts different chords, 0 for any; `groups` are the eighths of a bar, each group accented."""

    seconds: float = 0.0
    chords: int = 0
    sections: tuple[Section, ...] = ()
    cues: tuple[CueAt, ...] = ()
    rests: tuple[Rest, ...] = ()
    ramp: TempoRamp | None = None
    fades: tuple[Fade, ...] = ()
    modulation: Modulation | None = None
    strokes: tuple[Strokes, ...] = ()
    groups: tuple[int, ...] = ()

    def modulation_bar(self, bars: int) -> int:
        """Return the bar, counted from 1, at which the key changes in a piece of so many; a section that there is not lies where it mostly does."""
        wish = self.modulation
        if wish is None or wish.bar is not None or not wish.section:
            at = None if wish is None else wish.bar
            return bars // 2 + 1 if at is None else at if at > 0 else max(2, bars + 1 + at)
        which, _, name = wish.section.rpartition(" ")
        firsts = [first + 1 for first, s in self.placed_sections() if s.name == name]
        if firsts:
            place = {"last": -1, "second": 1, "third": 2}.get(which, 0 if len(firsts) == 1 or firsts[0] > 1 else 1)
            return firsts[min(place, len(firsts) - 1)]
        late = which in ("last", "third") or name == "outro"
        return (bars - min(4, bars // 4) if name == "outro" else 3 * bars // 4 if late else bars // 2) + 1

    def told(self) -> tuple[tuple[str, str], ...]:
        """Return what is wished, as (about, words)."""
        form = [f"{s.name} {s.bars}" for s in self.sections] + [f"{c.cue} at bar {c.bar}" for c in self.cues]
        for rest in self.rests:
            place = (
                f"{'outside' if rest.outside else 'in'} the {rest.section}"
                if rest.section
                else f"in bars {_from_end(rest.first)} to {_from_end(rest.last) if rest.last else 'the end'}"
            )
            form.append(f"no {' or '.join(rest.roles).replace('_', ' ') or rest.part} {place}")
        form += [
            f"{'no ' if s.without else ''}{s.role.replace('_', ' ')} on {' '.join(map(str, s.beats))}"
            for s in self.strokes
            if s.beats
        ]
        form += [f"grouped {'+'.join(map(str, self.groups))}"] if self.groups else []
        found = [("length", f"{self.seconds:g} seconds")] if self.seconds else []
        found += [("chords", str(self.chords))] if self.chords else []
        found += [("form", ", ".join(form))] if form else []
        if self.ramp is not None:
            found.append(
                (
                    "tempo",
                    f"{f'to {self.ramp.end:g}' if self.ramp.end else f'x {self.ramp.factor:.3g}'} {_over(self.ramp.bars, self.ramp.first)}",
                )
            )
        found += [("dynamics", f"x {f.begin:g} to x {f.end:g} {_over(f.bars, f.first)}") for f in self.fades]
        if self.modulation is not None:
            to = self.modulation.key or f"{self.modulation.semitones:+d} semitones"
            place = f"the {self.modulation.section}" if self.modulation.section else "the middle"
            found.append(
                (
                    "key",
                    f"{to} from {place if self.modulation.bar is None else f'bar {_from_end(self.modulation.bar)}'}",
                )
            )
        return tuple(found)

    def cue_of(self, bar: int) -> str | None:
        """Return the cue under which a bar is played, counted from 0: one that was asked for at a bar, or its section's."""
        begun = [c for c in self.cues if c.bar - 1 <= bar]
        if begun and begun[-1].lasts(bar):
            return begun[-1].cue
        return next((s.cue for first, s in self.placed_sections() if first <= bar < first + s.bars), None)

    def placed_sections(self) -> tuple[tuple[int, Section], ...]:
        """Return each section with its first bar, counted from 0."""
        firsts = accumulate((s.bars for s in self.sections), initial=0)
        return tuple(zip(firsts, self.sections, strict=False))

    def resting(self, bar: int, bars: int) -> frozenset[str]:
        """Return the parts, and the roles of drums, that are silent in a bar, counted from 0, of so many."""
        here = next((s.name for first, s in self.placed_sections() if first <= bar < first + s.bars), "")
        silent: set[str] = set()
        for rest in self.rests:
            if rest.section in HALVES:
                hit = ((bar < bars / 2) == (rest.section == HALVES[0])) != rest.outside
            elif rest.section:
                hit = (here == rest.section) != rest.outside
            else:
                hit = bar in rest.bars(bars)
            silent |= set(rest.roles or (rest.part,)) if hit else set()
        return frozenset(silent)


def _from_end(bar: int) -> str:
    return str(bar) if bar > 0 else f"{-bar} from the end"


def _over(bars: int | None, first: int | None = None) -> str:
    over = "over all bars" if bars is None else f"over {bars} bars"
    return over if first is None else f"from bar {first}" if bars is None else f"{over} from bar {first}"


NO_WISHES = Wishes()


def felt_beats(meter: str) -> tuple[int, int]:
    """Return how many beats a bar is counted in, and their length in ticks: two dotted quarters in 6/8, three in 9/8, four in 12/8."""
    count, length = beats_in_bar(meter), beat_length(meter)
    return (count // 3, 3 * length) if meter in ("6/8", "9/8", "12/8") else (count, length)


def bars_of_seconds(seconds: float, tempo: float, meter: str, ramp: TempoRamp | None = None) -> int:
    """Return the whole bars that come nearest to a duration, at a tempo in quarters a minute or along a ramp that begins with it."""
    quarters = beats_in_bar(meter) * beat_length(meter) / TICKS_PER_QUARTER
    whole = ramp is not None and ramp.bars is None and ramp.first is None
    factor = ramp.factor_from(tempo) if ramp is not None and whole else 1.0
    if abs(factor - 1) > 1e-6:
        tempo *= (factor - 1) / math.log(factor)
    return max(1, round(seconds * tempo / 60 / quarters))
