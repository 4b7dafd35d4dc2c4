"""OSC server: a UDP socket, its registered clients, and a rate limit per sender. Called from the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import secrets
import socket
import sys
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache, partial
from ipaddress import ip_address
from time import thread_time
from typing import cast
from urllib.parse import quote

from bridge.clock import Seconds, monotonic
from bridge.config import Network
from bridge.errors import BadRequest, OwnerError
from bridge.protocol import osc
from bridge.protocol.clients import MAX_CLIENTS, MAX_SENDERS, Address, Budget, Budgets, Client, Clients, host_budget
from bridge.protocol.consent import LISTENING, RESERVED, Allowances, confirmed_by, nonce
from bridge.protocol.controls import ROOT, Value
from bridge.protocol.dispatch import Dispatcher, request_cost
from bridge.protocol.patterns import expand
from bridge.protocol.requests import Bye, Hello, HelloConfirmed, Request, parse_request

log = logging.getLogger("llmball")
RECEIVE_BUFFER = 1 << 20
"""Bytes of the socket's receive buffer, for bursts."""
READ_BUDGET = Seconds(0.003)
"""Time for which packets are read before the event loop continues."""
BURST = 32
"""Packets of one sender that are taken before some of them are done."""
SLICE = 0.003
"""Seconds of work after which the messages of a long packet wait, so that the beat and others come in between."""
MAX_DATAGRAM = 65536
Packet = tuple["bytes | osc.Message | osc.OscError", Address]
"""A packet or a message of one, and who sent it."""
ERROR_PREFIX = ROOT.encode() + b"error\0"
"""Prefix of an /llmball/error packet. Incoming errors are ignored, so that two programs cannot answer each other's errors forever."""
NOT_CONFIRMED = (
    "port {} has not confirmed that it wants to be told: answer /llmball/hello/nonce N by /llmball/hello/confirm N"
)
LEFT_OUT = "answers are left out: say hello, answer hello/nonce N by hello/confirm N"
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


def host_port(host: str, port: int) -> str:
    """Return an address as it is written: that of IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


MAPPED = "::ffff:"
"""Prefix of an IPv4 address at a socket of IPv6."""


def _dual_socket(host: str, port: int) -> socket.socket:
    """Return a socket of an IPv6 address; that of `::` hears IPv4 too, and says so where it cannot. Raises OSError."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        if host == "::":
            try:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            except OSError as refused:
                log.warning("OSC is not heard over IPv4 (%s)", refused.strerror)
        sock.bind(socket.getaddrinfo(host, port, socket.AF_INET6, socket.SOCK_DGRAM)[0][4])
    except OSError:
        sock.close()
        raise
    return sock


class OscServer(asyncio.DatagramProtocol):
    """Listens from `open` to `close`. `allowed`: networks whose packets are read, beside this machine."""

    def __init__(
        self,
        allowed: Collection[Network],
        dispatcher: Dispatcher,
        make_budget: Callable[[Seconds], Budget[Packet]] = Budget,
        make_host_budget: Callable[[Seconds], Budget[None]] = host_budget,
    ) -> None:
        self._allowed_networks, self._dispatcher = allowed, dispatcher
        self._clients, self._budgets = Clients(), Budgets(make_budget, make_host_budget)
        self._allowances, self._secret = Allowances(), secrets.token_bytes(16)
        self._is_allowed = lru_cache(MAX_SENDERS)(self._check_allowed)
        self._transport: asyncio.DatagramTransport | None = None
        self._socket: socket.socket | None = None
        self._host, self._port, self._is_dual = "", 0, False
        self._timer: asyncio.TimerHandle | None = None

    def tell_always(self, addresses: tuple[Address, ...]) -> None:
        """Send news to these addresses without being asked: the owner's word. Raises OwnerError for our own, or out of reach, once `open`."""
        for host, port in addresses:
            if port == self._port and is_this_machine(host):
                raise OwnerError(f"--tell {host_port(host, port)} is our own address: name the program's")
            if self._host and not _reaches(self._host, host):
                wide = "0.0.0.0" if ":" not in self._host + host else "::"
                raise OwnerError(
                    f"--tell {host_port(host, port)} cannot be sent to from {self._host}: "
                    f"listen with --osc {host_port(wide, self._port)}"
                )
        self._clients.told_always = addresses

    async def open(self, host: str, port: int) -> Address:
        """Listen; return the address with the real port. Raises OwnerError if the port is taken."""
        loop = asyncio.get_running_loop()
        try:
            if ":" in host:
                sock = _dual_socket(host, port)
                transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)
            else:
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
        self._is_dual = ":" in host
        self._host, self._port = transport.get_extra_info("sockname")[:2]
        return self._host, self._port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, for answers."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, exc: Exception) -> None:
        """Tell the owner what could not be sent; a receiver that has gone (Windows says so) is no fault."""
        if not isinstance(exc, ConnectionError):
            log.warning("OSC cannot be sent (%s)", exc)

    def publish(self, path: str, args: tuple[Value, ...]) -> None:
        """Send a message to every registered client, once per address."""
        now = monotonic()
        for client in self._clients.subscribers():
            # of a named port nothing is known before it has confirmed; an old client elsewhere is told a little
            if client.confirmed or (client.own_port and now - client.last_seen < LISTENING):
                self._send(client, path, args)

    def close(self) -> None:
        """Stop listening."""
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            self._socket.close()
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take a packet and further ones for up to `READ_BUDGET`, then do what can be done of them in a slice.

        asyncio delivers one datagram per loop iteration, which is too slow for bursts; and what the kernel has no room for is lost,
        whoever sent it.
        """
        self._take_packet(data, addr)
        until = monotonic() + READ_BUDGET
        while self._socket is not None and monotonic() < until:
            try:
                data, addr = self._socket.recvfrom(MAX_DATAGRAM)
            except OSError:  # no packet is left
                break
            self._take_packet(data, addr)
        worked_until = thread_time() + SLICE
        while thread_time() < worked_until and self._serve_next(worked_until):
            pass
        self._schedule_catch_up()

    def _take_packet(self, data: bytes, addr: Address) -> None:
        """Let a packet wait for its sender's turn."""
        sender = (str(addr[0]).removeprefix(MAPPED), int(addr[1]))
        if not self._is_allowed(sender[0]) or data.startswith(ERROR_PREFIX):
            return
        now = monotonic()
        client = self._reply_to(sender)
        if not client.confirmed:
            self._allowances.received(_allowance_key(client), len(data), now)
        budget = self._budgets.for_sender(sender, now)
        has_budget = budget.has_budget(now) and self._budgets.for_host(sender[0], now).has_budget(now)
        if has_budget and len(budget.waiting) >= BURST:
            self._serve(budget, thread_time() + SLICE)
        # of a burst nothing is lost; of a flood the newest to each address are kept
        flooded = not has_budget or isinstance(next(iter(budget.waiting), None), bytes)
        key: object = data[: data.find(b"\0")] if flooded else object()
        budget.enqueue(key, (data, sender), len(data))
        if not has_budget and budget.should_notify(now):
            self._reply(sender, "error", "", RATE_LIMIT_REASON)

    def _schedule_catch_up(self) -> None:
        if self._timer is not None:
            return
        first, wait = self._budgets.next_to_serve(monotonic())
        if first is not None or wait < math.inf:
            # at least a moment, in which the loop does something else
            self._timer = asyncio.get_running_loop().call_later(max(wait, 0.001), self.catch_up)

    def catch_up(self) -> bool:
        """Process what waits, for a slice; return False if nothing waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._serve_next(thread_time() + SLICE)
        self._schedule_catch_up()
        return self._budgets.next_to_serve(monotonic())[1] < math.inf

    def _serve_next(self, until: float) -> bool:
        """Process what waits of the sender that has used least of its share; return False if nothing can be done now."""
        budget, _ = self._budgets.next_to_serve(monotonic())
        if budget is not None:
            self._serve(budget, until)
        return budget is not None

    def _serve(self, budget: Budget[Packet], until: float) -> None:
        """Process messages of one sender until a moment of this thread, or its budget or its host's is used up. What is left waits."""
        while (item := budget.dequeue()) is not None:
            content, sender = item
            began, min_cost = thread_time(), 0.0
            is_packet = isinstance(content, bytes)
            if isinstance(content, bytes):
                budget.rest.extend((message, sender) for message in self._parse(content, sender))
            else:
                min_cost = self._process_message(content, sender)
            ended = thread_time()
            cost, now = max(ended - began, min_cost), monotonic()
            host = self._budgets.for_host(sender[0], now)
            budget.spend(cost)
            host.spend(cost)
            if not is_packet and (ended > until or not (budget.has_budget(now) and host.has_budget(now))):
                return

    def _parse(self, data: bytes, sender: Address) -> list[osc.Message | osc.OscError]:
        self._clients.mark_seen(sender, monotonic())
        self._tell_dropped()
        try:
            return osc.parse(data)
        except osc.OscError as error:
            return [error]

    def _process_message(self, message: osc.Message | osc.OscError, sender: Address) -> float:
        """Carry out a message or answer its error; return its minimum cost in seconds of the sender's budget."""
        min_cost = 0.0
        try:
            if isinstance(message, osc.OscError):
                raise BadRequest(message.address, str(message))
            requests = [parse_request(one) for one in expand(message)]  # all or none
            for request in requests:
                self._carry_out_request(request, sender)
                min_cost += request_cost(request)
        except BadRequest as error:
            self._reply(sender, "error", error.address, error.reason)
        return min_cost

    def _check_allowed(self, host: str) -> bool:
        address = ip_address(host.split("%")[0])
        return address.is_loopback or any(address in network for network in self._allowed_networks)

    def _carry_out_request(self, request: Request, sender: Address) -> None:
        match request:
            case Hello(port, name, encoded):
                if (port or sender[1]) == self._port and is_this_machine(sender[0]):
                    raise BadRequest(ROOT + "hello", f"{self._port} is our own port: choose one of yours")
                confirmed = _shows_itself(sender, port)
                if not self._clients.register(sender, port, name, encoded, monotonic(), confirmed):
                    told = f"{MAX_CLIENTS} clients are registered: one must say bye, or be silent for ten minutes"
                    raise BadRequest(ROOT + "hello", told)
                self._tell_dropped()
                self._dispatcher.welcome(partial(self._reply, sender))
                client = self._reply_to(sender)
                if not client.confirmed:
                    self._reply(sender, "hello/nonce", nonce(self._secret, sender, client.reply_address))
            case HelloConfirmed(number):
                pairs = [(s, sender) for s in self._clients.registered_at(sender)]
                pairs.append((sender, self._reply_to(sender).reply_address))
                by = confirmed_by(self._secret, number, pairs)
                if by is None:
                    raise BadRequest(ROOT + "hello/confirm", "not the number of hello/nonce: say hello again")
                self._clients.confirm(by)
            case Bye():
                self._clients.unregister(sender)
            case _:
                self._dispatcher.handle(request, sender, partial(self._reply, sender))

    def _tell_dropped(self) -> None:
        for client in self._clients.take_dropped():
            self._send(client, "error", (ROOT + "hello", "your registration has ended: say hello again"))

    def _reply_to(self, sender: Address) -> Client:
        return self._clients.reply_to(sender, _shows_itself(sender, None))

    def _reply(self, sender: Address, path: str, *args: Value) -> None:
        client = self._reply_to(sender)
        now = monotonic()
        if self._send(client, path, args) or not self._budgets.for_sender(sender, now).should_notify(now):
            return
        if not _shows_itself(sender, None):  # another machine: within what is reserved for it
            self._send(client, "error", (ROOT + "hello", LEFT_OUT), reserved=0)
        elif not client.own_port:
            own = replace(client, reply_address=sender, confirmed=True)
            self._send(own, "error", (ROOT + "hello", NOT_CONFIRMED.format(client.reply_address[1])))

    def _send(self, client: Client, path: str, args: tuple[Value, ...], reserved: int = RESERVED) -> bool:
        """Send a message; return False if its receiver has not confirmed and was told too much already."""
        if self._transport is None or self._transport.is_closing():
            return True
        encoded_args = tuple(quote(a) if client.encoded and isinstance(a, str) else a for a in args)
        data = osc.encode(ROOT + path, encoded_args)
        now, key = monotonic(), _allowance_key(client)
        if not client.confirmed and not self._allowances.may_send(key, len(data), now, reserved):
            return False
        host, port = client.reply_address
        self._transport.sendto(data, (f"{MAPPED}{host}" if self._is_dual and ":" not in host else host, port))
        return True


def _reaches(own: str, host: str) -> bool:
    """Return True if a socket at an address of ours can send to another address."""
    if own != "::" and (":" in own) != (":" in host):
        return False
    return is_this_machine(host) or not ip_address(own.split("%")[0]).is_loopback


@lru_cache(MAX_SENDERS)
def _shows_itself(sender: Address, port: int | None) -> bool:
    """Return True if whoever sent a packet is known to listen where it is answered: on this machine, at its own port."""
    return (port is None or port == sender[1]) and is_this_machine(sender[0])


def _allowance_key(client: Client) -> object:
    host = client.reply_address[0]
    return client.reply_address if is_this_machine(host) else host
