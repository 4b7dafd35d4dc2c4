from __future__ import annotations

import pytest

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.decoder.load import open_engine
from model.generation.composer import Composer
from model.music.harmony import CHARACTERISTIC_TONES, parse_chord, parse_key
from model.prompt.encoder import hash_encoder


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer(hash_encoder(), open_engine())


@pytest.mark.parametrize("mode", CHARACTERISTIC_TONES)
def test_a_mode_that_is_stated_is_mostly_told_by_its_chords_and_never_denied(composer: Composer, mode: str) -> None:
    scale, told = parse_key(f"A {mode}").pitch_classes, 0
    for seed in (1, 2, 3):
        song = clip(composer, ClipSpec(f"techno in A {mode}", seed, bars=8))
        chords = [parse_chord(symbol) for _, symbol in song.chords if symbol]
        told += any((9 + CHARACTERISTIC_TONES[mode]) % 12 in chord.pitch_classes for chord in chords)
        assert all({chord.root, (chord.root + 7) % 12} <= scale for chord in chords)
    assert told >= 2


@pytest.mark.parametrize(
    ("key", "symbol"),
    [("A phrygian", "Bb"), ("C dorian", "Eb"), ("C mixolydian", "Bb"), ("E dorian", "F#"), ("D lydian", "G#"), ("G# phrygian", "D#")],
)  # fmt: skip
def test_a_mode_is_spelled_as_the_major_key_of_its_tones(key: str, symbol: str) -> None:
    assert parse_key(key).flats == symbol.endswith("b")
