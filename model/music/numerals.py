"""Roman numerals, progressions and the keys that chords are in. Pure; built on `model.music.harmony`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from model.music.harmony import (
    CHORD_QUALITIES,
    MODES,
    QUALITIES,
    SIGNS,
    SUFFIXES,
    Chord,
    Key,
    chord_symbol,
    note_name,
    parse_chord,
    parse_key,
)

_NUMERALS = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
_LOWER_SUFFIXES = frozenset(
    ["o", "°", "dim", "o7", "°7", "dim7", "ø", "ø7", "m7b5", "hdim7", "m", "m7", "m6", "m9", "sus2", "sus4"]
)
"""Suffixes that say the whole quality behind a lower-case numeral."""
_ROMAN = re.compile(r"([b#]?)(vii|vi|iv|v|iii|ii|i|VII|VI|IV|V|III|II|I)([^/]*)(?:/([b#]?[ivIV]+))?$")


def roman(text: str, key: Key) -> Chord:
    """Return the chord of a Roman numeral in a key: "ii7", "bVII", "V7/V", "viio7". Raises ValueError.

    Upper case is major, lower case minor. Degrees follow the key's mode, a sharp raises them (#vi in C minor is
    Am), a flat is meant against the major scale (bVI in C major is Ab).
    """
    match = _ROMAN.fullmatch(text.strip().translate(SIGNS))
    if match is None:
        raise ValueError(f"not a Roman numeral: {text!r} (say ii7, bVII, V7/V)")
    sign, digits, suffix, of = match.groups()
    if of:
        tonic = roman(of, key).root
        key = Key(tonic, "major", MODES["major"])
    steps = key.scale if len(key.scale) == 7 else MODES["minor" if key.minor else "major"]
    base = MODES["major"] if sign == "b" else steps
    root = (key.tonic + base[_NUMERALS[digits.lower()]] + {"": 0, "b": -1, "#": 1}[sign]) % 12
    lower = digits.islower()
    quality = SUFFIXES.get(suffix if not lower else "m" + suffix)
    if lower and suffix in _LOWER_SUFFIXES:
        quality = SUFFIXES[suffix]
    if not lower and suffix == "M7":
        quality = "maj7"
    if lower and suffix in ("M7", "maj7"):
        quality = "mmaj7"
    if quality is None:
        raise ValueError(f"unknown kind of chord: {text!r}")
    return Chord(root, quality, root)


def numeral(chord: Chord, key: Key) -> str:
    """Return the Roman numeral of a chord in a key, as `roman` reads it."""
    steps = key.scale if len(key.scale) == 7 else MODES["minor" if key.minor else "major"]
    above = (chord.root - key.tonic) % 12
    names = ("I", "II", "III", "IV", "V", "VI", "VII")
    if above in steps:
        name = names[steps.index(above)]
    else:
        raised = above - 1 in steps and above in MODES["major"]
        name = "#" + names[steps.index(above - 1)] if raised else "b" + names[MODES["major"].index((above + 1) % 12)]
    minor = 3 in QUALITIES[chord.quality] and 4 not in QUALITIES[chord.quality]
    suffix = chord.quality
    if minor:
        name = name.replace("I", "i").replace("V", "v")
        stated = CHORD_QUALITIES[suffix].numeral
        suffix = suffix.removeprefix("m") if stated is None else stated
    return name + suffix


def parse_progression(text: str, key: Key) -> tuple[tuple[Chord, ...], ...]:
    """Return the bars of a progression: symbols or Roman numerals, or degrees such as 4536251.

    One chord a bar, or bars separated by `|`; `%` repeats the bar before. Degrees of a minor key count from
    its relative major, as pop players write them. Raises ValueError.
    """
    plain = text.strip().translate(SIGNS)
    degrees = re.sub(r"[\s\-,]", "", plain)
    if re.fullmatch(r"[1-7]{2,32}", degrees):
        return tuple((_degree(int(d), key),) for d in degrees)
    bars: list[tuple[Chord, ...]] = []
    pieces = [p for p in plain.split("|") if p.strip()] if "|" in plain else _words(plain)
    for piece in pieces:
        if piece.strip() == "%" and bars:
            bars.append(bars[-1])
        else:
            bars.append(tuple(_chord_or_numeral(word, key) for word in _words(piece)))
    if not bars or len(bars) > 128:
        raise ValueError("a progression has 1 to 128 bars, such as Am F C G or ii V I")
    return tuple(bars)


def _words(text: str) -> list[str]:
    return [
        w
        for w in re.split(r"(?:[\s,;→>—]|(?<=\s)-(?=\s))+|(?<=[A-Za-z0-9)°ø+#])-(?=[#b]?[A-HIViv])", text.strip())
        if w
    ]


def _chord_or_numeral(word: str, key: Key) -> Chord:
    try:
        return parse_chord(word)
    except ValueError:
        return roman(word, key)


def _degree(degree: int, key: Key) -> Chord:
    tonic = (key.tonic + 3 * key.minor) % 12
    quality = ("", "m", "m", "", "", "m", "dim")[degree - 1]
    root = (tonic + MODES["major"][degree - 1]) % 12
    return Chord(root, quality, root)


def key_of(chords: Sequence[Chord]) -> Key:
    """Return the major or minor key that fits chords best; the first and the last decide a tie."""
    best, found = -1e9, Key(0, "major", MODES["major"])
    for tonic in range(12):
        for mode in ("major", "minor"):
            key = Key(tonic, mode, MODES[mode])
            leading = {(tonic + 7) % 12: {"", "7"}} if mode == "minor" else {}
            score = 0.0
            for chord in chords:
                tones = {(chord.root + i) % 12 for i in QUALITIES[chord.quality]}
                borrowed = chord.quality in leading.get(chord.root, set())
                score += 1 if borrowed else len(tones & key.pitch_classes) / len(tones) * 2 - 1
            for weight, chord in ((0.2, chords[0]), (0.1, chords[-1])):
                minor = 3 in QUALITIES[chord.quality] and 4 not in QUALITIES[chord.quality]
                if chord.root == tonic and minor == (mode == "minor"):
                    score += weight
            if score > best + 1e-9:
                best, found = score, key
    return found


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
        not (CHORD_QUALITIES[chord.quality].is_dominant or chord.quality == "")
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
