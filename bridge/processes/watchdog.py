"""Whether a child process still answers: it is asked twice a second, and one that is silent for too long is to be ended. Pure."""

from __future__ import annotations

from enum import Enum, auto

from bridge.clock import Seconds

ASK_INTERVAL = Seconds(0.5)
"""Seconds between two questions."""
MAX_SILENCE = Seconds(1.5)
"""Seconds from the first question that is not answered until a child that works counts as hanging."""
MAX_OPENING = Seconds(3.0)
"""The same while it opens a port, for which it may have to wait."""


class Verdict(Enum):
    """What is to be done with a child."""

    ASK = auto()
    END = auto()


class Watchdog:
    """Watches one child from its first message on: how long it takes to start depends on the machine."""

    def __init__(self) -> None:
        self._heard, self._opening, self._opens_next = False, False, False
        self._asked: Seconds | None = None
        self._looked: Seconds | None = None

    def hear(self) -> None:
        """Note that the child said something."""
        self._heard, self._asked = True, None
        self._opening, self._opens_next = self._opening or self._opens_next, False

    def step_in(self, now: Seconds) -> None:
        """Note that a child that waited is given its work: once it has said that it was heard, it opens its port."""
        self._opens_next = True
        if self._asked is None:
            self._asked = now

    def allow_opening(self, opening: bool) -> None:
        """Note that the child opens a port, or that it has."""
        self._opening = opening

    def look(self, now: Seconds) -> Verdict:
        """Say what to do; called every `ASK_INTERVAL`. If this process itself was stopped meanwhile, the child has its time again."""
        stopped = self._looked is not None and now - self._looked > 2 * ASK_INTERVAL
        self._looked = now
        if self._asked is None or stopped:
            self._asked = now
        elif self._heard and now - self._asked >= (MAX_OPENING if self._opening else MAX_SILENCE):
            return Verdict.END
        return Verdict.ASK
