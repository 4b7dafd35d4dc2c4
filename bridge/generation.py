"""The generation process as the session sees it: one prompt understood at a time, beats ordered one by one.

Owned by the session; `emit` takes each order for it, in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bridge.clock import Seconds
from bridge.events import Effect, ToModel
from bridge.lineup import Lineup
from bridge.settings import controls
from bridge.stage import Stage
from bridge.take import Take
from model.music import TICKS_PER_QUARTER, BeatWritten, Controls, Failed, Forget, Order, Understood, Write


@dataclass(slots=True)
class Generation:
    """Whether there is a process, and which take it reads the words of."""

    emit: Callable[[Effect], None]
    up: bool = False
    _understanding: int | None = None

    def keep_ahead(self, takes: Lineup, stage: Stage, now: Seconds) -> None:
        """Order what is missing of the takes, as far ahead as the control `lookahead` says."""
        ahead, under = float(takes.settings["lookahead"]), controls(takes.settings)
        coming, current, timeline = takes.coming, takes.current, stage.timeline
        if coming is not None:
            self._begin(coming)
        if coming is not None and coming.begun:
            while coming.may_order and len(coming.ready) + coming.on_order < max(1.0, ahead):
                self._order(coming, under)
        if coming is not None and coming.at_once_until is not None:
            return  # what plays is about to end
        if current is not None and not current.lost:
            length = timeline.placed[-1].music.length if timeline.placed else TICKS_PER_QUARTER
            horizon = stage.tick(now) + ahead * length
            while current.may_order and timeline.end + current.on_order * length < horizon:
                self._order(current, under)

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

    def _begin(self, take: Take) -> None:
        """Hand over a take's words once no others are being read: prompts given up meanwhile cost nothing."""
        if not take.begun and self._understanding is None:
            self._understanding, take.begun = take.number, True
            self._send(take.begin)

    def _order(self, take: Take, under: Controls) -> None:
        self._send(Write(take.number, take.order(), replace(under, morph=take.place)))

    def _send(self, order: Order) -> None:
        if self.up:
            self.emit(ToModel(order))
