from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoder.tokenizer import PITCH, Event, note_event
from model.generation import history
from model.generation.beat_rules import (
    BeatContext,
    BeatHarmony,
    BeatHistory,
    BeatLevels,
    BeatParts,
    BeatPosition,
    Row,
)
from model.generation.bias_weights import BiasWeights
from model.generation.chord_bias import return_bias
from model.generation.sampler import sample_beat
from model.music.harmony import Chord, parse_chord
from model.styles import thirdless_share
from tests.support.fixed_engine import Empty, Fixed


def of_fifths(part: str) -> Fixed:
    """Return an engine that plays C and G on every eighth, and other tones but seldom."""
    onsets = {note_event(part, tick): 2.0 for tick in (0, 12)}
    return Fixed(onsets, {PITCH + p: 3.0 for p in range(128) if p % 12 in (0, 7)})


HELD = BeatContext(
    BeatPosition(24, Event.BEAT),
    BeatHarmony(frozenset({0, 2, 4, 5, 7, 9, 11}), 0),
    BeatParts(frozenset({"chords"}), velocity={"chords": 80.0, "bass": 80.0}, longest_note=24),
    BeatLevels(),
    BeatHistory(chord=parse_chord("C")),
    BiasWeights(),
)
"""A beat within C major."""


def beats(part: str, context: BeatContext) -> list[Row]:
    """Return the notes of forty such beats."""
    engine, state, h = of_fifths(part), Empty(), np.zeros((1, 1), np.float32)
    generators = (np.random.Generator(np.random.Philox(seed)) for seed in range(40))
    rows = [row for rng in generators for row in sample_beat(engine, state, h, context, rng)]
    return [row for row in rows if row[0] != Event.CHORD]


def thirds(sounded_tones: set[int], missing_tone_bias: float) -> float:
    """Return the share of thirds in beats of a C major chord of which some pitch classes sounded already."""
    heard = replace(HELD.history, sounded_tones=frozenset(sounded_tones))
    weights = BiasWeights(chord_completeness=missing_tone_bias)
    rows = beats("chords", replace(HELD, history=heard, theta=weights))
    return float(np.mean([(row[1] - PITCH) % 12 == 4 for row in rows]))


def test_a_third_that_was_not_heard_comes_and_one_that_was_does_not_come_more_often() -> None:
    before = thirds(set(), 0.0)
    assert thirds({0, 7}, 3.0) > 2 * before
    assert thirds({0, 4, 7}, 3.0) == thirds({0, 4, 7}, 0.0) == pytest.approx(before, abs=0.05)


def test_the_bass_says_a_chord_as_it_begins_and_goes_its_way_after() -> None:
    first = note_event("bass", 0)
    bass = replace(HELD, parts=replace(HELD.parts, sampled=frozenset({"bass"})))
    for symbol, lowest in (("F", 5), ("F/A", 9)):
        rows = beats("bass", replace(bass, harmony=replace(HELD.harmony, new_chord=parse_chord(symbol))))
        assert {(row[1] - PITCH) % 12 for row in rows if row[0] == first} == {lowest}
        assert {0, 7} <= {(row[1] - PITCH) % 12 for row in rows if row[0] != first}
    assert {0, 7} <= {(row[1] - PITCH) % 12 for row in beats("bass", bass) if row[0] == first}
    is_last_bar = replace(bass, position=replace(HELD.position, is_last_bar=True))
    assert {(row[1] - PITCH) % 12 for row in beats("bass", is_last_bar)} == {0}


def test_a_close_has_its_bass_on_the_first_tick_though_the_engine_would_rest() -> None:
    seldom = Fixed({note_event("bass", 0): -4.0, int(Event.BEAT): 4.0}, {PITCH + 43: 3.0})
    close = replace(
        HELD,
        position=replace(HELD.position, is_last_bar=True, tonic_place="close"),
        harmony=replace(HELD.harmony, must_change_chord=True, may_change_chord=True),
        parts=replace(HELD.parts, sampled=frozenset({"bass"})),
    )
    within = replace(close, position=replace(close.position, is_last_bar=False))
    for context, struck in ((close, True), (within, False)):
        rng = np.random.Generator(np.random.Philox(1))
        rows = sample_beat(seldom, Empty(), np.zeros((1, 1), np.float32), context, rng)
        assert any(row[0] == note_event("bass", 0) for row in rows) == struck


def test_styles_of_bare_chords_keep_them_bare_and_a_mix_lies_between() -> None:
    assert [thirdless_share(mix) for mix in ((), (("pop", 1.0),), (("metal", 0.5),))] == [0, 0, 1]
    assert thirdless_share((("rock", 0.6), ("folk", 0.2))) == pytest.approx(0.75)


chords = st.lists(st.one_of(st.none(), st.builds(Chord, st.integers(0, 11), st.sampled_from(["", "m7"]), st.just(0))), max_size=40)  # fmt: skip


@given(chords)
def test_the_roots_that_were_heard_are_told_as_they_came_the_last_one_first_none_twice_running(
    known: list[Chord | None],
) -> None:
    found = history.recent_roots(known)
    assert all(one != other for one, other in pairwise(found))
    assert set(found) == {chord.root for chord in known if chord is not None}
    last = next((chord.root for chord in reversed(known) if chord is not None), None)
    assert found[:1] == (() if last is None else (last,))


def test_a_bar_without_a_chord_is_no_move() -> None:
    symbols = ("C", "F", None, "F7", "Am")
    assert history.recent_roots([None if s is None else parse_chord(s) for s in symbols]) == (9, 5, 0)


@given(st.lists(st.integers(0, 11), min_size=2, max_size=6, unique=True))
def test_going_back_at_once_to_the_root_before_the_last_costs_and_nothing_else_does(roots: list[int]) -> None:
    bias = return_bias(roots, 1.5)
    assert np.array_equal(np.flatnonzero(bias), [roots[1]])
    assert bias[roots[1]] == -1.5


def test_after_one_root_there_is_none_to_go_back_to() -> None:
    assert not return_bias((5,), 1.5).any()
