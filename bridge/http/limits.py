"""What one host may hold and try at the HTTP server: connections, unread answers, wrong tokens. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bridge.clock import Seconds

MAX_CONNECTIONS, MAX_CONNECTIONS_PER_HOST, MAX_LOCAL_CONNECTIONS = 192, 32, 160
"""Connections in all, of a host elsewhere, and of this machine, whose programs share an address."""
RESERVED_DESCRIPTORS = 56
"""Descriptors that connections leave to child processes (some ten each when they begin), files and sockets of ours."""
IDLE_TIMEOUT = 15.0
"""Seconds for the headers of a request, and from one request of a connection to the next."""
STALL_TIMEOUT = Seconds(20)
"""Time for which an answer may wait without that anything of it is read."""


def max_connections(descriptors: float) -> int:
    """Return how many connections a process may have that may open so many descriptors."""
    return int(max(2, min(MAX_CONNECTIONS, (descriptors - RESERVED_DESCRIPTORS) // 2)))


def is_admitted(host: str, local: bool, connected: Sequence[str], limit: int) -> bool:
    """Return True if another connection of a host may be kept, beside those of the hosts `connected`."""
    own = MAX_LOCAL_CONNECTIONS if local else MAX_CONNECTIONS_PER_HOST
    return len(connected) < limit and connected.count(host) < min(own, max(2, limit * 5 // 6))


@dataclass(slots=True)
class Stalls:
    """Finds connections that read nothing of what waits for them."""

    _waiting: dict[object, tuple[int, Seconds]] = field(default_factory=dict)

    def went_on(self, connection: object, now: Seconds) -> None:
        """Note that a writer had waited for a connection to be read, and it was: what waits then may be as much as before."""
        if connection in self._waiting:
            self._waiting[connection] = self._waiting[connection][0], now

    def stalled(self, unread: Iterable[tuple[object, int]], now: Seconds) -> list[object]:
        """Return the connections of which no byte was read for STALL_TIMEOUT, from all with their unread bytes."""
        known, self._waiting = self._waiting, {}
        found: list[object] = []
        for connection, size in unread:
            if not size:
                continue
            before, since = known.get(connection, (size, now))
            # what is added meanwhile is no sign of reading
            since = now if size < before else since
            self._waiting[connection] = size, since
            if now - since >= STALL_TIMEOUT:
                found.append(connection)
        return found


FREE_GUESSES = 8
"""Wrong tokens of a host before it has to wait."""
FIRST_WAIT, LONGEST_WAIT, FORGOTTEN = Seconds(1), Seconds(30), Seconds(600)
"""The wait after one more wrong token, doubled at each up to the longest; and the time after which all is forgotten."""
MAX_GUESSERS = 256


@dataclass(slots=True)
class Guesses:
    """Slows hosts that show wrong tokens. While one waits its tokens are not compared at all."""

    _wrong: dict[str, tuple[int, Seconds, tuple[int, ...]]] = field(default_factory=dict)
    """By host: how many, until when it waits, and the hashes of the last few."""

    def wait(self, host: str, now: Seconds) -> float:
        """Return the seconds that a host has to wait before it may show a token."""
        return max(0.0, self._wrong.get(host, (0, now, ()))[1] - now)

    def wrong(self, host: str, now: Seconds, token: object = None) -> int:
        """Count a wrong token; return how many there were, 0 for one of the last again: a forgotten page that tries is no guesser."""
        self._wrong = {h: kept for h, kept in self._wrong.items() if now - kept[1] < FORGOTTEN}
        known = self._wrong.get(host, (0, now, ()))
        if token is not None and hash(token) in known[2]:
            return 0
        self._wrong.pop(host, None)
        count = known[0] + 1
        while len(self._wrong) >= MAX_GUESSERS:
            del self._wrong[next(iter(self._wrong))]
        over = count - FREE_GUESSES
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(over - 1, 16)) if over > 0 else 0.0
        self._wrong[host] = count, Seconds(now + wait), (*known[2][-3:], hash(token))
        return count

    def right(self, host: str) -> None:
        """Forget a host's wrong tokens."""
        self._wrong.pop(host, None)
