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
from bridge.protocol.events import Tell
from bridge.session.accompaniment import Accompaniment
from bridge.session.generation import Generation
from bridge.session.host_sync import Baton
from bridge.session.playback import Stage
from bridge.session.quantize import Loop, line, missed_at
from bridge.session.settings import Desk, Expression
from bridge.takes.takes import Lineup, Take
from model.music.notes import TICKS_PER_QUARTER, Ticks

EVERY = Seconds(1)


@dataclass(slots=True)
class Vitals:
    """`late` counts note-ons over 5 ms late and takes that missed their line, `starved` the beats repeated."""

    late: int = 0
    dropped: int = 0
    starved: int = 0
    p99_ms: float = 0.0
    due: Seconds = Seconds(0)

    def start(self, now: Seconds) -> None:
        """Begin to tell, a second from now."""
        self.due = Seconds(now + EVERY)

    def hear(self, health: Health) -> None:
        """Add what the player counted in its last second."""
        self.late += health.late
        self.dropped += health.dropped
        self.p99_ms = health.p99_ms

    def report(self, now: Seconds, ahead: float) -> list[Tell]:
        """Return what is to be told now, if it is time; `ahead` is what is planned, in quarter notes."""
        if now < self.due:
            return []
        self.due = Seconds(now + EVERY)
        return [Tell("health", (self.late, self.dropped, self.starved, ahead, self.p99_ms))]


STARVING = Seconds(0.060)
"""This long before the end of what is planned, the vamp steps in."""


START = Seconds(0.030)


class State(Enum):
    """The states that a session can be in."""

    IDLE = "idle"
    WAITING = "waiting"
    PLAYING = "playing"


@dataclass(slots=True)
class Transport:
    """Plays what the others prepare; all of them are the session's. `settings` is its table of controls."""

    settings: dict[str, Value]
    stage: Stage
    takes: Lineup
    loop: Loop
    desk: Desk
    baton: Baton
    hands: Accompaniment
    model: Generation
    expression: Expression
    vitals: Vitals = field(default_factory=Vitals)
    state: State = State.IDLE
    _starting: bool = False

    # --- what is asked -------------------------------------------------------------------------

    def play(self, now: Seconds) -> None:
        """Begin at bar 1, as soon as the first beat is there. Raises BadRequest: there is no take."""
        take = self.takes.latest
        if take is None:
            raise BadRequest("/llmball/play", "there is nothing to play yet: send a prompt first")
        self._starting = True
        self._end(take, now)
        self._to(State.WAITING)

    def roll(self) -> None:
        """Begin with whoever leads the time, which has begun."""
        self._starting = True
        if self.takes.latest is not None:
            self._to(State.WAITING)

    def wait(self) -> None:
        """Have a take that was asked for wait until play, where nothing plays."""
        if self.state is not State.PLAYING:
            self._to(State.WAITING)

    def give_up(self) -> None:
        """Note that there is no take any more to wait for."""
        if self.state is State.WAITING:
            self._starting = False
            self._to(State.IDLE)

    def stop(self, panic: bool, now: Seconds) -> None:
        """End what sounds; the take is kept."""
        self._starting = False
        self.settings["hold"] = 0
        self._end(self.takes.latest, now, panic)
        self._to(State.IDLE)

    def _end(self, take: Take | None, now: Seconds, panic: bool = False) -> None:
        """Silence the stage and make a take ready to begin at bar 1."""
        if self.state is State.PLAYING:
            self.stage.cut(self.stage.tick(now))
        self.stage.silence(panic)
        self.hands.begin()
        self.loop.drop()
        if take is not self.takes.current:
            self.model.forget(self.takes.current)
        self.takes.current, self.takes.coming = None, take
        if take is not None and take.lost:
            self.takes.again(take)
        elif take is not None and self.state is State.PLAYING:
            take.rewind(0)
        if self.takes.coming is not None:
            self.takes.coming.line = self.takes.coming.at_once_until = None
            self.takes.coming.cue = self.takes.coming.closes = None

    # --- going on ------------------------------------------------------------------------------

    def proceed(self, now: Seconds) -> None:
        """Do whatever the moment asks for: start, enter, place, repeat, announce, order."""
        coming = self.takes.coming
        if self._starting and coming is not None and coming.ready and self.baton.may_begin():
            self._start(coming, now)
        if self.state is State.PLAYING:
            self._enter_if_due(now)
            self._place_ready()
            if self.takes.current is not None:
                self.loop.turn(self.takes.current, now, float(self.settings["lookahead"]))
            while not self._closed and self._starves_at() <= now and self.stage.vamp(self.takes.current):
                self.vitals.starved += 1
                self._enter_if_due(now)
            self.hands.proceed(now)
            self.expression.send()
            self.stage.announce(now)
            if self._closed and now >= self.stage.planned_until():
                self.stop(False, now)
                return
            ahead = (self.stage.timeline.end - self.stage.tick(now)) / TICKS_PER_QUARTER
            self.stage.effects += self.vitals.report(now, ahead)
        if self.model.up:
            self.model.keep_ahead(self.takes, self.stage, now, held=self.loop.on)

    def wake(self) -> Seconds | None:
        """Return when there is something to do, if at all."""
        if self.state is not State.PLAYING:
            return None
        missed = missed_at(self.takes.coming, self.stage)
        times = [self.vitals.due, self.stage.next_announcement(), missed, self.hands.wake()]
        if not self.loop.on:
            times.append(self.model.due(self.takes, self.stage))
        if self._closed:
            times.append(self.stage.planned_until())
        elif self.stage.timeline.placed:
            times.append(self._starves_at())
        return Seconds(min(t for t in times if t is not None))

    def _start(self, take: Take, now: Seconds) -> None:
        self._starting = False
        self.takes.enter(take)
        self.hands.begin()
        if self.baton.enter(take, now):
            self.stage.roll(Ticks(0))
        else:
            self.stage.start(self.desk.bpm(take), Seconds(now + START))
            self.stage.count_in(int(self.settings["countin"]), self.desk.meter(take))
            self.stage.roll(self.stage.timeline.end)
        self.vitals.start(now)
        self._to(State.PLAYING)

    def _enter_if_due(self, now: Seconds) -> None:
        """Let the coming take in: once what plays is planned up to its line and its first beat is there."""
        coming = self.takes.coming
        if coming is None:
            return
        stage = self.stage
        at, late = line(coming, stage, now)
        self.vitals.late += late
        if at is None or not coming.ready or (coming.at_once_until is None and stage.timeline.end < at):
            return
        stage.cut(at)
        stage.timeline.end = at
        self.model.forget(self.takes.current)
        self.takes.enter(coming)
        self.loop.drop()
        self.settings["hold"] = 0
        stage.retime(self.desk.bpm(coming), at)
        self.baton.alone(coming)
        self._place_ready()

    def _starves_at(self) -> Seconds:
        """Return when the vamp must step in; a take that enters at once is given a moment without it."""
        coming = self.takes.coming
        hungry = Seconds(self.stage.planned_until() - STARVING)
        waits = coming.at_once_until if coming is not None else None
        return hungry if waits is None else max(hungry, waits)

    @property
    def _closed(self) -> bool:
        """Whether what plays was asked to end, and all of it is planned."""
        take = self.takes.current
        return (
            take is not None
            and self.takes.coming is None
            and take.closes is not None
            and take.wanted >= take.closes
        )

    def _place_ready(self) -> None:
        take = self.takes.current
        if take is None or self.loop.on:
            return
        for beat in take.ready:
            self.stage.lay(take, beat, new_bar=beat.beat == 0)
        take.ready.clear()

    def _to(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.stage.effects.append(Tell("state", (state.value,)))
