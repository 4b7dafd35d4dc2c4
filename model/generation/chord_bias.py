"""Formulas of the biases on chords, in logits: whether one begins, its root, quality and bass. Listed in `model.generation.bias_table`.

Root biases are `(12,)` by pitch class, quality biases `(qualities,)` in the order of `harmony.DECODER_QUALITIES`. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from model.analysis.harmoniser import triad_kind
from model.generation.bias_terms import Bias, brightness_bias, outside_scale_bias
from model.music.harmony import DECODER_QUALITIES, QUALITIES, Chord

TonicPlace = Literal["opening", "close", "loop end", "phrase start", "within"]
"""Places at which the tonic is more or less likely; an opening is a phrase start too."""
TRIADS = (np.arange(12)[:, None] + (0, 3, 4, 6, 7)) % 12
"""The pitch classes of all triads on each root, `(12, 5)`."""
QUALITY_TONES = np.array(
    [
        [step in {t % 12 for t in tones} for step in range(12)]
        for tones in map(QUALITIES.__getitem__, DECODER_QUALITIES)
    ],
    int,
)
"""Which pitch classes above the root each quality has, 1 or 0, `(qualities, 12)`."""
QUALITY_TRIADS = [triad_kind(Chord(0, name, 0)) for name in DECODER_QUALITIES]
"""The triad (major, minor or diminished: 0, 1, 2) that each quality extends."""
PLAIN_TRIADS = [DECODER_QUALITIES.index(name) for name in ("", "m")]

# Whether a chord begins

WITHIN_HALF_BAR_BIAS = -4.0
"""Bias of a new chord within half a bar under a melody that is not the model's."""
MAX_CHANGE_BIAS = 12.0


def melody_change_bias(
    begins_half_bar: bool, likely: npt.NDArray[np.floating] | None, root: int | None, weight: float
) -> float:
    """Return the bias of a new chord over the old one, of this `root`, under a melody that is not the model's.

    `likely` has the log likelihood of each root and triad under the melody, `(12, 3)`. Chords stay within half a bar; at its
    start the change counts by how much more likely the best root is.
    """
    if not begins_half_bar:
        return WITHIN_HALF_BAR_BIAS
    if likely is None:
        return 0.0
    if root is None:
        return MAX_CHANGE_BIAS
    roots = np.logaddexp.reduce(likely, 1)
    return float(np.clip(2 * weight * (roots.max() - roots[root]) - 1, -2, MAX_CHANGE_BIAS))


def bar_change_bias(weight: float) -> float:
    """Return the bias of a new chord as a bar begins."""
    return weight


EXTRA_VOICE_BIAS = 8.0
"""Bias of another voice of a stroke where a morph has led to chords of four tones."""


def extra_voice_bias(extra_voices: float) -> float:
    """Return the bias of another voice of a stroke, so that bigger chords are not only broken ones."""
    return EXTRA_VOICE_BIAS * extra_voices


# Roots

CHARACTERISTIC_TRIAD_BIAS = 4.0
"""Bias of a root whose triad has the tone that tells a stated mode, where none was played recently."""
USUAL_ROOTS = 4
"""Roots beside the tonic in eight bars of people's music."""
CLOSING_TONIC_BIAS, LOOP_END_TONIC_BIAS = 5.0, -3.0
"""Bias of the tonic in the last bar, and in the last bar of a loop, which leads back."""
STATED_OPENING_TONIC_BIAS, OPENING_TONIC_BIAS, STATED_TONIC_BIAS = 8.0, 1.5, 1.5
"""Bias of the tonic on the first beat if the key was stated, if not, and on later beats of a stated key until it is heard."""


def outside_root_bias(scale: frozenset[int], cost: float) -> Bias:
    """Return the cost of roots outside the scale."""
    return outside_scale_bias(scale, cost)[:12]


@lru_cache(256)
def characteristic_triads(scale: frozenset[int], tone: int) -> tuple[npt.NDArray[np.bool_], ...]:
    """Return which roots have a triad that fits the scale, and which have one with `tone`, `(12,)` each."""
    triads = [
        {r, (r + 7) % 12, *((r + third) % 12 for third in (3, 4) if (r + third) % 12 in scale)} for r in range(12)
    ]
    return np.array([triad <= scale for triad in triads]), np.array([tone in triad for triad in triads])


def altered_root_bias(scale: frozenset[int], cost: float) -> Bias:
    """Return the cost of roots whose triad does not fit the scale: altering it would hide a stated mode."""
    return np.where(characteristic_triads(scale, 0)[0], 0.0, cost)


def characteristic_root_bias(scale: frozenset[int], tone: int, recent: Sequence[int]) -> Bias:
    """Return the bias of roots whose triad has the mode's characteristic tone, unless a recent root had it."""
    fits, telling = characteristic_triads(scale, tone)
    heard = telling[list(recent)].any()
    return np.zeros(12) if heard else np.where(fits & telling, CHARACTERISTIC_TRIAD_BIAS, 0.0)


def tonic_bias(tonic: int, place: TonicPlace, missing: float, weight: float, stated: bool) -> Bias:
    """Return the bias of the tonic: high at the end and the beginning, negative before a loop's end.

    In between at phrase starts and where the tonic was rare recently (`missing`, 0..1), the more so in a key that was stated.
    """
    if place == "close":
        bias = CLOSING_TONIC_BIAS
    elif place == "loop end":
        bias = LOOP_END_TONIC_BIAS
    else:
        if place == "opening":
            known = STATED_OPENING_TONIC_BIAS if stated else OPENING_TONIC_BIAS
        else:
            known = STATED_TONIC_BIAS * min(1.0, 2 * missing) if stated else 0.0
        bias = known + weight * (missing + float(place != "within"))
    return np.where(np.arange(12) == tonic, bias, 0.0)


@lru_cache(256)
def root_brightness_bias(
    tonic: int, scale: frozenset[int], brightness: float, brightness_above_style: float, weight: float
) -> Bias:
    """Return the bias of each root by the brightness of the tones of its triad within a scale.

    Where it shall be brighter or darker than the style usually is, a major or a minor third counts besides.
    """
    bias = brightness_bias(tonic, brightness, weight)[:12]
    within = np.isin(TRIADS, list(scale))
    tones = 2 * (bias[TRIADS] * within).sum(1) / np.maximum(1, within.sum(1))
    return np.asarray(tones + 2 * weight * brightness_above_style * (within[:, 2].astype(int) - within[:, 1]))


def new_root_bias(recent: Collection[int], tonic: int, scale: Collection[int], weight: float) -> Bias:
    """Return the bias of the tonic and of roots of the scale that were not played recently: the fewer were, the higher."""
    away = set(recent) - {tonic}
    few = max(0.0, 1 - len(away) / USUAL_ROOTS)
    return np.asarray(weight * few * np.array([root in scale and root not in away for root in range(12)]))


def return_bias(recent: Sequence[int], weight: float) -> Bias:
    """Return the cost of going back at once to the root before the last one (`recent`, latest first)."""
    return np.where(np.isin(np.arange(12), recent[1:2]), -weight, 0.0)


# Roots and qualities under a melody

Durations = tuple[tuple[int, float], ...]
"""For how long each pitch class of a melody sounds until the chord may change again."""
EXTRA_TONE_COST = 0.08
"""Share of a melody that each tone beyond a triad has to cover in addition."""


@lru_cache(16)
def melody_coverage(melody: Durations) -> Bias:
    """Return the share of a melody's time that lies in each quality on each root, `(12, qualities)`."""
    durations = dict(melody)
    whole = sum(durations.values()) or 1.0
    heard = np.array([[durations.get((root + step) % 12, 0.0) for step in range(12)] for root in range(12)])
    extra = np.maximum(0, QUALITY_TONES.sum(1) - 3)
    return np.asarray(heard @ QUALITY_TONES.T / whole - EXTRA_TONE_COST * extra)


def covering_root_bias(melody: Durations, weight: float) -> Bias:
    """Return the bias of each root under a melody known ahead: what its better plain triad covers."""
    return np.asarray(weight * melody_coverage(melody)[:, PLAIN_TRIADS].max(1))


def covering_quality_bias(melody: Durations, root: int, weight: float) -> Bias:
    """Return the bias of each quality on a root under a melody known ahead: what the chord covers."""
    return np.asarray(weight * melody_coverage(melody)[root])


def likely_root_bias(likely: npt.NDArray[np.floating], weight: float) -> Bias:
    """Return the bias of each root by its log likelihood under a melody; `likely` is that of each root and triad, `(12, 3)`."""
    roots = np.logaddexp.reduce(likely, 1)
    return np.asarray(weight * (roots - roots.max()))


def likely_quality_bias(likely: npt.NDArray[np.floating], root: int, weight: float) -> Bias:
    """Return the bias of each quality on a root by the log likelihood of its triad, given that root."""
    return np.asarray(weight * (likely - np.logaddexp.reduce(likely, 1)[:, None])[root, QUALITY_TRIADS])


# Qualities

MODAL_PENALTY_FACTOR = 3
"""Factor on the cost of a chord tone outside the scale where a mode was stated."""
STATED_SIZE_EMPHASIS = 2.0
"""Factor on the weight of chord size where a morph sets the size."""
ALTERED_QUALITY_COST = 0.6
"""Cost of diminished and augmented fifths, in tones of `chord_size_bias`."""


def chord_size(complexity: float) -> float:
    """Return how many tones chords have: 2.8 at complexity 0, as most music at ½, 5.4 at 1."""
    return 2.8 + complexity + 1.6 * complexity**2


def chord_size_bias(wanted: float, weight: float) -> Bias:
    """Return the bias of each quality by how far its number of tones is from the wanted one."""
    return np.asarray(-weight * np.abs(QUALITY_TONES.sum(1) - wanted))


def third_bias(brightness: float, weight: float) -> Bias:
    """Return the bias of each quality: major thirds where bright, minor ones where dark."""
    return np.asarray(2 * weight * (brightness - 0.5) * (QUALITY_TONES[:, 4] - QUALITY_TONES[:, 3]))


def altered_quality_bias(weight: float) -> Bias:
    """Return the cost of qualities with a diminished or an augmented fifth."""
    return np.asarray(-ALTERED_QUALITY_COST * weight * (QUALITY_TONES[:, 6] | QUALITY_TONES[:, 8]))


def outside_quality_bias(scale: frozenset[int], root: int, cost: float, modal: bool) -> Bias:
    """Return the cost of the tones of each quality on a root that lie outside the scale, higher where a mode was stated."""
    beyond = [(root + step) % 12 not in scale for step in range(12)]
    return np.asarray(QUALITY_TONES @ np.array(beyond, int) * cost * (MODAL_PENALTY_FACTOR if modal else 1))


def outside_bass_bias(scale: frozenset[int], root: int, cost: float) -> Bias:
    """Return the cost of each semitone above a root, `(12,)`, as the chord's bass, where it lies outside the scale."""
    return outside_scale_bias(scale, cost)[root : root + 12]
