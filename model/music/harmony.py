"""Chords and keys: their names and their pitch classes. Pure; no torch, no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache


@dataclass(frozen=True, slots=True)
class ChordQuality:
    """A row of the table of chord qualities."""

    name: str
    """The suffix of a symbol, and the key of `QUALITIES`."""
    token: int | None
    """Number in the decoder's vocabulary; None for a quality that no weights have learnt: the decoder gets `nearest`."""
    tones: tuple[int, ...]
    """Semitones above the root."""
    rarity: float
    """Cost of the quality beside others that fit as well, where a chord is recognised from what is played."""
    spellings: str = ""
    """Other suffixes that are read as it, divided by spaces."""
    numeral: str | None = None
    """Suffix of a lower-case Roman numeral, where it is not the name without its m."""
    is_dominant: bool = False
    """Whether it may pull to the chord a fifth below."""
    extends: str | None = None
    """The triad ("", "m", "dim") that may be extended to it so that it has a tone of the melody."""
    is_found_in_files: bool = False
    """Whether chords of .mid files that state none are guessed to be it."""
    nearest: str = ""
    """The quality with a token that stands for it in the decoder, where it has none."""


# fmt: off
_TABLE = (
    ChordQuality("", 0, (0, 4, 7), 0.0, "maj major M", is_found_in_files=True),
    ChordQuality("m", 1, (0, 3, 7), 0.0, "min minor mi - m(no7)", is_found_in_files=True),
    ChordQuality("7", 2, (0, 4, 7, 10), 0.3, "dom7 dom", is_dominant=True, extends="", is_found_in_files=True),
    ChordQuality("maj7", 3, (0, 4, 7, 11), 0.3, "M7 ma7 Maj7 major7 Δ7 Δ ^7 ^ j7 7M", extends="", is_found_in_files=True),
    ChordQuality("m7", 4, (0, 3, 7, 10), 0.3, "min7 mi7 -7 minor7", extends="m", is_found_in_files=True),
    ChordQuality("dim", 5, (0, 3, 6), 0.4, "o ° mb5 min5-5 m-5", numeral="o", is_found_in_files=True),
    ChordQuality("aug", 6, (0, 4, 8), 0.6, "+ #5 +5"),
    ChordQuality("sus2", 7, (0, 2, 7), 0.6, "", is_found_in_files=True),
    ChordQuality("sus4", 8, (0, 5, 7), 0.5, "sus 6sus4 add11 add4", extends="", is_found_in_files=True),
    ChordQuality("6", 9, (0, 4, 7, 9), 0.7, "maj6 M6 add6 add13", extends="", is_found_in_files=True),
    ChordQuality("m6", 10, (0, 3, 7, 9), 0.8, "min6 -6 mi6 m69 m6/9 min69 min6/9", extends="m"),
    ChordQuality("m7b5", 11, (0, 3, 6, 10), 0.5, "ø ø7 hdim7 hdim min7b5 -7b5 m7-5 min7-5 halfdim mi7b5", numeral="ø7", extends="dim", is_found_in_files=True),
    ChordQuality("dim7", 12, (0, 3, 6, 9), 0.5, "o7 °7 dim9", numeral="o7", extends="dim"),
    ChordQuality("mmaj7", 13, (0, 3, 7, 11), 0.6, "mM7 minmaj7 -maj7 mMaj7 m(maj7) min(maj7) mΔ mΔ7 minMaj7 m7+ -Δ7 mmaj9 minmaj9", numeral="maj7"),
    ChordQuality("aug7", 14, (0, 4, 8, 10), 0.6, "7#5 +7 7+5 7+ 9#5 maj7#5 M7#5", is_dominant=True),
    ChordQuality("7sus4", 15, (0, 5, 7, 10), 0.5, "7sus 9sus 9sus4 11sus 13sus 13sus4 sus7 7sus2 sus4b7", is_dominant=True),
    ChordQuality("9", 16, (0, 4, 7, 10, 2), 0.6, "dom9 7add9 7add2", is_dominant=True),
    ChordQuality("maj9", 17, (0, 4, 7, 11, 2), 0.6, "M9 Δ9 ^9 major9 maj7add9"),
    ChordQuality("m9", 18, (0, 3, 7, 10, 2), 0.6, "min9 -9 mi9 m7add9"),
    ChordQuality("add9", 19, (0, 4, 7, 2), 0.5, "2 add2 (add9) maj(add9) maj(9) maj(2) Madd9", extends=""),
    ChordQuality("madd9", 20, (0, 3, 7, 2), 0.5, "min(9) m(add9) madd2 min(add9) -add9", extends="m"),
    ChordQuality("69", 21, (0, 4, 7, 9, 2), 0.8, "6/9 maj69 M69 6add9 maj6/9"),
    ChordQuality("11", 22, (0, 7, 10, 2, 5), 0.8, "dom11 9add11"),
    ChordQuality("m11", 23, (0, 3, 7, 10, 2, 5), 0.9, "min11 -11 mi11 m7add11 min7add11 m13 min13 -13"),
    ChordQuality("13", 24, (0, 4, 7, 10, 2, 9), 0.8, "dom13 7add13 9add13 7add6", is_dominant=True),
    ChordQuality("maj13", 25, (0, 4, 7, 11, 2, 9), 0.9, "M13 Δ13 maj11 M11 maj7#11 M7#11 Δ#11 maj9#11 #11"),
    ChordQuality("7b9", 26, (0, 4, 7, 10, 1), 0.6, "7(b9) 7-9 13b9 7b913", is_dominant=True),
    ChordQuality("7#9", 27, (0, 4, 7, 10, 3), 0.7, "7(#9) 7+9", is_dominant=True),
    ChordQuality("7alt", 28, (0, 4, 8, 10, 1), 0.8, "alt 7b5 7#11 7b13 7(b5) 7#5b9 7#5#9 7b5b9 7b5#9 7b9#11 7b9b13 7#9b13 7#9#11 7(#11) 9#11 13#11 7(b13) 9b5", is_dominant=True),
    ChordQuality("5", 29, (0, 7), 0.5, "power (no3) no3 maj(no3) 1"),
)
# fmt: on
CHORD_QUALITIES = {q.name: q for q in sorted(_TABLE, key=lambda q: len(_TABLE) if q.token is None else q.token)}
"""The chord qualities by name, those of the decoder's vocabulary first and in its order."""
QUALITIES = {name: quality.tones for name, quality in CHORD_QUALITIES.items()}
"""Name → semitones above the root."""
DECODER_QUALITIES = tuple(q.name for q in CHORD_QUALITIES.values() if q.token is not None)
"""The names of the decoder's vocabulary, by token."""


def quality_token(name: str) -> int:
    """Return the token of a quality, or that of its nearest one where it has none."""
    token = CHORD_QUALITIES[name].token
    return quality_token(CHORD_QUALITIES[name].nearest) if token is None else token


SUFFIXES = {name: name for name in QUALITIES} | {
    spelling: name for name, quality in CHORD_QUALITIES.items() for spelling in quality.spellings.split()
}
"""Every suffix of a chord symbol that is read → the name of its quality."""

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11, "H": 11}
_SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
SIGNS = str.maketrans({"♭": "b", "♯": "#", "−": "-", "–": "-", "△": "Δ"})
_TONIC = re.compile(r"([A-Ha-h])(##|bb|#|b)?")
_DEGREES = {
    "1": 0,
    "2": 2,
    "b3": 3,
    "3": 4,
    "4": 5,
    "b5": 6,
    "5": 7,
    "#5": 8,
    "6": 9,
    "b7": 10,
    "7": 11,
    "b2": 1,
    "b6": 8,
    "9": 2,
}


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord symbol: root and bass are pitch classes (0 = C), quality is a key of `QUALITIES`."""

    root: int
    quality: str
    bass: int

    def __post_init__(self) -> None:
        if not (0 <= self.root < 12 and 0 <= self.bass < 12):
            raise ValueError(f"root and bass are pitch classes in 0..11: {self}")
        if self.quality not in QUALITIES:
            raise ValueError(f"not a chord quality: {self.quality!r}")

    @property
    def pitch_classes(self) -> frozenset[int]:
        """The pitch classes that sound, the bass among them."""
        return frozenset((self.root + i) % 12 for i in QUALITIES[self.quality]) | {self.bass}


def pitch_class(name: str) -> int:
    """Return the pitch class of a note name such as "F#" or "Bb". Raises ValueError."""
    match = _TONIC.fullmatch(name.translate(SIGNS))
    if match is None:
        raise ValueError(f"not a note name: {name!r} (say C, F#, Bb …)")
    letter, sign = match.groups()
    return (_LETTERS[letter.upper()] + {None: 0, "#": 1, "b": -1, "##": 2, "bb": -2}[sign]) % 12


def note_name(pitch_class_: int, flats: bool = False) -> str:
    """Return the name of a pitch class."""
    return (_FLAT_NAMES if flats else _SHARP_NAMES)[pitch_class_ % 12]


@cache
def parse_chord(text: str) -> Chord:
    """Return the chord of a symbol in any of the usual dialects, rarer ones as the nearest of the table.

    Raises ValueError.
    """
    plain = text.strip().translate(SIGNS)
    match = re.match(r"([A-H])(##|bb|#|b)?", plain)
    if match is None:
        raise ValueError(f"not a chord symbol: {text!r} (say Am7, F#m7b5, C/E …)")
    root = pitch_class(match.group())
    rest = plain[match.end() :].removeprefix(":").replace(" ", "")
    bass = root
    if rest not in SUFFIXES and "/" in rest:
        rest, _, below = rest.rpartition("/")
        bass = (root + _DEGREES[below]) % 12 if below in _DEGREES else pitch_class(below)
    quality = SUFFIXES.get(rest, SUFFIXES.get(rest.replace("(", "").replace(")", "").replace(",", "")))
    if quality is None:
        raise ValueError(f"unknown kind of chord: {text!r} (say Am7, F#m7b5, Csus4 …)")
    return Chord(root, quality, bass)


def chord_symbol(chord: Chord, flats: bool = False) -> str:
    """Return the symbol of a chord; `parse_chord` reads it back."""
    symbol = note_name(chord.root, flats) + chord.quality
    return symbol if chord.bass == chord.root else f"{symbol}/{note_name(chord.bass, flats)}"


MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
}
PARENT = {"dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7}
"""How far a mode's tonic lies over that of the major key with the same tones."""
_FLAT = (5, 10, 3, 8, 1)
CHARACTERISTIC_TONES = {"dorian": 9, "phrygian": 1, "lydian": 6, "mixolydian": 10}
"""The tone over the tonic that tells a mode from major or minor, in semitones."""
_MODE_WORDS = {m: m for m in MODES} | {
    "": "major", "maj": "major", "dur": "major", "m": "minor", "min": "minor", "moll": "minor", "ionian": "major",
    "aeolian": "minor", "natural minor": "minor", "pentatonic": "major pentatonic", "blues scale": "blues",
    "pentatonic major": "major pentatonic", "pentatonic minor": "minor pentatonic", "minor blues": "blues",
    "major scale": "major", "minor scale": "minor", "-": "minor", "harmonic": "harmonic minor",
    "melodic": "melodic minor", "minor harmonic": "harmonic minor", "minor melodic": "melodic minor",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (pitch class) and a scale in semitones above it; `mode` is a key of `MODES`, or "" for a scale.

    `sign` is "#" or "b" where the tonic was spelled with one: who says Gb reads Gb. It makes no other key.
    """

    tonic: int
    mode: str
    scale: tuple[int, ...]
    sign: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The name that `parse_key` reads back: "D dorian", or "C [0,2,4,7,9]"."""
        tail = self.mode or "[" + ",".join(map(str, self.scale)) + "]"
        return f"{note_name(self.tonic, self.flats)} {tail}"

    @property
    def pitch_classes(self) -> frozenset[int]:
        """The pitch classes of the scale."""
        return frozenset((self.tonic + i) % 12 for i in self.scale)

    @property
    def minor(self) -> bool:
        """Whether the third is minor (and there is no major one)."""
        return 3 in self.scale and 4 not in self.scale

    @property
    def flats(self) -> bool:
        """Whether the key is written with flats: as its tonic was spelled, or by the major key that has its tones."""
        if self.sign:
            return self.sign == "b"
        return (self.tonic - PARENT[self.mode]) % 12 in _FLAT if self.mode in PARENT else self._signed_flat

    @property
    def signature(self) -> str:
        """The nearest major or minor signature, the tonic kept, as MIDI files spell it: "Dm", "Bb"."""
        return note_name(self.tonic, self._signed_flat) + ("m" if self.minor else "")

    @property
    def _signed_flat(self) -> bool:
        # six sharps are as many as six flats: F# major, but Eb minor, as most write them
        return self._relative_major in _FLAT or (self._relative_major == 6 and self.minor)

    @property
    def _relative_major(self) -> int:
        return (self.tonic + 3 * self.minor) % 12


@lru_cache(512)
def parse_key(text: str) -> Key:
    """Return the key of a name such as "D dorian", "Dm", "F# major" or "C [0,2,4,7,9]". Raises ValueError."""
    plain = text.strip().translate(SIGNS)
    match = _TONIC.match(plain)
    if match is None:
        raise ValueError(f"unknown key: {text!r} (say D minor, F# major, A dorian, C [0,2,4,7,9])")
    tonic, rest = pitch_class(match.group()), plain[match.end() :].strip()
    sign = match.group()[1:2]
    if rest.startswith("[") and rest.endswith("]"):
        return _spelled(Key(tonic, "", _scale(rest[1:-1], text)), sign)
    if rest == "M":
        rest = "major"
    if (word := re.match(r"[ -]?(sharp|flat)\b\s*", rest.lower())) is not None:
        sign = "#" if word.group(1) == "sharp" else "b"
        tonic, rest = (tonic + (1 if sign == "#" else -1)) % 12, rest[word.end() :]
    words = " ".join(rest.lower().replace("-", " ").replace("_", " ").split()) if rest != "-" else rest
    if words not in _MODE_WORDS:
        raise ValueError(f"unknown key: {text!r} (say D minor, F# major, A dorian, C [0,2,4,7,9])")
    mode = _MODE_WORDS[words]
    return _spelled(Key(tonic, mode, MODES[mode]), sign)


def _spelled(key: Key, sign: str) -> Key:
    """Return a key that keeps the sign of its tonic where that is a black key: Gb, but B for Cb."""
    return replace(key, sign=sign) if sign and key.tonic in (1, 3, 6, 8, 10) else key


def _scale(inside: str, text: str) -> tuple[int, ...]:
    try:
        steps = tuple(sorted({int(s) for s in inside.split(",")}))
    except ValueError:
        steps = ()
    if not steps or steps[0] != 0 or steps[-1] > 11:
        raise ValueError(f"a scale is semitones from 0 to 11, 0 among them, not {text!r}")
    return steps
