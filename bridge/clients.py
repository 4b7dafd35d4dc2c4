"""Who listens: registrations by hello, and where answers go. Pure; owned by the daemon."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.clock import Seconds

Address = tuple[str, int]
SILENCE = Seconds(600)
MOST = 64
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
        if len(self._known) >= MOST and sender not in self._known:
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
