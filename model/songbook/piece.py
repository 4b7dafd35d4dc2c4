"""What a text of the notation says, as values: header, captions, sections with their bars. Nothing is unrolled yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a text: where (1-based; 0 where no line is to blame), against which law, what."""

    file: str
    line: int
    column: int
    law: str
    what: str
    section: str = ""
    bar: int = 0
    error: bool = True

    def __str__(self) -> str:
        where = f" {self.section} bar {self.bar}:" if self.section else ""
        kind = "" if self.error else "warning: "
        return f"{self.file}:{self.line}:{self.column}:{where} {kind}{self.law}: {self.what}"


class NotationError(ValueError):
    """A text that is not of the notation; `faults` says where and why."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class Token(NamedTuple):
    """A token of a bar: `start` and `length` in ticks, from the bar's start.

    `kind` is rest, hold, pitches (`pitches` are MIDI numbers) or voices (`pitches` are their numbers from 1, none for
    the whole voicing). `accent` is what its marks add to the velocity; `exact` stands for the mix.
    """

    start: int
    length: int
    kind: str
    pitches: tuple[int, ...] = ()
    early: bool = False
    octaves: int = 0
    graces: tuple[int, ...] = ()
    accent: int = 0
    exact: int | None = None
    short: bool = False
    ring: bool = False
    strum: int = 0
    tremolo: int = 0
    bend: str = ""
    column: int = 0


@dataclass(frozen=True, slots=True)
class Dynamics:
    """The layer's dynamics from here on."""

    value: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a pitched part; `up` and `dynamics` are what the section's operations add to it."""

    layers: tuple[tuple[Token | Dynamics, ...], ...]
    text: str
    line: int
    column: int
    up: int = 0
    dynamics: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A drum row: its letter and its strokes as (tick in the bar, digit)."""

    letter: str
    strokes: tuple[tuple[int, int], ...]
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class RowsBar:
    """A bar of drums or perc."""

    rows: tuple[Row, ...]
    line: int
    dynamics: int = 0


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord of the harmony in its bar, in ticks; its symbol keeps its stars."""

    symbol: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class HarmonyBar:
    """A bar of the harmony."""

    chords: tuple[Chord, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Waiver:
    """A law waived in some bars of a section, and why."""

    law: str
    bars: tuple[int, ...]
    reason: str
    line: int


@dataclass(frozen=True, slots=True)
class Section:
    """A section, resolved: what it inherits is in it. Bars not written are None; parts not written are absent."""

    name: str
    kind: str
    bars: int
    line: int
    base: str | None = None
    level: int = 0
    transpose: int = 0
    harmony: tuple[HarmonyBar | None, ...] = ()
    voicings: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    pitched: Mapping[str, tuple[Bar | None, ...]] = field(default_factory=dict)
    rows: Mapping[str, tuple[RowsBar | None, ...]] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption: its language, whether it was written from the notes alone, its text."""

    language: str
    from_notes: bool
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """The header, with what is left out filled in."""

    title: str
    style: str
    family: str
    batch: str
    plan: int
    tempo: Fraction
    tonic: str
    mode: str
    meter: tuple[int, int]
    form: tuple[str, ...]
    lead: str
    mood: tuple[str, ...]
    energy: int
    density: int
    sound: Mapping[str, str]
    kit: str
    mix: Mapping[str, int]
    era: tuple[str, ...] = ()
    scene: tuple[str, ...] = ()
    ends: str = "loop"
    swing: tuple[int, Fraction] = (16, Fraction(50))
    straight: tuple[str, ...] = ()
    gate: Mapping[str, int] = field(default_factory=dict)
    touch: Mapping[str, str] = field(default_factory=dict)
    feel: Mapping[str, int] = field(default_factory=dict)
    loose: Mapping[str, int] = field(default_factory=dict)
    roll: Mapping[str, int] = field(default_factory=dict)

    @property
    def bar(self) -> int:
        """Ticks of a bar."""
        return 1920 * self.meter[0] // self.meter[1]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece as written."""

    file: str
    header: Header
    captions: tuple[Caption, ...]
    voicings: Mapping[str, tuple[int, ...]]
    sections: Mapping[str, Section]
    lines: tuple[str, ...] = ()

    @property
    def bars(self) -> int:
        """Bars as played."""
        return sum(self.sections[name].bars for name in self.header.form)
