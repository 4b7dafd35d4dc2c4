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


def run_spare(connection: Connection, main: Callable[..., None], warm: Callable[[], None]) -> None:
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


log = logging.getLogger("llmball")


MOST_DEATHS = 5
"""A child that ends so often without ever having been ready is given up; one that was ready is not."""


SETTLED = 0.5
"""Seconds between a child's being ready and the beginning of the one that waits: others begin too, and are needed first."""


@dataclass(slots=True)
class Begun:
    """A child that is to run, and how it has fared."""

    main: Callable[..., None]
    args: Callable[[], tuple[object, ...]]
    warm: Callable[[], None] | None = None
    child: Child | None = None
    spare: Child | None = None
    was_ready: bool = False
    deaths: int = 0


class Children:
    """All of them. Called from the event loop, where `hear` (name, message) and `died` (name) are called too.

    `give_up` is called with the fault where a child cannot be begun at all.
    """

    def __init__(
        self,
        hear: Callable[[str, Any], None],
        died: Callable[[str], None],
        give_up: Callable[[Exception], None],
    ) -> None:
        self._hear, self._died, self._give_up = hear, died, give_up
        self._loop = asyncio.get_running_loop()
        self._all: dict[str, Begun] = {}
        self._closing = False

    @property
    def pids(self) -> dict[str, int | None]:
        """The numbers of those that run now."""
        return {name: None if one.child is None else one.child.pid for name, one in self._all.items()}

    def begin(
        self,
        name: str,
        main: Callable[..., None],
        args: Callable[[], tuple[object, ...]],
        *,
        warm: Callable[[], None] | None = None,
        begun: Child | None = None,
    ) -> None:
        """Begin a process of `main(connection, *args())`, where it was not `begun` already; args are asked each time that it begins.

        Soon after it is ready another that has run `warm`, where one is given, waits to step in at once.
        """
        self._all[name] = Begun(main, args, warm)
        if begun is None:
            self._start(name)
        else:
            self._all[name].child = self._heard(name, begun)

    def send(self, name: str, message: object) -> None:
        """Send a message; one to a child that is not there is lost."""
        one = self._all.get(name)
        if one is not None and one.child is not None:
            one.child.send(message)

    def end(self, name: str) -> Child | None:
        """Let a child go: it is not begun again, and what is sent to it is lost. Return it, to be closed where that may wait."""
        one = self._all.pop(name, None)
        return None if one is None else one.child

    def ready(self, name: str) -> None:
        """Note that a child is ready: it can be."""
        one = self._all.get(name)
        if one is None:
            return
        one.was_ready = True
        if one.warm is not None:
            self._loop.call_later(SETTLED, self._wait_in, name)

    def close(self) -> None:
        """End all of them."""
        self._closing = True
        for one in self._all.values():
            for child in (one.child, one.spare):
                if child is not None:
                    child.close()

    def _wait_in(self, name: str) -> None:
        one = self._all.get(name)
        if one is not None and one.warm is not None and one.spare is None and not self._closing:
            one.spare = self._heard(name, Child(name, run_spare, (one.main, one.warm)))

    def _start(self, name: str) -> None:
        one = self._all[name]
        if one.spare is None:
            one.child = self._heard(name, Child(name, one.main, one.args()))
        else:
            one.child, one.spare = one.spare, None
            one.child.send(one.args())

    def _heard(self, name: str, child: Child) -> Child:
        child.listen(
            lambda message: self._in_loop(self._hear, name, message),
            lambda: self._in_loop(self._ended, name, child),
        )
        return child

    def _in_loop(self, call: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are going anyway
            self._loop.call_soon_threadsafe(call, *args)

    def _ended(self, name: str, child: Child) -> None:
        one = self._all.get(name)
        if self._closing or one is None:
            return
        if child is one.spare:
            one.spare = None  # another is made when the next is ready
        if child is not one.child:  # or it was let go
            return
        one.deaths += 1
        self._died(name)
        if not one.was_ready and one.deaths > MOST_DEATHS:
            self._give_up(RuntimeError(f"the {name} ended {one.deaths} times and was never ready"))
            return
        log.warning("the %s ended; starting another", name)
        self._start(name)


def on_signals(stop: Callable[[], None]) -> None:
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
