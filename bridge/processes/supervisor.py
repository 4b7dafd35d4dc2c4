"""A child process of ours at the end of a pipe: started, fed, listened to, and noticed when it dies.

The player and the generator are both such children. Spawned, never forked, so that no child inherits another's
pipe and each platform behaves alike.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import pkgutil
import select
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from setproctitle import setproctitle

_spawn = multiprocessing.get_context("spawn")


CLOSE_TIMEOUT = 2.0
"""Seconds that a closed child is given to end by itself before it is ended."""


MAX_QUEUED_MESSAGES = 4096
"""Messages that wait for a child that does not read; one that lets more come together hangs, and is ended."""


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """What a child is, by its name, "module:function": it is imported there and nowhere else.

    Where some of what was shipped and is read on the way is broken, the child says so in its one line.
    """

    name: str

    def __call__(self, connection: Connection, *args: object, **kwargs: object) -> None:
        """Be it."""
        try:
            main = pkgutil.resolve_name(self.name)
        except ValueError as error:
            connection.send(str(error))
        else:
            main(connection, *args, **kwargs)


class ChildProcess:
    """A process running `target(connection, *args)`, which is heard from `listen` on."""

    def __init__(self, name: str, target: Callable[..., None], args: tuple[object, ...]) -> None:
        self._name = name
        self._connection, child_end = _spawn.Pipe()
        self._process = _spawn.Process(
            target=target, args=(child_end, *args), name=f"llmball-{name}", daemon=True
        )
        self._process.start()
        child_end.close()  # or we would never see it close
        self._closing = False
        self._queue: deque[object] = deque()
        self._lock = threading.Lock()

    def listen(self, on_message: Callable[[Any], None], on_exit: Callable[[], None]) -> None:
        """Hear all that it has said and says; called once. Both are called from a reader thread: hand them the door into your loop."""
        reader_args = (self._connection, on_message, on_exit)
        threading.Thread(
            target=self._read_loop, args=reader_args, name=f"{self._name} reader", daemon=True
        ).start()

    @property
    def pid(self) -> int | None:
        """The process's number."""
        return self._process.pid

    def send(self, message: object) -> None:
        """Send a message; one to a dead child is lost, for its death is told anyway.

        Never waits: where the child does not read, a thread waits instead, and the messages behind in turn.
        """
        with self._lock:
            immediately = not self._queue and _is_writable(self._connection)
            if not immediately:
                self._queue.append(message)
                if len(self._queue) == 1:
                    threading.Thread(target=self._write_queue, name="child writer", daemon=True).start()
                elif len(self._queue) > MAX_QUEUED_MESSAGES:
                    self._process.kill()
        if immediately:
            self._write_now(message)

    def _write_queue(self) -> None:
        """Send what waits, until nothing does."""
        while True:
            self._write_now(self._queue[0])
            with self._lock:
                self._queue.popleft()
                if not self._queue:
                    return

    def _write_now(self, message: object) -> None:
        try:
            self._connection.send(message)
        except (OSError, ValueError):
            return

    def close(self) -> None:
        """Ask the process to end (None), wait until it has; called once, at the end."""
        self._closing = True
        self.send(None)
        self._process.join(CLOSE_TIMEOUT)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(CLOSE_TIMEOUT)
        self._connection.close()

    def _read_loop(
        self, connection: Connection, on_message: Callable[[Any], None], on_exit: Callable[[], None]
    ) -> None:
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError, TypeError):  # TypeError: the handle was closed under our hands
                break
            on_message(message)
        if not self._closing:
            on_exit()


def _is_writable(connection: Connection) -> bool:
    """Tell whether a message can be sent without waiting for the child to read."""
    if sys.platform == "win32":  # a pipe there cannot be asked
        return True
    try:
        return bool(select.select((), (connection,), (), 0)[1])
    except (OSError, ValueError):  # closed: whoever sends finds out
        return True


def run_spare(connection: Connection, main: Callable[..., None], preload: Callable[[], None]) -> None:
    """Do what takes long (`warm`), wait for the arguments of `main`, then be it; None, or a pipe that closes, ends the waiting."""
    setproctitle("llmball: spare")
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # the daemon decides when to stop; this process ends with its pipe
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    preload()
    args: tuple[object, ...] | None = None
    with suppress(EOFError, ConnectionError):
        args = connection.recv()
    if args is not None:
        main(connection, *args)


log = logging.getLogger("llmball")


MAX_FAILED_STARTS = 5
"""A child that ends so often without ever having been ready is given up; one that was ready is not."""


SPARE_DELAY = 0.5
"""Seconds between a child's being ready and the beginning of the one that waits: others begin too, and are needed first."""


@dataclass(slots=True)
class ManagedProcess:
    """A child that is to run, and how it has fared."""

    main: Callable[..., None]
    args: Callable[[], tuple[object, ...]]
    preload: Callable[[], None] | None = None
    child: ChildProcess | None = None
    spare: ChildProcess | None = None
    was_ready: bool = False
    exits: int = 0


class Supervisor:
    """All of them. Called from the event loop, where `hear` (name, message) and `died` (name) are called too.

    `give_up` is called with the fault where a child cannot be begun at all.
    """

    def __init__(
        self,
        on_message: Callable[[str, Any], None],
        on_exit: Callable[[str], None],
        on_fatal: Callable[[Exception], None],
    ) -> None:
        self._on_message, self._on_exit, self._on_fatal = on_message, on_exit, on_fatal
        self._loop = asyncio.get_running_loop()
        self._managed: dict[str, ManagedProcess] = {}
        self._closing = False

    @property
    def pids(self) -> dict[str, int | None]:
        """The numbers of those that run now."""
        return {
            name: None if managed.child is None else managed.child.pid
            for name, managed in self._managed.items()
        }

    def start(
        self,
        name: str,
        main: Callable[..., None],
        args: Callable[[], tuple[object, ...]],
        *,
        preload: Callable[[], None] | None = None,
        running: ChildProcess | None = None,
    ) -> None:
        """Begin a process of `main(connection, *args())`, where it was not `begun` already; args are asked each time that it begins.

        Soon after it is ready another that has run `warm`, where one is given, waits to step in at once.
        """
        self._managed[name] = ManagedProcess(main, args, preload)
        if running is None:
            self._start_process(name)
        else:
            self._managed[name].child = self._listen_to(name, running)

    def send(self, name: str, message: object) -> None:
        """Send a message; one to a child that is not there is lost."""
        managed = self._managed.get(name)
        if managed is not None and managed.child is not None:
            managed.child.send(message)

    def release(self, name: str) -> ChildProcess | None:
        """Let a child go: it is not begun again, and what is sent to it is lost. Return it, to be closed where that may wait."""
        managed = self._managed.pop(name, None)
        return None if managed is None else managed.child

    def mark_ready(self, name: str) -> None:
        """Note that a child is ready: it can be."""
        managed = self._managed.get(name)
        if managed is None:
            return
        managed.was_ready = True
        if managed.preload is not None:
            self._loop.call_later(SPARE_DELAY, self._start_spare, name)

    def close(self) -> None:
        """End all of them."""
        self._closing = True
        for managed in self._managed.values():
            for child in (managed.child, managed.spare):
                if child is not None:
                    child.close()

    def _start_spare(self, name: str) -> None:
        managed = self._managed.get(name)
        if (
            managed is not None
            and managed.preload is not None
            and managed.spare is None
            and not self._closing
        ):
            managed.spare = self._listen_to(
                name, ChildProcess(name, run_spare, (managed.main, managed.preload))
            )

    def _start_process(self, name: str) -> None:
        managed = self._managed[name]
        if managed.spare is None:
            managed.child = self._listen_to(name, ChildProcess(name, managed.main, managed.args()))
        else:
            managed.child, managed.spare = managed.spare, None
            managed.child.send(managed.args())

    def _listen_to(self, name: str, child: ChildProcess) -> ChildProcess:
        child.listen(
            lambda message: self._call_in_loop(self._on_message, name, message),
            lambda: self._call_in_loop(self._on_process_exit, name, child),
        )
        return child

    def _call_in_loop(self, call: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are going anyway
            self._loop.call_soon_threadsafe(call, *args)

    def _on_process_exit(self, name: str, child: ChildProcess) -> None:
        managed = self._managed.get(name)
        if self._closing or managed is None:
            return
        if child is managed.spare:
            managed.spare = None  # another is made when the next is ready
        if child is not managed.child:  # or it was let go
            return
        managed.exits += 1
        self._on_exit(name)
        if not managed.was_ready and managed.exits > MAX_FAILED_STARTS:
            self._on_fatal(RuntimeError(f"the {name} ended {managed.exits} times and was never ready"))
            return
        log.warning("the %s ended; starting another", name)
        self._start_process(name)


def on_stop_signals(stop: Callable[[], None]) -> None:
    """Have `stop` called in the running loop at each SIGINT, SIGTERM and SIGHUP."""
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows: its loop has no signal handlers
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
