"""The player: sends scheduled messages to the port. The only place where ticks are converted to seconds."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.clock import Clock, Seconds, TempoMap, monotonic
from bridge.midi.clock_out import ClockOut
from bridge.midi.output_ports import Connections, OutputPort
from bridge.midi.protocol import (
    ACTIVE_SENSING,
    Batch,
    Cancel,
    Controller,
    Health,
    NoteOff,
    Play,
    PlayerOrder,
    Program,
    Quit,
    SendClock,
    SetTempoMap,
    Silence,
    panic,
)
from bridge.midi.scheduler import ScheduledMessage, Scheduler, Voice
from model.music.notes import TICKS_PER_QUARTER

MAX_LATENESS = Seconds(0.100)
LATE_THRESHOLD = Seconds(0.005)
ACTIVE_SENSING_INTERVAL = Seconds(0.270)
"""Seconds between two Active Sensing bytes; receivers time out after 330 ms."""
HEALTH_INTERVAL = Seconds(1.0)
"""Seconds over which the health figures are counted."""


class Player:
    """Sends the messages of a scheduler to a port when they are due by a clock. Not thread-safe."""

    def __init__(self, port: OutputPort, per_part: bool, clock: Clock = monotonic) -> None:
        self._port, self._per_part, self._clock = port, per_part, clock
        self._scheduler, self._clock_out = Scheduler(), ClockOut()
        self._tempo = TempoMap.starting_at(120, clock())
        self._next_sensing: Seconds | None = None
        self._health_since = clock()
        self._next_check: Seconds | None = None
        self._schedule_check()
        self._note_on_times: dict[Voice, Seconds] = {}
        self._used: set[Voice] = set()
        self._lateness: list[float] = []
        self._dropped = 0
        self.trace: list[str] = []

    def handle(self, order: PlayerOrder) -> None:
        """Execute one order. Raises OSError if the port is lost."""
        match order:
            case Play(take, notes):
                self._scheduler.add(notes, take, None if self._per_part else "")
            case Cancel():
                self._scheduler.cancel(order)
            case SetTempoMap(tempo):
                self._tempo = tempo
            case Silence(all_channels):
                self.silence(all_channels)
            case Controller(part, channel, number, value):
                self._port.send(part if self._per_part else "", bytes((0xB0 | channel, number, value)))
            case Program(part, channel, number):
                self._port.send(part if self._per_part else "", bytes((0xC0 | channel, number)))
            case SendClock(first):
                here = self._tempo.ticks_at(self._send_horizon())
                clocks = self._clock_out
                self._to_all(clocks.stop() if first is None else clocks.start(first, here))
            case Batch(orders):
                for one in orders:
                    self.handle(one)
            case Quit():
                self.silence(False)

    def timeout(self) -> float | None:
        """Return the seconds until the next message, check or health report is due; None if nothing is."""
        times = [t for t in (self._next_sensing, self._next_check) if t is not None]
        if self._lateness:
            times.append(Seconds(self._health_since + HEALTH_INTERVAL))
        for deadline in (self._scheduler.deadline, self._clock_out.deadline):
            if deadline is not None:
                times.append(Seconds(self._tempo.seconds_at(deadline) - self._port.schedule_ahead))
        return max(0.0, min(times) - self._clock()) if times else None

    def send_due(self) -> None:
        """Send the messages that are due. Raises OSError if the port is lost."""
        now = self._clock()
        # `_send_horizon` adds 10 µs: rounding now down to whole ticks could make a deadline appear not yet due
        tick = self._tempo.ticks_at(self._send_horizon())
        for at, data in self._clock_out.pop_due(tick):
            self._to_all([data], self._tempo.seconds_at(at))
        for scheduled in self._scheduler.pop_due(tick, self._tempo.ticks_at(Seconds(now - MAX_LATENESS))):
            self._send(scheduled)
        if not self._scheduler.busy:
            self._next_sensing = None
        elif self._next_sensing is None or now >= self._next_sensing:
            self._to_all([ACTIVE_SENSING])
            self._next_sensing = Seconds(now + ACTIVE_SENSING_INTERVAL)

    def check(self) -> list[str]:
        """Check the port if it is time to; return a line per change. Raises OSError if the port is lost.

        A receiver that is connected again may hold notes that ended while it was away: all that was played and does not
        sound now is ended once more.
        """
        if self._next_check is None or self._clock() < self._next_check:
            return []
        self._schedule_check()
        lines = self._port.check()
        if joined := self._port.joined:
            for voice in sorted(v for v in self._used if v[0] in joined and not self._scheduler.sounds(v)):
                self._port.send(voice[0], NoteOff(*voice[1:]).encode())
        return lines

    @property
    def connections(self) -> Connections:
        """By route, the ports that the port is connected to."""
        return self._port.connections

    def _schedule_check(self) -> None:
        """Set the time of the next port check."""
        if self._port.check_interval is not None:
            self._next_check = Seconds(self._clock() + self._port.check_interval)

    def _send(self, scheduled: ScheduledMessage) -> None:
        planned = self._tempo.seconds_at(scheduled.at)
        if scheduled.rank == 1:
            self._used.add(scheduled.voice)
            self._note_on_times[scheduled.voice] = planned
        else:  # a note-off moved forward must not precede its note-on, which may have been sent early
            planned = max(planned, self._note_on_times.pop(scheduled.voice, planned))
        self._port.send(scheduled.route, scheduled.message.encode(), planned)
        if scheduled.rank == 1:
            self._record_lateness(scheduled, planned)

    def _record_lateness(self, scheduled: ScheduledMessage, planned: Seconds) -> None:
        sent = max(self._clock(), planned) if self._port.schedule_ahead else self._clock()
        self._lateness.append(sent - planned)
        message = scheduled.message
        beat = scheduled.at / TICKS_PER_QUARTER
        self.trace.append(f"{beat:.6f} {planned:.6f} {sent:.6f} {message.channel + 1} {message.pitch}\n")

    def silence(self, all_channels: bool) -> None:
        """End all sounding notes and the clock now. Raises OSError if the port is lost."""
        self._port.flush()
        self._note_on_times.clear()
        for route, channel, pitch in self._scheduler.silence():
            self._port.send(route, NoteOff(channel, pitch).encode())
        if all_channels:
            self._to_all(panic())
        self._to_all(self._clock_out.stop())
        self._next_sensing = None

    def _send_horizon(self) -> Seconds:
        """Return the time up to which messages are sent to the port now."""
        return Seconds(self._clock() + self._port.schedule_ahead + 1e-5)

    def _to_all(self, messages: Iterable[bytes], at: Seconds | None = None) -> None:
        for data in messages:
            for route in self._port.routes:
                self._port.send(route, data, at)

    def health(self) -> Health | None:
        """Return the figures of the last `HEALTH_INTERVAL`; None before it is over or if no note was due in it."""
        now = self._clock()
        if now < self._health_since + HEALTH_INTERVAL:
            return None
        lateness, self._lateness = sorted(self._lateness), []
        dropped, self._dropped = self._scheduler.dropped - self._dropped, self._scheduler.dropped
        self._health_since = now
        if not lateness and not dropped:
            return None
        p99 = lateness[min(len(lateness) - 1, int(len(lateness) * 0.99))] * 1000 if lateness else 0.0
        return Health(len(lateness), sum(x > LATE_THRESHOLD for x in lateness), dropped, max(0.0, p99))
