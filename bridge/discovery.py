"""Being found as OSCQuery in the local network, where the owner asks for it: multicast, and so never by itself."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from bridge.errors import OwnerError

log = logging.getLogger("llmball")

NAME = "LLMBall"


class Discovery:
    """Announces HOST_INFO's port and OSC's from `open` to `close`. Raises OwnerError where zeroconf is not installed."""

    def __init__(self) -> None:
        try:
            from zeroconf import InterfaceChoice, IPVersion
            from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf
        except ImportError as missing:
            raise OwnerError("--zeroconf needs its extra: pip install 'llmball[zeroconf]'") from missing
        self._info, self._zeroconf, self._v4 = AsyncServiceInfo, AsyncZeroconf, IPVersion.V4Only
        self._everywhere = InterfaceChoice.All
        self._open: Any = None
        self._task: asyncio.Task[None] | None = None

    def open(self, host: str, http_port: int, osc_port: int) -> None:
        """Begin to announce; it takes seconds, which nobody waits for."""
        self._task = asyncio.get_running_loop().create_task(self._announce(host, http_port, osc_port))

    async def close(self) -> None:
        """Take it back."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._open is not None:
            await self._open.async_close()

    async def _announce(self, host: str, http_port: int, osc_port: int) -> None:
        address = ip_address(host)
        here = [host] if not address.is_unspecified else None
        try:
            self._open = self._zeroconf(here or self._everywhere, ip_version=self._v4)
            for kind, port in (("_oscjson._tcp.local.", http_port), ("_osc._udp.local.", osc_port)):
                info = self._info(kind, f"{NAME}.{kind}", port=port, parsed_addresses=here or _addresses())
                await self._open.async_register_service(info, allow_name_change=True)
        except OSError as refused:
            log.warning("nobody can find us by zeroconf: %s", refused)


def _addresses() -> list[str]:
    """Return this machine's own addresses but loopback."""
    import ifaddr

    there = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]
    return [ip for ip in there if not ip_address(ip).is_loopback] or there
