"""What MusicXML and ABC call keys, pitches and kinds of chords. Pure."""

from __future__ import annotations

from model.music.harmony import MODES, QUALITIES, Chord, Key, note_name

_FIFTHS = "FCGDAEB"
_CHURCH = ("dorian", "phrygian", "lydian", "mixolydian", "locrian")
KINDS = {
    "": "major", "m": "minor", "7": "dominant", "maj7": "major-seventh", "m7": "minor-seventh", "dim": "diminished",
    "aug": "augmented", "sus2": "suspended-second", "sus4": "suspended-fourth", "6": "major-sixth", "m6": "minor-sixth",
    "m7b5": "half-diminished", "dim7": "diminished-seventh", "mmaj7": "major-minor", "aug7": "augmented-seventh",
    "9": "dominant-ninth", "maj9": "major-ninth", "m9": "minor-ninth", "11": "dominant-11th", "m11": "minor-11th",
    "13": "dominant-13th", "maj13": "major-13th", "5": "power",
}  # fmt: skip
"""MusicXML's kind of each quality that has one."""
NO_ELEVENTH = ("11", "m11", "13", "maj13")
"""Qualities whose kind has tones that ours leave out, as players do."""
_DEGREES = {
    1: (9, -1),
    2: (9, 0),
    3: (9, 1),
    5: (11, 0),
    6: (11, 1),
    8: (13, -1),
    9: (13, 0),
    10: (7, 0),
    11: (7, 1),
    7: (5, 0),
    4: (3, 0),
}
"""Degree and alteration of a tone in semitones above the root, as MusicXML counts an added one: beside a dominant chord."""

Degree = tuple[int, int, str]
"""Degree, alteration, and add, alter or subtract."""


def spelled(pitch_class: int, key: Key) -> tuple[str, int]:
    """Return the letter of a pitch class in a key, and how much it is raised."""
    name = note_name(pitch_class, key)
    return name[0], {"": 0, "#": 1, "b": -1}[name[1:]]


def signature(key: Key) -> tuple[int, str]:
    """Return sharps (flats below 0) and the mode: of a church mode its own, of other scales those of the nearest major or minor."""
    if key.mode in _CHURCH:
        home = (key.tonic - MODES["major"][("ionian", *_CHURCH[:4], "aeolian", "locrian").index(key.mode)]) % 12
        sharps = home * 7 % 12
        return sharps - 12 if sharps > 6 or (sharps == 6 and key.flats) else sharps, key.mode
    name = key.signature
    letter, minor = name.removesuffix("m"), name.endswith("m")
    sharps = _FIFTHS.index(letter[0]) - 1 + 7 * (letter[1:] == "#") - 7 * (letter[1:] == "b")
    return sharps - 3 * minor, "minor" if minor else "major"


def altered_letters(sharps: int) -> dict[str, int]:
    """Return the letters that a signature raises or lowers."""
    return dict.fromkeys(_FIFTHS[:sharps], 1) if sharps > 0 else dict.fromkeys(_FIFTHS[::-1][:-sharps], -1)


def kind(chord: Chord) -> tuple[str, tuple[Degree, ...]]:
    """Return MusicXML's kind of a chord, and the degrees in which it differs from that."""
    if chord.quality in KINDS:
        return KINDS[chord.quality], ()
    tones = frozenset(QUALITIES[chord.quality])

    def unlike(name: str) -> tuple[int, int]:
        theirs = frozenset(QUALITIES[name])
        # an added seventh is read as a minor or a major one, as programs please: it is in the kind
        return len(tones ^ theirs) + 9 * ((tones ^ theirs) & {10, 11} != set()), len(theirs)

    base = min((name for name in KINDS if name not in NO_ELEVENTH), key=unlike)
    given = frozenset(QUALITIES[base])
    more, less = sorted(tones - given), sorted(given - tones)
    degrees: list[Degree] = []
    if 7 in less and (bent := [tone for tone in more if tone in (6, 8)]):
        degrees.append((5, bent[0] - 7, "alter"))
        more.remove(bent[0])
        less.remove(7)
    degrees += [(*_DEGREES[tone], "add") for tone in more]
    degrees += [(_DEGREES[tone][0] if tone != 3 else 3, 0, "subtract") for tone in less]
    return KINDS[base], tuple(degrees)
