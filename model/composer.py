"""Takes, written beat by beat: words and controls become a plan, the plan becomes rows, rows become beats.

All chance in a beat comes from (seed, beat number), so a beat does not depend on when it was asked for. Called
from one thread only (the generation process, or `llmball clip`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from model.encoder import Embedding, TextEncoder
from model.engine import Engine, State
from model.harmony import Chord, Key, chord_symbol, parse_chord, parse_key
from model.header import Header
from model.language import (
    LENGTHS,
    STEP,
    Event,
    Line,
    Rows,
    line_row,
    row_chord,
    row_note,
)
from model.morph import between, blended
from model.music import (
    GUIDANCE,
    TICKS_PER_QUARTER,
    Beat,
    BeatWritten,
    Begin,
    Controls,
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
from model.weights import FOLDER, load

ROOM_FOR_A_BEAT = 48


@dataclass(slots=True)
class _Written:
    """A beat with its rows, and where in which cache it begins."""

    beat: Beat
    chord: Chord | None
    rows: list[Row]
    cache: int
    mark: int


@dataclass(slots=True)
class _Take:
    begin: Begin
    plan: Plan
    text: Embedding
    other: tuple[Plan, Embedding] | None = None
    written: list[_Written] = field(default_factory=list)
    state: State | None = None
    cache: int = 0
    told: tuple[object, ...] = ()


class Composer:
    """Writes takes. Holds the weights, the encoder and the state of each take that was begun."""

    def __init__(self, encoder: TextEncoder, engine: Engine | None = None) -> None:
        threadpool_limits(1)
        self._encoder = encoder
        self._engine = engine or Engine(*load(FOLDER / "decoder.safetensors"))
        self._takes: dict[int, _Take] = {}

    def begin(self, order: Begin) -> Understood:
        """Understand the words of a take; the plan that is told is the words', without the controls."""
        plan, text = self._understood(order.prompt, order)
        other = None if order.morph is None else self._understood(order.morph, order)
        self._takes[order.take] = _Take(order, plan, text, other)
        return Understood(order.take, plan, None if other is None else other[0])

    def _understood(self, prompt: str, order: Begin) -> tuple[Plan, Embedding]:
        plan, text = understand(prompt, self._encoder)
        return (plan if order.parts is None else replace(plan, parts=order.parts)), text

    def forget(self, take: int) -> None:
        """Free what a take held."""
        self._takes.pop(take, None)

    def write(self, order: Write) -> BeatWritten:
        """Write one beat. Raises KeyError for a take never begun, ValueError for a beat too far ahead."""
        take = self._takes[order.take]
        whole, text = _morphed(take, order.controls.morph)
        plan, _ = apply(whole, order.controls)
        if order.index >= len(take.written) and self._frame(take, plan).bar == take.begin.bars:
            return BeatWritten(order.take, None)
        if order.index > len(take.written):
            raise ValueError(f"beat {order.index} of a take of {len(take.written)} beats")
        del take.written[order.index :]
        frame = self._frame(take, plan)
        written = self._beat(take, plan, text, order.controls, frame)
        take.written.append(written)
        return BeatWritten(order.take, written.beat)

    def _frame(self, take: _Take, plan: Plan) -> Beat:
        """Return the empty beat that comes next; a new metre waits for the bar line."""
        if not take.written:
            return Beat(0, 0, 0, plan.meter, None, fresh=False)
        last = take.written[-1].beat
        if last.beat + 1 < beats_in_bar(last.meter):
            return replace(last, index=last.index + 1, beat=last.beat + 1, fresh=False, notes=())
        return Beat(last.index + 1, last.bar + 1, 0, plan.meter, last.chord, fresh=False)

    def _beat(self, take: _Take, plan: Plan, text: Embedding, controls: Controls, frame: Beat) -> _Written:
        key = parse_key(plan.key)
        theta = dict(take.begin.theta)
        guidance = theta.get("text", GUIDANCE) if controls.guidance is None else controls.guidance
        left = 0 if take.begin.bars is None else take.begin.bars - frame.bar
        line = line_row(frame.beat, Line(left))
        state, mark, h = self._opened(take, plan, text, key, frame, guidance > 0, line)
        rules = self._rules(take, plan, controls, frame, key, guidance)
        rng = np.random.Generator(np.random.Philox(key=[take.begin.seed, frame.index]))
        rows = write_beat(self._engine, state, h, rules, rng)
        chord = take.written[-1].chord if take.written else None
        notes: list[Note] = []
        fresh = False
        for row in rows:
            if row[0] == Event.CHORD:
                fresh = row_chord(row) != chord or not take.written
                chord = row_chord(row)
            else:
                note = row_note(row)
                # a class of velocity is eight steps wide: anywhere within it
                notes.append(replace(note, velocity=min(127, note.velocity - 4 + int(rng.integers(8)))))
        symbol = None if chord is None else chord_symbol(chord, key.flats)
        beat = replace(frame, chord=symbol, fresh=fresh, notes=tuple(notes))
        return _Written(beat, chord, [line, *rows], take.cache, mark)

    def _opened(
        self, take: _Take, plan: Plan, text: Embedding, key: Key, frame: Beat, guided: bool, line: Row
    ) -> tuple[State, int, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        """Return the take's state with the beat's line row read, where the row lies, and what follows it.

        The cache goes on where it can. It is made anew, from the header and the last bars, when it is full, when
        what the header says has changed, or when the take was rewound behind its beginning.
        """
        header = self._header(plan, key)
        told = (header, guided, text.tobytes())
        if take.state is not None and take.told == told:
            if not take.written:
                start = len(header.rows()) + self._engine.shape["prefix"]
            else:
                last = take.written[-1]
                start = last.mark + len(last.rows) if last.cache == take.cache else -1
            full = frame.beat == 0 and self._engine.context - start < 3 * ROOM_FOR_A_BEAT
            if start >= 0 and not full and self._engine.context - start > ROOM_FOR_A_BEAT:
                take.state.length = start
                return take.state, start, self._engine.step(take.state, line)
        take.cache += 1
        take.told = told
        history = self._history(take)
        whole = [header.rows()] * 2
        whole[1] = replace(
            header, tempo=None, density=None, energy=None, brightness=None, complexity=None
        ).rows()
        tail = np.array([*history, line], np.int16)
        rows: Rows = np.stack([np.concatenate([h, tail]) for h in whole[: 1 + guided]])
        said = np.array([True, False][: 1 + guided])
        take.state, h = self._engine.begin(text, said, rows)
        return take.state, take.state.length - 1, h

    def _history(self, take: _Take) -> list[Row]:
        """Return the rows of the last bars, half a context of them at most; mark where each beat now begins."""
        kept: list[_Written] = []
        size = 0
        for i in range(len(take.written) - 1, -1, -1):
            size += len(take.written[i].rows)
            if size > self._engine.context // 2:
                break
            if take.written[i].beat.beat == 0:
                kept = take.written[i:]
        at = len(Header().rows()) + self._engine.shape["prefix"]
        for written in kept:
            written.cache, written.mark = take.cache, at
            at += len(written.rows)
        return [row for written in kept for row in written.rows]

    def _header(self, plan: Plan, key: Key) -> Header:
        return Header(
            frozenset(plan.parts), plan.meter, key.tonic + 12 * key.minor, None, plan.tempo,
            plan.density, plan.energy, plan.brightness, plan.complexity,
        )  # fmt: skip

    def _rules(
        self, take: _Take, plan: Plan, controls: Controls, frame: Beat, key: Key, guidance: float
    ) -> Rules:
        given = plan.progression
        change, span = None, LENGTHS[-1]
        if given is not None:
            change, ahead = _given_chord(given, frame)
            span = ahead // STEP
            if take.written and change == take.written[-1].chord and frame.beat:
                change = None
        stated = "key" in plan.explicit or controls.key != "auto"
        cadence = take.begin.bars is not None and frame.bar == take.begin.bars - 1
        return Rules(
            parts=frozenset(plan.parts),
            ticks=frame.length // STEP,
            line=Event.BAR if frame.beat + 1 == beats_in_bar(frame.meter) else Event.BEAT,
            chord=take.written[-1].chord if take.written else None,
            change=change,
            free=given is None,
            must_choose=given is None and frame.beat == 0 and (frame.index == 0 or cadence),
            obey=given is not None,
            enter=frame.index == 0,
            scale=key.pitch_classes,
            lock=controls.scale_lock,
            tonic=key.tonic if stated or cadence else None,
            busy=_busy(take, frame),
            span=span,
            crowd=_crowd(take, plan),
            temperature=controls.temperature,
            guidance=guidance,
        )


def _morphed(take: _Take, x: float) -> tuple[Plan, Embedding]:
    """Return what is understood of a take's prompt, or of its two at a place between them."""
    if take.other is None:
        return take.plan, take.text
    plan, text = take.other
    return between(take.plan, plan, x), blended(take.text, text, x)


SHARES = {"chords": 0.68, "melody": 0.2, "bass": 0.12}
"""Whose onsets they are, in the median song."""
SPARSE, FULL = 3.3, 7.2
"""Onsets a quarter of the three parts together at the 5th and the 95th percentile of POP909's training songs."""
LOOKED_BACK = 8  # beats


def _crowd(take: _Take, plan: Plan) -> float:
    """Return the logarithm of how much fuller the last beats were than the wanted density, 0 at the beginning."""
    wanted = SPARSE * (FULL / SPARSE) ** plan.density * sum(SHARES[p] for p in plan.parts if p in SHARES)
    last = take.written[-LOOKED_BACK:]
    quarters = sum(w.beat.length for w in last) / TICKS_PER_QUARTER
    onsets = sum(len(w.beat.notes) for w in last)
    # two quarters as wanted are put before the first beat, so that one full beat is not yet a crowd
    return math.log((onsets + 2 * wanted) / ((quarters + 2) * wanted))


def _busy(take: _Take, frame: Beat) -> dict[tuple[str, int], int]:
    """Return until which grid tick of the next beat each (part, pitch) still sounds."""
    busy: dict[tuple[str, int], int] = {}
    back = 0
    for written in reversed(take.written[-64:]):
        back += written.beat.length
        for note in written.beat.notes:
            until = (note.end - back) // STEP
            if until > 0:
                key = (note.part, note.pitch)
                busy[key] = max(until, busy.get(key, 0))
    return busy


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
