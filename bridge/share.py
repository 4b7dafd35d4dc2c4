"""How much of our time each sender may take: so that a flood of one is nobody else's trouble. Pure but for its clock.

A share is told in seconds of work. What one has not used is saved up, to a bound; once it is used up, what comes waits,
and of several packets to one address only the newest is kept: the last place of a fader is what counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bridge.clients import Address
from bridge.clock import Seconds

PART, SAVED = 0.25, 0.2
"""Seconds of work a second, and how many may be saved up."""
WAITING = 128
"""Addresses whose newest packet waits, for one sender."""
NOTICE = Seconds(1)
"""A sender is told no more often that it takes too much."""
MOST = 256
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
        if len(self._known) >= MOST:
            self._known = {s: one for s, one in self._known.items() if one.waiting or not one.idle(now)}
        if len(self._known) < MOST:
            return self._known.setdefault(sender, self.fresh(now))
        self._rest = self._rest or self.fresh(now)
        return self._rest
