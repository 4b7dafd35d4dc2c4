"""What each root, kind and bass of a chord is worth where one begins. Pure."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np

from model.decoder.engine import Array
from model.decoder.tokenizer import BASS, NO_CHORD, QUALITY, ROOT, SIZES
from model.generation import bias_terms
from model.generation.beat_rules import BeatContext
from model.generation.bias_terms import MASKED, Bias
from model.music.harmony import QUALITIES, Chord

CHARACTERISTIC_TRIAD_BIAS = 4.0
"""What a root is worth whose triad tells a stated mode, where none was heard of late."""
MODAL_PENALTY_FACTOR = 3
"""How much more a tone of a chord outside the scale costs where a mode was stated."""


def root_bias(context: BeatContext, penalty: float) -> tuple[Bias, Array]:
    """Return what each value of the field of roots is worth, and what each kind of chord is on each root, `(12, kinds)`.

    `penalty` is what a tone outside the scale costs.
    """
    bias = np.full(SIZES[1], MASKED)
    bias[
        ROOT : NO_CHORD if context.must_change_chord or context.melody_harmony is not None else NO_CHORD + 1
    ] = 0
    twelve = bias[ROOT : ROOT + 12]
    twelve[~bias_terms.pitches_of_classes(context.scale)[:12]] += penalty
    twelve += _characteristic_root_bias(context, penalty)
    twelve[context.tonic] += context.tonic_bias
    twelve += bias_terms.root_brightness_bias(
        context.tonic,
        context.scale,
        context.brightness,
        context.brightness_above_style,
        context.theta.brightness,
    )
    melody_cover_bias, quality_bias = bias_terms.melody_cover_bias(
        context.melody_durations, context.theta.melody_cover
    )
    if context.melody_harmony is None:
        twelve += melody_cover_bias
        twelve += bias_terms.new_root_bias(
            context.recent_roots, context.tonic, context.scale, context.theta.new_roots
        )
        twelve[list(context.recent_roots[1:2])] -= context.theta.return_penalty
    else:  # it has heard what the chord would cover
        likely, likely_kinds = bias_terms.melody_harmony(context.melody_harmony, context.theta.melody_harmony)
        twelve += likely
        quality_bias = quality_bias + likely_kinds
    return bias, quality_bias


def _characteristic_root_bias(context: BeatContext, penalty: float) -> Bias:
    """Return what each root is worth, `(12,)`, where a mode was stated: what has its tone in its triad, as long as none of late had.

    What tells a mode is lost on a root whose fifth would have to be mended.
    """
    logit_bias = np.zeros(12)
    if context.characteristic_tone is None:
        return logit_bias
    triads = [
        {r, (r + 7) % 12, *((r + third) % 12 for third in (3, 4) if (r + third) % 12 in context.scale)}
        for r in range(12)
    ]
    whole = [triad <= context.scale for triad in triads]
    telling = [context.characteristic_tone in triad for triad in triads]
    logit_bias[~np.array(whole)] = penalty
    if not any(telling[root] for root in context.recent_roots):
        logit_bias[np.array(whole) & telling] += CHARACTERISTIC_TRIAD_BIAS
    return logit_bias


def quality_bias(context: BeatContext, root: int, melody_bias: Array, penalty: float) -> Bias:
    """Return what each value of the field of kinds is worth on a root; `covered` is what `roots` told of it."""
    chord_size = context.theta.chord_size * context.chord_size_emphasis
    logit_bias = bias_terms.chord_size_bias(
        context.target_chord_size, context.brightness, chord_size, context.theta.brightness, SIZES[2]
    )
    bias = np.full(SIZES[2], 9 * MASKED)  # a root may have no chord within the scale: then the nearest
    known = slice(QUALITY, QUALITY + len(melody_bias))
    bias[known] = (
        logit_bias[known]
        + bias_terms.tones_outside(root, context.scale)
        * penalty
        * (1 if context.characteristic_tone is None else MODAL_PENALTY_FACTOR)
        + melody_bias
    )
    return bias


def bass_target(
    context: BeatContext, chord: Chord | None, last_pitches: Sequence[int], *, begins: bool
) -> int | None:
    """Return the pitch class that the bass is drawn to: the tonic as all closes, a chord's bass as the chord begins.

    One that walks, and is there already by the pitches `before`, the last one first, goes on; so it does under a chord that
    changes within the bar, for from root to root it would leap.
    """
    if chord is None:
        return None
    if context.is_last_bar and chord.root == context.tonic:
        return context.tonic
    if "bass" in context.walking_parts and (
        (last_pitches and last_pitches[0] % 12 == chord.bass) or context.sixteenth
    ):
        return None
    return chord.bass if begins else None


def bass_bias(context: BeatContext, root: int, kind: str, penalty: float) -> Bias:
    """Return what each value of the field of basses is worth: a tone of the chord."""
    bias = np.full(SIZES[3], MASKED)
    for tone in QUALITIES[kind]:
        bias[BASS + tone] = 0 if (root + tone) % 12 in context.scale else penalty
    return bias


def another_voice_bias(context: BeatContext, part: str, chord: Chord | None, stroke: Set[int]) -> float:
    """Return what another voice of a stroke, which has some pitch classes, is worth: on a way to bigger chords they are not only broken."""
    if not context.extra_voice_bias or chord is None or part != "chords":
        return 0.0
    return context.extra_voice_bias if chord.pitch_classes - stroke else 0.0
