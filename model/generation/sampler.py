"""Samples one beat, event by event: what may follow what, and the drawing of each field.

Impossible values are masked; the terms of `model.generation.bias_table` act on the rest, around the given notes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from model.decoder import style_lanes
from model.decoder.engine import Array, Engine, EngineState, apply_guidance, sample_binary
from model.decoder.tokenizer import (
    BASS,
    EVENTS,
    FIRST_NOTE,
    GRID,
    LENGTHS,
    NO_CHORD,
    PART_ORDER,
    PITCH,
    PREDICTED,
    QUALITY,
    ROOT,
    Event,
    chord_row,
    nearest_length,
    note_event,
    part_and_tick,
    row_chord,
)
from model.generation.beat_rules import BeatContext, BeatProgress, Row
from model.generation.bias_table import Place, add_terms, bias_of_event
from model.generation.bias_terms import MASKED, NO_ONSET, PART_RANGES, PITCHES, Bias, cooled, pitches_of_classes
from model.generation.history import MONOPHONIC_PARTS
from model.music.drums import HAND_PERCUSSION, ROLES
from model.music.harmony import DECODER_QUALITIES, QUALITIES, Chord
from model.music.notes import CHORD_PARTS, HARMONY_PARTS, UNPITCHED_PARTS

RequiredNote = tuple[int, set[int]]
"""An event, and the pitch classes that it must bring."""
EMPTY_PART = -0.3
"""Density error, as a logarithm, below which events are sampled part by part."""
MOST_VOICES = 6
"""Tones of a chord that are struck at once: an orchestra's have up to twelve, which are mud on one instrument."""
MAX_EVENTS = 56
"""More than twice the busiest beat of the training songs; bounds the cost of one beat."""


def masked_but(size: int, first: int, count: int) -> Bias:
    """Return a bias of MASKED, `(size,)`, with 0 for `count` values from `first` on."""
    bias = np.full(size, MASKED)
    bias[first : first + count] = 0
    return bias


SHORTEST_PAD = nearest_length(2 * GRID)
"""The class, from 0, of a pad's shortest note: two quarters, where the chord lasts so long."""
VELOCITY_MASK = masked_but(PREDICTED[3], 2, 15)
OFFSET_MASK = masked_but(PREDICTED[4], 1, PREDICTED[4] - 1)  # "not said" is never drawn
PITCH_MASKS = {part: masked_but(PREDICTED[1], PITCH + low, high - low + 1) for part, (low, high) in PART_RANGES.items()}


STRUCK = {"drums": tuple(ROLES.values()), "perc": HAND_PERCUSSION}
"""What a part without pitches may strike, as General MIDI notes."""


@lru_cache(64)
def drum_mask(muted: frozenset[int], part: str = "drums") -> Bias:
    """Return MASKED for every symbol that the part does not strike, or that is muted; read-only."""
    bias = np.full(PREDICTED[1], MASKED)
    bias[[PITCH + note for note in STRUCK[part] if note not in muted]] = 0
    bias.setflags(write=False)
    return bias


def required_notes(context: BeatContext) -> list[RequiredNote]:
    """Return the notes that must sound on the first tick, in order: tones of a given chord, parts that enter, a final chord."""
    chord, sampled = context.harmony.new_chord, context.parts.sampled
    required: dict[str, set[int]] = {part: set() for part in context.parts.entrances}
    if context.harmony.chord_tones_only and chord is not None:
        required |= {part: _essential_tones(chord, context) for part in CHORD_PARTS if part in sampled}
        required |= {"bass": {chord.bass}} if "bass" in sampled else {}
    elif context.position.is_last_bar and context.harmony.must_change_chord:
        required |= {part: set() for part in ("bass", *CHORD_PARTS) if part in sampled}
    return [(note_event(part, 0), required[part]) for part in PART_ORDER if part in required]


def reachable_pitches(
    classes: frozenset[int], part: str, low: int, above: int, free: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return which pitches 0..127 may bring one of the classes that are demanded, `(128,)`.

    They lie low enough for a beginning, from `low` on, and near enough above the voice that was written last (`above`, -1 of none),
    for the other tones to find room; further up where none of them is `free`.
    """
    wanted = pitches_of_classes(classes)
    near = (above + 9 if above >= 0 else low + (18 if part == "bass" else 7)) >= PITCHES
    if not (wanted & near & free).any():
        near = max(low, above) + 12 >= PITCHES
    return np.asarray(wanted & near)


def _essential_tones(chord: Chord, context: BeatContext) -> set[int]:
    """Return the pitch classes that identify a chord; the root may be left to the bass."""
    tones = QUALITIES[chord.quality]
    kept = tones if len(tones) <= 4 else tuple(t for t in tones if t != 7)
    if len(kept) > 3 and "bass" in context.parts.sampled:
        kept = tuple(t for t in kept if t != 0)
    wanted = {(chord.root + t) % 12 for t in kept}
    if context.harmony.scale_lock >= 1:
        wanted &= context.harmony.scale
    return wanted


def sample_beat(
    engine: Engine,
    state: EngineState,
    h: Array,
    context: BeatContext,
    rng: np.random.Generator,
    on_first_note: Callable[[list[Row]], None] | None = None,
) -> list[Row]:
    """Return the rows of a beat after its line row, and extend the state; `h` is the engine's output for the line row.

    `on_first_note` is called with the rows up to the first note, unless that is of chords or a pad.
    """
    beat = _BeatSampler(engine, state, context, rng)
    for row in context.leading_rows:
        h = engine.step(state, row)
    while len(beat.rows) < MAX_EVENTS and state.free_rows > 2:
        drawn = beat.next_row(h)
        if drawn is None:
            break
        beat.rows.append(drawn)
        if on_first_note is not None and drawn[0] >= FIRST_NOTE:
            if part_and_tick(drawn[0])[0] not in CHORD_PARTS:  # all notes of a chord are needed to lay it out
                on_first_note([*context.leading_rows, *beat.rows])
            on_first_note = None
        h = engine.step(state, drawn)
    return [*context.leading_rows, *beat.rows]


class _BeatSampler:
    """The beat that is being written. `rows` are its rows after the leading ones."""

    def __init__(self, engine: Engine, state: EngineState, context: BeatContext, rng: np.random.Generator) -> None:
        self._engine, self._relations, self._context, self._rng = engine, state.relations, context, rng
        self.rows: list[Row] = []
        self._progress = BeatProgress(context)
        self._given = list(context.given)
        self._required_notes = required_notes(context)
        self._full_events: set[int] = set()  # events at which every pitch is taken
        self._note_biases: dict[tuple[str, int], Bias] = {}  # by part and longest length; 0 is that of velocities
        lacking = min(context.history.density_error.values(), default=0.0) < EMPTY_PART
        self._by_part = bool(context.parts.onsets_owed) or lacking
        self._opening_bias = np.full(EVENTS, MASKED)
        for part in context.parts.sampled:
            first = note_event(part, 0)
            ticks = context.position.ticks
            self._opening_bias[first : first + ticks] = self._onset_bias(part, NO_ONSET, 0)[:ticks]
        self._opening_bias[context.position.line] = 0

    def next_row(self, h: Array) -> Row | None:
        """Return the next row, or None if the beat is over."""
        harmony = self._context.harmony
        if not self.rows and harmony.new_chord is not None:
            return chord_row(harmony.new_chord)
        logits = style_lanes.logits_of_events(self._engine.event(h), self._context.parts.second_style)
        if not self.rows and (
            harmony.must_change_chord or (harmony.may_change_chord and self._sample_chord_change(logits))
        ):
            return self._sample_chord(h)
        while True:
            event = self._sample_by_part(logits) if self._by_part else self._sample(logits, self._event_bias())
            if self._given and event == self._given[0][0]:
                return self._sample_drum_below(event, h) or self._place_given(self._given.pop(0), h)
            if event == self._context.position.line:
                return None
            pitch_bias = self._pitch_bias(event)
            if pitch_bias.max() > MASKED / 2:
                return self._sample_note(h, event, pitch_bias)
            self._full_events.add(event)

    def _sample_chord_change(self, logits: Array) -> bool:
        """Draw whether a new chord begins: against all else without the biases of onsets."""
        theta, z = self._context.theta, apply_guidance(logits, self._context.theta.text)
        change = z[Event.CHORD] + bias_of_event("change", self._context, Place(self._progress))
        rest = z[self._opening_bias > MASKED / 2]
        temperature = self._context.levels.temperature
        return sample_binary(change, rest, temperature, theta.top_p, self._rng.random())

    def _sample_by_part(self, logits: Array) -> int:
        """Sample the next event part by part: each part against everything after it without bias.

        So a part with a large bias does not suppress the parts before it.
        """
        bias = self._event_bias()
        for first in range(FIRST_NOTE, EVENTS, GRID):
            after = bias[first + GRID :]
            unbent = bias.copy()
            unbent[FIRST_NOTE:first] = MASKED
            unbent[first + GRID :] = np.where(after > MASKED / 2, 0, MASKED)
            if unbent[first : first + GRID].max() > MASKED / 2:
                event = self._sample(logits, unbent)
                if first <= event < first + GRID:
                    return event
        return int(self._context.position.line)

    def _onset_bias(self, part: str, after: int, onsets: int) -> Bias:
        """Return the bias of an onset of a part on each grid tick of a quarter, `(24,)`, after its last one of so many."""
        if part in self._context.parts.rhythmic:
            return np.full(GRID, MASKED)
        bias = np.zeros(GRID)
        add_terms("onset", self._context, Place(self._progress, part, tick=after, onsets=onsets), bias)
        return bias

    def _event_bias(self) -> Bias:
        """Return the bias of each event at this point of the beat."""
        context, ticks = self._context, self._context.position.ticks
        bias = self._opening_bias.copy()
        last = self.rows[-1][0] if self.rows else 0
        if last >= FIRST_NOTE:
            bias[FIRST_NOTE:last] = MASKED
            part, tick = part_and_tick(last)
            first = last - tick
            if part in context.parts.sampled:
                onsets = len({row[0] for row in self.rows if first <= row[0] < first + GRID})
                bias[last : first + ticks] = self._onset_bias(part, tick, onsets)[tick:ticks]
            if part in MONOPHONIC_PARTS:
                bias[last] = MASKED
            elif part in context.parts.rhythmic:
                bias[last] = 0
        for part in MONOPHONIC_PARTS:
            if part in context.parts.sampled:
                until = max((t for (p, _), t in self._progress.sounding_until.items() if p == part), default=0)
                first = note_event(part, 0)
                bias[first : first + min(until, ticks)] = MASKED
        if last >= FIRST_NOTE and bias[last] > MASKED / 2:
            stroke = frozenset((row[1] - PITCH) % 12 for row in self.rows if row[0] == last)
            place = Place(self._progress, part_and_tick(last)[0], stroke=stroke)
            bias[last] = bias_of_event("voice", context, place)
            voices = sum(row[0] == last for row in self.rows)
            if place.part in CHORD_PARTS and voices >= MOST_VOICES and not self._required_notes:
                bias[last] = MASKED
            if voices < context.parts.min_voices.get(place.part, 1) and last not in self._full_events:
                bias[:] = MASKED
                bias[last] = 0
                return bias
        bias[list(self._full_events)] = MASKED
        if self._required_notes:
            event, classes = self._required_notes[0]
            if last > event or bias[event] <= MASKED / 2:
                self._required_notes.pop(0)  # it cannot be met: a held note is in the way
                return self._event_bias()
            bias[event + 1 :] = MASKED
            bias[:FIRST_NOTE] = MASKED
            if classes and last == event:
                bias[:event] = MASKED
        if self._given:
            following = self._given[0][0]
            bias[following:] = MASKED
            bias[context.position.line] = MASKED
            if not self._required_notes or following <= self._required_notes[0][0]:
                bias[following] = 0
        return bias

    # Chords

    def _sample_chord(self, h: Array) -> Row:
        context, place = self._context, Place(self._progress)
        must = context.harmony.must_change_chord or context.harmony.melody_harmony is not None
        bias = masked_but(PREDICTED[1], ROOT, 12 if must else 13)  # the thirteenth is "no chord"
        add_terms("root", context, place, bias[ROOT:NO_CHORD])
        h, logits = self._next_field(h, 0, int(Event.CHORD))
        symbol = self._sample(logits, bias)
        if symbol == NO_CHORD:
            self._progress.begin_chord(None)
            return chord_row(None)
        place = Place(self._progress, root=symbol - ROOT)
        bias = np.full(PREDICTED[2], 9 * MASKED)  # no quality may lie within the scale: then the nearest one
        bias[QUALITY : QUALITY + len(DECODER_QUALITIES)] = 0
        add_terms("quality", context, place, bias[QUALITY : QUALITY + len(DECODER_QUALITIES)])
        h, logits = self._next_field(h, 1, symbol)
        quality = self._sample(logits, bias)
        bias = np.full(PREDICTED[3], MASKED)
        bias[[BASS + tone for tone in QUALITIES[DECODER_QUALITIES[quality - QUALITY]]]] = 0
        add_terms("bass", context, place, bias[BASS : BASS + 12])
        _, logits = self._next_field(h, 2, quality)
        row = (int(Event.CHORD), symbol, quality, self._sample(logits, bias), 0)
        self._progress.begin_chord(row_chord(row))
        return row

    # Notes

    def _sample_drum_below(self, event: int, h: Array) -> Row | None:
        """Return a drum on the same tick as a given one and before it in the order of rows, if one is drawn."""
        part, given = part_and_tick(event)[0], self._given[0][1]
        if part not in UNPITCHED_PARTS or part not in self._context.parts.sampled:
            return None
        pitch_bias = self._pitch_bias(event)
        pitch_bias[given], pitch_bias[given + 1 :] = 0, MASKED
        row = self._sample_note(h, event, pitch_bias)
        return row if row[1] < given else None

    def _place_given(self, row: Row, h: Array) -> Row:
        """Take a given row; one without a pitch gets its pitch here, and keeps its length."""
        part, tick = part_and_tick(row[0])
        if row[1] == 0:
            return self._sample_note(h, row[0], self._pitch_bias(row[0], LENGTHS[row[2] - 1]), row[2])
        if part not in UNPITCHED_PARTS:
            self._progress.add_note(part, row[1] - PITCH, tick + LENGTHS[row[2] - 1])
        return row

    def _sample_note(self, h: Array, event: int, pitch_bias: Bias, given_length: int = 0) -> Row:
        part, tick = part_and_tick(event)
        place, theta = Place(self._progress, part, tick), self._context.theta
        h, logits = self._next_field(h, 0, event, part)
        pitch = self._sample(logits, pitch_bias, 1.0 if part == "melody" else cooled(theta.pitch_cooling))
        h, logits = self._next_field(h, 1, pitch, part)
        length = 0
        if part not in UNPITCHED_PARTS:
            length = given_length or self._sample(logits, self._length_bias(place), cooled(theta.length_cooling))
            self._progress.add_note(part, pitch - PITCH, tick + LENGTHS[length - 1])
        h, logits = self._next_field(h, 2, length, part)
        velocity = self._sample(logits, self._velocity_bias(place), cooled(theta.velocity_cooling))
        _, logits = self._next_field(h, 3, velocity, part)
        offset = self._sample(logits, OFFSET_MASK)
        if self._required_notes and self._required_notes[0][0] == event:
            self._required_notes[0][1].discard((pitch - PITCH) % 12)
            if not self._required_notes[0][1]:
                self._required_notes.pop(0)
        return (event, pitch, length, velocity, offset)

    def _length_bias(self, place: Place) -> Bias:
        """Return the bias of each length; those of all but the melody are bounded, and a pad has no short ones."""
        longest = len(LENGTHS)
        if place.part != "melody":
            longest = max(1, bisect_right(LENGTHS, self._context.parts.longest_note - place.tick))
        key = place.part, longest
        if key not in self._note_biases:
            shortest = min(longest - 1, SHORTEST_PAD) if place.part == "pad" else 0
            self._note_biases[key] = bias = masked_but(PREDICTED[2], 1 + shortest, longest - shortest)
            add_terms("length", self._context, place, bias[1 : 1 + len(LENGTHS)])
        return self._note_biases[key]

    def _velocity_bias(self, place: Place) -> Bias:
        """Return the bias of each velocity."""
        key = place.part, 0
        if key not in self._note_biases:
            self._note_biases[key] = bias = VELOCITY_MASK.copy()
            add_terms("velocity", self._context, place, bias)
        return self._note_biases[key]

    def _pitch_bias(self, event: int, length: int = 0) -> Bias:
        """Return the bias of each symbol as a pitch, or a drum, at a place; `length` is a given note's."""
        context, sounding = self._context, self._progress.sounding_until
        part, tick = part_and_tick(event)
        place = Place(self._progress, part, tick, length=length)
        above = max((row[1] - PITCH for row in self.rows if row[0] == event), default=-1)
        if part in UNPITCHED_PARTS:
            muted = context.parts.muted_drums if part == "drums" else frozenset[int]()
            bias = drum_mask(muted if tick else muted | context.parts.drums_off_first_tick, part).copy()
            add_terms("drum", context, place, bias[PITCH : PITCH + 128])
            bias[PITCH : PITCH + above + 1] = MASKED
            return bias
        bias = PITCH_MASKS[part].copy()
        pitches = bias[PITCH : PITCH + 128]
        add_terms("pitch", context, place, pitches)
        low = PART_RANGES[part][0]
        if part in HARMONY_PARTS[1:]:  # the bass is the lowest voice
            until_of_bass = (p for (name, p), until in sounding.items() if name == "bass" and until > tick)
            low = max(low, *(p + 1 for p in until_of_bass), 0)
        pitches[: max(low, above + 1)] = MASKED
        pitches[[p for (name, p), until in sounding.items() if name == part and until > tick]] = MASKED
        if self._required_notes and self._required_notes[0][0] == event and self._required_notes[0][1]:
            classes = frozenset(self._required_notes[0][1])
            reachable = reachable_pitches(classes, part, low, above, pitches > MASKED / 2)
            pitches += np.where(reachable, 0, MASKED)
        return bias

    def _next_field(self, h: Array, index: int, value: int, part: str = "chords") -> tuple[Array, Array]:
        """Pass the value of field `index` on; return the state and the logits of the next field, by the part's lanes."""
        h, logits = self._engine.next_field(h, index, value)
        if index == 0:
            logits = self._relations.spread(value, logits)
        return h, style_lanes.logits_of_part(logits, part, self._context.parts.second_style)

    def _sample(self, logits: Array, bias: Bias, cooler: float = 1.0) -> int:
        """Draw a value. Every choice takes one random number, so that later ones do not depend on how certain it was.

        `cooler` is a factor on the temperature.
        """
        theta, temperature = self._context.theta, cooler * self._context.levels.temperature
        return self._engine.sample(logits, bias, theta.text, temperature, theta.top_p, self._rng.random())
