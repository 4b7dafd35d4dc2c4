"""Seconds, the clock shared by all processes, and the tempo map that converts between ticks and seconds."""

from __future__ import annotations

import math
import sys
import time
from bisect import bisect_right
from dataclasses import dataclass
from typing import NewType, Protocol

from model.music.notes import TICKS_PER_QUARTER, Ticks

Seconds = NewType("Seconds", float)


class Clock(Protocol):
    """A function that returns the current time."""

    def __call__(self) -> Seconds:
        """Return the seconds since a fixed moment: monotonic, and equal in all processes of the daemon."""


def monotonic() -> Seconds:
    """Return the system's monotonic time. On Windows `time.monotonic` steps by 16 ms before Python 3.13."""
    return Seconds(time.perf_counter() if sys.platform == "win32" else time.monotonic())


@dataclass(frozen=True, slots=True)
class Segment:
    """A tempo `bpm`, in quarter notes per minute, from a tick on, and the time of that tick."""

    tick: Ticks
    seconds: Seconds
    bpm: float


@dataclass(frozen=True, slots=True)
class TempoMap:
    """All tempi since the last play, in order. Session and player hold equal copies."""

    segments: tuple[Segment, ...]

    @classmethod
    def starting_at(cls, bpm: float, at: Seconds) -> TempoMap:
        """Return a map with one tempo whose tick 0 is at time `at`."""
        return cls((Segment(Ticks(0), at, bpm),))

    def seconds_at(self, tick: Ticks) -> Seconds:
        """Return the time of a tick; ticks before the first segment are extrapolated from it."""
        here = self.segments[max(0, bisect_right(self.segments, tick, key=lambda s: s.tick) - 1)]
        return Seconds(here.seconds + (tick - here.tick) * 60 / (here.bpm * TICKS_PER_QUARTER))

    def ticks_at(self, seconds: Seconds) -> Ticks:
        """Return the last tick at or before a time, with a tolerance of 1e-6 ticks for rounding."""
        here = self.segments[max(0, bisect_right(self.segments, seconds, key=lambda s: s.seconds) - 1)]
        since = (seconds - here.seconds) * here.bpm * TICKS_PER_QUARTER / 60
        return Ticks(here.tick + math.floor(since + 1e-6))

    def bpm_at(self, tick: Ticks) -> float:
        """Return the tempo at a tick, in quarter notes per minute."""
        return self.segments[max(0, bisect_right(self.segments, tick, key=lambda s: s.tick) - 1)].bpm

    def with_tempo(self, bpm: float, at: Ticks) -> TempoMap:
        """Return the map with a new tempo from tick `at` on, continuous there; later segments are removed."""
        kept = tuple(s for s in self.segments if s.tick < at)
        return TempoMap((*kept, Segment(at, self.seconds_at(at), bpm)))

    def without_segments_before(self, tick: Ticks) -> TempoMap:
        """Return the map without the segments that end before a tick."""
        first = max(0, bisect_right(self.segments, tick, key=lambda s: s.tick) - 1)
        return TempoMap(self.segments[first:])
