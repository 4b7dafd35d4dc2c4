"""Registered clients, and how much of our time each sender may use. Pure: the time is an argument. Owned by the servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from bridge.clock import Seconds

Address = tuple[str, int]
CLIENT_TIMEOUT = Seconds(600)
"""Silence after which a registration ends."""
MAX_CLIENTS = 64
"""Registrations kept at once; further ones are refused, so that nobody takes another's place."""


@dataclass(frozen=True, slots=True)
class Client:
    """A registration: its address for answers and news, and whether strings are percent-encoded for it."""

    reply_address: Address
    name: str
    encoded: bool
    last_seen: Seconds


class Clients:
    """Registrations by the address that a client sends from."""

    def __init__(self) -> None:
        self._by_sender: dict[Address, Client] = {}

    def register(self, sender: Address, port: int | None, name: str, encoded: bool, now: Seconds) -> bool:
        """Register a sender, or replace its registration, or an older one to the same address; return False if too many are registered.

        `port` None is the port that it sends from.
        """
        client = Client((sender[0], port or sender[1]), name, encoded, now)
        if len(self._by_sender) >= MAX_CLIENTS and sender not in self._by_sender:
            same = next((a for a, c in self._by_sender.items() if c.reply_address == client.reply_address), None)
            if same is None:
                return False
            del self._by_sender[same]
        self._by_sender[sender] = client
        return True

    def unregister(self, sender: Address) -> None:
        """Remove a registration, if there is one."""
        self._by_sender.pop(sender, None)

    def mark_seen(self, sender: Address, now: Seconds) -> None:
        """Note a packet of a sender, and remove registrations that were silent for CLIENT_TIMEOUT."""
        self._by_sender = {a: c for a, c in self._by_sender.items() if now - c.last_seen < CLIENT_TIMEOUT}
        if sender in self._by_sender:
            self._by_sender[sender] = replace(self._by_sender[sender], last_seen=now)

    def reply_to(self, sender: Address) -> Client:
        """Return the registration of a sender; one that is not registered is answered at its own address."""
        return self._by_sender.get(sender) or Client(sender, "", False, Seconds(0))

    def subscribers(self) -> list[Client]:
        """Return the clients that news is sent to, each address once."""
        return list({c.reply_address: c for c in self._by_sender.values()}.values())


REFILL_RATE, MAX_BUDGET = 0.25, 0.2
"""Refill rate (seconds of work a second) and bucket size (seconds)."""
MAX_WAITING = 128
"""Waiting packets of one sender, one an OSC address."""
NOTICE_INTERVAL = Seconds(1)
"""Time between two notices to a sender that its packets have to wait."""
MAX_SENDERS = 256
"""Senders with a budget each; further ones share one."""
PacketT = TypeVar("PacketT")


@dataclass(slots=True)
class Budget(Generic[PacketT]):
    """A token bucket of one sender, in seconds of work. One packet may overdraw it, so `remaining` can be negative."""

    updated_at: Seconds
    remaining: float = MAX_BUDGET
    waiting: dict[object, PacketT] = field(default_factory=dict)
    notified_at: Seconds = Seconds(-1e9)

    def has_budget(self, now: Seconds) -> bool:
        """Refill the bucket; return True if something is left."""
        self.remaining = min(MAX_BUDGET, self.remaining + REFILL_RATE * max(0.0, now - self.updated_at))
        self.updated_at = now
        return self.remaining > 0

    def is_full(self, now: Seconds) -> bool:
        """Return True if the bucket is full."""
        return self.has_budget(now) and self.remaining == MAX_BUDGET

    def spend(self, seconds: float) -> None:
        """Take work that was done from the bucket."""
        self.remaining -= seconds

    def seconds_until_budget(self) -> float:
        """Return the seconds until something is left."""
        return max(0.0, -self.remaining) / REFILL_RATE + 1e-3

    def enqueue(self, address: object, packet: PacketT) -> None:
        """Let a packet wait in place of an older one to its address; dropped where MAX_WAITING wait already."""
        self.waiting.pop(address, None)
        if len(self.waiting) < MAX_WAITING:
            self.waiting[address] = packet

    def dequeue(self) -> PacketT | None:
        """Remove and return the packet that has waited longest, None where none waits."""
        first = next(iter(self.waiting), None)
        return None if first is None else self.waiting.pop(first)

    def should_notify(self, now: Seconds) -> bool:
        """Return True at most once in NOTICE_INTERVAL."""
        if now - self.notified_at < NOTICE_INTERVAL:
            return False
        self.notified_at = now
        return True


@dataclass(slots=True)
class Budgets(Generic[PacketT]):
    """The budgets of all senders. `make_budget` makes one that is full at a time."""

    make_budget: Callable[[Seconds], Budget[PacketT]]
    _by_sender: dict[Address, Budget[PacketT]] = field(default_factory=dict)
    _shared: Budget[PacketT] | None = None

    def for_sender(self, sender: Address, now: Seconds) -> Budget[PacketT]:
        """Return the budget of a sender: its own, or the shared one where MAX_SENDERS have theirs."""
        budget = self._by_sender.get(sender)
        if budget is not None:
            return budget
        if len(self._by_sender) >= MAX_SENDERS:
            self._by_sender = {
                s: budget_ for s, budget_ in self._by_sender.items() if budget_.waiting or not budget_.is_full(now)
            }
        if len(self._by_sender) < MAX_SENDERS:
            return self._by_sender.setdefault(sender, self.make_budget(now))
        self._shared = self._shared or self.make_budget(now)
        return self._shared
