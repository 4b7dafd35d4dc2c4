"""Where beats come from: the generation process, or the score of a take.

One prompt is understood at a time, beats are ordered one by one; those of a score are there when they are needed.

Owned by the session.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bridge.clock import Seconds
from bridge.protocol.controls import Value, model_controls
from bridge.protocol.events import Effect, ToModel
from bridge.session.accompaniment import Accompaniment
from bridge.session.playback import Playback
from bridge.takes.takes import Take, Takes
from model.generation.messages import BeatWritten, Failed, Forget, Order, Prepare, Understood, Write
from model.music.notes import TICKS_PER_QUARTER, Ticks
from model.music.plan import Controls


@dataclass(slots=True)
class Generation:
    """Whether a generation process runs (`running`), and the take whose prompt it is understanding."""

    settings: Mapping[str, Value]
    playback: Playback
    takes: Takes
    accompaniment: Accompaniment
    running: bool = False
    _understanding_take: int | None = None

    def read_score(self, take: Take | None, now: Seconds) -> None:
        """Make the beats of a take's score ready that are missing within `lookahead`."""
        if take is None or take.score is None:
            return
        ahead, length = self._lookahead_beats(), self._beat_length
        if take is self.takes.current:
            ahead = (self.playback.tick(now) + ahead * length - self.playback.timeline.end) / length
        take.read_score(math.ceil(ahead if take is self.takes.current else max(1.0, ahead)))

    def order_ahead(self, now: Seconds) -> None:
        """Order the beats that are missing within `lookahead`; none of a current take that waits for the hold loop."""
        if not self.running:
            return
        controls_now = model_controls(self.settings)
        ahead = self._lookahead_beats()
        coming, current, timeline = self.takes.coming, self.takes.current, self.playback.timeline
        if coming is not None and coming.score is None:
            self._submit_prompt(coming)
        if coming is not None and coming.submitted:
            while coming.can_order and len(coming.ready) + coming.on_order < max(1.0, ahead):
                at = coming.entry_tick if coming.entry_tick is not None else timeline.end
                self._order_beat(coming, controls_now, Ticks(at + coming.next_to_order * TICKS_PER_QUARTER), now)
        if self.playback.repeating or (coming is not None and coming.immediate_until is not None):
            return  # the current take waits, or is about to end
        if current is not None and current.score is None and not current.generator_lost:
            length = self._beat_length
            horizon = self.playback.tick(now) + ahead * length
            while current.can_order and timeline.end + current.on_order * length < horizon:
                self._order_beat(current, controls_now, Ticks(timeline.end + current.on_order * length), now)

    def next_deadline(self) -> Seconds | None:
        """Return the time at which the current take needs its next beat, None if none is to be ordered or read."""
        current, coming = self.takes.current, self.takes.coming
        if self.playback.repeating or current is None:
            return None
        can_order = self.running and not current.generator_lost and current.can_order
        if not (can_order if current.score is None else current.has_more):
            return None
        if coming is not None and coming.immediate_until is not None:
            return None
        length = self._beat_length
        end = self.playback.timeline.end + current.on_order * length
        return self.playback.tempo.seconds_at(Ticks(int(end - self._lookahead_beats() * length) + 2))

    def prepare(self, prompt: str) -> None:
        """Have a prompt understood before it is needed."""
        self._send(Prepare(prompt))

    def early_preparation(self, prompt: str) -> list[Effect]:
        """Return an order to prepare a prompt, or nothing while another one is being understood: a limit against floods."""
        return [ToModel(Prepare(prompt))] if self.running and self._understanding_take is None else []

    def forget(self, take: Take | None) -> None:
        """Free a take in the generator, if it was submitted."""
        if take is not None and take.submitted:
            self._send(Forget(take.number))

    def on_answer(self, answer: Understood | BeatWritten | Failed) -> None:
        """Note that a prompt was understood, or that its take failed."""
        if answer.take == self._understanding_take and not isinstance(answer, BeatWritten):
            self._understanding_take = None

    def on_ready(self) -> None:
        """Note that a process waits for orders."""
        self.running = True

    def on_exit(self) -> None:
        """Note that the process died: pending orders will not be answered."""
        self.running, self._understanding_take = False, None

    @property
    def _beat_length(self) -> Ticks:
        """The length of the beats that are planned last."""
        placed = self.playback.timeline.placed
        return placed[-1].music.length if placed else TICKS_PER_QUARTER

    def _lookahead_beats(self) -> float:
        """Return how many beats are to be planned ahead now."""
        bpm = self.playback.tempo.bpm_at(self.playback.timeline.end)
        seconds = self._beat_length / TICKS_PER_QUARTER * 60 / bpm
        return self.accompaniment.lookahead_beats(float(self.settings["lookahead"]), seconds)

    def _submit_prompt(self, take: Take) -> None:
        """Submit a take's prompt, one prompt at a time, so that prompts replaced meanwhile are never processed."""
        if not take.submitted and self._understanding_take is None:
            self._understanding_take, take.submitted = take.number, True
            self._send(take.begin)

    def _order_beat(self, take: Take, controls: Controls, at: Ticks, now: Seconds) -> None:
        """Order the next beat of a take, which will begin at tick `at`."""
        index, band = take.next_order(), self.accompaniment
        controls = replace(band.controls_for(take, controls), morph=take.morph_x)
        played, given = band.as_played(take, index, now), band.given_by_player(at)
        self._send(Write(take.number, index, controls, given, played, take.section(index)))

    def _send(self, order: Order) -> None:
        if self.running:
            self.playback.emit(ToModel(order))
