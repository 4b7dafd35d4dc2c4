"""Harmony of a piece: a progression with its colours, and voicings that lead from chord to chord."""

from __future__ import annotations

import random

from model.music.harmony import QUALITIES, Chord, Key
from model.music.numerals import parse_progression

SEVENTHS = {"": "maj7", "m": "m7", "dim": "m7b5", "sus4": "7sus4"}
NINTHS = {"": "maj9", "m": "m9", "maj7": "maj9", "m7": "m9", "7": "9", "6": "69", "7sus4": "7sus4"}
RICHEST = {"7": "13", "9": "13", "m9": "m11", "maj9": "maj13", "m7": "m11", "m7b5": "m7b5"}
ADDED = {"": ("add9", "sus2", "6"), "m": ("madd9", "m7", "m6")}


def fit(which: str, key: Key) -> float:
    """Return the share of a progression's tones that lie in a key."""
    tones = [p for bar in parse_progression(which, key) for c in bar for p in c.pitch_classes]
    return sum(p in key.pitch_classes for p in tones) / len(tones)


def progression(which: str, key: Key, colour: float, rng: random.Random) -> list[list[Chord]]:
    """Return the chords of each bar of one round, coloured: 0 plain triads, 1 elevenths and thirteenths."""
    bars = parse_progression(which, key)
    return [[_coloured(c, key, colour, rng) for c in bar] for bar in bars]


def _coloured(chord: Chord, key: Key, colour: float, rng: random.Random) -> Chord:
    quality = chord.quality
    dominant = (
        quality == "" and (chord.root + 10) % 12 in key.pitch_classes and (chord.root - key.tonic) % 12 == 7
    )
    draw = colour + rng.uniform(-0.18, 0.18)
    if draw > 0.3 and quality in SEVENTHS:
        quality = (
            "7"
            if dominant or ((chord.root + 11) % 12 not in key.pitch_classes and quality == "")
            else SEVENTHS[quality]
        )
    elif draw > 0.18 and quality in ADDED and rng.random() < 0.5:
        quality = rng.choice(ADDED[quality])
    if draw > 0.58:
        quality = NINTHS.get(quality, quality)
    if draw > 0.82:
        quality = RICHEST.get(quality, quality)
    if draw > 0.75 and quality in ("7", "9", "13") and (chord.root - key.tonic) % 12 == 7 and key.minor:
        quality = rng.choice(("7b9", "7#9", "7alt"))
    if quality not in QUALITIES:
        quality = chord.quality
    return Chord(chord.root, quality, chord.bass)
