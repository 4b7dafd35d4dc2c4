"""The harmony and the key of a melody, from what has sounded."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.follow.loop_detection import same_harmony
from model.analysis.key_finder import KEYS, HarmonyTables, KeyFilter
from model.analysis.melody_tracker import (
    BEAT_FEATURES,
    BEAT_LINE_FEATURES,
    PLACE_FEATURES,
    TRIADS,
    BeatPlace,
    MelodyHarmonyTracker,
    MelodyNetwork,
    beat_features,
    beat_line_features,
    extend_triad,
)
from model.music.harmony import Chord, parse_chord, parse_key
from model.training.measures.clips import Clip
from model.weights import load, save

HELD = float("inf")


def sung(continuo: MelodyHarmonyTracker, bars: list[list[int]]) -> list[Chord]:
    """Sing bars of four quarters; return the chord that is believed in at the end of each."""
    found, before = [], None
    for bar in bars:
        for beat, pitch in enumerate(bar):
            continuo.beat(BeatPlace(beat, 4), before)
            chord = continuo.chord(beat_line_features([(0.0, HELD, pitch)]))
            before = beat_features([(0.0, 1.0, pitch)], 1.0)
        found.append(chord)
    return found


TUNE = [[60, 64, 67, 64], [65, 69, 72, 69], [67, 71, 74, 71], [72, 67, 64, 60]]


def test_a_tune_of_broken_chords_stands_on_them() -> None:
    continuo = MelodyHarmonyTracker()
    assert [c.root for c in sung(continuo, TUNE)] == [0, 5, 7, 0]
    assert continuo.key == parse_key("C major")


def test_the_same_tune_higher_has_the_same_harmony_higher() -> None:
    for up in range(12):
        here, there = MelodyHarmonyTracker(), MelodyHarmonyTracker()
        low, high = sung(here, TUNE), sung(there, [[p + up for p in bar] for bar in TUNE])
        assert high == [Chord((c.root + up) % 12, c.quality, (c.bass + up) % 12) for c in low]


def test_a_key_that_is_locked_stays_and_one_that_is_not_any_more_is_found() -> None:
    continuo = MelodyHarmonyTracker()
    continuo.set_key(parse_key("E minor"))
    sung(continuo, TUNE)
    assert continuo.key == parse_key("E minor")
    continuo.set_key(None)
    assert continuo.key == parse_key("C major")


def test_a_note_on_the_line_is_answered_before_it_has_sounded() -> None:
    continuo = MelodyHarmonyTracker()
    sung(continuo, TUNE[:1])
    continuo.beat(BeatPlace(0, 4), beat_features([(0.0, 1.0, 64)], 1.0))
    assert continuo.chord(beat_line_features([(0.0, HELD, 65), (0.0, HELD, 69)])).root == 5


def test_what_was_heard_before_a_beginning_is_forgotten() -> None:
    continuo, fresh = MelodyHarmonyTracker(), MelodyHarmonyTracker()
    sung(continuo, [[p + 6 for p in bar] for bar in TUNE])
    continuo.begin()
    assert sung(continuo, TUNE) == sung(fresh, TUNE)


def test_a_stroke_counts_for_the_line_that_it_is_meant_for() -> None:
    early, on, late = ((moment, 1.2, 60) for moment in (-0.2, 0.1, 0.4))
    assert beat_line_features([early]).tolist() == beat_line_features([on]).tolist() == [1.0, *[0.0] * 23]
    assert not beat_line_features([late]).any()
    assert beat_line_features([(-0.5, 1.2, 60)]).tolist() == [*[0.0] * 12, 1.0, *[0.0] * 11], "held over it"


def test_a_beat_is_heard_by_length_strokes_line_and_last_tone() -> None:
    long, struck, line, last = beat_features([(-1.0, 0.5, 60), (0.0, 0.5, 64), (0.5, 1.5, 67)], 2.0).reshape(4, 12)
    assert {p: float(t) for p, t in enumerate(long) if t} == {0: 1.0, 4: 1.0, 7: 1.0}
    assert np.flatnonzero(struck).tolist() == [4, 7]
    assert np.flatnonzero(line).tolist() == [4]
    assert np.flatnonzero(last).tolist() == [7]


@given(st.integers(0, 11), st.sampled_from(TRIADS), st.integers(0, 11))
def test_a_chord_that_bears_a_tone_keeps_its_root_and_its_third(root: int, kind: str, tone: int) -> None:
    plain = Chord(root, kind, root)
    borne = extend_triad(plain, tone, None)
    if tone in plain.pitch_classes:
        assert borne is None, "it bears it already"
    elif borne is not None:
        assert tone in borne.pitch_classes
        assert (borne.root, borne.bass) == (root, root)
        assert same_harmony(borne, plain)
        assert len(borne.pitch_classes) <= 4


def test_what_is_foreign_to_the_key_is_not_borne() -> None:
    key = parse_key("C major")
    assert extend_triad(Chord(0, "", 0), 11, key) == Chord(0, "maj7", 0)
    assert extend_triad(Chord(0, "", 0), 10, key) is None
    assert extend_triad(Chord(0, "", 0), 10, None) == Chord(0, "7", 0)


def tune(key: str, up: int) -> Clip:
    """Return the tune as a song in a key, so much higher."""
    pitches = [p + up for bar in TUNE for p in bar] * 8
    notes = np.array([(i * 480, 480, p, 80) for i, p in enumerate(pitches)], np.int32)
    roots = [(parse_key(key).tonic + root) % 12 for root in (0, 5, 7, 0)] * 8
    return Clip(
        name=key,
        group=key,
        bars=tuple((i * 1920, "4/4") for i in range(32)),
        end=32 * 1920,
        tempo=100.0,
        key=key,
        parts={"melody": notes},
        chords=tuple((i * 1920, parse_chord("C") if r == 0 else Chord(r, "", r)) for i, r in enumerate(roots)),
        source="pop909",
        split="train",
    )


def test_a_song_is_heard_alike_in_every_key() -> None:
    from model.training.fit.melody_tracker import song

    low, high = (song(tune(key, up), random.Random(0)) for key, up in (("C major", 0), ("G major", 7)))
    assert np.array_equal(low.beat_features, high.beat_features)
    assert np.array_equal(low.told, high.told)


@pytest.mark.long
def test_a_network_learns_and_says_in_numpy_what_it_says_in_torch(tmp_path: Path) -> None:
    import torch

    from model.training.fit.melody_tracker import arrays, song, train

    songs = [song(tune("C major", 0), random.Random(seed)) for seed in range(4)]
    fit = train(songs, 0, 90, batch=8)
    told = songs[0].beat_features[:24].astype(np.float32)
    with torch.no_grad():
        chords, keys = fit(torch.from_numpy(told)[None])
    asked = np.array(songs[0].told[:24])
    assert (chords[0].argmax(-1).numpy() == asked).mean() > 0.8
    save(tmp_path / "x.safetensors", arrays([fit]), {})
    network = MelodyNetwork(load(tmp_path / "x.safetensors")[0])
    states = network.initial_states()
    for row in np.repeat(told[:, None], KEYS, 1):
        states = network.step(states, row[:, : BEAT_FEATURES + PLACE_FEATURES])
    over, likely = network.predict(states, np.repeat(told[-1:, -BEAT_LINE_FEATURES:], KEYS, 0))
    assert np.allclose(over[0], torch.softmax(chords[0, -1], -1).numpy(), atol=0.02), "but for its eight bits"
    assert np.allclose(likely, 1 / KEYS), "every row was told the same"
    assert keys.shape == (1, 24)


def test_the_command_writes_what_the_continuo_and_the_filter_of_keys_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model.training.fit.melody_tracker import main
    from model.training.measures import clips

    clips.save(tmp_path / "songs.npz", [tune("C major", 0), tune("G major", 7)])
    out = tmp_path / "x.safetensors"
    asked = ["--human", str(tmp_path / "songs.npz"), "--steps", "2", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["continuo", *asked])
    main()
    arrays, _ = load(out)
    continuo, keys = MelodyHarmonyTracker(MelodyNetwork(arrays)), KeyFilter(HarmonyTables.of(arrays))
    sung(continuo, TUNE)
    for pitch in TUNE[0]:
        keys.observe(np.eye(12)[pitch % 12])
    assert keys.keys(np.zeros(12)).argmax() in (0, 7), "of the two keys that it knows"
    assert keys.keys(np.zeros(12)).sum() == pytest.approx(1)
