"""Requests for a later bar: kept until the beat at which they have to be sent to be in time. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Planned:
    """A request that is due as `bar` begins. One that enters at a line by itself (`takes_a_bar`) is sent a bar ahead."""

    bar: int
    words: str
    send: Callable[[], None]
    takes_a_bar: bool

    def is_due(self, bar: int, beat: int, beats: int) -> bool:
        """Return True if it has to be sent at a beat of a bar that has so many beats."""
        if self.takes_a_bar:
            return bar >= self.bar - 1
        return bar >= self.bar or (bar == self.bar - 1 and beat >= beats)


@dataclass(slots=True)
class Later:
    """All requests for later bars, in the order in which they came."""

    planned: list[Planned] = field(default_factory=list)

    def add(self, planned: Planned) -> None:
        """Keep a request until it is due."""
        self.planned.append(planned)

    def on_beat(self, bar: int, beat: int, beats: int) -> None:
        """Send what is due as a beat begins."""
        due = [p for p in self.planned if p.is_due(bar, beat, beats)]
        self.planned = [p for p in self.planned if p not in due]
        for planned in due:
            planned.send()

    def clear(self) -> None:
        """Forget all: the band has stopped, or its bars are counted anew."""
        self.planned.clear()

    def words(self) -> str:
        """Return what is planned, in words."""
        return "; ".join(f"bar {p.bar}: {p.words}" for p in self.planned)
