"""The panel's WebSocket: receives messages, sends replies and changes. Called from the event loop.

Received messages are validated like OSC messages, by `bridge.protocol.requests`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from time import thread_time
from typing import NoReturn

from aiohttp import WSCloseCode, WSMsgType, web

from bridge.clock import monotonic
from bridge.errors import BadRequest
from bridge.follow.keyboard import SUSTAIN_CONTROLLER
from bridge.http.broadcast import Broadcaster, Listener, encode_frame, panel_line
from bridge.http.connections import peer_host
from bridge.http.view import View
from bridge.midi.protocol import MidiReceived
from bridge.processes.child_processes import OutputChoice
from bridge.protocol import osc
from bridge.protocol.addresses import OUTGOING
from bridge.protocol.clients import Address, Budget, Budgets
from bridge.protocol.controls import CONTROL_PATHS, ROOT, Value
from bridge.protocol.dispatch import Dispatcher, Reply, request_cost
from bridge.protocol.midi_learn import CONTROL, NOTE_OFF, NOTE_ON, PROGRAM
from bridge.protocol.osc import Message, OscError
from bridge.protocol.patterns import expand
from bridge.protocol.requests import Bye, Hello, HelloConfirmed, Request, is_encodable, parse_request

MAX_FRAME = 64 * 1024  # bytes
MAX_MESSAGES, MAX_ARGUMENTS = 64, 64
MAX_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class Listen:
    """An OSCQuery LISTEN (`on`) or IGNORE command for an address."""

    address: str
    on: bool


@dataclass(frozen=True, slots=True)
class PanelMessage:
    """A message between page and server that is not in the address table: a name and arguments."""

    name: str
    args: tuple[object, ...]


FrameContent = Message | Listen | PanelMessage | OscError


def parse_frame(frame: str | bytes) -> list[FrameContent]:
    """Parse a frame; messages that cannot be read are returned as OscError."""
    try:
        return [*osc.parse(frame)] if isinstance(frame, bytes) else _parse_text(frame)
    except OscError as error:
        return [error]


def _parse_text(frame: str) -> list[FrameContent]:
    try:
        data = json.loads(frame, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise OscError("a frame is JSON") from error
    match data:
        case {"COMMAND": "LISTEN" | "IGNORE" as command, "DATA": str(address)}:
            return [Listen(address, command == "LISTEN")]
        case [str(), *_]:
            return [_parse_message(data)]
        case [*several] if several and len(several) <= MAX_MESSAGES:
            return [_parse_message(message) for message in several]
    raise OscError(f'a frame is ["/llmball/address", value, …] or 1..{MAX_MESSAGES} of these in a list')


def _parse_message(data: object) -> FrameContent:
    if not isinstance(data, list) or not data or not isinstance(data[0], str):
        return OscError("a message is a list: address, values")
    address, *args = data
    if len(address) > osc.MAX_ADDRESS:
        return OscError(f"an address has {osc.MAX_ADDRESS} characters at most")
    if len(args) > MAX_ARGUMENTS or not all(_is_value(a) for a in [address, *args]):
        return OscError("a message's values are numbers and strings, 64 at most")
    return Message(address, tuple(args)) if address.startswith("/") else PanelMessage(address, tuple(args))


def _is_value(value: object) -> bool:
    if isinstance(value, str):
        return is_encodable(value)
    return isinstance(value, int | float) and abs(value) <= MAX_NUMBER


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


MAX_SOCKETS = 64
HEARTBEAT = 15.0
"""Seconds between pings to a client; one that does not answer in half of it is gone."""
CLOSE_TIMEOUT = 2.0
"""Seconds that a client has to answer the end of its socket."""
SLICE = 0.003
"""Seconds of work after which the messages of a long frame wait."""
PING_COST = 0.0005
"""Seconds of its budget that a ping costs at least: reading and answering is the library's work."""
LISTENABLE = frozenset(ROOT + path for path in (*CONTROL_PATHS, *(told.path for told in OUTGOING)))


class WebSocketServer:
    """Adds each client to the `broadcaster` and handles its messages; `view` gives the snapshot for new clients.

    `play_midi` takes what is played on a page's keys as if it came from the MIDI input.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        view: View,
        output_choice: OutputChoice,
        broadcaster: Broadcaster,
        play_midi: Callable[[MidiReceived], None],
    ) -> None:
        self._dispatcher, self._view, self._output_choice = dispatcher, view, output_choice
        self._broadcaster, self._play_midi = broadcaster, play_midi
        self._budgets: Budgets[None] = Budgets(Budget)
        self._ports = PortList(output_choice.available)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle a WebSocket until it closes. Raises web.HTTPException for no upgrade request or too many sockets."""
        ws = web.WebSocketResponse(max_msg_size=MAX_FRAME, heartbeat=HEARTBEAT, timeout=CLOSE_TIMEOUT, autoping=False)
        if not ws.can_prepare(request):
            raise web.HTTPBadRequest
        if len(self._broadcaster.listeners) >= MAX_SOCKETS:
            raise web.HTTPServiceUnavailable
        await ws.prepare(request)

        def disconnect() -> None:
            listener.subscribed = False
            self._broadcaster.listeners.discard(listener)
            sending.cancel()
            closing.append(asyncio.ensure_future(_close(ws, request.transport)))

        closing: list[asyncio.Future[None]] = []
        listener = Listener(disconnect)
        sending = asyncio.ensure_future(listener.write_to(ws))
        self._broadcaster.listeners.add(listener)
        sender = (peer_host(request.transport.get_extra_info("peername") if request.transport else None), id(listener))
        budget: Budget[None] = self._budgets.for_sender(sender, monotonic())
        try:
            while not listener.gone:
                frame = await ws.receive()
                began = thread_time()
                if frame.type is WSMsgType.PING:  # as costly as any message: a share like any other's
                    await ws.pong(frame.data)
                    self._spend(budget, sender, max(thread_time() - began, PING_COST))
                elif frame.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self._handle_frame(frame.data, listener, budget, sender)
                elif frame.type is WSMsgType.PONG:
                    self._spend(budget, sender, PING_COST)
                else:
                    break
                # a client over its budget waits; its further frames stay in its own socket buffer
                await asyncio.sleep(self._wait(budget, sender))
        except ConnectionError:
            pass
        finally:
            self._broadcaster.listeners.discard(listener)
            self._budgets.forget(sender)
            sending.cancel()
            for ending in listener.held.values():
                self._play_midi(MidiReceived(monotonic(), ending))
        return ws

    async def _handle_frame(self, data: str | bytes, listener: Listener, budget: Budget[None], sender: Address) -> None:
        """Handle the messages of a frame; the beat and others come in between where they are long."""
        began = thread_time()
        contents, min_cost = parse_frame(data), 0.0
        for content in contents:
            min_cost += self._handle_content(content, listener)
            if thread_time() - began > SLICE:
                self._spend(budget, sender, max(thread_time() - began, min_cost))
                await asyncio.sleep(self._wait(budget, sender))
                began, min_cost = thread_time(), 0.0
        self._spend(budget, sender, max(thread_time() - began, min_cost))

    def _spend(self, budget: Budget[None], sender: Address, cost: float) -> None:
        budget.spend(cost)
        self._budgets.for_host(sender[0], monotonic()).spend(cost)

    def _wait(self, budget: Budget[None], sender: Address) -> float:
        """Return the seconds until a client and its host have budget left."""
        now = monotonic()
        host = self._budgets.for_host(sender[0], now)
        return max((b.seconds_until_budget() for b in (budget, host) if not b.has_budget(now)), default=0.0)

    def _handle_content(self, content: FrameContent, listener: Listener) -> float:
        """Handle a message; return its minimum cost in seconds of the client's budget."""

        def reply(path: str, *args: Value) -> None:
            listener.reply(panel_line(path, args))
            self._broadcaster.schedule_flush()

        try:
            match content:
                case OscError():
                    reply("error", content.address, str(content))
                case Listen(address, on):
                    if address in LISTENABLE:
                        (listener.addresses.add if on else listener.addresses.discard)(address)
                case PanelMessage(name, args):
                    self._handle_panel_message(name, args, listener)
                case Message():
                    requests = [parse_request(one) for one in expand(content)]
                    for request in requests:
                        self._handle_request(request, listener, reply)
                    return sum(map(request_cost, requests))
        except BadRequest as error:
            reply("error", error.address, error.reason)
        return 0.0

    def _handle_request(self, request: Request, listener: Listener, reply: Reply) -> None:
        match request:
            case Hello():
                self._dispatcher.welcome(reply)
                listener.subscribed = True
                listener.send_frame(encode_frame(self._view.snapshot()))
            case Bye():
                listener.subscribed = False
            case HelloConfirmed():
                pass
            case _:
                self._dispatcher.handle(request, ("panel", id(listener)), reply)

    def _handle_panel_message(self, name: str, args: tuple[object, ...], listener: Listener) -> None:
        """Handle a message that is not in the address table: sync, ports, port or played."""
        match name, args:
            case "sync", (int(number),):
                listener.send_frame(encode_frame([("sync", number, monotonic())]))
            case "ports", ():
                self._ports.ask(listener)
            case "port", (str(wanted),):
                self._output_choice.choose(wanted)
            case "played", (int(status), int(first), int(second)) if _is_played(status, first, second):
                message = bytes((status, first, second)[: _played_length(status)])
                _note_held(listener.held, message)
                self._play_midi(MidiReceived(monotonic(), message))
            case _:
                listener.send_frame(encode_frame([panel_line("error", ("", f"{name!r} is no word of the panel's"))]))


def _played_length(status: int) -> int:
    return 2 if status & 0xF0 == PROGRAM else 3


def _is_played(status: int, first: int, second: int) -> bool:
    """Return True for a note, controller or program message of one channel."""
    return (
        status & 0xF0 in (NOTE_OFF, NOTE_ON, CONTROL, PROGRAM) and status < 0xF0 and {first, second} <= set(range(128))
    )


def _note_held(held: dict[bytes, bytes], message: bytes) -> None:
    """Note what is held down after a message of a page's keys: of a page that goes it is let go."""
    kind, channel = message[0] & 0xF0, message[0] & 0x0F
    if kind == NOTE_ON and message[2]:
        held[message[:2]] = bytes((NOTE_OFF | channel, message[1], 0))
    elif kind in (NOTE_ON, NOTE_OFF):
        held.pop(bytes((NOTE_ON | channel, message[1])), None)
    elif kind == CONTROL and message[1] == SUSTAIN_CONTROLLER:
        held.pop(message[:2], None)
        if message[2] >= 64:
            held[message[:2]] = bytes((CONTROL | channel, SUSTAIN_CONTROLLER, 0))


class PortList:
    """Asks the MIDI system for its ports, in a thread, once at a time: who asks meanwhile gets the same answer."""

    def __init__(self, available: Callable[[], list[str]]) -> None:
        self._available = available
        self._asking: set[Listener] = set()

    def ask(self, listener: Listener) -> None:
        """Send a listener the list as soon as it is there."""
        if not self._asking:
            port_list = asyncio.get_running_loop().run_in_executor(None, self._available)
            port_list.add_done_callback(self._answer)
        self._asking.add(listener)

    def _answer(self, port_list: asyncio.Future[list[str]]) -> None:
        asking, self._asking = self._asking, set()
        error = port_list.exception()
        line = panel_line("error", ("", str(error))) if error is not None else ("ports", port_list.result())
        for listener in asking:
            listener.send_frame(encode_frame([line]))


async def _close(ws: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
    """Close a socket, whether or not its client reads; what waits for it is let go."""
    if transport is not None:  # not after the close has ended: of a client that does not read it may take long
        asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, transport.abort)
    with contextlib.suppress(ConnectionError):
        await ws.close(code=WSCloseCode.TRY_AGAIN_LATER)
