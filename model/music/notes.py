"""Notes, beats and bars in ticks; the parts, the metres, and the sections that can be cued.

Pure frozen values. No torch, no I/O and no clock: the model never knows what time it is;
`bridge.clock` is the only place where ticks become seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NewType

Ticks = NewType("Ticks", int)
TICKS_PER_QUARTER = Ticks(480)
"""Also the resolution of every .mid file we write."""
CHANNELS = {"chords": 0, "melody": 1, "bass": 2, "drums": 9, "pad": 3, "arp": 4, "perc": 10}
"""The MIDI channel of each part, counted from 0 as the wire does."""
PARTS = tuple(CHANNELS)
"""The parts of a band, in their order of tracks."""
USUAL_PARTS = PARTS[:4]
"""What a band is made of where nothing asks for more."""
ADDED_PARTS = PARTS[4:]
"""Parts that play only where they are asked for."""
UNPITCHED_PARTS = ("drums", "perc")
"""Parts whose notes are things that are struck; no length is told of them."""
CHORD_PARTS = ("chords", "pad")
"""Parts whose strokes are chords."""
HARMONY_PARTS = ("bass", "pad", "chords", "arp")
"""Parts that follow the chord symbols, from the lowest one up."""
LABELS = ("new", "same", "rhythm", "varied", "answer")
"""What a bar of a part can be in the plan of the form: see `model.generation.material.form_plan`."""
METERS = ("2/4", "3/4", "4/4", "5/4", "6/8", "7/8", "9/8", "12/8")
"""The metres that the decoder writes; files may have others."""

CUES: dict[str, tuple[int, float, float]] = {
    "intro": (4, -0.2, -0.25),
    "fill": (1, 0.1, 0.15),
    "break": (4, -0.3, -0.35),
    "build": (4, 0.1, 0.2),
    "drop": (8, 0.25, 0.15),
    "ending": (1, 0.0, -0.15),
}
"""What may be asked for by hand: the bars that it lasts, and what it adds to energy and density."""


MAX_BEATS = 64
"""Beats that a bar of a file has at most."""


def is_meter(meter: str) -> bool:
    """Return whether a text is a metre that a file can have: 1..64 beats of a whole note's half to its 64th part."""
    beats, _, unit = meter.partition("/")
    return beats.isdecimal() and 1 <= int(beats) <= MAX_BEATS and unit in ("1", "2", "4", "8", "16", "32", "64")


@lru_cache(512)
def beats_in_bar(meter: str) -> int:
    """Return how many beats a bar has; a beat is the metre's denominator."""
    return int(meter.split("/")[0])


@lru_cache(512)
def beat_length(meter: str) -> Ticks:
    """Return the length of a beat in ticks: 480 for a quarter, 240 for an eighth."""
    return Ticks(4 * TICKS_PER_QUARTER // int(meter.split("/")[1]))


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One sounding note of a part. It has a length, so it always ends.

    `start` is in ticks on the grid, counted from the beginning of whatever holds the note (a beat
    or a song). `offset` is its micro-timing in ticks, kept apart so that `humanise 0` can leave
    it out: the note sounds at `start + offset`. `bend` has the songbook's marks of it (`model.expression`).
    """

    start: Ticks
    length: Ticks
    pitch: int
    velocity: int = 80
    part: str = "chords"
    offset: int = 0
    source: int = field(default=0, compare=False, metadata={"later": True})
    bend: str = field(default="", compare=False, metadata={"later": True})

    def __post_init__(self) -> None:
        if self.start < 0 or self.length <= 0:
            raise ValueError(f"a note starts at or after 0 and lasts: {self}")
        if not 0 <= self.pitch <= 127:
            raise ValueError(f"a pitch is in 0..127, not {self.pitch}")
        if not 1 <= self.velocity <= 127:
            raise ValueError(f"a velocity is in 1..127, not {self.velocity}")

    @property
    def end(self) -> Ticks:
        """The tick at which the note is released, micro-timing apart."""
        return Ticks(self.start + self.length)


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat of a take: the unit that the model hands over.

    `index` counts the beats of the take from 0, `bar` its bars from 0, `beat` within the bar
    from 0. `chord` is the symbol that sounds in this beat, `fresh` whether it begins here.
    Notes start within `0 <= start < length`, counted from the beat's own first tick.
    """

    index: int
    bar: int
    beat: int
    meter: str
    chord: str | None
    fresh: bool
    notes: tuple[Note, ...] = ()

    @property
    def length(self) -> Ticks:
        """The length of the beat in ticks."""
        return beat_length(self.meter)


# --- what goes between the bridge and the generation process, over a pipe ------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays as it is in one beat: the notes of some parts, and the chord where `harmony` is kept.

    Notes count from the beat's first tick and come out as they are. `fresh` tells whether the chord begins here.
    `rhythm` has the onsets and lengths, in ticks, of a melody whose pitches are to be found.
    """

    notes: tuple[Note, ...] = ()
    parts: frozenset[str] = frozenset()
    harmony: bool = False
    chord: str | None = None
    fresh: bool = False
    rhythm: tuple[tuple[Ticks, Ticks], ...] | None = None
