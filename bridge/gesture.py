"""What the hands hold, or have just struck → a chord, and when it was struck. Pure.

Keys that are down go before what only the pedal holds: who pedals through a change means the new chord. What comes a note
at a time is read in `bridge.broken`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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
LEAP = 3
BROKEN = 4
"""Notes that tell a broken chord from a melody."""
PLAIN = 1.6
"""What a chord may cost that was struck at once, for older keys to be taken for left over."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """A chord that was played and the moment it was struck; `late` tells that it was heard note by note."""

    chord: Chord
    at: Seconds
    late: bool = False


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


def held_chord(
    touches: Sequence[Touch], down: Sequence[Touch], key: Key | None, since: Seconds | None = None
) -> Gesture | None:
    """Return the chord of three or more keys that are held, or were struck together just now.

    Keys struck before `since` are not counted beside a whole chord that was struck after it: they are left over.
    """
    stroke = under_melody(last_stroke(touches))
    held = under_melody(down)
    together = stroke if len(stroke) >= 3 else []
    pitches = {t.pitch for t in (*held, *together)}
    if len(pitches) < 3:
        return None
    found = cheapest(pitches, key)
    if together:
        alone = cheapest([t.pitch for t in together], key)
        old = since is not None and any(t.at < since for t in held)
        if alone is not None and (found is None or alone[0] < found[0] - 1 or (old and alone[0] <= PLAIN)):
            found = alone
    if found is None or found[0] > MOST:
        return None
    struck = [t for t in stroke if t.pitch in pitches] or held
    return Gesture(found[1], min(t.at for t in last_stroke(sorted(struck, key=lambda t: t.at))))


def leaps(touches: Sequence[Touch]) -> float:
    """Return the share of leaps among the steps of a line: high in broken chords, low in melodies; 0 for a few notes."""
    steps = [abs(a.pitch - b.pitch) for a, b in pairwise(touches) if a.pitch != b.pitch]
    return sum(s >= LEAP for s in steps) / len(steps) if len(steps) >= BROKEN - 1 else 0.0


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
