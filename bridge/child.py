"""A child process of ours at the end of a pipe: started, fed, listened to, and noticed when it dies.

The player and the generator are both such children. Spawned, never forked, so that no child inherits another's
pipe and each platform behaves alike.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

_spawn = multiprocessing.get_context("spawn")
PATIENCE = 2.0
"""Seconds that a closed child is given to end by itself before it is ended."""


class Child:
    """A process running `target(connection, *args)`.

    `on_message` and `on_death` are called from a reader thread; hand them the door into your loop.
    """

    def __init__(
        self,
        name: str,
        target: Callable[..., None],
        args: tuple[object, ...],
        on_message: Callable[[Any], None],
        on_death: Callable[[], None],
    ) -> None:
        self._connection, theirs = _spawn.Pipe()
        self._process = _spawn.Process(
            target=target, args=(theirs, *args), name=f"llmball-{name}", daemon=True
        )
        self._process.start()
        theirs.close()  # or we would never see it close
        self._closing = False
        reader = threading.Thread(
            target=self._read,
            args=(self._connection, on_message, on_death),
            name=f"{name} reader",
            daemon=True,
        )
        reader.start()

    @property
    def pid(self) -> int | None:
        """The process's number."""
        return self._process.pid

    def send(self, message: object) -> None:
        """Send a message; one to a dead child is lost, for its death is told anyway."""
        try:
            self._connection.send(message)
        except (OSError, ValueError):
            return

    def close(self) -> None:
        """Ask the process to end (None), wait until it has; called once, at the end."""
        self._closing = True
        self.send(None)
        self._process.join(PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(PATIENCE)
        self._connection.close()

    def _read(
        self, connection: Connection, on_message: Callable[[Any], None], on_death: Callable[[], None]
    ) -> None:
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError, TypeError):  # TypeError: the handle was closed under our hands
                break
            on_message(message)
        if not self._closing:
            on_death()
