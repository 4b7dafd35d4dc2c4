"""The generation process as the session sees it: one prompt understood at a time, beats ordered one by one.

Owned by the session; `emit` takes each order for it, in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bridge.events import Effect, ToModel
from bridge.take import Take
from model.music import BeatWritten, Controls, Failed, Forget, Order, Understood, Write


@dataclass(slots=True)
class Generation:
    """Whether there is a process, and which take it reads the words of."""

    emit: Callable[[Effect], None]
    up: bool = False
    _understanding: int | None = None

    def begin(self, take: Take) -> None:
        """Hand over a take's words once no others are being read: prompts given up meanwhile cost nothing."""
        if self.up and not take.begun and self._understanding is None:
            self._understanding, take.begun = take.number, True
            self._send(take.begin)

    def order(self, take: Take, controls: Controls) -> None:
        """Order the next beat of a take."""
        self._send(Write(take.number, take.order(), replace(controls, morph=take.place)))

    def forget(self, take: Take | None) -> None:
        """Tell that a take is over, if it was begun."""
        if take is not None and take.begun:
            self._send(Forget(take.number))

    def answered(self, answer: Understood | BeatWritten | Failed) -> None:
        """Note that an answer came."""
        if answer.take == self._understanding and not isinstance(answer, BeatWritten):
            self._understanding = None

    def lost(self) -> None:
        """Note that the process died: what it was asked for will not come."""
        self.up, self._understanding = False, None

    def _send(self, order: Order) -> None:
        if self.up:
            self.emit(ToModel(order))
