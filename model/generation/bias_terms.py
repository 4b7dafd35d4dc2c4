"""Formulas of the biases on events and notes, in logits. `model.generation.bias_table` lists which weight and field each has.

Pure functions of hashable arguments; those that are asked for again and again are cached, and their arrays are read-only.
Pitch and drum biases are `(128,)`, onset biases `(24,)`: one number for each grid tick of a quarter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from model.decoder.tokenizer import LENGTHS, PREDICTED, VELOCITY_STEP
from model.music.drums import ROLES

Bias = npt.NDArray[np.floating]
"""Logits that are added to those of the decoder."""
_Any = TypeVar("_Any", bound=npt.NDArray[np.generic])
MASKED = -1e9
"""The bias of a value that must not be drawn."""
PITCHES = np.arange(128)
PART_RANGES = {
    "drums": (35, 81), "bass": (28, 57), "chords": (43, 84), "melody": (55, 93), "pad": (43, 88), "arp": (43, 100), "perc": (35, 87),
}  # fmt: skip
"""Lowest and highest pitch of each part, whatever the model prefers."""


def _read_only(array: _Any) -> _Any:
    """Protect a cached array against being changed."""
    array.setflags(write=False)
    return array


def outside_cost(scale_lock: float, weight: float) -> float:
    """Return the bias of one tone outside the scale: 0 at lock 0, MASKED at lock 1."""
    return MASKED if scale_lock >= 1 else weight * math.log1p(-scale_lock)


@lru_cache(256)
def pitches_of_classes(classes: frozenset[int]) -> npt.NDArray[np.bool_]:
    """Return which pitches 0..127 belong to some pitch classes."""
    return _read_only(np.isin(PITCHES % 12, list(classes)))


@lru_cache(256)
def outside_scale_bias(scale: frozenset[int], cost: float) -> Bias:
    """Return `cost` for each pitch outside the scale, 0 for the others."""
    return _read_only(np.where(pitches_of_classes(scale), 0.0, cost))


# Onsets: one value for each grid tick of a quarter

DENSITY_ERROR_GAIN = 80.0
"""Extra gain of the density term, growing with the square of the error where a density far from 0.5 is asked for: repeating
patterns resist a small bias."""
OWED_GAIN = 2.0
"""Weight of one owed onset relative to a density error of a factor e."""
SWING_REWARD, TRIPLET_PENALTY = 3.0, 2.0
NO_ONSET = -6
"""The tick of a part's last onset where it has none in this beat: a sixteenth ago."""
THINNING_COST: Bias = np.array([0.3 if t == 0 else 1.0 if t == 12 else 2.0 if t % 6 == 0 else 2.2 for t in range(24)])
"""Relative cost of an onset on each tick of a quarter where a part is too full: weak places go first."""
FILLING_BIAS = {
    after: np.where(np.arange(24) % 6 == 0, 1 - 0.6 * np.maximum(0, np.arange(24) - after) / 24, 0.3)
    for after in (NO_ONSET, *range(24))
}
"""Relative bias of an onset on each tick where a part is too empty, by the tick of its last onset: the next sixteenth first."""


def log_density_error(onsets: float, quarters: float, wanted: float, density: float = 0.5) -> float:
    """Return log(onsets played / onsets wanted), 0 before the first note and within a tenth.

    `wanted` is in onsets a quarter; two quarters at that rate are counted before the first beat.
    """
    over = math.log((onsets + 2 * wanted) / ((quarters + 2) * wanted))
    far = max(0.0, abs(over) - 0.1)
    return math.copysign(far * (1 + DENSITY_ERROR_GAIN * max(0.0, abs(density - 0.5) - 0.15) / 0.35 * far), over)


def density_bias(density_error: float, weight: float, after: int) -> Bias:
    """Return the bias of an onset on each tick by how much fuller (> 0) or emptier the part was than wanted.

    `after` is the tick of the part's last onset in this beat, or NO_ONSET.
    """
    shape = THINNING_COST if density_error > 0 else FILLING_BIAS[after]
    return np.asarray(-weight * density_error * shape)


def owed_bias(onsets_owed: float, weight: float, after: int) -> Bias:
    """Return the bias of one more onset on each tick where a part owes so many in the beat; half an onset has none."""
    return density_bias(OWED_GAIN * (0.5 - onsets_owed), weight, after)


@lru_cache(64)
def swing_bias(missing: float, unit: int) -> Bias:
    """Return the bias of an onset on each tick where swing, or straight, was stated; triplet ticks are always penalised.

    `missing` is 1 if no off-beat of the unit (8 or 16) was played recently, 0 if enough were.
    """
    bias = np.zeros(24)
    bias[[8, 16]] = -TRIPLET_PENALTY
    bias[[12] if unit == 8 else [6, 18]] = SWING_REWARD * missing
    return _read_only(bias)


# Pitches of bass, chords and melody


BASS_TARGET_BIAS = 6.0
"""Bias of a chord's bass as the chord begins, and of the tonic in a closing bar, in the bass part."""
FREE_SEMITONES, COST_PER_SEMITONE = 6.0, 2.0
"""Semitones around a target pitch without a cost, and the cost of each one beyond."""
LINE_OF_FIFTHS = np.array((0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5))
"""Place on the line of fifths of each semitone above the tonic: below 0 is darker (Phrygian), above brighter (Lydian)."""
WALKING_STEP_BIAS = np.array([-12, 1.5, 2, 1, 1, -1.5, -4, -1.5, -4, -4, -4, -4, -2.5])
"""Bias of a walking bass's next step by its semitones, 0..12."""
TURN_BACK_BIAS = -2.5
"""Bias of a walking bass's return to the pitch before the last."""
WALKING_ARRIVAL_BIAS = 3.0
"""Least bias of the pitch that a walking bass shall reach, less a quarter for each semitone to it."""


def share(weight: float) -> float:
    """Return a weight that is a share, held within 0..1."""
    return min(1.0, max(0.0, weight))


MAX_COOLING = 0.9


def cooled(weight: float) -> float:
    """Return the factor on the temperature at which a field of a note is drawn."""
    return 1 - min(MAX_COOLING, max(0.0, weight))


@lru_cache(256)
def register_bias(register_position: float, low: int, high: int, weight: float) -> Bias:
    """Return the bias of each pitch where a part shall lie low (−1) or high (1) in its range; `weight` is for an octave."""
    return _read_only(weight * register_position * (PITCHES - (low + high) / 2) / 12)


@lru_cache(256)
def chord_tone_bias(tones: frozenset[int], weight: float, only: bool) -> Bias:
    """Return the bias of the tones of the chord; all others are masked where `only` these may sound."""
    return _read_only(np.where(pitches_of_classes(tones), weight, MASKED if only else 0))


RUB_COST, AVOIDED_COST = 4.0, 1.0
"""Costs of a melody's tone beside a chord tone that takes its place in the scale (Eb over C major in C minor), and, on the beat, of one
a semitone above a chord tone: the tunes of the songbook's test pieces have 1 % of these among their notes on the beat."""


@lru_cache(1024)
def rub_bias(tones: frozenset[int], scale: frozenset[int], on_beat: bool) -> Bias:
    """Return the cost of the pitches of a melody that rub against the tones of the chord."""
    found = np.zeros(12)
    for tone in set(range(12)) - tones:
        if any((tone + step) % 12 in tones - scale for step in (-1, 1)):
            found[tone] = -RUB_COST
        elif on_beat and (tone - 1) % 12 in tones:
            found[tone] = -AVOIDED_COST
    return _read_only(found[PITCHES % 12])


HELD_BIAS = 1.0
"""Bias of the tones of the chord for a melody's note of a quarter or more: of composed pieces' .96 are such, of ours .87 were."""


@lru_cache(256)
def held_bias(tones: frozenset[int]) -> Bias:
    """Return the bias of the tones of the chord for a note of a melody that is held."""
    return _read_only(HELD_BIAS * pitches_of_classes(tones))


@lru_cache(16)
def bass_target_bias(pitch_class: int) -> Bias:
    """Return the bias of the pitches of the class that the bass shall reach."""
    return _read_only(np.where(pitch_class == PITCHES % 12, BASS_TARGET_BIAS, 0.0))


@lru_cache(256)
def missing_tone_bias(classes: frozenset[int], weight: float) -> Bias:
    """Return the bias of the tones of a chord that have not sounded since it began."""
    return _read_only(np.where(pitches_of_classes(classes), weight, 0.0))


@lru_cache(64)
def brightness_bias(tonic: int, brightness: float, weight: float) -> Bias:
    """Return the bias of each pitch by its place on the line of fifths: flat side where dark, sharp side where bright."""
    fifths = weight * (brightness - 0.5) / 2 * np.roll(LINE_OF_FIFTHS, tonic)
    return _read_only(fifths[PITCHES % 12])


HIGHEST_USUAL, LOWEST_USUAL = 84, 62
"""The highest pitch that sung melodies usually reach, C6, and the lowest beside chords, D4."""


@lru_cache(16)
def height_bias(register: float, weight: float) -> Bias:
    """Return the cost of each pitch by how far it lies above or below what melodies reach, but for the register that is asked for."""
    above = np.maximum(0, PITCHES - HIGHEST_USUAL) * (register <= 0)
    return _read_only(-weight * (above + np.maximum(0, LOWEST_USUAL - PITCHES) * (register >= 0)))


AGAIN_COST = 0.8
"""Cost of a melody's last pitch, twice where it has come twice, thrice where it has come thrice: of people's notes one in ten is the same again."""


@lru_cache(1024)
def again_bias(last_pitches: tuple[int, ...]) -> Bias:
    """Return the cost of a melody's last pitch."""
    bias = np.zeros(128)
    times = next((i for i, pitch in enumerate(last_pitches) if pitch != last_pitches[0]), len(last_pitches))
    bias[last_pitches[0]] = -AGAIN_COST * times
    return _read_only(bias)


CLOSING_BIAS, CLOSING_LEAP, CLOSING_LEAP_COST = 2.0, 5, 0.5
"""Bias of a tone of the chord as a phrase closes; the semitones up to which a step there costs nothing, and the cost of each one beyond."""


@lru_cache(1024)
def closing_bias(tones: frozenset[int], last_pitch: int) -> Bias:
    """Return the bias of each pitch as the last of a tune's phrase: a tone of the chord that is not far."""
    far = np.maximum(0, np.abs(PITCHES - last_pitch) - CLOSING_LEAP)
    return _read_only(CLOSING_BIAS * pitches_of_classes(tones) - CLOSING_LEAP_COST * far)


@lru_cache(1024)
def melody_line_bias(last_pitches: tuple[int, ...], turn: float, onward: float) -> Bias:
    """Return the bias of each pitch by a melody's last two (latest first): against turning back at once, for going on."""
    bias = np.zeros(128)
    last = last_pitches[0]
    if len(last_pitches) > 1 and last_pitches[1] != last:
        bias[last_pitches[1]] -= turn
        bias[np.sign(PITCHES - last) == np.sign(last - last_pitches[1])] += onward
    return _read_only(bias)


FREE_OF_CONTOUR = 1.0
"""Semitones around the pitch of a contour without a cost."""


def contour_bias(pitch: float, weight: float) -> Bias:
    """Return the cost of each pitch by how far it lies from where a tune's contour goes."""
    return np.asarray(-weight * np.maximum(0.0, np.abs(PITCHES - pitch) - FREE_OF_CONTOUR))


@lru_cache(512)
def walking_bias(last_pitches: tuple[int, ...], target: int | None) -> Bias:
    """Return the bias of each pitch by the step of a walking bass from its last one (`last_pitches`, latest first).

    It goes by steps rather than leaps, never stays and seldom turns back at once; to a `target` pitch class it may leap up to an
    octave, the nearer the better, and turn back.
    """
    steps = np.minimum(np.abs(PITCHES - last_pitches[0]), len(WALKING_STEP_BIAS) - 1)
    bias: Bias = WALKING_STEP_BIAS[steps]
    if len(last_pitches) > 1:
        bias[last_pitches[1]] += TURN_BACK_BIAS
    if target is not None:
        arrives = (target == PITCHES % 12) & (steps > 0)
        bias[arrives] = np.maximum(bias, WALKING_ARRIVAL_BIAS - steps / 4)[arrives]
    return _read_only(bias)


def target_pitch_bias(pitch: float) -> Bias:
    """Return the bias of each pitch around a part's target pitch: 0 near it, then a cost for each semitone."""
    return np.asarray(-COST_PER_SEMITONE * np.maximum(0.0, np.abs(PITCHES - pitch) - FREE_SEMITONES))


# Drums


LAYER_DRUMS = tuple(
    ROLES[name] for name in ("open_hat", "ride", "crash", "shaker", "perc", "rim", "tom_low", "tom_mid", "tom_high")
)
"""The drums of a kit beside kick, snare or clap and closed hat."""
BRIGHT_DRUMS = tuple(ROLES[name] for name in ("open_hat", "ride", "crash", "shaker", "clap"))
DARK_DRUMS = tuple(ROLES[name] for name in ("rim", "tom_low", "tom_mid", "tom_high", "pedal_hat"))


@lru_cache(64)
def drum_layer_bias(energy: float, energy_above_style: float, brightness_above_style: float, weight: float) -> Bias:
    """Return the bias of each drum: layers beyond the core of the kit with energy, more so above the style's usual energy.

    Cymbals come forward where it is brighter than usual, toms and wood where it is darker.
    """
    bias = np.zeros(128)
    bias[list(LAYER_DRUMS)] = weight * 2 * (energy - 0.5 + energy_above_style)
    bias[list(BRIGHT_DRUMS)] += weight * 2 * brightness_above_style
    bias[list(DARK_DRUMS)] -= weight * 2 * brightness_above_style
    return _read_only(bias)


# Lengths and velocities


STATED_ARTICULATION_GAIN = 2.2
"""Factor on a stated articulation: enough to leave the note lengths that belong to a style."""
MIN_MEAN_VELOCITY, ENERGY_VELOCITY_RANGE = 36, 58
"""Mean velocity of music without energy, and what full energy adds."""
REGISTER_SPREAD = {"bass": -1.0, "chords": 0.0, "pad": 0.0, "arp": 0.0, "melody": 1.0}
"""Direction in which energy moves each part: it widens the register between the lowest and the highest."""


@lru_cache(64)
def length_bias(articulation: float, weight: float) -> Bias:
    """Return the bias of each length class, `(48,)`, from short (−1) to held (1); a sixteenth has none."""
    return _read_only(weight * articulation * np.log2(np.array(LENGTHS) / 6))


@lru_cache(64)
def velocity_bias(wanted: float, weight: float) -> Bias:
    """Return the bias of each velocity class by its distance from the wanted mean, squared, in units of 24."""
    velocities = (np.arange(PREDICTED[3]) - 1) * VELOCITY_STEP + VELOCITY_STEP / 2
    return _read_only(-weight * np.square((velocities - wanted) / 24) / 2)


def target_articulation(articulation: float, energy_above_style: float, weight: float) -> float:
    """Return the articulation, −1 staccato to 1 legato: as stated, else longer below the style's usual energy and shorter above."""
    return STATED_ARTICULATION_GAIN * articulation or -weight * _beyond_usual(0.5 + energy_above_style, 0.1)


LOUDER = {"drums": 4, "perc": -6, "bass": 2, "pad": -10, "chords": -4, "arp": -6, "melody": 6}
"""Velocity steps of each part beside the mean."""


def target_velocity(part: str, energy: float) -> float:
    """Return the mean velocity of a part at an energy 0..1."""
    return MIN_MEAN_VELOCITY + ENERGY_VELOCITY_RANGE * energy + LOUDER[part]


def register_position(
    register_: float, named: Mapping[str, float], part: str, brightness: float, energy: float
) -> float:
    """Return where a part shall lie in its range, −1 low to 1 high: as stated, else by brightness; energy spreads the parts."""
    stated = named.get(part, register_ if part != "bass" else register_ / 2)
    if stated or part not in REGISTER_SPREAD:
        return stated
    # levels that are usual for most styles move nothing
    bright = 2.6 * _beyond_usual(brightness, 0.1) if part != "bass" else 0.0
    return bright + REGISTER_SPREAD[part] * _beyond_usual(energy, 0.15)


def _beyond_usual(level: float, usual: float) -> float:
    return math.copysign(max(0.0, abs(level - 0.5) - usual), level - 0.5)
