"""The panel's WebSocket: messages come in, answers and news go out. Called from the event loop.

All that comes in goes the way of an OSC message, through `bridge.protocol.requests`: there is one law.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import partial
from time import thread_time
from typing import NoReturn

from aiohttp import WSCloseCode, WSMsgType, web

from bridge.clock import monotonic
from bridge.errors import BadRequest
from bridge.http.broadcast import Audience, Listener, line, written
from bridge.http.view import View
from bridge.processes.child_processes import Outlets
from bridge.protocol import osc
from bridge.protocol.addresses import TOLD
from bridge.protocol.clients import Share
from bridge.protocol.controls import CONTROLS, ROOT, Value
from bridge.protocol.dispatch import House, Say, cost
from bridge.protocol.osc import Message, OscError
from bridge.protocol.requests import Bye, Hello, Request, read, sayable

LARGEST_FRAME = 64 * 1024  # bytes


MOST_MESSAGES, MOST_ARGUMENTS = 64, 64


LARGEST_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class Listen:
    """OSCQuery's wish to be told an address, or no longer."""

    address: str
    on: bool


@dataclass(frozen=True, slots=True)
class Own:
    """A word between the page and the panel, which is not in the table: `name` and arguments."""

    name: str
    args: tuple[object, ...]


Read = Message | Listen | Own | OscError


def read_frame(frame: str | bytes) -> list[Read]:
    """Return what a frame holds; what cannot be read stands as its error."""
    try:
        return [*osc.parse(frame)] if isinstance(frame, bytes) else _text(frame)
    except OscError as error:
        return [error]


def _text(frame: str) -> list[Read]:
    try:
        told = json.loads(frame, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise OscError("a frame is JSON") from error
    match told:
        case {"COMMAND": "LISTEN" | "IGNORE" as command, "DATA": str(address)}:
            return [Listen(address, command == "LISTEN")]
        case [str(), *_]:
            return [_message(told)]
        case [*several] if several and len(several) <= MOST_MESSAGES:
            return [_message(one) for one in several]
    raise OscError(f'a frame is ["/llmball/address", value, …] or 1..{MOST_MESSAGES} of these in a list')


def _message(told: object) -> Read:
    if not isinstance(told, list) or not told or not isinstance(told[0], str):
        return OscError("a message is a list: address, values")
    address, *args = told
    if len(args) > MOST_ARGUMENTS or not all(_plain(a) for a in [address, *args]):
        return OscError("a message's values are numbers and strings, 64 at most")
    return Message(address, tuple(args)) if address.startswith("/") else Own(address, tuple(args))


def _plain(value: object) -> bool:
    if isinstance(value, str):
        return sayable(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


MOST_SOCKETS = 64


LISTENED = frozenset(ROOT + path for path in (*CONTROLS, *(told.path for told in TOLD)))


class WebSocketDoor:
    """Seats each visitor among the `audience` and hears what it says; `view` is what a newcomer is shown."""

    def __init__(self, house: House, view: View, outlets: Outlets, audience: Audience) -> None:
        self._house, self._view, self._outlets, self._audience = house, view, outlets, audience

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer an upgrade, and talk until the visitor goes. Raises web.HTTPException: no upgrade, or too many."""
        ws = web.WebSocketResponse(max_msg_size=LARGEST_FRAME, heartbeat=15, timeout=2)
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
                for one in read_frame(frame.data):
                    least += self._hear(one, listener)
                share.use(max(thread_time() - began, least))
                # whoever floods us waits behind the music, and what it sends in its own queue
                await asyncio.sleep(0 if share.may(monotonic()) else share.later())
        finally:
            self._audience.listeners.discard(listener)
            sending.cancel()
        return ws

    def _hear(self, one: Read, listener: Listener) -> float:
        """Answer a message; return what it costs at least."""

        def say(path: str, *args: Value) -> None:
            listener.answer(line(path, args))
            self._audience.stir()

        try:
            match one:
                case OscError():
                    say("error", one.address, str(one))
                case Listen(address, on):
                    if address in LISTENED:
                        (listener.addresses.add if on else listener.addresses.discard)(address)
                case Own(name, args):
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
