"""What each choice of a field is worth where it may be made, and `BARRED` where it may not: the fusion's terms, laid out.

Most of them hold for many notes on end, so they are remembered. Pure; arrays that are remembered are read-only.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from model import fusion, habits
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


@lru_cache(512)
def moves(style: Mix, part: str, habit: float, before: tuple[int, ...], walks: bool) -> Worth:
    """Return what each pitch 0..127 is worth after others, the last one first: as people step in a part of a mix of styles, or as a bass walks.

    That goes by steps rather than leaps, never stays and seldom turns back at once.
    """
    away = np.minimum(np.abs(PITCHES - before[0]), habits.LARGEST)
    worth: Worth = WALKED[away] if walks else habit * habits.worth(style, part, "step")[away]
    if walks and len(before) > 1:
        worth[before[1]] += TURNED
    worth.setflags(write=False)
    return worth


WALKED = np.array([-12, 1.5, 2, 1, 1, -1.5, -4, -1.5, -4, -4, -4, -4, -2.5])
"""What a walking bass's moves are worth, by semitones,"""
TURNED = -2.5
"""and what going back to the pitch before."""


@lru_cache(1024)
def usual_places(style: Mix, part: str, habit: float, sixteenth: int | None) -> Worth:
    """Return what an onset on each grid tick of a quarter is worth, `(24,)`, by where in a bar of 4/4 a part of a mix of styles begins its notes.

    `sixteenth` is the one of the bar on which the beat begins, None where nothing is known of the metre.
    """
    worth: Worth = np.zeros(24)
    if sixteenth is not None:
        worth = habit * habits.worth(style, part, "place")[sixteenth + NEAREST]
    worth.setflags(write=False)
    return worth


@lru_cache(1024)
def usual_drums(style: Mix, habit: float, sixteenth: int | None, tick: int) -> Worth:
    """Return what each symbol is worth as a drum on a grid tick of a beat, by what a mix of styles strikes there; as `usual_places`."""
    worth = np.zeros(SIZES[1])
    if sixteenth is not None:
        for role, note in ROLES.items():
            worth[PITCH + note] = habit * habits.worth(style, role, "place")[sixteenth + NEAREST[tick]]
    worth.setflags(write=False)
    return worth


NEAREST = np.minimum(3, (np.arange(24) + 3) // 6)
"""The sixteenth of a quarter that is nearest to each grid tick, within the quarter."""


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
def lengths(articulation: float, weight: float, style: Mix, part: str, habit: float, longest: int) -> Worth:
    """Return what each value is worth as a length; `longest` is the last class that may be drawn, from 1.

    `habit` weighs how long the notes of a part are in a mix of styles, the less the shorter or longer they are asked for.
    """
    bias = np.full(SIZES[2], BARRED)
    bias[1 : 1 + longest] = (
        fusion.lengths(articulation, weight)
        + habit * (1 - min(1.0, abs(articulation))) * habits.worth(style, part, "length")
    )[:longest]
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
