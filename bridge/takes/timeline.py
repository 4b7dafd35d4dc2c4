"""What is planned and where the lines are: beats laid end to end in absolute ticks since play. No decisions.

Owned by the session.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field

from bridge.midi.protocol import ScheduledNote, remainders
from bridge.takes.arrange import STRAIGHT, Feel
from model.music.notes import Beat, Ticks, beat_length, beats_in_bar

HISTORY_BARS = 16
"""Bars behind the play line that are remembered: the vamp repeats from them, hold loops them, refine changes them."""
BARS_PER_LINE = {"bar": 1, "2bars": 2, "4bars": 4, "8bars": 8}


@dataclass(slots=True)
class PlacedBeat:
    """A beat at its place. `bar` and `beat` count from 1 since play, across takes.

    `feel` is its take's own, so that it can be arranged again when that take is over. `amended` tells that its harmony was
    moved after it was written.
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
        """The tick of its first sound where that comes early, or its own."""
        return min((s.at for s in self.notes), default=self.start)


@dataclass(slots=True)
class Timeline:
    """The placed beats in order; `end` is where the next goes and `bar` the number of the last bar begun."""

    placed: list[PlacedBeat] = field(default_factory=list)
    end: Ticks = Ticks(0)
    bar: int = 0
    entry_beat: int | None = None
    """The beat that the next one placed is, where it does not follow from the one before: a bar begins within."""
    max_reach: Ticks = Ticks(0)
    """So many ticks after its beginning a beat still sounds at most."""

    @property
    def next_beat(self) -> int:
        """The number in its bar, from 1, of the beat that goes to the end."""
        if self.entry_beat is not None:
            return self.entry_beat
        last = self.placed[-1] if self.placed else None
        return 1 if last is None or last.beat >= beats_in_bar(last.music.meter) else last.beat + 1

    def resume_at(self, end: Ticks, beat: int) -> None:
        """Have the next beat placed at a tick, as this beat of a bar that begins with it."""
        self.end, self.entry_beat = end, beat

    def place(
        self, take: int, music: Beat, notes: tuple[ScheduledNote, ...], new_bar: bool, feel: Feel = STRAIGHT
    ) -> PlacedBeat:
        """Lay a beat at the end. A take that enters, and every beat 0, begins a bar."""
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
        """Lay sounds into a beat."""
        placed.notes = (*placed.notes, *notes)
        self.max_reach = Ticks(max([self.max_reach, *(s.at + s.length - placed.start for s in notes)]))

    def beats_reaching(self, at: Ticks) -> list[PlacedBeat]:
        """Return the beats that may have anything at a tick or later: others cannot lose it."""
        return self.placed[bisect_left(self.placed, at - self.max_reach, key=lambda p: p.start) :]

    def cut(self, at: Ticks, let_ring: Collection[str] = ()) -> list[PlacedBeat]:
        """Take back every beat that begins at a tick or later, and return them; the sounds by `orders.remains`."""
        removed = [p for p in self.placed if p.start >= at]
        self.placed = [p for p in self.placed if p.start < at]
        for p in self.beats_reaching(at):
            p.notes = tuple(remainders(p.notes, at, let_ring))
        if removed:
            self.end = removed[0].start
            self.bar = self.placed[-1].bar if self.placed else 0
        return removed

    def forget(self, now: Ticks) -> None:
        """Drop what lies more than `KEPT_BARS` bars behind."""
        here = bisect_right(self.placed, now, key=lambda p: p.end)
        if here < len(self.placed):
            first = self.placed[here].bar - HISTORY_BARS
            self.placed = [p for p in self.placed if p.bar >= first]

    def first_from(self, tick: Ticks, bar_line: bool, take: int) -> PlacedBeat | None:
        """Return the first beat (or first beat of a bar) of a take that begins at a tick or later."""
        return next(
            (p for p in self.placed if p.start >= tick and p.take == take and (not bar_line or p.beat == 1)),
            None,
        )

    def first_of(self, take: int, now: Ticks) -> Ticks:
        """Return from which tick on a take is what sounds: now, or its line where that is still to come."""
        return max(now, min((p.start for p in self.placed if p.take == take), default=now))

    def next_line(self, quantize: str, earliest: Ticks) -> Ticks:
        """Return the first quantize line at or after a tick: over the planned beats, then as the last bar goes on."""
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
        """Return the beats of the last whole bars, so many at most, that end at a tick or earlier (and are a take's)."""
        bars: dict[int, list[PlacedBeat]] = {}
        for p in self.placed:
            if p.end <= tick and p.take and take in (None, p.take):
                bars.setdefault(p.bar, []).append(p)
        whole = [b for b in bars.values() if len(b) == beats_in_bar(b[-1].music.meter)]
        return [p for b in whole[-count:] for p in b]

    def bar_before(self, tick: Ticks) -> list[PlacedBeat]:
        """Return the last whole bar that ends at a tick or earlier; empty where there is none. Clicks are no bar."""
        return self.bars_before(tick, 1)
