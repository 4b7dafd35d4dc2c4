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
from queue import SimpleQueue

from setproctitle import setproctitle

from bridge.clock import Seconds
from bridge.errors import OwnerError
from bridge.events import Heard
from bridge.inlet import Inlet, InletConfig, open_inlet
from bridge.orders import OpenFailed, Ready

Open = Callable[[InletConfig, Callable[[Seconds, bytes], None]], Inlet]


def run(connection: Connection, config: InletConfig, opened: Open = open_inlet) -> None:
    """Be the ears: open the port, pass on what is heard, until None comes or the daemon is gone."""
    setproctitle("llmball: ears")
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # the daemon decides when to stop; this process ends with its pipe
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    passing: SimpleQueue[Heard | None] = SimpleQueue()
    with suppress(OSError):  # the daemon is gone
        try:
            inlet = opened(config, lambda at, data: passing.put(Heard(at, data)))
        except OwnerError as refused:
            connection.send(OpenFailed(str(refused)))
            return
        connection.send(Ready(inlet.name, realtime=False))
        gc.collect()
        gc.freeze()
        threading.Thread(target=_until_told, args=(connection, passing), daemon=True).start()
        try:
            while (heard := passing.get()) is not None:
                connection.send(heard)
        finally:
            inlet.close()


def _until_told(connection: Connection, passing: SimpleQueue[Heard | None]) -> None:
    """Wait for the end of the pipe or the word to end, either of which ends the process."""
    with suppress(EOFError, OSError):
        connection.recv()
    passing.put(None)
