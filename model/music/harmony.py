"""Chords and keys: their names and their pitch classes. Pure; no torch, no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from model.music.chord_suffix import read_suffix


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
    ChordQuality("sus4", 8, (0, 5, 7), 0.5, "sus", extends="", is_found_in_files=True),
    ChordQuality("6", 9, (0, 4, 7, 9), 0.7, "maj6 M6 add6 add13", extends="", is_found_in_files=True),
    ChordQuality("m6", 10, (0, 3, 7, 9), 0.8, "min6 -6 mi6", extends="m"),
    ChordQuality("m7b5", 11, (0, 3, 6, 10), 0.5, "ø ø7 hdim7 hdim min7b5 -7b5 m7-5 min7-5 halfdim mi7b5", numeral="ø7", extends="dim", is_found_in_files=True),
    ChordQuality("dim7", 12, (0, 3, 6, 9), 0.5, "o7 °7", numeral="o7", extends="dim"),
    ChordQuality("mmaj7", 13, (0, 3, 7, 11), 0.6, "mM7 minmaj7 -maj7 mMaj7 m(maj7) min(maj7) mΔ mΔ7 minMaj7 m7+ -Δ7", numeral="maj7"),
    ChordQuality("aug7", 14, (0, 4, 8, 10), 0.6, "7#5 +7 7+5 7+", is_dominant=True),
    ChordQuality("7sus4", 15, (0, 5, 7, 10), 0.5, "7sus sus7 sus4b7", is_dominant=True),
    ChordQuality("9", 16, (0, 4, 7, 10, 2), 0.6, "dom9 7add9 7add2", is_dominant=True),
    ChordQuality("maj9", 17, (0, 4, 7, 11, 2), 0.6, "M9 Δ9 ^9 major9 maj7add9"),
    ChordQuality("m9", 18, (0, 3, 7, 10, 2), 0.6, "min9 -9 mi9 m7add9"),
    ChordQuality("add9", 19, (0, 4, 7, 2), 0.5, "2 add2 (add9) maj(add9) maj(9) maj(2) Madd9", extends=""),
    ChordQuality("madd9", 20, (0, 3, 7, 2), 0.5, "min(9) m(add9) madd2 min(add9) -add9", extends="m"),
    ChordQuality("69", 21, (0, 4, 7, 9, 2), 0.8, "6/9 maj69 M69 6add9 maj6/9"),
    ChordQuality("11", 22, (0, 7, 10, 2, 5), 0.8, "dom11"),
    ChordQuality("m11", 23, (0, 3, 7, 10, 2, 5), 0.9, "min11 -11 mi11"),
    ChordQuality("13", 24, (0, 4, 7, 10, 2, 9), 0.8, "dom13 9add13", is_dominant=True),
    ChordQuality("maj13", 25, (0, 4, 7, 11, 2, 9), 0.9, "M13 Δ13"),
    ChordQuality("7b9", 26, (0, 4, 7, 10, 1), 0.6, "7(b9) 7-9", is_dominant=True),
    ChordQuality("7#9", 27, (0, 4, 7, 10, 3), 0.7, "7(#9) 7+9", is_dominant=True),
    ChordQuality("7alt", 28, (0, 4, 8, 10, 1), 0.8, "alt 7#5b9", is_dominant=True),
    ChordQuality("5", 29, (0, 7), 0.5, "power (no3) no3 maj(no3) 1"),
)
# fmt: on
CHORD_QUALITIES = {q.name: q for q in sorted(_TABLE, key=lambda q: len(_TABLE) if q.token is None else q.token)}
"""The chord qualities by name, those of the decoder's vocabulary first and in its order."""
DECODER_QUALITIES = tuple(q.name for q in CHORD_QUALITIES.values() if q.token is not None)
"""The names of the decoder's vocabulary, by token."""
SUFFIXES = {name: name for name in CHORD_QUALITIES} | {
    spelling: name for name, quality in CHORD_QUALITIES.items() for spelling in quality.spellings.split()
}
"""Suffixes of the table → the name of their quality; `suffix_quality` reads all others."""


class _Tones(dict[str, tuple[int, ...]]):
    """Name of a quality → semitones above the root. It lists the table's; those of any other name are read from it."""

    def __missing__(self, name: str) -> tuple[int, ...]:
        read = read_suffix(name)
        if read is None or read[0] != name:
            raise KeyError(name)
        return read[1]


QUALITIES = _Tones({name: quality.tones for name, quality in CHORD_QUALITIES.items()})


@lru_cache(4096)
def suffix_quality(suffix: str) -> str | None:
    """Return the name of the quality that a suffix says, None where it says none: "-7b5" is m7b5, "13(#11)" is 13#11."""
    bare = suffix.replace("(", "").replace(")", "").replace(",", "")
    known = SUFFIXES.get(suffix, SUFFIXES.get(bare))
    if known is not None:
        return known
    read = read_suffix(suffix)
    return None if read is None else SUFFIXES.get(read[0], read[0])


@cache
def quality_of(name: str) -> ChordQuality:
    """Return the row of a quality; one that is not in the table has that of what it says, near to the most alike row."""
    row = CHORD_QUALITIES.get(name)
    if row is not None:
        return row
    tones = QUALITIES[name]
    dominant = {4, 10} <= set(tones)

    def unlike(other: str) -> float:
        theirs = CHORD_QUALITIES[other]
        thirds = {3, 4} & set(tones) != {3, 4} & set(theirs.tones)
        sevenths = {10, 11} & set(tones) != {10, 11} & set(theirs.tones)
        return len(set(tones) ^ set(theirs.tones)) + 3 * thirds + 2 * sevenths + theirs.rarity / 10

    return ChordQuality(name, None, tones, 1.0, is_dominant=dominant, nearest=min(DECODER_QUALITIES, key=unlike))


def quality_token(name: str) -> int:
    """Return the token of a quality, or that of its nearest one where it has none."""
    quality = quality_of(name)
    return quality_token(quality.nearest) if quality.token is None else quality.token


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
}


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord symbol: root and bass are pitch classes (0 = C), quality is a name that `QUALITIES` knows or can read.

    `sign` is "#" or "b" where root or bass were written with one: who says Bb reads Bb. It makes no other chord.
    """

    root: int
    quality: str
    bass: int
    sign: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not (0 <= self.root < 12 and 0 <= self.bass < 12):
            raise ValueError(f"root and bass are pitch classes in 0..11: {self}")
        if self.quality not in QUALITIES and read_suffix(self.quality) is None:
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


def note_name(pitch_class_: int, flats: bool | Key = False) -> str:
    """Return the name of a pitch class; in a key that of its line of fifths, from the flat second to the sharp fourth."""
    if isinstance(flats, Key):
        flats = flats.writes_flat(pitch_class_)
    return (_FLAT_NAMES if flats else _SHARP_NAMES)[pitch_class_ % 12]


@cache
def parse_chord(text: str) -> Chord:
    """Return the chord of a symbol in any of the usual dialects, with just the tones that it asks for. Raises ValueError."""
    plain = text.strip().translate(SIGNS)
    match = re.match(r"([A-H])(##|bb|#|b)?", plain)
    if match is None:
        raise ValueError(f"not a chord symbol: {text!r} (say Am7, F#m7b5, C/E …)")
    root = pitch_class(match.group())
    rest, sign = plain[match.end() :].removeprefix(":").replace(" ", ""), match.group(2) or ""
    bass, quality = root, suffix_quality(rest)
    if quality is None and "/" in rest:
        rest, _, below = rest.rpartition("/")
        bass = (root + _DEGREES[below]) % 12 if below in _DEGREES else pitch_class(below)
        sign, quality = sign or below[1:2], suffix_quality(rest)
    if quality is None:
        raise ValueError(f"unknown kind of chord: {text!r} (say Am7, F#m7b5, Csus4 …)")
    return Chord(root, quality, bass, sign[:1] if sign[:1] in ("#", "b") else "")


def chord_symbol(chord: Chord, flats: bool | Key = False) -> str:
    """Return the symbol of a chord, written as it was read, else with flats or as its key has it; `parse_chord` reads it back."""
    spelling = chord.sign == "b" if chord.sign else flats
    if isinstance(flats, Key) and not chord.sign and flats.minor and (chord.root - flats.tonic) % 12 == 6:
        spelling = not chord.quality.startswith(("dim", "m7b5"))  # Db7 in G minor, but C#dim7
    symbol = note_name(chord.root, spelling) + chord.quality
    return symbol if chord.bass == chord.root else f"{symbol}/{note_name(chord.bass, spelling)}"


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
SCALES: dict[str, tuple[int, ...]] = {
    "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
    "double harmonic": (0, 1, 4, 5, 7, 8, 11),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "diminished": (0, 2, 3, 5, 6, 8, 9, 11),
    "half-whole diminished": (0, 1, 3, 4, 6, 7, 9, 10),
    "augmented": (0, 3, 4, 7, 8, 11),
    "lydian dominant": (0, 2, 4, 6, 7, 9, 10),
    "lydian augmented": (0, 2, 4, 6, 8, 9, 11),
    "altered": (0, 1, 3, 4, 6, 8, 10),
    "mixolydian b6": (0, 2, 4, 5, 7, 8, 10),
    "dorian b2": (0, 1, 3, 5, 7, 9, 10),
    "ukrainian dorian": (0, 2, 3, 6, 7, 9, 10),
    "hungarian minor": (0, 2, 3, 6, 7, 8, 11),
    "hungarian major": (0, 3, 4, 6, 7, 9, 10),
    "harmonic major": (0, 2, 4, 5, 7, 8, 11),
    "neapolitan minor": (0, 1, 3, 5, 7, 8, 11),
    "neapolitan major": (0, 1, 3, 5, 7, 9, 11),
    "enigmatic": (0, 1, 4, 6, 8, 10, 11),
    "persian": (0, 1, 4, 5, 6, 8, 11),
    "locrian natural 6": (0, 1, 3, 5, 6, 9, 10),
    "major blues": (0, 2, 3, 4, 7, 9),
    "bebop": (0, 2, 4, 5, 7, 9, 10, 11),
    "chromatic": tuple(range(12)),
    "hirajoshi": (0, 2, 3, 7, 8),
    "insen": (0, 1, 5, 7, 10),
    "iwato": (0, 1, 5, 6, 10),
    "miyako-bushi": (0, 1, 5, 7, 8),
    "yo": (0, 2, 5, 7, 9),
    "ryukyu": (0, 4, 5, 7, 11),
}
"""Scales by name that are no mode of the decoder's: the biases hold the music to their tones."""
SCALE_WORDS = {name.replace("-", " "): name for name in SCALES} | {
    "hijaz": "phrygian dominant", "freygish": "phrygian dominant", "ahava rabba": "phrygian dominant", "spanish phrygian": "phrygian dominant",
    "phrygian major": "phrygian dominant", "jewish": "phrygian dominant", "spanish gypsy": "phrygian dominant", "dominant phrygian": "phrygian dominant",
    "phrygian dominant": "phrygian dominant", "double harmonic major": "double harmonic", "byzantine": "double harmonic", "arabic": "double harmonic",
    "bhairav": "double harmonic", "hijaz kar": "double harmonic", "hijazkar": "double harmonic", "gypsy major": "double harmonic",
    "double harmonic minor": "hungarian minor", "gypsy minor": "hungarian minor", "gypsy": "hungarian minor", "hungarian": "hungarian minor",
    "wholetone": "whole tone", "octatonic": "diminished", "whole half diminished": "diminished", "half whole": "half-whole diminished",
    "dominant diminished": "half-whole diminished", "acoustic": "lydian dominant", "overtone": "lydian dominant", "lydian b7": "lydian dominant",
    "mixolydian #4": "lydian dominant", "super locrian": "altered", "superlocrian": "altered", "altered dominant": "altered",
    "aeolian dominant": "mixolydian b6", "hindu": "mixolydian b6", "melodic major": "mixolydian b6", "phrygian #6": "dorian b2",
    "romanian minor": "ukrainian dorian", "dorian #4": "ukrainian dorian", "nikriz": "ukrainian dorian", "misheberakh": "ukrainian dorian",
    "bebop dominant": "bebop", "in sen": "insen", "in": "miyako-bushi", "sakura": "miyako-bushi", "miyako bushi": "miyako-bushi",
    "hirajoshi": "hirajoshi", "hira joshi": "hirajoshi", "kumoi": "dorian pentatonic", "ritusen": "yo", "okinawan": "ryukyu",
    "blues major": "major blues", "half whole diminished": "half-whole diminished",
}  # fmt: skip
"""Words, without hyphens and without "scale", that name a scale → its name in `SCALES`."""
SCALES["dorian pentatonic"] = (0, 2, 3, 7, 9)
_NAMED_SCALES = {steps: name for name, steps in SCALES.items()}
PARENT = {"dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7}
"""How far a mode's tonic lies over that of the major key with the same tones."""
_FLAT = (5, 10, 3, 8, 1)
CHARACTERISTIC_TONES = {"dorian": 9, "phrygian": 1, "lydian": 6, "mixolydian": 10}
"""The tone over the tonic that tells a mode from major or minor, in semitones."""
_MODE_WORDS = {m: m for m in MODES} | {
    "": "major", "maj": "major", "dur": "major", "m": "minor", "min": "minor", "moll": "minor", "ionian": "major",
    "aeolian": "minor", "natural minor": "minor", "pentatonic": "major pentatonic", "blues scale": "blues",
    "pentatonic major": "major pentatonic", "pentatonic minor": "minor pentatonic", "minor blues": "blues",
    "major scale": "major", "minor scale": "minor", "minor natural": "minor", "-": "minor", "harmonic": "harmonic minor",
    "melodic": "melodic minor", "minor harmonic": "harmonic minor", "minor melodic": "melodic minor",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (pitch class) and a scale in semitones above it; `mode` is a key of `MODES`, or "" for another scale.

    `sign` is "#" or "b" where the tonic was spelled with one: who says Gb reads Gb. It makes no other key.
    """

    tonic: int
    mode: str
    scale: tuple[int, ...]
    sign: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The name that `parse_key` reads back: "D dorian", "E whole tone", or "C [0,2,4,7,9]"."""
        tail = self.mode or _NAMED_SCALES.get(self.scale) or "[" + ",".join(map(str, self.scale)) + "]"
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

    def writes_flat(self, pitch_class_: int) -> bool:
        """Return whether a black key is written with a flat here: Bb, Eb, Ab and Db in C major, but F#."""
        fifths = (7 * self.tonic) % 12
        if fifths > 6 or (fifths == 6 and self.flats):
            fifths -= 12
        if self.sign and (self.tonic in (1, 3, 6, 8, 10)) and (self.sign == "b") != (fifths < 0):
            fifths += 12 if self.sign == "#" else -12
        flat = (7 * pitch_class_) % 12 - 12
        return flat >= fifths - 5

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
    if plain[0] in "Hh" and sign:
        raise ValueError(f"unknown key: {text!r}: H is German for B and takes no sharp or flat (say B minor, Bb major)")
    found = mode_named(rest)
    if found is None:
        raise ValueError(f"unknown key: {text!r} (say D minor, F# major, A dorian, C [0,2,4,7,9])")
    return _spelled(key_on(tonic, found), sign)


def mode_named(text: str) -> str | None:
    """Return the mode or scale (`MODES`, `SCALES`) that words name, None where they name none: "moll", "whole-tone scale"."""
    words = " ".join(text.lower().replace("-", " ").replace("_", " ").split()) if text != "-" else text
    bare = re.sub(r" (?:scale|mode|tonality|tonart|key)$", "", words)
    return _MODE_WORDS.get(words) or _MODE_WORDS.get(bare) or SCALE_WORDS.get(bare)


def key_on(tonic: int, mode: str) -> Key:
    """Return the key of a mode or scale by its name on a tonic (pitch class)."""
    return Key(tonic, mode, MODES[mode]) if mode in MODES else Key(tonic, "", SCALES[mode])


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
