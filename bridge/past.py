"""What was asked before: takes by their ids, and the order in which they played. Owned by the line-up."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.take import Take

MOST = 128
"""Takes that can be launched again; the oldest is forgotten first."""


@dataclass(slots=True)
class Past:
    """`taken` has every take that was asked for, `trail` the ids of those that played, in order."""

    taken: dict[str, Take] = field(default_factory=dict)
    trail: list[str] = field(default_factory=list)

    def ask(self, take: Take) -> None:
        """Remember a take that was asked for."""
        self.taken.setdefault(take.id, take)
        if len(self.taken) > MOST:
            del self.taken[next(iter(self.taken))]

    def play(self, take: Take) -> None:
        """Remember that a take plays; one that comes back is where it was."""
        if take.back and take.id in self.trail:
            del self.trail[self._place(take.id) + 1 :]
        else:
            self.trail = [*self.trail[-MOST:], take.id]

    def before(self, take: Take | None) -> Take | None:
        """Return the take that played before one, or the last that played where that one has not."""
        played = take is not None and take.id in self.trail
        earlier = self.trail[: self._place(take.id)] if take is not None and played else self.trail
        return next((self.taken[i] for i in reversed(earlier) if i in self.taken), None)

    def _place(self, id_: str) -> int:
        return len(self.trail) - 1 - self.trail[::-1].index(id_)
