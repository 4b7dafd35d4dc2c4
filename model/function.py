"""What a chord does in its key, in plain words, for learners. Pure."""

from __future__ import annotations

from model.harmony import Chord, Key, chord_symbol, note_name, parse_chord, parse_key
from model.numerals import numeral

_MAJOR = {
    0: "home", 2: "a step away from home, on the way to the dominant", 4: "a soft neighbour of home",
    5: "the subdominant, a step away from home", 7: "the dominant, which pulls home to {home}",
    9: "the relative minor, a darker home", 11: "full of tension, one semitone below home",
    10: "borrowed from the minor key, open and rocky", 8: "borrowed from the minor key, dark and wide",
    3: "borrowed from the minor key", 1: "a semitone above home, falling towards it", 6: "as far from home as can be",
}  # fmt: skip
_MINOR = {
    0: "home", 2: "tense, on the way to the dominant", 3: "the relative major, a brighter home",
    5: "the subdominant, a step away from home", 7: "the dominant, which pulls home to {home}",
    8: "wide and warm, away from home", 10: "open, leading on to the relative major or back home",
    11: "full of tension, one semitone below home", 9: "a brighter sixth, borrowed from the dorian mode",
    4: "borrowed from the major key", 1: "a semitone above home, falling towards it", 6: "as far from home as can be",
}  # fmt: skip
_DOMINANTS = frozenset({"7", "9", "13", "7b9", "7#9", "7alt", "aug7", "7sus4"})


def role(chord: Chord, key: Key) -> str:
    """Return what a chord does, such as "the dominant, which pulls home to C"."""
    above = (chord.root - key.tonic) % 12
    home = chord_symbol(Chord(key.tonic, "m" if key.minor else "", key.tonic), key.flats)
    aim = applied(chord, key)
    if aim is not None:
        return f"a dominant of {note_name(aim, key.flats)}, which wants to hear that chord next"
    return (_MINOR if key.minor else _MAJOR)[above].format(home=home)


def applied(chord: Chord, key: Key) -> int | None:
    """Return the root that a secondary dominant points to, None where a chord is none."""
    aim = (chord.root + 5) % 12
    raised = (chord.root + 4) % 12 not in key.pitch_classes
    if (
        chord.quality not in _DOMINANTS | {""}
        or aim == key.tonic
        or aim not in key.pitch_classes
        or not raised
    ):
        return None
    return aim


def sentence(symbol: str, key: str) -> str:
    """Return one plain sentence on a chord that sounds in a key. Raises ValueError where one of them is unknown."""
    chord, in_key = parse_chord(symbol), parse_key(key)
    return f"{symbol} is {numeral(chord, in_key)} in {in_key.name}: {role(chord, in_key)}."
