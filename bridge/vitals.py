"""How the performance fares: what is counted since the start and told each second while playing. Owned by the session."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Seconds
from bridge.events import Tell
from bridge.orders import Health

EVERY = Seconds(1)


@dataclass(slots=True)
class Vitals:
    """`late` counts note-ons over 5 ms late and takes that missed their line, `starved` the beats repeated."""

    late: int = 0
    dropped: int = 0
    starved: int = 0
    p99_ms: float = 0.0
    due: Seconds = Seconds(0)

    def start(self, now: Seconds) -> None:
        """Begin to tell, a second from now."""
        self.due = Seconds(now + EVERY)

    def hear(self, health: Health) -> None:
        """Add what the player counted in its last second."""
        self.late += health.late
        self.dropped += health.dropped
        self.p99_ms = health.p99_ms

    def report(self, now: Seconds, ahead: float) -> list[Tell]:
        """Return what is to be told now, if it is time; `ahead` is what is planned, in quarter notes."""
        if now < self.due:
            return []
        self.due = Seconds(now + EVERY)
        return [Tell("health", (self.late, self.dropped, self.starved, ahead, self.p99_ms))]
