"""What each choice of a field is worth where it may be made, and `BARRED` where it may not: the fusion's terms, laid out.

Most of them hold for many notes on end, so they are remembered. Pure; arrays that are remembered are read-only.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from model import durations, fusion
from model.drums import ROLES
from model.language import LENGTHS, PITCH, SIZES
from model.music import Mix

Worth = npt.NDArray[np.floating]

BARRED = -1e9
RANGES = {"drums": (35, 81), "bass": (28, 57), "chords": (43, 84), "melody": (55, 93)}
"""Lowest and highest pitch that a part is given, whatever the model would like."""
VELOCITIES = slice(2, 17)
"""The classes of velocity that may be drawn."""
GROUND = 6.0
"""What a chord's bass is worth in the bass as the chord begins, and the tonic in a closing bar."""
PITCHES = np.arange(128)
OFFSET = np.zeros(SIZES[4])
"""What each micro-timing is worth: "not said" is never drawn."""
OFFSET[0] = BARRED


@lru_cache(256)
def among(classes: frozenset[int]) -> npt.NDArray[np.bool_]:
    """Return which pitches 0..127 are of some pitch classes."""
    found = np.isin(PITCHES % 12, list(classes))
    found.setflags(write=False)
    return found


@lru_cache(256)
def pitches(
    part: str,
    place: float,
    register: float,
    scale: frozenset[int],
    outside: float,
    chord: frozenset[int] | None,
    inside: float,
    obey: bool,
    ground: int | None,
) -> Worth:
    """Return what each symbol is worth as a pitch of a part that has tones, whatever sounds already.

    `place` and the weight `register` say where it shall lie, `outside` what a tone beside the `scale` costs, `inside` what a
    tone of the `chord` is worth (`obey` bars the rest), `ground` is what the bass is drawn to.
    """
    low, high = RANGES[part]
    bias = np.full(SIZES[1], BARRED)
    bias[PITCH + low : PITCH + high + 1] = fusion.register(place, low, high, register)[low : high + 1]
    laid = bias[PITCH : PITCH + 128]
    laid[~among(scale)] += outside
    if chord is not None:
        laid += np.where(among(chord), inside, BARRED if obey else 0)
    if ground is not None:
        laid[ground::12] += GROUND
    bias.setflags(write=False)
    return bias


@lru_cache(128)
def walk(pitch: int) -> Worth:
    """Return what each pitch 0..127 is worth to a bass that walks on from one: a step, sooner than a leap, and never the same again."""
    worth = np.array([STEPS.get(abs(int(p) - pitch), LEAP) for p in PITCHES])
    worth.setflags(write=False)
    return worth


STEPS = {0: -6.0, 1: 1.0, 2: 1.5, 3: 0.5, 4: 0.5, 5: 0.0, 7: 0.0, 12: -0.5}
LEAP = -2.0
"""What a walking bass's moves are worth by their semitones, and all larger or odder ones."""


@lru_cache(256)
def missing(classes: frozenset[int], weight: float) -> Worth:
    """Return what each pitch 0..127 is worth where some tones of a chord were not heard yet."""
    worth: Worth = np.where(among(classes), weight, 0.0)
    worth.setflags(write=False)
    return worth


@lru_cache(64)
def lit(tonic: int, brightness: float, light: float) -> Worth:
    """Return what each pitch 0..127 is worth by its place in the key, dark or bright."""
    worth: Worth = fusion.lit(tonic, brightness, light)[PITCHES % 12]
    worth.setflags(write=False)
    return worth


@lru_cache(64)
def kit(barred: frozenset[int], energy: float, livelier: float, lighter: float, weight: float) -> Worth:
    """Return what each symbol is worth as a drum."""
    free = [note for note in ROLES.values() if note not in barred]
    bias = np.full(SIZES[1], BARRED)
    bias[[PITCH + note for note in free]] = fusion.layers(energy, livelier, lighter, weight)[free]
    bias.setflags(write=False)
    return bias


@lru_cache(256)
def lengths(articulation: float, weight: float, style: Mix, part: str, lasting: float, longest: int) -> Worth:
    """Return what each value is worth as a length; `longest` is the last class that may be drawn, from 1.

    `lasting` weighs what lengths are worth in a part of a mix of styles, however short or long notes shall be.
    """
    bias = np.full(SIZES[2], BARRED)
    bias[1 : 1 + longest] = (fusion.lengths(articulation, weight) + lasting * durations.lasting(style, part))[
        :longest
    ]
    assert longest <= len(LENGTHS)
    bias.setflags(write=False)
    return bias


@lru_cache(64)
def touches(wanted: float, weight: float) -> Worth:
    """Return what each class of velocity is worth."""
    bias = np.full(SIZES[3], BARRED)
    bias[VELOCITIES] = fusion.touch(wanted, weight, SIZES[3])[VELOCITIES]
    bias.setflags(write=False)
    return bias
