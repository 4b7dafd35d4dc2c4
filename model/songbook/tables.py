"""Tables of the notation: parts, drum letters, modes, kinds of sections, styles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

UNIT = 120
"""Ticks of a sixteenth, at 480 a quarter."""
PPQ = 480

HERE = Path(__file__).parent
PIECES = HERE / "pieces"


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its MIDI channel (0-based), lowest and highest pitch, and whether it is written in drum rows."""

    name: str
    channel: int
    low: int = 0
    high: int = 127
    rows: bool = False


PARTS = {
    part.name: part
    for part in (
        Part("chords", 0, 33, 88),
        Part("melody", 1, 45, 100),
        Part("bass", 2, 21, 62),
        Part("pad", 3, 33, 96),
        Part("arp", 4, 36, 108),
        Part("perc", 10, rows=True),
        Part("drums", 9, rows=True),
    )
}
"""In the order of the tracks of a file."""
PITCHED = tuple(name for name, part in PARTS.items() if not part.rows)
ROWS = tuple(name for name, part in PARTS.items() if part.rows)
ALWAYS = ("chords", "melody", "bass", "drums")
"""Parts that have a track even where they are silent."""

KINDS = (
    "intro", "verse", "prechorus", "chorus", "bridge", "build", "drop", "break", "solo", "interlude", "head",
    "theme", "loop", "turnaround", "outro",
)  # fmt: skip

MODES = {
    "major": "major", "minor": "minor", "dorian": "minor", "phrygian": "minor", "lydian": "major",
    "mixolydian": "major", "locrian": "minor", "harmonic_minor": "minor", "melodic_minor": "minor",
    "phrygian_dominant": "minor", "major_pentatonic": "major", "minor_pentatonic": "minor", "blues": "minor",
}  # fmt: skip
"""Modes, and which signature a file writes for them."""

DRUMS = {
    "K": 36, "X": 35, "S": 38, "N": 40, "R": 37, "C": 39, "H": 42, "P": 44, "O": 46, "D": 51, "d": 59, "Y": 53,
    "A": 49, "F": 57, "E": 55, "U": 52, "T": 48, "M": 45, "L": 41, "B": 56, "Z": 70, "n": 82, "z": 69, "Q": 54,
    "G": 63, "g": 62, "J": 64, "V": 75, "b": 60, "c": 61, "t": 65, "l": 66, "a": 67, "e": 68, "W": 76, "w": 77,
    "r": 73, "s": 74, "I": 81, "i": 80, "u": 78, "v": 79, "y": 86, "x": 87, "h": 71, "q": 58, "j": 85, "f": 83,
}  # fmt: skip
"""Pitch of each letter of a drum row."""
LETTERS = {pitch: letter for letter, pitch in DRUMS.items()}
_DRUM_TICKS = {
    "O": 170, "A": 900, "F": 900, "U": 900, "E": 500, "D": 200, "d": 200, "Y": 200, "I": 400, "x": 400, "s": 240,
    "v": 200,
}  # fmt: skip
DRUM_TICKS = {letter: _DRUM_TICKS.get(letter, 60) for letter in DRUMS}
"""How long each letter's stroke sounds."""

ROW_STEPS = {
    2: (2, 4, 6, 8, 12, 16, 24),
    4: (1, 2, 3, 4, 6, 8, 12),
    8: (1, 2, 3, 4, 6),
    16: (1, 2, 3),
}
"""How many steps a drum row may have for each beat, by the metre's denominator."""


@dataclass(frozen=True, slots=True)
class Style:
    """A row of styles.tsv: what is written in this style, how many pieces, where they lie."""

    index: int
    name: str
    slug: str
    family: str
    count: int
    metres: tuple[str, ...]
    tempo: tuple[int, int]
    note: str


@cache
def styles() -> dict[str, Style]:
    """Return the table of styles by name."""
    table = {}
    for line in (HERE / "styles.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        index, name, slug, family, count, metres, tempo, note = line.split("\t")
        low, high = tempo.split("-")
        table[name] = Style(
            int(index), name, slug, family, int(count), tuple(metres.split()), (int(low), int(high)), note
        )
    return table
