"""The header: the conditions of a piece (key, metre, tempo, levels, style) as token rows before its first note.

    BOS     symbol: 0, or "the melody comes first within a beat"
    PARTS METER TEMPO DENSITY ENERGY BRIGHTNESS COMPLEXITY     symbol: the value's class
    KEY     symbol: tonic and major or minor, value: mode
    STYLE   symbol: the main style, value: the second one, velocity: the main one's share, offset: the main one's family
    SWING   symbol: the swing's class

A field of 0 is "not given"; training drops them at random, so any subset may be given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from model.decoder.tokenizer import (
    FAMILY,
    KEY,
    LEVEL,
    LEVELS,
    MELODY_FIRST,
    METER,
    MODE,
    PART_ORDER,
    PARTS_MASK,
    SECOND_STYLE,
    SHARE,
    SHARES,
    SIZES,
    STYLE,
    SWING,
    SWINGS,
    TEMPO,
    TEMPO_BINS,
    Event,
    Rows,
)
from model.music.harmony import MODES
from model.music.notes import METERS
from model.styles import DECODER_STYLES, FAMILIES, STYLES, decoder_style

HEADER = (Event.BOS, *(e for e in Event if Event.PARTS <= e <= Event.STYLE), Event.SWING)
"""The header's rows in their order."""
LEVEL_EVENTS = (Event.DENSITY, Event.ENERGY, Event.BRIGHTNESS, Event.COMPLEXITY)
DROPPABLE_CONDITIONS = (Event.TEMPO, *LEVEL_EVENTS, Event.STYLE)
"""Conditions that follow from the prompt: dropped at random in training, and left out of the unconditioned lane."""


@dataclass(frozen=True, slots=True)
class Header:
    """The conditions of a song; None is "not given".

    `key` is 0..11 for major and 12..23 for minor on the tonic, `mode` a name of `harmony.MODES`, `tempo` in quarters
    a minute, the four levels in 0..1. `style` has one or two names with weights that sum to 1, the heavier first. `swing` is
    the unit, 8 or 16, and the place of the off-beat, 0.5 straight to 0.75: notes then lie straight on the grid.
    """

    parts: frozenset[str] | None = None
    meter: str | None = None
    key: int | None = None
    mode: str | None = None
    tempo: float | None = None
    density: float | None = None
    energy: float | None = None
    brightness: float | None = None
    complexity: float | None = None
    style: tuple[tuple[str, float], ...] = ()
    swing: tuple[int, float] | None = None
    melody_first: bool = False

    def rows(self) -> Rows:
        """Return the header's rows, `(11, 5)`."""
        levels = (self.density, self.energy, self.brightness, self.complexity)
        styles = [DECODER_STYLES.index(decoder_style(name)) for name, _ in self.style[:2]]
        symbols = [
            MELODY_FIRST if self.melody_first else 0,
            0 if self.parts is None else parts_symbol(self.parts),
            0 if self.meter is None else METER + METERS.index(self.meter),
            0 if self.key is None else KEY + self.key,
            0 if self.tempo is None else TEMPO + tempo_bin(self.tempo),
            *(0 if v is None else LEVEL + min(LEVELS - 1, int(v * LEVELS)) for v in levels),
            STYLE + styles[0] if styles else 0,
            0 if self.swing is None else SWING + swing_class(*self.swing),
        ]
        rows = np.zeros((len(HEADER), len(SIZES)), np.int16)
        rows[:, 0], rows[:, 1] = HEADER, symbols
        if self.mode in MODES:
            rows[HEADER.index(Event.KEY), 2] = MODE + list(MODES).index(self.mode)
        if styles:
            share = min(SHARES - 1, int(SHARES * 2 * (max(self.style[0][1], 0.5) - 0.5)))
            at = HEADER.index(Event.STYLE)
            rows[at, 3] = SHARE + (share if len(styles) > 1 else SHARES - 1)
            rows[at, 2] = SECOND_STYLE + styles[1] if len(styles) > 1 else 0
            rows[at, 4] = FAMILY + FAMILIES.index(STYLES[self.style[0][0]].family)
        return rows


def parts_symbol(parts: frozenset[str]) -> int:
    """Return the symbol of a set of parts."""
    return PARTS_MASK + sum(1 << PART_ORDER.index(p) for p in parts)


def parts_of(header: Rows) -> frozenset[str]:
    """Return the parts in a header."""
    mask = int(header[HEADER.index(Event.PARTS), 1]) - PARTS_MASK
    return frozenset(p for i, p in enumerate(PART_ORDER) if mask >> i & 1)


def without_conditions(header: Rows, *events: Event) -> Rows:
    """Return the header without some conditions."""
    header = header.copy()
    header[[HEADER.index(e) for e in events], 1:] = 0
    return header


def swing_class(unit: int, place: float) -> int:
    """Return the class of a swing: straight for both units, then five places of each unit's off-beat up to 0.75."""
    step = min(SWINGS // 2 - 1, max(0, math.ceil((place - 0.5) * 20 - 0.2)))
    return step + (SWINGS // 2 if unit == 16 and step else 0)


def tempo_bin(bpm: float) -> int:
    """Return the tempo's class: twelve to the octave from 45 quarters a minute, two octaves in all."""
    return int(np.clip(round(12 * np.log2(max(bpm, 1.0) / 45)), 0, TEMPO_BINS - 1))
