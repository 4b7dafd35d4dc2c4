"""Writes takes beat by beat: text and controls → plan → token rows → beats.

All random numbers of a beat come from (seed, beat number), so it does not depend on when it is requested. Called from one thread only
(the generation process, or `llmball clip`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from model.decoder.engine import Engine
from model.decoder.load import open_engine
from model.decoder.tokenizer import VELOCITY_CENTRE, BarLine, Event, line_row, row_chord, row_note
from model.generation import form, history
from model.generation.beat_rules import BeatRequest, Row
from model.generation.bias_terms import target_velocity
from model.generation.material.form_plan import UNPITCHED
from model.generation.messages import BeatWritten, Begin, FirstNote, Understood, Write
from model.generation.morph import MorphPath
from model.generation.sampler import MAX_EVENTS, sample_beat
from model.generation.sections import apply_cue, place_of_bar, theme_of
from model.generation.sections import bar_line as line_of
from model.generation.take import (
    TakeState,
    Theme,
    WrittenBeat,
    fixed_rows,
    is_all_fixed,
    mark_chord_change,
    open_state,
    reread_played,
    ticks_until_fixed,
)
from model.music.harmony import chord_symbol, parse_chord, parse_key
from model.music.notes import Beat, Kept, Note, Ticks, beats_in_bar
from model.music.plan import ANSWER, UNISON, Plan, apply_controls, interpolate_plans, interpolate_vectors
from model.prompt.changes import changed_band, changes_band, keeps_tune
from model.prompt.encoder import Embedding, TextEncoder
from model.prompt.understand import understand
from model.styles import performed_share

MAX_PREPARED_PROMPTS = 64
"""Prompts whose plan is cached: those of a bank, and the latest ones."""
MAX_THEMES = 64
"""Takes of which it is known what they kept of the one before."""


class Composer:
    """Writes takes. Holds the engine, the encoder and the state of each take.

    `on_first_note` is called with the first note of each take's first beat while the rest is still being written.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        engine: Engine | None = None,
        on_first_note: Callable[[FirstNote], None] | None = None,
    ) -> None:
        threadpool_limits(1)
        self._engine = engine or open_engine()
        self._on_first_note = on_first_note
        self._takes: dict[int, TakeState] = {}
        self._themes: dict[tuple[int, str, int], tuple[int, Theme]] = {}
        self._read_prompt = lru_cache(MAX_PREPARED_PROMPTS)(lambda prompt: understand(prompt, encoder))

    def begin(self, order: Begin) -> Understood:
        """Begin a take; return the plan of its prompt, without the controls."""
        plan, text = self._plan_and_text(order.prompt, order)
        other = None if order.morph is None else self._plan_and_text(order.morph, order)
        own = None if other is None else (_without_doubles(other[0]), other[1])
        take = TakeState(order, _without_doubles(plan), text, own)
        if order.after is not None and other is None and keeps_tune(order.prompt):
            seed, take.theme = self._kept(order.after, order)
            take.begin = replace(order, seed=seed)  # the same pieces too: only the band changes
        self._takes[order.take] = take
        return Understood(order.take, plan, None if other is None else other[0])

    def prepare(self, prompt: str) -> None:
        """Read a prompt now, so that it begins without delay later."""
        self._read_prompt(prompt)

    def _kept(self, after: int, order: Begin) -> tuple[int, Theme]:
        """Return the seed and the bars that a take keeps of the one before it: the same when it begins again and that one is forgotten."""
        before, asked = self._takes.get(after), (after, order.prompt, order.seed)
        if asked not in self._themes and before is not None:
            self._themes[asked] = before.begin.seed, {**before.theme, **theme_of(before)}
            if len(self._themes) > MAX_THEMES:
                del self._themes[next(iter(self._themes))]
        return self._themes.get(asked, (order.seed, {}))

    def _plan_and_text(self, prompt: str, order: Begin) -> tuple[Plan, Embedding]:
        plan, text = self._read_prompt(prompt)
        plan = order.plan or _in_key(plan, order.key)
        if order.band is not None and order.plan is None and changes_band(prompt):
            plan = changed_band(order.band, plan, prompt)
        return (plan if order.parts is None else replace(plan, parts=order.parts)), text

    def forget(self, take: int) -> None:
        """Free the state of a take."""
        self._takes.pop(take, None)

    def write(self, order: Write) -> BeatWritten:
        """Write one beat. Raises KeyError for an unknown take, ValueError for a beat too far ahead."""
        take = self._takes[order.take]
        understood_plan, text = _morphed_plan(take, order.controls.morph)
        plan = _without_doubles(apply_controls(understood_plan, order.controls)[0])  # controls may put parts back
        if order.index >= len(take.written) and self._next_frame(take, plan).bar == take.begin.bars:
            return BeatWritten(order.take, None)
        if order.index > len(take.written):
            raise ValueError(f"beat {order.index} of a take of {len(take.written)} beats")
        take.rewind(order.index)
        reread_played(self._engine, take, order)
        frame = self._next_frame(take, plan)
        kept = (
            take.kept(order.index)
            if order.hands is None
            else mark_chord_change(take.written[-1] if take.written else None, order.hands)
        )
        written = self._beat(take, plan, text, order, frame, kept)
        written.morph_position = order.controls.morph
        take.add(written)
        return BeatWritten(order.take, _doubled(written.beat, plan, kept))

    def _next_frame(self, take: TakeState, plan: Plan) -> Beat:
        """Return the next beat, empty; a new metre begins at a bar line."""
        if not take.written:
            return Beat(0, 0, 0, plan.meter, None, fresh=False)
        last = take.written[-1].beat
        if last.beat + 1 < beats_in_bar(last.meter):
            return replace(last, index=last.index + 1, beat=last.beat + 1, fresh=False, notes=())
        return Beat(last.index + 1, last.bar + 1, 0, plan.meter, last.chord, fresh=False)

    def _beat(self, take: TakeState, base: Plan, text: Embedding, order: Write, frame: Beat, kept: Kept) -> WrittenBeat:
        morph_path = _morph_path(take, order)
        is_morphing = morph_path is not None and take.is_morphing(morph_path.morph_position)
        follows_round = order.section is None and order.hands is None and not is_morphing
        place = place_of_bar(take, base, frame, follows_round=follows_round)
        section = order.section or (place.cue if place is not None and follows_round else None)
        sings = place is not None and not place.rests("melody")
        key, controls, plan = parse_key(base.key), order.controls, apply_cue(base, section, sings=sings)
        theta = (
            take.theta.while_morphing() if is_morphing else take.theta.for_performed_share(performed_share(plan.style))
        )
        if controls.guidance is not None:
            theta = replace(theta, text=controls.guidance)
        bar_line = self._bar_line(take, plan, frame, section, is_morphing=is_morphing)
        row = line_row(frame.beat, bar_line)
        is_cued = section is not None
        level = form.level_of_bar(take, plan, frame, bar_line, place, is_cued=is_cued)
        velocity = {p: target_velocity(p, plan.energy) + level.velocity for p in plan.parts}
        if is_all_fixed(kept, plan.parts):
            return replace(_fixed_beat(take, frame, kept, row, velocity), plan=base, velocity=velocity)
        reach = form.FormRequest(
            take, base, frame, bar_line, velocity,
            is_cued=is_cued, is_led=order.hands is not None, is_scale_locked=controls.scale_lock >= 1,
            is_key_stated="key" in base.explicit or controls.key != "auto", follows_round=follows_round,
        )  # fmt: skip
        planned = form.NOTHING if is_morphing else reach.planned()
        if not is_morphing and frame.beat == 0:
            bar_line = reach.labelled_line()
        state, first_row, h = open_state(self._engine, take, plan, text, key, frame, theta.text > 0, row)
        context = BeatRequest(
            take, plan, controls, frame, key, theta, bar_line, kept, velocity, planned, level, morph_path
        ).context()
        rng = np.random.Generator(np.random.Philox(key=[take.begin.seed, frame.index]))
        velocity_jitters = rng.integers(-4, 4, MAX_EVENTS + len(context.leading_rows))

        def sounding(rows: list[Row]) -> WrittenBeat:
            chord = take.written[-1].chord if take.written else None
            notes = [*kept.notes, *planned.notes]
            fresh = False
            sampled = tuple(r for r in rows if r not in context.fixed)
            last = [w.sampled for w in take.written[-history.HISTORY_BEATS + 1 :]]
            # the first note was sent before any other was sampled
            heard = sampled if take.written else history.first_notes(sampled)
            velocity_corrections = history.velocity_corrections([*last, heard], context.parts.velocity)
            louder = {p: round(v) - VELOCITY_CENTRE for p, v in velocity.items()}
            for one, velocity_jitter in zip(sampled, velocity_jitters, strict=False):
                if one[0] == Event.CHORD:
                    # a given chord keeps its own tones: its row may only know the nearest quality
                    begun = context.harmony.new_chord or row_chord(one)
                    fresh = begun != chord or not take.written
                    chord = begun
                else:
                    note = row_note(one)
                    note = _performed_note(
                        take,
                        note,
                        frame,
                        louder.get(note.part, 0) + velocity_corrections.get(note.part, 0),
                        int(velocity_jitter),
                    )
                    notes.append(_ended(note, reach))
            symbol = None if chord is None else chord_symbol(chord, key)
            beat = replace(frame, chord=symbol, fresh=fresh, notes=tuple(notes))
            return WrittenBeat(
                beat, chord, [row, *rows], take.cache_number, first_row, sampled,
                plan=base, section=bar_line.section, velocity=velocity, source_bars=planned.source_bars,
            )  # fmt: skip

        def on_first_note(rows: list[Row]) -> None:
            if self._on_first_note is not None and frame.index == 0 and not kept.notes:
                self._on_first_note(FirstNote(order.take, _doubled(sounding(rows).beat, base, kept)))

        return sounding(sample_beat(self._engine, state, h, context, rng, on_first_note))

    def _bar_line(self, take: TakeState, plan: Plan, frame: Beat, cue: str | None, *, is_morphing: bool) -> BarLine:
        """Return the bar line of a beat."""
        begin = take.begin
        style = plan.style[0][0] if plan.style else ""
        found = line_of(
            frame.bar,
            begin.bars or begin.loop,
            style,
            closes=begin.bars is not None,
            cue=cue,
            is_morphing=is_morphing,
        )
        return replace(found, left=1) if cue == "ending" else found


TURN_BARS = 2
"""Bars that each of two instruments plays of a melody before the other one answers."""
_LOW_PROGRAMS = frozenset([42, 43, 57, 58, 67, 70])
"""General MIDI programs that double a melody an octave lower: cello, double bass, trombone, tuba, baritone sax, bassoon."""


def _without_doubles(plan: Plan) -> Plan:
    """Return the plan as the decoder is told it: parts that double the melody are not written but copied."""
    if "melody" not in plan.parts:
        return replace(plan, doubled=())
    doubles = dict(plan.doubled)
    return replace(plan, parts=tuple(p for p in plan.parts if p not in doubles)) if doubles else plan


def _doubled(beat: Beat, plan: Plan, kept: Kept) -> Beat:
    """Return a beat with the parts that play the melody's notes, but for those that are given."""
    notes, programs = list(beat.notes), dict(plan.programs)
    doubles = [(part, manner) for part, manner in plan.doubled if part not in kept.parts]
    answering = [part for part, manner in doubles if manner == ANSWER]
    whose = ["melody", *answering][beat.bar // TURN_BARS % (len(answering) + 1)]
    for note in [n for n in beat.notes if n.part == "melody"]:
        playing = [part for part, manner in doubles if manner == UNISON]
        if whose != "melody" and "melody" not in kept.parts:
            notes.remove(note)
            playing.append(whose)
        for part in playing:
            lower = 12 if programs.get(part) in _LOW_PROGRAMS and note.pitch >= 48 else 0
            notes.append(replace(note, part=part, pitch=note.pitch - lower))
    return replace(beat, notes=tuple(notes)) if doubles else beat


def _in_key(plan: Plan, key: str | None) -> Plan:
    """Return the plan in the key that sounds before it, unless the words state a key, a mode or chords."""
    return plan if key is None or "key" in plan.explicit or plan.progression is not None else replace(plan, key=key)


def _performed_note(take: TakeState, note: Note, frame: Beat, velocity_correction: int, velocity_jitter: int) -> Note:
    """Return a sampled note with its final velocity (within its class of eight), offset and length (cut before the next fixed note)."""
    # notes exactly on the grid are sequenced ones: their velocity is not varied either
    velocity = min(127, max(1, note.velocity + velocity_correction + (velocity_jitter if note.offset else 0)))
    offset = max(note.offset, 0) if frame.index == 0 and note.start == 0 else note.offset
    until = ticks_until_fixed(take.begin.given, note.part, frame)
    length = note.length if until is None else max(1, min(note.length, until - note.start))
    return replace(note, velocity=velocity, offset=offset, length=Ticks(length))


def _ended(note: Note, reach: form.FormRequest) -> Note:
    """Return a sampled note that ends where the plan of the form gives the part's next one."""
    if note.part in UNPITCHED or note.end <= reach.frame.length:
        return note
    until = reach.until_given(note.part)
    return note if until is None else replace(note, length=Ticks(max(1, min(note.length, until - note.start))))


def _fixed_beat(take: TakeState, frame: Beat, kept: Kept, bar_line: Row, velocity: Mapping[str, float]) -> WrittenBeat:
    """Return a beat that is wholly fixed; its rows are read when the next one is written."""
    chord = take.written[-1].chord if take.written else None
    if kept.fresh or not take.written:
        chord = None if kept.chord is None else parse_chord(kept.chord)
    beat = replace(frame, chord=kept.chord, fresh=kept.fresh, notes=kept.notes)
    return WrittenBeat(
        beat, chord, [bar_line, *fixed_rows(frame, kept, velocity, melody_first=take.begin.melody_first)[1:]], 0, 0
    )


def _morphed_plan(take: TakeState, morph_position: float) -> tuple[Plan, Embedding]:
    """Return the plan and text embedding of a take's prompt, or of its two interpolated."""
    if take.other is None:
        return take.plan, take.text
    plan, text = take.other
    return interpolate_plans(take.plan, plan, morph_position), interpolate_vectors(take.text, text, morph_position)


def _morph_path(take: TakeState, order: Write) -> MorphPath | None:
    """Return the path between a take's two prompts, or None while the morph rests at one of them."""
    morph_position = order.controls.morph
    if take.other is None or (morph_position in (0, 1) and not take.is_morphing(morph_position)):
        return None
    first, second = (
        apply_cue(_without_doubles(apply_controls(plan, order.controls)[0]), order.section)
        for plan in (take.plan, take.other[0])
    )
    return MorphPath(first, second, morph_position)
