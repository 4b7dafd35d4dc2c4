"""Who listens: registrations by hello, and where answers go. Pure; owned by the daemon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from bridge.clock import Seconds

Address = tuple[str, int]


SILENCE = Seconds(600)


MOST_CLIENTS = 64
"""Registrations kept; the one longest silent makes room."""


@dataclass(frozen=True, slots=True)
class Client:
    """A registration: where it is told, and whether strings are percent-encoded for it."""

    reply: Address
    name: str
    encoded: bool
    heard: Seconds


class Clients:
    """The registrations by sender."""

    def __init__(self) -> None:
        self._known: dict[Address, Client] = {}

    def hello(self, sender: Address, port: int | None, name: str, encoded: bool, now: Seconds) -> None:
        """Register a sender, or change its registration."""
        if len(self._known) >= MOST_CLIENTS and sender not in self._known:
            del self._known[min(self._known, key=lambda a: self._known[a].heard)]
        self._known[sender] = Client((sender[0], port or sender[1]), name, encoded, now)

    def bye(self, sender: Address) -> None:
        """Take a registration back."""
        self._known.pop(sender, None)

    def heard(self, sender: Address, now: Seconds) -> None:
        """Remember that a sender lives; forget those that were silent for ten minutes."""
        self._known = {a: c for a, c in self._known.items() if now - c.heard < SILENCE}
        if sender in self._known:
            self._known[sender] = replace(self._known[sender], heard=now)

    def reply_to(self, sender: Address) -> Client:
        """Return where answers to a sender go: itself, unless it said otherwise."""
        return self._known.get(sender) or Client(sender, "", False, Seconds(0))

    def told(self) -> list[Client]:
        """Return whom news goes to: each place once."""
        return list({c.reply: c for c in self._known.values()}.values())


PART, SAVED = 0.25, 0.2
"""Seconds of work a second, and how many may be saved up."""


WAITING = 128
"""Addresses whose newest packet waits, for one sender."""


NOTICE = Seconds(1)
"""A sender is told no more often that it takes too much."""


MOST_SENDERS = 256
"""Senders with a share of their own; those that come after them have one together."""


What = TypeVar("What")


@dataclass(slots=True)
class Share(Generic[What]):
    """One sender's. `left` is what it may still use; it may be exceeded by one packet."""

    now: Seconds
    left: float = SAVED
    waiting: dict[object, What] = field(default_factory=dict)
    told: Seconds = Seconds(-1e9)

    def may(self, now: Seconds) -> bool:
        """Tell whether there is something left now."""
        self.left = min(SAVED, self.left + PART * max(0.0, now - self.now))
        self.now = now
        return self.left > 0

    def idle(self, now: Seconds) -> bool:
        """Tell whether nothing was used for so long that all is saved up again."""
        return self.may(now) and self.left == SAVED

    def use(self, seconds: float) -> None:
        """Note work that was done."""
        self.left -= seconds

    def later(self) -> float:
        """Return in how many seconds there will be something left."""
        return max(0.0, -self.left) / PART + 1e-3

    def wait(self, address: object, packet: What) -> None:
        """Have a packet wait, instead of an older one to its address."""
        self.waiting.pop(address, None)
        if len(self.waiting) < WAITING:
            self.waiting[address] = packet

    def next(self) -> What | None:
        """Return the packet that has waited longest, which waits no more."""
        first = next(iter(self.waiting), None)
        return None if first is None else self.waiting.pop(first)

    def notice(self, now: Seconds) -> bool:
        """Tell whether the sender is to be told, and remember that it was."""
        if now - self.told < NOTICE:
            return False
        self.told = now
        return True


@dataclass(slots=True)
class Shares(Generic[What]):
    """Everybody's. `fresh` makes a share, from a moment on."""

    fresh: Callable[[Seconds], Share[What]]
    _known: dict[Address, Share[What]] = field(default_factory=dict)
    _rest: Share[What] | None = None

    def of(self, sender: Address, now: Seconds) -> Share[What]:
        """Return a sender's share."""
        share = self._known.get(sender)
        if share is not None:
            return share
        if len(self._known) >= MOST_SENDERS:
            self._known = {s: one for s, one in self._known.items() if one.waiting or not one.idle(now)}
        if len(self._known) < MOST_SENDERS:
            return self._known.setdefault(sender, self.fresh(now))
        self._rest = self._rest or self.fresh(now)
        return self._rest
