"""The OSC door: a UDP socket, who is registered at it, and what is answered there. Called from the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Collection
from functools import partial
from ipaddress import ip_address
from urllib.parse import quote

from bridge import osc
from bridge.clients import Address, Client, Clients
from bridge.clock import monotonic
from bridge.config import Network
from bridge.controls import ROOT, Value
from bridge.errands import Errand
from bridge.errors import BadRequest, OwnerError
from bridge.events import Wanted
from bridge.house import House
from bridge.requests import Bye, Hello, Request, read

RECEIVE_BUFFER = 1 << 20
"""Bytes; a burst from a host waits there while we decide."""


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
    ) -> None:
        self._allowed_networks, self._house = allowed, House(decide, asked, state, errand)
        self._clients = Clients()
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, host: str, port: int) -> Address:
        """Listen; return the real address. Raises OwnerError where the port is taken."""
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (host, port))
        except OSError as refused:
            raise OwnerError(
                f"cannot listen on {host}:{port} ({refused.strerror}): stop what is there, perhaps another LLMBall, "
                "or choose another with --osc 127.0.0.1:0"
            ) from refused
        sock = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        name, number = self._transport.get_extra_info("sockname")[:2]
        return str(name), int(number)

    def tell(self, path: str, args: tuple[Value, ...]) -> None:
        """Tell everyone who is registered, each place once."""
        for client in self._clients.told():
            self._send(client, path, args)

    def close(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Answer one packet; whatever it holds, nothing but its sender is disturbed."""
        sender = (str(addr[0]), int(addr[1]))
        if not self._allowed(sender[0]):
            return
        self._clients.heard(sender, monotonic())
        try:
            messages = osc.parse(data)
        except osc.OscError as error:
            self._answer(sender, "error", "", str(error))
            return
        for message in messages:
            if isinstance(message, osc.OscError):
                self._answer(sender, "error", "", str(message))
                continue
            try:
                self._carry_out(read(message), sender)
            except BadRequest as error:
                self._answer(sender, "error", error.address, error.reason)

    def _allowed(self, host: str) -> bool:
        address = ip_address(host.split("%")[0])
        return address.is_loopback or any(address in network for network in self._allowed_networks)

    def _carry_out(self, request: Request, sender: Address) -> None:
        match request:
            case Hello(port, name, encoded):
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
