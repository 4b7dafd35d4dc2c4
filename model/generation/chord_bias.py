"""What each root, kind and bass of a chord is worth where one begins. Pure."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np

from model.decoder.engine import Array
from model.decoder.tokenizer import BASS, NO_CHORD, QUALITY, ROOT, SIZES
from model.generation import bias_terms
from model.generation.beat_rules import Rules
from model.generation.bias_terms import BARRED, Worth
from model.music.harmony import QUALITIES, Chord

TELLING = 4.0
"""What a root is worth whose triad tells a stated mode, where none was heard of late."""
MODAL = 3
"""How much more a tone of a chord outside the scale costs where a mode was stated."""


def roots(rules: Rules, penalty: float) -> tuple[Worth, Array]:
    """Return what each value of the field of roots is worth, and what each kind of chord is on each root, `(12, kinds)`.

    `penalty` is what a tone outside the scale costs.
    """
    bias = np.full(SIZES[1], BARRED)
    bias[ROOT : NO_CHORD if rules.must_choose or rules.asked is not None else NO_CHORD + 1] = 0
    twelve = bias[ROOT : ROOT + 12]
    twelve[~bias_terms.among(rules.scale)[:12]] += penalty
    twelve += _telling(rules, penalty)
    twelve[rules.tonic] += rules.pull
    twelve += bias_terms.lit_roots(
        rules.tonic, rules.scale, rules.brightness, rules.lighter, rules.theta.light
    )
    covers, kinds = bias_terms.covers(rules.melody, rules.theta.cover)
    if rules.asked is None:
        twelve += covers
        twelve += bias_terms.wandering(rules.heard, rules.tonic, rules.scale, rules.theta.wander)
        twelve[list(rules.heard[1:2])] -= rules.theta.back
    else:  # it has heard what the chord would cover
        likely, likely_kinds = bias_terms.asked(rules.asked, rules.theta.asked)
        twelve += likely
        kinds = kinds + likely_kinds
    return bias, kinds


def _telling(rules: Rules, penalty: float) -> Worth:
    """Return what each root is worth, `(12,)`, where a mode was stated: what has its tone in its triad, as long as none of late had.

    What tells a mode is lost on a root whose fifth would have to be mended.
    """
    worth = np.zeros(12)
    if rules.modal is None:
        return worth
    triads = [
        {r, (r + 7) % 12, *((r + third) % 12 for third in (3, 4) if (r + third) % 12 in rules.scale)}
        for r in range(12)
    ]
    whole = [triad <= rules.scale for triad in triads]
    telling = [rules.modal in triad for triad in triads]
    worth[~np.array(whole)] = penalty
    if not any(telling[root] for root in rules.heard):
        worth[np.array(whole) & telling] += TELLING
    return worth


def kinds(rules: Rules, root: int, covered: Array, penalty: float) -> Worth:
    """Return what each value of the field of kinds is worth on a root; `covered` is what `roots` told of it."""
    colour = rules.theta.colour * rules.particular
    worth = bias_terms.qualities(rules.tones, rules.brightness, colour, rules.theta.light, SIZES[2])
    bias = np.full(SIZES[2], 9 * BARRED)  # a root may have no chord within the scale: then the nearest
    known = slice(QUALITY, QUALITY + len(covered))
    bias[known] = (
        worth[known]
        + bias_terms.outside(root, rules.scale) * penalty * (1 if rules.modal is None else MODAL)
        + covered
    )
    return bias


def ground(rules: Rules, chord: Chord | None, before: Sequence[int], *, begins: bool) -> int | None:
    """Return the pitch class that the bass is drawn to: the tonic as all closes, a chord's bass as the chord begins.

    One that walks, and is there already by the pitches `before`, the last one first, goes on; so it does under a chord that
    changes within the bar, for from root to root it would leap.
    """
    if chord is None:
        return None
    if rules.closing and chord.root == rules.tonic:
        return rules.tonic
    if "bass" in rules.walking and ((before and before[0] % 12 == chord.bass) or rules.sixteenth):
        return None
    return chord.bass if begins else None


def basses(rules: Rules, root: int, kind: str, penalty: float) -> Worth:
    """Return what each value of the field of basses is worth: a tone of the chord."""
    bias = np.full(SIZES[3], BARRED)
    for tone in QUALITIES[kind]:
        bias[BASS + tone] = 0 if (root + tone) % 12 in rules.scale else penalty
    return bias


def voice(rules: Rules, part: str, chord: Chord | None, stroke: Set[int]) -> float:
    """Return what another voice of a stroke, which has some pitch classes, is worth: on a way to bigger chords they are not only broken."""
    if not rules.voices or chord is None or part != "chords":
        return 0.0
    return rules.voices if chord.pitch_classes - stroke else 0.0
