"""Features of the last beats: density, loudness, last pitches, notes that still sound. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from model.decoder.tokenizer import FIRST_NOTE, PART_ORDER, STEP, part_and_tick, row_note
from model.generation.bias_terms import log_density_error
from model.music.harmony import Chord
from model.music.notes import ADDED_PARTS, CHORD_PARTS, TICKS_PER_QUARTER, UNPITCHED_PARTS, Beat, Note, beats_in_bar
from model.music.plan import Mix, Plan
from model.prompt.rules.vocabulary import FOLDER
from model.styles import decoder_style

HISTORY_BEATS = 8  # beats
LONGEST_NOTE_BEATS = 64  # beats: more than the longest note
ENTRY_WAIT_BEATS = 2  # beats
SPARSE_SECTIONS = frozenset({"intro", "break", "ending"})
SILENT_BARS = 2
"""Bars after which a part that is owed must play again."""
OWED_PARTS = frozenset({"bass", "chords", *ADDED_PARTS})
"""Parts that may not stay silent: the harmony, and what was asked for by name."""
FULL_VOICES = 3
MONOPHONIC_PARTS = ("bass", "melody")
"""Parts that play one note at a time."""
CORRECTED_SHARE = 0.8
"""Share of the velocity error that is corrected."""
Row = tuple[int, ...]


def density_errors(beats: Sequence[Beat], plan: Plan, parts: frozenset[str]) -> dict[str, float]:
    """Return log(onsets / wanted onsets) of each part in the last beats."""
    last = beats[-HISTORY_BEATS:]
    quarters = sum(b.length for b in last) / TICKS_PER_QUARTER
    onsets: dict[str, int] = defaultdict(int)
    for beat in last:
        for part in {n.part for n in beat.notes}:
            onsets[part] += len({n.start for n in beat.notes if n.part == part})
    return {
        p: log_density_error(onsets[p], quarters, target_onsets(plan.style_of(p), p, plan.density), plan.density)
        for p in parts
    }


def entrances(beats: Sequence[Beat], parts: Collection[str], section: str | None = None) -> frozenset[str]:
    """Return which parts must sound on the first tick of the next beat, in a section.

    On the first beat the drums, or the first part without them; on the third, what is owed and has not played yet, but for an
    intro; later where a bar begins what is owed and has been silent for two bars, but for an intro, a break or an ending.
    """
    if not beats:
        return frozenset([part for part in PART_ORDER if part in parts][:1])
    owed = OWED_PARTS.intersection(parts)
    bar = beats_in_bar(beats[-1].meter)
    if not owed or section in SPARSE_SECTIONS:
        return frozenset()
    if len(beats) == ENTRY_WAIT_BEATS:
        return owed - {n.part for beat in beats for n in beat.notes}
    if beats[-1].beat + 1 != bar or len(beats) < SILENT_BARS * bar:
        return frozenset()
    return owed - {n.part for n in _still_heard(beats, SILENT_BARS * bar)}


def _still_heard(beats: Sequence[Beat], count: int) -> Iterator[Note]:
    """Yield the notes that sound in the last beats."""
    back, after = 0, sum(b.length for b in beats[-count:])
    for beat in reversed(beats):
        back += beat.length
        yield from (n for n in beat.notes if n.end > back - after)


def min_voices(beats: Sequence[Beat], parts: Collection[str]) -> dict[str, int]:
    """Return the fewest voices of the next stroke of chords and pad: three where those of the last beats have as many.

    Else one of chords, and two of a pad.
    """
    found = {part: 1 + (part == "pad") for part in CHORD_PARTS if part in parts}
    for part in found:
        sizes = [
            sum(n.part == part and n.start == start for n in beat.notes)
            for beat in beats[-HISTORY_BEATS:]
            for start in {n.start for n in beat.notes if n.part == part}
        ]
        full = [size >= FULL_VOICES for size in sizes]
        if len(full) > 1 and sum(full) > len(full) / 2:
            found[part] = FULL_VOICES
    return found


def last_pitches(beats: Sequence[Beat]) -> dict[str, tuple[int, ...]]:
    """Return the last three pitches of each monophonic part, latest first."""
    found: dict[str, tuple[int, ...]] = dict.fromkeys(MONOPHONIC_PARTS, ())
    for beat in reversed(beats):
        for note in sorted(beat.notes, key=lambda n: -n.start):
            if note.part in MONOPHONIC_PARTS:
                found[note.part] = (*found[note.part], note.pitch)[:3]
        if all(len(pitches) > 2 for pitches in found.values()):
            break
    return {part: pitches for part, pitches in found.items() if pitches}


def recent_roots(chords: Sequence[Chord | None]) -> tuple[int, ...]:
    """Return the roots that the chords of some beats moved through, latest first; "no chord" is left out."""
    found: list[int] = []
    for chord in reversed(chords):
        if chord is not None and chord.root not in found[-1:]:
            found.append(chord.root)
    return tuple(found)


def missing_off_beats(beats: Sequence[Beat], unit: int) -> float:
    """Return 1 if no off-beat of the unit (8 or 16) was played in the last beats, 0 if one was in every other quarter."""
    last = beats[-HISTORY_BEATS:]
    pair = TICKS_PER_QUARTER * 8 // unit
    heard = len({(i, n.start) for i, b in enumerate(last) for n in b.notes if n.start % pair == pair // 2})
    quarters = sum(b.length for b in last) / TICKS_PER_QUARTER
    return max(0.0, 1 - 2 * heard / quarters) if quarters else 1.0


def share_outside_scale(beats: Sequence[Beat], scale: Collection[int]) -> float:
    """Return the share of the last beats' note time, without drums, that lies outside a scale; 0 without notes."""
    inside = outside = 0
    for note in (n for b in beats[-HISTORY_BEATS:] for n in b.notes if n.part not in UNPITCHED_PARTS):
        if note.pitch % 12 in scale:
            inside += note.length
        else:
            outside += note.length
    return outside / (inside + outside) if outside else 0.0


def velocity_corrections(rows: Sequence[Sequence[Row]], target_velocity: Mapping[str, float]) -> dict[str, int]:
    """Return the correction of each part's velocity, so that its mean over the last beats comes near the target.

    `rows` are those beats as they were sampled, the newest last: accents are kept, the level follows the energy.
    """
    sampled: dict[str, list[int]] = defaultdict(list)
    for beat in rows[-HISTORY_BEATS:]:
        for row in beat:
            if row[0] >= FIRST_NOTE and row[3]:
                sampled[part_and_tick(row[0])[0]].append(row_note(row).velocity)
    return {
        p: round(CORRECTED_SHARE * (target_velocity[p] - sum(v) / len(v)))
        for p, v in sampled.items()
        if p in target_velocity
    }


def first_notes(rows: Sequence[Row]) -> list[Row]:
    """Return the first note of each part."""
    found: dict[str, Row] = {}
    for row in rows:
        if row[0] >= FIRST_NOTE:
            found.setdefault(part_and_tick(row[0])[0], row)
    return list(found.values())


def sounding_until(beats: Sequence[Beat]) -> dict[tuple[str, int], int]:
    """Return until which grid tick of the next beat each (part, pitch) still sounds."""
    found: dict[tuple[str, int], int] = {}
    back = 0
    for beat in reversed(beats[-LONGEST_NOTE_BEATS:]):
        back += beat.length
        for note in beat.notes:
            until = -(-(note.end - back) // STEP)
            if until > 0 and note.part not in UNPITCHED_PARTS:
                key = (note.part, note.pitch)
                found[key] = max(until, found.get(key, 0))
    return found


# How full a part is usually

UNMEASURED = (0.25, 1.0, 4.0)
"""Onsets a quarter, least, usual and most, of a part that no table has."""


def _rows(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@cache
def _table() -> dict[tuple[str, str], tuple[float, float, float]]:
    rows = _rows(FOLDER / "densities.tsv")
    return {(style, part): (float(low), float(mid), float(high)) for style, part, low, mid, high in rows}


def target_onsets(style: Mix, part: str, density: float) -> float:
    """Return the onsets a quarter at a density (a percentile, 0..1) of a part of a mix of styles."""
    rows = [((decoder_style(name), part), weight) for name, weight in style]
    known = [(_table()[row], weight) for row, weight in rows if row in _table()]
    if not known:
        known = [(_table().get(("*", part), UNMEASURED), 1.0)]
    whole = sum(weight for _, weight in known)
    low, middle, high = (sum(row[k] * (weight / whole) for row, weight in known) for k in range(3))
    low = min(low, middle / 2)  # a style with one pattern only can still be thinned out
    high = max(high, middle * 2)
    start, end, part_of = (low, middle, 2 * density) if density < 0.5 else (middle, high, 2 * density - 1)
    return float(start * (end / start) ** part_of)
