"""The transport: idle, waiting or playing; while playing, places, orders and announces beats. Owned by the session.

Beats are ordered one by one, as far ahead as `lookahead` says, and placed end to end on the timeline. A take enters at its
quantize line. The planned beats never run out while playing: a missing beat is replaced by one of the last bar.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.midi.protocol import Health
from bridge.protocol.events import Publish
from bridge.session.accompaniment import Accompaniment
from bridge.session.generation import Generation
from bridge.session.host_sync import HostSync
from bridge.session.playback import Playback
from bridge.session.quantize import entry_deadline, entry_point
from bridge.takes.takes import Take, Takes
from model.music.notes import TICKS_PER_QUARTER

REPORT_INTERVAL = Seconds(1)
REPEAT_MARGIN = Seconds(0.060)
"""Seconds before the end of the planned beats at which a bar is repeated if no new beat has arrived."""


@dataclass(slots=True)
class HealthReport:
    """What `/llmball/health` reports.

    `late`: note-ons more than 5 ms late and takes that missed their line. `starved`: repeated beats.
    """

    late: int = 0
    dropped: int = 0
    starved: int = 0
    p99_ms: float = 0.0
    next_report: Seconds = Seconds(0)

    def start(self, now: Seconds) -> None:
        """Report from a second from now on."""
        self.next_report = Seconds(now + REPORT_INTERVAL)

    def add(self, health: Health) -> None:
        """Add the player's counts of its last second."""
        self.late += health.late
        self.dropped += health.dropped
        self.p99_ms = health.p99_ms

    def report(self, now: Seconds, ahead: float) -> list[Publish]:
        """Return the report if it is due; `ahead` is the planned time, in quarter notes."""
        if now < self.next_report:
            return []
        self.next_report = Seconds(now + REPORT_INTERVAL)
        return [Publish("health", (self.late, self.dropped, self.starved, ahead, self.p99_ms))]


class State(Enum):
    """The states of a session."""

    IDLE = "idle"
    WAITING = "waiting"
    PLAYING = "playing"


@dataclass(slots=True)
class Transport:
    """Starts, continues and stops playback."""

    playback: Playback
    takes: Takes
    host_sync: HostSync
    accompaniment: Accompaniment
    generation: Generation
    health: HealthReport = field(default_factory=HealthReport)
    state: State = State.IDLE
    starting: bool = False

    # --- requests --------------------------------------------------------------------------

    def play(self, now: Seconds) -> None:
        """Start at bar 1 as soon as the first beat is ready. Raises BadRequest if there is no take."""
        take = self.takes.latest
        if take is None:
            raise BadRequest("/llmball/play", "there is nothing to play yet: send a prompt first")
        self.starting = True
        self.generation.forget(self.takes.resume(None))
        self._reset_to_bar_one(take, now)
        self._set_state(State.WAITING)

    def start_with_host(self, now: Seconds) -> None:
        """Start because the host has started, or has gone elsewhere before anything sounded: where it goes on within its song, so does the take."""
        if self.starting:
            self.takes.pause()
        self.starting = True
        if self.takes.latest is not None:
            paused = self.takes.waits_paused
            found = None if paused is None else self.host_sync.resumption(paused, now)
            self.generation.forget(self.takes.resume(None if found is None else found.index))
            self.playback.replay(() if found is None else found.beats)
            self._set_state(State.WAITING)

    def stop_with_host(self, now: Seconds) -> None:
        """Stop because the host has stopped. The take begins anew with play, and may go on where the host does."""
        if self.host_sync.keeps_place:
            self.host_sync.pause()
            self.takes.pause()
        self._stop(False, now)

    def wait_for_play(self) -> None:
        """Enter the WAITING state unless playing: a take was requested, and will start with play."""
        if self.state is not State.PLAYING:
            self._set_state(State.WAITING)

    def cancel_waiting(self) -> None:
        """Leave the WAITING state: its take has failed."""
        if self.state is State.WAITING:
            self.starting = False
            self._set_state(State.IDLE)

    def stop(self, panic: bool, now: Seconds) -> None:
        """Stop playback. The take is kept and comes again with play."""
        self.generation.forget(self.takes.resume(None))
        self._stop(panic, now)

    def _stop(self, panic: bool, now: Seconds) -> None:
        self.starting = False
        self.playback.cancel_hold()
        self._reset_to_bar_one(self.takes.latest, now, panic)
        self._set_state(State.IDLE)

    def add_health(self, health: Health) -> None:
        """Add the player's report of its last second."""
        self.health.add(health)

    def _reset_to_bar_one(self, take: Take | None, now: Seconds, panic: bool = False) -> None:
        """Silence the playback and make a take ready to start at bar 1."""
        if self.state is State.PLAYING:
            self.playback.cut(self.playback.tick(now))
        self.playback.silence(panic)
        self.accompaniment.reset()
        if take is not self.takes.current:
            self.generation.forget(self.takes.current)
        self.takes.reset(take, played=self.state is State.PLAYING)

    # --- playing -----------------------------------------------------------------------------

    def proceed(self, now: Seconds) -> None:
        """Do what is due: start, let a take enter, place or repeat beats, announce, order."""
        coming = self.takes.coming
        self.generation.read_score(coming, now)
        known = coming is not None and (coming.ready or (coming.goes_on and self.playback.repeating))
        if self.starting and coming is not None and known and self.host_sync.can_start():
            self._start(coming, now)
        if self.state is not State.IDLE:
            self.host_sync.proceed(now)
        if self.state is State.PLAYING:
            self._enter_if_due(now)
            self._place_ready(now)
            if self.takes.current is not None:
                self.playback.proceed_hold(self.takes.current, now)
                self.playback.proceed_replay(self.takes.current, now)
            while (
                not self._ending_planned
                and self._repeat_deadline() <= now
                and self.playback.repeat_beat(self.takes.current)
            ):
                self.health.starved += 1
                self._enter_if_due(now)
            self.accompaniment.proceed(now)
            self.playback.send_levels(self.takes.current)
            self.playback.send_expression(now)
            self.playback.announce(now)
            self.host_sync.remember()
            if self._ending_planned and now >= self.playback.planned_until():
                self.stop(False, now)
                return
            ahead = (self.playback.timeline.end - self.playback.tick(now)) / TICKS_PER_QUARTER
            self.playback.emit(*self.health.report(now, ahead))
        self.generation.order_ahead(now)

    def next_deadline(self) -> Seconds | None:
        """Return the time at which `proceed` must be called, None for never."""
        if self.state is State.WAITING:
            return self.host_sync.next_deadline()
        if self.state is State.IDLE:
            return None
        times = [
            self.health.next_report,
            self.playback.next_announcement(),
            entry_deadline(self.takes.coming, self.playback),
            self.accompaniment.next_deadline(),
            self.generation.next_deadline(),
        ]
        if self._ending_planned:
            times.append(self.playback.planned_until())
        elif self.playback.timeline.placed:
            times.append(self._repeat_deadline())
        return Seconds(min(t for t in times if t is not None))

    def _start(self, take: Take, now: Seconds) -> None:
        self.starting = False
        self.takes.make_current(take)
        self.accompaniment.reset()
        self.host_sync.start(take, now)
        self.health.start(now)
        self._set_state(State.PLAYING)

    def _enter_if_due(self, now: Seconds) -> None:
        """Let the coming take enter if beats are planned up to its line and its first beat is ready."""
        coming = self.takes.coming
        if coming is None:
            return
        playback = self.playback
        at, late = entry_point(coming, playback, now)
        self.health.late += late
        if at is None or not coming.ready or (coming.immediate_until is None and playback.timeline.end < at):
            return
        playback.enter_at(at)
        self.generation.forget(self.takes.current)
        self.takes.make_current(coming)
        playback.cancel_hold()
        self.host_sync.enter(coming, at)
        self._place_ready(now)

    def _repeat_deadline(self) -> Seconds:
        """Return the time at which a bar is repeated; not before a take that enters immediately had time to get ready."""
        coming = self.takes.coming
        deadline = Seconds(self.playback.planned_until() - REPEAT_MARGIN)
        immediate_until = coming.immediate_until if coming is not None else None
        return deadline if immediate_until is None else max(deadline, immediate_until)

    @property
    def _ending_planned(self) -> bool:
        """True if the current take ends and all its beats are planned."""
        take = self.takes.current
        return (
            take is not None
            and self.takes.coming is None
            and take.end_beat is not None
            and take.next_to_place >= take.end_beat
        )

    def _place_ready(self, now: Seconds) -> None:
        take = self.takes.current
        if take is not None and not self.playback.repeating:
            self.generation.read_score(take, now)
            for beat in take.take_ready():
                self.playback.place(take, beat, new_bar=beat.beat == 0)

    def _set_state(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.playback.emit(Publish("state", (state.value,)))
