"""Sync sources: MIDI clock, a host's transport, Ableton Link, and tap tempo. Pure: times come with the events.

A source turns events into a `HostTempoLine`: the host's position as a straight line in time, replaced with each event. It
also says whether the host runs and counts its jumps. `bridge.session.host_sync` applies this to the music.

To add a source, write a subclass of `SyncSource` and add it to `SOURCES`, and its name to `bridge.config.SYNC_SOURCES`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import sqrt
from operator import mul
from statistics import fmean as mean
from statistics import median, pstdev
from typing import ClassVar

from bridge.clock import Seconds
from bridge.midi.clock_out import CLOCKS_PER_QUARTER
from bridge.midi.protocol import MidiReceived
from bridge.protocol.events import HostTransportReported, LinkReported, TempoTapped
from bridge.session.clock_leader import REGULAR, SEARCHED, ClockLeader, find_leader, is_regular, others_of
from model.music.control import MAX_TEMPO, MIN_TEMPO


@dataclass(frozen=True, slots=True)
class HostTempoLine:
    """A host's time: at `seconds` its position is `quarter` (quarter notes from its song's start); it runs at `bpm`."""

    seconds: Seconds
    quarter: float
    bpm: float

    def quarter_at(self, seconds: Seconds) -> float:
        """Return the host's position at a time."""
        return self.quarter + (seconds - self.seconds) * self.bpm / 60

    def seconds_at(self, quarter: float) -> Seconds:
        """Return the time of a position."""
        return Seconds(self.seconds + (quarter - self.quarter) * 60 / self.bpm)


SyncEvent = MidiReceived | HostTransportReported | LinkReported | TempoTapped


class SyncSource:
    """A source of the time; this base class is the internal one, which no event changes.

    `tempo_line` is None until the host's time is known; `jumps` counts how often the host went elsewhere.
    """

    external: ClassVar[bool] = True
    """True if the tempo comes from outside."""
    needs_midi_input: ClassVar[bool] = False
    """True if `serve` must open a MIDI input even without `--input`."""
    needs_link: ClassVar[bool] = False
    """True if the daemon must join Ableton Link."""
    shares_transport: ClassVar[bool] = False
    """True if tempo, start and stop are shared: a take may start while the host is stopped, and others are told ours."""

    def __init__(self) -> None:
        self.tempo_line: HostTempoLine | None = None
        self.running = False
        self.jumps = 0
        self.peers = 0
        """The number of others that share the tempo."""
        self.conflict = ""
        """What is told where two sources lead at once."""

    def receive(self, event: SyncEvent, now: Seconds) -> bool:
        """Process an event; return False if it is of no concern to this source."""
        return False

    def silence(self, now: Seconds) -> str:
        """Return what is told where a source that runs has fallen silent, or does not begin; "" while it is heard."""
        return ""

    def silence_at(self) -> Seconds | None:
        """Return when `silence` is to be asked though nothing comes, None for never."""
        return None


class InternalSource(SyncSource):
    """Our own time: the tempo comes from the controls and the prompt."""

    external = False


# --- MIDI clock ----------------------------------------------------------------------------------

MAX_CLOCKS = 96
"""Clocks that a line is fitted through: a bar of 4/4 gives the tempo to a few hundredths, even from coarse times."""
MIN_CLOCKS = 3
CLOCK_TIMEOUT = Seconds(0.5)
"""After this time without a clock the fit starts again, and the music goes on as it was until three clocks have come."""
ON_THE_OLD_LINE = 0.15
"""Share of the spacing by which clocks after a gap may be beside the line of those before it: then only the gap's were lost."""
JITTER_CLOCKS = 24
"""Clocks needed to measure their jitter."""
MIN_JITTER, DEFAULT_JITTER = 0.0002, 0.0015
"""Seconds: the smallest jitter that is assumed, and the one assumed before it could be measured."""


RECENT = 48
"""Clocks by whose distances the jitter is told."""
TWO_STARTS, FASTEST_ALONE = Seconds(0.1), 190
"""Two starts within this time, and then clocks of a tempo above this, are those of two sources."""
QUARTERS_ALIKE, SWINGS = 0.004, 0.1
"""The most by which quarters of a clock that swings differ, as a share of them; the least that its clocks are beside a straight line, as a share of their spacing."""
START_AWAITED = Seconds(4)
"""After this time of clocks without a start, or of a start without clocks, it is told what is missing."""


TWO_CLOCKS = "two MIDI clocks arrive at the input: the first leads, the other is not followed; connect one only"


CLOCK_CEASED = (
    "the MIDI clock has ceased without a stop: the band plays on at its last tempo; send a stop, or the clock again"
)


NO_START = "a MIDI clock comes, but no start: press play where it comes from, and let that send start and stop"
NO_CLOCK = "a MIDI start came, but no clock: let its sender send its clock (MIDI sync) to this input too"


class MidiClockSource(SyncSource):
    """MIDI clock: a least-squares line through the last clocks, as many as lie on one line.

    The times may be coarse (JACK gives them by periods); the line is more exact than each of them. Lost clocks are counted
    again, since the clocks after the gap lie on the old line. Where two sources send clocks, one leads (`clock_leader`). Of
    a clock that swings the line goes through the beats.
    """

    needs_midi_input = True

    def __init__(self) -> None:
        super().__init__()
        self._clocks: deque[tuple[int, Seconds]] = deque(maxlen=MAX_CLOCKS)
        self._next_number = 0
        self._song_position: int | None = None
        self._starts_next = False
        self._jitter, self._noise = DEFAULT_JITTER, 0.0
        self._leader = ClockLeader()
        self._heard_at = Seconds(0)
        self._recent: deque[Seconds] = deque(maxlen=RECENT)
        self._before_gap: HostTempoLine | None = None
        self._started_at, self._clocked_since = Seconds(-1), Seconds(-1)
        self._two_starts = self._swings = False
        self._unsearched = 0
        self._quarters: deque[tuple[int, Seconds]] = deque(maxlen=2 * CLOCKS_PER_QUARTER + 1)

    def receive(self, event: SyncEvent, now: Seconds) -> bool:
        """Process clock, start, continue, stop and song position."""
        if not isinstance(event, MidiReceived) or event.data[0] not in (0xF2, 0xF8, 0xFA, 0xFB, 0xFC):
            return False
        self.receive_midi(event.at, event.data)
        return True

    def silence(self, now: Seconds) -> str:
        """Return what is told where clocks have ceased without a stop, or where a start or a clock alone has come."""
        ceased = now - self._heard_at >= CLOCK_TIMEOUT
        if self.running:
            return CLOCK_CEASED if ceased else ""
        if self._starts_next:
            return NO_CLOCK if now - self._started_at >= START_AWAITED else ""
        return NO_START if not ceased and now - self._clocked_since >= START_AWAITED else ""

    def silence_at(self) -> Seconds | None:
        """Return when a start without clocks is told."""
        return Seconds(self._started_at + START_AWAITED) if self._starts_next and not self.running else None

    def receive_midi(self, at: Seconds, data: bytes) -> None:
        """Process a MIDI message that came at a time."""
        match data[0]:
            case 0xF8:
                self._sort(at)
            case 0xFA:
                if 0 <= at - self._started_at < TWO_STARTS:
                    self._two_starts = True
                    self._forget()
                self._started_at = at
                self._locate(0)
            case 0xFB:
                self._started_at = at
                self._locate(self._next_number if self._song_position is None else self._song_position)
            case 0xFC:
                if self.running:
                    self._song_position = self._next_number  # clocks that come meanwhile move no song
                self.running = self._starts_next = False
                self._clocked_since = at
            case 0xF2 if len(data) == 3:
                self._song_position = (data[1] | data[2] << 7) * 6
                if self.running:
                    self._locate(self._song_position)

    def _locate(self, place: int) -> None:
        """Start, or continue elsewhere, with the next clock."""
        moved = place - self._next_number
        self._clocks = deque(((n + moved, at) for n, at in self._clocks), maxlen=MAX_CLOCKS)
        self._next_number, self._song_position, self._starts_next = place, None, True

    def _forget(self) -> None:
        """Forget the clocks that came: what comes now has nothing to do with them."""
        self._recent.clear()
        self._clocks.clear()
        self._leader.reset()

    def _lead(self, leading: Sequence[Seconds], others: int) -> None:
        """Follow the clocks of one of two sources from now on; so many of the other's were counted too."""
        self._next_number -= others
        first = self._next_number - len(leading)
        self._clocks = deque(((first + i, t) for i, t in enumerate(leading)), maxlen=MAX_CLOCKS)
        self._leader.reset(others=True)
        self.conflict, self._jitter, self._two_starts = TWO_CLOCKS, DEFAULT_JITTER, False
        self._set_line()

    def _sort(self, at: Seconds) -> None:
        """Process a clock if it is the leader's, where two sources send them."""
        if self._recent and not 0 <= at - self._recent[-1] < CLOCK_TIMEOUT:
            self._recent.clear()
            self._leader.reset()
        if not 0 <= at - self._heard_at < CLOCK_TIMEOUT:
            self._clocked_since = at
        self._recent.append(at)
        self._heard_at = at
        known = len(self._clocks) >= (2 if self._leader.others else JITTER_CLOCKS // 2) and not self._swings
        if known and at - self._clocks[-1][1] < CLOCK_TIMEOUT:
            spacing, here = _fit_line(self._clocks)
            if self._leader.others or _rms_jitter(self._clocks) <= REGULAR * spacing:
                measured = self._leader.others or len(self._clocks) >= JITTER_CLOCKS
                jitter = self._jitter if measured else max(MIN_JITTER, _noise(list(self._recent)))
                for clock in self._leader.passed(at, Seconds(here), spacing, jitter):
                    self._on_clock(clock)
                self.conflict = TWO_CLOCKS if self._leader.others else ""
                return
        self._on_clock(at)
        self._unsearched += 1
        recent, half = list(self._recent)[-SEARCHED:], SEARCHED // 2
        if self._two_starts and len(recent) == 3:
            self._two_starts = False
            if 2 * 60 / (recent[2] - recent[0]) / CLOCKS_PER_QUARTER > FASTEST_ALONE:
                self._lead([recent[0], recent[2]], 1)
            return
        # a source that jitters by much of its spacing, as one that doubles its tempo may, is still one
        regular = any(is_regular(some) or is_regular(some, self._jitter / 2) for some in (recent[:half], recent[half:]))
        if self._unsearched >= SEARCHED and len(recent) == SEARCHED and not regular and not self._swings:
            self._unsearched = 0
            leading = find_leader(recent)
            others = others_of(recent, leading) if leading else []
            if others:
                self._lead(leading, len(others))
            self._recent.clear()

    def _on_clock(self, at: Seconds) -> None:
        if self._clocks and not 0 <= at - self._clocks[-1][1] < CLOCK_TIMEOUT:
            self._before_gap = self.tempo_line if self.running and not self._starts_next else None
            self._clocks.clear()
        self._clocks.append((self._next_number, at))
        if self._quarters and self._quarters[-1][0] != self._next_number - 1:
            self._quarters.clear()
        self._quarters.append((self._next_number, at))
        self._next_number += 1
        if self._before_gap is not None and not self._starts_next:
            if len(self._clocks) < MIN_CLOCKS:
                return  # until it is known where the clocks go on, the music goes on as it was
            self._go_on_after_gap(self._before_gap)
            self._before_gap = None
        waiting = self._recover_lost_clocks()
        self._noise = _noise(list(self._recent)) or self._noise
        known = self._jitter if self._leader.others else max(self._jitter, self._noise)
        while not waiting and len(self._clocks) > MIN_CLOCKS and not _is_straight(list(self._clocks), known):
            for _ in range(max(1, (len(self._clocks) - MIN_CLOCKS) // 2)):
                self._clocks.popleft()
        if not waiting and len(self._clocks) >= JITTER_CLOCKS:
            self._jitter = _rms_jitter(self._clocks)
        self._set_line()
        if self._starts_next:
            self._starts_next, self.running, self._before_gap = False, True, None
            self.jumps += 1

    def _go_on_after_gap(self, before: HostTempoLine) -> None:
        """Count on after a gap: as if no clock had been lost where they lie on the line before it, else from where they stopped."""
        slope = 60 / (CLOCKS_PER_QUARTER * before.bpm)
        behind = [before.quarter_at(at) * CLOCKS_PER_QUARTER - n for n, at in self._clocks]
        lost = round(mean(behind))
        spacing, _ = _fit_line(self._clocks)
        if lost > 0 and abs(spacing - slope) < 0.1 * slope and abs(mean(behind) - lost) < ON_THE_OLD_LINE:
            self._clocks = deque(((n + lost, at) for n, at in self._clocks), maxlen=MAX_CLOCKS)
            self._next_number += lost
        else:
            self.jumps += 1

    def _set_line(self) -> None:
        """Set the line to the one through the clocks, or through the beats where they swing."""
        swinging = self._swinging_line()
        self._swings = swinging is not None
        if swinging is not None:
            self.tempo_line = swinging
        elif len(self._clocks) >= 2 and not self._two_starts:
            slope, here = _fit_line(self._clocks)
            bpm = 60 / (CLOCKS_PER_QUARTER * slope) if slope > 0 else 0.0
            if MIN_TEMPO / 2 <= bpm <= MAX_TEMPO * 2:
                self.tempo_line = HostTempoLine(Seconds(here), self._clocks[-1][0] / CLOCKS_PER_QUARTER, bpm)
        elif self.tempo_line is not None:
            number, at = self._clocks[-1]
            self.tempo_line = HostTempoLine(at, number / CLOCKS_PER_QUARTER, self.tempo_line.bpm)

    def _swinging_line(self) -> HostTempoLine | None:
        """Return the line through the beats where quarters are alike and what lies within them is uneven, None elsewhere."""
        size = CLOCKS_PER_QUARTER
        clocks = list(self._quarters)
        if len(clocks) <= 2 * size or len(self._clocks) >= 2 * size:
            return None
        lengths = [b - a for (_, a), (_, b) in zip(clocks, clocks[size:], strict=False)]
        length = mean(lengths)
        uneven = max(lengths) - min(lengths) > QUARTERS_ALIKE * length + 6 * max(MIN_JITTER, self._noise)
        beside = _rms_jitter(clocks)
        by_chance = pstdev(lengths) > beside / 2  # what swings is beside the line by the same in each quarter
        if uneven or by_chance or beside < SWINGS * length / size:
            return None
        beats = [(number // size, at) for number, at in clocks if number % size == 0]
        last = beats[-1][0]
        here = mean(at + (last - beat) * length for beat, at in beats)
        return HostTempoLine(Seconds(here), float(last), 60 / length)

    def _recover_lost_clocks(self) -> bool:
        """Detect lost clocks: when three clocks after a gap have the old spacing, add the missing ones to the count.

        Return True while waiting for the third clock: the gap may be a change of tempo.
        """
        clocks = list(self._clocks)
        for recent in (1, 2, 3):
            old = clocks[:-recent]
            if len(old) < JITTER_CLOCKS or not self.running or self._starts_next:
                return False
            slope, here = _fit_line(old)
            if clocks[-recent][1] - old[-1][1] < max(1.7 * slope, slope + 4 * _rms_jitter(old)):
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
    """Return the seconds between two clocks and the time of the last, by least squares."""
    slope, here, _ = _fit(clocks)
    return slope, here


def _rms_jitter(clocks: Sequence[tuple[int, Seconds]]) -> float:
    """Return the root mean square distance of clocks from their line, in seconds."""
    return sqrt(_fit(clocks)[2] / (len(clocks) - 2))


def _fit(clocks: Sequence[tuple[int, Seconds]]) -> tuple[float, float, float]:
    """Return `_fit_line` of clocks and the sum of their squared distances from it. It is asked several times a clock."""
    numbers, times = zip(*clocks, strict=True)
    count, zero = len(times), times[-1]
    ys = [at - zero for at in times]
    if numbers[-1] - numbers[0] == count - 1:
        xs, spread = _centred(count)
        last = (count - 1) / 2
    else:  # some were lost
        x = sum(numbers) / count
        xs = tuple(n - x for n in numbers)
        spread, last = sum(map(mul, xs, xs)), xs[-1]
    y = sum(ys) / count
    slope = sum(map(mul, xs, ys)) / spread if spread else 0.0
    beside = sum(map(mul, ys, ys)) - count * y * y - slope * slope * spread
    return slope, zero + y + slope * last, max(0.0, beside)


@cache
def _centred(count: int) -> tuple[tuple[float, ...], float]:
    """Return the numbers of so many clocks about their middle, and the sum of their squares."""
    return tuple(i - (count - 1) / 2 for i in range(count)), count * (count * count - 1) / 12


def _noise(times: Sequence[Seconds]) -> float:
    """Return the jitter of clocks by how their distances differ from one to the next, 0 where there are too few: a change of tempo adds none."""
    bends = [abs(c - 2 * b + a) for a, b, c in zip(times, times[1:], times[2:], strict=False)]
    return 1.48 * median(bends) / sqrt(6) if len(bends) >= 6 else 0.0


def _is_straight(clocks: Sequence[tuple[int, Seconds]], known: float) -> bool:
    """Return True if the last clocks lie on the line of those before, within the jitter.

    `known` is a jitter measured earlier, in seconds, used where there are too few clocks to measure it.
    """
    for count in (3, 12):
        old, recent = clocks[:-count], clocks[-count:]
        if len(old) < max(MIN_CLOCKS, count):
            continue
        jitter = _rms_jitter(old) if len(old) >= JITTER_CLOCKS else known
        slope, here = _fit_line(old)
        deviation = mean(at - here - slope * (n - old[-1][0]) for n, at in recent)
        if abs(deviation) > 4 * max(MIN_JITTER, jitter) * sqrt(1 / count + 4 / len(old)):
            return False
    return True


# --- host transport, Link --------------------------------------------------------------------------

MEDIAN_REPORTS = 15
"""Number of reports whose median gives the position, so that a delayed report has no effect."""
JUMP, CERTAIN_JUMP = Seconds(0.060), Seconds(0.5)
"""A distance from the line that counts as a jump: if two reports agree on it, or at once."""


class HostTransportSource(SyncSource):
    """`/llmball/transport`: the tempo is the reported one, the position the median of the last reports."""

    def __init__(self) -> None:
        super().__init__()
        self._recent_zeros: deque[float] = deque(maxlen=MEDIAN_REPORTS)
        self._suspected_jump: float | None = None

    def receive(self, event: SyncEvent, now: Seconds) -> bool:
        """Process a report."""
        if not isinstance(event, HostTransportReported):
            return False
        self.on_report(now, event.playing, event.quarter, event.bpm)
        return True

    def on_report(self, at: Seconds, playing: bool, quarter: float, bpm: float) -> None:
        """Process a report: whether the host plays, its position in quarter notes and its tempo."""
        if self.tempo_line is None or (playing and not self.running):
            self._jump(HostTempoLine(at, quarter, bpm))
            self.running = playing
            return
        self.running = playing
        if not playing:
            return
        expected = self.tempo_line.quarter_at(at)
        if bpm != self.tempo_line.bpm:
            # earlier reports are under the old tempo
            self.tempo_line = HostTempoLine(at, expected, bpm)
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


class LinkSource(SyncSource):
    """Ableton Link: its time is exact, and runs whether anybody plays or not."""

    needs_link = True
    shares_transport = True

    def receive(self, event: SyncEvent, now: Seconds) -> bool:
        """Process a report."""
        if not isinstance(event, LinkReported):
            return False
        self.on_report(event.at, event.playing, event.quarter, event.bpm)
        self.peers = event.peers
        return True

    def on_report(self, at: Seconds, playing: bool, quarter: float, bpm: float) -> None:
        """Process a report: whether anybody plays, the position in quarter notes and the tempo."""
        if self.tempo_line is not None:
            deviation = (quarter - self.tempo_line.quarter_at(at)) * 60 / bpm
            self.jumps += abs(deviation) > JUMP
        self.tempo_line, self.running = HostTempoLine(at, quarter, bpm), playing


# --- taps ----------------------------------------------------------------------------------------

MAX_TAPS = 8
TAP_TIMEOUT = Seconds(60 / MIN_TEMPO)
BOUNCE = Seconds(0.1)
"""A tap so soon after another is the same one: a pad that bounces."""
PAUSE = 2.5
"""Steps of the taps before after which a tap begins a new measurement instead of ending a long step."""


class TapTempo:
    """Tap tempo: the mean tempo of the last taps, as long as they are regular."""

    def __init__(self) -> None:
        self._taps: deque[Seconds] = deque(maxlen=MAX_TAPS)

    def tap(self, at: Seconds) -> float | None:
        """Process a tap; return quarter notes a minute (MIN_TEMPO..MAX_TEMPO) from the second tap on. A tap that bounces counts once."""
        if self._taps and at < self._taps[-1] + BOUNCE:
            return None
        if self._taps:
            since = at - self._taps[-1]
            steps = [b - a for a, b in pairwise(self._taps)]
            if since > TAP_TIMEOUT or (steps and not 0.6 < since / mean(steps) < 1.6):
                last, paused = self._taps[-1], since > TAP_TIMEOUT or since > PAUSE * mean(steps)
                self._taps.clear()
                if not paused:
                    self._taps.append(last)  # the new tempo starts with the irregular interval
        self._taps.append(at)
        if len(self._taps) < 2:
            return None
        bpm = 60 * (len(self._taps) - 1) / (at - self._taps[0])
        return bpm if MIN_TEMPO <= bpm <= MAX_TEMPO else None


# --- the table ----------------------------------------------------------------------------------

SOURCES: dict[str, type[SyncSource]] = {
    "internal": InternalSource,
    "clock": MidiClockSource,
    "link": LinkSource,
    "host": HostTransportSource,
}
"""The sources by the names that `--sync` has for them (`bridge.config.SYNC_SOURCES`, which imports nothing)."""
