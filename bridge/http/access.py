"""Access rules for HTTP requests: client address, Host header, Origin header and token. Pure.

The Origin check prevents cross-site requests by foreign web pages; the Host check prevents DNS rebinding, in which a
foreign name resolves to this machine.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from bridge.config import Network


@dataclass(frozen=True, slots=True)
class RequestSource:
    """Client address, local (address, port), and the headers and token of a request; None if it lacks them."""

    peer: str
    local: tuple[str, int]
    host: str | None
    origin: str | None
    token: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: an HTTP status, a sentence, headers."""

    status: int
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The owner's settings. `names` are the host names of this machine."""

    allowed: Collection[Network] = ()
    token: str | None = None
    names: Collection[str] = ()

    def check(self, source: RequestSource) -> Refusal | None:
        """Return the refusal of a request, or None if it is allowed."""
        peer = _parse_address(source.peer)
        if peer is None:
            return Refusal(403, "an address that cannot be read")
        if not peer.is_loopback:
            if self.token is None or not any(peer in network for network in self.allowed):
                return Refusal(403, "not from there: the owner names networks with --allow and a --token")
            if not hmac.compare_digest(_bytes(source.token or ""), _bytes(self.token)):
                return Refusal(401, "a token is needed: open the page as /?token=…")
        if not self._host_matches(source):
            return Refusal(403, "this is not the Host that was asked for")
        if source.origin is not None and source.origin.lower() != f"http://{source.host}".lower():
            return Refusal(403, "not for pages from elsewhere")
        return None

    def _host_matches(self, source: RequestSource) -> bool:
        try:
            host = source.host or ""
            requested = urlsplit(f"//{host}")
            name, port = requested.hostname, requested.port or 80
        except ValueError:
            return False
        if name is None or any(
            sign in host for sign in "@/?#"
        ):  # a user, a path, a query or a fragment, empty ones too
            return False
        local = _parse_address(source.local[0])
        if local is None or port != source.local[1]:
            return False
        if local.is_loopback:
            parsed = _parse_address(name)
            return name == "localhost" or (parsed is not None and parsed.is_loopback)
        return _parse_address(name) == local or name in {n.lower() for n in self.names}


def _bytes(token: str) -> bytes:
    """Return the bytes of a token; what is no text in a header is kept apart, not refused with a fault."""
    return token.encode("utf-8", "backslashreplace")


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.split("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
