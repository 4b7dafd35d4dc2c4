"""One beat, event by event: what may follow what, and the drawing of each field.

What may not come is barred; the terms of `model.generation.bias_terms` bend the rest, which is drawn around what is given.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from model.decoder.engine import Array, Engine, EngineState, apply_guidance, sample_binary
from model.decoder.tokenizer import (
    EVENTS,
    FIRST_NOTE,
    GRID,
    LENGTHS,
    NO_CHORD,
    PITCH,
    QUALITY,
    ROOT,
    Event,
    chord_row,
    note_event,
    part_and_tick,
    row_chord,
)
from model.generation import bias_terms, chord_bias, style_lanes
from model.generation.beat_rules import BeatContext, Row
from model.generation.bias_terms import MASKED, PITCHES, Bias, pitches_of_classes
from model.generation.history import ENTRY_ORDER, MONOPHONIC_PARTS
from model.music.harmony import DECODER_QUALITIES, QUALITIES, Chord

Mask = npt.NDArray[np.bool_]


RequiredNote = tuple[int, set[int]]
"""An event, and the pitch classes that it must bring."""


def required_notes(context: BeatContext) -> list[RequiredNote]:
    """Return what must sound on the first tick, in order."""
    chord, demands = context.new_chord, list[RequiredNote]()
    if "drums" in context.entrances:
        demands.append((note_event("drums", 0), set()))
    if context.chord_tones_only and chord is not None:
        if "bass" in context.parts:
            demands.append((note_event("bass", 0), {chord.bass}))
        if "chords" in context.parts:
            demands.append((note_event("chords", 0), _essential_tones(chord, context)))
    elif context.is_last_bar and context.must_change_chord:
        demands += [(note_event(part, 0), set()) for part in ("bass", "chords") if part in context.parts]
    known = {event for event, _ in demands}
    entrances = [note_event(part, 0) for part in ENTRY_ORDER if part in context.entrances]
    return demands + [(event, set()) for event in entrances if event not in known]


def reachable_pitches(classes: frozenset[int], part: str, low: int, above: int, free: Mask) -> Mask:
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
    """Return the pitch classes without which a chord is another one; the bass may bring the root."""
    tones = QUALITIES[chord.quality]
    kept = tones if len(tones) <= 4 else tuple(t for t in tones if t != 7)
    if len(kept) > 3 and "bass" in context.parts:
        kept = tuple(t for t in kept if t != 0)
    wanted = {(chord.root + t) % 12 for t in kept}
    if context.scale_lock >= 1:
        wanted &= context.scale
    return wanted


def onset_bias(context: BeatContext, part: str, after: int = -6, said: int = 0) -> Bias:
    """Return what an onset of a part on each grid tick of a quarter is worth, `(24,)`, `after` its last one of `said` in this beat (-6: a sixteenth ago)."""
    usual = bias_terms.onset_place_bias(
        context.part_styles.get(part, ()), part, context.theta.style_statistics, context.sixteenth
    )
    if part in context.onsets_owed:
        return (
            bias_terms.owed_bias(context.onsets_owed[part] - said, context.theta.density, after)
            + context.swing_bias
            + usual
        )
    return (
        bias_terms.density_bias(context.density_error.get(part, 0.0), context.theta.density, after)
        + context.swing_bias
        + usual
    )


def drum_bias(context: BeatContext, tick: int) -> Bias:
    """Return what each symbol is worth as the drum that is struck on a grid tick of the beat."""
    masked = context.muted_drums if tick else context.muted_drums | context.drums_off_first_tick
    kit_bias = bias_terms.kit_bias(
        masked,
        context.energy,
        context.energy_above_style,
        context.brightness_above_style,
        context.theta.drum_layers,
    )
    part_style = context.part_styles.get("drums", ())
    return kit_bias + bias_terms.drum_place_bias(
        part_style, context.theta.style_statistics, context.sixteenth, tick
    )


EMPTY_PART = -0.3
"""How much emptier than wanted a part is, as a logarithm, for the parts to take turns."""


MAX_EVENTS = 56
"""More than twice the busiest beat of the training songs; a bound on one beat's cost."""


def sample_beat(
    engine: Engine,
    state: EngineState,
    h: Array,
    context: BeatContext,
    rng: np.random.Generator,
    on_first_note: Callable[[list[Row]], None] | None = None,
) -> list[Row]:
    """Return the rows of a beat after its line row; `h` is what follows that row. Extends the state.

    `opening` is called with the rows up to the first note, where that is no chord's.
    """
    beat = _BeatSampler(engine, context, rng)
    for lead in context.leading_rows:
        h = engine.step(state, lead)
    while len(beat.rows) < MAX_EVENTS and state.free_rows > 2:
        row = beat.next_row(h)
        if row is None:
            break
        beat.rows.append(row)
        if on_first_note is not None and row[0] >= FIRST_NOTE:
            if part_and_tick(row[0])[0] != "chords":  # which have to be whole to be laid out
                on_first_note([*context.leading_rows, *beat.rows])
            on_first_note = None
        h = engine.step(state, row)
    return [*context.leading_rows, *beat.rows]


class _BeatSampler:
    """The beat that is being written; what leads is not among its rows."""

    def __init__(self, engine: Engine, context: BeatContext, rng: np.random.Generator) -> None:
        self._engine, self._rules, self._rng = engine, context, rng
        self.rows: list[Row] = []
        self._given = list(context.given)
        self._sounding_until, self._last_pitches = dict(context.sounding_until), dict(context.last_pitches)
        self._chord, self._chord_is_new = context.new_chord or context.chord, context.new_chord is not None
        self._sounded_tones = (
            self._ringing_tones() if context.new_chord is not None else set(context.sounded_tones)
        )
        self._required_notes = required_notes(context)
        # what a tone outside the scale costs, in logits
        self._penalty = bias_terms.outside_cost(context.scale_lock, context.theta.scale, float(MASKED))
        self._by_part = (
            bool(context.onsets_owed) or min(context.density_error.values(), default=0.0) < EMPTY_PART
        )
        self._taken_events: set[int] = set()
        self._onset_bias = np.full(EVENTS, MASKED)
        for part in context.parts:
            first = note_event(part, 0)
            self._onset_bias[first : first + context.ticks] = onset_bias(context, part)[: context.ticks]
        self._onset_bias[context.line] = 0

    def next_row(self, h: Array) -> Row | None:
        """Return the next row, or None where the beat is over."""
        context = self._rules
        if not self.rows and context.new_chord is not None:
            return chord_row(context.new_chord)
        logits = style_lanes.logits_of_events(self._engine.event(h), context.second_style_parts)
        if not self.rows and (
            context.must_change_chord or (context.may_change_chord and self._sample_chord_change(logits))
        ):
            return self._chord_row(*self._next_field(h, 0, int(Event.CHORD)))
        while True:
            event = (
                self._sample_by_part(logits) if self._by_part else self._sample(logits, self._event_bias())
            )
            if self._given and event == self._given[0][0]:
                return self._drum_below(event, h) or self._place_given(self._given.pop(0), h)
            if event == context.line:
                return None
            pitch_bias = self._pitch_bias(event)
            if pitch_bias.max() > MASKED / 2:
                return self._note_row(
                    *self._next_field(h, 0, event, part_and_tick(event)[0]), event, pitch_bias
                )
            self._taken_events.add(event)  # every pitch is taken: this place has no more notes

    def _sample_by_part(self, logits: Array) -> int:
        """Draw the next event part by part, each against all that comes after it, unbent: one that lacks much would silence those before it."""
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
        return int(self._rules.line)

    def _drum_below(self, event: int, h: Array) -> Row | None:
        """Return a drum that is struck with a given one and written before it, if one is drawn."""
        part, given = part_and_tick(event)[0], self._given[0][1]
        if part != "drums" or part not in self._rules.parts:
            return None
        pitch_bias = self._pitch_bias(event)
        pitch_bias[given], pitch_bias[given + 1 :] = 0, MASKED
        row = self._note_row(*self._next_field(h, 0, event, part), event, pitch_bias)
        return row if row[1] < given else None

    def _place_given(self, row: Row, h: Array) -> Row:
        """Take note of a given row; one without a pitch gets its pitch here, and keeps its length."""
        part, tick = part_and_tick(row[0])
        if row[1] == 0:
            return self._note_row(
                *self._next_field(h, 0, row[0], part), row[0], self._pitch_bias(row[0]), row[2]
            )
        if part != "drums":
            self._mark_sounding(part, row[1] - PITCH, tick + LENGTHS[row[2] - 1])
        return row

    def _mark_sounding(self, part: str, pitch: int, until: int) -> None:
        """Take note of a tone that sounds until a tick."""
        self._sounding_until[part, pitch] = until
        if part == "chords":
            self._sounded_tones.add(pitch % 12)
        else:
            self._last_pitches[part] = (pitch, *self._last_pitches.get(part, ())[:1])

    def _ringing_tones(self) -> set[int]:
        """Return the pitch classes of chords that still sound as the beat begins."""
        return {
            pitch % 12
            for (part, pitch), until in self._sounding_until.items()
            if part == "chords" and until > 1
        }

    def _event_bias(self) -> Bias:
        """Return what each event is worth now, BARRED where it may not come."""
        context = self._rules
        bias = self._onset_bias.copy()
        last = self.rows[-1][0] if self.rows else 0
        if last >= FIRST_NOTE:
            bias[FIRST_NOTE:last] = MASKED
            part, tick = part_and_tick(last)
            first = last - tick
            if part in context.parts:
                said = len({row[0] for row in self.rows if first <= row[0] < first + GRID})
                bias[last : first + context.ticks] = onset_bias(context, part, tick, said)[
                    tick : context.ticks
                ]
            if part in MONOPHONIC_PARTS:
                bias[last] = MASKED
        for part in MONOPHONIC_PARTS:
            if part in context.parts:
                until = max((t for (p, _), t in self._sounding_until.items() if p == part), default=0)
                first = note_event(part, 0)
                bias[first : first + min(until, context.ticks)] = MASKED
        if last >= FIRST_NOTE and bias[last] > MASKED / 2:
            stroke = {(row[1] - PITCH) % 12 for row in self.rows if row[0] == last}
            bias[last] = chord_bias.another_voice_bias(context, part_and_tick(last)[0], self._chord, stroke)
        bias[list(self._taken_events)] = MASKED
        if self._required_notes:
            required_event = self._required_notes[0][0]
            if last > required_event or bias[required_event] <= MASKED / 2:
                self._required_notes.pop(0)  # it cannot be met: a held note is in the way
                return self._event_bias()
            bias[required_event + 1 :] = MASKED
            bias[:FIRST_NOTE] = MASKED
            if self._required_notes[0][1] and last == required_event:
                bias[:required_event] = MASKED
        if self._given:
            following = self._given[0][0]
            bias[following:] = MASKED
            bias[context.line] = MASKED
            bias[following] = 0
        return bias

    def _chord_row(self, h: Array, logits: Array) -> Row:
        context = self._rules
        root_bias, quality_bias = chord_bias.root_bias(context, self._penalty)
        symbol = self._sample(logits, root_bias)
        if symbol == NO_CHORD:
            self._chord = None
            return chord_row(None)
        root = symbol - ROOT
        h, logits = self._next_field(h, 1, symbol)
        value = self._sample(
            logits, chord_bias.quality_bias(context, root, quality_bias[root], self._penalty)
        )
        _, logits = self._next_field(h, 2, value)
        bias = chord_bias.bass_bias(context, root, DECODER_QUALITIES[value - QUALITY], self._penalty)
        row = (int(Event.CHORD), symbol, value, self._sample(logits, bias), 0)
        self._chord, self._chord_is_new, self._sounded_tones = row_chord(row), True, self._ringing_tones()
        return row

    def _note_row(self, h: Array, logits: Array, event: int, pitch_bias: Bias, given_length: int = 0) -> Row:
        context = self._rules
        part, tick = part_and_tick(event)
        pitch = self._sample(logits, pitch_bias)
        h, logits = self._next_field(h, 1, pitch, part)
        length = 0
        if part != "drums":
            longest = (
                len(LENGTHS)
                if part == "melody"
                else max(1, bisect_right(LENGTHS, context.longest_note - tick))
            )
            theta, part_style = context.theta, context.part_styles.get(part, ())
            bias = bias_terms.length_bias(
                context.articulation, theta.length, part_style, part, theta.style_statistics, longest
            )
            length = given_length or self._sample(logits, bias)
            self._mark_sounding(part, pitch - PITCH, tick + LENGTHS[length - 1])
        h, logits = self._next_field(h, 2, length, part)
        velocity = self._sample(
            logits, bias_terms.velocity_bias(context.target_velocity[part], context.theta.velocity)
        )
        _, logits = self._next_field(h, 3, velocity, part)
        offset = self._sample(logits, bias_terms.OFFSET_BIAS)
        if self._required_notes and self._required_notes[0][0] == event:
            self._required_notes[0][1].discard((pitch - PITCH) % 12)
            if not self._required_notes[0][1]:
                self._required_notes.pop(0)
        return (event, pitch, length, velocity, offset)

    def _pitch_bias(self, event: int) -> Bias:
        """Return what each pitch is worth at a place, BARRED where it may not sound."""
        context = self._rules
        part, tick = part_and_tick(event)
        above = max((row[1] - PITCH for row in self.rows if row[0] == event), default=-1)
        if part == "drums":
            bias = drum_bias(context, tick)
            bias[PITCH : PITCH + above + 1] = MASKED
            return bias
        low = bias_terms.PART_RANGES[part][0]
        chord = self._chord if part != "melody" else None
        grounded = chord if part == "bass" else None
        begins, last_pitches = (
            self._chord_is_new and (tick == 0 or part not in context.parts),
            self._last_pitches.get(part, ()),
        )
        bass_target = chord_bias.bass_target(context, grounded, last_pitches, begins=begins)
        bias = bias_terms.pitch_bias(
            part, context.register_position.get(part, 0.0), context.theta.register, context.scale, self._penalty,
            None if chord is None else chord.pitch_classes, context.theta.chord, context.chord_tones_only,
            bass_target,
        ).copy()  # fmt: skip
        if part == "chords" and chord is not None and (missing := chord.pitch_classes - self._sounded_tones):
            bias[PITCH : PITCH + 128] += bias_terms.missing_tone_bias(missing, context.missing_tone_bias)
        if part == "melody":
            bias[PITCH : PITCH + 128] += bias_terms.brightness_bias(
                context.tonic, context.brightness, context.theta.brightness
            )
        if last_pitches:
            part_style, walks = context.part_styles.get(part, ()), part in context.walking_parts
            bias[PITCH : PITCH + 128] += bias_terms.step_bias(
                part_style, part, context.theta.style_statistics, last_pitches, walks
            )
        if part in context.target_pitches:
            bias[PITCH : PITCH + 128] += bias_terms.target_pitch_bias(context.target_pitches[part])
        if part == "chords":  # the bass is the lowest voice
            for (name, pitch), until in self._sounding_until.items():
                if name == "bass" and until > tick:
                    low = max(low, pitch + 1)
        bias[PITCH : PITCH + max(low, above + 1)] = MASKED
        for (name, pitch), until in self._sounding_until.items():
            if name == part and until > tick:
                bias[PITCH + pitch] = MASKED
        if self._required_notes and self._required_notes[0][0] == event and self._required_notes[0][1]:
            free = bias[PITCH : PITCH + 128] > MASKED / 2
            reachable = reachable_pitches(frozenset(self._required_notes[0][1]), part, low, above, free)
            bias[PITCH : PITCH + 128] += np.where(reachable, 0, MASKED)
        return bias

    def _sample_chord_change(self, logits: Array) -> bool:
        """Draw whether a new chord begins: its odds against all else, whatever the wanted density is worth to onsets."""
        context, z = self._rules, apply_guidance(logits, self._rules.theta.text)
        rest, chord_logit = z[self._onset_bias > MASKED / 2], z[Event.CHORD] + context.chord_change_bias
        return sample_binary(chord_logit, rest, context.temperature, context.theta.top_p, self._rng.random())

    def _next_field(self, h: Array, index: int, value: int, part: str = "chords") -> tuple[Array, Array]:
        """Tell the chain a value of a part's row, or of a chord's; return its state, and the logits of the next field by who speaks for the part."""
        h, logits = self._engine.next_field(h, index, value)
        return h, style_lanes.logits_of_part(logits, part, self._rules.second_style_parts)

    def _sample(self, logits: Array, bias: Bias) -> int:
        """Draw a value; every choice takes a number, so that later ones do not depend on how sure it was."""
        context = self._rules
        return self._engine.sample(
            logits, bias, context.theta.text, context.temperature, context.theta.top_p, self._rng.random()
        )
