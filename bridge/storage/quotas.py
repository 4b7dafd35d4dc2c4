"""How much of the disk each client may use: what it stored itself in this run, its oldest first to go. Pure.

Whatever was there before, and whatever the owner stored by a pad that was learnt, is in no table and never goes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bridge.protocol.clients import Address

Gone = tuple[str, Address]
"""A name that goes, and the client that had stored it."""


@dataclass(slots=True)
class Quota:
    """Names in the order in which they were stored, each with its client. `per_client` and `per_host` bound their numbers."""

    per_client: int
    per_host: int
    _stored: dict[str, Address] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        """Return True if a client has stored it in this run."""
        return name in self._stored

    def release(self, name: str) -> None:
        """Note that the owner has stored it: it is no client's any more."""
        self._stored.pop(name, None)

    def stored(self, name: str, client: Address) -> list[Gone]:
        """Note what a client has stored; return what goes for it: its own oldest, or of its host's greediest client."""
        before = self._stored.pop(name, client)
        if before != client:
            return []  # two have stored it: it is neither's alone, and stays
        self._stored[name] = client
        gone: list[Gone] = []
        if self._count(client) > self.per_client:
            gone.append(self._take_oldest(client))
        by_client = Counter(c for c in self._stored.values() if c[0] == client[0])
        if sum(by_client.values()) > self.per_host:
            gone.append(self._take_oldest(max(by_client, key=lambda c: by_client[c])))
        return gone

    def make_room(self) -> Gone | None:
        """Return the oldest of the client that has stored most, which goes where there is no room at all; None if there is none."""
        by_client = Counter(self._stored.values())
        return self._take_oldest(max(by_client, key=lambda c: by_client[c])) if by_client else None

    def _count(self, client: Address) -> int:
        return sum(c == client for c in self._stored.values())

    def _take_oldest(self, client: Address) -> Gone:
        name = next(n for n, c in self._stored.items() if c == client)
        del self._stored[name]
        return name, client
