"""Lines on other chords: which notes of a tune rub, and where they move. Pure."""

from __future__ import annotations

from collections.abc import Sequence

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


STEP_COST, FITS, RISES = 0.12, 0.6, (2, 3, 1)
"""What a step of the scale away from where it was costs a bar that is sung again, in shares of what is heard on the chord; the share from
which a bar may rise; and by how many steps, the best way first."""
WAYS = (0, 1, -1, 2, -2, 3, -3)
Heard = tuple[int, float]
"""A pitch, and how much it is heard."""


def stepped(pitch: int, steps: int, key: Key) -> int:
    """Return a pitch so many steps of the scale away; one outside the scale goes with the scale's next one below."""
    scale = [p for p in range(128) if p % 12 in key.pitch_classes]
    below = max((i for i, p in enumerate(scale) if p <= pitch), default=0)
    return scale[min(len(scale) - 1, max(0, below + steps))] + pitch - scale[below]


def fits(heard: Sequence[Heard], chord: Chord, key: Key) -> float:
    """Return how much of what is heard lies on a chord, -1..1: a tone of it counts 1, one that rubs -1."""
    whole = sum(weight for _, weight in heard)
    tones = chord.pitch_classes
    found = sum(weight * ((p % 12 in tones) - rubs(p, chord, key)) for p, weight in heard)
    return found / whole if whole else 1.0


def sequenced(heard: Sequence[Heard], chord: Chord, key: Key, highest: int) -> int:
    """Return by how many steps of the scale a bar moves to be sung again over another chord: none, where it fits as well as elsewhere.

    It goes no higher than a pitch, or than it was.
    """
    top = max(p for p, _ in heard)

    def worth(steps: int) -> float:
        return fits([(stepped(p, steps, key), w) for p, w in heard], chord, key) - STEP_COST * abs(steps)

    return max((w for w in WAYS if w <= 0 or stepped(top, w, key) <= highest), key=worth)


def risen(heard: Sequence[Heard], chord: Chord, key: Key, highest: int) -> int:
    """Return by how many steps of the scale a bar is lifted when a phrase comes again: the first of some that fits, else none."""
    for steps in RISES:
        moved = [(stepped(p, steps, key), w) for p, w in heard]
        if fits(moved, chord, key) >= FITS and max(p for p, _ in moved) <= highest:
            return steps
    return 0
