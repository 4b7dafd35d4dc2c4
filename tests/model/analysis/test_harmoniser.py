"""What a melody asks for: heard in any key alike, whole or only up to each place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.analysis.harmoniser import (
    FEATURES,
    STATES,
    Harmoniser,
    begins_half_bar,
    features,
    halves,
    harmony_after,
    harmony_of_melody,
    load_harmoniser,
    triad_kind,
)
from model.generation import chord_bias
from model.music.harmony import DECODER_QUALITIES, Chord, Key, parse_key
from model.music.notes import METERS, Beat, Kept, Note, Ticks, beat_length, beats_in_bar

C = parse_key("C major")


def tune(*pitches: int) -> list[Note]:
    return [Note(Ticks(480 * i), Ticks(480), p, part="melody") for i, p in enumerate(pitches)]


def kept(*pitches: int) -> tuple[Kept, ...]:
    return tuple(Kept((replace(n, start=Ticks(0)),), frozenset({"melody"})) for n in tune(*pitches))


@given(st.sampled_from(METERS), st.integers(1, 5))
def test_the_halves_of_bars_lie_side_by_side_and_fill_them(meter: str, count: int) -> None:
    bar = beats_in_bar(meter) * beat_length(meter)
    parts = halves((i * bar, meter) for i in range(count))
    assert [p.start for p in parts] == [0, *[p.end for p in parts[:-1]]]
    assert parts[-1].end == count * bar
    assert all(a.end - a.start >= b.end - b.start > 0 for a, b in zip(parts[::2], parts[1::2], strict=True))
    opening = [i for i in range(beats_in_bar(meter)) if begins_half_bar(Beat(i, 0, i, meter, None, fresh=False))]
    assert [i * beat_length(meter) for i in opening] == [p.start for p in parts[:2]]


@given(st.lists(st.integers(55, 80), min_size=1, max_size=16), st.integers(0, 11))
@settings(max_examples=25, deadline=None)
def test_a_tune_in_another_key_asks_for_the_same_chords_there(pitches: list[int], up: int) -> None:
    parts = halves([(0, "4/4"), (1920, "4/4"), (3840, "4/4"), (5760, "4/4")])
    there = Key(up, "major", C.scale)
    moved = [replace(n, pitch=n.pitch + up) for n in tune(*pitches)]
    assert (features(parts, tune(*pitches), C) == features(parts, moved, there)).all()
    given_here, given_there = kept(*pitches, 60, 60, 60), kept(*(p + up for p in (*pitches, 60, 60, 60)))
    if len(given_here) >= 4:
        here = harmony_of_melody(given_here, "4/4", C)
        assert np.allclose(np.roll(here, up, 1), harmony_of_melody(given_there, "4/4", there), atol=1e-5)


@given(st.lists(st.integers(55, 80), min_size=8, max_size=24))
@settings(max_examples=15, deadline=None)
def test_what_is_said_are_probabilities(pitches: list[int]) -> None:
    heard = features(halves([(0, "4/4"), (1920, "4/4")]), tune(*pitches), C)
    for said in (
        load_harmoniser().log_probabilities(heard),
        load_harmoniser().causal_log_probabilities(heard),
    ):
        assert np.allclose(np.exp(said).sum((1, 2)), 1, atol=1e-4)
    assert len(load_harmoniser().causal_log_probabilities(heard)) == len(heard) + 1


@given(st.lists(st.integers(55, 80), min_size=16, max_size=16), st.integers(0, 11))
@settings(max_examples=15, deadline=None)
def test_what_comes_later_changes_nothing_for_one_who_plays_along(pitches: list[int], until: int) -> None:
    parts = halves((1920 * i, "4/4") for i in range(4))
    other = [p if i < until else p + 1 for i, p in enumerate(pitches)]
    one, two = (load_harmoniser().causal_log_probabilities(features(parts, tune(*p), C)) for p in (pitches, other))
    known = until // 2  # halves that are over
    assert (one[: known + 1] == two[: known + 1]).all()


def test_playing_along_asks_as_hearing_up_to_now_does() -> None:
    pitches = [60, 64, 67, 72, 71, 67, 65, 62, 60, 64]
    beats = [Beat(i, i // 4, i % 4, "4/4", None, fresh=False, notes=k.notes) for i, k in enumerate(kept(*pitches))]
    frame = Beat(10, 2, 2, "4/4", None, fresh=False)
    parts = halves((1920 * i, "4/4") for i in range(3))[:5]
    assert np.allclose(
        harmony_after(beats, frame, C),
        load_harmoniser().causal_log_probabilities(features(parts, tune(*pitches), C))[-1],
        atol=1e-5,
    )


def test_a_plain_tune_in_c_asks_for_c_where_it_rests() -> None:
    melody_harmony = harmony_of_melody(kept(67, 64, 60, 60, 65, 69, 65, 69, 67, 71, 67, 74, 72, 67, 64, 60), "4/4", C)
    root = np.logaddexp.reduce(melody_harmony, 2).argmax(1)
    assert root[-1] == 0
    assert set(root.tolist()) <= {0, 2, 4, 5, 7, 9, 11}


@pytest.mark.parametrize(("name", "number"), [("", 0), ("m7", 1), ("dim", 2), ("m7b5", 2), ("7", 0), ("sus4", 0)])
def test_every_kind_of_chord_is_near_a_triad(name: str, number: int) -> None:
    assert triad_kind(Chord(0, name, 0)) == number


def test_the_fusion_weighs_roots_and_their_kinds_by_likelihood() -> None:
    log_probabilities = np.full((12, 3), -6.0, np.float32)
    log_probabilities[7, 1] = -0.1
    roots = chord_bias.likely_root_bias(log_probabilities, 2.0)
    qualities = chord_bias.likely_quality_bias(log_probabilities, 7, 2.0)
    assert int(roots.argmax()) == 7
    assert float(roots.max()) == 0
    names = list(DECODER_QUALITIES)
    assert qualities.shape == (len(names),)
    assert qualities[names.index("m")] == qualities[names.index("m7")] > qualities[names.index("")]
    assert not chord_bias.likely_root_bias(log_probabilities, 0.0).any()
    assert not chord_bias.likely_quality_bias(log_probabilities, 7, 0.0).any()


def test_a_network_of_another_size_works_too() -> None:
    rng = np.random.default_rng(0)
    size = 8

    def drawn(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    arrays = {"inp.weight": drawn(size, FEATURES), "inp.bias": drawn(size)}
    arrays |= {"out.weight": drawn(STATES, 2 * size), "out.bias": drawn(STATES)}
    arrays |= {"next.weight": drawn(STATES, size), "next.bias": drawn(STATES)}
    for layer, wide in (("gru.l0", size), ("gru.l1", 2 * size), ("behind.l0", size)):
        for way in ("", ".back"):
            arrays |= {
                f"{layer}{way}.input": drawn(3 * size, wide),
                f"{layer}{way}.hidden": drawn(3 * size, size),
            }
            arrays |= {f"{layer}{way}.bias": drawn(3 * size), f"{layer}{way}.shift": drawn(3 * size)}
    heard = drawn(5, FEATURES)
    alone = Harmoniser({f"0.{n}": a for n, a in arrays.items()})
    twice = Harmoniser({f"{i}.{n}": a for i in range(2) for n, a in arrays.items()})
    assert alone.log_probabilities(heard).shape == (5, 12, 3)
    assert np.allclose(alone.log_probabilities(heard), twice.log_probabilities(heard), atol=1e-5)
