"""The table of biases: complete, true to what the formulas read, and printed in docs/biases.md."""

from __future__ import annotations

import ast
from dataclasses import fields, replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from model.decoder.tokenizer import Event
from model.generation import bias_terms, chord_bias
from model.generation.beat_rules import (
    BeatContext,
    BeatHarmony,
    BeatHistory,
    BeatLevels,
    BeatParts,
    BeatPosition,
    BeatProgress,
)
from model.generation.bias_table import TERMS, Place, named_weight, page
from model.generation.bias_weights import BiasWeights
from model.music.harmony import parse_chord

STYLE = (("pop", 1.0),)
PARTS = ("bass", "chords", "melody", "drums")
SHAPES = {
    "MASKED", "PITCHES", "PART_RANGES", "HIGHEST_USUAL", "LOWEST_USUAL", "NO_ONSET", "LINE_OF_FIFTHS", "LAYER_DRUMS", "BRIGHT_DRUMS", "DARK_DRUMS",
    "MIN_MEAN_VELOCITY", "ENERGY_VELOCITY_RANGE", "LOUDER", "REGISTER_SPREAD", "TRIADS", "QUALITY_TONES", "QUALITY_TRIADS", "PLAIN_TRIADS", "USUAL_ROOTS",
}  # fmt: skip
"""Constants that say what music is like, or where a target lies; none is a number of logits."""
BEFORE = {"scale_when_played", "energy_articulation", "top_p", "top_p_when_played", "text"} | {
    "pitch_cooling", "length_cooling", "velocity_cooling", "kept_pitches",
}  # fmt: skip
"""Weights that the composer has put into the context, or that the engine applies."""


def contexts() -> list[BeatContext]:
    """Return contexts in which every term applies at least once."""
    position = BeatPosition(24, Event.BEAT, 0, begins_bar=True, begins_half_bar=True, tonic_place="phrase start")
    likely = np.log(np.random.default_rng(1).dirichlet(np.ones(36)).reshape(12, 3)).astype(np.float32)
    harmony = BeatHarmony(
        frozenset({0, 2, 3, 5, 7, 9, 10}), 0, scale_lock=0.5, characteristic_tone=9, chord_size=3.3, extra_voices=1.0
    )  # fmt: skip
    parts = BeatParts(
        frozenset(PARTS), styles=dict.fromkeys(PARTS, STYLE), velocity=dict.fromkeys(PARTS, 70.0),
        register={"melody": 0.5, "bass": -0.5}, pitch={"melody": 70.0}, contour={"melody": 70.0}, swing_unit=8, closing_tick=0,
    )  # fmt: skip
    levels = BeatLevels(0.8, 0.8, 0.2, 0.2, articulation=0.5)
    last = {"bass": (40, 43), "melody": (70, 72)}
    history = BeatHistory(
        parse_chord("C"), (0, 7), 0.3, last_pitches=last, density_error=dict.fromkeys(PARTS, 0.7), missing_off_beats=1.0
    )  # fmt: skip
    free = BeatContext(position, harmony, parts, levels, history, BiasWeights(**dict.fromkeys(NAMES, 1.1)))
    given = replace(harmony, melody_durations=((0, 480.0), (4, 240.0)))
    followed = replace(given, follows_melody=True, melody_harmony=likely, new_chord=parse_chord("F"))
    return [
        free,
        replace(free, harmony=given, parts=replace(parts, onsets_owed={"melody": 2.0}, walking=frozenset({"bass"}))),
        replace(free, harmony=followed),
    ]  # fmt: skip


NAMES = [field.name for field in fields(BiasWeights)]


def evaluated(
    context: BeatContext,
) -> dict[tuple[str, str, int], np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """Return what each term adds, by its name, part and tick, where it applies."""
    progress, found = BeatProgress(context), {}
    for term, part, tick in product(TERMS, PARTS, (0, 6)):
        drums = term.field == "pitch" and part == "drums"
        given = (
            None if drums or term.arguments is None else term.arguments(context, Place(progress, part, tick, length=24))
        )
        if given is not None:
            found[term.name, part, tick] = np.asarray(term.formula(*given), float)
    return found


def test_every_weight_has_a_term_and_every_term_weights_or_named_constants() -> None:
    named = {name for term in TERMS for name in term.weights}
    assert set(NAMES) <= named
    assert all(term.weights for term in TERMS)
    assert all(named_weight(name) is not None for name in named)
    with pytest.raises(KeyError):
        named_weight("loudness")


def test_every_constant_that_bends_a_logit_is_in_the_table() -> None:
    named = {name for term in TERMS for name in term.weights}
    trees = [ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")) for module in (bias_terms, chord_bias)]
    assigned = [node for tree in trees for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    own = {
        n.id for node in assigned for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    own = {name for name in own if name.isupper()}
    assert len(own) > 20
    assert own - SHAPES <= named


def test_every_term_applies_somewhere_and_moves_with_its_own_weights_only() -> None:
    names = {term.name: set(term.weights) for term in TERMS if term.arguments is not None}
    seen: set[str] = set()
    for context in contexts():
        plain = evaluated(context)
        seen |= {name for name, _, _ in plain}
        for weight in set(NAMES) - BEFORE:
            theta = replace(context.theta, **{weight: 2 * getattr(context.theta, weight)})
            moved = evaluated(replace(context, theta=theta))
            for key, value in plain.items():
                same = np.array_equal(value, moved[key])
                assert same or weight in names[key[0]], (key, weight)
    assert seen == set(names)


def test_every_weight_moves_a_term_that_has_it() -> None:
    for weight in set(NAMES) - BEFORE:
        moved = False
        for context in contexts():
            theta = replace(context.theta, **{weight: 2 * getattr(context.theta, weight)})
            more = evaluated(replace(context, theta=theta))
            moved |= any(not np.array_equal(v, more[k]) for k, v in evaluated(context).items())
        assert moved, weight


def test_the_page_of_biases_is_what_the_table_prints() -> None:
    written = Path(__file__).parents[3] / "docs" / "biases.md"
    assert written.read_text(encoding="utf-8") == page(), "python -m model.generation.bias_table > docs/biases.md"
