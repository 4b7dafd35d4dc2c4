"""The player process: waits for orders on its pipe until the next message is due, then sends it.

When the pipe closes (the daemon ended or crashed), it ends all sounding notes, closes the port and exits.
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
from bridge.midi.backends import binding
from bridge.midi.output_ports import NO_CONNECTIONS, Connections, OutputConfig, OutputPort, open_output
from bridge.midi.player import Player
from bridge.midi.protocol import (
    ConnectionsChanged,
    OpenFailed,
    Ping,
    PlayerOrder,
    PlayerReport,
    Pong,
    PortChanged,
    PortLost,
    Quit,
    Ready,
)

REOPEN_INTERVAL = 0.5
"""Seconds between two attempts to reopen a lost port."""
REALTIME_PRIORITY = 40


def preload() -> None:
    """Import the libraries that take long to load before a port is opened."""
    with suppress(ImportError):  # without it there are no ports to open
        binding()
    jack.available()


def run(
    connection: Connection,
    config: OutputConfig,
    reopening: bool = False,
    connections: Connections = NO_CONNECTIONS,
) -> None:
    """Run the process: open the port and execute orders until Quit is received or the pipe closes.

    A lost port is retried until it opens, as is the first one if `reopening`, with its `connections`. Notes that an
    earlier player left sounding there are ended first.
    """
    setproctitle("llmball: player")
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP"):
        if hasattr(
            signal, name
        ):  # the daemon decides when to stop; this process ends with its pipe, and notes after Ctrl-Z
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
    """Open the port, retrying if `reopening`. Return None if it cannot be opened or quitting is requested."""
    while True:
        try:
            return open_output(config, connections)
        except OwnerError as refused:
            if not reopening:
                _report(connection, OpenFailed(str(refused)))
                return None
        try:
            if _wait_for_order(connection, REOPEN_INTERVAL) and isinstance(_received(connection), Quit | None):
                return None
        except (EOFError, ConnectionError):
            return None


def _serve(connection: Connection, player: Player, trace: Path | None) -> None:
    """Execute orders and send due messages until Quit, None (which ends any child) or the end of the pipe."""
    serving, connections = True, NO_CONNECTIONS
    while serving:
        try:
            if _wait_for_order(connection, player.timeout()):
                order = _received(connection)
                serving = not isinstance(order, Quit | None)
                if order is not None and not isinstance(order, Ping):
                    player.handle(order)
        except (EOFError, ConnectionError):  # the pipe was closed: the exception depends on the platform
            break
        player.send_due()
        connections = _check_port(connection, player, connections)
        health = player.health()
        if health is not None:
            _report(connection, health)
            _write_trace(player, trace)
    _write_trace(player, trace)


def _received(connection: Connection) -> PlayerOrder | Ping | None:
    """Return the next order of the pipe; a ping is answered here. Raises EOFError or ConnectionError if it is closed."""
    order: PlayerOrder | Ping | None = connection.recv()
    if isinstance(order, Ping):
        _report(connection, Pong())
    return order


def _check_port(connection: Connection, player: Player, connections: Connections) -> Connections:
    """Check the port and report changes of it and of its connections; return the connections."""
    for line in player.check():
        _report(connection, PortChanged(line))
    if player.connections != connections:
        _report(connection, ConnectionsChanged(dict(player.connections)))
    return player.connections


def _wait_for_order(connection: Connection, seconds: float | None) -> bool:
    """Wait up to `seconds` (None: forever) for an order; return True if there is one.

    `Connection.poll` rounds up to whole milliseconds, 0.5 ms too late on average; `select` does not, but supports only
    sockets on Windows.
    """
    if sys.platform == "win32":
        return connection.poll(seconds)
    return bool(select.select([connection], [], [], seconds)[0])


def _report(connection: Connection, report: PlayerReport | Pong) -> None:
    try:
        connection.send(report)
    except OSError:  # the daemon is gone: the next receive raises EOFError
        return


def _write_trace(player: Player, trace: Path | None) -> None:
    """Append the trace lines to the trace file, if there is one, and clear them."""
    if trace is not None and player.trace:
        with suppress(OSError):  # playback continues even if the disk is full
            _append_lines(trace, player.trace)
    player.trace.clear()


def _append_lines(trace: Path, lines: Iterable[str]) -> None:
    with trace.open("a", encoding="utf-8") as file:
        file.writelines(lines)


def _request_realtime() -> bool:
    """Request real-time priority; return True if it was granted."""
    if sys.platform != "linux":
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY))
    except (OSError, AttributeError):
        return False
    return True
