"""What the daemon is doing, and what it does next: events in, effects out. The only place that decides.

It does no I/O, starts no task and reads no clock: the moment comes with each event, in seconds of `bridge.clock`.
A prompt makes a take; the take that plays goes on until the new one enters at a quantize line. Beats are ordered
one by one, as far ahead as `lookahead` says, and placed end to end on the timeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from typing import assert_never

from bridge.addresses import Value
from bridge.clock import Seconds
from bridge.entrance import NEAR, NOTICE, aim, aim_at_once, line, missed_at
from bridge.errors import BadRequest
from bridge.events import (
    ControlSet,
    Effect,
    Event,
    Fault,
    GeneratorLost,
    GeneratorReady,
    Judged,
    MorphGiven,
    PlayAsked,
    PlayerReady,
    PromptGiven,
    StopAsked,
    TasteChanged,
    TasteReset,
    Tell,
    Woken,
)
from bridge.generation import Generation
from bridge.orders import Health
from bridge.record import Record
from bridge.settings import Reach, controls, defaults, reach
from bridge.stage import Stage
from bridge.take import Take
from bridge.telling import understood
from bridge.vitals import Vitals
from model.midifile import Song
from model.music import PARTS, TICKS_PER_QUARTER, BeatWritten, Begin, Failed, Understood
from model.taste import Weighting, drawn, moved, shipped

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
        self, seeds: Callable[[], int], record: bool = False, theta: Weighting | None = None
    ) -> None:
        self.state = State.IDLE
        self.settings: dict[str, Value] = defaults()
        self._theta = shipped() if theta is None else theta
        self._ends = ("", "")
        self._stage = Stage(self.settings, Record(record))
        self._seeds = seeds
        self._current: Take | None = None
        self._coming: Take | None = None
        self._numbers = 0
        self._starting = False
        self._model = Generation(lambda effect: self._stage.effects.append(effect))
        self._vitals = Vitals()

    # --- the outside ---------------------------------------------------------------------------

    def on(self, event: Event, now: Seconds) -> list[Effect]:
        """Take one event; return what must be done, in order. Raises BadRequest, having changed nothing."""
        self._stage.effects = []
        match event:
            case PromptGiven(text):
                self._prompted(text, None, now)
            case MorphGiven(first, second, x):
                self._ends, self.settings["morph/x"] = (first, second), x
                self._prompted(first, second, now)
            case ControlSet(path, value):
                self._set(path, value, now)
            case PlayAsked():
                self._play(now)
            case StopAsked(panic):
                self._stop(panic, now)
            case Judged(liked):
                self._judged(liked)
            case TasteReset():
                self._to_taste(shipped())
            case Understood() | BeatWritten() | Failed():
                self._answered(event, now)
            case GeneratorLost():
                self._model.lost()
                for take in self._takes():
                    take.pending.clear()
            case GeneratorReady():
                self._revived(now)
            case PlayerReady():
                if self.state is State.PLAYING:
                    self._stage.resend(now)
            case Health():
                self._vitals.hear(event)
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
        times = [self._vitals.due, self._stage.next_announcement(), missed_at(self._coming, self._stage)]
        if self._stage.timeline.placed:
            times.append(self._starves_at())
        return Seconds(min(t for t in times if t is not None))

    def asked(self, path: str) -> tuple[Value, ...]:
        """Return the value of a control, or the two prompts and the place of the morph."""
        if path == "morph":
            return (*self._ends, self.settings["morph/x"])
        return (self.settings[path],)

    def recorded(self, now: Seconds) -> Song | None:
        """Return the whole bars played so far, where a record is wanted."""
        take = self._current or self._coming
        key = take.plan.key if take is not None and take.plan is not None else "C major"
        return self._stage.record.song(key, self._stage.tick(Seconds(now + NEAR)))

    # --- requests ------------------------------------------------------------------------------

    def _prompted(self, text: str, second: str | None, now: Seconds) -> None:
        seed = int(self.settings["seed"])
        if seed < 0:
            seed = self._seeds()
        theta = tuple(drawn(self._theta, seed).items())
        begin = Begin(0, text, controls(self.settings), seed, morph=second, theta=theta)
        self._model.forget(self._coming)
        self._come(begin, float(self.settings["morph/x"]))
        if self.state is State.PLAYING:
            self._aim(now)
        else:
            self._to(State.WAITING)

    def _come(self, begin: Begin, place: float) -> None:
        """Make a take under a new number, the one that comes."""
        self._numbers += 1
        self._coming = Take(replace(begin, take=self._numbers), place=place)

    def _aim(self, now: Seconds) -> None:
        """Choose where the coming take means to enter; `now` takes the old notes back at once."""
        quantize, take = str(self.settings["quantize"]), self._coming
        if take is None:
            return
        if quantize != "now":
            aim(take, quantize, self._stage, now)
            return
        gone = self._stage.cut(self._stage.tick(now))
        if self._current is not None:  # what is on order of it comes too late
            mine = [p.music.index for p in gone if p.take == self._current.number]
            self._current.rewind(min([*mine, self._current.wanted]))
        aim_at_once(take, now)

    def _play(self, now: Seconds) -> None:
        take = self._coming or self._current
        if take is None:
            raise BadRequest("/llmball/play", "there is nothing to play yet: send a prompt first")
        self._starting = True
        self._end(take, now)
        self._to(State.WAITING)

    def _stop(self, panic: bool, now: Seconds) -> None:
        self._starting = False
        self._end(self._coming or self._current, now, panic)
        self._to(State.IDLE)

    def _end(self, take: Take | None, now: Seconds, panic: bool = False) -> None:
        """Silence the stage and make a take ready to begin at bar 1."""
        if self.state is State.PLAYING:
            self._stage.cut(self._stage.tick(now))
        self._stage.silence(panic)
        if take is not self._current:
            self._model.forget(self._current)
        self._current, self._coming = None, take
        if take is not None and take.lost:
            self._again(take)
        elif take is not None and self.state is State.PLAYING:
            take.rewind(0)
        if self._coming is not None:
            self._coming.line = self._coming.at_once_until = None

    def _set(self, path: str, value: Value, now: Seconds) -> None:
        take = self._coming or self._current
        before = [] if take is None else list(self._understood(take))
        self.settings[path] = value
        if path == "morph/x" and take is not None:
            take.place = float(value)
        for news in () if take is None else self._understood(take):
            if news not in before:
                self._tell(news[0], *news[1])
        match reach(path):
            case Reach.BEATS | Reach.BARS as reached:
                self._rewrite(now, bar_line=reached is Reach.BARS)
            case Reach.PLACE if take is not None and take.begin.morph is not None:
                self._move(take, now)
            case Reach.TEMPO if self._current is not None and self.state is State.PLAYING:
                self._stage.retime(self._bpm(self._current), self._stage.tick(now))
            case Reach.SOUNDS if self._current is not None and self.state is State.PLAYING:
                self._stage.arrange_anew(now)

    def _move(self, take: Take, now: Seconds) -> None:
        """Have a take of two prompts go on from its new place between them: its tempo at once, its notes soon."""
        if take is self._coming:
            take.rewind(0)
        elif self.state is State.PLAYING:
            here = self._stage.timeline.first_of(take.number, self._stage.tick(now))
            self._stage.retime(self._bpm(take), here)
            self._rewrite(now, bar_line=False)

    def _judged(self, liked: bool) -> None:
        if self._current is None:
            raise BadRequest("/llmball/like" if liked else "/llmball/skip", "no take plays: play one first")
        self._to_taste(moved(self._theta, dict(self._current.begin.theta), liked))

    def _to_taste(self, theta: Weighting) -> None:
        self._theta = theta
        self._stage.effects.append(TasteChanged(theta))

    # --- answers -------------------------------------------------------------------------------

    def _answered(self, answer: Understood | BeatWritten | Failed, now: Seconds) -> None:
        self._model.answered(answer)
        take = next((t for t in self._takes() if t.number == answer.take), None)
        if take is None:
            return  # of a take that was given up
        match answer:
            case Understood(_, plan, other):
                take.first, take.other = plan, other
                for path, args in self._understood(take):
                    self._tell(path, *args)
            case BeatWritten():
                beat = take.take_in(answer)
                if beat is not None:
                    take.wanted = beat.index + 1
                    take.ready.append(beat)
            case Failed(_, reason):
                self._stage.effects.append(Fault(f"take {take.number}: {reason}"))
                self._tell("error", "/llmball/prompt", f"take {take.number} could not be written")
                if take is self._coming:
                    self._coming = None
                    if self.state is State.WAITING:
                        self._starting = False
                        self._to(State.IDLE)
                elif not take.lost:
                    self._again(take)
                    self._aim_at_bar(now)

    def _revived(self, now: Seconds) -> None:
        """Give a new generator what the old one was at; what plays goes on by repeating until it enters."""
        self._model.up = True
        if self._coming is not None:
            self._coming.rewind(0)
            self._coming.begun = False
            if self._current is not None:
                self._current.lost = True
        elif self._current is not None:
            self._again(self._current)
            self._aim_at_bar(now)

    def _again(self, take: Take) -> None:
        """Ask for the words and the seed of a take once more, as a new take."""
        take.lost = True
        self._come(take.begin, take.place)

    def _aim_at_bar(self, now: Seconds) -> None:
        if self._coming is not None and self.state is State.PLAYING:
            aim(self._coming, "bar", self._stage, now)

    # --- going on ------------------------------------------------------------------------------

    def _proceed(self, now: Seconds) -> None:
        """Do whatever the moment asks for: start, enter, place, repeat, announce, order."""
        coming = self._coming
        if self._starting and coming is not None and coming.ready:
            self._start(coming, now)
        if self.state is State.PLAYING:
            self._enter_if_due(now)
            self._place_ready()
            while self._starves_at() <= now and self._current is not None and self._stage.vamp(self._current):
                self._vitals.starved += 1
                self._enter_if_due(now)
            self._stage.announce(now)
            ahead = (self._stage.timeline.end - self._stage.tick(now)) / TICKS_PER_QUARTER
            self._stage.effects += self._vitals.report(now, ahead)
        if self._model.up:
            if self._coming is not None:
                self._model.begin(self._coming)
            self._order_more(now)

    def _start(self, take: Take, now: Seconds) -> None:
        self._starting = False
        self._current, self._coming = take, None
        self._stage.start(self._bpm(take), Seconds(now + START))
        self._vitals.start(now)
        self._to(State.PLAYING)

    def _enter_if_due(self, now: Seconds) -> None:
        """Let the coming take in: once what plays is planned up to its line and its first beat is there."""
        coming = self._coming
        if coming is None:
            return
        stage = self._stage
        at, late = line(coming, stage, now)
        self._vitals.late += late
        if at is None or not coming.ready or (coming.at_once_until is None and stage.timeline.end < at):
            return
        stage.cut(at)
        stage.timeline.end = at
        self._model.forget(self._current)
        self._current, self._coming = coming, None
        stage.retime(self._bpm(coming), at)
        self._place_ready()

    def _starves_at(self) -> Seconds:
        """Return when the vamp must step in; a take that enters at once is given a moment without it."""
        coming = self._coming
        hungry = Seconds(self._stage.planned_until() - STARVING)
        waits = coming.at_once_until if coming is not None else None
        return hungry if waits is None else max(hungry, waits)

    def _place_ready(self) -> None:
        take = self._current
        if take is None:
            return
        for beat in take.ready:
            self._stage.lay(take, beat, new_bar=beat.beat == 0)
        take.ready.clear()

    def _order_more(self, now: Seconds) -> None:
        ahead = float(self.settings["lookahead"])
        coming, current = self._coming, self._current
        if coming is not None and coming.begun:
            while coming.may_order and len(coming.ready) + coming.on_order < max(1.0, ahead):
                self._model.order(coming, controls(self.settings))
        if coming is not None and coming.at_once_until is not None:
            return  # what plays is about to end
        if current is not None and not current.lost and self.state is State.PLAYING:
            timeline = self._stage.timeline
            length = timeline.placed[-1].music.length if timeline.placed else TICKS_PER_QUARTER
            horizon = self._stage.tick(now) + ahead * length
            while current.may_order and timeline.end + current.on_order * length < horizon:
                self._model.order(current, controls(self.settings))

    # --- changes to what is planned ------------------------------------------------------------

    def _rewrite(self, now: Seconds, bar_line: bool) -> None:
        """Have the model write anew, under the controls, from the first beat (or bar) far enough away."""
        if self._coming is not None:
            self._coming.rewind(0)
        if self._current is None or self.state is not State.PLAYING:
            return
        far = self._stage.tick(Seconds(now + NOTICE))
        first = self._stage.timeline.first_from(far, bar_line, self._current.number)
        if first is None:
            self._current.rewind(self._current.wanted)  # only what is on order can still be changed
        else:
            self._stage.cut(first.start, frozenset(PARTS))
            self._current.rewind(first.music.index)

    # --- small words ---------------------------------------------------------------------------

    def _takes(self) -> list[Take]:
        return [t for t in (self._current, self._coming) if t is not None]

    def _understood(self, take: Take) -> Iterator[tuple[str, tuple[Value, ...]]]:
        return iter(()) if take.plan is None else understood(take.plan, controls(self.settings))

    def _bpm(self, take: Take) -> float:
        tempo = float(self.settings["tempo"])
        return tempo if tempo > 0 else take.plan.tempo if take.plan is not None else 120.0

    def _tell(self, path: str, *args: Value) -> None:
        self._stage.effects.append(Tell(path, args))

    def _to(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self._tell("state", state.value)
