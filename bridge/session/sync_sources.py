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
from bridge.midi.clock_out import CLOCKS_PER_QUARTER
from model.music.control import MAX_TEMPO, MIN_TEMPO


@dataclass(frozen=True, slots=True)
class HostTempoLine:
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


class SyncSource(Protocol):
    """Anything that leads the time. `leaps` grows whenever the host goes on elsewhere than it was."""

    tempo_line: HostTempoLine | None
    running: bool
    jumps: int


# --- MIDI clock ----------------------------------------------------------------------------------

MAX_CLOCKS = 96
"""Clocks looked back over: a bar of 4/4 tells a tempo to a few hundredths, however coarse the moments are."""
MIN_CLOCKS = 3
CLOCK_TIMEOUT = Seconds(0.5)
"""After so long without a clock the next one begins anew."""
JITTER_CLOCKS = 24
"""Clocks that tell how much they jitter."""
MIN_JITTER, DEFAULT_JITTER = 0.0002, 0.0015
"""Seconds: no system's moments are better than the one; the other is assumed until clocks have told."""
START, CONTINUE, STOP, CLOCK, POSITION = 0xFA, 0xFB, 0xFC, 0xF8, 0xF2
TIME_MESSAGES = frozenset((START, CONTINUE, STOP, CLOCK, POSITION))


class MidiClockSource:
    """MIDI clock: a straight line through the last clocks, as many as still lie on one.

    The line is through moments that may be coarse (JACK's come by periods), so that it is better than each of them.
    A clock or two that were lost are counted again: those after them lie on the old line, just so many further on.
    """

    def __init__(self) -> None:
        self.tempo_line: HostTempoLine | None = None
        self.running = False
        self.jumps = 0
        self._clocks: deque[tuple[int, Seconds]] = deque(maxlen=MAX_CLOCKS)
        self._next_number = 0
        self._song_position: int | None = None
        self._starts_next = False
        self._jitter = DEFAULT_JITTER

    def receive_midi(self, at: Seconds, data: bytes) -> None:
        """Take one message of the clock's kinds."""
        match data[0]:
            case 0xF8:
                self._on_clock(at)
            case 0xFA:
                self._locate(0)
            case 0xFB:
                self._locate(self._next_number if self._song_position is None else self._song_position)
            case 0xFC:
                self.running = self._starts_next = False
            case 0xF2 if len(data) == 3:
                self._song_position = (data[1] | data[2] << 7) * 6
                if self.running:
                    self._locate(self._song_position)

    def _locate(self, place: int) -> None:
        """Begin, or go on elsewhere, with the next clock."""
        moved = place - self._next_number
        self._clocks = deque(((n + moved, at) for n, at in self._clocks), maxlen=MAX_CLOCKS)
        self._next_number, self._song_position, self._starts_next = place, None, True

    def _on_clock(self, at: Seconds) -> None:
        if self._clocks and not 0 <= at - self._clocks[-1][1] < CLOCK_TIMEOUT:
            self._clocks.clear()
        self._clocks.append((self._next_number, at))
        self._next_number += 1
        waiting = self._recover_lost_clocks()
        while (
            not waiting
            and len(self._clocks) > MIN_CLOCKS
            and not _is_straight(list(self._clocks), self._jitter)
        ):
            for _ in range(max(1, (len(self._clocks) - MIN_CLOCKS) // 2)):
                self._clocks.popleft()
        if (
            not waiting and len(self._clocks) >= JITTER_CLOCKS
        ):  # a gap that is not understood yet is no jitter
            self._jitter = _rms_jitter(self._clocks)
        if len(self._clocks) >= 2:
            slope, here = _fit_line(self._clocks)
            bpm = 60 / (CLOCKS_PER_QUARTER * slope) if slope > 0 else 0.0
            if MIN_TEMPO / 2 <= bpm <= MAX_TEMPO * 2:
                self.tempo_line = HostTempoLine(Seconds(here), self._clocks[-1][0] / CLOCKS_PER_QUARTER, bpm)
        elif self.tempo_line is not None:
            self.tempo_line = HostTempoLine(at, self._clocks[-1][0] / CLOCKS_PER_QUARTER, self.tempo_line.bpm)
        if self._starts_next:
            self._starts_next, self.running = False, True
            self.jumps += 1

    def _recover_lost_clocks(self) -> bool:
        """Count clocks that were lost, once three have come after a gap that lie as far apart as ever.

        Tell whether to wait for the three: until then the gap may be a change of tempo.
        """
        clocks = list(self._clocks)
        for recent in (1, 2, 3):
            old = clocks[:-recent]
            if len(old) < JITTER_CLOCKS or not self.running or self._starts_next:
                return False
            slope, here = _fit_line(old)
            if clocks[-recent][1] - old[-1][1] < 1.7 * slope:
                continue
            behind = [(at - here) / slope - (n - old[-1][0]) for n, at in clocks[-recent:]]
            lost = round(mean(behind))
            if not 0 < lost < CLOCKS_PER_QUARTER or any(abs(b - lost) > 0.3 for b in behind):
                return False
            if recent == 3:
                self._clocks = deque([*old, *((n + lost, at) for n, at in clocks[-3:])], maxlen=MAX_CLOCKS)
                self._next_number += lost
            return True
        return False


def _fit_line(clocks: Sequence[tuple[int, Seconds]]) -> tuple[float, float]:
    """Return the seconds between two clocks, and those of the last, by least squares."""
    count, (last, zero) = len(clocks), clocks[-1]
    xs = [n - last for n, _ in clocks]
    ys = [at - zero for _, at in clocks]
    x, y = sum(xs) / count, sum(ys) / count
    spread = sum((a - x) ** 2 for a in xs)
    slope = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / spread if spread else 0.0
    return slope, zero + y - slope * x


def _rms_jitter(clocks: Sequence[tuple[int, Seconds]]) -> float:
    """Return how far clocks lie beside their line, in seconds: root mean square."""
    slope, here = _fit_line(clocks)
    last = clocks[-1][0]
    return sqrt(sum((at - here - slope * (n - last)) ** 2 for n, at in clocks) / (len(clocks) - 2))


def _is_straight(clocks: Sequence[tuple[int, Seconds]], known: float) -> bool:
    """Tell whether the last clocks lie on the line of those before, as near as jitter lets them.

    `known` is the jitter of longer stretches, for those that are too short to tell their own.
    """
    for count in (3, 12):
        old, recent = clocks[:-count], clocks[-count:]
        if len(old) < max(MIN_CLOCKS, count):
            continue
        jitter = _rms_jitter(old) if len(old) >= JITTER_CLOCKS else known
        slope, here = _fit_line(old)
        deviation = mean(at - here - slope * (n - old[-1][0]) for n, at in recent)
        if abs(deviation) > 3.2 * max(MIN_JITTER, jitter) * sqrt(1 / count + 4 / len(old)):
            return False
    return True


# --- a host's transport --------------------------------------------------------------------------

MEDIAN_REPORTS = 15
"""Reports whose middle is taken: one that travelled long does not pull."""
JUMP, CERTAIN_JUMP = Seconds(0.060), Seconds(0.5)
"""Beside the pulse by this much, twice or at once, the host has gone elsewhere."""


class HostTransportSource:
    """What `/llmball/transport` (or Ableton Link) says: the tempo is the host's own word, the place is steadied."""

    def __init__(self) -> None:
        self.tempo_line: HostTempoLine | None = None
        self.running = False
        self.jumps = 0
        self._recent_zeros: deque[float] = deque(maxlen=MEDIAN_REPORTS)
        self._suspected_jump: float | None = None

    def on_report(self, at: Seconds, playing: bool, quarter: float, bpm: float) -> None:
        """Take one report: where the host is, in quarter notes since the song began, and its tempo."""
        if self.tempo_line is None or (playing and not self.running):
            self._jump(HostTempoLine(at, quarter, bpm))
            self.running = playing
            return
        self.running = playing
        if not playing:
            return
        expected = self.tempo_line.quarter_at(at)
        if bpm != self.tempo_line.bpm:
            self.tempo_line = HostTempoLine(
                at, expected, bpm
            )  # the beats told so far told it under the other tempo
            self._recent_zeros.clear()
        deviation = (quarter - expected) * 60 / bpm
        if abs(deviation) > JUMP:
            if abs(deviation) > CERTAIN_JUMP or (
                self._suspected_jump is not None and abs(deviation - self._suspected_jump) < JUMP
            ):
                self._jump(HostTempoLine(at, quarter, bpm))
            else:
                self._suspected_jump = deviation
            return
        self._suspected_jump = None
        self._recent_zeros.append(at - quarter * 60 / bpm)
        zero = median(self._recent_zeros)
        self.tempo_line = HostTempoLine(at, (at - zero) * bpm / 60, bpm)

    def _jump(self, tempo_line: HostTempoLine) -> None:
        self.tempo_line, self._suspected_jump = tempo_line, None
        self._recent_zeros.clear()
        self._recent_zeros.append(tempo_line.seconds - tempo_line.quarter * 60 / tempo_line.bpm)
        self.jumps += 1


class LinkSource:
    """Ableton Link's time: exact as it stands, whether or not anybody plays."""

    def __init__(self) -> None:
        self.tempo_line: HostTempoLine | None = None
        self.running = False
        self.jumps = 0

    def on_report(self, at: Seconds, playing: bool, quarter: float, bpm: float) -> None:
        """Take where Link is, in quarter notes, and its tempo."""
        if self.tempo_line is not None:
            deviation = (quarter - self.tempo_line.quarter_at(at)) * 60 / bpm
            self.jumps += abs(deviation) > JUMP
        self.tempo_line, self.running = HostTempoLine(at, quarter, bpm), playing


# --- taps ----------------------------------------------------------------------------------------

MAX_TAPS = 8
TAP_TIMEOUT = Seconds(60 / MIN_TEMPO)


class TapTempo:
    """Taps of a foot: the tempo of the last few, as long as they keep a pulse."""

    def __init__(self) -> None:
        self._taps: deque[Seconds] = deque(maxlen=MAX_TAPS)

    def tap(self, at: Seconds) -> float | None:
        """Take a tap; return quarter notes a minute once there are two, within MIN_TEMPO..MAX_TEMPO. Two at one moment are one."""
        if self._taps and at <= self._taps[-1]:
            return None
        if self._taps:
            since = at - self._taps[-1]
            steps = [b - a for a, b in pairwise(self._taps)]
            if since > TAP_TIMEOUT or (steps and not 0.6 < since / mean(steps) < 1.6):
                last = self._taps[-1]
                self._taps.clear()
                if since <= TAP_TIMEOUT:
                    self._taps.append(last)  # a new tempo begins with the step that is unlike the others
        self._taps.append(at)
        if len(self._taps) < 2:
            return None
        bpm = 60 * (len(self._taps) - 1) / (at - self._taps[0])
        return bpm if MIN_TEMPO <= bpm <= MAX_TEMPO else None
