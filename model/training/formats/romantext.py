"""The subset of RomanText that automatic analyses use: bars, beats, keys and numerals with figures.

Written for speed (music21 takes over a second a piece); format: Tymoczko and others, "The RomanText Format",
ISMIR 2019.
"""

from __future__ import annotations

import re
from functools import cache

from model.music.harmony import MODES, Chord, Key, pitch_class

_NUMERAL = re.compile(r"([b#]*)(Cad|Ger|Fr|It|N|VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)([oø+]?)([\d]*)$")
_DEGREE = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
_INVERSION = {"": 0, "6": 1, "64": 2, "7": 0, "65": 1, "43": 2, "42": 3, "2": 3, "9": 0, "5": 0, "53": 0}
_SEVENTHS = {"7", "65", "43", "42", "2", "9"}


def analysis(text: str) -> list[tuple[int, float, Chord, Key]]:
    """Return (bar from 0, beats into the bar, chord, key) for every numeral that can be read."""
    found: list[tuple[int, float, Chord, Key]] = []
    key: Key | None = None
    for line in text.splitlines():
        match = re.match(r"m(\d+)\s+(.*)", line)
        if match is None:
            continue
        beat = 0.0
        for word in match.group(2).split():
            if re.fullmatch(r"b\d+(\.\d+)?", word):
                beat = float(word[1:]) - 1
            elif word.endswith(":") and re.fullmatch(r"[A-Ga-g][b#-]*:", word):
                name = word[:-1].replace("-", "b")
                mode = "minor" if name[0].islower() else "major"
                key = Key(pitch_class(name), mode, MODES[mode])
            elif key is not None:
                chord = numeral_chord(word, key)
                if chord is not None:
                    found.append((int(match.group(1)) - 1, beat, chord, key))
    return found


@cache
def numeral_chord(word: str, key: Key) -> Chord | None:
    """Return the chord of a numeral with figures ("V65/V", "viio7", "Cad64", "N6") in a key, or None."""
    said, _, of = word.partition("/")
    if of:
        tonic = numeral_chord(of.split("/")[0], key)
        if tonic is None:
            return None
        mode = "minor" if of.strip("b#")[:1].islower() else "major"
        return numeral_chord(said, Key(tonic.root, mode, MODES[mode]))
    match = _NUMERAL.fullmatch(said)
    if match is None:
        return None
    signs, degree, mark, figure = match.groups()
    tonic_, minor = key.tonic, key.minor
    match degree:
        case "Cad":
            return Chord(tonic_, "m" if minor else "", (tonic_ + 7) % 12)
        case "Ger" | "Fr" | "It":
            root = (tonic_ + 8) % 12  # sounds as the dominant seventh on the flat sixth
            return Chord(root, "7", root)
        case "N":
            root = (tonic_ + 1) % 12
            return Chord(root, "", (root + 4) % 12 if figure == "6" else root)
    step = _DEGREE[degree.lower()]
    lower = degree.islower()
    raised = minor and step == 6 and mark in ("o", "ø") and not signs
    above = key.scale[step] + raised + signs.count("#") - signs.count("b")
    root = (tonic_ + above) % 12
    seventh = figure in _SEVENTHS
    quality = _quality(lower, mark, seventh, root, key)
    chord = Chord(root, quality, root)
    inversion = _INVERSION.get(figure, 0)
    tones = {"": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10)}
    tones |= {
        "dim": (0, 3, 6),
        "dim7": (0, 3, 6, 9),
        "m7b5": (0, 3, 6, 10),
        "aug": (0, 4, 8),
        "aug7": (0, 4, 8, 10),
    }
    bass = (root + tones[quality][min(inversion, len(tones[quality]) - 1)]) % 12
    return Chord(chord.root, quality, bass)


def _quality(lower: bool, mark: str, seventh: bool, root: int, key: Key) -> str:
    match mark, seventh:
        case "o", _:
            return "dim7" if seventh else "dim"
        case "ø", _:
            return "m7b5"
        case "+", _:
            return "aug7" if seventh else "aug"
        case _, False:
            return "m" if lower else ""
    if lower:
        return "m7"
    return "maj7" if (root + 11) % 12 in key.pitch_classes and (root - key.tonic) % 12 != 7 else "7"
