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
    """A cue of `CUES` that begins with a bar, counted from 1."""

    bar: int
    cue: str


HALVES = ("first half", "second half")


@dataclass(frozen=True, slots=True)
class Rest:
    """Bars in which a part is silent, counted from 1; the last is None for the end.

    `section` names all bars of that section instead, or of one of `HALVES`; with `outside` all others.
    """

    part: str
    first: int = 1
    last: int | None = None
    section: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True)
class TempoRamp:
    """The tempo at the end, as a factor of that at the beginning or, not 0, in quarters a minute; and how many of the last bars it takes, None for all."""

    factor: float
    bars: int | None = None
    end: float = 0.0

    def factor_from(self, tempo: float) -> float:
        """Return the factor for a piece that begins with a tempo."""
        return self.end / tempo if self.end else self.factor


@dataclass(frozen=True, slots=True)
class Fade:
    """How loud the piece begins and ends, as factors of its velocities, and how many of the last bars it takes; None for all."""

    begin: float
    end: float
    bars: int | None = None


@dataclass(frozen=True, slots=True)
class Modulation:
    """Another key from a bar on, counted from 1 (None: from the middle): by its name, or by semitones up."""

    key: str = ""
    semitones: int = 0
    bar: int | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """The wishes of a prompt that have a form of their own. `seconds` is a duration, 0 for none; `chords` counts different chords, 0 for any."""

    seconds: float = 0.0
    chords: int = 0
    sections: tuple[Section, ...] = ()
    cues: tuple[CueAt, ...] = ()
    rests: tuple[Rest, ...] = ()
    ramp: TempoRamp | None = None
    fades: tuple[Fade, ...] = ()
    modulation: Modulation | None = None

    def told(self) -> tuple[tuple[str, str], ...]:
        """Return what is wished, as (about, words)."""
        form = [f"{s.name} {s.bars}" for s in self.sections] + [f"{c.cue} at bar {c.bar}" for c in self.cues]
        for rest in self.rests:
            place = (
                f"{'outside' if rest.outside else 'in'} the {rest.section}"
                if rest.section
                else f"in bars {rest.first} to {rest.last or 'the end'}"
            )
            form.append(f"no {rest.part} {place}")
        found = [("length", f"{self.seconds:g} seconds")] if self.seconds else []
        found += [("chords", str(self.chords))] if self.chords else []
        found += [("form", ", ".join(form))] if form else []
        if self.ramp is not None:
            found.append(
                (
                    "tempo",
                    f"{f'to {self.ramp.end:g}' if self.ramp.end else f'x {self.ramp.factor:.3g}'} {_over(self.ramp.bars)}",
                )
            )
        found += [("dynamics", f"x {f.begin:g} to x {f.end:g} {_over(f.bars)}") for f in self.fades]
        if self.modulation is not None:
            to = self.modulation.key or f"{self.modulation.semitones:+d} semitones"
            found.append(
                ("key", f"{to} from {'the middle' if self.modulation.bar is None else f'bar {self.modulation.bar}'}")
            )
        return tuple(found)

    def cue_of(self, bar: int) -> str | None:
        """Return the cue under which a bar is played, counted from 0: one that was asked for at a bar, or its section's."""
        begun = [c for c in self.cues if c.bar - 1 <= bar]
        if begun and (begun[-1].cue == "drop" or bar < begun[-1].bar - 1 + CUES[begun[-1].cue][0]):
            return begun[-1].cue
        return next((s.cue for first, s in self.placed_sections() if first <= bar < first + s.bars), None)

    def placed_sections(self) -> tuple[tuple[int, Section], ...]:
        """Return each section with its first bar, counted from 0."""
        firsts = accumulate((s.bars for s in self.sections), initial=0)
        return tuple(zip(firsts, self.sections, strict=False))

    def resting(self, bar: int, bars: int) -> frozenset[str]:
        """Return the parts that are silent in a bar, counted from 0, of so many."""
        here = next((s.name for first, s in self.placed_sections() if first <= bar < first + s.bars), "")
        silent = set()
        for rest in self.rests:
            if rest.section in HALVES:
                hit = ((bar < bars / 2) == (rest.section == HALVES[0])) != rest.outside
            elif rest.section:
                hit = (here == rest.section) != rest.outside
            else:
                hit = rest.first - 1 <= bar < (bars if rest.last is None else rest.last)
            silent |= {rest.part} if hit else set()
        return frozenset(silent)


def _over(bars: int | None) -> str:
    return "over all bars" if bars is None else f"over {bars} bars"


NO_WISHES = Wishes()


def bars_of_seconds(seconds: float, tempo: float, meter: str, ramp: TempoRamp | None = None) -> int:
    """Return the whole bars that come nearest to a duration, at a tempo in quarters a minute or along a ramp that begins with it."""
    quarters = beats_in_bar(meter) * beat_length(meter) / TICKS_PER_QUARTER
    factor = 1.0 if ramp is None or ramp.bars is not None else ramp.factor_from(tempo)
    if abs(factor - 1) > 1e-6:
        tempo *= (factor - 1) / math.log(factor)
    return max(1, round(seconds * tempo / 60 / quarters))
