"""The ears: a process of its own that listens to a MIDI port and passes on each message with its moment.

It is apart from the daemon so that no work of ours makes the MIDI system's own thread wait for Python.
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

from bridge.errors import OwnerError
from bridge.midi.input_ports import Hear, Inlet, InletConfig, PortGoneError, open_inlet
from bridge.midi.output_ports import NOBODY, Kept
from bridge.midi.protocol import Connected, Heard, OpenFailed, PortLost, PortNews, Ready

Open = Callable[[InletConfig, Hear, frozenset[str]], Inlet]
LOOK = 0.5
"""Seconds of silence after which the port is looked after, and between two looks for one that was lost."""


def run(
    connection: Connection,
    config: InletConfig,
    again: bool = False,
    before: Kept = NOBODY,
    opened: Open = open_inlet,
) -> None:
    """Be the ears: open the port, pass on what is heard, until None comes or the daemon is gone.

    A port that is lost is waited for; so is one that was there before (`again`), with whom it was connected to.
    """
    setproctitle("llmball: ears")
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # the daemon decides when to stop; this process ends with its pipe
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    passing: Passing = SimpleQueue()
    kept = before.get("", frozenset())
    gc.collect()
    gc.freeze()
    threading.Thread(target=_until_told, args=(connection, passing), daemon=True).start()
    with suppress(OSError):  # the daemon is gone
        while True:
            try:
                inlet = opened(config, lambda at, data: passing.put(Heard(at, data)), kept)
            except OwnerError as refused:
                if not again:
                    connection.send(OpenFailed(str(refused)))
                    return
                if _told_to_end(passing):
                    return
                continue
            again = True
            connection.send(Ready(inlet.name, realtime=False))
            try:
                lost = _listen(connection, inlet, passing)
            finally:
                kept = inlet.kept
                inlet.close()
            if lost is None:
                return
            connection.send(PortLost(lost))


Passing = SimpleQueue[Heard | None]


def _listen(connection: Connection, inlet: Inlet, passing: Passing) -> str | None:
    """Pass on what is heard until told to end, or return in words how the port was lost."""
    kept: frozenset[str] = frozenset()
    while True:
        try:
            heard = passing.get(timeout=LOOK)
        except Empty:
            try:
                for line in inlet.check():
                    connection.send(PortNews(line))
            except PortGoneError as gone:
                return str(gone)
            if inlet.kept != kept:
                kept = inlet.kept
                connection.send(Connected({"": kept}))
            continue
        if heard is None:
            return None
        connection.send(heard)


def _told_to_end(passing: Passing) -> bool:
    """Wait a moment for the word to end."""
    try:
        return passing.get(timeout=LOOK) is None
    except Empty:
        return False


def _until_told(connection: Connection, passing: Passing) -> None:
    """Wait for the end of the pipe or the word to end, either of which ends the process."""
    with suppress(EOFError, OSError):
        connection.recv()
    passing.put(None)
