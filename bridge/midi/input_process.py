"""The MIDI input process: receives messages from a MIDI port and sends them to the daemon with their time of arrival.

A process of its own, so that the MIDI system's thread never waits for Python code of the daemon.
"""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue

from setproctitle import setproctitle

from bridge.clock import Clock, Seconds, monotonic
from bridge.errors import OwnerError
from bridge.midi.input_limit import InputLimit
from bridge.midi.input_ports import InputConfig, InputPort, OnMidi, PortGoneError, open_input
from bridge.midi.output_ports import NO_CONNECTIONS, Connections
from bridge.midi.protocol import ConnectionsChanged, InputLost, MidiReceived, OpenFailed, PortChanged, PortLost, Ready

OpenInput = Callable[[InputConfig, OnMidi, frozenset[str]], InputPort]
CHECK_INTERVAL = 0.5
"""Seconds between two checks of the port, and between two attempts to reopen a lost one."""


def run(
    connection: Connection,
    config: InputConfig,
    reopening: bool = False,
    last_connections: Connections = NO_CONNECTIONS,
    open_port: OpenInput = open_input,
) -> None:
    """Run the process: open the port and send its messages until None is received or the pipe closes.

    A lost port is retried until it opens, as is the first one if `reopening`, with its `last_connections`.
    """
    setproctitle("llmball: midi input")
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP"):
        if hasattr(signal, name):  # the daemon decides when to stop; this process ends with its pipe
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    queue: InputQueue = SimpleQueue()
    limit = LimitedInput(queue)
    connections = last_connections.get("", frozenset())
    gc.collect()
    gc.freeze()
    threading.Thread(target=_wait_for_quit, args=(connection, queue), daemon=True).start()
    with suppress(OSError):  # the daemon is gone
        while True:
            try:
                port = open_port(config, limit.receive, connections)
            except OwnerError as refused:
                if not reopening:
                    connection.send(OpenFailed(str(refused)))
                    return
                if _quit_received(queue):
                    return
                continue
            reopening = True
            connection.send(Ready(port.name, realtime=False))
            try:
                loss = _pass_on(connection, port, queue, limit)
            finally:
                connections = port.connections
                port.close()
            if loss is None:
                return
            connection.send(InputLost(monotonic()))
            connection.send(PortLost(loss))


InputQueue = SimpleQueue[MidiReceived | None]


class LimitedInput:
    """Puts what the limit passes on into a queue. `receive` is called in the MIDI system's thread, `catch_up` in ours."""

    def __init__(self, queue: InputQueue, clock: Clock = monotonic) -> None:
        self._queue, self._clock = queue, clock
        self._limit, self._lock = InputLimit(), threading.Lock()

    def receive(self, at: Seconds, data: bytes) -> None:
        """Take a message."""
        with self._lock:
            for message in self._limit.passed(MidiReceived(at, data)):
                self._queue.put(message)

    def catch_up(self) -> str | None:
        """Put controllers that waited into the queue; return a line on what was dropped, or None."""
        now = self._clock()
        with self._lock:
            for message in self._limit.due(now):
                self._queue.put(message)
            return self._limit.news(now)


def _pass_on(connection: Connection, port: InputPort, queue: InputQueue, limit: LimitedInput) -> str | None:
    """Send received messages to the daemon. Return None when asked to quit, or the reason why the port was lost."""
    connections: frozenset[str] = frozenset()
    check_at = monotonic() + CHECK_INTERVAL  # also where messages never cease, as those of a clock
    while True:
        if (line := limit.catch_up()) is not None:
            connection.send(PortChanged(line))
        with suppress(Empty):
            message = queue.get(timeout=max(0.0, check_at - monotonic()))
            if message is None:
                return None
            connection.send(message)
        if monotonic() < check_at:
            continue
        check_at = monotonic() + CHECK_INTERVAL
        try:
            for line in port.check():
                connection.send(PortChanged(line))
        except PortGoneError as gone:
            return str(gone)
        if port.has_left:
            connection.send(InputLost(monotonic()))
        if port.connections != connections:
            connections = port.connections
            connection.send(ConnectionsChanged({"": connections}))


def _quit_received(queue: InputQueue) -> bool:
    """Wait `CHECK_INTERVAL` seconds for the quit message; return True if it came."""
    try:
        return queue.get(timeout=CHECK_INTERVAL) is None
    except Empty:
        return False


def _wait_for_quit(connection: Connection, queue: InputQueue) -> None:
    """Wait until the pipe closes or the quit message arrives, then put None into the queue."""
    with suppress(EOFError, OSError):
        connection.recv()
    queue.put(None)
