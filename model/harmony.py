"""Chords, keys and progressions: their names and their pitch classes. Pure; no torch, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "mmaj7": (0, 3, 7, 11),
    "aug7": (0, 4, 8, 10),
    "7sus4": (0, 5, 7, 10),
    "9": (0, 4, 7, 10, 2),
    "maj9": (0, 4, 7, 11, 2),
    "m9": (0, 3, 7, 10, 2),
    "add9": (0, 4, 7, 2),
    "madd9": (0, 3, 7, 2),
    "69": (0, 4, 7, 9, 2),
    "11": (0, 7, 10, 2, 5),
    "m11": (0, 3, 7, 10, 2, 5),
    "13": (0, 4, 7, 10, 2, 9),
    "maj13": (0, 4, 7, 11, 2, 9),
    "7b9": (0, 4, 7, 10, 1),
    "7#9": (0, 4, 7, 10, 3),
    "7alt": (0, 4, 8, 10, 1),
    "5": (0, 7),
}
"""The thirty qualities of the music language: suffix → semitones above the root."""


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
            raise ValueError(f"not one of the thirty chord qualities: {self.quality!r}")

    @property
    def pitch_classes(self) -> frozenset[int]:
        """The pitch classes that sound, the bass among them."""
        return frozenset((self.root + i) % 12 for i in QUALITIES[self.quality]) | {self.bass}
