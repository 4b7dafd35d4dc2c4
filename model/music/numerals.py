"""Roman numerals and the keys that chords are in. Pure; built on `model.music.harmony`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from model.music.harmony import (
    MODES,
    QUALITIES,
    SIGNS,
    Chord,
    Key,
    chord_symbol,
    note_name,
    parse_chord,
    parse_key,
    quality_of,
    suffix_quality,
)

_NUMERALS = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
_WHOLE = re.compile(r"m(?!aj)|-|mi|dim|o|°|ø|h|sus|\+|aug|5")
"""How a suffix begins that says the whole quality behind a lower-case numeral; before any other an m is meant."""
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
    quality = suffix_quality(suffix if not digits.islower() or _WHOLE.match(suffix) else "m" + suffix)
    if quality is None:
        raise ValueError(f"unknown kind of chord: {text!r}")
    return Chord(root, quality, root, sign if (root - key.tonic) % 12 in (1, 3, 6, 8, 10) else "")


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
        stated = quality_of(suffix).numeral
        suffix = suffix.removeprefix("m") if stated is None else stated
    return name + suffix


def numeral_before(chord: Chord, after: Chord | None, key: Key) -> str:
    """Return the Roman numeral of a chord by what follows: V7/V for a dominant of another chord of the key, viio7/V for its leading tone's."""
    plain = numeral(chord, key)
    aim = applied(chord, key)
    tones = {(chord.root + i) % 12 for i in QUALITIES[chord.quality]}
    follows = after is not None and after.root
    fifth, semitone = (chord.root + 5) % 12, (chord.root + 1) % 12
    if aim is None and chord.root == key.tonic and 10 in QUALITIES[chord.quality] and 4 in QUALITIES[chord.quality]:
        # I7 before IV; in a blues, where IV has its seventh too, it is home
        calm = after is not None and not quality_of(after.quality).is_dominant
        aim = fifth if follows == fifth and calm and not tones <= key.pitch_classes else None
    if aim is not None and (quality_of(chord.quality).is_dominant or follows == aim):
        return f"V{chord.quality}/{_diatonic(aim, key)}"
    is_leading = chord.quality in ("dim", "dim7", "m7b5") and semitone != key.tonic and not tones <= key.pitch_classes
    if is_leading and follows == semitone and semitone in key.pitch_classes:
        return f"vii{quality_of(chord.quality).numeral or ''}/{_diatonic(semitone, key)}"
    return plain


def _diatonic(root: int, key: Key) -> str:
    """Return the numeral of the triad of a key on a root."""
    minor = (root + 4) % 12 not in key.pitch_classes
    return numeral(Chord(root, "m" if minor else "", root), key)


def borrowed_from(chord: Chord, key: Key) -> bool:
    """Return whether a chord has tones outside its key, all of which its parallel key has: iv, bVI or bVII in major, IV in minor."""
    other = MODES["major" if key.minor else "minor"]
    tones = {(chord.root + i) % 12 for i in QUALITIES[chord.quality]}
    parallel = {(key.tonic + i) % 12 for i in other} | (
        {(key.tonic + i) % 12 for i in MODES["dorian"]} if key.minor else set()
    )
    leading = {(key.tonic + 11) % 12} if key.minor else set[int]()  # V and viio of minor are its own
    return bool(tones - key.pitch_classes - leading) and tones <= parallel and chord.root != (key.tonic + 7) % 12


def key_third(chord: Chord) -> bool:
    """Return True if a chord has a minor third, and no major one."""
    return 3 in QUALITIES[chord.quality] and 4 not in QUALITIES[chord.quality]


def key_of(chords: Sequence[Chord]) -> Key:
    """Return the major or minor key that fits chords best; the first and the last decide a tie."""
    if len({c.root for c in chords}) == 1:  # a vamp is in its own key
        mode = "minor" if key_third(chords[0]) else "major"
        return Key(chords[0].root, mode, MODES[mode])
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
            score += 0.01 * any(c.root == tonic and key_third(c) == (mode == "minor") for c in chords)
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
    home = chord_symbol(Chord(key.tonic, "m" if key.minor else "", key.tonic), key)
    aim = applied(chord, key)
    if aim is not None:
        return f"a dominant of {note_name(aim, key)}, which wants to hear that chord next"
    return (_MINOR if key.minor else _MAJOR)[above].format(home=home)


def applied(chord: Chord, key: Key) -> int | None:
    """Return the root that a secondary dominant points to, None where a chord is none."""
    aim = (chord.root + 5) % 12
    raised = (chord.root + 4) % 12 not in key.pitch_classes
    if (
        not (quality_of(chord.quality).is_dominant or chord.quality == "")
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
