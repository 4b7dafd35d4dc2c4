"""Long answers a few packets at a time, so that no socket's queue overflows and no beat waits for them.

Called from the event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from bridge.protocol.clients import Address
from bridge.protocol.controls import Value

Answer = tuple[Address, str, tuple[Value, ...]]
BURST, EVERY = 4, 0.002
"""Packets at once, and seconds between: 2,000 packets a second, which every client that we know keeps up with."""


class Pace:
    """Sends by `send`. A client and an id (the first argument) have one long answer at a time: the newest."""

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._long: dict[tuple[Address, Value], deque[Answer]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def put(self, answers: Sequence[Answer]) -> None:
        """Send an answer of one packet at once, a longer one in turn with others."""
        if len(answers) == 1:
            sender, path, args = answers[0]
            self._send(sender, path, *args)
        elif answers:
            sender, _, args = answers[0]
            self._long[sender, args[0]] = deque(answers)
            if self._timer is None:
                self._some()

    def close(self) -> None:
        """Send nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def _some(self) -> None:
        self._timer = None
        for _ in range(BURST):
            key = next(iter(self._long), None)
            if key is None:
                return
            waiting = self._long.pop(key)
            sender, path, args = waiting.popleft()
            self._send(sender, path, *args)
            if waiting:
                self._long[key] = waiting  # behind the others
        self._timer = asyncio.get_running_loop().call_later(EVERY, self._some)
