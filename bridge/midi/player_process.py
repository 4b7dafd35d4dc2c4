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
from bridge.midi.output_ports import NO_CONNECTIONS, Connections, OutputConfig, OutputPort, open_output
from bridge.midi.player import Player
from bridge.midi.protocol import (
    ConnectionsChanged,
    OpenFailed,
    PlayerOrder,
    PlayerReport,
    PortChanged,
    PortLost,
    Quit,
    Ready,
)

REOPEN_INTERVAL = 0.5
"""Seconds between two looks at whether a port that was lost can be opened again."""
REALTIME_PRIORITY = 40


def preload() -> None:
    """Have at hand what opening a port takes long to load."""
    import rtmidi  # noqa: F401

    jack.available()


def run(
    connection: Connection,
    config: OutputConfig,
    reopening: bool = False,
    connections: Connections = NO_CONNECTIONS,
) -> None:
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
            _append_lines(config.trace, ())
    except OSError as refused:
        _report(
            connection,
            OpenFailed(f"{config.trace} cannot be written ({refused.strerror}): choose another --trace"),
        )
        return
    gc.collect()
    gc.freeze()
    gc.disable()
    while (port := _open(connection, config, connections, reopening)) is not None:
        _report(connection, Ready(port.name, _request_realtime()))
        player = Player(port, config.per_part)
        try:
            try:
                if reopening:
                    player.silence(True)
                reopening = True
                _serve(connection, player, config.trace)
            finally:
                player.silence(False)
            return
        except OSError as loss:
            _report(connection, PortLost(str(loss)))
        finally:
            connections = port.connections
            port.close()


def _open(connection: Connection, config: OutputConfig, connections: Connections, reopening: bool) -> OutputPort | None:
    """Open the port, or wait until it can be where it was open before; None where that is not to be."""
    while True:
        try:
            return open_output(config, connections)
        except OwnerError as refused:
            if not reopening:
                _report(connection, OpenFailed(str(refused)))
                return None
        try:
            if _wait_for_order(connection, REOPEN_INTERVAL) and isinstance(connection.recv(), Quit | None):
                return None
        except (EOFError, ConnectionError):
            return None


def _serve(connection: Connection, player: Player, trace: Path | None) -> None:
    """Carry out orders and play, until Quit (or None, which ends any child) or until nobody gives orders."""
    serving, connections = True, NO_CONNECTIONS
    while serving:
        try:
            if _wait_for_order(connection, player.timeout()):
                order: PlayerOrder | None = connection.recv()
                serving = order is not None and not isinstance(order, Quit)
                if order is not None:
                    player.handle(order)
        except (EOFError, ConnectionError):  # a pipe's end, in the words of either kind of system
            break
        player.send_due()
        connections = _check_port(connection, player, connections)
        health = player.health()
        if health is not None:
            _report(connection, health)
            _write_trace(player, trace)
    _write_trace(player, trace)


def _check_port(connection: Connection, player: Player, connections: Connections) -> Connections:
    """Look after the port, tell what is new and whom it is connected to; return those."""
    for line in player.check():
        _report(connection, PortChanged(line))
    if player.connections != connections:
        _report(connection, ConnectionsChanged(dict(player.connections)))
    return player.connections


def _wait_for_order(connection: Connection, seconds: float | None) -> bool:
    """Wait for an order, so long at most; tell whether there is one.

    `Connection.poll` rounds up to whole milliseconds, which is late by half of one; `select` does not, but on
    Windows it knows only sockets.
    """
    if sys.platform == "win32":
        return connection.poll(seconds)
    return bool(select.select([connection], [], [], seconds)[0])


def _report(connection: Connection, report: PlayerReport) -> None:
    try:
        connection.send(report)
    except OSError:  # the daemon is gone: the next poll says so
        return


def _write_trace(player: Player, trace: Path | None) -> None:
    """Move the lines of the trace to its file, where one is wanted."""
    if trace is not None and player.trace:
        with suppress(OSError):  # a full disk is no reason to stop the music
            _append_lines(trace, player.trace)
    player.trace.clear()


def _append_lines(trace: Path, lines: Iterable[str]) -> None:
    with trace.open("a", encoding="utf-8") as file:
        file.writelines(lines)


def _request_realtime() -> bool:
    """Ask for real-time priority; tell whether it was allowed."""
    if sys.platform != "linux":
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY))
    except (OSError, AttributeError):
        return False
    return True
