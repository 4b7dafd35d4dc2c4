"""Pitches that are held → the chord that they make. Pure.

Every root and quality of the music language is a template. What is missing of it, what is played beside it, a bass that is
not its root and a rarer quality each cost something; the cheapest is read.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from model.harmony import QUALITIES, Chord, Key

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
