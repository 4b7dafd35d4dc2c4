"""Pitches and chord symbols: what their letters mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""Names of the twelve pitch classes where nothing else decides."""
SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
NO_CHORD = "NC"

_PITCH = re.compile(r"([A-G])([#b]*)(-?\d)")
_CORES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7), "m": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "5": (0, 7), "sus2": (0, 2, 7), "sus4": (0, 5, 7),
    "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9), "69": (0, 2, 4, 7, 9), "m69": (0, 2, 3, 7, 9),
    "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10), "mM7": (0, 3, 7, 11), "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10), "9": (0, 2, 4, 7, 10), "maj9": (0, 2, 4, 7, 11), "m9": (0, 2, 3, 7, 10),
    "mM9": (0, 2, 3, 7, 11), "11": (0, 2, 4, 5, 7, 10), "maj11": (0, 2, 4, 5, 7, 11), "m11": (0, 2, 3, 5, 7, 10),
    "13": (0, 2, 4, 7, 9, 10), "maj13": (0, 2, 4, 7, 9, 11), "m13": (0, 2, 3, 7, 9, 10), "add9": (0, 2, 4, 7),
    "madd9": (0, 2, 3, 7), "add11": (0, 4, 5, 7), "madd11": (0, 3, 5, 7), "7sus4": (0, 5, 7, 10),
    "9sus4": (0, 2, 5, 7, 10), "13sus4": (0, 2, 5, 7, 9, 10), "7alt": (0, 1, 3, 4, 8, 10),
}  # fmt: skip
_ALTERED = {"b5": 6, "#5": 8, "b9": 1, "#9": 3, "#11": 6, "b13": 8}
_SYMBOL = re.compile(
    r"(?P<root>[A-G][#b]?)(?P<core>" + "|".join(re.escape(c) for c in sorted(_CORES, key=len, reverse=True)) + ")"
    r"(?P<altered>(?:b5|#5|b9|#9|#11|b13)*)(?:/(?P<bass>[A-G][#b]?))?"
)


def pitch(text: str) -> int:
    """Return the MIDI number of a pitch such as `Bb3`; `C4` is 60."""
    m = _PITCH.fullmatch(text)
    if not m:
        raise ValueError(f"not a pitch: {text}")
    number = 12 * (int(m[3]) + 1) + STEPS[m[1]] + m[2].count("#") - m[2].count("b")
    if not 0 <= number <= 127:
        raise ValueError(f"pitch must be in 0..127, not {number}: {text}")
    return number


def pitch_class(text: str) -> int:
    """Return the pitch class of a name such as `Bb`."""
    return (STEPS[text[0]] + text.count("#") - text[1:].count("b")) % 12


def pitch_name(number: int, names: tuple[str, ...] = NAMES) -> str:
    """Return the name of a MIDI number, such as `Bb3`."""
    return f"{names[number % 12]}{number // 12 - 1}"


def names_in(signature: str) -> tuple[str, ...]:
    """Return how the twelve pitch classes are called under a signature such as `F#m`."""
    sharps = ("G", "D", "A", "E", "B", "F#", "C#", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m")
    return SHARPS if signature in sharps else NAMES


@dataclass(frozen=True, slots=True)
class Symbol:
    """A chord symbol: pitch classes of its root, its bass, its tones, and of the tensions that its kind bears."""

    root: int
    bass: int
    quality: str
    tones: frozenset[int]
    tensions: frozenset[int]


@cache
def symbol(text: str) -> Symbol | None:
    """Return what a symbol means, None for `NC`; stars at its end are another voicing's and say nothing."""
    text = text.rstrip("*")
    if text == NO_CHORD:
        return None
    m = _SYMBOL.fullmatch(text)
    if not m:
        raise ValueError(f"not a chord symbol: {text}")
    root, core = pitch_class(m["root"]), m["core"]
    altered = re.findall(r"b5|#5|b9|#9|#11|b13", m["altered"])
    tones = set(_CORES[core])
    if {"b5", "#5"} & set(altered):
        tones.discard(7)
    if {"b9", "#9"} & set(altered):
        tones.discard(2)
    tones |= {_ALTERED[a] for a in altered}
    tensions = _tensions(core, tones, bool(altered))
    bass = pitch_class(m["bass"]) if m["bass"] else root
    turned = frozenset((root + t) % 12 for t in tones) | {bass}
    return Symbol(root, bass, core + m["altered"], turned, frozenset((root + t) % 12 for t in tensions) - turned)


def _tensions(core: str, tones: set[int], altered: bool) -> set[int]:
    """Return the intervals that a melody may rest on though the symbol does not name them."""
    if core in ("dim", "dim7", "m7b5"):
        return {2, 5, 8, 10} - tones
    dominant = 4 in tones and 10 in tones
    allowed = {2, 9}
    if 3 in tones and 4 not in tones:
        allowed = {2, 5, 9, 10}
    elif 5 in tones and 4 not in tones:
        allowed = {2, 4, 9, 10}
    elif core in ("5", "sus2"):
        allowed = {2, 3, 4, 5, 9, 10, 11}
    elif dominant:
        allowed = {2, 6, 9} if not altered else {6, 8, 9} | ({1, 3} if {1, 3} & tones else set())
    elif 11 in tones:
        allowed = {2, 6, 9}
    elif core in ("", "add9", "6", "69"):
        allowed = {2, 9, 10, 11}
    return allowed - tones


def transposed(text: str, by: int) -> str:
    """Return a symbol some semitones up, spelt by `NAMES`; stars stay."""
    if by % 12 == 0 or text.rstrip("*") == NO_CHORD:
        return text
    m = _SYMBOL.fullmatch(text.rstrip("*"))
    if not m:
        raise ValueError(f"not a chord symbol: {text}")
    stars = text[len(text.rstrip("*")) :]
    root = NAMES[(pitch_class(m["root"]) + by) % 12]
    bass = f"/{NAMES[(pitch_class(m['bass']) + by) % 12]}" if m["bass"] else ""
    return f"{root}{m['core']}{m['altered']}{bass}{stars}"
