"""The baseline without a model: words → plan → the nearest grammar → a piece of it, as a clip."""

from __future__ import annotations

from model.clips.clip import programs
from model.music.groove import swung
from model.music.harmony import chord_symbol, parse_key
from model.music.midifile import Song
from model.music.notes import Note, Ticks
from model.music.plan import Plan
from model.styles import STYLES
from model.training.styles.piece import PieceSpec, piece


def clip(plan: Plan, seed: int, bars: int) -> Song:
    """Return a piece by the grammar nearest to the plan, in its tempo, key, levels and parts, as a clip of `bars`."""
    first = STYLES[plan.style[0][0] if plan.style else "pop"]
    name = first.name if first.has_grammar else first.nearest
    mood = PieceSpec(plan.energy, plan.density, plan.complexity, plan.tempo, plan.key, bars)
    made = piece(name, seed, mood)
    flats = parse_key(plan.key).flats
    chords: list[tuple[Ticks, str]] = []
    for at, chord in made.chords:
        symbol = "" if chord is None else chord_symbol(chord, flats)
        if chord is not None and (not chords or chords[-1][1] != symbol):
            chords.append((at, symbol))
    return Song(
        bars=made.bars,
        end=made.end,
        tempos=((Ticks(0), plan.tempo),),
        key=plan.key,
        notes=tuple(_placed(n, plan.swing, made.end) for n in made.notes if n.part in plan.parts),
        chords=tuple(chords),
        programs=programs(plan),
    )


def _placed(note: Note, swing: float, end: int) -> Note:
    start = swung(note.start, swing)
    stop = min(swung(note.end, swing), end)
    return Note(Ticks(start), Ticks(max(1, stop - start)), note.pitch, note.velocity, note.part, note.offset)
