"""Holding: the last bars go round, until they are let go at a bar line. Owned by the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from bridge.clock import Seconds
from bridge.entrance import NOTICE
from bridge.stage import Stage
from bridge.take import Take
from bridge.timeline import Placed
from model.music import TICKS_PER_QUARTER, Ticks


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
