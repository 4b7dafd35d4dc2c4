"""Lines on other chords: which notes of a tune rub, and where they move. Pure."""

from __future__ import annotations

from model.music.harmony import Chord, Key


def rubs(pitch: int, chord: Chord, key: Key) -> bool:
    """Return True if a pitch that is no tone of a chord lies a semitone above one, or outside the key."""
    tones = chord.pitch_classes
    return pitch % 12 not in tones and ((pitch - 1) % 12 in tones or pitch % 12 not in key.pitch_classes)


def grates(pitch: int, chord: Chord, key: Key) -> bool:
    """Return True if a tone of a chord that is outside the key takes a pitch's place: E flat over C major in C minor."""
    outside = chord.pitch_classes - key.pitch_classes
    return pitch % 12 not in chord.pitch_classes and any((pitch + step) % 12 in outside for step in (-1, 1))


def moved_pitch(pitch: int, source: Chord, chord: Chord, key: Key, *, strong: bool) -> int:
    """Return a melody's pitch moved from one chord to another: to the nearest tone of the chord on a strong beat, where it was one.

    Others move by the steps of the scale that the root moves, the short way; a pitch outside the scale stays where it is.
    """
    if strong:
        if pitch % 12 in chord.pitch_classes:
            return pitch
        near = sorted(range(max(0, pitch - 6), min(127, pitch + 6) + 1), key=lambda p: (abs(p - pitch), p))
        return next(p for p in near if p % 12 in chord.pitch_classes)
    scale = [p for p in range(128) if p % 12 in key.pitch_classes]
    classes = sorted(key.pitch_classes)
    if pitch not in scale or source.root not in classes or chord.root not in classes:
        return pitch
    steps = (classes.index(chord.root) - classes.index(source.root)) % len(classes)
    steps -= len(classes) * (steps > len(classes) // 2)
    at = scale.index(pitch) + steps
    return scale[at] if 0 <= at < len(scale) else pitch
