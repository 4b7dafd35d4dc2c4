"""The songbook's pieces as songs: canonical notes on the grid, with swing, levels, sections and captions from their headers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from model.decoder.tokenizer import PHRASE_PLACES, BarLine
from model.music.harmony import QUALITIES, Chord, parse_chord
from model.music.notes import METERS, Note, Ticks
from model.songbook.piece import Piece
from model.songbook.reader import read_file
from model.songbook.rendering import perform
from model.songbook.symbols import NO_CHORD, symbol
from model.songbook.tables import PIECES
from model.training.corpus.song import Song

SECTION_OF_KIND = {"head": "theme", "loop": "groove", "turnaround": "fill", "outro": "ending"}
"""Sections of the decoder for kinds of the notation that are called otherwise."""
MODE_NAMES = {
    "harmonic_minor": "harmonic minor", "melodic_minor": "melodic minor", "major_pentatonic": "major pentatonic",
    "minor_pentatonic": "minor pentatonic", "phrygian_dominant": "phrygian",
}  # fmt: skip
TEST_STYLE = "bluegrass"
"""The style whose pieces are all held out for tests."""


def load(folder: Path | None, drops: dict[str, int]) -> Iterator[Song]:
    """Yield the pieces below a folder, the songbook's own if None; those in metres that the decoder lacks are counted in `drops`."""
    for file in sorted((folder or PIECES).rglob("*.txt")):
        piece = read_file(file)
        if f"{piece.header.meter[0]}/{piece.header.meter[1]}" not in METERS:
            drops["metre"] = drops.get("metre", 0) + 1
            continue
        yield song(piece)


def song(piece: Piece) -> Song:
    """Return a piece as a song."""
    header, played = piece.header, perform(piece)
    meter = f"{header.meter[0]}/{header.meter[1]}"
    notes = sorted(
        Note(Ticks(n.start), Ticks(n.length), n.pitch, n.velocity, part)
        for part, found in played.notes().items()
        for n in found
    )
    count = len(played.bars)
    lines = tuple(
        BarLine(
            left=count - i if header.ends != "loop" else 0,
            section=SECTION_OF_KIND.get(bar.section.kind, bar.section.kind),
            phrase=(bar.number - 1) % PHRASE_PLACES + 1,
        )
        for i, bar in enumerate(played.bars)
    )
    said = tuple(("human", caption.text) for caption in piece.captions)
    return Song(
        id=f"{header.style}/{Path(piece.file).stem}",
        source="songbook",
        title=header.title,
        tempo=float(header.tempo),
        key=f"{header.tonic} {MODE_NAMES.get(header.mode, header.mode)}",
        bars=tuple((Ticks(bar.start), meter) for bar in played.bars),
        end=Ticks(played.length),
        notes=tuple(notes),
        chords=tuple((Ticks(s.start), chord(s.symbol)) for s in played.harmony),
        tags=said,
        style=((header.style, 1.0),),
        lines=lines,
        has_velocities=True,
        swing=(header.swing[0], float(header.swing[1]) / 100),
        levels=(("energy", (header.energy - 0.5) / 5), ("density", (header.density - 0.5) / 5)),
    )


def split(song: Song) -> str:
    """Return train, validation or test: by title, but one style is wholly in test."""
    return "test" if song.style[0][0] == TEST_STYLE else song.split


@lru_cache(4096)
def chord(text: str) -> Chord | None:
    """Return a chord of the notation as the decoder's vocabulary can say it: the quality whose tones are nearest."""
    if text == NO_CHORD:
        return None
    try:
        return parse_chord(text)
    except ValueError:
        meant = symbol(text)
        assert meant is not None
        tones = frozenset((t - meant.root) % 12 for t in meant.tones)
        nearest = min(QUALITIES, key=lambda name: len(tones ^ frozenset(QUALITIES[name])))
        return Chord(meant.root, nearest, meant.bass)
