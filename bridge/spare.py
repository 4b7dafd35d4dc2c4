"""A child in waiting: all its modules are there, and what it is to do comes by its pipe.

So the next player is there at once when one is killed: a fresh process of Python needs most of a second.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from setproctitle import setproctitle


def run(connection: Connection, main: Callable[..., None], warm: Callable[[], None]) -> None:
    """Do what takes long (`warm`), wait for the arguments of `main`, then be it; None, or a pipe that closes, ends the waiting."""
    setproctitle("llmball: spare")
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # the daemon decides when to stop; this process ends with its pipe
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    warm()
    args: tuple[object, ...] | None = None
    with suppress(EOFError, ConnectionError):
        args = connection.recv()
    if args is not None:
        main(connection, *args)
