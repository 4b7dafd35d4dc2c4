"""What the hands hold, or have just struck → a chord, and when it was struck. Pure.

Keys that are down go before what only the pedal holds: who pedals through a change means the new chord. Notes that come one
by one make a chord together since the last one that did not belong to it (broken chords, Alberti basses).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.clock import Seconds
from bridge.hands import Touch
from bridge.reading import MOST, cheapest
from model.harmony import Chord, Key

STROKE = Seconds(0.080)
"""Notes struck within this of one another are one stroke: a chord, perhaps rolled."""
SETTLED = Seconds(0.030)
"""A stroke is read when nothing was added to it for so long."""
GAP = 8
"""Semitones between the hands: one or two notes so far above three are a melody over them."""
LOW = 52
"""A lone note below this is a bass."""
SURE, PARTLY = 1.6, 1.3
"""What three and two pitch classes of a broken chord may cost."""
LEAP = 3
LEAPING = 0.7
"""Share of intervals of a broken chord that are leaps."""
BROKEN = 4
"""Notes that tell a broken chord from a melody."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """A chord that was played and the moment it was struck."""

    chord: Chord
    at: Seconds


def last_stroke(touches: Sequence[Touch]) -> list[Touch]:
    """Return the notes struck together with the last one."""
    return [t for t in touches if t.at >= touches[-1].at - STROKE] if touches else []


def under_melody(touches: Sequence[Touch]) -> list[Touch]:
    """Return the notes without those of a melody high above three others."""
    rising = sorted(touches, key=lambda t: t.pitch)
    for i in (len(rising) - 1, len(rising) - 2):
        if i >= 3 and rising[i].pitch - rising[i - 1].pitch >= GAP:
            return sorted(rising[:i], key=lambda t: t.at)
    return list(touches)


def held_chord(touches: Sequence[Touch], down: Sequence[Touch], key: Key | None) -> Gesture | None:
    """Return the chord of three or more keys that are held, or were struck together just now."""
    stroke = under_melody(last_stroke(touches))
    held = under_melody(down)
    together = stroke if len(stroke) >= 3 else []
    pitches = {t.pitch for t in (*held, *together)}
    if len(pitches) < 3:
        return None
    found = cheapest(pitches, key)
    if together:
        alone = cheapest([t.pitch for t in together], key)
        if alone is not None and (found is None or alone[0] < found[0] - 1):
            found = alone
    if found is None or found[0] > MOST:
        return None
    struck = [t for t in stroke if t.pitch in pitches] or held
    return Gesture(found[1], min(t.at for t in last_stroke(sorted(struck, key=lambda t: t.at))))


def broken_chord(touches: Sequence[Touch], key: Key | None, first: Seconds | None) -> Gesture | None:
    """Return the chord of notes that came one by one.

    `first` is when a note came that did not belong to the chord before; then two notes, or a lone bass, are enough.
    """
    if not touches:
        return None
    at = touches[0].at if first is None else first
    classes = {t.pitch % 12 for t in touches}
    if len(classes) == 1:
        if first is None or touches[0].pitch >= LOW or key is None:
            return None
        return Gesture(on_bass(touches[0].pitch % 12, key), at)
    found = cheapest([t.pitch for t in touches], key)
    if found is None or (len(classes) == 2 and first is None):
        return None
    return Gesture(found[1], at) if found[0] <= (PARTLY if len(classes) == 2 else SURE) else None


def leaps(touches: Sequence[Touch]) -> bool:
    """Whether a line of single notes is a broken chord rather than a melody."""
    if len(touches) < BROKEN:
        return False
    steps = [abs(a.pitch - b.pitch) for a, b in itertools.pairwise(touches) if a.pitch != b.pitch]
    classes = {t.pitch % 12 for t in touches}
    large = sum(s >= LEAP for s in steps)
    return len(steps) >= BROKEN - 1 and len(classes) <= 5 and large >= LEAPING * len(steps)


def on_bass(bass: int, key: Key) -> Chord:
    """Return the chord of a key that a bass note alone asks for: the triad on it; under a diminished one the dominant."""
    scale = key.pitch_classes
    third = 3 if (bass + 3) % 12 in scale and (bass + 4) % 12 not in scale else 4
    fifth = 7 if (bass + 7) % 12 in scale or (bass + 6) % 12 not in scale else 6
    if fifth == 6 and third == 3:
        below = (
            bass + 8
        ) % 12  # the leading tone bears the dominant, the second of minor its subdominant's sixth
        return Chord(below, "", bass) if (key.tonic - 1) % 12 == bass else Chord(bass, "dim", bass)
    return Chord(bass, "m" if third == 3 else "", bass)
