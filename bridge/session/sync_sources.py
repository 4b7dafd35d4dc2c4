"""Time from outside: what MIDI clock, a host's transport and taps say, made steady. Pure: moments come with the news.

Each source keeps a `Pulse`, the host's time as a straight line, which it draws anew with every piece of news, and says
whether the host is `rolling` and how often its position has leapt. What that does to the music is `bridge.session.host_sync`'s.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import fmean as mean
from statistics import median
from typing import Protocol

from bridge.clock import Seconds

CLOCKS = 24
"""MIDI clocks in a quarter note."""
SLOWEST, FASTEST = 20.0, 300.0
"""Quarter notes a minute: what lies outside is nobody's tempo."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The host's time: at `seconds` it stood at `quarter`, quarter notes since the song began, and runs at `bpm`."""

    seconds: Seconds
    quarter: float
    bpm: float

    def quarter_at(self, seconds: Seconds) -> float:
        """Return where the host is at a moment."""
        return self.quarter + (seconds - self.seconds) * self.bpm / 60

    def seconds_at(self, quarter: float) -> Seconds:
        """Return when the host is at a place."""
        return Seconds(self.seconds + (quarter - self.quarter) * 60 / self.bpm)


class Source(Protocol):
    """Anything that leads the time. `leaps` grows whenever the host goes on elsewhere than it was."""

    pulse: Pulse | None
    rolling: bool
    leaps: int


# --- MIDI clock ----------------------------------------------------------------------------------

LONGEST = 96
"""Clocks looked back over: a bar of 4/4 tells a tempo to a few hundredths, however coarse the moments are."""
FEWEST = 3
SILENCE = Seconds(0.5)
"""After so long without a clock the next one begins anew."""
ENOUGH = 24
"""Clocks that tell how much they jitter."""
LEAST_JITTER, UNKNOWN_JITTER = 0.0002, 0.0015
"""Seconds: no system's moments are better than the one; the other is assumed until clocks have told."""
START, CONTINUE, STOP, CLOCK, POSITION = 0xFA, 0xFB, 0xFC, 0xF8, 0xF2
TIME_MESSAGES = frozenset((START, CONTINUE, STOP, CLOCK, POSITION))


class MidiClock:
    """MIDI clock: a straight line through the last clocks, as many as still lie on one.

    The line is through moments that may be coarse (JACK's come by periods), so that it is better than each of them.
    A clock or two that were lost are counted again: those after them lie on the old line, just so many further on.
    """

    def __init__(self) -> None:
        self.pulse: Pulse | None = None
        self.rolling = False
        self.leaps = 0
        self._clocks: deque[tuple[int, Seconds]] = deque(maxlen=LONGEST)
        self._next = 0
        self._told: int | None = None
        self._begins = False
        self._jitter = UNKNOWN_JITTER

    def hear(self, at: Seconds, data: bytes) -> None:
        """Take one message of the clock's kinds."""
        match data[0]:
            case 0xF8:
                self._clock(at)
            case 0xFA:
                self._go(0)
            case 0xFB:
                self._go(self._next if self._told is None else self._told)
            case 0xFC:
                self.rolling = self._begins = False
            case 0xF2 if len(data) == 3:
                self._told = (data[1] | data[2] << 7) * 6
                if self.rolling:
                    self._go(self._told)

    def _go(self, place: int) -> None:
        """Begin, or go on elsewhere, with the next clock."""
        moved = place - self._next
        self._clocks = deque(((n + moved, at) for n, at in self._clocks), maxlen=LONGEST)
        self._next, self._told, self._begins = place, None, True

    def _clock(self, at: Seconds) -> None:
        if self._clocks and not 0 <= at - self._clocks[-1][1] < SILENCE:
            self._clocks.clear()
        self._clocks.append((self._next, at))
        self._next += 1
        waits = self._lost()
        while not waits and len(self._clocks) > FEWEST and not _straight(list(self._clocks), self._jitter):
            for _ in range(max(1, (len(self._clocks) - FEWEST) // 2)):
                self._clocks.popleft()
        if not waits and len(self._clocks) >= ENOUGH:  # a gap that is not understood yet is no jitter
            self._jitter = _jitter(self._clocks)
        if len(self._clocks) >= 2:
            slope, here = _line(self._clocks)
            bpm = 60 / (CLOCKS * slope) if slope > 0 else 0.0
            if SLOWEST / 2 <= bpm <= FASTEST * 2:
                self.pulse = Pulse(Seconds(here), self._clocks[-1][0] / CLOCKS, bpm)
        elif self.pulse is not None:
            self.pulse = Pulse(at, self._clocks[-1][0] / CLOCKS, self.pulse.bpm)
        if self._begins:
            self._begins, self.rolling = False, True
            self.leaps += 1

    def _lost(self) -> bool:
        """Count clocks that were lost, once three have come after a gap that lie as far apart as ever.

        Tell whether to wait for the three: until then the gap may be a change of tempo.
        """
        clocks = list(self._clocks)
        for late in (1, 2, 3):
            old = clocks[:-late]
            if len(old) < ENOUGH or not self.rolling or self._begins:
                return False
            slope, here = _line(old)
            if clocks[-late][1] - old[-1][1] < 1.7 * slope:
                continue
            behind = [(at - here) / slope - (n - old[-1][0]) for n, at in clocks[-late:]]
            lost = round(mean(behind))
            if not 0 < lost < CLOCKS or any(abs(b - lost) > 0.3 for b in behind):
                return False
            if late == 3:
                self._clocks = deque([*old, *((n + lost, at) for n, at in clocks[-3:])], maxlen=LONGEST)
                self._next += lost
            return True
        return False


def _line(clocks: Sequence[tuple[int, Seconds]]) -> tuple[float, float]:
    """Return the seconds between two clocks, and those of the last, by least squares."""
    count, (last, zero) = len(clocks), clocks[-1]
    xs = [n - last for n, _ in clocks]
    ys = [at - zero for _, at in clocks]
    x, y = sum(xs) / count, sum(ys) / count
    spread = sum((a - x) ** 2 for a in xs)
    slope = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / spread if spread else 0.0
    return slope, zero + y - slope * x


def _jitter(clocks: Sequence[tuple[int, Seconds]]) -> float:
    """Return how far clocks lie beside their line, in seconds: root mean square."""
    slope, here = _line(clocks)
    last = clocks[-1][0]
    return sqrt(sum((at - here - slope * (n - last)) ** 2 for n, at in clocks) / (len(clocks) - 2))


def _straight(clocks: Sequence[tuple[int, Seconds]], known: float) -> bool:
    """Tell whether the last clocks lie on the line of those before, as near as jitter lets them.

    `known` is the jitter of longer stretches, for those that are too short to tell their own.
    """
    for count in (3, 12):
        old, late = clocks[:-count], clocks[-count:]
        if len(old) < max(FEWEST, count):
            continue
        jitter = _jitter(old) if len(old) >= ENOUGH else known
        slope, here = _line(old)
        beside = mean(at - here - slope * (n - old[-1][0]) for n, at in late)
        if abs(beside) > 3.2 * max(LEAST_JITTER, jitter) * sqrt(1 / count + 4 / len(old)):
            return False
    return True


# --- a host's transport --------------------------------------------------------------------------

STEADYING = 15
"""Reports whose middle is taken: one that travelled long does not pull."""
LEAP, SURE_LEAP = Seconds(0.060), Seconds(0.5)
"""Beside the pulse by this much, twice or at once, the host has gone elsewhere."""


class HostTransport:
    """What `/llmball/transport` (or Ableton Link) says: the tempo is the host's own word, the place is steadied."""

    def __init__(self) -> None:
        self.pulse: Pulse | None = None
        self.rolling = False
        self.leaps = 0
        self._beside: deque[float] = deque(maxlen=STEADYING)
        self._doubt: float | None = None

    def hear(self, at: Seconds, playing: bool, quarter: float, bpm: float) -> None:
        """Take one report: where the host is, in quarter notes since the song began, and its tempo."""
        if self.pulse is None or (playing and not self.rolling):
            self._leap(Pulse(at, quarter, bpm))
            self.rolling = playing
            return
        self.rolling = playing
        if not playing:
            return
        expected = self.pulse.quarter_at(at)
        if bpm != self.pulse.bpm:
            self.pulse = Pulse(at, expected, bpm)  # the beats told so far told it under the other tempo
            self._beside.clear()
        beside = (quarter - expected) * 60 / bpm
        if abs(beside) > LEAP:
            if abs(beside) > SURE_LEAP or (self._doubt is not None and abs(beside - self._doubt) < LEAP):
                self._leap(Pulse(at, quarter, bpm))
            else:
                self._doubt = beside
            return
        self._doubt = None
        self._beside.append(at - quarter * 60 / bpm)
        zero = median(self._beside)
        self.pulse = Pulse(at, (at - zero) * bpm / 60, bpm)

    def _leap(self, pulse: Pulse) -> None:
        self.pulse, self._doubt = pulse, None
        self._beside.clear()
        self._beside.append(pulse.seconds - pulse.quarter * 60 / pulse.bpm)
        self.leaps += 1


class LinkTime:
    """Ableton Link's time: exact as it stands, whether or not anybody plays."""

    def __init__(self) -> None:
        self.pulse: Pulse | None = None
        self.rolling = False
        self.leaps = 0

    def hear(self, at: Seconds, playing: bool, quarter: float, bpm: float) -> None:
        """Take where Link is, in quarter notes, and its tempo."""
        if self.pulse is not None:
            beside = (quarter - self.pulse.quarter_at(at)) * 60 / bpm
            self.leaps += abs(beside) > LEAP
        self.pulse, self.rolling = Pulse(at, quarter, bpm), playing


# --- taps ----------------------------------------------------------------------------------------

MOST_TAPS = 8
PAUSE = Seconds(60 / SLOWEST)


class Taps:
    """Taps of a foot: the tempo of the last few, as long as they keep a pulse."""

    def __init__(self) -> None:
        self._taps: deque[Seconds] = deque(maxlen=MOST_TAPS)

    def tap(self, at: Seconds) -> float | None:
        """Take a tap; return quarter notes a minute once there are two, within 20..300. Two at one moment are one."""
        if self._taps and at <= self._taps[-1]:
            return None
        if self._taps:
            since = at - self._taps[-1]
            steps = [b - a for a, b in pairwise(self._taps)]
            if since > PAUSE or (steps and not 0.6 < since / mean(steps) < 1.6):
                last = self._taps[-1]
                self._taps.clear()
                if since <= PAUSE:
                    self._taps.append(last)  # a new tempo begins with the step that is unlike the others
        self._taps.append(at)
        if len(self._taps) < 2:
            return None
        bpm = 60 * (len(self._taps) - 1) / (at - self._taps[0])
        return bpm if SLOWEST <= bpm <= FASTEST else None
