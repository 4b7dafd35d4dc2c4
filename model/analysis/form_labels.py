"""Labels of the form, found in the notes: from which earlier bar a bar comes, and what of it returns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from model.decoder.tokenizer import BarLine
from model.music.notes import Beat, beat_length

FARTHEST = 32
"""How many bars back a source is looked for."""
FEWEST_NOTES = 2
"""A melody bar with fewer onsets has no label."""
VARIED_SHARE = 0.5
"""From this share of equal notes on, a bar is a variation."""
SAME_SHARE = 0.95
"""From this share on the parts beside the melody are the same."""


@dataclass(frozen=True, slots=True)
class _Bar:
    half: int
    melody: frozenset[tuple[int, int]]  # onset, pitch
    rhythm: frozenset[int]
    band: frozenset[tuple[str, int, int]]  # part, onset, drum or interval above the chord's root


def with_labels(beats: Sequence[Beat], lines: Iterable[BarLine]) -> list[BarLine]:
    """Return the bar lines with the labels of melody and band, and the distance of the source."""
    bars = _bars(beats)
    labelled: list[BarLine] = []
    for i, line in enumerate(lines):
        melody, source = _melody_label(bars, i)
        band, band_source = _band_label(bars, i)
        labelled.append(
            replace(line, melody=melody, band=band, source=source if melody not in (None, "new") else band_source)
        )
    return labelled


def _bars(beats: Sequence[Beat]) -> list[_Bar]:
    found: list[_Bar] = []
    bar: list[Beat] = []
    for beat in beats:
        if beat.beat == 0 and bar:
            found.append(_bar(bar))
            bar = []
        bar.append(beat)
    return [*found, _bar(bar)] if bar else found


def _bar(beats: Sequence[Beat]) -> _Bar:
    melody: set[tuple[int, int]] = set()
    band: set[tuple[str, int, int]] = set()
    at = 0
    for beat in beats:
        root = _root(beat.chord)
        for note in beat.notes:
            if note.part == "melody":
                melody.add((at + note.start, note.pitch))
            else:
                is_drum = note.part in ("drums", "perc")
                band.add((note.part, at + note.start, note.pitch if is_drum else (note.pitch - root) % 12))
        at += beat_length(beat.meter)
    return _Bar(at // 2, frozenset(melody), frozenset(s for s, _ in melody), frozenset(band))


def _root(chord: str | None) -> int:
    if chord is None:
        return 0
    return ("C D EF G A B".index(chord[0]) + chord[1:3].count("#") - chord[1:2].count("b")) % 12


def _melody_label(bars: Sequence[_Bar], i: int) -> tuple[str | None, int]:
    here = bars[i]
    if len(here.rhythm) < FEWEST_NOTES:
        return None, 0
    label, source = "new", 0
    first = frozenset(s for s in here.rhythm if s < here.half)
    for back in range(1, min(i, FARTHEST) + 1):
        there = bars[i - back]
        if not there.melody:
            continue
        if here.melody == there.melody:
            return "same", back
        alike = len(here.melody & there.melody) / max(len(here.melody), len(there.melody))
        if label in ("new", "answer", "rhythm") and alike >= VARIED_SHARE:
            label, source = "varied", back
        elif label in ("new", "answer") and here.rhythm == there.rhythm:
            label, source = "rhythm", back
        elif label == "new" and len(first) > 1 and first == frozenset(s for s in there.rhythm if s < here.half):
            label, source = "answer", back
    return label, source


def _band_label(bars: Sequence[_Bar], i: int) -> tuple[str | None, int]:
    here = bars[i].band
    if not here:
        return None, 0
    best, source = 0.0, 0
    for back in range(1, min(i, FARTHEST) + 1):
        there = bars[i - back].band
        alike = len(here & there) / max(len(here), len(there))
        if alike > best + 0.02:
            best, source = alike, back
    if best >= SAME_SHARE:
        return "same", source
    return ("varied", source) if best >= VARIED_SHARE else ("new", 0)
