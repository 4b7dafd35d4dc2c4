"""The children of the daemon by name: begun, fed, heard in the event loop, and begun again when they die."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge import spare
from bridge.child import Child

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
            one.spare = self._heard(name, Child(name, spare.run, (one.main, one.warm)))

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
