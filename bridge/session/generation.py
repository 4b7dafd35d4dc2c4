"""The generation process as the session sees it: one prompt understood at a time, beats ordered one by one.

Owned by the session; `emit` takes each order for it, in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bridge.clock import Seconds
from bridge.protocol.controls import model_controls
from bridge.protocol.events import Effect, ToModel
from bridge.session.accompaniment import Accompaniment
from bridge.session.playback import Playback
from bridge.takes.takes import Take, Takes
from model.generation.messages import BeatWritten, Failed, Forget, Order, Prepare, Understood, Write
from model.music.notes import TICKS_PER_QUARTER, Ticks
from model.music.plan import Controls


@dataclass(slots=True)
class Generation:
    """Whether there is a process, and which take it reads the words of."""

    emit: Callable[[Effect], None]
    accompaniment: Accompaniment
    running: bool = False
    _understanding_take: int | None = None

    def order_ahead(self, takes: Takes, playback: Playback, now: Seconds, *, held: bool) -> None:
        """Order what is missing of the takes, as far ahead as the control `lookahead` says; nothing of one that is held."""
        controls_now = model_controls(takes.settings)
        ahead = self._lookahead_beats(takes, playback)
        coming, current, timeline = takes.coming, takes.current, playback.timeline
        if coming is not None:
            self._submit_words(coming)
        if coming is not None and coming.submitted:
            while coming.can_order and len(coming.ready) + coming.on_order < max(1.0, ahead):
                at = coming.entry_tick if coming.entry_tick is not None else timeline.end
                self._order_beat(
                    coming, controls_now, Ticks(at + coming.next_to_order * TICKS_PER_QUARTER), now
                )
        if held or (coming is not None and coming.immediate_until is not None):
            return  # what plays waits, or is about to end
        if current is not None and not current.generator_lost:
            length = _beat_length(playback)
            horizon = playback.tick(now) + ahead * length
            while current.can_order and timeline.end + current.on_order * length < horizon:
                self._order_beat(current, controls_now, Ticks(timeline.end + current.on_order * length), now)

    def next_deadline(self, takes: Takes, playback: Playback) -> Seconds | None:
        """Return when the next beat of the take that plays is to be ordered, where nothing else wakes for it."""
        current, coming = takes.current, takes.coming
        if not self.running or current is None or current.generator_lost or not current.can_order:
            return None
        if coming is not None and coming.immediate_until is not None:
            return None
        length = _beat_length(playback)
        end = playback.timeline.end + current.on_order * length
        return playback.tempo.seconds_at(
            Ticks(int(end - self._lookahead_beats(takes, playback) * length) + 2)
        )

    def _lookahead_beats(self, takes: Takes, playback: Playback) -> float:
        """Return how many beats are planned ahead now."""
        bpm = playback.tempo.bpm_at(playback.timeline.end)
        return self.accompaniment.lookahead_beats(
            float(takes.settings["lookahead"]), _beat_length(playback) / TICKS_PER_QUARTER * 60 / bpm
        )

    def prepare(self, prompt: str) -> None:
        """Have a prompt's words read before it is needed."""
        self._emit_if_running(Prepare(prompt))

    def early_preparation(self, prompt: str) -> list[Effect]:
        """Return what has a prompt's words read at once, where no others are: those of a flood are not."""
        return [ToModel(Prepare(prompt))] if self.running and self._understanding_take is None else []

    def forget(self, take: Take | None) -> None:
        """Tell that a take is over, if it was begun."""
        if take is not None and take.submitted:
            self._emit_if_running(Forget(take.number))

    def on_answer(self, answer: Understood | BeatWritten | Failed) -> None:
        """Note that an answer came."""
        if answer.take == self._understanding_take and not isinstance(answer, BeatWritten):
            self._understanding_take = None

    def on_exit(self) -> None:
        """Note that the process died: what it was asked for will not come."""
        self.running, self._understanding_take = False, None

    def _submit_words(self, take: Take) -> None:
        """Hand over a take's words once no others are being read: prompts given up meanwhile cost nothing."""
        if not take.submitted and self._understanding_take is None:
            self._understanding_take, take.submitted = take.number, True
            self._emit_if_running(take.begin)

    def _order_beat(self, take: Take, controls_now: Controls, at: Ticks, now: Seconds) -> None:
        """Order the next beat of a take, which is to begin at a tick."""
        index = take.next_order()
        controls_now = replace(self.accompaniment.controls_for(take, controls_now), morph=take.morph_x)
        played = self.accompaniment.as_played(take, index, now)
        self._emit_if_running(
            Write(
                take.number,
                index,
                controls_now,
                self.accompaniment.given_by_player(at),
                played,
                take.section(index),
            )
        )

    def _emit_if_running(self, order: Order) -> None:
        if self.running:
            self.emit(ToModel(order))


def _beat_length(playback: Playback) -> Ticks:
    """Return the length of the beats that are planned last."""
    placed = playback.timeline.placed
    return placed[-1].music.length if placed else TICKS_PER_QUARTER
