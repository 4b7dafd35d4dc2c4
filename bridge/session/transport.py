"""The transport: idle, waiting or playing, and from moment to moment what playing asks for. Owned by the session.

Beats are ordered one by one, as far ahead as `lookahead` says, and placed end to end on the timeline; a take enters at its
line; what is planned never ends while playing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.midi.protocol import Health
from bridge.protocol.controls import Value
from bridge.protocol.events import Publish
from bridge.session.accompaniment import Accompaniment
from bridge.session.generation import Generation
from bridge.session.host_sync import HostSync
from bridge.session.playback import Playback
from bridge.session.quantize import HoldLoop, entry_deadline, entry_point
from bridge.session.settings import ExpressionControllers, SettingsControl
from bridge.takes.takes import Take, Takes
from model.music.notes import TICKS_PER_QUARTER, Ticks

REPORT_INTERVAL = Seconds(1)


@dataclass(slots=True)
class HealthReport:
    """`late` counts note-ons over 5 ms late and takes that missed their line, `starved` the beats repeated."""

    late: int = 0
    dropped: int = 0
    starved: int = 0
    p99_ms: float = 0.0
    next_report: Seconds = Seconds(0)

    def start(self, now: Seconds) -> None:
        """Begin to tell, a second from now."""
        self.next_report = Seconds(now + REPORT_INTERVAL)

    def add(self, health: Health) -> None:
        """Add what the player counted in its last second."""
        self.late += health.late
        self.dropped += health.dropped
        self.p99_ms = health.p99_ms

    def report(self, now: Seconds, ahead: float) -> list[Publish]:
        """Return what is to be told now, if it is time; `ahead` is what is planned, in quarter notes."""
        if now < self.next_report:
            return []
        self.next_report = Seconds(now + REPORT_INTERVAL)
        return [Publish("health", (self.late, self.dropped, self.starved, ahead, self.p99_ms))]


VAMP_MARGIN = Seconds(0.060)
"""This long before the end of what is planned, the vamp steps in."""


START_DELAY = Seconds(0.030)


class State(Enum):
    """The states that a session can be in."""

    IDLE = "idle"
    WAITING = "waiting"
    PLAYING = "playing"


@dataclass(slots=True)
class Transport:
    """Plays what the others prepare; all of them are the session's. `settings` is its table of controls."""

    settings: dict[str, Value]
    playback: Playback
    takes: Takes
    hold_loop: HoldLoop
    settings_control: SettingsControl
    host_sync: HostSync
    accompaniment: Accompaniment
    generation: Generation
    expression: ExpressionControllers
    health: HealthReport = field(default_factory=HealthReport)
    state: State = State.IDLE
    _starting: bool = False

    # --- what is asked -------------------------------------------------------------------------

    def play(self, now: Seconds) -> None:
        """Begin at bar 1, as soon as the first beat is there. Raises BadRequest: there is no take."""
        take = self.takes.latest
        if take is None:
            raise BadRequest("/llmball/play", "there is nothing to play yet: send a prompt first")
        self._starting = True
        self._reset_to_bar_one(take, now)
        self._set_state(State.WAITING)

    def start_with_host(self) -> None:
        """Begin with whoever leads the time, which has begun."""
        self._starting = True
        if self.takes.latest is not None:
            self._set_state(State.WAITING)

    def wait_for_play(self) -> None:
        """Have a take that was asked for wait until play, where nothing plays."""
        if self.state is not State.PLAYING:
            self._set_state(State.WAITING)

    def cancel_waiting(self) -> None:
        """Note that there is no take any more to wait for."""
        if self.state is State.WAITING:
            self._starting = False
            self._set_state(State.IDLE)

    def stop(self, panic: bool, now: Seconds) -> None:
        """End what sounds; the take is kept."""
        self._starting = False
        self.settings["hold"] = 0
        self._reset_to_bar_one(self.takes.latest, now, panic)
        self._set_state(State.IDLE)

    def _reset_to_bar_one(self, take: Take | None, now: Seconds, panic: bool = False) -> None:
        """Silence the stage and make a take ready to begin at bar 1."""
        if self.state is State.PLAYING:
            self.playback.cut(self.playback.tick(now))
        self.playback.silence(panic)
        self.accompaniment.reset()
        self.hold_loop.cancel()
        if take is not self.takes.current:
            self.generation.forget(self.takes.current)
        self.takes.current, self.takes.coming = None, take
        if take is not None and take.generator_lost:
            self.takes.restart(take)
        elif take is not None and self.state is State.PLAYING:
            take.rewind(0)
        if self.takes.coming is not None:
            self.takes.coming.entry_tick = self.takes.coming.immediate_until = None
            self.takes.coming.cue = self.takes.coming.end_beat = None

    # --- going on ------------------------------------------------------------------------------

    def proceed(self, now: Seconds) -> None:
        """Do whatever the moment asks for: start, enter, place, repeat, announce, order."""
        coming = self.takes.coming
        if self._starting and coming is not None and coming.ready and self.host_sync.can_start():
            self._start(coming, now)
        if self.state is State.PLAYING:
            self._enter_if_due(now)
            self._place_ready()
            if self.takes.current is not None:
                self.hold_loop.update(self.takes.current, now, float(self.settings["lookahead"]))
            while (
                not self._ending_planned
                and self._vamp_deadline() <= now
                and self.playback.repeat_beat(self.takes.current)
            ):
                self.health.starved += 1
                self._enter_if_due(now)
            self.accompaniment.proceed(now)
            self.expression.send()
            self.playback.announce(now)
            if self._ending_planned and now >= self.playback.planned_until():
                self.stop(False, now)
                return
            ahead = (self.playback.timeline.end - self.playback.tick(now)) / TICKS_PER_QUARTER
            self.playback.effects += self.health.report(now, ahead)
        if self.generation.running:
            self.generation.order_ahead(self.takes, self.playback, now, held=self.hold_loop.active)

    def next_deadline(self) -> Seconds | None:
        """Return when there is something to do, if at all."""
        if self.state is not State.PLAYING:
            return None
        entry_deadline_ = entry_deadline(self.takes.coming, self.playback)
        times = [
            self.health.next_report,
            self.playback.next_announcement(),
            entry_deadline_,
            self.accompaniment.next_deadline(),
        ]
        if not self.hold_loop.active:
            times.append(self.generation.next_deadline(self.takes, self.playback))
        if self._ending_planned:
            times.append(self.playback.planned_until())
        elif self.playback.timeline.placed:
            times.append(self._vamp_deadline())
        return Seconds(min(t for t in times if t is not None))

    def _start(self, take: Take, now: Seconds) -> None:
        self._starting = False
        self.takes.make_current(take)
        self.accompaniment.reset()
        if self.host_sync.start_on_host_beat(take, now):
            self.playback.set_bar_one(Ticks(0))
        else:
            self.playback.start(self.settings_control.bpm(take), Seconds(now + START_DELAY))
            self.playback.count_in(int(self.settings["countin"]), self.settings_control.meter(take))
            self.playback.set_bar_one(self.playback.timeline.end)
        self.health.start(now)
        self._set_state(State.PLAYING)

    def _enter_if_due(self, now: Seconds) -> None:
        """Let the coming take in: once what plays is planned up to its line and its first beat is there."""
        coming = self.takes.coming
        if coming is None:
            return
        playback = self.playback
        at, late = entry_point(coming, playback, now)
        self.health.late += late
        if at is None or not coming.ready or (coming.immediate_until is None and playback.timeline.end < at):
            return
        playback.cut(at)
        playback.timeline.end = at
        self.generation.forget(self.takes.current)
        self.takes.make_current(coming)
        self.hold_loop.cancel()
        self.settings["hold"] = 0
        playback.retime(self.settings_control.bpm(coming), at)
        self.host_sync.send_own_tempo_if_alone(coming)
        self._place_ready()

    def _vamp_deadline(self) -> Seconds:
        """Return when the vamp must step in; a take that enters at once is given a moment without it."""
        coming = self.takes.coming
        deadline = Seconds(self.playback.planned_until() - VAMP_MARGIN)
        immediate_until = coming.immediate_until if coming is not None else None
        return deadline if immediate_until is None else max(deadline, immediate_until)

    @property
    def _ending_planned(self) -> bool:
        """Whether what plays was asked to end, and all of it is planned."""
        take = self.takes.current
        return (
            take is not None
            and self.takes.coming is None
            and take.end_beat is not None
            and take.next_to_place >= take.end_beat
        )

    def _place_ready(self) -> None:
        take = self.takes.current
        if take is None or self.hold_loop.active:
            return
        for beat in take.ready:
            self.playback.place(take, beat, new_bar=beat.beat == 0)
        take.ready.clear()

    def _set_state(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.playback.effects.append(Publish("state", (state.value,)))
