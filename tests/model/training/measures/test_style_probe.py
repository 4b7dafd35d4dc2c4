"""Styles told apart by their notes, and prompts found by their clips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("symusic")
pytest.importorskip("lxml")

from model.training.measures import clips, probe, prompts
from model.training.measures.clips import Clip
from model.training.measures.features import WIDTH, features, straightened
from tests.model.training.measures.test_measures import BAR, made, notes


def beat(kind: str, seed: int, bars: int = 4) -> Clip:
    """Return drums and bass: kicks on every quarter, or on one and three with a snare on two and four."""
    rng = np.random.default_rng(seed)
    kicks = range(0, BAR * bars, 480 if kind == "four" else 960)
    drums = [(at, 120, 36) for at in kicks] + [(at + 960, 120, 38) for at in range(0, BAR * bars - 960, BAR)]
    drums += [(at, 120, 42) for at in range(0, BAR * bars, 240) if rng.random() < 0.8]
    bass = [(at + (240 if kind == "four" else 0), 200, 36 + int(rng.integers(5))) for at in kicks]
    return made(f"{kind}{seed}", bars, drums=notes(*drums), bass=notes(*bass))


def test_features_do_not_depend_on_tempo_key_or_octave() -> None:
    clip = beat("four", 1)
    higher = {part: n + np.array([0, 0, 3 * (part == "bass"), 0], np.int32) for part, n in clip.parts.items()}
    other = Clip("x", "x", clip.bars, clip.end, 171.0, "Eb major", higher, clip.chords)
    assert features(clip).shape == (WIDTH,)
    np.testing.assert_allclose(features(clip), features(other))


def test_swung_eighths_are_heard_as_straight_ones() -> None:
    straight = made(bass=notes(*[(240 * i, 120, 40) for i in range(16)]))
    swung = made(bass=notes(*[(480 * (i // 2) + 320 * (i % 2), 120, 40) for i in range(16)]))
    moved = straightened(swung).part("bass")
    np.testing.assert_array_equal(moved[:, clips.START], straight.part("bass")[:, clips.START])
    assert straightened(straight) is straight


def test_a_probe_tells_beats_apart_also_from_the_bass_alone() -> None:
    taught = [beat(kind, seed) for kind in ("four", "back") for seed in range(8)]
    found = probe.fit(taught, [c.name[:-1] for c in taught])
    asked = [beat(kind, seed) for kind in ("four", "back") for seed in (8, 9)]
    assert [found.predict(c) for c in asked] == ["four", "four", "back", "back"]
    only_bass = [made(c.name, bass=c.part("bass")) for c in asked]
    assert [found.predict(c) for c in only_bass] == ["four", "four", "back", "back"]


def test_what_has_something_of_two_styles_is_heard_to_have_both() -> None:
    taught = [beat(kind, seed) for kind in ("four", "back") for seed in range(8)]
    found = probe.fit(taught, [c.name[:-1] for c in taught])
    four, back = (beat(kind, 9) for kind in ("four", "back"))
    # the drums of one and the bass of the other
    both = replace(made("both", 4, drums=four.part("drums"), bass=back.part("bass")), label="four+back")
    one = replace(four, label="four+back")
    mixed, pure = (probe.between(found, [c]) for c in (both, one))
    assert mixed["share of the fainter"]["mean"] > 2 * pure["share of the fainter"]["mean"]
    for told in (mixed, pure):
        assert told["shared out"]["mean"] == 1  # with two styles in all each is among the likeliest three
        assert told["share of the two"]["mean"] == pytest.approx(1)
        assert told["both among the likeliest three"]["mean"] == told["either the likeliest"]["mean"] == 1


def test_a_clip_without_any_part_is_guessed_not_refused() -> None:
    taught = [beat(kind, seed) for kind in ("four", "back") for seed in range(3)]
    assert probe.fit(taught, [c.name[:-1] for c in taught]).predict(made()) in ("four", "back")


def test_one_label_alone_cannot_be_told_from_others() -> None:
    with pytest.raises(ValueError, match="two labels or more"):
        probe.fit([beat("four", 1)], ["four"])


def test_a_matcher_finds_the_prompt_of_clips_by_others() -> None:
    taught = [beat(kind, seed) for kind in ("four", "back") for seed in range(8)]
    vectors = np.array([[1.0, 0.1, 0.5] if c.name.startswith("four") else [0.0, 0.2, 0.5] for c in taught])
    matcher = prompts.fit(taught, vectors)
    candidates = np.array([[0.9, 0.1, 0.5], [0.1, 0.15, 0.5]])
    assert [matcher.choose(beat(kind, 9), candidates) for kind in ("four", "back")] == [0, 1]
