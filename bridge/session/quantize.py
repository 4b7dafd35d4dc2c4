"""Where a coming take enters: at a quantize line far enough away, or with `quantize now` as soon as it can.

Decides on a stage that it only reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from bridge.clock import Seconds
from bridge.session.playback import Stage
from bridge.takes.takes import Cue, Take
from bridge.takes.timeline import EVERY, Placed
from model.music.notes import CUES, PARTS, TICKS_PER_QUARTER, Ticks, beats_in_bar

NOTICE = Seconds(0.250)
"""A quantize line nearer than this is not waited for, and beats nearer than this are not written anew."""


NEAR = Seconds(0.020)
"""A first beat that comes later than this before its line has missed it."""


AT_ONCE = Seconds(0.0015)
"""From the decision to the sound: what the way to the port takes."""


def aim(take: Take, quantize: str, stage: Stage, now: Seconds) -> None:
    """Have a take enter at the first line of `quantize` that is not too near."""
    take.quantize = quantize
    take.line = stage.timeline.line(quantize, stage.tick(Seconds(now + NOTICE)))


def aim_at_once(take: Take, now: Seconds) -> None:
    """Have a take enter as soon as its first beat is there; the band waits for it a moment."""
    take.at_once_until = Seconds(now + NOTICE)


def missed_at(take: Take | None, stage: Stage) -> Seconds | None:
    """Return when a take that is not ready will have missed its line, if it has one."""
    if take is None or take.line is None or take.ready:
        return None
    return Seconds(stage.tempo.seconds_at(take.line) - NEAR)


def line(take: Take, stage: Stage, now: Seconds) -> tuple[Ticks | None, bool]:
    """Return where a take enters, None where nothing is known of it, and whether it has just missed its line."""
    if take.at_once_until is not None:
        return stage.tick(Seconds(now + AT_ONCE)), False
    if take.line is None:
        return None, False
    missed = missed_at(take, stage)
    late = missed is not None and missed <= now
    # asked anew each time: a new metre may have moved the lines
    take.line = stage.timeline.line(take.quantize, Ticks(take.line + late))
    return take.line, late


def cue(section: str, take: Take, stage: Stage, quantize: str, now: Seconds) -> None:
    """Have a take go into a section at the first line of `quantize` (a bar line at least) that is not too near.

    The bars that were planned from there on are written anew. After an ending the take closes.
    """
    line = stage.timeline.line(quantize if quantize in EVERY else "bar", stage.tick(Seconds(now + NOTICE)))
    placed = [p for p in stage.timeline.placed if p.take == take.number]
    meter = placed[-1].music.meter if placed else "4/4"
    if line < stage.timeline.end:
        gone = stage.cut(line, frozenset(PARTS))
        first = min([p.music.index for p in gone if p.take == take.number] or [take.wanted])
    else:
        beats, at = 0, stage.timeline.end
        while at < line:
            at, beats = Ticks(at + (placed[-1].music.length if placed else 480)), beats + 1
        first = take.wanted + beats
    take.rewind(min(first, take.wanted))
    bars, _, _ = CUES[section]
    last = first + bars * beats_in_bar(meter)
    take.cue = Cue(section, first, last)
    take.closes = last if section == "ending" else None


class Turning(Enum):
    """Whether bars go round."""

    OFF = "off"
    COMING = "from the next line on"
    ON = "on"
    LEAVING = "until the next line"


@dataclass(slots=True)
class Loop:
    """Bars that go round. The take that plays waits meanwhile, and goes on where it was."""

    stage: Stage
    turning: Turning = Turning.OFF
    _count: int = 0
    _line: Ticks = Ticks(0)
    _bars: list[Placed] = field(default_factory=list)
    _next: int = 0

    @property
    def on(self) -> bool:
        """Whether what is laid now comes from the loop."""
        return self.turning in (Turning.ON, Turning.LEAVING)

    def set(self, count: int, now: Seconds) -> None:
        """Hold the last bars from the next line on, or (0) let them go at the next line."""
        if count == 0 and not self.on:
            self.turning = Turning.OFF
            return
        if count == 0 and self.turning is Turning.LEAVING:
            return
        self._count = count
        self._line = self.stage.timeline.line("bar", self.stage.tick(Seconds(now + NOTICE)))
        self.turning = Turning.COMING if count else Turning.LEAVING

    def drop(self) -> None:
        """Forget the loop at once: something else plays."""
        self.turning = Turning.OFF

    def turn(self, take: Take, now: Seconds, ahead: float) -> None:
        """Begin or end at the line, once all is planned up to it; lay the loop as far ahead as is asked, in beats."""
        stage = self.stage
        if self.turning is Turning.COMING and stage.timeline.end >= self._line:
            gone = stage.cut(self._line)
            mine = [p.music.index for p in gone if p.take == take.number]
            take.rewind(min([*mine, take.wanted]))
            self._bars = stage.timeline.bars_before(self._line, self._count)
            self._next = 0
            self.turning = Turning.ON if self._bars else Turning.OFF
        while self.on and (
            stage.timeline.end < stage.tick(now) + ahead * TICKS_PER_QUARTER
            or (self.turning is Turning.LEAVING and stage.timeline.end < self._line)
        ):
            source = self._bars[self._next % len(self._bars)]
            stage.lay_again([source])
            self._next += 1
        if self.turning is Turning.LEAVING and stage.timeline.end >= self._line:
            stage.cut(self._line)
            self.turning = Turning.OFF
