"""Child processes with a pipe: started, restarted when they end, and closed.

Spawned, never forked, so that no child inherits another's pipe and all platforms behave alike.
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

from bridge.clock import monotonic
from bridge.midi.protocol import Ping, Pong
from bridge.processes.watchdog import ASK_INTERVAL, Verdict, Watchdog

_spawn = multiprocessing.get_context("spawn")
CLOSE_TIMEOUT = 2.0
"""Seconds that a closed child has to end by itself before it is killed."""
MAX_QUEUED_MESSAGES = 4096
"""Messages that may wait for a child that does not read; with more it counts as hanging and is killed."""


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """Target of a child process as "module:function", imported in the child only.

    If a shipped file read by the import is broken (ValueError), the child sends the error's text.
    """

    name: str

    def __call__(self, connection: Connection, *args: object, **kwargs: object) -> None:
        """Import the function and run it."""
        try:
            main = pkgutil.resolve_name(self.name)
        except ValueError as error:
            connection.send(str(error))
        else:
            main(connection, *args, **kwargs)


class ChildProcess:
    """A process that runs `target(connection, *args)`. Its messages are read from `listen` on."""

    def __init__(self, name: str, target: Callable[..., None], args: tuple[object, ...]) -> None:
        self._name = name
        self._connection, child_end = _spawn.Pipe()
        self._process = _spawn.Process(target=target, args=(child_end, *args), name=f"llmball-{name}", daemon=True)
        try:
            self._process.start()
        except BaseException:
            self._connection.close()  # descriptors may be what is missing
            raise
        finally:
            child_end.close()  # else its end would never be seen
        self._closing = False
        self._queue: deque[object] = deque()
        self.watchdog = Watchdog()
        self._lock = threading.Lock()

    def listen(self, on_message: Callable[[Any], None], on_exit: Callable[[], None]) -> None:
        """Read its messages until it ends; called once. Both functions are called in a reader thread."""
        reader_args = (self._connection, on_message, on_exit)
        threading.Thread(target=self._read_loop, args=reader_args, name=f"{self._name} reader", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """The process id."""
        return self._process.pid

    def send(self, message: object) -> None:
        """Send a message. Never waits: if the child does not read, a thread sends the queued messages in order.

        Messages to a dead child are lost; `on_exit` is called anyway.
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
        """Send the queued messages until there are none."""
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

    def kill(self) -> None:
        """End the process now, even one that is stopped; `on_exit` is called."""
        self._process.kill()

    def close(self) -> None:
        """Ask the process to end (by None), wait, and kill it if it does not. Called once."""
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
            except (EOFError, OSError, TypeError):  # TypeError: closed meanwhile
                break
            on_message(message)
        if not self._closing:
            on_exit()


def _is_writable(connection: Connection) -> bool:
    """Return True if a message can be sent without waiting for the child."""
    if sys.platform == "win32":  # cannot be asked of a pipe
        return True
    try:
        return bool(select.select((), (connection,), (), 0)[1])
    except (OSError, ValueError):  # closed: sending will fail
        return True


def run_spare(connection: Connection, main: Callable[..., None], preload: Callable[[], None]) -> None:
    """Run `preload`, answer pings until the arguments of `main` come, then call `main`. None or a closed pipe ends the process."""
    setproctitle("llmball: spare")
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP"):
        if hasattr(signal, name):  # this process ends with its pipe
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    preload()
    args: Any = None
    with suppress(EOFError, ConnectionError):
        while isinstance(args := connection.recv(), Ping):
            connection.send(Pong())
    if args is not None:
        with suppress(OSError):
            connection.send(Pong())
        main(connection, *args)


log = logging.getLogger("llmball")
MAX_FAILED_STARTS = 5
"""A child that ends this often and was never ready is not restarted again."""
SPARE_DELAY = 0.5
"""Seconds after a child is ready until its spare starts; other children start at that time and are needed first."""

SPARE_RETRY_INTERVAL = 5.0
"""Seconds until another spare is started for one that ended."""
RETRY_INTERVAL = 0.5
"""Seconds until a process is started again that could not be, for want of descriptors or memory."""


@dataclass(slots=True)
class ManagedProcess:
    """A supervised child: how to start it, its process, its spare, whether it was ever ready, how often it ended, and whether it is watched."""

    main: Callable[..., None]
    args: Callable[[], tuple[object, ...]]
    preload: Callable[[], None] | None = None
    child: ChildProcess | None = None
    spare: ChildProcess | None = None
    was_ready: bool = False
    exits: int = 0
    watched: bool = False


class Supervisor:
    """Starts children and restarts those that end. Called from the event loop.

    `on_message(name, message)`, `on_exit(name)` and `on_fatal(error)`, for a child that cannot be started, are called there.
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
        self._watch_timer: asyncio.TimerHandle | None = None

    @property
    def pids(self) -> dict[str, int | None]:
        """The process ids by name."""
        return {name: None if managed.child is None else managed.child.pid for name, managed in self._managed.items()}

    def start(
        self,
        name: str,
        main: Callable[..., None],
        args: Callable[[], tuple[object, ...]],
        *,
        preload: Callable[[], None] | None = None,
        running: ChildProcess | None = None,
        watched: bool = False,
    ) -> None:
        """Start a process running `main(connection, *args())`, or adopt `running`. `args` is called at every start.

        With `preload`, a spare process that has run it waits to replace the child at once. A `watched` one answers each
        Ping by a Pong and is ended when it does not, even where it is stopped.
        """
        self._managed[name] = ManagedProcess(main, args, preload, watched=watched)
        if watched and self._watch_timer is None:
            self._watch_timer = self._loop.call_later(ASK_INTERVAL, self._watch)
        if running is None:
            self._start_process(name)
        else:
            self._managed[name].child = self._listen_to(name, running)

    def send(self, name: str, message: object) -> None:
        """Send a message to a child; lost if it does not run."""
        managed = self._managed.get(name)
        if managed is not None and managed.child is not None:
            managed.child.send(message)

    def release(self, name: str) -> ChildProcess | None:
        """Stop supervising a child and return it, to be closed where waiting is allowed. It is not restarted."""
        managed = self._managed.pop(name, None)
        return None if managed is None else managed.child

    def mark_ready(self, name: str) -> None:
        """Note that a child is ready, and start its spare."""
        managed = self._managed.get(name)
        if managed is None:
            return
        managed.was_ready = True
        if managed.child is not None:
            managed.child.watchdog.allow_opening(False)
        if managed.preload is not None:
            self._loop.call_later(SPARE_DELAY, self._start_spare, name)

    def mark_opening(self, name: str) -> None:
        """Note that a child that was ready opens its port again, which may take a while."""
        managed = self._managed.get(name)
        if managed is not None and managed.child is not None:
            managed.child.watchdog.allow_opening(True)

    def close(self) -> None:
        """End all children."""
        self._closing = True
        if self._watch_timer is not None:
            self._watch_timer.cancel()
        for managed in self._managed.values():
            for child in (managed.child, managed.spare):
                if child is not None:
                    child.close()

    def _start_spare(self, name: str) -> None:
        managed = self._managed.get(name)
        if managed is not None and managed.preload is not None and managed.spare is None and not self._closing:
            try:
                managed.spare = self._listen_to(name, ChildProcess(name, run_spare, (managed.main, managed.preload)))
            except (OSError, RuntimeError):  # RuntimeError: no thread can be started
                self._loop.call_later(RETRY_INTERVAL, self._start_spare, name)

    def _start_process(self, name: str) -> None:
        managed = self._managed[name]
        if managed.spare is None:
            managed.child = self._listen_to(name, ChildProcess(name, managed.main, managed.args()))
        else:
            managed.child, managed.spare = managed.spare, None
            managed.child.watchdog.step_in(monotonic())
            managed.child.send(managed.args())

    def _watch(self) -> None:
        """Ask the watched children and those that wait in their stead; end those that do not answer."""
        now = monotonic()
        for name, managed in self._managed.items():
            for child in (managed.child, managed.spare) if managed.watched else ():
                if child is None:
                    continue
                if child.watchdog.look(now) is Verdict.ASK:
                    child.send(Ping())
                else:
                    log.warning(
                        "the %s does not answer and is ended", name if child is managed.child else f"spare {name}"
                    )
                    child.kill()
        self._watch_timer = self._loop.call_later(ASK_INTERVAL, self._watch)

    def _listen_to(self, name: str, child: ChildProcess) -> ChildProcess:
        child.listen(
            lambda message: self._call_in_loop(self._on_child_message, name, child, message),
            lambda: self._call_in_loop(self._on_process_exit, name, child),
        )
        return child

    def _call_in_loop(self, call: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed at shutdown
            self._loop.call_soon_threadsafe(call, *args)

    def _on_child_message(self, name: str, child: ChildProcess, message: object) -> None:
        child.watchdog.hear()
        if not isinstance(message, Pong):
            self._on_message(name, message)

    def _on_process_exit(self, name: str, child: ChildProcess) -> None:
        managed = self._managed.get(name)
        if self._closing or managed is None:
            return
        if child is managed.spare:
            managed.spare = None
            self._loop.call_later(SPARE_RETRY_INTERVAL, self._start_spare, name)
        if child is not managed.child:  # replaced or released
            return
        managed.exits += 1
        self._on_exit(name)
        if not managed.was_ready and managed.exits > MAX_FAILED_STARTS:
            self._on_fatal(RuntimeError(f"the {name} ended {managed.exits} times and was never ready"))
            return
        log.warning("the %s ended; starting another", name)
        self._restart(name, managed)

    def _restart(self, name: str, managed: ManagedProcess) -> None:
        """Start the next process, now or as soon as the machine allows it: the music must come back."""
        if self._closing or self._managed.get(name) is not managed:
            return
        managed.child = None
        try:
            self._start_process(name)
        except (OSError, RuntimeError) as refused:
            log.warning("the %s cannot be started (%s): it is tried again", name, refused)
            self._loop.call_later(RETRY_INTERVAL, self._restart, name, managed)


def on_stop_signals(stop: Callable[[], None]) -> None:
    """Call `stop` in the running event loop at each SIGINT, SIGTERM and SIGHUP."""
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows: its loop has no signal handlers
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
