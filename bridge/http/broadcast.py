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

EVERY = 0.025
"""Seconds between two writings."""
WAITING = 128
"""Frames that wait for a listener at most."""
Line = Sequence[object]
"""A message as the page reads it: an address under the root, or a word of the panel's own, and its arguments."""


def line(path: str, args: Iterable[object]) -> Line:
    """Return the line of a message of the table."""
    return (ROOT + path, *args)


def written(lines: Iterable[Line]) -> str:
    """Return the frame of some lines."""
    return json.dumps(list(lines), ensure_ascii=False, separators=(",", ":"))


@dataclass(eq=False, slots=True)
class Listener:
    """One WebSocket: what waits for it, whether it is told the news, and the addresses it listens to as OSCQuery."""

    let_go: Callable[[], None]
    told: bool = False
    addresses: set[str] = field(default_factory=set)
    answers: list[Line] = field(default_factory=list)
    waiting: asyncio.Queue[str | bytes] = field(default_factory=lambda: asyncio.Queue(WAITING))

    def answer(self, said: Line) -> None:
        """Have it told something of its own at the next writing."""
        self.answers.append(said)

    def put(self, frame: str | bytes) -> None:
        """Have it told, or let it go where too much waits."""
        try:
            self.waiting.put_nowait(frame)
        except asyncio.QueueFull:
            self.let_go()

    async def read_by(self, ws: web.WebSocketResponse) -> None:
        """Write what waits to a socket, until it is gone."""
        try:
            while True:
                frame = await self.waiting.get()
                await (ws.send_str(frame) if isinstance(frame, str) else ws.send_bytes(frame))
        except (ConnectionError, RuntimeError):
            return


class Audience:
    """All listeners. `changes` yields, at each writing, lines on what is otherwise than at the last one.

    Called from the event loop.
    """

    def __init__(self, changes: Callable[[], Iterable[Line]]) -> None:
        self.listeners: set[Listener] = set()
        self._changes = changes
        self._news: dict[object, Line] = {}
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, path: str, args: tuple[Value, ...], *, once: bool) -> None:
        """Tell everybody soon; of news with `once` only the last before a writing is told."""
        if self.listeners:
            self._count += 1
            key: object = path if once else self._count
            self._news.pop(key, None)
            self._news[key] = line(path, args)
            self.stir()

    def stir(self) -> None:
        """Have what changed written soon."""
        if self._timer is None and self.listeners:
            self._timer = asyncio.get_running_loop().call_later(EVERY, self._write)

    def close(self) -> None:
        """Tell nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
        for listener in list(self.listeners):
            listener.let_go()

    def _write(self) -> None:
        self._timer = None
        lines = [*self._news.values(), *self._changes()]
        self._news.clear()
        frame = ""
        for listener in list(self.listeners):
            if listener.answers:
                listener.put(written(listener.answers))
                listener.answers.clear()
            if not lines:
                continue
            if listener.told:
                frame = frame or written(lines)
                listener.put(frame)
            for address, *args in lines:
                if address in listener.addresses:
                    values = [a for a in args if isinstance(a, int | float | str)]
                    listener.put(osc.encode(str(address), values))
