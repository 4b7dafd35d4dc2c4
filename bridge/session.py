"""What the daemon is doing, and what it does next: events in, effects out. The only place that decides.

It does no I/O, starts no task and reads no clock: the moment comes with each event, in seconds of `bridge.clock`.
A prompt makes a take; the take that plays goes on until the new one enters at a quantize line. Beats are ordered
one by one, as far ahead as `lookahead` says, and placed end to end on the timeline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import assert_never

from bridge.addresses import Value
from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.events import (
    ControlSet,
    Effect,
    Event,
    Fault,
    GeneratorLost,
    GeneratorReady,
    PlayAsked,
    PlayerReady,
    PromptGiven,
    StopAsked,
    Tell,
    ToModel,
    Woken,
)
from bridge.orders import Health
from bridge.record import Record
from bridge.settings import controls, defaults
from bridge.stage import Stage
from bridge.take import Take
from bridge.telling import understood
from model.midifile import Song
from model.music import (
    PARTS,
    TICKS_PER_QUARTER,
    BeatWritten,
    Begin,
    Failed,
    Forget,
    Ticks,
    Understood,
    Write,
)

NOTICE = Seconds(0.250)
"""A quantize line nearer than this is not waited for, and beats nearer than this are not written anew."""
NEAR = Seconds(0.020)
"""A first beat that comes later than this before its line has missed it."""
SOON = Seconds(0.050)
"""Beats nearer than this keep their arrangement."""
STARVING = Seconds(0.060)
"""This long before the end of what is planned, the vamp steps in."""
START = Seconds(0.030)
AT_ONCE = Seconds(0.008)
REWRITING = frozenset(
    [
        "key",
        "chords",
        "scale_lock",
        "density",
        "energy",
        "brightness",
        "complexity",
        "temperature",
        "guidance",
    ]
)
ARRANGING = frozenset({"humanise", "transpose", "swing", "swing_unit"})


class State(Enum):
    """The states that a session can be in."""

    IDLE = "idle"
    WAITING = "waiting"
    PLAYING = "playing"


class Session:
    """One performance. `seeds` gives the seed of a take where the owner set none."""

    def __init__(self, seeds: Callable[[], int], record: bool = False) -> None:
        self.state = State.IDLE
        self.settings: dict[str, Value] = defaults()
        self._stage = Stage(self.settings, Record(record))
        self._seeds = seeds
        self._current: Take | None = None
        self._coming: Take | None = None
        self._numbers = 0
        self._starting = False
        self._model_up = False
        self._understanding: int | None = None
        self._late = self._dropped = self._starved = 0
        self._p99_ms = 0.0
        self._health_at = Seconds(0)

    # --- the outside ---------------------------------------------------------------------------

    def on(self, event: Event, now: Seconds) -> list[Effect]:
        """Take one event; return what must be done, in order. Raises BadRequest, having changed nothing."""
        self._stage.effects = []
        match event:
            case PromptGiven(text):
                self._prompted(text, now)
            case ControlSet(path, value):
                self._set(path, value, now)
            case PlayAsked():
                self._play(now)
            case StopAsked(panic):
                self._stop(panic, now)
            case Understood() | BeatWritten() | Failed():
                self._answered(event, now)
            case GeneratorLost():
                self._model_up, self._understanding = False, None
                for take in self._takes():
                    take.pending.clear()
            case GeneratorReady():
                self._revived(now)
            case PlayerReady():
                if self.state is State.PLAYING:
                    self._stage.resend(now)
            case Health():
                self._late += event.late
                self._dropped += event.dropped
                self._p99_ms = event.p99_ms
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
        times = [self._health_at, self._stage.next_announcement()]
        if self._stage.timeline.placed:
            times.append(self._starves_at())
        coming = self._coming
        if coming is not None and coming.line is not None and not coming.ready:
            times.append(Seconds(self._stage.tempo.seconds_at(coming.line) - NEAR))
        return Seconds(min(t for t in times if t is not None))

    def asked(self, path: str) -> Value:
        """Return the value of a control."""
        return self.settings[path]

    def recorded(self, now: Seconds) -> Song | None:
        """Return the whole bars played so far, where a record is wanted."""
        take = self._current or self._coming
        key = take.plan.key if take is not None and take.plan is not None else "C major"
        return self._stage.record.song(key, self._stage.tick(Seconds(now + NEAR)))

    # --- requests ------------------------------------------------------------------------------

    def _prompted(self, text: str, now: Seconds) -> None:
        seed = int(self.settings["seed"])
        self._numbers += 1
        take = Take(Begin(self._numbers, text, controls(self.settings), seed if seed >= 0 else self._seeds()))
        if self._coming is not None and self._coming.begun:
            self._send(Forget(self._coming.number))
        self._coming = take
        if self.state is State.PLAYING:
            self._aim(take, now)
        else:
            self._to(State.WAITING)

    def _aim(self, take: Take, now: Seconds) -> None:
        """Choose where a take means to enter; `now` takes the old notes back at once."""
        quantize = str(self.settings["quantize"])
        if quantize == "now":
            gone = self._stage.cut(self._stage.tick(now))
            if self._current is not None:  # what is on order of it comes too late
                mine = [p.music.index for p in gone if p.take == self._current.number]
                self._current.rewind(min([*mine, self._current.wanted]))
            take.at_once_until = Seconds(now + NOTICE)
        else:
            take.quantize, take.line = quantize, self._line(quantize, now)

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
        if self._current is not None and take is not self._current:
            self._send(Forget(self._current.number))
        self._current, self._coming = None, take
        if take is not None and take.lost:
            self._again(take)
        elif take is not None and self.state is State.PLAYING:
            take.rewind(0)
        if self._coming is not None:
            self._coming.line = self._coming.at_once_until = None

    def _set(self, path: str, value: Value, now: Seconds) -> None:
        take = self._coming or self._current
        plan = take.plan if take is not None else None
        before = [] if plan is None else list(understood(plan, controls(self.settings)))
        self.settings[path] = value
        for news in () if plan is None else understood(plan, controls(self.settings)):
            if news not in before:
                self._tell(news[0], *news[1])
        if path == "tempo":
            if self._current is not None and self.state is State.PLAYING:
                self._stage.retime(self._bpm(self._current), self._stage.tick(now))
        elif path in REWRITING or path == "meter":
            self._rewrite(now, bar_line=path == "meter")
        elif path in ARRANGING or path.startswith("part/"):
            self._rearrange(now)

    # --- answers -------------------------------------------------------------------------------

    def _answered(self, answer: Understood | BeatWritten | Failed, now: Seconds) -> None:
        if answer.take == self._understanding and not isinstance(answer, BeatWritten):
            self._understanding = None
        take = next((t for t in self._takes() if t.number == answer.take), None)
        if take is None:
            return  # of a take that was given up
        match answer:
            case Understood(_, plan):
                take.plan = plan
                for path, args in understood(plan, controls(self.settings)):
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
        self._model_up = True
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
        self._numbers += 1
        self._coming = Take(replace(take.begin, take=self._numbers))

    def _aim_at_bar(self, now: Seconds) -> None:
        if self._coming is not None and self.state is State.PLAYING:
            self._coming.quantize, self._coming.line = "bar", self._line("bar", now)

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
                self._starved += 1
                self._enter_if_due(now)
            self._stage.announce(now)
            self._report_health(now)
        if self._model_up:
            self._begin_latest()
            self._order_more(now)

    def _start(self, take: Take, now: Seconds) -> None:
        self._starting = False
        self._current, self._coming = take, None
        self._stage.start(self._bpm(take), Seconds(now + START))
        self._health_at = Seconds(now + 1)
        self._to(State.PLAYING)

    def _enter_if_due(self, now: Seconds) -> None:
        """Let the coming take in: once what plays is planned up to its line and its first beat is there."""
        coming = self._coming
        if coming is None:
            return
        stage, line = self._stage, coming.line
        if coming.at_once_until is not None:
            line = stage.tick(Seconds(now + AT_ONCE))
        elif line is not None:
            late = not coming.ready and stage.tempo.seconds_at(line) - NEAR <= now
            self._late += late
            # asked anew each time: a new metre may have moved the lines
            line = coming.line = stage.timeline.line(coming.quantize, Ticks(line + late))
        if line is None or not coming.ready or (coming.at_once_until is None and stage.timeline.end < line):
            return
        stage.cut(line)
        stage.timeline.end = line
        if self._current is not None:
            self._send(Forget(self._current.number))
        self._current, self._coming = coming, None
        stage.retime(self._bpm(coming), line)
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

    def _report_health(self, now: Seconds) -> None:
        if now >= self._health_at:
            beats = (self._stage.timeline.end - self._stage.tick(now)) / TICKS_PER_QUARTER
            self._tell("health", self._late, self._dropped, self._starved, float(beats), self._p99_ms)
            self._health_at = Seconds(now + 1)

    def _begin_latest(self) -> None:
        """Hand the latest words to the generator, one prompt at a time: those given up meanwhile cost nothing."""
        coming = self._coming
        if coming is not None and not coming.begun and self._understanding is None:
            self._understanding, coming.begun = coming.number, True
            self._send(coming.begin)

    def _order_more(self, now: Seconds) -> None:
        ahead = float(self.settings["lookahead"])
        coming, current = self._coming, self._current
        if coming is not None and coming.begun:
            while coming.may_order and len(coming.ready) + coming.on_order < max(1.0, ahead):
                self._order(coming)
        if coming is not None and coming.at_once_until is not None:
            return  # what plays is about to end
        if current is not None and not current.lost and self.state is State.PLAYING:
            timeline = self._stage.timeline
            length = timeline.placed[-1].music.length if timeline.placed else TICKS_PER_QUARTER
            horizon = self._stage.tick(now) + ahead * length
            while current.may_order and timeline.end + current.on_order * length < horizon:
                self._order(current)

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

    def _rearrange(self, now: Seconds) -> None:
        """Lay the planned beats out again under the output controls."""
        if self._current is None or self.state is not State.PLAYING:
            return
        soon = self._stage.tick(Seconds(now + SOON))
        first = next((p for p in self._stage.timeline.placed if p.first_heard >= soon), None)
        if first is not None:
            unmuted = frozenset(part for part in PARTS if self.settings[f"part/{part}/enabled"])
            for placed in self._stage.cut(first.start, unmuted):
                self._stage.lay_again(placed)

    # --- small words ---------------------------------------------------------------------------

    def _takes(self) -> list[Take]:
        return [t for t in (self._current, self._coming) if t is not None]

    def _line(self, quantize: str, now: Seconds) -> Ticks:
        """Return the first quantize line that is not too near."""
        return self._stage.timeline.line(quantize, self._stage.tick(Seconds(now + NOTICE)))

    def _bpm(self, take: Take) -> float:
        tempo = float(self.settings["tempo"])
        return tempo if tempo > 0 else take.plan.tempo if take.plan is not None else 120.0

    def _order(self, take: Take) -> None:
        self._send(Write(take.number, take.order(), controls(self.settings)))

    def _send(self, order: Begin | Write | Forget) -> None:
        if self._model_up:
            self._stage.effects.append(ToModel(order))

    def _tell(self, path: str, *args: Value) -> None:
        self._stage.effects.append(Tell(path, args))

    def _to(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self._tell("state", state.value)
