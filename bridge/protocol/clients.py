"""Registered clients, and how much of our time each sender may use. Pure: the time is an argument. Owned by the servers."""

from __future__ import annotations

import math
from collections import deque
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
    """A registration: its address for answers and news, and whether strings are percent-encoded for it.

    `confirmed`: whoever listens there has shown that it wants to hear us (`bridge.protocol.consent`); `own_port`: it named no
    other port than it sends from.
    """

    reply_address: Address
    name: str
    encoded: bool
    last_seen: Seconds
    confirmed: bool = True
    own_port: bool = True


class Clients:
    """Registrations by the address that a client sends from."""

    def __init__(self) -> None:
        self._by_sender: dict[Address, Client] = {}
        self._dropped: list[Client] = []
        self.told_always: tuple[Address, ...] = ()
        """Addresses that the owner named: news is sent there without a registration."""

    def register(
        self, sender: Address, port: int | None, name: str, encoded: bool, now: Seconds, confirmed: bool = True
    ) -> bool:
        """Register a sender, or replace its registration, or an older one to the same address; return False if too many are registered.

        `port` None is the port that it sends from. Who has confirmed stays so; who has not gives way where all places are taken.
        """
        client = Client((sender[0], port or sender[1]), name, encoded, now, confirmed, port in (None, sender[1]))
        before = self._by_sender.get(sender)
        if before is not None and before.reply_address == client.reply_address:
            client = replace(client, confirmed=confirmed or before.confirmed)
        if len(self._by_sender) >= MAX_CLIENTS and before is None:
            # one that has confirmed gives its place only to another that has
            same = next(
                (
                    a
                    for a, c in self._by_sender.items()
                    if c.reply_address == client.reply_address and (confirmed or not c.confirmed)
                ),
                None,
            )
            waiting = min(
                (a for a, c in self._by_sender.items() if not c.confirmed),
                key=lambda a: self._by_sender[a].last_seen,
                default=None,
            )
            if same is not None:
                del self._by_sender[same]
            elif waiting is not None:
                self._drop(waiting)
            else:
                return False
        self._by_sender[sender] = client
        return True

    def registered_at(self, reply_address: Address) -> list[Address]:
        """Return the senders whose answers go to an address."""
        return [sender for sender, client in self._by_sender.items() if client.reply_address == reply_address]

    def confirm(self, sender: Address) -> None:
        """Note that whoever listens at a sender's reply address wants to."""
        if sender in self._by_sender:
            self._by_sender[sender] = replace(self._by_sender[sender], confirmed=True)

    def take_dropped(self) -> list[Client]:
        """Return the clients whose registrations have ended since the last call, other than by bye: they are told."""
        dropped, self._dropped = self._dropped, []
        return dropped

    def _drop(self, sender: Address) -> None:
        self._dropped.append(self._by_sender.pop(sender))

    def unregister(self, sender: Address) -> None:
        """Remove a registration, if there is one."""
        self._by_sender.pop(sender, None)

    def mark_seen(self, sender: Address, now: Seconds) -> None:
        """Note a packet of a sender, and remove registrations that were silent for CLIENT_TIMEOUT."""
        for silent in [a for a, c in self._by_sender.items() if now - c.last_seen >= CLIENT_TIMEOUT]:
            self._drop(silent)
        if sender in self._by_sender:
            self._by_sender[sender] = replace(self._by_sender[sender], last_seen=now)

    def reply_to(self, sender: Address, known: bool = True) -> Client:
        """Return the registration of a sender; one that is not registered is answered at its own address, `known` to be its own."""
        return self._by_sender.get(sender) or Client(sender, "", False, Seconds(0), known)

    def subscribers(self) -> list[Client]:
        """Return the clients that news is sent to, each address once: of several there one that has confirmed, rather its own."""
        ordered = sorted(self._by_sender.values(), key=lambda c: (c.confirmed, c.own_port))
        by_address = {c.reply_address: c for c in ordered}
        by_address |= {
            a: Client(a, "", by_address[a].encoded if a in by_address else False, Seconds(0)) for a in self.told_always
        }
        return list(by_address.values())


REFILL_RATE, MAX_BUDGET = 0.25, 0.2
"""Refill rate (seconds of work a second) and bucket size (seconds)."""
HOST_REFILL_RATE, MAX_HOST_BUDGET = 0.4, 0.25
"""The same of all senders of one host together: many ports get no more than this."""
QUIET, QUIET_DEBT = 0.002, 0.05
"""Who has spent no more than this is served though its host's share is used up, until the host owes so much."""
MAX_WAITING, MAX_WAITING_BYTES = 128, 1 << 17
"""Waiting packets of one sender, one an OSC address, and their bytes."""
NOTICE_INTERVAL = Seconds(1)
"""Time between two notices to a sender that its packets have to wait."""
MAX_SENDERS = 256
"""Senders with a budget each; further ones share one."""
PacketT = TypeVar("PacketT")


@dataclass(slots=True)
class Budget(Generic[PacketT]):
    """A token bucket of one sender, in seconds of work. One message may overdraw it, so `remaining` can be negative.

    `rest` is what is left of a packet that was begun; it comes before what waits.
    """

    updated_at: Seconds
    remaining: float = MAX_BUDGET
    waiting: dict[object, PacketT] = field(default_factory=dict)
    notified_at: Seconds = Seconds(-1e9)
    refill_rate: float = REFILL_RATE
    size: float = MAX_BUDGET
    unused: float = MAX_BUDGET
    """What would remain if nothing had been spent."""
    rest: deque[PacketT] = field(default_factory=deque)
    _bytes: dict[object, int] = field(default_factory=dict)

    def has_budget(self, now: Seconds) -> bool:
        """Refill the bucket; return True if something is left."""
        refilled = self.refill_rate * max(0.0, now - self.updated_at)
        self.remaining = min(self.size, self.remaining + refilled)
        self.unused = min(self.size, self.unused + refilled)
        self.updated_at = now
        return self.remaining > 0

    def is_full(self, now: Seconds) -> bool:
        """Return True if the bucket is full."""
        return self.has_budget(now) and self.remaining == self.size

    @property
    def spent(self) -> float:
        """What was spent lately, in seconds of work."""
        return self.unused - self.remaining

    def spend(self, seconds: float) -> None:
        """Take work that was done from the bucket."""
        self.remaining -= seconds

    def seconds_until_budget(self) -> float:
        """Return the seconds until something is left."""
        return max(0.0, -self.remaining) / self.refill_rate + 1e-3

    @property
    def has_work(self) -> bool:
        """True if something waits."""
        return bool(self.rest or self.waiting)

    def enqueue(self, address: object, packet: PacketT, size: int = 0) -> None:
        """Let a packet of `size` bytes wait in place of an older one to its address; dropped where too many wait already."""
        self.waiting.pop(address, None)
        self._bytes.pop(address, None)
        if len(self.waiting) < MAX_WAITING and sum(self._bytes.values()) + size <= MAX_WAITING_BYTES:
            self.waiting[address], self._bytes[address] = packet, size

    def dequeue(self) -> PacketT | None:
        """Remove and return what comes next: the rest of a packet, else the packet that has waited longest; None where none waits."""
        if self.rest:
            return self.rest.popleft()
        first = next(iter(self.waiting), None)
        self._bytes.pop(first, None)
        return None if first is None else self.waiting.pop(first)

    def should_notify(self, now: Seconds) -> bool:
        """Return True at most once in NOTICE_INTERVAL."""
        if now - self.notified_at < NOTICE_INTERVAL:
            return False
        self.notified_at = now
        return True


def host_budget(now: Seconds) -> Budget[None]:
    """Return the full budget of a host."""
    return Budget(now, MAX_HOST_BUDGET, refill_rate=HOST_REFILL_RATE, size=MAX_HOST_BUDGET, unused=MAX_HOST_BUDGET)


@dataclass(slots=True)
class Budgets(Generic[PacketT]):
    """The budgets of all senders and of their hosts. `make_budget` makes one that is full at a time.

    The more senders of its host there are, the less a newcomer begins with: who opens many ports does not get as many shares.
    """

    make_budget: Callable[[Seconds], Budget[PacketT]]
    make_host_budget: Callable[[Seconds], Budget[None]] = host_budget
    _by_sender: dict[Address, Budget[PacketT]] = field(default_factory=dict)
    _by_host: dict[str, Budget[None]] = field(default_factory=dict)
    _shared: Budget[PacketT] | None = None

    def for_sender(self, sender: Address, now: Seconds) -> Budget[PacketT]:
        """Return the budget of a sender: its own, or the shared one where MAX_SENDERS have theirs."""
        budget = self._by_sender.get(sender)
        if budget is not None:
            return budget
        if len(self._by_sender) >= MAX_SENDERS:
            self._by_sender = {
                s: budget_ for s, budget_ in self._by_sender.items() if budget_.has_work or not budget_.is_full(now)
            }
        if len(self._by_sender) < MAX_SENDERS:
            budget = self.make_budget(now)
            others = sum(s[0] == sender[0] for s in self._by_sender)
            budget.remaining = budget.unused = min(budget.remaining, budget.size / (1 + others))
            return self._by_sender.setdefault(sender, budget)
        self._shared = self._shared or self.make_budget(now)
        return self._shared

    def forget(self, sender: Address) -> None:
        """Forget the budget of a sender that has gone."""
        self._by_sender.pop(sender, None)

    def for_host(self, host: str, now: Seconds) -> Budget[None]:
        """Return the budget of all senders of a host."""
        budget = self._by_host.get(host)
        if budget is None:
            if len(self._by_host) >= MAX_SENDERS:
                self._by_host = {h: b for h, b in self._by_host.items() if not b.is_full(now)}
            budget = self._by_host.setdefault(
                host if len(self._by_host) < MAX_SENDERS else "", self.make_host_budget(now)
            )
        return budget

    def next_to_serve(self, now: Seconds) -> tuple[Budget[PacketT] | None, float]:
        """Return the budget whose work is done next, or None and the seconds until there may be one.

        It is the one that has used least of its share, so that who sends little does not wait behind who sends much.
        """
        best: Budget[PacketT] | None = None
        wait = math.inf
        own = [(s, b) for s, b in self._by_sender.items() if b.has_work]
        if self._shared is not None and self._shared.has_work:
            own.append((("", 0), self._shared))
        for sender, budget in own:
            host = self.for_host(sender[0], now)
            quiet = budget.spent < QUIET and host.remaining > -QUIET_DEBT
            if budget.has_budget(now) and (host.has_budget(now) or quiet):
                best = budget if best is None or budget.spent < best.spent else best
            else:
                wait = min(wait, max(budget.seconds_until_budget(), host.seconds_until_budget()))
        return best, 0.0 if best is not None else wait
