"""A short piece of written music, for takes that play it."""

from __future__ import annotations

from model.music.midifile import Song
from model.music.notes import Note, Ticks
from model.music.plan import Plan
from model.music.score import Score, score_of

PITCHES = (101, 102, 103, 104, 105, 106, 107, 108)


def piece(loops: bool = True) -> Score:
    """Return two bars at 240 bpm: a melody note a beat, each of another pitch, and a kick."""
    found = [Note(Ticks(480 * i + 7 * (i % 2)), Ticks(240), pitch, 90, "melody") for i, pitch in enumerate(PITCHES)]
    kicks = [Note(Ticks(480 * i), Ticks(60), 36, 100, "drums") for i in range(8)]
    song = Song(
        ((Ticks(0), "4/4"), (Ticks(1920), "4/4")), Ticks(3840), ((Ticks(0), 240.0),), "D minor", (*found, *kicks),
        ((Ticks(0), "Dm"), (Ticks(1920), "A7")),
    )  # fmt: skip
    return score_of("a-piece", "A Piece", song, Plan(tempo=240.0, key="D minor"), loops)
