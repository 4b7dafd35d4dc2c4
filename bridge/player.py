"""The player: a process of its own, sole caller of the port, and the one place where ticks become seconds.

It waits on its pipe until the next message is due, so an order and a deadline wake it alike. It outlives the
daemon by as long as it takes to end what sounds: when the pipe closes it silences everything and goes.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from setproctitle import setproctitle

from bridge.clock import Clock, Seconds, TempoMap, monotonic
from bridge.errors import OwnerError
from bridge.midi import ACTIVE_SENSING, NoteOff, panic
from bridge.orders import (
    Cancel,
    Connected,
    Controller,
    Health,
    OpenFailed,
    Play,
    PlayerOrder,
    PortLost,
    PortNews,
    Quit,
    Ready,
    Report,
    Retime,
    Silence,
)
from bridge.ports import NOBODY, Kept, Port, PortConfig, open_port
from bridge.scheduler import Scheduler, Timed, Voice
from model.music import TICKS_PER_QUARTER

MAX_LATENESS = Seconds(0.100)
LATE = Seconds(0.005)
SENSING = Seconds(0.270)
"""Between two Active Sensing bytes; receivers that honour them wait 330 ms."""
AGAIN = 0.5
"""Seconds between two looks at whether a port that was lost can be opened again."""
COUNTED = Seconds(1.0)
"""What the figures of health are counted over."""
REALTIME_PRIORITY = 40


class Player:
    """Drives a scheduler against a clock and a port. Called from the player's one thread."""

    def __init__(self, port: Port, per_part: bool, clock: Clock = monotonic) -> None:
        self._port, self._per_part, self._clock = port, per_part, clock
        self._scheduler = Scheduler()
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
            case Quit():
                self.silence(False)

    def wait(self) -> float | None:
        """Return the seconds until something is due, a message or a report: None where nothing is."""
        times = [t for t in (self._sense_at, self._check_at) if t is not None]
        if self._lateness:
            times.append(Seconds(self._count_from + COUNTED))
        if self._scheduler.deadline is not None:
            times.append(Seconds(self._tempo.seconds_at(self._scheduler.deadline) - self._port.ahead))
        return max(0.0, min(times) - self._clock()) if times else None

    def play(self) -> None:
        """Send what is due. Raises OSError where the port is lost."""
        now = self._clock()
        # a deadline is met when its own second has come: asking in ticks would round the last one away
        tick = self._tempo.ticks_at(Seconds(now + self._port.ahead + 1e-5))
        for timed in self._scheduler.due(tick, self._tempo.ticks_at(Seconds(now - MAX_LATENESS))):
            self._send(timed)
        if not self._scheduler.busy:
            self._sense_at = None
        elif self._sense_at is None or now >= self._sense_at:
            for route in self._port.routes:
                self._port.send(route, ACTIVE_SENSING)
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
            for route in self._port.routes:
                for data in panic():
                    self._port.send(route, data)
        self._sense_at = None

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


def run(connection: Connection, config: PortConfig, again: bool = False, kept: Kept = NOBODY) -> None:
    """Be the player process: open the port, serve until Quit or until the daemon is gone.

    A port that is lost is waited for; so is one that was there before (`again`), with whom it was connected to
    (`kept`). What a player before us left sounding there is ended first.
    """
    setproctitle("llmball: player")
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # the daemon decides when to stop; this process ends with its pipe
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    try:
        if config.trace is not None:
            _append(config.trace, ())
    except OSError as refused:
        _tell(
            connection,
            OpenFailed(f"{config.trace} cannot be written ({refused.strerror}): choose another --trace"),
        )
        return
    gc.collect()
    gc.freeze()
    gc.disable()
    while (port := _opened(connection, config, kept, again)) is not None:
        _tell(connection, Ready(port.name, _realtime()))
        player = Player(port, config.per_part)
        try:
            try:
                if again:
                    player.silence(True)
                again = True
                _serve(connection, player, config.trace)
            finally:
                player.silence(False)
            return
        except OSError as lost:
            _tell(connection, PortLost(str(lost)))
        finally:
            kept = port.kept
            port.close()


def _opened(connection: Connection, config: PortConfig, kept: Kept, again: bool) -> Port | None:
    """Open the port, or wait until it can be where it was open before; None where that is not to be."""
    while True:
        try:
            return open_port(config, kept)
        except OwnerError as refused:
            if not again:
                _tell(connection, OpenFailed(str(refused)))
                return None
        try:
            if _order_waits(connection, AGAIN) and isinstance(connection.recv(), Quit | None):
                return None
        except (EOFError, ConnectionError):
            return None


def _serve(connection: Connection, player: Player, trace: Path | None) -> None:
    """Carry out orders and play, until Quit (or None, which ends any child) or until nobody gives orders."""
    serving, kept = True, NOBODY
    while serving:
        try:
            if _order_waits(connection, player.wait()):
                order: PlayerOrder | None = connection.recv()
                serving = order is not None and not isinstance(order, Quit)
                if order is not None:
                    player.on(order)
        except (EOFError, ConnectionError):  # a pipe's end, in the words of either kind of system
            break
        player.play()
        kept = _look_after(connection, player, kept)
        figures = player.health()
        if figures is not None:
            _tell(connection, figures)
            _keep(player, trace)
    _keep(player, trace)


def _look_after(connection: Connection, player: Player, kept: Kept) -> Kept:
    """Look after the port, tell what is new and whom it is connected to; return those."""
    for line in player.check():
        _tell(connection, PortNews(line))
    if player.kept != kept:
        _tell(connection, Connected(dict(player.kept)))
    return player.kept


def _order_waits(connection: Connection, seconds: float | None) -> bool:
    """Wait for an order, so long at most; tell whether there is one.

    `Connection.poll` rounds up to whole milliseconds, which is late by half of one; `select` does not, but on
    Windows it knows only sockets.
    """
    if sys.platform == "win32":
        return connection.poll(seconds)
    return bool(select.select([connection], [], [], seconds)[0])


def _tell(connection: Connection, report: Report) -> None:
    try:
        connection.send(report)
    except OSError:  # the daemon is gone: the next poll says so
        return


def _keep(player: Player, trace: Path | None) -> None:
    """Move the lines of the trace to its file, where one is wanted."""
    if trace is not None and player.trace:
        with suppress(OSError):  # a full disk is no reason to stop the music
            _append(trace, player.trace)
    player.trace.clear()


def _append(trace: Path, lines: Iterable[str]) -> None:
    with trace.open("a", encoding="utf-8") as file:
        file.writelines(lines)


def _realtime() -> bool:
    """Ask for real-time priority; tell whether it was allowed."""
    if sys.platform != "linux":
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY))
    except (OSError, AttributeError):
        return False
    return True
