"""One real song, as every source hands it over. Pure values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model.decoder.tokenizer import BarLine
from model.music.harmony import Chord
from model.music.notes import METERS, Note, Ticks

FINE = (0, 6, 8, 12, 16, 18)
"""Where onsets may lie within a quarter, in 24ths: sixteenths and eighth triplets."""


@dataclass(frozen=True, slots=True)
class Song:
    """A song in absolute ticks (480 a quarter).

    `bars` has every bar's start and metre; `key` may be "" (drums have none); `chords` every change, None for "no chord". `tempo` is in
    quarters a minute, 0 where unknown. Note offsets hold the micro-timing that the grid leaves out. `tags` are
    (kind, text) with kind human, computed or weak. `style` has names of `model.styles` with weights that
    sum to 1; `lines` what is known of each bar, or nothing; `touch` and `timing` tell whether velocities and offsets
    are a player's (or a machine's) own, and not the notation's lack of them.
    """

    id: str
    source: str
    title: str
    tempo: float
    key: str
    bars: tuple[tuple[Ticks, str], ...]
    end: Ticks
    notes: tuple[Note, ...]
    chords: tuple[tuple[Ticks, Chord | None], ...]
    tags: tuple[tuple[str, str], ...] = ()
    style: tuple[tuple[str, float], ...] = ()
    lines: tuple[BarLine, ...] = ()
    has_velocities: bool = False
    has_timing: bool = False

    @property
    def split(self) -> str:
        """train, validation or test: what splits.tsv says of the song, else by its title."""
        return _settled().get(fingerprint(self), self.by_title)

    @property
    def by_title(self) -> str:
        """train, validation or test (84/8/8), by a hash of the source and the normalised title."""
        words = "".join(c for c in self.title.lower() if c.isalnum())
        place = hashlib.sha256(f"{self.source}/{words}".encode()).digest()[0]
        return "test" if place < 20 else "validation" if place < 41 else "train"


SPLITS_FILE = Path(__file__).parent / "splits.tsv"
"""Written by `model.training.corpus.splits`."""
LETTERS = {"t": "train", "v": "validation", "e": "test"}


def fingerprint(song: Song) -> str:
    """Return what names a song without telling its title: twelve hexadecimal digits of a hash of source and id."""
    return hashlib.sha256(f"{song.source}/{song.id}".encode()).hexdigest()[:12]


@cache
def _settled() -> dict[str, str]:
    """Return the splits that are not the titles': fingerprint → split."""
    lines = SPLITS_FILE.read_text(encoding="ascii").splitlines()
    return {name: LETTERS[letter] for name, letter in (line.split("\t") for line in lines)}


def snap_to_grid(tick: float) -> tuple[Ticks, int]:
    """Return the grid place nearest to a tick and the offset that is left, −10..9 at most kept."""
    quarter, inside = divmod(tick, 480)
    place = min((*FINE, 24), key=lambda f: abs(f * 20 - inside))
    grid = int(quarter) * 480 + place * 20
    return Ticks(max(0, grid)), max(-10, min(9, round(tick - grid)))


_AS_OURS = {
    (2, 2): ("4/4",), (8, 8): ("4/4",), (4, 8): ("2/4",), (10, 8): ("5/4",), (12, 16): ("3/4",),
    (6, 4): ("3/4", "3/4"), (7, 4): ("4/4", "3/4"), (8, 4): ("4/4", "4/4"), (9, 4): ("3/4",) * 3, (10, 4): ("5/4", "5/4"),
    (12, 4): ("4/4",) * 3, (16, 4): ("4/4",) * 4,
}  # fmt: skip


def meters_of(beats: int, unit: int) -> tuple[str, ...]:
    """Return the metres of ours that make a bar of so many beats, each a `unit`-th note; none where none do."""
    return (f"{beats}/{unit}",) if f"{beats}/{unit}" in METERS else _AS_OURS.get((beats, unit), ())


def chord_cover(notes: tuple[Note, ...], chords: tuple[tuple[Ticks, Chord | None], ...], end: int) -> float:
    """Return the share of melody time whose pitch class is in the chord: 0.70 to 0.80 in sound songs."""
    inside = whole = 0
    melody = [n for n in notes if n.part == "melody"]
    spans = zip(chords, [*[t for t, _ in chords[1:]], end], strict=True)
    for (start, chord), stop in spans:
        if chord is None:
            continue
        for note in melody:
            shared = min(note.end, stop) - max(note.start, start)
            if shared > 0:
                whole += shared
                inside += shared * (note.pitch % 12 in chord.pitch_classes)
    return inside / whole if whole else 0.0


BASS_TOP = 55
"""Above G3 nothing is called a bass."""


def split_bass(accompaniment: list[Note]) -> list[Note]:
    """Split a piano's notes into a bass of one voice and chords: the lowest voice up to G3 is the bass.

    A low note is the bass unless a lower bass note still sounds for more than a sixteenth of its time; the
    bass is cut at its next onset.
    """
    parted: list[Note] = []
    lows: list[Note] = []
    by_onset: dict[int, list[Note]] = {}
    for note in accompaniment:
        by_onset.setdefault(note.start, []).append(note)
    for start in sorted(by_onset):
        low, *rest = sorted(by_onset[start], key=lambda n: n.pitch)
        held = [n for n in lows[-1:] if n.end - start > 120 and n.pitch < low.pitch]
        if low.pitch <= BASS_TOP and not held:
            if lows and lows[-1].end > start:
                lows[-1] = _remade(lows[-1], "bass", start - lows[-1].start)
            lows.append(_remade(low, "bass", low.length))
        else:
            rest = [low, *rest]
        parted += [_remade(n, "chords", n.length) for n in rest]
    return sorted(parted + lows)


def _remade(note: Note, part: str, length: int) -> Note:
    return Note(note.start, Ticks(length), note.pitch, note.velocity, part, note.offset)
