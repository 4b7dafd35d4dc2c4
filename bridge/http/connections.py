"""Who may connect to the HTTP server, and for how long without reading. Called from the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from ipaddress import ip_address
from typing import cast

from aiohttp import web

from bridge.clock import monotonic
from bridge.http.limits import STALL_TIMEOUT, Stalls, is_admitted, max_connections

log = logging.getLogger("llmball")
SWEEP_INTERVAL = STALL_TIMEOUT / 4


def descriptor_limit() -> float:
    """Return how many descriptors this process may open."""
    if sys.platform == "win32":
        return float("inf")
    import resource

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return float("inf") if soft == resource.RLIM_INFINITY else soft


def peer_host(peername: object) -> str:
    """Return the host of a socket's peer, "" if unknown."""
    return str(peername[0]) if isinstance(peername, tuple) and peername else ""


def is_local(host: str) -> bool:
    """Return True for this machine's loopback addresses."""
    try:
        address = ip_address(host.split("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class _Doorkeeper(asyncio.Protocol):
    """A connection before it is admitted; then the HTTP server's own protocol takes its place."""

    def __init__(self, admit: Callable[[str], asyncio.Protocol | None]) -> None:
        self._admit = admit

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection over, or end it at once, so that it holds no descriptor."""
        connection = cast(asyncio.Transport, transport)
        protocol = self._admit(peer_host(transport.get_extra_info("peername")))
        if protocol is None:
            connection.abort()
            return
        connection.set_protocol(protocol)
        protocol.connection_made(connection)


class Connections:
    """Listens for an HTTP server from `listen` to `close`; ends connections that are too many or read nothing."""

    def __init__(self, server: web.Server) -> None:
        self._server, self._stalls = server, Stalls()
        self._limit = max_connections(descriptor_limit())
        self._listening: list[asyncio.Server] = []
        self._timer: asyncio.TimerHandle | None = None

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Listen; return (host, port). `::` is IPv4 as well. Raises OSError."""
        first = await self._listen(host, port)
        if host == "::":
            try:
                await self._listen("0.0.0.0", first[1])  # the owner asked for every address
            except OSError as refused:
                log.warning("the panel is not reached over IPv4 (%s)", refused.strerror)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SWEEP_INTERVAL, self._sweep)
        return first

    async def _listen(self, host: str, port: int) -> tuple[str, int]:
        server = await asyncio.get_running_loop().create_server(lambda: _Doorkeeper(self._admit), host, port)
        self._listening.append(server)
        name, number = server.sockets[0].getsockname()[:2]
        return str(name), int(number)

    def close(self) -> None:
        """Stop listening. Open connections stay."""
        if self._timer is not None:
            self._timer.cancel()
        for server in self._listening:
            server.close()

    def _admit(self, host: str) -> asyncio.Protocol | None:
        connected = [peer_host(handler.peername) for handler in self._server.connections]
        if is_admitted(host, is_local(host), connected, self._limit):
            return self._server()
        log.warning("too many connections: one of %s is refused", host)
        return None

    def went_on(self, transport: object) -> None:
        """Note that a connection has read so much that the next piece of its answer could be written."""
        self._stalls.went_on(transport, monotonic())

    def _sweep(self) -> None:
        """End the connections that read nothing."""
        self._timer = asyncio.get_running_loop().call_later(SWEEP_INTERVAL, self._sweep)
        open_ = [h.transport for h in self._server.connections if h.transport is not None]
        for transport in self._stalls.stalled(((t, t.get_write_buffer_size()) for t in open_), monotonic()):
            with contextlib.suppress(AttributeError):
                cast(asyncio.Transport, transport).abort()
