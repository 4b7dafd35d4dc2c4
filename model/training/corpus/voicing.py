"""Harmony of a piece: a progression with its colours, and voicings that lead from chord to chord."""

from __future__ import annotations

from model.music.harmony import QUALITIES, Chord


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
