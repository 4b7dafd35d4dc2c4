"""The state of a take: the beats written so far, and which of their rows are in the decoder's cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from model.decoder.conditioning import DROPPABLE_CONDITIONS, HEADER, Header, without_conditions
from model.decoder.engine import Array, Engine, EngineState
from model.decoder.relations import Relations
from model.decoder.style_lanes import lane_styles
from model.decoder.tokenizer import (
    MELODY_EVENT,
    NOW,
    OFFSET_CENTRE,
    STEP,
    VELOCITY_CENTRE,
    VELOCITY_STEP,
    Event,
    Rows,
    encode_beat,
    nearest_length,
    note_event,
    to_token_grid,
)
from model.generation import history as looking_back
from model.generation.bias_terms import target_velocity
from model.generation.bias_weights import SHIPPED, BiasWeights
from model.generation.messages import Begin, Write
from model.music.harmony import Chord, Key, parse_chord
from model.music.notes import HARMONY_PARTS, Beat, Kept, Note, beats_in_bar
from model.music.plan import Mix, Plan
from model.prompt.encoder import Embedding
from model.styles import STYLES

Row = tuple[int, ...]
LATER_ROWS = 150
"""At most so many rows of the following fixed bars are read before a bar that is filled in."""


def relative_velocity(note: Note, usual: Mapping[str, float]) -> Note:
    """Return the note as loud relative to its part's usual velocity as rows say it; as it is where none is known."""
    louder = VELOCITY_CENTRE - round(usual.get(note.part, VELOCITY_CENTRE))
    return replace(note, velocity=min(127, max(VELOCITY_STEP, note.velocity + louder)))


def fixed_rows(frame: Beat, kept: Kept, usual: Mapping[str, float], *, melody_first: bool) -> list[Row]:
    """Return the rows of the fixed content of a beat, its line row first; `usual` has the usual velocity of each part."""
    notes = tuple(to_token_grid(relative_velocity(n, usual)) for n in kept.notes)
    inside = tuple(n for n in notes if n.start < frame.length)
    beat = replace(frame, chord=kept.chord, fresh=kept.fresh, notes=inside)
    return encode_beat(beat, melody_first=melody_first)


def rhythm_rows(kept: Kept) -> list[Row]:
    """Return the rows of a fixed melody rhythm, without pitches."""
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


def is_all_fixed(kept: Kept, parts: Sequence[str]) -> bool:
    """Return True if nothing is left to sample in a beat."""
    return kept.harmony and kept.parts >= set(parts)


def later_rows(
    given: Sequence[Kept], frame: Beat, parts: Sequence[str], usual: Mapping[str, float], *, melody_first: bool
) -> tuple[Row, ...]:
    """Return the rows of the fixed bars after the bar that is filled in, between AFTER rows."""
    beats = beats_in_bar(frame.meter)
    at = frame.index - frame.beat + beats
    while at < len(given) and not all(is_all_fixed(k, parts) for k in given[at : at + beats]):
        at += beats
    rows: list[Row] = []
    while at < len(given) and all(is_all_fixed(k, parts) for k in given[at : at + beats]):
        bar: list[Row] = []
        for i, kept in enumerate(given[at : at + beats]):
            first = kept if i or rows else replace(kept, fresh=True)
            bar += fixed_rows(replace(frame, beat=i), first, usual, melody_first=melody_first)
        if len(rows) + len(bar) > LATER_ROWS:
            break
        rows += bar
        at += beats
    return ((Event.AFTER, 0, 0, 0, 0), *rows, (Event.AFTER, NOW, 0, 0, 0)) if rows else ()


def ticks_until_fixed(given: Sequence[Kept], part: str, frame: Beat) -> int | None:
    """Return the ticks from a beat's start to the next fixed note of a part; None if there is none."""
    away = 0
    for kept in given[frame.index :]:
        starts = [n.start for n in kept.notes if n.part == part]
        if starts:
            return away + min(starts)
        away += frame.length
    return None


def melody_ahead(given: Sequence[Kept], frame: Beat) -> dict[int, float]:
    """Return the ticks of each pitch class of a fixed melody from a beat to the half or the end of its bar."""
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


@dataclass(slots=True)
class WrittenBeat:
    """A beat with its rows, and the cache row at which it begins in which cache; cache 0 is none.

    `sampled` are the rows that were not fixed, `morph_position` is where the beat lies between two prompts. For the form: the plan
    without cues, the section, the wanted velocity of each part, and the bars that parts were taken from.
    """

    beat: Beat
    chord: Chord | None
    rows: list[Row]
    cache_number: int
    first_row: int
    sampled: tuple[Row, ...] = ()
    morph_position: float = 0.0
    plan: Plan | None = None
    section: str | None = None
    velocity: Mapping[str, float] = field(default_factory=dict)
    source_bars: Mapping[str, int] = field(default_factory=dict)


def replace_with_played(written: WrittenBeat, played: Kept, *, melody_first: bool) -> int | None:
    """Replace a beat by what was played; return the index of the first row that differs, or None.

    If only the melody differs, the other rows stay: sampled values are not rounded again.
    """
    rows = fixed_rows(written.beat, played, written.velocity, melody_first=melody_first)[1:]
    beat = replace(written.beat, chord=played.chord, fresh=played.fresh, notes=played.notes)
    if not melody_first and _accompaniment(beat) == _accompaniment(written.beat):
        rows = [r for r in written.rows[1:] if r[0] < MELODY_EVENT] + [r for r in rows if r[0] >= MELODY_EVENT]
    rows = [written.rows[0], *rows]
    before = written.rows
    written.beat, written.rows = beat, rows
    written.chord = None if played.chord is None else parse_chord(played.chord)
    if rows == before:
        return None
    return next((i for i, (a, b) in enumerate(zip(rows, before, strict=False)) if a != b), min(len(rows), len(before)))


def mark_chord_change(last: WrittenBeat | None, hands: Kept) -> Kept:
    """Return what a player gives of a beat, its chord marked fresh if it differs from the beat before."""
    if not hands.harmony or hands.chord is None:
        return hands
    return replace(hands, fresh=last is None or last.chord != parse_chord(hands.chord))


def still_sounding(
    sounding_until: Mapping[tuple[str, int], int], kept: Kept, begin: Begin
) -> dict[tuple[str, int], int]:
    """Return what sounds on into a beat: a new chord of a player ends the old notes of the harmony."""
    cut_off = kept.harmony and kept.fresh and not begin.given
    return {k: until for k, until in sounding_until.items() if not (cut_off and k[0] in HARMONY_PARTS)}


def _accompaniment(beat: Beat) -> tuple[object, ...]:
    return beat.chord, beat.fresh, tuple(sorted(n for n in beat.notes if n.part != "melody"))


ROWS_FOR_A_BEAT = 64
RELATED_BEATS = 128
"""So many beats back it is looked for a part's last note."""
REMEMBERED = 512
"""Beats that a take remembers: more than a context has rows, or than a take is ever rewound by."""
NO_CACHE = 0
"""The cache number of beats that are in no cache."""
Theme = Mapping[tuple[str, int], Sequence[WrittenBeat]]
"""Bars of a take by letter and place of their sections."""
FORGOTTEN_BEAT = WrittenBeat(Beat(0, 0, 0, "4/4", None, fresh=False), None, [], NO_CACHE, 0)
"""Placeholder for beats that are no longer remembered."""


@dataclass(slots=True)
class TakeState:
    """A take: its order, its plan and text embedding (and those of a second prompt), its beats, and the decoder's state.

    `opening` are the rows that the state was opened with, up to the first beat. `theme` has bars of the take before it, by letter and
    place, whose tune and chords it plays where the words only change the band.
    """

    begin: Begin
    plan: Plan
    text: Embedding
    other: tuple[Plan, Embedding] | None = None
    written: list[WrittenBeat] = field(default_factory=list)
    state: EngineState | None = None
    cache_number: int = 0
    state_key: tuple[object, ...] = ()
    opening: tuple[Row, ...] = ()
    melody_harmony: tuple[str, Array] | None = None
    theme: Theme = field(default_factory=dict)

    def add(self, written: WrittenBeat) -> None:
        """Add a beat; those further back than anything looks are forgotten."""
        self.written.append(written)
        if len(self.written) > REMEMBERED:
            self.written[-REMEMBERED - 1] = FORGOTTEN_BEAT

    def rewind(self, index: int) -> None:
        """Remove the beats from an index on. Raises ValueError if the one before it is forgotten."""
        del self.written[index:]
        if self.written and self.written[-1] is FORGOTTEN_BEAT:
            raise ValueError(f"a take can be rewound by {REMEMBERED} beats at most, or to its beginning")

    @property
    def beats(self) -> list[Beat]:
        """The last beats: as many as anything looks back."""
        return [w.beat for w in self.written[-looking_back.LONGEST_NOTE_BEATS :]]

    @property
    def theta(self) -> BiasWeights:
        """Its bias weights."""
        return SHIPPED.with_named(self.begin.theta)

    def is_morphing(self, morph_position: float) -> bool:
        """Return True if the position between its two prompts has changed in the last beats."""
        return any(w.morph_position != morph_position for w in self.written[-looking_back.HISTORY_BEATS :])

    def kept(self, index: int) -> Kept:
        """Return the fixed content of a beat."""
        return self.begin.given[index] if index < len(self.begin.given) else Kept()


def reread_played(engine: Engine, take: TakeState, order: Write) -> None:
    """Replace earlier beats by what was played, and re-read the rows from the first difference."""
    again: list[WrittenBeat] = []
    at, rows = 0, list[Row]()
    for index, kept in sorted(order.played, key=lambda p: p[0]):
        written = take.written[index]
        differs = replace_with_played(written, kept, melody_first=take.begin.melody_first)
        if differs is not None and not again:
            again = take.written[index:]
            at, rows = written.first_row + differs, written.rows[differs:]
    state = take.state
    if not again or state is None:
        return
    if at < state.length:
        state.length = at
        state.relations = _relations(
            take, take.written[: len(take.written) - len(again)], again[0].rows[: at - again[0].first_row]
        )
    rows += [row for written in again[1:] for row in written.rows]
    if any(w.cache_number != take.cache_number for w in again) or state.free_rows < len(rows) + ROWS_FOR_A_BEAT:
        take.cache_number += 1  # the cache is made anew
        return
    for row in rows:
        engine.step(state, row)
    at = again[0].first_row
    for written in again:
        written.first_row, at = at, at + len(written.rows)


def _relations(take: TakeState, written: Sequence[WrittenBeat], rows: Sequence[Row] = ()) -> Relations:
    """Return what sounds after some beats of a take and the rows after them, whatever its cache holds."""
    relations = Relations()
    for row in (*take.opening, *(row for beat in written[-RELATED_BEATS:] for row in beat.rows), *rows):
        relations.relate(row)
    return relations


def open_state(
    engine: Engine,
    take: TakeState,
    plan: Plan,
    text: Embedding,
    key: Key,
    frame: Beat,
    has_guidance: bool,
    line: Row,
) -> tuple[EngineState, int, Array]:
    """Return the take's state after reading the beat's line row, the row's place in the cache, and its output.

    The cache is continued if possible; its oldest bars are dropped if it is full. It is made anew from the header and the last
    bars if the header or the following fixed bars have changed, or if the take was rewound to before its start.
    """
    headers = tuple(_header(plan, mix, key, melody_first=take.begin.melody_first) for mix in lane_styles(plan))
    usual = {p: target_velocity(p, plan.energy) for p in plan.parts}
    later = later_rows(take.begin.given, frame, plan.parts, usual, melody_first=take.begin.melody_first)
    state_key = (headers, has_guidance, text.tobytes(), later)
    start = len(HEADER) + engine.shape["prefix"] + len(later)
    if take.state is not None and take.state_key == state_key:
        if take.written:
            last = take.written[-1]
            start = last.first_row + len(last.rows) if last.cache_number == take.cache_number else -1
        if start >= 0:
            if start != take.state.length:
                take.state.length = start
                take.state.relations = _relations(take, take.written)
            left = engine.context - start
            if left <= ROWS_FOR_A_BEAT or (frame.beat == 0 and left < 3 * ROWS_FOR_A_BEAT):
                start -= _drop_oldest_bars(engine, take, take.state, len(later))
            return take.state, start, engine.step(take.state, line)
    take.cache_number += 1
    take.state_key = state_key
    history = _history(engine, take, len(later))
    tail = np.array([*later, *history, line], np.int16)
    heads = [header.rows() for header in headers]
    heads += [without_conditions(heads[0], *DROPPABLE_CONDITIONS)] * has_guidance
    rows: Rows = np.stack([np.concatenate([head, tail]) for head in heads])
    take.opening = (*(tuple(row) for row in heads[0].tolist()), *later)
    take.state, h = engine.begin(text, np.array([True] * len(headers) + [False] * has_guidance), rows)
    take.state.relations = _relations(take, take.written, [line])
    return take.state, take.state.length - 1, h


def _history(engine: Engine, take: TakeState, later: int) -> list[Row]:
    """Return the rows of the last bars, at most half a context, and note where each beat now begins."""
    kept = _last_bars(engine, take, later)
    at = len(HEADER) + engine.shape["prefix"] + later
    for written in kept:
        written.cache_number, written.first_row = take.cache_number, at
        at += len(written.rows)
    return [row for written in kept for row in written.rows]


def _drop_oldest_bars(engine: Engine, take: TakeState, state: EngineState, later: int) -> int:
    """Drop the oldest bars from a full cache until half a context is left; return the number of rows dropped."""
    first = len(HEADER) + engine.shape["prefix"] + later
    kept = [w for w in _last_bars(engine, take, later) if w.cache_number == take.cache_number]
    count = (kept[0].first_row if kept else state.length) - first
    state.drop_rows(first, count)
    for written in reversed(take.written):
        if written.cache_number != take.cache_number:
            break
        if written.first_row < first + count:
            written.cache_number = NO_CACHE
        else:
            written.first_row -= count
    return count


def _last_bars(engine: Engine, take: TakeState, later: int) -> list[WrittenBeat]:
    """Return the beats of the last whole bars, at most half a context of rows."""
    kept: list[WrittenBeat] = []
    size = later
    for i in range(len(take.written) - 1, -1, -1):
        size += len(take.written[i].rows)
        if size > engine.context // 2:
            break
        if take.written[i].beat.beat == 0:
            kept = take.written[i:]
    return kept


def _header(plan: Plan, mix: Mix, key: Key, *, melody_first: bool) -> Header:
    styles = tuple((name, weight) for name, weight in mix if name in STYLES)[:2]
    total = sum(weight for _, weight in styles)
    return Header(
        frozenset(plan.parts), plan.meter, key.tonic + 12 * key.minor, key.mode or None, plan.tempo,
        plan.density, plan.energy, plan.brightness, plan.complexity,
        tuple((name, weight / total) for name, weight in styles), (plan.swing_unit, plan.swing), melody_first,
    )  # fmt: skip
