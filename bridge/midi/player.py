"""The player: sole caller of the port, and the one place where ticks become seconds."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.clock import Clock, Seconds, TempoMap, monotonic
from bridge.midi.clock_out import ClockOut
from bridge.midi.output_ports import Kept, Port
from bridge.midi.protocol import (
    ACTIVE_SENSING,
    Cancel,
    Clocked,
    Controller,
    Health,
    NoteOff,
    Play,
    PlayerOrder,
    Quit,
    Retime,
    Silence,
    Together,
    panic,
)
from bridge.midi.scheduler import Scheduler, Timed, Voice
from model.music.notes import TICKS_PER_QUARTER

MAX_LATENESS = Seconds(0.100)
LATE = Seconds(0.005)
SENSING = Seconds(0.270)
"""Between two Active Sensing bytes; receivers that honour them wait 330 ms."""
COUNTED = Seconds(1.0)
"""What the figures of health are counted over."""


class Player:
    """Drives a scheduler against a clock and a port. Called from the player's one thread."""

    def __init__(self, port: Port, per_part: bool, clock: Clock = monotonic) -> None:
        self._port, self._per_part, self._clock = port, per_part, clock
        self._scheduler, self._clock_out = Scheduler(), ClockOut()
        self._tempo = TempoMap.started(120, clock())
        self._sense_at: Seconds | None = None
        self._count_from = clock()
        self._check_at: Seconds | None = None
        self._look()
        self._begun: dict[Voice, Seconds] = {}
        self._lateness: list[float] = []
        self._dropped = 0
        self.trace: list[str] = []

    def on(self, order: PlayerOrder) -> None:
        """Carry out one order."""
        match order:
            case Play(take, sounds):
                self._scheduler.add(sounds, take, None if self._per_part else "")
            case Cancel():
                self._scheduler.cancel(order)
            case Retime(tempo):
                self._tempo = tempo
            case Silence(all_channels):
                self.silence(all_channels)
            case Controller(part, channel, number, value):
                self._port.send(part if self._per_part else "", bytes((0xB0 | channel, number, value)))
            case Clocked(first):
                here = self._tempo.ticks_at(self._soon())
                clocks = self._clock_out
                self._to_all(clocks.stop() if first is None else clocks.begin(first, here))
            case Together(orders):
                for one in orders:
                    self.on(one)
            case Quit():
                self.silence(False)

    def wait(self) -> float | None:
        """Return the seconds until something is due, a message or a report: None where nothing is."""
        times = [t for t in (self._sense_at, self._check_at) if t is not None]
        if self._lateness:
            times.append(Seconds(self._count_from + COUNTED))
        for deadline in (self._scheduler.deadline, self._clock_out.deadline):
            if deadline is not None:
                times.append(Seconds(self._tempo.seconds_at(deadline) - self._port.ahead))
        return max(0.0, min(times) - self._clock()) if times else None

    def play(self) -> None:
        """Send what is due. Raises OSError where the port is lost."""
        now = self._clock()
        # a deadline is met when its own second has come: asking in ticks would round the last one away
        tick = self._tempo.ticks_at(self._soon())
        for at, data in self._clock_out.due(tick):
            self._to_all([data], self._tempo.seconds_at(at))
        for timed in self._scheduler.due(tick, self._tempo.ticks_at(Seconds(now - MAX_LATENESS))):
            self._send(timed)
        if not self._scheduler.busy:
            self._sense_at = None
        elif self._sense_at is None or now >= self._sense_at:
            self._to_all([ACTIVE_SENSING])
            self._sense_at = Seconds(now + SENSING)

    def check(self) -> list[str]:
        """Look after the port now and then; return a line of news each. Raises OSError: port lost."""
        if self._check_at is None or self._clock() < self._check_at:
            return []
        self._look()
        return self._port.check()

    @property
    def kept(self) -> Kept:
        """Whom the port is connected to."""
        return self._port.kept

    def _look(self) -> None:
        """Say when to look after the port next."""
        if self._port.checked is not None:
            self._check_at = Seconds(self._clock() + self._port.checked)

    def _send(self, timed: Timed) -> None:
        planned = self._tempo.seconds_at(timed.at)
        if timed.rank == 1:
            self._begun[timed.voice] = planned
        else:  # an end that was brought forward comes after its beginning, which may have been given ahead
            planned = max(planned, self._begun.pop(timed.voice, planned))
        self._port.send(timed.route, timed.message.encode(), planned)
        if timed.rank == 1:
            self._note(timed, planned)

    def _note(self, timed: Timed, planned: Seconds) -> None:
        sent = max(self._clock(), planned) if self._port.ahead else self._clock()
        self._lateness.append(sent - planned)
        message = timed.message
        beat = timed.at / TICKS_PER_QUARTER
        self.trace.append(f"{beat:.6f} {planned:.6f} {sent:.6f} {message.channel + 1} {message.pitch}\n")

    def silence(self, all_channels: bool) -> None:
        """End everything now. Raises OSError where the port is lost."""
        self._port.hurry()
        self._begun.clear()
        for route, channel, pitch in self._scheduler.silence():
            self._port.send(route, NoteOff(channel, pitch).encode())
        if all_channels:
            self._to_all(panic())
        self._to_all(self._clock_out.stop())
        self._sense_at = None

    def _soon(self) -> Seconds:
        """Return up to when messages are given to the port now."""
        return Seconds(self._clock() + self._port.ahead + 1e-5)

    def _to_all(self, messages: Iterable[bytes], at: Seconds | None = None) -> None:
        for data in messages:
            for route in self._port.routes:
                self._port.send(route, data, at)

    def health(self) -> Health | None:
        """Return the last second's figures, once a second and only if anything happened."""
        now = self._clock()
        if now < self._count_from + COUNTED:
            return None
        late, self._lateness = sorted(self._lateness), []
        dropped, self._dropped = self._scheduler.dropped - self._dropped, self._scheduler.dropped
        self._count_from = now
        if not late and not dropped:
            return None
        p99 = late[min(len(late) - 1, int(len(late) * 0.99))] * 1000 if late else 0.0
        return Health(len(late), sum(x > LATE for x in late), dropped, max(0.0, p99))
