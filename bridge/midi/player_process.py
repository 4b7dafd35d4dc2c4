"""The player as a process of its own: it waits on its pipe until the next message is due.

So an order and a deadline wake it alike. It outlives the daemon by as long as it takes to end what sounds: when the
pipe closes it silences everything and goes.
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

from bridge.errors import OwnerError
from bridge.midi import jack
from bridge.midi.output_ports import NOBODY, Kept, Port, PortConfig, open_port
from bridge.midi.player import Player
from bridge.midi.protocol import Connected, OpenFailed, PlayerOrder, PortLost, PortNews, Quit, Ready, Report

AGAIN = 0.5
"""Seconds between two looks at whether a port that was lost can be opened again."""
REALTIME_PRIORITY = 40


def warm() -> None:
    """Have at hand what opening a port takes long to load."""
    import rtmidi  # noqa: F401

    jack.available()


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
