"""What a beat owes to the way between two prompts, and the parts taking turns where much is owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoder.tokenizer import Event, note_event, part_and_tick
from model.generation.beat_rules import (
    BeatContext,
    BeatHarmony,
    BeatHistory,
    BeatLevels,
    BeatParts,
    BeatPosition,
)
from model.generation.bias_weights import BiasWeights
from model.generation.chord_bias import chord_size
from model.generation.composer import Composer
from model.generation.messages import Begin, Write
from model.generation.morph import MorphPath
from model.generation.sampler import sample_beat
from model.music.harmony import parse_chord
from model.music.notes import Beat, Note, Ticks
from model.music.plan import Controls, Plan
from model.prompt.encoder import hash_encoder
from tests.support.fixed_engine import Empty, Fixed
from tests.support.tiny_engine import engine

PARTS = ("chords", "melody", "bass", "drums")
SPARSE = Plan(density=0.05, brightness=0.1, complexity=0.0, style=(("pop", 1.0),), parts=PARTS)
BUSY = Plan(density=0.95, brightness=0.9, complexity=0.9, style=(("pop", 1.0),), parts=PARTS)
PLACES = st.floats(0, 1)


def played(counts: Sequence[int], part: str = "drums", meter: str = "4/4") -> list[Beat]:
    """Return beats in which a part has so many onsets, two notes each."""
    return [
        Beat(
            i, 0, i, meter, None, fresh=False,
            notes=tuple(Note(Ticks(40 * k), Ticks(20), pitch, part=part) for k in range(n) for pitch in (40, 44)),
        )
        for i, n in enumerate(counts)
    ]  # fmt: skip


def frame(index: int, meter: str = "4/4") -> Beat:
    return Beat(index, 0, index % 4, meter, None, fresh=False)


@given(PLACES, PLACES)
def test_further_on_towards_the_busier_prompt_no_part_owes_less(one: float, other: float) -> None:
    low, high = (MorphPath(SPARSE, BUSY, x).onsets_owed([], frame(0), PARTS) for x in sorted((one, other)))
    assert all(low[part] <= high[part] + 1e-9 for part in PARTS)


@given(PLACES, st.lists(st.integers(0, 6), max_size=9), st.sampled_from(("4/4", "3/4", "6/8")))
def test_a_bar_that_went_round_with_its_number_owes_what_the_beat_before_it_had(
    x: float, counts: list[int], meter: str
) -> None:
    beats = int(meter[0])
    last = counts[-(beats - 1) :]
    onsets_owed = MorphPath(SPARSE, BUSY, x).onsets_owed(played(counts, meter=meter), frame(len(counts), meter), PARTS)[
        "drums"
    ]
    share = MorphPath(SPARSE, BUSY, x).onsets_owed([], frame(0, meter), PARTS)["drums"]
    assert onsets_owed == pytest.approx(min(max(share * (1 + len(last)) - sum(last), 0), 2 * share + 1))


def test_prompts_that_are_alike_owe_nothing_and_lead_nothing() -> None:
    alike = MorphPath(BUSY, BUSY, 0.5)
    assert alike.onsets_owed([], frame(0), PARTS) == {}
    assert alike.target_pitches(frozenset(PARTS)) == {}
    assert alike.target_chord_size([]) is None


@given(PLACES, PLACES)
def test_parts_climb_from_the_darker_to_the_brighter_prompt(one: float, other: float) -> None:
    low, high = (MorphPath(SPARSE, BUSY, x).target_pitches(frozenset(PARTS)) for x in sorted((one, other)))
    assert set(low) == {"chords", "melody"}, "drums have no height, and brightness does not move a bass"
    assert all(low[part] <= high[part] + 1e-9 for part in low)


@given(PLACES, st.integers(0, 16))
def test_chords_that_were_too_small_ask_for_a_bigger_one(x: float, count: int) -> None:
    entrances = MorphPath(SPARSE, BUSY, x).target_chord_size([])
    assert entrances == pytest.approx(chord_size(0.9 * x))
    triads = MorphPath(SPARSE, BUSY, x).target_chord_size([parse_chord("C"), None] * count)
    assert entrances is not None
    assert triads is not None
    assert count == 0 or (triads - entrances) * (entrances - 3) >= 0


@given(PLACES, PLACES)
def test_the_bigger_the_chords_of_the_way_the_fuller_their_strokes(one: float, other: float) -> None:
    low, high = (MorphPath(SPARSE, BUSY, x).extra_voices() for x in sorted((one, other)))
    assert 0 <= low <= high <= 1
    assert MorphPath(BUSY, BUSY, one).extra_voices() == 0


def certain() -> Fixed:
    """Return an engine that knows one bar: a drum on every sixteenth, likely; it draws a melody now and then."""
    odds = {"drums": 4.0, "melody": -1.0}
    return Fixed({note_event(part, tick): odd for part, odd in odds.items() for tick in (0, 6, 12, 18)})


def written(onsets_owed: Mapping[str, float], density_error: Mapping[str, float], seed: int) -> list[str]:
    """Return the parts of a beat's onsets."""
    context = BeatContext(
        BeatPosition(24, Event.BEAT),
        BeatHarmony(frozenset(range(12)), 0),
        BeatParts(
            frozenset({"drums", "melody"}),
            velocity={"drums": 80.0, "melody": 80.0},
            onsets_owed=onsets_owed,
            longest_note=24,
        ),
        BeatLevels(),
        BeatHistory(density_error=density_error),
        BiasWeights(),
    )
    state = Empty()
    rows = sample_beat(
        certain(), state, np.zeros((1, 1), np.float32), context, np.random.Generator(np.random.Philox(seed))
    )
    return [part_and_tick(event)[0] for event in sorted({row[0] for row in rows})]


def test_a_part_that_owes_much_does_not_silence_those_that_are_written_before_it() -> None:
    both = {"drums": 4.0, "melody": 4.0}
    found = [written(both, {}, seed) for seed in range(20)]
    assert np.mean([parts.count("drums") for parts in found]) > 3
    assert np.mean([parts.count("melody") for parts in found]) > 1


def test_a_part_that_lacks_much_does_not_silence_those_before_it_either() -> None:
    alone, beside = (
        [written({}, {"drums": 0.0, "melody": lacking}, seed) for seed in range(30)] for lacking in (0.0, -4.0)
    )
    drums = [np.mean([parts.count("drums") for parts in found]) for found in (alone, beside)]
    assert drums[1] > drums[0] - 0.3
    assert np.mean([parts.count("melody") for parts in beside]) > 1


def test_the_more_a_part_owes_the_more_it_plays_and_not_much_beyond() -> None:
    counts = [
        np.mean([written({"drums": onsets_owed, "melody": 0.0}, {}, seed).count("drums") for seed in range(12)])
        for onsets_owed in (1.0, 2.5, 4.0)
    ]
    assert counts[0] < counts[1] < counts[2]
    assert counts[0] < 2.5


def test_a_morph_that_rests_at_an_end_is_that_prompt_and_one_that_has_come_there_is_still_on_its_way() -> None:
    composer = Composer(hash_encoder(), engine())
    words = "very sparse pop", "very busy pop"
    composer.begin(Begin(1, words[0], Controls(), 5, morph=words[1]))
    composer.begin(Begin(2, words[0], Controls(), 5))

    def beats(take: int, places: Sequence[float]) -> list[Beat | None]:
        return [composer.write(Write(take, i, Controls(morph=x))).beat for i, x in enumerate(places)]

    assert beats(1, [0.0] * 12) == beats(2, [0.0] * 12)
    assert beats(1, [0.0] * 12)[:8] == beats(1, [0.0] * 4 + [0.5] * 4 + [0.0] * 4)[:4] + beats(1, [0.0] * 8)[4:]
    assert beats(1, [0.0] * 4 + [0.5] * 4 + [0.0] * 4)[8:] != beats(2, [0.0] * 12)[8:]
