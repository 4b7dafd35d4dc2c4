"""Sends messages to all WebSocket listeners: each frame is encoded once for all, at most 40 times a second.

Each listener has a bounded queue; a listener that does not read is disconnected and gets a snapshot when it reconnects.
Ten browsers therefore load the event loop little more than one.
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
"""Seconds from the first pending message to the frame that contains it."""
MAX_QUEUED_FRAMES, MAX_QUEUED_BYTES, MAX_REPLIES = 128, 1 << 19, 256
"""Frames that may be queued for a listener, their characters or bytes, and replies until the next flush."""
PanelLine = Sequence[object]
"""A message to the page: an OSC address, or a name that only the panel uses, followed by its arguments."""


def panel_line(path: str, args: Iterable[object]) -> PanelLine:
    """Return the line of a message of the address table; `path` is relative to /llmball/."""
    return (ROOT + path, *args)


def encode_frame(lines: Iterable[PanelLine]) -> str:
    """Encode lines as the JSON text of one WebSocket frame."""
    return json.dumps(list(lines), ensure_ascii=False, separators=(",", ":"))


@dataclass(eq=False, slots=True)
class Listener:
    """One WebSocket: queued frames, whether it said hello, and the addresses of its OSCQuery LISTEN commands."""

    disconnect: Callable[[], None]
    subscribed: bool = False
    addresses: set[str] = field(default_factory=set)
    replies: list[PanelLine] = field(default_factory=list)
    queue: asyncio.Queue[str | bytes] = field(default_factory=lambda: asyncio.Queue(MAX_QUEUED_FRAMES))
    queued_bytes: int = 0
    gone: bool = False
    held: dict[bytes, bytes] = field(default_factory=dict)
    """Keys and pedals that are down: how each began, without its strength, and the message that ends it."""

    def reply(self, message: PanelLine) -> None:
        """Send a message to this listener only, at the next flush; disconnect it if too many wait."""
        if len(self.replies) >= MAX_REPLIES:
            self.let_go()
        elif not self.gone:
            self.replies.append(message)

    def send_frame(self, frame: str | bytes) -> None:
        """Queue a frame; disconnect the listener if it does not read what is queued."""
        if self.gone:
            return
        if self.queue.full() or (self.queued_bytes and self.queued_bytes + len(frame) > MAX_QUEUED_BYTES):
            self.let_go()
            return
        self.queue.put_nowait(frame)
        self.queued_bytes += len(frame)

    def let_go(self) -> None:
        """Disconnect the listener, once, and forget what waits for it."""
        if self.gone:
            return
        self.gone = True
        self.replies.clear()
        while not self.queue.empty():
            self.queue.get_nowait()
        self.disconnect()

    async def write_to(self, ws: web.WebSocketResponse) -> None:
        """Write queued frames to the socket until it is closed."""
        try:
            while True:
                frame = await self.queue.get()
                self.queued_bytes -= len(frame)
                await (ws.send_str(frame) if isinstance(frame, str) else ws.send_bytes(frame))
        except (ConnectionError, RuntimeError):
            return


class Broadcaster:
    """All listeners. `changes` is called at each flush and yields the lines that changed since the last one.

    Called from the event loop.
    """

    def __init__(self, changes: Callable[[], Iterable[PanelLine]]) -> None:
        self.listeners: set[Listener] = set()
        self._changes = changes
        self._pending: dict[object, PanelLine] = {}
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def publish(self, path: str, args: tuple[Value, ...], *, latest_only: bool) -> None:
        """Send a message to all at the next flush; with `latest_only`, only the last one of its path until then."""
        if self.listeners:
            self._count += 1
            key: object = path if latest_only else self._count
            self._pending.pop(key, None)
            self._pending[key] = panel_line(path, args)
            self.schedule_flush()

    def schedule_flush(self) -> None:
        """Flush after `FLUSH_INTERVAL`, unless a flush is scheduled already."""
        if self._timer is None and self.listeners:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_INTERVAL, self._flush)

    def close(self) -> None:
        """Cancel the flush and disconnect all listeners."""
        if self._timer is not None:
            self._timer.cancel()
        for listener in list(self.listeners):
            listener.let_go()

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
