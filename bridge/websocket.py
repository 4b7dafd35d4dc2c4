"""The panel's WebSocket: messages come in, answers and news go out. Called from the event loop.

All that comes in goes the way of an OSC message, through `bridge.requests`: there is one law.
"""

from __future__ import annotations

import asyncio
from functools import partial
from time import thread_time

from aiohttp import WSCloseCode, WSMsgType, web

from bridge import frames
from bridge.addresses import TOLD
from bridge.audience import Audience, Listener, line, written
from bridge.clock import monotonic
from bridge.controls import CONTROLS, ROOT, Value
from bridge.errors import BadRequest
from bridge.house import House, Say, cost
from bridge.osc import Message, OscError
from bridge.outlets import Outlets
from bridge.requests import Bye, Hello, Request, read
from bridge.share import Share
from bridge.view import View

MOST_SOCKETS = 64
LISTENED = frozenset(ROOT + path for path in (*CONTROLS, *(told.path for told in TOLD)))


class WebSocketDoor:
    """Seats each visitor among the `audience` and hears what it says; `view` is what a newcomer is shown."""

    def __init__(self, house: House, view: View, outlets: Outlets, audience: Audience) -> None:
        self._house, self._view, self._outlets, self._audience = house, view, outlets, audience

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer an upgrade, and talk until the visitor goes. Raises web.HTTPException: no upgrade, or too many."""
        ws = web.WebSocketResponse(max_msg_size=frames.LARGEST_FRAME, heartbeat=15, timeout=2)
        if not ws.can_prepare(request):
            raise web.HTTPBadRequest
        if len(self._audience.listeners) >= MOST_SOCKETS:
            raise web.HTTPServiceUnavailable
        await ws.prepare(request)

        def let_go() -> None:
            listener.told = False
            self._audience.listeners.discard(listener)
            sending.cancel()
            closing.append(asyncio.ensure_future(ws.close(code=WSCloseCode.TRY_AGAIN_LATER)))

        closing: list[asyncio.Future[bool]] = []
        listener = Listener(let_go)
        sending = asyncio.ensure_future(listener.read_by(ws))
        self._audience.listeners.add(listener)
        share: Share[None] = Share(monotonic())
        try:
            async for frame in ws:
                if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                began, least = thread_time(), 0.0
                for one in frames.read(frame.data):
                    least += self._hear(one, listener)
                share.use(max(thread_time() - began, least))
                # whoever floods us waits behind the music, and what it sends in its own queue
                await asyncio.sleep(0 if share.may(monotonic()) else share.later())
        finally:
            self._audience.listeners.discard(listener)
            sending.cancel()
        return ws

    def _hear(self, one: frames.Read, listener: Listener) -> float:
        """Answer a message; return what it costs at least."""

        def say(path: str, *args: Value) -> None:
            listener.answer(line(path, args))
            self._audience.stir()

        try:
            match one:
                case OscError():
                    say("error", one.address, str(one))
                case frames.Listen(address, on):
                    if address in LISTENED:
                        (listener.addresses.add if on else listener.addresses.discard)(address)
                case frames.Own(name, args):
                    self._own(name, args, listener)
                case Message():
                    request = read(one)
                    self._request(request, listener, say)
                    return cost(request)
        except BadRequest as error:
            say("error", error.address, error.reason)
        return 0.0

    def _request(self, request: Request, listener: Listener, say: Say) -> None:
        match request:
            case Hello():
                self._house.welcome(say)
                listener.told = True
                listener.put(written(self._view.snapshot()))
            case Bye():
                listener.told = False
            case _:
                self._house.answer(request, ("panel", id(listener)), say)

    def _own(self, name: str, args: tuple[object, ...], listener: Listener) -> None:
        """Answer what the page asks of the panel itself."""
        match name, args:
            case "sync", (int(number),):
                listener.put(written([("sync", number, monotonic())]))
            case "ports", ():
                asking = asyncio.get_running_loop().run_in_executor(None, self._outlets.there)
                asking.add_done_callback(partial(_list_ports, listener))
            case "port", (str(wanted),):
                self._outlets.choose(wanted)
            case _:
                listener.put(written([line("error", ("", f"{name!r} is no word of the panel's"))]))


def _list_ports(listener: Listener, asked: asyncio.Future[list[str]]) -> None:
    error = asked.exception()
    if error is None:
        listener.put(written([("ports", asked.result())]))
    else:
        listener.put(written([line("error", ("", str(error)))]))
