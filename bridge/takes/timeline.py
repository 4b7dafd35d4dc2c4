"""The timeline: planned beats end to end, in ticks since play, and the quantize lines between them.

Owned and changed by `bridge.session.playback`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field

from bridge.midi.protocol import ScheduledNote, remainders
from bridge.takes.arrange import STRAIGHT, Feel
from model.music.notes import Beat, Ticks, beat_length, beats_in_bar

HISTORY_BARS = 16
"""Past bars that are kept: missing beats are repeated from them, `hold` loops them, `refine` changes them."""
BARS_PER_LINE = {"bar": 1, "2bars": 2, "4bars": 4, "8bars": 8}


@dataclass(slots=True)
class PlacedBeat:
    """A beat on the timeline. `bar` and `beat` count from 1 since play, across takes.

    `music` is the generated beat, `notes` what is played of it. `feel` is the take's, for arranging it again.
    `reharmonised`: its chord was changed after it was generated.
    """

    take: int
    start: Ticks
    bar: int
    beat: int
    music: Beat
    notes: tuple[ScheduledNote, ...]
    feel: Feel = STRAIGHT
    announced: bool = False
    reharmonised: bool = False

    @property
    def end(self) -> Ticks:
        """The tick at which the next beat begins."""
        return Ticks(self.start + self.music.length)

    @property
    def first_tick(self) -> Ticks:
        """The tick of its first note, which may be before its start."""
        return min((s.at for s in self.notes), default=self.start)


@dataclass(slots=True)
class Timeline:
    """The placed beats in order. `end`: the tick of the next beat. `bar`: the number of the last bar that began."""

    placed: list[PlacedBeat] = field(default_factory=list)
    end: Ticks = Ticks(0)
    bar: int = 0
    entry_beat: int | None = None
    """Number in its bar (from 1) of the next beat to be placed, if playback resumes within a bar; else None."""
    max_reach: Ticks = Ticks(0)
    """Longest span in ticks from a placed beat's start to the end of one of its notes."""

    @property
    def next_beat(self) -> int:
        """The number in its bar (from 1) of the next beat to be placed."""
        if self.entry_beat is not None:
            return self.entry_beat
        last = self.placed[-1] if self.placed else None
        return 1 if last is None or last.beat >= beats_in_bar(last.music.meter) else last.beat + 1

    def resume_at(self, end: Ticks, beat: int) -> None:
        """Place the next beat at tick `end`, as this beat (from 1) of a new bar."""
        self.end, self.entry_beat = end, beat

    def place(
        self, take: int, music: Beat, notes: tuple[ScheduledNote, ...], new_bar: bool, feel: Feel = STRAIGHT
    ) -> PlacedBeat:
        """Place a beat at the end. `new_bar`: it is the first of a bar."""
        if self.entry_beat is not None:
            self.bar, beat, self.entry_beat = self.bar + 1, self.entry_beat, None
        elif new_bar or not self.placed:
            self.bar += 1
            beat = 1
        else:
            beat = self.placed[-1].beat + 1
        placed = PlacedBeat(take, self.end, self.bar, beat, music, (), feel)
        self.add_notes(placed, notes)
        self.placed.append(placed)
        self.end = placed.end
        return placed

    def add_notes(self, placed: PlacedBeat, notes: tuple[ScheduledNote, ...]) -> None:
        """Add notes to a placed beat."""
        placed.notes = (*placed.notes, *notes)
        self.max_reach = Ticks(max([self.max_reach, *(s.at + s.length - placed.start for s in notes)]))

    def beats_reaching(self, at: Ticks) -> list[PlacedBeat]:
        """Return the beats that may have notes at a tick or later."""
        return self.placed[bisect_left(self.placed, at - self.max_reach, key=lambda p: p.start) :]

    def cut(self, at: Ticks, let_ring: Collection[str] = ()) -> list[PlacedBeat]:
        """Remove and return the beats that begin at a tick or later, and shorten earlier notes (`bridge.midi.protocol.remainder`)."""
        removed = [p for p in self.placed if p.start >= at]
        self.placed = [p for p in self.placed if p.start < at]
        for p in self.beats_reaching(at):
            p.notes = tuple(remainders(p.notes, at, let_ring))
        if removed:
            self.end, first = removed[0].start, removed[0]
            self.bar = self.placed[-1].bar if self.placed else first.bar - 1
            if not self.placed and first.beat > 1:  # playback began within a bar
                self.entry_beat = first.beat
        return removed

    def forget(self, now: Ticks) -> None:
        """Drop beats that are more than `HISTORY_BARS` bars old."""
        here = bisect_right(self.placed, now, key=lambda p: p.end)
        if here < len(self.placed):
            first = self.placed[here].bar - HISTORY_BARS
            self.placed = [p for p in self.placed if p.bar >= first]

    def first_from(self, tick: Ticks, bar_line: bool, take: int) -> PlacedBeat | None:
        """Return the first beat of a take at a tick or later; with `bar_line` the first that begins a bar."""
        return next(
            (p for p in self.placed if p.start >= tick and p.take == take and (not bar_line or p.beat == 1)),
            None,
        )

    def first_of(self, take: int, now: Ticks) -> Ticks:
        """Return the tick from which a take sounds: now, or its start if that is still to come."""
        return max(now, min((p.start for p in self.placed if p.take == take), default=now))

    def next_line(self, quantize: str, earliest: Ticks) -> Ticks:
        """Return the first quantize line at or after a tick, on the planned beats or on bars extrapolated from the last."""
        if quantize == "now" or not self.placed:
            return earliest
        every = BARS_PER_LINE.get(quantize)
        for p in self.placed:
            on_line = every is None or (p.beat == 1 and (p.bar - 1) % every == 0)
            if on_line and p.start >= earliest:
                return p.start
        last = self.placed[-1]
        meter = last.music.meter
        tick, bar, beat = self.end, self.bar + (self.entry_beat is not None), self.entry_beat or last.beat + 1
        while True:
            if beat > beats_in_bar(meter):
                bar, beat = bar + 1, 1
            on_line = every is None or (beat == 1 and (bar - 1) % every == 0)
            if on_line and tick >= earliest:
                return tick
            tick, beat = Ticks(tick + beat_length(meter)), beat + 1

    def bars_before(self, tick: Ticks, count: int, take: int | None = None) -> list[PlacedBeat]:
        """Return the beats of the last whole bars (at most `count`) that end by a tick, of all takes or of one."""
        bars: dict[int, list[PlacedBeat]] = {}
        for p in self.placed:
            if p.end <= tick and p.take and take in (None, p.take):
                bars.setdefault(p.bar, []).append(p)
        whole = [b for b in bars.values() if len(b) == beats_in_bar(b[-1].music.meter)]
        return [p for b in whole[-count:] for p in b]

    def bar_before(self, tick: Ticks) -> list[PlacedBeat]:
        """Return the beats of the last whole bar that ends by a tick; empty if there is none. The count-in is no bar."""
        return self.bars_before(tick, 1)
