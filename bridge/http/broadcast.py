"""Who listens at the panel: what is told is written once for all of them, a few dozen times a second.

Each listener has a bounded queue; one that does not read is let go, and comes back to what holds then. So ten
browsers cost the loop that feeds the player little more than one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.protocol import osc
from bridge.protocol.controls import ROOT, Value

if TYPE_CHECKING:
    from aiohttp import web

FLUSH_INTERVAL = 0.025
"""Seconds between two writings."""
MAX_QUEUED_FRAMES = 128
"""Frames that wait for a listener at most."""
PanelLine = Sequence[object]
"""A message as the page reads it: an address under the root, or a word of the panel's own, and its arguments."""


def panel_line(path: str, args: Iterable[object]) -> PanelLine:
    """Return the line of a message of the table."""
    return (ROOT + path, *args)


def encode_frame(lines: Iterable[PanelLine]) -> str:
    """Return the frame of some lines."""
    return json.dumps(list(lines), ensure_ascii=False, separators=(",", ":"))


@dataclass(eq=False, slots=True)
class Listener:
    """One WebSocket: what waits for it, whether it is told the news, and the addresses it listens to as OSCQuery."""

    disconnect: Callable[[], None]
    subscribed: bool = False
    addresses: set[str] = field(default_factory=set)
    replies: list[PanelLine] = field(default_factory=list)
    queue: asyncio.Queue[str | bytes] = field(default_factory=lambda: asyncio.Queue(MAX_QUEUED_FRAMES))

    def reply(self, message: PanelLine) -> None:
        """Have it told something of its own at the next writing."""
        self.replies.append(message)

    def send_frame(self, frame: str | bytes) -> None:
        """Have it told, or let it go where too much waits."""
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.disconnect()

    async def write_to(self, ws: web.WebSocketResponse) -> None:
        """Write what waits to a socket, until it is gone."""
        try:
            while True:
                frame = await self.queue.get()
                await (ws.send_str(frame) if isinstance(frame, str) else ws.send_bytes(frame))
        except (ConnectionError, RuntimeError):
            return


class Broadcaster:
    """All listeners. `changes` yields, at each writing, lines on what is otherwise than at the last one.

    Called from the event loop.
    """

    def __init__(self, changes: Callable[[], Iterable[PanelLine]]) -> None:
        self.listeners: set[Listener] = set()
        self._changes = changes
        self._pending: dict[object, PanelLine] = {}
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def publish(self, path: str, args: tuple[Value, ...], *, latest_only: bool) -> None:
        """Tell everybody soon; of news with `once` only the last before a writing is told."""
        if self.listeners:
            self._count += 1
            key: object = path if latest_only else self._count
            self._pending.pop(key, None)
            self._pending[key] = panel_line(path, args)
            self.schedule_flush()

    def schedule_flush(self) -> None:
        """Have what changed written soon."""
        if self._timer is None and self.listeners:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_INTERVAL, self._flush)

    def close(self) -> None:
        """Tell nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
        for listener in list(self.listeners):
            listener.disconnect()

    def _flush(self) -> None:
        self._timer = None
        lines = [*self._pending.values(), *self._changes()]
        self._pending.clear()
        frame = ""
        for listener in list(self.listeners):
            if listener.replies:
                listener.send_frame(encode_frame(listener.replies))
                listener.replies.clear()
            if not lines:
                continue
            if listener.subscribed:
                frame = frame or encode_frame(lines)
                listener.send_frame(frame)
            for address, *args in lines:
                if address in listener.addresses:
                    values = [a for a in args if isinstance(a, int | float | str)]
                    listener.send_frame(osc.encode(str(address), values))
