"""What the hands hold, or have just struck → a chord, and when it was struck. Pure.

Keys that are down go before what only the pedal holds: who pedals through a change means the new chord. What comes a note
at a time is read in `bridge.follow.arpeggio`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bridge.clock import Seconds
from bridge.follow.keyboard import Hands, Touch
from model.music.harmony import QUALITIES, Chord, Key

MOST = 3.4
"""A chord that costs more is none: what is held is a cluster, or too little."""


BESIDE = 3.0
"""Cost of a pitch class beside the template's."""


NO_ROOT, NO_THIRD, NO_FIFTH, NO_SEVENTH, NO_COLOUR = 3.5, 3.0, 0.8, 2.0, 1.5


FOREIGN = 0.5
"""Cost of a chord with a tone outside the key, where one is known; as much again for a root outside it."""


FOREIGN_BASS = 2.2
"""Cost of a bass that is no chord tone: C/D, F/G."""


_INVERTED = {3: 0.9, 4: 0.9, 7: 1.0}
"""Cost of a bass that is the third or fifth; other tones cost more."""


_OTHER_BASS = 1.3


_RARE = {
    "": 0.0, "m": 0.0, "7": 0.3, "maj7": 0.3, "m7": 0.3, "dim": 0.4, "sus4": 0.5, "sus2": 0.6, "5": 0.5, "m7b5": 0.5,
    "dim7": 0.5, "aug": 0.6, "add9": 0.5, "madd9": 0.5, "6": 0.7, "m6": 0.8, "7sus4": 0.5, "mmaj7": 0.6, "aug7": 0.6,
    "9": 0.6, "maj9": 0.6, "m9": 0.6, "69": 0.8, "11": 0.8, "m11": 0.9, "13": 0.8, "maj13": 0.9, "7b9": 0.6, "7#9": 0.7,
    "7alt": 0.8,
}  # fmt: skip


def read(pitches: Collection[int], key: Key | None = None) -> Chord | None:
    """Return the chord of some MIDI pitches, the lowest its bass; None for less than two pitch classes or a cluster."""
    found = cheapest(pitches, key)
    return found[1] if found is not None and found[0] <= MOST else None


def cheapest(pitches: Collection[int], key: Key | None = None) -> tuple[float, Chord] | None:
    """Return the chord that suits best with what it costs; None for less than two pitch classes."""
    played = frozenset(p % 12 for p in pitches)
    if len(played) < 2:
        return None
    return _cheapest(played, min(pitches) % 12, None if key is None else (key.tonic, key.pitch_classes))


@lru_cache(2048)
def _cheapest(
    played: frozenset[int], bass: int, key: tuple[int, frozenset[int]] | None
) -> tuple[float, Chord]:
    costs: list[tuple[float, int, int, Chord]] = []
    for number, (quality, tones) in enumerate(QUALITIES.items()):
        for root in range(12):
            classes = frozenset((root + t) % 12 for t in tones)
            cost = _cost(classes, root, quality, played, bass)
            if key is not None:
                cost += FOREIGN * ((not classes <= key[1]) + (root not in key[1]))
            costs.append((cost, number, root, Chord(root, quality, bass)))
    cost, _, _, chord = min(costs, key=lambda c: c[:3])
    return cost, chord


def _cost(classes: frozenset[int], root: int, quality: str, played: frozenset[int], bass: int) -> float:
    beside = played - classes
    cost = _RARE[quality]
    if bass in beside:
        beside -= {bass}
        cost += FOREIGN_BASS
    elif bass != root:
        cost += _INVERTED.get((bass - root) % 12, _OTHER_BASS)
    cost += BESIDE * len(beside)
    if quality == "5" and len(played) > 2:
        cost += BESIDE
    tones = QUALITIES[quality]
    third = next((t for t in (3, 4) if t in tones), tones[1] if "sus" in quality else None)
    if quality == "7sus4":
        third = 5
    for pitch in classes - played:
        away = (pitch - root) % 12
        if away == 0:
            cost += NO_ROOT
        elif away == third:
            cost += NO_THIRD
        elif away == 7:
            cost += (
                NO_FIFTH if 3 in tones or 4 in tones else NO_COLOUR
            )  # without a third it is half the chord
        elif away in (6, 8) or (away in (9, 10, 11) and len(tones) == 4):
            cost += NO_SEVENTH
        else:
            cost += NO_COLOUR
    return cost


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


BREAKING, SINGING = 0.7, 0.5
"""Shares of leaps in a line from which on it is a broken chord, and below which it is a melody."""


BASS = LOW + 3
"""A line that stays below this is a bass."""


LOOKED_BACK, TRUSTED = 4, 8
"""Beats that are looked at; and for so long after three notes sounded at once hands play chords."""


def manner(hands: Hands, before: str | None, key: Key | None, now: Seconds, length: float) -> str | None:
    """Return what the hands play, `before` being what they were thought to; `length` is a beat's in seconds."""
    recent = hands.since(Seconds(now - LOOKED_BACK * length))
    if held_chord(recent, hands.down, key) is not None:
        return "chords"
    if not recent or (before == "chords" and _chord_since(hands, Seconds(now - TRUSTED * length))):
        return before
    low = max(t.pitch for t in recent) < BASS
    if low and before != "chords":
        return "bass"
    share = leaps(recent)
    if share >= BREAKING or (before == "chords" and (share >= SINGING or len(recent) < BROKEN)):
        return "chords"
    return "bass" if low else "melody"


def _chord_since(hands: Hands, moment: Seconds) -> bool:
    """Whether three notes sounded at once since a moment; what the pedal blurs counts."""
    struck = hands.since(moment)
    return any(sum(u.sounds_at(t.at) for u in struck) >= 3 for t in struck)
