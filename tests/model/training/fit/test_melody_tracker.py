"""The weights of the melody tracker: what is learnt of songs, and what the command writes."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest

from model.analysis.key_finder import KEYS, HarmonyTables, KeyFilter
from model.analysis.melody_tracker import (
    BEAT_FEATURES,
    BEAT_LINE_FEATURES,
    PLACE_FEATURES,
    MelodyHarmonyTracker,
    MelodyNetwork,
)
from model.music.harmony import Chord, parse_chord, parse_key
from model.training.measures.clips import Clip
from model.weights import load, save
from tests.model.analysis.test_melody_tracker import TUNE, sung


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
