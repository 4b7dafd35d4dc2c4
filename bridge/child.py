"""A child process of ours at the end of a pipe: started, fed, listened to, and noticed when it dies.

The player and the generator are both such children. Spawned, never forked, so that no child inherits another's
pipe and each platform behaves alike.
"""

from __future__ import annotations

import multiprocessing
import pkgutil
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

_spawn = multiprocessing.get_context("spawn")
PATIENCE = 2.0
"""Seconds that a closed child is given to end by itself before it is ended."""
MOST_WAITING = 4096
"""Messages that wait for a child that does not read; one that lets more come together hangs, and is ended."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a child is, by its name, "module:function": it is imported there and nowhere else.

    Where some of what was shipped and is read on the way is broken, the child says so in its one line.
    """

    name: str

    def __call__(self, connection: Connection, *args: object, **named: object) -> None:
        """Be it."""
        try:
            main = pkgutil.resolve_name(self.name)
        except ValueError as broken:
            connection.send(str(broken))
        else:
            main(connection, *args, **named)


class Child:
    """A process running `target(connection, *args)`, which is heard from `listen` on."""

    def __init__(self, name: str, target: Callable[..., None], args: tuple[object, ...]) -> None:
        self._name = name
        self._connection, theirs = _spawn.Pipe()
        self._process = _spawn.Process(
            target=target, args=(theirs, *args), name=f"llmball-{name}", daemon=True
        )
        self._process.start()
        theirs.close()  # or we would never see it close
        self._closing = False
        self._waiting: deque[object] = deque()
        self._writing = threading.Lock()

    def listen(self, on_message: Callable[[Any], None], on_death: Callable[[], None]) -> None:
        """Hear all that it has said and says; called once. Both are called from a reader thread: hand them the door into your loop."""
        said = (self._connection, on_message, on_death)
        threading.Thread(target=self._read, args=said, name=f"{self._name} reader", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """The process's number."""
        return self._process.pid

    def send(self, message: object) -> None:
        """Send a message; one to a dead child is lost, for its death is told anyway.

        Never waits: where the child does not read, a thread waits instead, and the messages behind in turn.
        """
        with self._writing:
            at_once = not self._waiting and _has_room(self._connection)
            if not at_once:
                self._waiting.append(message)
                if len(self._waiting) == 1:
                    threading.Thread(target=self._write, name="child writer", daemon=True).start()
                elif len(self._waiting) > MOST_WAITING:
                    self._process.kill()
        if at_once:
            self._put(message)

    def _write(self) -> None:
        """Send what waits, until nothing does."""
        while True:
            self._put(self._waiting[0])
            with self._writing:
                self._waiting.popleft()
                if not self._waiting:
                    return

    def _put(self, message: object) -> None:
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


def _has_room(connection: Connection) -> bool:
    """Tell whether a message can be sent without waiting for the child to read."""
    if sys.platform == "win32":  # a pipe there cannot be asked
        return True
    try:
        return bool(select.select((), (connection,), (), 0)[1])
    except (OSError, ValueError):  # closed: whoever sends finds out
        return True
