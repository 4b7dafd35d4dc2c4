"""The fusion: what is added to the decoder's logits so that the words, the key and the chords are heard.

    logits = told + text·(told − untold) + scale + chord tones + fullness + touch + register + length + colour + light

Each term is a pure function of what is wanted and, where it looks back, of what was played; θ weighs them. A term
that looks back pushes the more, the further the last beats are from what is wanted.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from model.analysis.harmoniser import triad_kind
from model.decoder.tokenizer import LENGTHS, PITCH, QUALITY, SIZES, VELOCITY_STEP
from model.generation import style_statistics
from model.music.drums import ROLES
from model.music.harmony import DECODER_QUALITIES, QUALITIES, Chord
from model.music.plan import Mix

Array = npt.NDArray[np.floating]


def outside_cost(scale_lock: float, weight: float, masked: float) -> float:
    """Return what a tone outside the scale costs: nothing at lock 0, everything at 1."""
    return masked if scale_lock >= 1 else weight * math.log1p(-scale_lock)


DENSITY_ERROR_GAIN = 80.0
"""How much more is pushed the further off it is, where density is asked to be far from the middle: a pattern that goes
round is certain of itself."""


def log_density_error(onsets: float, quarters: float, wanted: float, density: float = 0.5) -> float:
    """Return the logarithm of onsets played over onsets wanted, 0 before the first note and within a tenth of it.

    `wanted` is in onsets a quarter; two quarters as wanted are put before the first beat.
    """
    over = math.log((onsets + 2 * wanted) / ((quarters + 2) * wanted))
    far = max(0.0, abs(over) - 0.1)
    return math.copysign(
        far * (1 + DENSITY_ERROR_GAIN * max(0.0, abs(density - 0.5) - 0.15) / 0.35 * far), over
    )


def density_bias(density_error: float, weight: float, after: int) -> Array:
    """Return what an onset on each grid tick of a quarter is worth, `(24,)`, `after` the last one of the part (or −6).

    What is too full loses its weak places first; what is too empty takes the next sixteenth rather than a later place.
    """
    if density_error > 0:
        return np.asarray(-weight * density_error * _THINNING_COST)
    return np.asarray(-weight * density_error * _FILLING_BIAS[after])


_THINNING_COST: Array = np.array(
    [0.3 if t == 0 else 1.0 if t == 12 else 2.0 if t % 6 == 0 else 2.2 for t in range(24)]
)
"""How much a place within a quarter gives way where a part is too full."""


_FILLING_BIAS = {
    after: np.where(np.arange(24) % 6 == 0, 1 - 0.6 * np.maximum(0, np.arange(24) - after) / 24, 0.3)
    for after in (-6, *range(24))
}
"""How much each place within a quarter comes forward where a part is too empty, by its last onset."""


def swing_bias(missing: float, unit: int) -> Array:
    """Return what an onset on each grid tick of a quarter is worth where swing, or that there is none, was stated outright, `(24,)`.

    `missing` is 1 where no off-beat of the unit (8 or 16) was heard of late, 0 where enough were. Triplets would blur both.
    """
    bias = np.zeros(24)
    bias[[8, 16]] = -TRIPLET_PENALTY
    bias[[12] if unit == 8 else [6, 18]] = SWING_REWARD * missing
    return bias


SWING_REWARD, TRIPLET_PENALTY = 3.0, 2.0


def velocity_class_bias(wanted: float, weight: float, classes: int) -> Array:
    """Return what each class of velocity is worth: the nearer to the wanted mean the more."""
    loud = (np.arange(classes) - 1) * VELOCITY_STEP + VELOCITY_STEP / 2
    return np.asarray(-weight * np.square((loud - wanted) / 24) / 2)


OWED_GAIN = 2.0
"""What an onset that is owed counts for beside a factor of e of fullness."""


def owed_bias(onsets_owed: float, weight: float, after: int) -> Array:
    """Return what one more onset on each grid tick of a quarter is worth, `(24,)`, where a part owes so many in the beat.

    Half an onset is worth nothing, so that the number is rounded; what is owed beyond comes as in `thinned`.
    """
    return density_bias(OWED_GAIN * (0.5 - onsets_owed), weight, after)


def target_pitch_bias(height: float) -> Array:
    """Return what each pitch 0..127 is worth where a part shall lie about a height: nothing is lost near it."""
    return np.asarray(-COST_PER_SEMITONE * np.maximum(0.0, np.abs(np.arange(128) - height) - FREE_SEMITONES))


FREE_SEMITONES, COST_PER_SEMITONE = 6.0, 2.0
"""The semitones about a height that are free, and what each one beyond costs."""


def register_bias(register_position: float, low: int, high: int, weight: float) -> Array:
    """Return what each pitch 0..127 is worth where the music shall lie low (−1) or high (1) in its range."""
    return np.asarray(weight * register_position * (np.arange(128) - (low + high) / 2) / 12)


LINE_OF_FIFTHS = np.array((0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5))
"""Place on the line of fifths of each semitone above the tonic: below 0 darkens (Phrygian), above brightens (Lydian)."""


def degree_brightness_bias(tonic: int, brightness: float, brightness_weight: float) -> Array:
    """Return what each pitch class is worth, `(12,)`: of one scale the flat side where it shall be dark, the sharp side where bright."""
    return np.asarray(brightness_weight * (brightness - 0.5) / 2 * np.roll(LINE_OF_FIFTHS, tonic))


def root_brightness_bias(
    tonic: int,
    scale: Collection[int],
    brightness: float,
    brightness_above_style: float,
    brightness_weight: float,
) -> Array:
    """Return what each root is worth, `(12,)`, by the tones of its triad within a scale.

    Where it shall be brighter or darker than is usual, what counts besides is whether that has a major or a minor third.
    """
    bias = degree_brightness_bias(tonic, brightness, brightness_weight)
    within = np.isin(TRIADS, list(scale))
    tones = 2 * (bias[TRIADS] * within).sum(1) / np.maximum(1, within.sum(1))
    return np.asarray(
        tones + 2 * brightness_weight * brightness_above_style * (within[:, 2].astype(int) - within[:, 1])
    )


TRIADS = (np.arange(12)[:, None] + (0, 3, 4, 6, 7)) % 12
"""The pitch classes of all triads on each root, `(12, 5)`."""


USUAL_ROOTS = 4
"""The roots beside the tonic of people's eight bars."""


def new_root_bias(heard: Collection[int], tonic: int, scale: Collection[int], weight: float) -> Array:
    """Return what each root is worth, `(12,)`: the tonic and those of the scale that were not heard of late, the more the fewer were."""
    away = set(heard) - {tonic}
    few = max(0.0, 1 - len(away) / USUAL_ROOTS)
    return np.asarray(weight * few * np.array([root in scale and root not in away for root in range(12)]))


def length_class_bias(articulation: float, weight: float) -> Array:
    """Return what each class of length is worth from short (−1) to held (1), a sixteenth being neither."""
    return np.asarray(weight * articulation * np.log2(np.array(LENGTHS) / 6))


def target_articulation(articulation: float, energy_above_style: float, energy_articulation: float) -> float:
    """Return how short (−1) or held (1) notes shall be: as the words say, else held where there is less energy than is usual, short where more."""
    return STATED_ARTICULATION_GAIN * articulation or -energy_articulation * _beyond_usual(
        0.5 + energy_above_style, 0.1
    )


STATED_ARTICULATION_GAIN = 2.2
"""How much more a manner counts that was said: to where a style begins its notes belong lengths of its own."""


def chord_size(complexity: float) -> float:
    """Return how many tones chords have: three at complexity 0, at ½ as many as those of most music, at 1 more than five."""
    return 2.8 + complexity + 1.6 * complexity**2


def chord_size_bias(
    wanted: float, brightness: float, size_weight: float, brightness_weight: float, size: int
) -> Array:
    """Return what each kind of chord is worth, `(size,)` of the field of values, where chords shall have so many tones.

    `colour` weighs a tone too many or too few; brightness wants major thirds rather than minor ones.
    """
    bias = np.zeros(size)
    # diminished and augmented chords only where the music asks
    bias[QUALITY : QUALITY + len(QUALITY_TONES)] = (
        -size_weight * np.abs(QUALITY_TONES.sum(1) - wanted)
        + 2 * brightness_weight * (brightness - 0.5) * (QUALITY_TONES[:, 4] - QUALITY_TONES[:, 3])
        - 0.6 * size_weight * (QUALITY_TONES[:, 6] | QUALITY_TONES[:, 8])
    )
    return bias


def tones_outside(root: int, scale: Collection[int]) -> Array:
    """Return how many tones of each kind of chord on a root lie outside a scale, `(kinds,)`."""
    beyond = [(root + step) % 12 not in scale for step in range(12)]
    return np.asarray(QUALITY_TONES @ np.array(beyond, int))


QUALITY_TONES = np.array(
    [
        [step in {t % 12 for t in tones} for step in range(12)]
        for tones in map(QUALITIES.__getitem__, DECODER_QUALITIES)
    ],
    int,
)
"""Which pitch classes above the root each kind of chord has, 1 or 0, `(kinds, 12)`."""


def melody_cover_bias(melody: Mapping[int, float], weight: float) -> tuple[Array, Array]:
    """Return what each root, `(12,)`, and each kind of chord on it, `(12, kinds)`, is worth under a melody that is known ahead.

    `melody` has the time of each pitch class that sounds until the chord may change again; a kind is worth the share of
    it that is in the chord, a root what its best plain triad is.
    """
    whole = sum(melody.values())
    if not whole:
        return np.zeros(12), np.zeros((12, len(QUALITY_TONES)))
    heard = np.array([[melody.get((root + step) % 12, 0.0) for step in range(12)] for root in range(12)])
    kinds = heard @ QUALITY_TONES.T / whole - 0.08 * np.maximum(0, QUALITY_TONES.sum(1) - 3)
    return weight * kinds[:, PLAIN_TRIADS].max(1), weight * kinds


PLAIN_TRIADS = [DECODER_QUALITIES.index(name) for name in ("", "m")]
"""The plain triads among the kinds of chords."""


def melody_harmony(likely: Array, weight: float) -> tuple[Array, Array]:
    """Return what each root, `(12,)`, and each kind of chord on each root, `(12, kinds)`, is worth under a melody.

    `likely` has the logarithm of how likely each root and kind of triad is, `(12, 3)`.
    """
    roots = np.logaddexp.reduce(likely, 1)
    kinds = [triad_kind(Chord(0, name, 0)) for name in DECODER_QUALITIES]
    return np.asarray(weight * (roots - roots.max())), np.asarray(
        weight * (likely - roots[:, None])[:, kinds]
    )


LAYER_DRUMS = tuple(
    ROLES[name]
    for name in ("open_hat", "ride", "crash", "shaker", "perc", "rim", "tom_low", "tom_mid", "tom_high")
)
"""What a kit adds to kick, snare or clap and hat as the energy grows."""


def drum_layer_bias(
    energy: float, energy_above_style: float, brightness_above_style: float, weight: float
) -> Array:
    """Return what each drum 0..127 is worth: the layers of a kit more than its core where there is much energy.

    The more so where there is more than is usual; what rings counts more where it is brighter than usual, skins and wood
    where it is darker.
    """
    bias = np.zeros(128)
    bias[list(LAYER_DRUMS)] = weight * 2 * (energy - 0.5 + energy_above_style)
    bias[list(BRIGHT_DRUMS)] += weight * 2 * brightness_above_style
    bias[list(DARK_DRUMS)] -= weight * 2 * brightness_above_style
    return bias


BRIGHT_DRUMS = tuple(ROLES[name] for name in ("open_hat", "ride", "crash", "shaker", "clap"))


DARK_DRUMS = tuple(ROLES[name] for name in ("rim", "tom_low", "tom_mid", "tom_high", "pedal_hat"))


MIN_MEAN_VELOCITY, ENERGY_VELOCITY_RANGE = 36, 58
"""The mean velocity of music without energy, and what full energy adds to it."""


def target_velocity(part: str, energy: float) -> float:
    """Return the mean velocity that an energy asks of a part."""
    return (
        MIN_MEAN_VELOCITY
        + ENERGY_VELOCITY_RANGE * energy
        + {"drums": 4, "melody": 6, "bass": 2}.get(part, -4)
    )


def register_position(
    register_: float, named: Mapping[str, float], part: str, brightness: float, energy: float
) -> float:
    """Return where a part shall lie, −1 low to 1 high: as the words say, else by brightness; energy spreads the parts."""
    said = named.get(part, register_ if part != "bass" else register_ / 2)
    if said or part not in REGISTER_SPREAD:
        return said
    # within what styles are anyway nothing is moved
    bright = 2.6 * _beyond_usual(brightness, 0.1) if part != "bass" else 0.0
    return bright + REGISTER_SPREAD[part] * _beyond_usual(energy, 0.15)


def _beyond_usual(level: float, usual: float) -> float:
    return math.copysign(max(0.0, abs(level - 0.5) - usual), level - 0.5)


REGISTER_SPREAD = {"bass": -1.0, "chords": 0.0, "melody": 1.0}
"""Which way energy moves a part: it opens the register between the lowest and the highest."""


Bias = npt.NDArray[np.floating]


MASKED = -1e9


PART_RANGES = {"drums": (35, 81), "bass": (28, 57), "chords": (43, 84), "melody": (55, 93)}
"""Lowest and highest pitch that a part is given, whatever the model would like."""


VELOCITY_CLASSES = slice(2, 17)
"""The classes of velocity that may be drawn."""


BASS_TARGET_BIAS = 6.0
"""What a chord's bass is worth in the bass as the chord begins, and the tonic in a closing bar."""


PITCHES = np.arange(128)


OFFSET_BIAS = np.zeros(SIZES[4])
"""What each micro-timing is worth: "not said" is never drawn."""


OFFSET_BIAS[0] = MASKED


@lru_cache(256)
def pitches_of_classes(classes: frozenset[int]) -> npt.NDArray[np.bool_]:
    """Return which pitches 0..127 are of some pitch classes."""
    found = np.isin(PITCHES % 12, list(classes))
    found.setflags(write=False)
    return found


@lru_cache(256)
def pitch_bias(
    part: str,
    register_position: float,
    register: float,
    scale: frozenset[int],
    outside_cost: float,
    chord: frozenset[int] | None,
    inside: float,
    chord_tones_only: bool,
    bass_target: int | None,
) -> Bias:
    """Return what each symbol is worth as a pitch of a part that has tones, whatever sounds already.

    `place` and the weight `register` say where it shall lie, `outside` what a tone beside the `scale` costs, `inside` what a
    tone of the `chord` is worth (`obey` bars the rest), `ground` is what the bass is drawn to.
    """
    low, high = PART_RANGES[part]
    bias = np.full(SIZES[1], MASKED)
    bias[PITCH + low : PITCH + high + 1] = register_bias(register_position, low, high, register)[
        low : high + 1
    ]
    laid = bias[PITCH : PITCH + 128]
    laid[~pitches_of_classes(scale)] += outside_cost
    if chord is not None:
        laid += np.where(pitches_of_classes(chord), inside, MASKED if chord_tones_only else 0)
    if bass_target is not None:
        laid[bass_target::12] += BASS_TARGET_BIAS
    bias.setflags(write=False)
    return bias


@lru_cache(512)
def step_bias(
    style: Mix, part: str, statistics_weight: float, last_pitches: tuple[int, ...], walks: bool
) -> Bias:
    """Return what each pitch 0..127 is worth after others, the last one first: as people step in a part of a mix of styles, or as a bass walks.

    That goes by steps rather than leaps, never stays and seldom turns back at once.
    """
    away = np.minimum(np.abs(PITCHES - last_pitches[0]), style_statistics.MAX_STEP)
    bias: Bias = (
        WALKING_STEP_BIAS[away]
        if walks
        else statistics_weight * style_statistics.bias(style, part, "step")[away]
    )
    if walks and len(last_pitches) > 1:
        bias[last_pitches[1]] += TURN_BACK_BIAS
    bias.setflags(write=False)
    return bias


WALKING_STEP_BIAS = np.array([-12, 1.5, 2, 1, 1, -1.5, -4, -1.5, -4, -4, -4, -4, -2.5])
"""What a walking bass's moves are worth, by semitones,"""


TURN_BACK_BIAS = -2.5
"""and what going back to the pitch before."""


@lru_cache(1024)
def onset_place_bias(style: Mix, part: str, statistics_weight: float, sixteenth: int | None) -> Bias:
    """Return what an onset on each grid tick of a quarter is worth, `(24,)`, by where in a bar of 4/4 a part of a mix of styles begins its notes.

    `sixteenth` is the one of the bar on which the beat begins, None where nothing is known of the metre.
    """
    bias: Bias = np.zeros(24)
    if sixteenth is not None:
        bias = statistics_weight * style_statistics.bias(style, part, "place")[sixteenth + NEAREST_SIXTEENTH]
    bias.setflags(write=False)
    return bias


@lru_cache(1024)
def drum_place_bias(style: Mix, statistics_weight: float, sixteenth: int | None, tick: int) -> Bias:
    """Return what each symbol is worth as a drum on a grid tick of a beat, by what a mix of styles strikes there; as `usual_places`."""
    bias = np.zeros(SIZES[1])
    if sixteenth is not None:
        for role, note in ROLES.items():
            bias[PITCH + note] = (
                statistics_weight
                * style_statistics.bias(style, role, "place")[sixteenth + NEAREST_SIXTEENTH[tick]]
            )
    bias.setflags(write=False)
    return bias


NEAREST_SIXTEENTH = np.minimum(3, (np.arange(24) + 3) // 6)
"""The sixteenth of a quarter that is nearest to each grid tick, within the quarter."""


@lru_cache(256)
def missing_tone_bias(classes: frozenset[int], weight: float) -> Bias:
    """Return what each pitch 0..127 is worth where some tones of a chord were not heard yet."""
    bias: Bias = np.where(pitches_of_classes(classes), weight, 0.0)
    bias.setflags(write=False)
    return bias


@lru_cache(64)
def brightness_bias(tonic: int, brightness: float, brightness_weight: float) -> Bias:
    """Return what each pitch 0..127 is worth by its place in the key, dark or bright."""
    bias: Bias = degree_brightness_bias(tonic, brightness, brightness_weight)[PITCHES % 12]
    bias.setflags(write=False)
    return bias


@lru_cache(64)
def kit_bias(
    masked: frozenset[int],
    energy: float,
    energy_above_style: float,
    brightness_above_style: float,
    weight: float,
) -> Bias:
    """Return what each symbol is worth as a drum."""
    free = [note for note in ROLES.values() if note not in masked]
    bias = np.full(SIZES[1], MASKED)
    bias[[PITCH + note for note in free]] = drum_layer_bias(
        energy, energy_above_style, brightness_above_style, weight
    )[free]
    bias.setflags(write=False)
    return bias


@lru_cache(256)
def length_bias(
    articulation: float, weight: float, style: Mix, part: str, statistics_weight: float, longest: int
) -> Bias:
    """Return what each value is worth as a length; `longest` is the last class that may be drawn, from 1.

    `habit` weighs how long the notes of a part are in a mix of styles, the less the shorter or longer they are asked for.
    """
    bias = np.full(SIZES[2], MASKED)
    bias[1 : 1 + longest] = (
        length_class_bias(articulation, weight)
        + statistics_weight * (1 - min(1.0, abs(articulation))) * style_statistics.bias(style, part, "length")
    )[:longest]
    assert longest <= len(LENGTHS)
    bias.setflags(write=False)
    return bias


@lru_cache(64)
def velocity_bias(wanted: float, weight: float) -> Bias:
    """Return what each class of velocity is worth."""
    bias = np.full(SIZES[3], MASKED)
    bias[VELOCITY_CLASSES] = velocity_class_bias(wanted, weight, SIZES[3])[VELOCITY_CLASSES]
    bias.setflags(write=False)
    return bias
