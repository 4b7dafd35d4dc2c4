"""Clips: a prompt becomes a song of exactly N bars, offline, with the composer that also plays live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Protocol

from model.commission import DEFAULT_BARS, MOST_BARS, Wanted
from model.likeness import as_controls, measured
from model.midifile import DEFAULT_PROGRAMS, Song, bar_length
from model.music import BeatWritten, Begin, Kept, Note, Plan, Ticks, Understood, Write
from model.precedence import apply
from model.swing import in_meter, swung
from model.terms import table

TAKE = 0


class Writer(Protocol):
    """What of `model.composer.Composer` a clip needs."""

    def begin(self, order: Begin) -> Understood:
        """Understand the words of a take."""

    def write(self, order: Write) -> BeatWritten:
        """Write one beat of it."""

    def forget(self, take: int) -> None:
        """Free it."""


def clip(
    composer: Writer,
    wanted: Wanted,
    *,
    given: tuple[Kept, ...] = (),
    like: Song | None = None,
    melody_first: bool = False,
) -> Song:
    """Return the clip: bars as wanted, else as the words say, else 8. The same request gives the same song.

    `given` stays note for note, `like` is the song it comes from, whose tempo, key, metre, density and energy hold where
    neither words nor controls say otherwise. Raises ValueError where a control cannot be read.
    """
    try:
        plan = composer.begin(_begin(wanted, wanted.bars, None)).plan
        bars = wanted.bars or min(plan.bars or DEFAULT_BARS, MOST_BARS)
        controls = wanted.controls if like is None else as_controls(measured(like, plan), wanted.controls)
        closing = plan.ending == "cadence" if wanted.closing is None else wanted.closing
        begin = replace(
            _begin(wanted, bars, closing), controls=controls, given=given, melody_first=melody_first
        )
        composer.begin(begin)
        return _written(composer, begin, apply(plan, controls)[0], bars)
    finally:
        composer.forget(TAKE)


def _begin(wanted: Wanted, bars: int | None, closing: bool | None) -> Begin:
    return Begin(
        TAKE,
        wanted.prompt,
        wanted.controls,
        wanted.seed,
        bars if closing else None,
        wanted.parts,
        theta=wanted.theta,
        loop=bars if closing is False else None,
    )


def _written(composer: Writer, begin: Begin, plan: Plan, count: int) -> Song:
    bars: list[tuple[Ticks, str]] = []
    chords: list[tuple[Ticks, str]] = []
    notes: list[Note] = []
    kept: set[Note] = set()
    now, index = Ticks(0), 0
    end: Ticks | None = None
    while end is None or now < end:
        beat = composer.write(Write(TAKE, index, begin.controls)).beat
        if beat is None:
            raise ValueError(f"the composer ended before bar {count}")
        if beat.beat == 0:
            bars.append((now, beat.meter))
            if len(bars) == count:
                end = Ticks(now + bar_length(beat.meter))
        if beat.chord is not None and (beat.fresh or not chords):
            chords.append((now, beat.chord))
        swing = in_meter(plan.swing, plan.swing_unit, beat.meter)
        stays = set(begin.given[index].notes) if index < len(begin.given) else set()
        for note in beat.notes:
            if note in stays:  # a kept note has its swing already
                notes.append(replace(note, start=Ticks(now + note.start)))
                kept.add(notes[-1])
            elif note.part in plan.parts:
                notes.append(_placed(note, now, swing, plan.swing_unit))
        now, index = Ticks(now + beat.length), index + 1
    return Song(
        bars=tuple(bars),
        end=now,
        tempos=((Ticks(0), plan.tempo),),
        key=plan.key,
        notes=_clear_of(kept, notes),
        chords=tuple(chords),
        programs=programs(plan),
    )


def _clear_of(kept: Set[Note], notes: Sequence[Note]) -> tuple[Note, ...]:
    """Return the notes without those new ones that would cut a kept note short, the slightly early ones held back."""
    ends: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for note in kept:
        ends[note.part, note.pitch].append((note.start + note.offset, note.end + note.offset))
    found: list[Note] = []
    for note in notes:
        at = note.start + note.offset
        end = (
            max((e for s, e in ends[note.part, note.pitch] if s <= at < e), default=at)
            if note not in kept
            else at
        )
        if end - at < note.length:
            found.append(replace(note, start=Ticks(end), offset=0) if end > at else note)
    return tuple(found)


def _placed(note: Note, beat_line: Ticks, swing: float, unit: int) -> Note:
    """Return a note of a beat at its tick of the song; of a swung note both ends move."""
    start = Ticks(beat_line + swung(note.start, swing, unit))
    end = Ticks(beat_line + swung(note.end, swing, unit))
    return replace(note, start=start, length=Ticks(max(1, end - start)))


def programs(plan: Plan) -> tuple[tuple[str, int], ...]:
    """Return the General MIDI program of each part of a plan: its instrument's, else a piano or a bass."""
    chosen = {
        part: table()[name.lower()].program for part, name in plan.instruments if name.lower() in table()
    }
    return tuple((part, chosen.get(part) or DEFAULT_PROGRAMS[part]) for part in plan.parts)
