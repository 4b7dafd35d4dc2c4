"""Half bars, in which harmony moves, and what sounds in them. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from model.midifile import Song, bar_length
from model.music import Note, Ticks, beat_length


def halves(song: Song) -> list[tuple[Ticks, Ticks]]:
    """Return start and end of the half bars, in ticks; of an odd bar the first half is the longer."""
    found: list[tuple[Ticks, Ticks]] = []
    for start, meter in song.bars:
        beats = bar_length(meter) // beat_length(meter)
        middle = Ticks(start + -(-beats // 2) * beat_length(meter))
        found += [(start, middle), (middle, Ticks(start + bar_length(meter)))]
    return found


def sounding(notes: Sequence[Note], spans: Sequence[tuple[Ticks, Ticks]]) -> list[list[tuple[Note, int]]]:
    """Return, for spans that follow each other, the notes that sound in each and for how many ticks."""
    ends = [end for _, end in spans]
    found: list[list[tuple[Note, int]]] = [[] for _ in spans]
    for note in notes:
        at = bisect_right(ends, note.start)
        while at < len(spans) and spans[at][0] < note.end:
            found[at].append((note, min(note.end, spans[at][1]) - max(note.start, spans[at][0])))
            at += 1
    return found
