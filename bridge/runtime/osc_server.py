"""OSC server: a UDP socket, its registered clients, and a rate limit per sender. Called from the event loop."""

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
from bridge.protocol.clients import MAX_CLIENTS, MAX_SENDERS, Address, Budget, Budgets, Client, Clients
from bridge.protocol.controls import ROOT, Value
from bridge.protocol.dispatch import Dispatcher, request_cost
from bridge.protocol.patterns import expand
from bridge.protocol.requests import Bye, Hello, Request, parse_request

RECEIVE_BUFFER = 1 << 20
"""Bytes of the socket's receive buffer, for bursts."""
READ_BUDGET = Seconds(0.002)
"""Time for which packets are read before the event loop continues."""
MAX_DATAGRAM = 65536
Packet = tuple[bytes, Address]
ERROR_PREFIX = ROOT.encode() + b"error\0"
"""Prefix of an /llmball/error packet. Incoming errors are ignored, so that two programs cannot answer each other's errors forever."""
RATE_LIMIT_REASON = "you send more than can be done: what waits is read soon, of several to one address the newest"


@lru_cache(MAX_SENDERS)
def is_this_machine(host: str) -> bool:
    """Return True if an address is one of this machine's: only these can be listened at."""
    address = ip_address(host.split("%")[0])
    if address.is_loopback:
        return True
    with socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


class OscServer(asyncio.DatagramProtocol):
    """Listens from `open` to `close`. `allowed`: networks whose packets are read, beside this machine."""

    def __init__(
        self,
        allowed: Collection[Network],
        dispatcher: Dispatcher,
        make_budget: Callable[[Seconds], Budget[Packet]] = Budget,
    ) -> None:
        self._allowed_networks, self._dispatcher = allowed, dispatcher
        self._clients, self._budgets = Clients(), Budgets(make_budget)
        self._is_allowed = lru_cache(MAX_SENDERS)(self._check_allowed)
        self._transport: asyncio.DatagramTransport | None = None
        self._socket: socket.socket | None = None
        self._port = 0
        self._timers: dict[int, asyncio.TimerHandle] = {}

    async def open(self, host: str, port: int) -> Address:
        """Listen; return the address with the real port. Raises OwnerError if the port is taken."""
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
        if sys.platform != "win32":  # its event loop reads ahead by itself
            self._socket = sock.dup()
        name, self._port = transport.get_extra_info("sockname")[:2]
        return str(name), self._port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, for answers."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def publish(self, path: str, args: tuple[Value, ...]) -> None:
        """Send a message to every registered client, once per address."""
        for client in self._clients.subscribers():
            self._send(client, path, args)

    def close(self) -> None:
        """Stop listening."""
        for timer in self._timers.values():
            timer.cancel()
        if self._socket is not None:
            self._socket.close()
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Process a packet and then read further ones for up to `READ_BUDGET`.

        asyncio delivers one datagram per loop iteration, which is too slow for bursts.
        """
        self._handle_packet(data, addr)
        until = monotonic() + READ_BUDGET
        while self._socket is not None and monotonic() < until:
            try:
                data, addr = self._socket.recvfrom(MAX_DATAGRAM)
            except OSError:  # no packet is left
                return
            self._handle_packet(data, addr)

    def _handle_packet(self, data: bytes, addr: Address) -> None:
        """Process a packet if its sender has budget left, else let it wait."""
        sender = (str(addr[0]), int(addr[1]))
        if not self._is_allowed(sender[0]) or data.startswith(ERROR_PREFIX):
            return
        now = monotonic()
        budget = self._budgets.for_sender(sender, now)
        if not budget.waiting and budget.has_budget(now):
            self._process_packet(data, sender, budget)
            return
        budget.enqueue(data[: data.find(b"\0")], (data, sender))
        if budget.should_notify(now):
            self._reply(sender, "error", "", RATE_LIMIT_REASON)
        if id(budget) not in self._timers:
            self._schedule_catch_up(budget)

    def _schedule_catch_up(self, budget: Budget[Packet]) -> None:
        self._timers[id(budget)] = asyncio.get_running_loop().call_later(
            budget.seconds_until_budget(), self._catch_up, budget
        )

    def _catch_up(self, budget: Budget[Packet]) -> None:
        """Process waiting packets as far as the sender's budget allows."""
        del self._timers[id(budget)]
        while budget.has_budget(monotonic()) and (first := budget.dequeue()) is not None:
            self._process_packet(*first, budget)
        if budget.waiting:
            self._schedule_catch_up(budget)

    def _process_packet(self, data: bytes, sender: Address, budget: Budget[Packet]) -> None:
        began = thread_time()
        self._clients.mark_seen(sender, monotonic())
        min_cost = 0.0
        try:
            messages = osc.parse(data)
        except osc.OscError as error:
            messages = [error]
        for message in messages:
            try:
                if isinstance(message, osc.OscError):
                    raise BadRequest(message.address, str(message))
                requests = [parse_request(one) for one in expand(message)]  # all or none
                for request in requests:
                    self._carry_out_request(request, sender)
                    min_cost += request_cost(request)
            except BadRequest as error:
                self._reply(sender, "error", error.address, error.reason)
        budget.spend(max(thread_time() - began, min_cost))

    def _check_allowed(self, host: str) -> bool:
        address = ip_address(host.split("%")[0])
        return address.is_loopback or any(address in network for network in self._allowed_networks)

    def _carry_out_request(self, request: Request, sender: Address) -> None:
        match request:
            case Hello(port, name, encoded):
                if (port or sender[1]) == self._port and is_this_machine(sender[0]):
                    raise BadRequest(ROOT + "hello", f"{self._port} is our own port: choose one of yours")
                if not self._clients.register(sender, port, name, encoded, monotonic()):
                    told = f"{MAX_CLIENTS} clients are registered: one must say bye, or be silent for ten minutes"
                    raise BadRequest(ROOT + "hello", told)
                self._dispatcher.welcome(partial(self._reply, sender))
            case Bye():
                self._clients.unregister(sender)
            case _:
                self._dispatcher.handle(request, sender, partial(self._reply, sender))

    def _reply(self, sender: Address, path: str, *args: Value) -> None:
        self._send(self._clients.reply_to(sender), path, args)

    def _send(self, client: Client, path: str, args: tuple[Value, ...]) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        encoded_args = tuple(quote(a) if client.encoded and isinstance(a, str) else a for a in args)
        self._transport.sendto(osc.encode(ROOT + path, encoded_args), client.reply_address)
