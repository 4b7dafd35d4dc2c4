"""Who may come in by HTTP: which address, under which name, from whose page, with which token. Pure.

A page of somebody else's must not steer the band: a browser tells whose page asks (Origin), and the name that the
owner typed (Host), which a name that leads elsewhere than it says would show.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from bridge.config import Network


@dataclass(frozen=True, slots=True)
class RequestSource:
    """Where a request comes from and arrives, and what it says of itself; None is what it leaves out."""

    peer: str
    local: tuple[str, int]
    host: str | None
    origin: str | None
    token: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody does not come in: an HTTP status and a sentence."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The owner's rules. `names` are what this machine is called by others."""

    allowed: Collection[Network] = ()
    token: str | None = None
    names: Collection[str] = ()

    def check(self, source: RequestSource) -> Refusal | None:
        """Return why a visitor is refused, or None."""
        peer = _parse_address(source.peer)
        if peer is None:
            return Refusal(403, "an address that cannot be read")
        if not peer.is_loopback:
            if self.token is None or not any(peer in network for network in self.allowed):
                return Refusal(403, "not from there: the owner names networks with --allow and a --token")
            if not hmac.compare_digest((source.token or "").encode(), self.token.encode()):
                return Refusal(401, "a token is needed: open the page as /?token=…")
        if not self._host_matches(source):
            return Refusal(403, "this is not the Host that was asked for")
        if source.origin is not None and source.origin.lower() != f"http://{source.host}".lower():
            return Refusal(403, "not for pages from elsewhere")
        return None

    def _host_matches(self, source: RequestSource) -> bool:
        try:
            requested = urlsplit(f"//{source.host or ''}")
            name, port = requested.hostname, requested.port or 80
        except ValueError:
            return False
        if name is None or requested.username is not None or requested.path or requested.query or requested.fragment:
            return False
        local = _parse_address(source.local[0])
        if local is None or port != source.local[1]:
            return False
        if local.is_loopback:
            parsed = _parse_address(name)
            return name == "localhost" or (parsed is not None and parsed.is_loopback)
        return _parse_address(name) == local or name in {n.lower() for n in self.names}


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.split("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
