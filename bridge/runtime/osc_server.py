"""The OSC door: a UDP socket, who is registered at it, and what is answered there. Called from the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable, Collection
from functools import lru_cache, partial
from ipaddress import ip_address
from time import thread_time
from typing import cast
from urllib.parse import quote

from bridge.clock import Seconds, monotonic
from bridge.config import Network
from bridge.errors import BadRequest, OwnerError
from bridge.protocol import osc
from bridge.protocol.clients import MOST_SENDERS, Address, Client, Clients, Share, Shares
from bridge.protocol.controls import ROOT, Value
from bridge.protocol.dispatch import House, cost
from bridge.protocol.events import Wanted
from bridge.protocol.requests import Bye, Errand, Hello, Request, read

RECEIVE_BUFFER = 1 << 20
"""Bytes; a burst from a host waits there while we decide."""
A_TURN = Seconds(0.002)
"""So long packets are read on before others of the loop have their turn."""
LARGEST = 65536
Packet = tuple[bytes, Address]
ERROR = ROOT.encode() + b"error\0"
"""How an error begins on the wire: one is never answered by another, or two that talk at cross purposes never end."""
TOO_MUCH = "you send more than can be done: what waits is read soon, of several to one address the newest"


class Door(asyncio.DatagramProtocol):
    """Listens from `open` to `close`.

    `decide` is given what clients want of the session and raises BadRequest; `asked` gives the value of a control
    and `state` the session's, for whoever comes in. `errand` runs one
    for a client and answers by the function given.
    """

    def __init__(
        self,
        allowed: Collection[Network],
        decide: Callable[[Wanted], None],
        asked: Callable[[str], tuple[Value, ...]],
        state: Callable[[], str],
        errand: Callable[[Errand, Address, Callable[..., None]], None],
        share: Callable[[Seconds], Share[Packet]] = Share,
    ) -> None:
        self._allowed_networks, self._house = allowed, House(decide, asked, state, errand)
        self._clients, self._shares = Clients(), Shares(share)
        self._welcome = lru_cache(MOST_SENDERS)(self._allowed)
        self._transport: asyncio.DatagramTransport | None = None
        self._own: socket.socket | None = None
        self._port = 0
        self._timers: dict[int, asyncio.TimerHandle] = {}

    async def open(self, host: str, port: int) -> Address:
        """Listen; return the real address. Raises OwnerError where the port is taken."""
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(lambda: self, (host, port))
        except OSError as refused:
            raise OwnerError(
                f"cannot listen on {host}:{port} ({refused.strerror}): stop what is there, perhaps another LLMBall, "
                "or choose another with --osc 127.0.0.1:0"
            ) from refused
        sock = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        if sys.platform != "win32":  # whose loop reads ahead by itself
            self._own = sock.dup()
        name, self._port = transport.get_extra_info("sockname")[:2]
        return str(name), self._port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer by this from now on."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def tell(self, path: str, args: tuple[Value, ...]) -> None:
        """Tell everyone who is registered, each place once."""
        for client in self._clients.told():
            self._send(client, path, args)

    def close(self) -> None:
        """Stop listening."""
        for timer in self._timers.values():
            timer.cancel()
        if self._own is not None:
            self._own.close()
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take a packet and those behind it, for a moment: the loop hands over one a turn, and a flood is quicker."""
        self._take(data, addr)
        until = monotonic() + A_TURN
        while self._own is not None and monotonic() < until:
            try:
                data, addr = self._own.recvfrom(LARGEST)
            except OSError:  # nothing is there any more
                return
            self._take(data, addr)

    def _take(self, data: bytes, addr: Address) -> None:
        """Answer one packet, if its sender has a share left; whatever it holds, nothing but its sender is disturbed."""
        sender = (str(addr[0]), int(addr[1]))
        if not self._welcome(sender[0]) or data.startswith(ERROR):
            return
        now = monotonic()
        share = self._shares.of(sender, now)
        if not share.waiting and share.may(now):
            self._answered(data, sender, share)
            return
        share.wait(data[: data.find(b"\0")], (data, sender))
        if share.notice(now):
            self._answer(sender, "error", "", TOO_MUCH)
        if id(share) not in self._timers:
            self._later(share)

    def _later(self, share: Share[Packet]) -> None:
        self._timers[id(share)] = asyncio.get_running_loop().call_later(share.later(), self._caught_up, share)

    def _caught_up(self, share: Share[Packet]) -> None:
        """Answer what has waited, as far as the share goes."""
        del self._timers[id(share)]
        while share.may(monotonic()) and (first := share.next()) is not None:
            self._answered(*first, share)
        if share.waiting:
            self._later(share)

    def _answered(self, data: bytes, sender: Address, share: Share[Packet]) -> None:
        began = thread_time()
        self._clients.heard(sender, monotonic())
        least = 0.0
        try:
            messages = osc.parse(data)
        except osc.OscError as error:
            messages = [error]
        for message in messages:
            try:
                if isinstance(message, osc.OscError):
                    raise BadRequest(message.address, str(message))
                request = read(message)
                self._carry_out(request, sender)
                least += cost(request)
            except BadRequest as error:
                self._answer(sender, "error", error.address, error.reason)
        share.use(max(thread_time() - began, least))

    def _allowed(self, host: str) -> bool:
        address = ip_address(host.split("%")[0])
        return address.is_loopback or any(address in network for network in self._allowed_networks)

    def _carry_out(self, request: Request, sender: Address) -> None:
        match request:
            case Hello(port, name, encoded):
                if port == self._port and ip_address(sender[0].split("%")[0]).is_loopback:
                    raise BadRequest(ROOT + "hello", f"{port} is our own port: choose one of yours")
                self._clients.hello(sender, port, name, encoded, monotonic())
                self._house.welcome(partial(self._answer, sender))
            case Bye():
                self._clients.bye(sender)
            case _:
                self._house.answer(request, sender, partial(self._answer, sender))

    def _answer(self, sender: Address, path: str, *args: Value) -> None:
        self._send(self._clients.reply_to(sender), path, args)

    def _send(self, client: Client, path: str, args: tuple[Value, ...]) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        told = tuple(quote(a) if client.encoded and isinstance(a, str) else a for a in args)
        self._transport.sendto(osc.encode(ROOT + path, told), client.reply)
