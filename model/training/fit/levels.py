"""Density, energy, brightness and complexity of a piece, as the header says them: 0..1, or None where unknown.

Density is a percentile within the style; energy and brightness are percentiles among pieces that may be compared (all
grammars together, else within a source); complexity is absolute, from the size of the chords.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from model.music.harmony import Key, parse_key
from model.music.notes import PARTS
from model.training.corpus.song import Song

_MODES = {"phrygian": 0.0, "minor": 0.25, "minor pentatonic": 0.3, "harmonic minor": 0.15, "blues": 0.3, "dorian": 0.45,
          "melodic minor": 0.4, "mixolydian": 0.7, "major": 0.85, "major pentatonic": 0.9, "lydian": 1.0}  # fmt: skip
"""From dark to bright: the order of the fifths."""
FEWEST = 12
"""With fewer pieces of a style density is compared within the source."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The four levels of a piece."""

    density: float | None
    energy: float | None
    brightness: float | None
    complexity: float | None


def onsets(song: Song) -> dict[str, float]:
    """Return the onsets a quarter of each part that plays; notes struck together count once."""
    quarters = song.end / 480
    return {p: len({n.start for n in song.notes if n.part == p}) / quarters for p in PARTS} if quarters else {}


def levels(songs: Sequence[Song]) -> list[Levels]:
    """Return the levels of each song among all."""
    styles = [_style(s) for s in songs]
    common = {s for s in set(styles) if styles.count(s) >= FEWEST}
    compared = [st if st in common else so.source for st, so in zip(styles, songs, strict=True)]
    groups = [s.source if s.source != "grammar" else "grammar" for s in songs]
    density = _percentiles([_density(s) for s in songs], compared)
    energy = _percentiles([_energy(s) if s.has_velocities else None for s in songs], groups)
    brightness = _percentiles([_brightness(s) for s in songs], groups)
    return [Levels(*four) for four in zip(density, energy, brightness, map(_complexity, songs), strict=True)]


def _style(song: Song) -> str:
    return song.style[0][0] if song.style else song.source


def _density(song: Song) -> float | None:
    told = [v for v in onsets(song).values() if v > 0]
    return float(np.mean(np.log(told))) if told else None


def _energy(song: Song) -> float:
    pitched = [n.pitch for n in song.notes if n.part != "drums"]
    spread = float(np.std(pitched)) if pitched else 8.0
    layers = len({n.pitch for n in song.notes if n.part == "drums"})
    return float(np.mean([n.velocity for n in song.notes])) / 8 + layers / 2 + spread / 4


def _brightness(song: Song) -> float | None:
    pitched = [n.pitch for n in song.notes if n.part in ("melody", "chords")]
    if not song.key or not pitched:
        return None
    return 20 * mode_brightness(parse_key(song.key)) + float(np.mean(pitched)) / 2


def mode_brightness(key: Key) -> float:
    """Return a mode's place between Phrygian, 0, and Lydian, 1."""
    return _MODES.get(key.mode, 0.25 if key.minor else 0.8)


def _complexity(song: Song) -> float | None:
    sizes = [len(c.pitch_classes) for _, c in song.chords if c is not None]
    return float(np.interp(np.mean(sizes), [2, 3, 3.5, 4, 5, 6], [0, 0.08, 0.3, 0.5, 0.78, 0.97])) if sizes else None


def _percentiles(values: Sequence[float | None], groups: Sequence[Hashable]) -> list[float | None]:
    """Return the place of each value among those of its group, 0..1, ties alike."""
    held: dict[Hashable, list[float]] = defaultdict(list)
    for value, group in zip(values, groups, strict=True):
        if value is not None:
            held[group].append(value)
    place: dict[Hashable, Callable[[float], float]] = {g: _placing(np.sort(v)) for g, v in held.items()}
    return [None if v is None else place[g](v) for v, g in zip(values, groups, strict=True)]


def _placing(order: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Callable[[float], float]:
    return lambda v: float((np.searchsorted(order, v) + np.searchsorted(order, v, "right")) / 2 / len(order))
