"""Sends long answers a few packets at a time, so that no socket queue overflows and no beat has to wait.

Called from the event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from bridge.protocol.clients import Address
from bridge.protocol.controls import Value

ClientMessage = tuple[Address, str, tuple[Value, ...]]
BURST_SIZE, BURST_INTERVAL = 4, 0.002
"""Packets at once, and seconds between: 2,000 packets a second, which every client that was tried can read."""


class PacedSender:
    """Sends by `send`. Of the answers to one client with one id (the first argument) only the newest is sent to its end."""

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._queues: dict[tuple[Address, Value], deque[ClientMessage]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def send(self, messages: Sequence[ClientMessage]) -> None:
        """Send an answer: one packet at once, more of them in turn with other answers."""
        if len(messages) == 1:
            sender, path, args = messages[0]
            self._send(sender, path, *args)
        elif messages:
            sender, _, args = messages[0]
            self._queues[sender, args[0]] = deque(messages)
            if self._timer is None:
                self._send_burst()

    def close(self) -> None:
        """Stop sending."""
        if self._timer is not None:
            self._timer.cancel()

    def _send_burst(self) -> None:
        self._timer = None
        for _ in range(BURST_SIZE):
            key = next(iter(self._queues), None)
            if key is None:
                return
            queue = self._queues.pop(key)
            sender, path, args = queue.popleft()
            self._send(sender, path, *args)
            if queue:
                self._queues[key] = queue  # after the others
        self._timer = asyncio.get_running_loop().call_later(BURST_INTERVAL, self._send_burst)
