"""Percentiles: where a measure of a clip lies among many pieces, by grammar and real.

Levels are as the contract defines them: density within the style (over all where none is named), energy of velocity,
drum layers and spread, brightness of mode, height and consonance, complexity of the size of the chords.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from bench.music.obedience import measure_song
from bench.music.obedience.expectations import SUITE
from model.music.harmony import parse_key
from model.music.midifile import Song
from model.music.notes import PARTS

FILE = SUITE / "reference.json"
OVER_ALL = "*"
FEWEST = 8
STEPS = tuple(range(0, 101, 5))  # percent
ENERGY = {"velocity": 0.5, "layers": 0.25, "spread": 0.25}
BRIGHTNESS = {"mode": 0.5, "height": 0.3, "consonance": 0.2}


def measures(song: Song) -> dict[str, float]:
    """Return every measure that can be heard; the mode is judged from the tonic of the song's key."""
    found = {
        "velocity": measure_song.velocity(song),
        "layers": measure_song.layers(song),
        "spread": measure_song.spread(song),
        "mode": measure_song.mode_light(song, parse_key(song.key).tonic),
        "height": measure_song.upper_height(song),
        "consonance": measure_song.consonance(song),
        "complexity": measure_song.richness(song),
    } | {f"rate {p}": measure_song.rate(song, p) for p in PARTS}
    return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Reference:
    """Quantiles at each of `STEPS` percent, by style (`*` for all) and measure."""

    quantiles: Mapping[str, Mapping[str, Sequence[float]]]

    def percentile(self, name: str, value: float, style: str = OVER_ALL) -> float:
        """Return the place of a value, 0..1; a style that is not known is judged over all."""
        row = self.quantiles.get(style, {}).get(name) or self.quantiles[OVER_ALL][name]
        low, high = np.searchsorted(row, value), np.searchsorted(row, value, "right")
        if low < high:  # many pieces have just this value: their middle
            return float(low + high - 1) / 2 / (len(row) - 1)
        return float(np.interp(value, row, np.linspace(0, 1, len(row))))

    def levels(self, song: Song, style: str = OVER_ALL) -> dict[str, float]:
        """Return density (within the style), energy, brightness and complexity, 0..1; what cannot be heard is left out."""
        return self.of(measures(song), style)

    def of(self, found: Mapping[str, float], style: str = OVER_ALL) -> dict[str, float]:
        """Return the levels of what `measures` found."""
        told: dict[str, float] = {}
        rates = [self.percentile(f"rate {p}", found[f"rate {p}"], style) for p in PARTS if f"rate {p}" in found]
        if rates:
            told["density"] = float(np.mean(rates))
        for name, weights in (("energy", ENERGY), ("brightness", BRIGHTNESS)):
            if weights.keys() <= found.keys():
                mixed = sum(self.percentile(n, found[n]) * w for n, w in weights.items())
                told[name] = self.percentile(name, mixed) if name in self.quantiles[OVER_ALL] else mixed
        if "complexity" in found:
            told["complexity"] = self.percentile("complexity", found["complexity"])
        return told


@cache
def reference() -> Reference:
    """Return the shipped reference."""
    return Reference(json.loads(FILE.read_text(encoding="utf-8")))


def made(pieces: Sequence[tuple[str, Song, bool]]) -> Reference:
    """Return the reference of excerpts: style ("" unknown), song, whether its velocities are played and not notated."""
    held: dict[tuple[str, str], list[float]] = defaultdict(list)
    told = [(style, measures(song), touched) for style, song, touched in pieces]
    for style, found, touched in told:
        for name, value in found.items():
            if name != "velocity" or touched:
                held[OVER_ALL, name].append(value)
            if name.startswith("rate") and style:
                held[style, name].append(value)
    rough = Reference(_table(held))
    for _, found, touched in told:
        levels = rough.of(found)
        for name in ("energy",) * touched + ("brightness",):
            if name in levels:
                held[OVER_ALL, name].append(levels[name])
    return Reference(_table(held))


def _table(held: Mapping[tuple[str, str], Sequence[float]]) -> dict[str, dict[str, list[float]]]:
    table: dict[str, dict[str, list[float]]] = defaultdict(dict)
    for (style, name), values in held.items():
        if len(values) >= FEWEST:
            table[style][name] = [round(float(v), 4) for v in np.percentile(values, STEPS)]
    return dict(table)
