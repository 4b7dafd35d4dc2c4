"""Who listens: registrations by hello, and where answers go. Pure; owned by the daemon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from bridge.clock import Seconds

Address = tuple[str, int]


CLIENT_TIMEOUT = Seconds(600)


MAX_CLIENTS = 64
"""Registrations kept; the one longest silent makes room."""


@dataclass(frozen=True, slots=True)
class Client:
    """A registration: where it is told, and whether strings are percent-encoded for it."""

    reply_address: Address
    name: str
    encoded: bool
    last_seen: Seconds


class Clients:
    """The registrations by sender."""

    def __init__(self) -> None:
        self._by_sender: dict[Address, Client] = {}

    def register(self, sender: Address, port: int | None, name: str, encoded: bool, now: Seconds) -> None:
        """Register a sender, or change its registration."""
        if len(self._by_sender) >= MAX_CLIENTS and sender not in self._by_sender:
            del self._by_sender[min(self._by_sender, key=lambda a: self._by_sender[a].last_seen)]
        self._by_sender[sender] = Client((sender[0], port or sender[1]), name, encoded, now)

    def unregister(self, sender: Address) -> None:
        """Take a registration back."""
        self._by_sender.pop(sender, None)

    def mark_seen(self, sender: Address, now: Seconds) -> None:
        """Remember that a sender lives; forget those that were silent for ten minutes."""
        self._by_sender = {a: c for a, c in self._by_sender.items() if now - c.last_seen < CLIENT_TIMEOUT}
        if sender in self._by_sender:
            self._by_sender[sender] = replace(self._by_sender[sender], last_seen=now)

    def reply_to(self, sender: Address) -> Client:
        """Return where answers to a sender go: itself, unless it said otherwise."""
        return self._by_sender.get(sender) or Client(sender, "", False, Seconds(0))

    def subscribers(self) -> list[Client]:
        """Return whom news goes to: each place once."""
        return list({c.reply_address: c for c in self._by_sender.values()}.values())


REFILL_RATE, MAX_BUDGET = 0.25, 0.2
"""Seconds of work a second, and how many may be saved up."""


MAX_WAITING = 128
"""Addresses whose newest packet waits, for one sender."""


NOTICE_INTERVAL = Seconds(1)
"""A sender is told no more often that it takes too much."""


MAX_SENDERS = 256
"""Senders with a share of their own; those that come after them have one together."""


PacketT = TypeVar("PacketT")


@dataclass(slots=True)
class Budget(Generic[PacketT]):
    """One sender's. `left` is what it may still use; it may be exceeded by one packet."""

    updated_at: Seconds
    remaining: float = MAX_BUDGET
    waiting: dict[object, PacketT] = field(default_factory=dict)
    notified_at: Seconds = Seconds(-1e9)

    def has_budget(self, now: Seconds) -> bool:
        """Tell whether there is something left now."""
        self.remaining = min(MAX_BUDGET, self.remaining + REFILL_RATE * max(0.0, now - self.updated_at))
        self.updated_at = now
        return self.remaining > 0

    def is_full(self, now: Seconds) -> bool:
        """Tell whether nothing was used for so long that all is saved up again."""
        return self.has_budget(now) and self.remaining == MAX_BUDGET

    def spend(self, seconds: float) -> None:
        """Note work that was done."""
        self.remaining -= seconds

    def seconds_until_budget(self) -> float:
        """Return in how many seconds there will be something left."""
        return max(0.0, -self.remaining) / REFILL_RATE + 1e-3

    def enqueue(self, address: object, packet: PacketT) -> None:
        """Have a packet wait, instead of an older one to its address."""
        self.waiting.pop(address, None)
        if len(self.waiting) < MAX_WAITING:
            self.waiting[address] = packet

    def dequeue(self) -> PacketT | None:
        """Return the packet that has waited longest, which waits no more."""
        first = next(iter(self.waiting), None)
        return None if first is None else self.waiting.pop(first)

    def should_notify(self, now: Seconds) -> bool:
        """Tell whether the sender is to be told, and remember that it was."""
        if now - self.notified_at < NOTICE_INTERVAL:
            return False
        self.notified_at = now
        return True


@dataclass(slots=True)
class Budgets(Generic[PacketT]):
    """Everybody's. `fresh` makes a share, from a moment on."""

    make_budget: Callable[[Seconds], Budget[PacketT]]
    _by_sender: dict[Address, Budget[PacketT]] = field(default_factory=dict)
    _shared: Budget[PacketT] | None = None

    def for_sender(self, sender: Address, now: Seconds) -> Budget[PacketT]:
        """Return a sender's share."""
        budget = self._by_sender.get(sender)
        if budget is not None:
            return budget
        if len(self._by_sender) >= MAX_SENDERS:
            self._by_sender = {
                s: budget_
                for s, budget_ in self._by_sender.items()
                if budget_.waiting or not budget_.is_full(now)
            }
        if len(self._by_sender) < MAX_SENDERS:
            return self._by_sender.setdefault(sender, self.make_budget(now))
        self._shared = self._shared or self.make_budget(now)
        return self._shared
