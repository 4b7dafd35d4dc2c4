"""A player beside the model: what the hands give of a beat, and what was really played of those before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from model.harmony import Chord, parse_chord
from model.kept import kept_rows
from model.language import MELODY_EVENT
from model.music import Beat, Begin, Kept

Row = tuple[int, ...]


@dataclass(slots=True)
class Written:
    """A beat with its rows, and where in which cache it begins; cache 0 is none. `drawn` are those that were not given.

    `x` is where it lies between two prompts.
    """

    beat: Beat
    chord: Chord | None
    rows: list[Row]
    cache: int
    mark: int
    drawn: tuple[Row, ...] = ()
    x: float = 0.0


def hear(written: Written, played: Kept, *, melody_first: bool) -> int | None:
    """Put how a beat really sounded in the place of how it was written; return the first row that differs, or None.

    Where only the melody is another, the rest keeps its rows: what the model drew is not rounded again.
    """
    rows = kept_rows(written.beat, played, melody_first=melody_first)[1:]
    beat = replace(written.beat, chord=played.chord, fresh=played.fresh, notes=played.notes)
    if not melody_first and _accompaniment(beat) == _accompaniment(written.beat):
        rows = [r for r in written.rows[1:] if r[0] < MELODY_EVENT] + [
            r for r in rows if r[0] >= MELODY_EVENT
        ]
    rows = [written.rows[0], *rows]
    before = written.rows
    written.beat, written.rows = beat, rows
    written.chord = None if played.chord is None else parse_chord(played.chord)
    if rows == before:
        return None
    return next(
        (i for i, (a, b) in enumerate(zip(rows, before, strict=False)) if a != b), min(len(rows), len(before))
    )


def under_hands(last: Written | None, hands: Kept) -> Kept:
    """Return what the hands give of a beat that follows another, its chord fresh where it is a new one."""
    if not hands.harmony or hands.chord is None:
        return hands
    return replace(hands, fresh=last is None or last.chord != parse_chord(hands.chord))


def sounding_on(busy: Mapping[tuple[str, int], int], kept: Kept, begin: Begin) -> dict[tuple[str, int], int]:
    """Return what sounds on into a beat: on a stage the band lets go of the old chord where the hands bring a new one."""
    let_go = kept.harmony and kept.fresh and not begin.given
    return {k: until for k, until in busy.items() if not (let_go and k[0] in ("bass", "chords"))}


def _accompaniment(beat: Beat) -> tuple[object, ...]:
    return beat.chord, beat.fresh, tuple(sorted(n for n in beat.notes if n.part != "melody"))
