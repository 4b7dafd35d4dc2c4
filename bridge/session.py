"""What the daemon is doing, and what it does next: events in, effects out. The only place that decides.

It does no I/O, starts no task and reads no clock: the moment comes with each event, in seconds of `bridge.clock`.
A prompt makes a take; the take that plays goes on until the new one enters at a quantize line. Beats are ordered
one by one, as far ahead as `lookahead` says, and placed end to end on the timeline.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import assert_never

from bridge.accompany import Accompaniment
from bridge.baton import Baton, Turn
from bridge.casting import Casting, Casts
from bridge.clock import Seconds
from bridge.controls import Value
from bridge.cues import cue
from bridge.desk import Desk
from bridge.entrance import line, missed_at
from bridge.errors import BadRequest
from bridge.events import (
    BackAsked,
    BankLaunched,
    BankStored,
    ControlSet,
    CueGiven,
    Effect,
    Event,
    GeneratorLost,
    GeneratorReady,
    Heard,
    Judged,
    LaunchAsked,
    LinkHeard,
    MorphGiven,
    PlayAsked,
    PlayerReady,
    PromptGiven,
    RefineGiven,
    StopAsked,
    TapGiven,
    TasteReset,
    Tell,
    TransportGiven,
    Woken,
)
from bridge.expression import Expression
from bridge.generation import Generation
from bridge.keepsake import Keepsake
from bridge.lineup import Lineup
from bridge.loop import Loop
from bridge.memory import Memory
from bridge.orders import Health
from bridge.record import Record
from bridge.settings import defaults
from bridge.stage import Stage
from bridge.sync import TIME_MESSAGES, Taps
from bridge.take import Take
from bridge.vitals import Vitals
from model.midifile import Song
from model.music import TICKS_PER_QUARTER, BeatWritten, Failed, Ticks, Understood
from model.taste import Weighting, shipped

STARVING = Seconds(0.060)
"""This long before the end of what is planned, the vamp steps in."""
START = Seconds(0.030)


class State(Enum):
    """The states that a session can be in."""

    IDLE = "idle"
    WAITING = "waiting"
    PLAYING = "playing"


class Session:
    """One performance. `seeds` gives the seed of a take where the owner set none, `theta` is the user's taste."""

    def __init__(
        self,
        seeds: Callable[[], int],
        record: bool = False,
        theta: Weighting | None = None,
        sync: str = "internal",
        weights: str = "",
    ) -> None:
        self.state = State.IDLE
        self.settings: dict[str, Value] = defaults()
        self._stage = Stage(self.settings, Record(record))
        self._takes = Lineup(self.settings, seeds, shipped() if theta is None else theta)
        self._loop = Loop(self._stage)
        self._desk = Desk(self.settings, self._stage, self._takes, self._loop)
        self._baton, self._taps = Baton(sync, self._stage, self._desk), Taps()
        self._hands = Accompaniment(self.settings, self._stage, self._takes, self._desk)
        self._model = Generation(lambda effect: self._stage.effects.append(effect), self._hands)
        self._casting = Casting(self._stage, self._takes, self._model, self._desk)
        self._memory = Memory(self._stage, self._takes, self.settings, weights)
        self._starting = False
        self._expression = Expression(self.settings, self._stage, self._takes)
        self._vitals = Vitals()

    # --- the outside ---------------------------------------------------------------------------

    def on(self, event: Event, now: Seconds) -> list[Effect]:
        """Take one event; return what must be done, in order. Raises BadRequest, having changed nothing."""
        self._stage.effects = []
        match event:
            case MorphGiven(_, _, x):
                self.settings["morph/x"] = x
                self._cast(event, now)
            case PromptGiven() | RefineGiven() | BackAsked() | LaunchAsked() | BankLaunched():
                self._cast(event, now)
            case BankStored():
                self._casting.store(event)
            case CueGiven(section):
                self._cued(section, now)
            case ControlSet(path, value):
                self._set(path, value, now)
            case PlayAsked():
                self._play(now)
                self._baton.ask(playing=True)
            case StopAsked(panic):
                self._stop(panic, now)
                self._baton.ask(playing=False)
            case TransportGiven() | LinkHeard():
                self._led(self._baton.moved(event, now), now)
            case TapGiven():
                bpm = self._taps.tap(now)
                if bpm is not None:
                    self._set("tempo", round(bpm, 1), now)
            case Judged() | TasteReset():
                self._casting.judge(event)
            case Understood() | BeatWritten() | Failed():
                if self._casting.answered(event, now) is None and self.state is State.WAITING:
                    self._starting = False
                    self._to(State.IDLE)
            case GeneratorLost():
                self._model.lost()
                for take in self._takes.all:
                    take.pending.clear()
            case GeneratorReady():
                self._casting.revived(now)
            case PlayerReady():
                if self.state is State.PLAYING:
                    self._stage.resend(now)
            case Health():
                self._vitals.hear(event)
            case Heard():
                self._heard(event, now)
            case Woken():
                pass
            case _:
                assert_never(event)
        self._proceed(now)
        return self._stage.effects

    def wake(self) -> Seconds | None:
        """Return when the session wants to be woken, if at all."""
        if self.state is not State.PLAYING:
            return None
        missed = missed_at(self._takes.coming, self._stage)
        times = [self._vitals.due, self._stage.next_announcement(), missed, self._hands.wake()]
        if not self._loop.on:
            times.append(self._model.due(self._takes, self._stage))
        if self._closed:
            times.append(self._stage.planned_until())
        elif self._stage.timeline.placed:
            times.append(self._starves_at())
        return Seconds(min(t for t in times if t is not None))

    def asked(self, path: str) -> tuple[Value, ...]:
        """Return the value of a control, or the two prompts and the place of the morph."""
        if path == "morph":
            return (*self._casting.ends, self.settings["morph/x"])
        return (self.settings[path],)

    @property
    def bank(self) -> dict[int, str]:
        """The prompts of the bank by slot."""
        return dict(self._casting.bank)

    def recorded(self, now: Seconds) -> Song | None:
        """Return the whole bars played so far, where a record is wanted."""
        return self._memory.recorded(now)

    def keepsake(self, bars: int, now: Seconds) -> Keepsake:
        """Return the last whole bars with all that they came from. Raises BadRequest where there are none."""
        return self._memory.keepsake(bars, now)

    def words(self) -> str:
        """Return the prompt of the latest take, or nothing."""
        take = self._takes.latest
        return "" if take is None else take.begin.prompt

    def planned(self) -> tuple[tuple[float, int, int, str], ...]:
        """Return (quarter, bar, beat, chord where one begins) of the beats that are known."""
        return self._stage.planned()

    # --- requests ------------------------------------------------------------------------------

    def _cast(self, wanted: Casts, now: Seconds) -> None:
        self._casting.cast(wanted)
        if self.state is State.PLAYING:
            self._casting.aim(str(self.settings["quantize"]), now)
        else:
            self._to(State.WAITING)

    def _cued(self, section: str, now: Seconds) -> None:
        take = self._takes.current
        if take is None:
            raise BadRequest("/llmball/cue", "no take plays: play one first")
        if self._loop.on:
            self._let_go(now)
        cue(section, take, self._stage, str(self.settings["quantize"]), now)

    def _let_go(self, now: Seconds) -> None:
        self.settings["hold"] = 0
        self._loop.set(0, now)

    def _play(self, now: Seconds) -> None:
        take = self._takes.latest
        if take is None:
            raise BadRequest("/llmball/play", "there is nothing to play yet: send a prompt first")
        self._starting = True
        self._end(take, now)
        self._to(State.WAITING)

    def _stop(self, panic: bool, now: Seconds) -> None:
        self._starting = False
        self.settings["hold"] = 0
        self._end(self._takes.latest, now, panic)
        self._to(State.IDLE)

    def _end(self, take: Take | None, now: Seconds, panic: bool = False) -> None:
        """Silence the stage and make a take ready to begin at bar 1."""
        if self.state is State.PLAYING:
            self._stage.cut(self._stage.tick(now))
        self._stage.silence(panic)
        self._hands.begin()
        self._loop.drop()
        if take is not self._takes.current:
            self._model.forget(self._takes.current)
        self._takes.current, self._takes.coming = None, take
        if take is not None and take.lost:
            self._takes.again(take)
        elif take is not None and self.state is State.PLAYING:
            take.rewind(0)
        if self._takes.coming is not None:
            self._takes.coming.line = self._takes.coming.at_once_until = None
            self._takes.coming.cue = self._takes.coming.closes = None

    def _heard(self, message: Heard, now: Seconds) -> None:
        """Hand a MIDI message to whom it concerns; the only place where that is decided."""
        if message.data[0] in TIME_MESSAGES:
            self._led(self._baton.heard(message), now)
        else:
            self._hands.heard(message)

    def _led(self, turn: Turn, now: Seconds) -> None:
        """Do what whoever leads the time does."""
        match turn:
            case Turn.BEGAN if self.state is not State.PLAYING:
                self._starting = True
                if self._takes.latest is not None:
                    self._to(State.WAITING)
            case Turn.ENDED:
                self._stop(False, now)
            case Turn.BEGAN | Turn.LEAPT if self._takes.current is not None:
                self._baton.leap(self._takes.current, now)

    def _set(self, path: str, value: Value, now: Seconds) -> None:
        self._desk.set(path, value, now)
        if path == "hold" and self.state is State.PLAYING:
            self._loop.set(int(value), now)
        if path == "tempo":
            self._baton.propose(float(value))
        if path == "send/clock":
            self._stage.clock()

    # --- going on ------------------------------------------------------------------------------

    def _proceed(self, now: Seconds) -> None:
        """Do whatever the moment asks for: start, enter, place, repeat, announce, order."""
        coming = self._takes.coming
        if self._starting and coming is not None and coming.ready and self._baton.may_begin():
            self._start(coming, now)
        if self.state is State.PLAYING:
            self._enter_if_due(now)
            self._place_ready()
            if self._takes.current is not None:
                self._loop.turn(self._takes.current, now, float(self.settings["lookahead"]))
            while not self._closed and self._starves_at() <= now and self._stage.vamp(self._takes.current):
                self._vitals.starved += 1
                self._enter_if_due(now)
            self._hands.proceed(now)
            self._expression.send()
            self._stage.announce(now)
            if self._closed and now >= self._stage.planned_until():
                self._stop(False, now)
                return
            ahead = (self._stage.timeline.end - self._stage.tick(now)) / TICKS_PER_QUARTER
            self._stage.effects += self._vitals.report(now, ahead)
        if self._model.up:
            self._model.keep_ahead(self._takes, self._stage, now, held=self._loop.on)

    def _start(self, take: Take, now: Seconds) -> None:
        self._starting = False
        self._takes.enter(take)
        self._hands.begin()
        if self._baton.enter(take, now):
            self._stage.roll(Ticks(0))
        else:
            self._stage.start(self._desk.bpm(take), Seconds(now + START))
            self._stage.count_in(int(self.settings["countin"]), self._desk.meter(take))
            self._stage.roll(self._stage.timeline.end)
        self._vitals.start(now)
        self._to(State.PLAYING)

    def _enter_if_due(self, now: Seconds) -> None:
        """Let the coming take in: once what plays is planned up to its line and its first beat is there."""
        coming = self._takes.coming
        if coming is None:
            return
        stage = self._stage
        at, late = line(coming, stage, now)
        self._vitals.late += late
        if at is None or not coming.ready or (coming.at_once_until is None and stage.timeline.end < at):
            return
        stage.cut(at)
        stage.timeline.end = at
        self._model.forget(self._takes.current)
        self._takes.enter(coming)
        self._loop.drop()
        self.settings["hold"] = 0
        stage.retime(self._desk.bpm(coming), at)
        self._baton.alone(coming)
        self._place_ready()

    def _starves_at(self) -> Seconds:
        """Return when the vamp must step in; a take that enters at once is given a moment without it."""
        coming = self._takes.coming
        hungry = Seconds(self._stage.planned_until() - STARVING)
        waits = coming.at_once_until if coming is not None else None
        return hungry if waits is None else max(hungry, waits)

    @property
    def _closed(self) -> bool:
        """Whether what plays was asked to end, and all of it is planned."""
        take = self._takes.current
        return (
            take is not None
            and self._takes.coming is None
            and take.closes is not None
            and take.wanted >= take.closes
        )

    def _place_ready(self) -> None:
        take = self._takes.current
        if take is None or self._loop.on:
            return
        for beat in take.ready:
            self._stage.lay(take, beat, new_bar=beat.beat == 0)
        take.ready.clear()

    def _to(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self._stage.effects.append(Tell("state", (state.value,)))
