from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.protocol.events import ControlSet, MorphRequested, PlayRequested, StopRequested
from model.generation.bias_weights import SHIPPED
from model.generation.composer import Composer
from model.generation.messages import Begin, Write
from model.music.notes import Beat, Ticks
from model.music.plan import Controls, Plan, interpolate_plans, interpolate_vectors
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine
from tests.support.virtual_band import Rig, first_notes, health, latencies, playing

SLOW = Plan(tempo=60, key="D minor", energy=0.2, swing=0.5, style=(("lo-fi", 1.0),), registers=(("melody", 1.0),))
FAST = Plan(tempo=120, key="A major", energy=0.8, swing=0.7, style=(("techno", 0.75), ("house", 0.25)))


def test_at_its_ends_a_morph_is_one_of_its_prompts() -> None:
    assert interpolate_plans(SLOW, FAST, 0) == SLOW
    assert interpolate_plans(SLOW, FAST, 1) == FAST


def test_tempo_goes_by_ratios_levels_in_a_line_and_the_rest_by_the_nearer_plan() -> None:
    half = interpolate_plans(SLOW, FAST, 0.5)
    assert half.tempo == pytest.approx(60 * 2**0.5)
    assert half.energy == pytest.approx(0.5)
    assert half.swing == pytest.approx(0.6)
    assert half.key == "D minor"
    assert interpolate_plans(SLOW, FAST, 0.51).key == "A major"
    assert half.style == (("lo-fi", 0.5), ("techno", 0.375), ("house", 0.125))
    assert half.registers == (("melody", 0.5),)


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=40)
def test_further_on_is_never_further_back(one: float, other: float) -> None:
    low, high = interpolate_plans(SLOW, FAST, min(one, other)), interpolate_plans(SLOW, FAST, max(one, other))
    assert low.tempo <= high.tempo + 1e-9
    assert low.energy <= high.energy + 1e-9
    assert 0.999 < sum(weight for _, weight in low.style) < 1.001


@pytest.mark.parametrize("x", [-0.1, 1.1])
def test_a_place_beyond_the_prompts_is_refused_with_the_law(x: float) -> None:
    with pytest.raises(ValueError, match=r"in 0\.\.1"):
        interpolate_plans(SLOW, FAST, x)


def test_vectors_keep_their_length() -> None:
    a, b = np.eye(4, dtype=np.float32)[:2]
    assert np.linalg.norm(interpolate_vectors(a, b, 0.3)) == pytest.approx(1)
    assert interpolate_vectors(a, b, 0.3) @ a > interpolate_vectors(a, b, 0.6) @ a
    assert np.array_equal(interpolate_vectors(a, -a, 0.5), a), "between opposites there is no direction"


def beats(begin: Begin, places: list[float]) -> list[Beat | None]:
    composer = Composer(hash_encoder(), engine())
    composer.begin(begin)
    written = [Write(1, i, Controls(morph=x)) for i, x in enumerate(places)]
    return [composer.write(order).beat for order in written]


def test_the_composer_plays_a_morph_as_its_first_prompt_at_0_and_as_its_second_at_1() -> None:
    first, second = (Begin(1, words, Controls(), 5) for words in ("slow in D minor", "fast in A major"))
    morph = Begin(1, first.prompt, Controls(), 5, morph=second.prompt)
    assert beats(morph, [0.0] * 6) == beats(first, [0.0] * 6)
    assert beats(morph, [1.0] * 6) == beats(second, [0.0] * 6)
    there_and_on = beats(morph, [0.0] * 3 + [0.7] * 3)
    assert there_and_on[:3] == beats(first, [0.0] * 3)
    assert there_and_on[3:] != beats(first, [0.0] * 6)[3:]


@pytest.mark.usefixtures("without_songbook")
def test_a_take_is_written_with_the_weights_it_brings() -> None:
    shipped = Begin(1, "rain", Controls(), 5)
    own = Begin(1, "rain", Controls(), 5, theta=(("text", SHIPPED.text), ("chord", 3.0)))
    assert beats(own, [0.0] * 6) != beats(shipped, [0.0] * 6)
    assert beats(own, [0.0] * 6) == beats(own, [0.0] * 6)


def between_two(begin: Begin) -> Plan:
    return Plan(tempo=60.0, swing=0.5) if begin.prompt == "calm" else Plan(tempo=240.0, swing=0.7)


def morphing(x: float) -> Rig:
    rig = Rig(latencies(0, 0.01), plan=between_two)
    rig.happen(ControlSet("humanise", 0.0))
    rig.happen(MorphRequested("calm", "wild", x))
    rig.happen(PlayRequested())
    rig.until(rig.now + 2)
    return rig


def test_a_morph_plays_between_its_prompts_and_moves_with_its_place() -> None:
    rig = morphing(0.5)
    assert rig.tempo.segments[-1].bpm == pytest.approx(120)
    assert ("understood/swing", (pytest.approx(0.6),)) in [(p, a) for _, p, a in rig.told]
    rig.happen(ControlSet("morph/x", 1.0))
    assert rig.tempo.segments[-1].bpm == pytest.approx(240)
    assert ("understood/tempo", (240.0,)) in [(p, a) for _, p, a in rig.told]
    rig.until(rig.now + 3)
    assert set(first_notes(rig)) == {1}, "it is still the same take"
    assert (rig.places[0], rig.places[-1]) == (0.5, 1.0)
    assert rig.session.query("morph") == ("calm", "wild", 1.0)
    assert health(rig)[2] == 0


def test_the_place_of_a_morph_does_not_touch_a_take_of_one_prompt() -> None:
    rig = playing()
    before = len(rig.told)
    rig.happen(ControlSet("morph/x", 0.7))
    assert not [path for _, path, _ in rig.told[before:] if path == "cancelled"]
    assert rig.tempo.segments[-1].bpm == 160


def test_the_place_of_a_coming_morph_leaves_the_tempo_of_what_plays() -> None:
    rig = morphing(0.0)
    rig.happen(MorphRequested("wild", "wild", 0.0))
    rig.happen(ControlSet("morph/x", 0.9))
    assert rig.tempo.bpm_at(Ticks(rig.tempo.ticks_at(rig.now) + 1)) == 60
    rig.until(rig.now + 6)
    line = first_notes(rig)[2]
    assert (rig.tempo.bpm_at(Ticks(line - 1)), rig.tempo.bpm_at(line)) == (60, 240)


def test_a_flood_of_places_does_not_starve_the_band() -> None:
    rig = morphing(0.0)
    for i in range(200):
        rig.happen(ControlSet("morph/x", i / 200))
        rig.until(rig.now + 0.02)
    rig.until(rig.now + 2)
    assert rig.places[-1] == pytest.approx(199 / 200)
    rig.happen(StopRequested())
    assert rig.held == {}
