"""Harmony of a piece: a progression with its colours, and voicings that lead from chord to chord."""

from __future__ import annotations

import random

from model.harmony import QUALITIES, Chord, Key
from model.numerals import parse_progression

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


def voiced(chord: Chord, how: str, low: int, high: int, before: list[int]) -> list[int]:
    """Return the pitches of a chord, low to high, in a range; near the chord before where the voicing leads."""
    tones = [(chord.root + t) % 12 for t in QUALITIES[chord.quality]]
    root = chord.root
    match how:
        case "power":
            tones = [root, (root + 7) % 12]
        case "shell":
            tones = [t for t in tones if (t - root) % 12 in (3, 4, 5, 9, 10, 11)] or tones[1:]
            tones += [(root + 2) % 12] if len(QUALITIES[chord.quality]) > 4 else []
        case "rootless":
            tones = tones[1:] if len(tones) > 3 else tones
            tones = [t for t in tones if (t - root) % 12 != 7] if len(tones) > 4 else tones
        case _:
            tones = [t for t in tones if (t - root) % 12 != 7] if len(tones) > 5 else tones
    found = [_stacked(tones[i:] + tones[:i], low) for i in range(len(tones))]
    if how in ("power", "parallel"):
        found = found[:1]
    found += [[p + 12 for p in f] for f in found if f[-1] + 12 <= high]
    match how:
        case "open":
            found = [[*f[:1], *f[2:], f[1] + 12] if len(f) > 2 else f for f in found]
        case "drop2":
            found = [sorted([f[-2] - 12, *f[:-2], f[-1]]) if len(f) > 3 else f for f in found]
        case "power":
            found = [[*f, f[0] + 12] for f in found]
    fitting = [f for f in found if low - 5 <= f[0] and f[-1] <= high] or found[:1]
    if not before:
        middle = (low + high) / 2
        return min(fitting, key=lambda f: abs(sum(f) / len(f) - middle))
    return min(fitting, key=lambda f: (_moved(f, before), f))


def _stacked(tones: list[int], low: int) -> list[int]:
    pitches: list[int] = []
    floor = low
    for tone in tones:
        pitch = floor + (tone - floor) % 12
        pitches.append(pitch)
        floor = pitch + 1
    return pitches


def _moved(pitches: list[int], before: list[int]) -> float:
    """Return how far the voices move: the sum of distances to the nearest voice before, and of the top voice."""
    return sum(min(abs(p - b) for b in before) for p in pitches) + 0.5 * abs(pitches[-1] - before[-1])
