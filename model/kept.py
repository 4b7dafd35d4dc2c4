"""What stays as it is while music is written around it, as rows of the language. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from model.language import (
    NOW,
    OFFSET_CENTRE,
    STEP,
    Event,
    encode_beat,
    nearest_length,
    note_event,
    on_lattice,
)
from model.music import Beat, Kept, beats_in_bar

Row = tuple[int, ...]

LATER_ROWS = 150
"""At most so many rows of the bars that follow are read before a bar that is filled in."""


def kept_rows(frame: Beat, kept: Kept, *, melody_first: bool) -> list[Row]:
    """Return the rows of what is kept of a beat, its line row first."""
    notes = tuple(on_lattice(n) for n in kept.notes)
    inside = tuple(n for n in notes if n.start < frame.length)
    beat = replace(frame, chord=kept.chord, fresh=kept.fresh, notes=inside)
    return encode_beat(beat, melody_first=melody_first)


def rhythm_rows(kept: Kept) -> list[Row]:
    """Return the rows of a melody's rhythm, without pitches."""
    return [
        (
            note_event("melody", (at + OFFSET_CENTRE) // STEP),
            0,
            1 + nearest_length(round(length / STEP)),
            0,
            0,
        )
        for at, length in kept.rhythm or ()
    ]


def whole(kept: Kept, parts: Sequence[str]) -> bool:
    """Tell whether nothing is left to write in a beat."""
    return kept.harmony and kept.parts >= set(parts)


def later_rows(
    given: Sequence[Kept], frame: Beat, parts: Sequence[str], *, melody_first: bool
) -> tuple[Row, ...]:
    """Return the rows of the kept bars that follow the bar being filled in, between their marks."""
    beats = beats_in_bar(frame.meter)
    at = frame.index - frame.beat + beats
    while at < len(given) and not all(whole(k, parts) for k in given[at : at + beats]):
        at += beats
    rows: list[Row] = []
    while at < len(given) and all(whole(k, parts) for k in given[at : at + beats]):
        bar: list[Row] = []
        for i, kept in enumerate(given[at : at + beats]):
            first = kept if i or rows else replace(kept, fresh=True)
            bar += kept_rows(replace(frame, beat=i), first, melody_first=melody_first)
        if len(rows) + len(bar) > LATER_ROWS:
            break
        rows += bar
        at += beats
    return ((Event.AFTER, 0, 0, 0, 0), *rows, (Event.AFTER, NOW, 0, 0, 0)) if rows else ()


def room(given: Sequence[Kept], part: str, frame: Beat) -> int | None:
    """Return the ticks from a beat's first to the first later kept note of a part; None where there is none."""
    away = 0
    for kept in given[frame.index :]:
        starts = [n.start for n in kept.notes if n.part == part]
        if starts:
            return away + min(starts)
        away += frame.length
    return None


def melody_ahead(given: Sequence[Kept], frame: Beat) -> dict[int, float]:
    """Return the time in ticks of each pitch class of a kept melody from a beat to the half or the end of its bar."""
    beats = beats_in_bar(frame.meter)
    half = beats // 2 if beats % 2 == 0 and frame.beat < beats // 2 else beats
    end = (half - frame.beat) * frame.length
    heard: dict[int, float] = {}
    for i, kept in enumerate(given[frame.index : frame.index + half - frame.beat]):
        for note in kept.notes:
            if note.part == "melody":
                length = min(note.length, end - i * frame.length - note.start)
                heard[note.pitch % 12] = heard.get(note.pitch % 12, 0.0) + max(0, length)
    return heard
