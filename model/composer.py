"""Takes, written beat by beat: words and controls become a plan, the plan becomes rows, rows become beats.

All chance in a beat comes from (seed, beat number), so a beat does not depend on when it was asked for. Called
from one thread only (the generation process, or `llmball clip`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from model import fusion, looking_back
from model.accompanied import Written, hear, sounding_on, under_hands
from model.drums import ROLES
from model.encoder import Embedding, TextEncoder
from model.engine import Engine, State
from model.form import backbeat, cued, off_the_backbeat
from model.form import line as line_of
from model.harmony import Chord, Key, chord_symbol, parse_chord, parse_key
from model.header import HEADER, Header
from model.kept import kept_rows, later_rows, melody_ahead, rhythm_rows, room, whole
from model.language import (
    LENGTHS,
    STEP,
    Event,
    Line,
    Rows,
    line_row,
    note_row,
    on_lattice,
    row_chord,
    row_note,
)
from model.morph import between, blended
from model.music import (
    Beat,
    BeatWritten,
    Begin,
    Controls,
    Kept,
    Note,
    Plan,
    Ticks,
    Understood,
    Write,
    beat_length,
    beats_in_bar,
)
from model.plan import understand
from model.precedence import apply
from model.sampler import Row, Rules, write_beat
from model.styles import STYLES
from model.theta import SHIPPED, Theta
from model.weights import FOLDER, load

ROOM_FOR_A_BEAT = 64
PREPARED = 64
"""Prompts whose reading is kept: a bank's, and those that were asked for last."""


@dataclass(slots=True)
class _Take:
    begin: Begin
    plan: Plan
    text: Embedding
    other: tuple[Plan, Embedding] | None = None
    written: list[Written] = field(default_factory=list)
    state: State | None = None
    cache: int = 0
    told: tuple[object, ...] = ()

    @property
    def beats(self) -> list[Beat]:
        """The last beats that were written: as many as anything looks back."""
        return [w.beat for w in self.written[-looking_back.HELD :]]

    @property
    def theta(self) -> Theta:
        """The weights of its fusion."""
        return SHIPPED.with_named(self.begin.theta)

    def kept(self, index: int) -> Kept:
        """Return what is given of a beat."""
        return self.begin.given[index] if index < len(self.begin.given) else Kept()


class Composer:
    """Writes takes. Holds the weights, the encoder and the state of each take that was begun."""

    def __init__(self, encoder: TextEncoder, engine: Engine | None = None) -> None:
        threadpool_limits(1)
        self._engine = engine or Engine(*load(FOLDER / "decoder.safetensors"))
        self._takes: dict[int, _Take] = {}
        self._read = lru_cache(PREPARED)(lambda prompt: understand(prompt, encoder))

    def begin(self, order: Begin) -> Understood:
        """Understand the words of a take; the plan that is told is the words', without the controls."""
        plan, text = self._understood(order.prompt, order)
        other = None if order.morph is None else self._understood(order.morph, order)
        self._takes[order.take] = _Take(order, plan, text, other)
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
        del take.written[order.index :]
        self._hear(take, order)
        frame = self._frame(take, plan)
        kept = (
            take.kept(order.index)
            if order.hands is None
            else under_hands(take.written[-1] if take.written else None, order.hands)
        )
        written = self._beat(take, plan, text, order, frame, kept)
        take.written.append(written)
        return BeatWritten(order.take, written.beat)

    def _hear(self, take: _Take, order: Write) -> None:
        """Put how earlier beats really sounded in the place of how they were written, and read on from the first that differs."""
        again: list[Written] = []
        at, rows = 0, list[Row]()
        for index, kept in sorted(order.played, key=lambda p: p[0]):
            written = take.written[index]
            differs = hear(written, kept, melody_first=take.begin.melody_first)
            if differs is not None and not again:
                again = take.written[index:]
                at, rows = written.mark + differs, written.rows[differs:]
        state = take.state
        if not again or state is None:
            return
        state.length = min(at, state.length)
        rows += [row for written in again[1:] for row in written.rows]
        if any(w.cache != take.cache for w in again) or state.room < len(rows) + ROOM_FOR_A_BEAT:
            take.cache += 1  # nothing of the cache holds: it is made anew
            return
        for row in rows:
            self._engine.step(state, row)
        at = again[0].mark
        for written in again:
            written.mark, at = at, at + len(written.rows)

    def _frame(self, take: _Take, plan: Plan) -> Beat:
        """Return the empty beat that comes next; a new metre waits for the bar line."""
        if not take.written:
            return Beat(0, 0, 0, plan.meter, None, fresh=False)
        last = take.written[-1].beat
        if last.beat + 1 < beats_in_bar(last.meter):
            return replace(last, index=last.index + 1, beat=last.beat + 1, fresh=False, notes=())
        return Beat(last.index + 1, last.bar + 1, 0, plan.meter, last.chord, fresh=False)

    def _beat(
        self, take: _Take, plan: Plan, text: Embedding, order: Write, frame: Beat, kept: Kept
    ) -> Written:
        key, controls = parse_key(plan.key), order.controls
        theta = take.theta
        if controls.guidance is not None:
            theta = replace(theta, text=controls.guidance)
        line = self._line(take, plan, frame, order.section)
        row = line_row(frame.beat, line)
        if whole(kept, plan.parts):
            return _as_given(take, frame, kept, row)
        state, mark, h = self._opened(take, plan, text, key, frame, theta.text > 0, row)
        rules = self._rules(take, plan, controls, frame, key, theta, line, kept)
        rng = np.random.Generator(np.random.Philox(key=[take.begin.seed, frame.index]))
        rows = write_beat(self._engine, state, h, rules, rng)
        chord = take.written[-1].chord if take.written else None
        notes = list(kept.notes)
        fresh = False
        said = {*rules.given, *rules.lead} - set(backbeat(plan, frame))
        drawn = tuple(r for r in rows if r not in said)
        last = [w.drawn for w in take.written[-looking_back.LOOKED_BACK + 1 :]]
        lifts = looking_back.lifts([*last, drawn], rules.wanted)
        for one in drawn:
            if one[0] == Event.CHORD:
                fresh = row_chord(one) != chord or not take.written
                chord = row_chord(one)
            else:
                note = row_note(one)
                notes.append(self._sounding(take, note, frame, lifts.get(note.part, 0), rng))
        symbol = None if chord is None else chord_symbol(chord, key.flats)
        beat = replace(frame, chord=symbol, fresh=fresh, notes=tuple(notes))
        return Written(beat, chord, [row, *rows], take.cache, mark, drawn)

    def _sounding(self, take: _Take, note: Note, frame: Beat, lift: int, rng: np.random.Generator) -> Note:
        """Return a drawn note as it sounds: a player's anywhere within its class of velocity, over before a kept one begins."""
        # a class is eight steps wide; what is exactly on the grid is a machine's, and so is its velocity
        loose = int(rng.integers(8)) - 4
        velocity = min(127, max(1, note.velocity + lift + (loose if note.offset else 0)))
        offset = max(note.offset, 0) if frame.index == 0 and note.start == 0 else note.offset
        until = room(take.begin.given, note.part, frame)
        length = note.length if until is None else max(1, min(note.length, until - note.start))
        return replace(note, velocity=velocity, offset=offset, length=Ticks(length))

    def _line(self, take: _Take, plan: Plan, frame: Beat, cue: str | None) -> Line:
        """Return what the bar line tells."""
        begin = take.begin
        style = plan.style[0][0] if plan.style else ""
        told = line_of(frame.bar, begin.bars or begin.loop, style, closes=begin.bars is not None, cue=cue)
        return replace(told, left=1) if cue == "ending" else told

    def _opened(
        self, take: _Take, plan: Plan, text: Embedding, key: Key, frame: Beat, guided: bool, line: Row
    ) -> tuple[State, int, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        """Return the take's state with the beat's line row read, where the row lies, and what follows it.

        The cache goes on where it can. It is made anew, from the header and the last bars, when it is full, when
        what the header says has changed, when other bars follow, or when the take was rewound behind its beginning.
        """
        header = _header(plan, key, melody_first=take.begin.melody_first)
        later = later_rows(take.begin.given, frame, plan.parts, melody_first=take.begin.melody_first)
        told = (header, guided, text.tobytes(), later)
        start = len(HEADER) + self._engine.shape["prefix"] + len(later)
        if take.state is not None and take.told == told:
            if take.written:
                last = take.written[-1]
                start = last.mark + len(last.rows) if last.cache == take.cache else -1
            full = frame.beat == 0 and self._engine.context - start < 3 * ROOM_FOR_A_BEAT
            if start >= 0 and not full and self._engine.context - start > ROOM_FOR_A_BEAT:
                take.state.length = start
                return take.state, start, self._engine.step(take.state, line)
        take.cache += 1
        take.told = told
        history = self._history(take, len(later))
        untold = replace(
            header, tempo=None, density=None, energy=None, brightness=None, complexity=None, style=()
        )
        tail = np.array([*later, *history, line], np.int16)
        heads = [header.rows(), untold.rows()][: 1 + guided]
        rows: Rows = np.stack([np.concatenate([head, tail]) for head in heads])
        take.state, h = self._engine.begin(text, np.array([True, False][: 1 + guided]), rows)
        return take.state, take.state.length - 1, h

    def _history(self, take: _Take, later: int) -> list[Row]:
        """Return the rows of the last bars, half a context of them at most; mark where each beat now begins."""
        kept: list[Written] = []
        size = later
        for i in range(len(take.written) - 1, -1, -1):
            size += len(take.written[i].rows)
            if size > self._engine.context // 2:
                break
            if take.written[i].beat.beat == 0:
                kept = take.written[i:]
        at = len(HEADER) + self._engine.shape["prefix"] + later
        for written in kept:
            written.cache, written.mark = take.cache, at
            at += len(written.rows)
        return [row for written in kept for row in written.rows]

    def _rules(
        self,
        take: _Take,
        plan: Plan,
        controls: Controls,
        frame: Beat,
        key: Key,
        theta: Theta,
        line: Line,
        kept: Kept,
    ) -> Rules:
        begin = take.begin
        progression = plan.progression
        change, span = None, LENGTHS[-1]
        obey = kept.harmony or progression is not None
        if kept.harmony:
            change = parse_chord(kept.chord) if kept.fresh and kept.chord is not None else None
        elif progression is not None:
            change, ahead = _given_chord(progression, frame)
            span = ahead // STEP
            if take.written and change == take.written[-1].chord and frame.beat:
                change = None
        stated = "key" in plan.explicit or controls.key != "auto"
        closing = line.left == 1
        leading = begin.loop is not None and begin.loop > 1 and frame.bar == begin.loop - 1
        parts = frozenset(plan.parts) - kept.parts
        drawn = parts - {"melody"} if kept.rhythm is not None else parts
        rows = [note_row(on_lattice(n)) for n in kept.notes if n.start < frame.length]
        given = sorted({r for r in rows if not (begin.melody_first and row_note(r).part == "melody")})
        even = line.section in (None, "groove", "variation", "drop")
        registers = dict(plan.registers)
        return Rules(
            parts=drawn,
            ticks=frame.length // STEP,
            line=Event.BAR if frame.beat + 1 == beats_in_bar(frame.meter) else Event.BEAT,
            chord=take.written[-1].chord if take.written else None,
            change=change,
            free=not obey,
            must_choose=not obey and frame.beat == 0 and (frame.index == 0 or closing),
            obey=obey,
            enter=frame.index == 0,
            scale=key.pitch_classes,
            lock=controls.scale_lock,
            tonic=key.tonic,
            restless=_restless(take, frame, kept),
            pull=_pull(frame, stated=stated, closing=closing, leading=leading),
            busy=sounding_on(looking_back.busy(take.beats), kept, begin),
            span=span,
            crowd=looking_back.crowds(take.beats, plan, parts) if even else {},
            wanted={p: fusion.wanted_velocity(p, plan.energy) for p in parts},
            place={p: fusion.place(plan.register, registers, p, plan.brightness, plan.energy) for p in parts},
            articulation=plan.articulation,
            complexity=plan.complexity,
            brightness=plan.brightness,
            energy=plan.energy,
            temperature=controls.temperature,
            theta=theta,
            lead=tuple(sorted({r for r in rows if r not in given})),
            given=tuple(
                sorted([*given, *rhythm_rows(kept), *(backbeat(plan, frame) if "drums" in drawn else ())])
            ),
            silent=off_the_backbeat(plan, frame),
            muted=frozenset(ROLES[role] for role in plan.silenced),
            melody=melody_ahead(begin.given, frame) if begin.melody_first else {},
        )


def _as_given(take: _Take, frame: Beat, kept: Kept, line: Row) -> Written:
    """Return a beat of which all stays; it is read when the next one is written."""
    chord = take.written[-1].chord if take.written else None
    if kept.fresh or not take.written:
        chord = None if kept.chord is None else parse_chord(kept.chord)
    beat = replace(frame, chord=kept.chord, fresh=kept.fresh, notes=kept.notes)
    return Written(
        beat, chord, [line, *kept_rows(frame, kept, melody_first=take.begin.melody_first)[1:]], 0, 0
    )


def _restless(take: _Take, frame: Beat, kept: Kept) -> float:
    """Return how much a new chord is preferred to the old one: under a melody that is given, after a bar without change."""
    beats = beats_in_bar(frame.meter)
    led = "melody" in kept.parts
    still = led and len(take.written) >= beats and not any(w.beat.fresh for w in take.written[-beats + 1 :])
    return 2.0 if still and frame.beat in (0, beats // 2) else 0.0


def _pull(frame: Beat, *, stated: bool, closing: bool, leading: bool) -> float:
    """Return how much a chord on the tonic is preferred, in logits: at the end, at the beginning, not before a loop's seam."""
    if closing:
        return 5.0
    if leading:
        return -3.0
    if frame.index == 0:
        return 8.0 if stated else 1.5
    return 1.5 if stated else 0.0


def _header(plan: Plan, key: Key, *, melody_first: bool) -> Header:
    styles = tuple((name, weight) for name, weight in plan.style if name in STYLES)[:2]
    total = sum(weight for _, weight in styles)
    return Header(
        frozenset(plan.parts), plan.meter, key.tonic + 12 * key.minor, key.mode or None, plan.tempo,
        plan.density, plan.energy, plan.brightness, plan.complexity,
        tuple((name, weight / total) for name, weight in styles), melody_first,
    )  # fmt: skip


def _morphed(take: _Take, x: float) -> tuple[Plan, Embedding]:
    """Return what is understood of a take's prompt, or of its two at a place between them."""
    if take.other is None:
        return take.plan, take.text
    plan, text = take.other
    return between(take.plan, plan, x), blended(take.text, text, x)


def _given_chord(progression: tuple[str, ...], frame: Beat) -> tuple[Chord | None, Ticks]:
    """Return the chord of a progression that begins on this beat, if any, and the ticks to the next change.

    The chords of a bar share its beats as evenly as whole beats allow, the earlier ones longer.
    """
    beats = beats_in_bar(frame.meter)
    chords = [parse_chord(c) for c in progression[frame.bar % len(progression)].split()][:beats]
    starts = [-(-i * beats // len(chords)) for i in range(len(chords))]
    after = next((s for s in starts if s > frame.beat), beats)
    change = chords[starts.index(frame.beat)] if frame.beat in starts else None
    return change, Ticks((after - frame.beat) * beat_length(frame.meter))
