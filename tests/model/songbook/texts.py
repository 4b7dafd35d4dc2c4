"""Texts of the notation for tests: a whole piece around the lines that a test is about, and pieces of the book."""

from __future__ import annotations

import os
from pathlib import Path

from model.songbook.piece import Piece
from model.songbook.reader import read
from model.songbook.rendering import Note, perform
from model.songbook.tables import PIECES

HEADER = {
    "title": "A Test",
    "style": "pop",
    "family": "pop",
    "batch": "tests",
    "plan": "1",
    "tempo": "120",
    "key": "C major",
    "form": "A",
    "sound": "chords=acoustic_grand_piano melody=flute bass=acoustic_bass pad=pad_warm arp=harpsichord",
    "mix": "chords=80 melody=80 bass=80 pad=80 arp=80",
    "gate": "chords=100 melody=100 bass=100",
    "lead": "melody",
    "mood": "plain",
    "energy": "3",
    "density": "3",
}
CAPTIONS = "captions\nen: one\nen: two\nen*: three\nzh: 一\nzh*: 二\n"
VOICINGS = "voicings\nC = C4 E4 G4\nG7 = B3 D4 F4 G4\nF = C4 F4 A4\n"


def spread(count: int) -> list[Path]:
    """Return about so many pieces from all over the songbook; LLMBALL_PIECES says how many instead."""
    book = sorted(PIECES.rglob("*.txt"))
    return book[:: max(1, len(book) // int(os.environ.get("LLMBALL_PIECES", count)))]


def text(body: str, **header: str) -> str:
    """Return a piece's text: the test's header, captions and voicings around the sections of a test."""
    lines = [f"{key} {value}" for key, value in (HEADER | header).items() if value]
    return "\n".join(lines) + f"\n{CAPTIONS}{VOICINGS}{body}\n"


def piece(body: str, **header: str) -> Piece:
    """Return the piece of a test's sections."""
    return read(text(body, **header), "test")


def notes(part: str, body: str, **header: str) -> list[tuple[int, int, int, int]]:
    """Return a part's canonical notes as (start, length, pitch, velocity)."""
    found: tuple[Note, ...] = perform(piece(body, **header)).notes()[part]
    return [(n.start, n.length, n.pitch, n.velocity) for n in found]


def melody(tokens: str, chords: str = "C", **header: str) -> list[tuple[int, int, int, int]]:
    """Return the canonical notes of one bar of melody."""
    return notes("melody", f"section A 1\nharmony\n{chords}\nmelody\n1: {tokens}", **header)
