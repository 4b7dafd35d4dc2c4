"""The generation process as the session sees it: one prompt understood at a time, beats ordered one by one.

Owned by the session; `emit` takes each order for it, in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bridge.clock import Seconds
from bridge.protocol.controls import controls
from bridge.protocol.events import Effect, ToModel
from bridge.session.accompaniment import Accompaniment
from bridge.session.playback import Stage
from bridge.takes.takes import Lineup, Take
from model.generation.messages import BeatWritten, Failed, Forget, Order, Prepare, Understood, Write
from model.music.notes import TICKS_PER_QUARTER, Ticks
from model.music.plan import Controls


@dataclass(slots=True)
class Generation:
    """Whether there is a process, and which take it reads the words of."""

    emit: Callable[[Effect], None]
    hands: Accompaniment
    up: bool = False
    _understanding: int | None = None

    def keep_ahead(self, takes: Lineup, stage: Stage, now: Seconds, *, held: bool) -> None:
        """Order what is missing of the takes, as far ahead as the control `lookahead` says; nothing of one that is held."""
        under = controls(takes.settings)
        ahead = self._ahead(takes, stage)
        coming, current, timeline = takes.coming, takes.current, stage.timeline
        if coming is not None:
            self._begin(coming)
        if coming is not None and coming.begun:
            while coming.may_order and len(coming.ready) + coming.on_order < max(1.0, ahead):
                at = coming.line if coming.line is not None else timeline.end
                self._order(coming, under, Ticks(at + coming.asked * TICKS_PER_QUARTER), now)
        if held or (coming is not None and coming.at_once_until is not None):
            return  # what plays waits, or is about to end
        if current is not None and not current.lost:
            length = _length(stage)
            horizon = stage.tick(now) + ahead * length
            while current.may_order and timeline.end + current.on_order * length < horizon:
                self._order(current, under, Ticks(timeline.end + current.on_order * length), now)

    def due(self, takes: Lineup, stage: Stage) -> Seconds | None:
        """Return when the next beat of the take that plays is to be ordered, where nothing else wakes for it."""
        current, coming = takes.current, takes.coming
        if not self.up or current is None or current.lost or not current.may_order:
            return None
        if coming is not None and coming.at_once_until is not None:
            return None
        length = _length(stage)
        end = stage.timeline.end + current.on_order * length
        return stage.tempo.seconds_at(Ticks(int(end - self._ahead(takes, stage) * length) + 2))

    def _ahead(self, takes: Lineup, stage: Stage) -> float:
        """Return how many beats are planned ahead now."""
        bpm = stage.tempo.bpm_at(stage.timeline.end)
        return self.hands.ahead(
            float(takes.settings["lookahead"]), _length(stage) / TICKS_PER_QUARTER * 60 / bpm
        )

    def prepare(self, prompt: str) -> None:
        """Have a prompt's words read before it is needed."""
        self._send(Prepare(prompt))

    def hurried(self, prompt: str) -> list[Effect]:
        """Return what has a prompt's words read at once, where no others are: those of a flood are not."""
        return [ToModel(Prepare(prompt))] if self.up and self._understanding is None else []

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

    def _order(self, take: Take, under: Controls, at: Ticks, now: Seconds) -> None:
        """Order the next beat of a take, which is to begin at a tick."""
        index = take.order()
        under = replace(self.hands.under(take, under), morph=take.place)
        played = self.hands.played(take, index, now)
        self._send(Write(take.number, index, under, self.hands.given(at), played, take.section(index)))

    def _send(self, order: Order) -> None:
        if self.up:
            self.emit(ToModel(order))


def _length(stage: Stage) -> Ticks:
    """Return the length of the beats that are planned last."""
    placed = stage.timeline.placed
    return placed[-1].music.length if placed else TICKS_PER_QUARTER
