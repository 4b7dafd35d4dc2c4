"""Takes, written beat by beat: words and controls become a plan, the plan becomes rows, rows become beats.

All chance in a beat comes from (seed, beat number), so a beat does not depend on when it was asked for. Called
from one thread only (the generation process, or `llmball clip`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from model.decoder.engine import Decoding
from model.decoder.load import open_engine
from model.decoder.tokenizer import Event, Line, line_row, row_chord, row_note
from model.generation import form, history
from model.generation.beat_rules import Row, rules_for
from model.generation.form import cued
from model.generation.form import line as line_of
from model.generation.messages import BeatWritten, Begin, Opening, Understood, Write
from model.generation.morph import Way
from model.generation.sampler import MOST_EVENTS, write_beat
from model.generation.take import Take, Written, kept_rows, opened, read_again, room, under_hands, whole
from model.music.harmony import chord_symbol, parse_chord, parse_key
from model.music.notes import Beat, Kept, Note, Ticks, beats_in_bar
from model.music.plan import Plan, apply, between, blended
from model.prompt.encoder import Embedding, TextEncoder
from model.prompt.understand import understand
from model.styles import played

PREPARED = 64
"""Prompts whose reading is kept: a bank's, and those that were asked for last."""


class Composer:
    """Writes takes. Holds the weights, the encoder and the state of each take that was begun.

    `opening` is told the first note of each take's first beat while the rest is still being written.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        engine: Decoding | None = None,
        opening: Callable[[Opening], None] | None = None,
    ) -> None:
        threadpool_limits(1)
        self._engine = engine or open_engine()
        self._opening = opening
        self._takes: dict[int, Take] = {}
        self._read = lru_cache(PREPARED)(lambda prompt: understand(prompt, encoder))

    def begin(self, order: Begin) -> Understood:
        """Understand the words of a take; the plan that is told is the words', without the controls."""
        plan, text = self._understood(order.prompt, order)
        other = None if order.morph is None else self._understood(order.morph, order)
        self._takes[order.take] = Take(order, plan, text, other)
        return Understood(order.take, plan, None if other is None else other[0])

    def prepare(self, prompt: str) -> None:
        """Read the words of a prompt now, so that it begins without delay later."""
        self._read(prompt)

    def _understood(self, prompt: str, order: Begin) -> tuple[Plan, Embedding]:
        plan, text = self._read(prompt)
        plan = order.plan or plan
        return (plan if order.parts is None else replace(plan, parts=order.parts)), text

    def forget(self, take: int) -> None:
        """Free what a take held."""
        self._takes.pop(take, None)

    def write(self, order: Write) -> BeatWritten:
        """Write one beat. Raises KeyError for a take never begun, ValueError for a beat too far ahead."""
        take = self._takes[order.take]
        meant, text = _morphed(take, order.controls.morph)
        plan, _ = apply(meant, order.controls)
        plan = cued(plan, order.section)
        if order.index >= len(take.written) and self._frame(take, plan).bar == take.begin.bars:
            return BeatWritten(order.take, None)
        if order.index > len(take.written):
            raise ValueError(f"beat {order.index} of a take of {len(take.written)} beats")
        take.go_back(order.index)
        read_again(self._engine, take, order)
        frame = self._frame(take, plan)
        kept = (
            take.kept(order.index)
            if order.hands is None
            else under_hands(take.written[-1] if take.written else None, order.hands)
        )
        written = self._beat(take, plan, text, order, frame, kept)
        written.x = order.controls.morph
        take.add(written)
        return BeatWritten(order.take, written.beat)

    def _frame(self, take: Take, plan: Plan) -> Beat:
        """Return the empty beat that comes next; a new metre waits for the bar line."""
        if not take.written:
            return Beat(0, 0, 0, plan.meter, None, fresh=False)
        last = take.written[-1].beat
        if last.beat + 1 < beats_in_bar(last.meter):
            return replace(last, index=last.index + 1, beat=last.beat + 1, fresh=False, notes=())
        return Beat(last.index + 1, last.bar + 1, 0, plan.meter, last.chord, fresh=False)

    def _beat(
        self, take: Take, plan: Plan, text: Embedding, order: Write, frame: Beat, kept: Kept
    ) -> Written:
        key, controls = parse_key(plan.key), order.controls
        way = _way(take, order)
        moving = way is not None and take.moving(way.x)
        theta = take.theta.on_the_way() if moving else take.theta.played(played(plan.style))
        if controls.guidance is not None:
            theta = replace(theta, text=controls.guidance)
        line = self._line(take, plan, frame, order.section, moving=moving)
        row = line_row(frame.beat, line)
        if whole(kept, plan.parts):
            return _as_given(take, frame, kept, row)
        state, mark, h = opened(self._engine, take, plan, text, key, frame, theta.text > 0, row)
        rules = rules_for(take, plan, controls, frame, key, theta, line, kept, way)
        rng = np.random.Generator(np.random.Philox(key=[take.begin.seed, frame.index]))
        touches = rng.integers(-4, 4, MOST_EVENTS + len(rules.lead))
        said = {*rules.given, *rules.lead} - set(form.rows(plan, frame, line))

        def sounding(rows: list[Row]) -> Written:
            chord = take.written[-1].chord if take.written else None
            notes = list(kept.notes)
            fresh = False
            drawn = tuple(r for r in rows if r not in said)
            last = [w.drawn for w in take.written[-history.LOOKED_BACK + 1 :]]
            # the first note was told before any other was drawn
            heard = drawn if take.written else history.firsts(drawn)
            lifts = history.lifts([*last, heard], rules.wanted)
            for one, loose in zip(drawn, touches, strict=False):
                if one[0] == Event.CHORD:
                    fresh = row_chord(one) != chord or not take.written
                    chord = row_chord(one)
                else:
                    note = row_note(one)
                    notes.append(_sounding(take, note, frame, lifts.get(note.part, 0), int(loose)))
            symbol = None if chord is None else chord_symbol(chord, key.flats)
            beat = replace(frame, chord=symbol, fresh=fresh, notes=tuple(notes))
            return Written(beat, chord, [row, *rows], take.cache, mark, drawn)

        def opening(rows: list[Row]) -> None:
            if self._opening is not None and frame.index == 0 and not kept.notes:
                self._opening(Opening(order.take, sounding(rows).beat))

        return sounding(write_beat(self._engine, state, h, rules, rng, opening))

    def _line(self, take: Take, plan: Plan, frame: Beat, cue: str | None, *, moving: bool) -> Line:
        """Return what the bar line tells."""
        begin = take.begin
        style = plan.style[0][0] if plan.style else ""
        told = line_of(
            frame.bar, begin.bars or begin.loop, style, closes=begin.bars is not None, cue=cue, moving=moving
        )
        return replace(told, left=1) if cue == "ending" else told


def _sounding(take: Take, note: Note, frame: Beat, lift: int, loose: int) -> Note:
    """Return a drawn note as it sounds: a player's anywhere within its class of velocity, over before a kept one begins."""
    # a class is eight steps wide; what is exactly on the grid is a machine's, and so is its velocity
    velocity = min(127, max(1, note.velocity + lift + (loose if note.offset else 0)))
    offset = max(note.offset, 0) if frame.index == 0 and note.start == 0 else note.offset
    until = room(take.begin.given, note.part, frame)
    length = note.length if until is None else max(1, min(note.length, until - note.start))
    return replace(note, velocity=velocity, offset=offset, length=Ticks(length))


def _as_given(take: Take, frame: Beat, kept: Kept, line: Row) -> Written:
    """Return a beat of which all stays; it is read when the next one is written."""
    chord = take.written[-1].chord if take.written else None
    if kept.fresh or not take.written:
        chord = None if kept.chord is None else parse_chord(kept.chord)
    beat = replace(frame, chord=kept.chord, fresh=kept.fresh, notes=kept.notes)
    return Written(
        beat, chord, [line, *kept_rows(frame, kept, melody_first=take.begin.melody_first)[1:]], 0, 0
    )


def _morphed(take: Take, x: float) -> tuple[Plan, Embedding]:
    """Return what is understood of a take's prompt, or of its two at a place between them."""
    if take.other is None:
        return take.plan, take.text
    plan, text = take.other
    return between(take.plan, plan, x), blended(take.text, text, x)


def _way(take: Take, order: Write) -> Way | None:
    """Return the way between a take's two prompts; None at rest at one of them, where it is that prompt and no more."""
    x = order.controls.morph
    if take.other is None or (x in (0, 1) and not take.moving(x)):
        return None
    first, second = (
        cued(apply(plan, order.controls)[0], order.section) for plan in (take.plan, take.other[0])
    )
    return Way(first, second, x)
