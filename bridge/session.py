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

from bridge import arrange
from bridge.addresses import CONTROLS, Value
from bridge.clock import Seconds, TempoMap
from bridge.errors import BadRequest
from bridge.events import (
    BarPlayed,
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
    ToPlayer,
    Woken,
)
from bridge.orders import Cancel, Health, Play, Retime, Silence, Sound
from bridge.record import Record
from bridge.take import Take
from bridge.telling import understood
from bridge.timeline import Placed, Timeline
from model.midifile import Song
from model.music import (
    PARTS,
    TICKS_PER_QUARTER,
    Beat,
    BeatWritten,
    Begin,
    Controls,
    Failed,
    Forget,
    Ticks,
    Understood,
    Write,
    beats_in_bar,
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
ON_ORDER = 2
"""Beats ordered at a time: the next is begun while the last travels."""
REWRITING = frozenset(
    {
        "key",
        "chords",
        "scale_lock",
        "density",
        "energy",
        "brightness",
        "complexity",
        "temperature",
        "guidance",
    }
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
        self.settings: dict[str, Value] = {path: c.default for path, c in CONTROLS.items()}
        self.record = Record(record)
        self._seeds = seeds
        self._current: Take | None = None
        self._coming: Take | None = None
        self._numbers = 0
        self._starting = False
        self._model_up = False
        self._timeline = Timeline()
        self._tempo = TempoMap.started(120, Seconds(0))
        self._announced = 0
        self._late = self._dropped = self._starved = 0
        self._p99_ms = 0.0
        self._health_at = Seconds(0)
        self._effects: list[Effect] = []

    # --- the outside ---------------------------------------------------------------------------

    def on(self, event: Event, now: Seconds) -> list[Effect]:
        """Take one event; return what must be done, in order. Raises BadRequest, having changed nothing."""
        self._effects = []
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
                self._model_up = False
                for take in self._takes():
                    take.pending.clear()
            case GeneratorReady():
                self._revived(now)
            case PlayerReady():
                self._resent(now)
            case Health():
                self._late += event.late
                self._dropped += event.dropped
                self._p99_ms = event.p99_ms
            case Woken():
                pass
            case _:
                assert_never(event)
        self._proceed(now)
        return self._effects

    def wake(self) -> Seconds | None:
        """Return when the session wants to be woken, if at all."""
        if self.state is not State.PLAYING:
            return None
        times = [Seconds(self._tempo.seconds_at(self._timeline.end) - STARVING), self._health_at]
        upcoming = next((p for p in self._timeline.placed if not p.announced), None)
        if upcoming is not None:
            times.append(self._tempo.seconds_at(upcoming.start))
        coming = self._coming
        if coming is not None and coming.line is not None and not coming.ready:
            times.append(Seconds(self._tempo.seconds_at(coming.line) - NEAR))
        return Seconds(min(times))

    def asked(self, path: str) -> Value:
        """Return the value of a control."""
        return self.settings[path]

    def recorded(self, now: Seconds) -> Song | None:
        """Return the whole bars played so far, where a record is wanted."""
        take = self._current or self._coming
        key = take.plan.key if take is not None and take.plan is not None else "C major"
        return self.record.song(key, self._tick(Seconds(now + NEAR)))

    # --- requests ------------------------------------------------------------------------------

    def _prompted(self, text: str, now: Seconds) -> None:
        seed = int(self.settings["seed"])
        self._numbers += 1
        take = Take(Begin(self._numbers, text, self._controls(), seed if seed >= 0 else self._seeds()))
        if self._coming is not None:
            self._send(Forget(self._coming.number))
        self._coming = take
        self._send(take.begin)
        if self.state is State.PLAYING:
            self._aim(take, now)
        else:
            self._to(State.WAITING)

    def _aim(self, take: Take, now: Seconds) -> None:
        """Choose where a take means to enter; `now` takes the old notes back at once."""
        quantize = str(self.settings["quantize"])
        if quantize == "now":
            self._cancelled(self._tick(now))
            take.line = None
        else:
            take.line = self._timeline.line(quantize, self._tick(Seconds(now + NOTICE)))

    def _play(self, now: Seconds) -> None:
        take = self._coming or self._current
        if take is None:
            raise BadRequest("/llmball/play", "there is nothing to play yet: send a prompt first")
        if self.state is State.PLAYING:
            self._silence(False, now)
            take.rewind(0)
        self._current, self._coming = None, take
        self._starting = True
        self._to(State.WAITING)

    def _stop(self, panic: bool, now: Seconds) -> None:
        take = self._coming or self._current
        self._silence(panic, now)
        if take is not None and self.state is State.PLAYING:
            take.rewind(0)
        self._current, self._coming, self._starting = None, take, False
        self._to(State.IDLE)

    def _silence(self, panic: bool, now: Seconds) -> None:
        if self.state is State.PLAYING:
            self._cancelled(self._tick(now))
        self._do(ToPlayer(Silence(panic)))
        self._timeline = Timeline()

    def _set(self, path: str, value: Value, now: Seconds) -> None:
        self.settings[path] = value
        if path == "tempo":
            if self._current is not None and self.state is State.PLAYING:
                self._retime(self._bpm(self._current), self._tick(now))
        elif path in REWRITING or path == "meter":
            self._rewrite(now, bar_line=path == "meter")
        elif path in ARRANGING or path.startswith("part/"):
            self._rearrange(now)

    # --- answers -------------------------------------------------------------------------------

    def _answered(self, answer: Understood | BeatWritten | Failed, now: Seconds) -> None:
        take = next((t for t in self._takes() if t.number == answer.take), None)
        if take is None:
            return  # of a take that was given up
        match answer:
            case Understood(_, plan):
                take.plan = plan
                for path, args in understood(plan, self._controls()):
                    self._tell(path, *args)
            case BeatWritten():
                beat = take.take_in(answer)
                if beat is not None:
                    take.wanted = beat.index + 1
                    take.ready.append(beat)
            case Failed(_, reason):
                self._effects.append(Fault(f"take {take.number}: {reason}"))
                self._tell("error", "/llmball/prompt", f"take {take.number} could not be written")
                if take is self._coming:
                    self._coming = None
                    if self.state is State.WAITING:
                        self._to(State.IDLE)
                else:
                    self._again(take, now)

    def _revived(self, now: Seconds) -> None:
        """Give a new generator what the old one was at; what plays goes on by repeating until it enters."""
        self._model_up = True
        if self._coming is not None:
            self._coming.rewind(0)
            self._send(self._coming.begin)
            if self._current is not None:
                self._current.lost = True
        elif self._current is not None:
            self._again(self._current, now)

    def _again(self, take: Take, now: Seconds) -> None:
        """Ask for the words and the seed of a take once more, as a new take."""
        take.lost = True
        self._numbers += 1
        self._coming = Take(replace(take.begin, take=self._numbers))
        self._send(self._coming.begin)
        self._coming.line = self._timeline.line("bar", self._tick(Seconds(now + NOTICE)))

    def _resent(self, now: Seconds) -> None:
        """Tell a new player the tempo and all that is still to come."""
        self._do(ToPlayer(Retime(self._tempo)))
        for placed in self._timeline.placed:
            coming = tuple(s for s in placed.sounds if s.at > self._tick(now))
            if coming and self.state is State.PLAYING:
                self._do(ToPlayer(Play(placed.take, coming)))

    # --- going on ------------------------------------------------------------------------------

    def _proceed(self, now: Seconds) -> None:
        """Do whatever the moment asks for: start, enter, place, repeat, announce, order."""
        coming = self._coming
        if self._starting and coming is not None and coming.ready:
            self._start(coming, now)
        if self.state is State.PLAYING:
            self._enter_if_due(now)
            self._place_ready()
            while self._tempo.seconds_at(self._timeline.end) - STARVING <= now:
                if not self._vamp():
                    break
                self._enter_if_due(now)
            self._announce(now)
            self._timeline.forget(self._tick(now))
            self._report_health(now)
        if self._model_up:
            self._order_more(now)

    def _start(self, take: Take, now: Seconds) -> None:
        self._starting = False
        self._timeline, self._announced = Timeline(), 0
        self.record.begin()
        self._current, self._coming = take, None
        self._tempo = TempoMap.started(self._bpm(take), Seconds(now + START))
        self.record.retime(Ticks(0), self._bpm(take))
        self._do(ToPlayer(Silence()))
        self._do(ToPlayer(Retime(self._tempo)))
        self._health_at = Seconds(now + 1)
        self._to(State.PLAYING)

    def _enter_if_due(self, now: Seconds) -> None:
        """Let the coming take in: once what plays is planned up to its line and its first beat is there."""
        coming = self._coming
        if coming is None:
            return
        if coming.ready and coming.line is None:
            coming.line = max(self._tick(Seconds(now + AT_ONCE)), self._begun_until(now))
        if coming.line is None:
            return
        if not coming.ready:
            if self._tempo.seconds_at(coming.line) - NEAR <= now:
                self._late += 1
                coming.line = self._timeline.line(str(self.settings["quantize"]), Ticks(coming.line + 1))
            return
        if self._timeline.end < coming.line:
            return
        line = coming.line
        self._cancelled(line)
        self._timeline.end = line
        if self._current is not None:
            self._send(Forget(self._current.number))
        self._current, self._coming = coming, None
        self._retime(self._bpm(coming), line)
        self._place_ready()

    def _begun_until(self, now: Seconds) -> Ticks:
        """Return the first tick at which a take may enter without overlapping a line that lies behind."""
        return self._timeline.placed[-1].start if self._timeline.placed else self._tick(now)

    def _place_ready(self) -> None:
        take = self._current
        if take is None:
            return
        for beat in take.ready:
            self._lay(take, beat, new_bar=beat.beat == 0)
        take.ready.clear()

    def _lay(self, take: Take, beat: Beat, new_bar: bool) -> None:
        start = self._timeline.end
        placed = self._timeline.place(take.number, beat, self._arranged(take, beat, start), new_bar)
        self.record.add(placed)
        self._sound(placed)

    def _arranged(self, take: Take, beat: Beat, start: Ticks) -> tuple[Sound, ...]:
        swing = float(self.settings["swing"])
        if swing < 0:
            swing = take.plan.swing if take.plan is not None else 0.5
        return arrange.sounds(beat, start, take.number, self._tempo.bpm_at(start), swing, self.settings)

    def _sound(self, placed: Placed) -> None:
        if not placed.sounds:
            return
        self._do(ToPlayer(Play(placed.take, placed.sounds)))
        for s in placed.sounds:
            at, length = s.at / TICKS_PER_QUARTER, s.length / TICKS_PER_QUARTER
            self._tell("note", str(placed.take), s.part, s.pitch, s.velocity, at, length)

    def _vamp(self) -> bool:
        """Repeat the beat of the last good bar, since the next is not there; return whether there was one."""
        take, placed = self._current, self._timeline.placed
        if take is None or not placed:
            return False
        last = placed[-1]
        ended = last.beat >= beats_in_bar(last.music.meter)
        bar = self._timeline.bar_before(self._timeline.end) or [p for p in placed if p.bar == last.bar]
        source = bar[0 if ended else min(last.beat, len(bar) - 1)]
        self._starved += 1
        take.wanted += 1
        self._lay(take, replace(source.music, index=take.wanted - 1, fresh=False), new_bar=ended)
        return True

    def _announce(self, now: Seconds) -> None:
        tick = self._tick(Seconds(now + 0.002))
        for p in self._timeline.placed:
            if p.announced or p.start > tick:
                continue
            p.announced = True
            if p.take != self._announced:
                self._announced = p.take
                self._tell("take", str(p.take))
            if p.beat == 1:
                self._effects.append(BarPlayed())
            self._tell("beat", p.bar, p.beat, float(self._tempo.bpm_at(p.start)))
            if p.music.chord is not None and (p.music.fresh or p.music.index == 0):
                self._tell("chord", p.music.chord, p.bar, p.beat)

    def _report_health(self, now: Seconds) -> None:
        if now >= self._health_at:
            beats = (self._timeline.end - self._tick(now)) / TICKS_PER_QUARTER
            self._tell("health", self._late, self._dropped, self._starved, float(beats), self._p99_ms)
            self._health_at = Seconds(now + 1)

    def _order_more(self, now: Seconds) -> None:
        ahead = float(self.settings["lookahead"])
        coming, current = self._coming, self._current
        if coming is not None:
            while coming.on_order < ON_ORDER and len(coming.ready) + coming.on_order < max(1.0, ahead):
                self._order(coming)
        if current is not None and not current.lost and self.state is State.PLAYING:
            if self._timeline.placed:
                length = self._timeline.placed[-1].music.length
            else:
                length = Ticks(TICKS_PER_QUARTER)
            horizon = self._tick(now) + ahead * length
            while current.on_order < ON_ORDER and self._timeline.end + current.on_order * length < horizon:
                self._order(current)

    # --- changes to what is planned ------------------------------------------------------------

    def _rewrite(self, now: Seconds, bar_line: bool) -> None:
        """Have the model write anew, under the controls, from the first beat (or bar) far enough away."""
        if self._coming is not None:
            self._coming.rewind(0)
        if self._current is None or self.state is not State.PLAYING:
            return
        first = self._timeline.first_from(self._tick(Seconds(now + NOTICE)), bar_line)
        if first is not None and first.take == self._current.number:
            index = first.music.index
            self._cancelled(first.start)
            self._current.rewind(index)

    def _rearrange(self, now: Seconds) -> None:
        """Lay the planned beats out again under the output controls."""
        if self._current is None or self.state is not State.PLAYING:
            return
        first = self._timeline.first_from(self._tick(Seconds(now + SOON)))
        if first is None or first.take != self._current.number:
            return
        for placed in self._cancelled(first.start):
            self._lay(self._current, placed.music, new_bar=placed.beat == 1)

    def _cancelled(self, after: Ticks) -> list[Placed]:
        """Take back all that is planned from a tick on, tell it, and return the beats."""
        sounding = {p.take for p in self._timeline.placed}
        gone = self._timeline.cut(after)
        self.record.cut(after)
        for take in sorted(sounding):
            self._do(ToPlayer(Cancel(take, after)))
        parts = {(p.take, s.part) for p in gone for s in p.sounds}
        for take, part in sorted(parts, key=lambda tp: (tp[0], PARTS.index(tp[1]))):
            self._tell("cancelled", str(take), part, after / TICKS_PER_QUARTER)
        return gone

    def _retime(self, bpm: float, at: Ticks) -> None:
        if abs(self._tempo.bpm_at(at) - bpm) > 1e-9 or any(s.tick > at for s in self._tempo.segments):
            self._tempo = self._tempo.changed(bpm, at)
            self.record.retime(at, bpm)
            self._do(ToPlayer(Retime(self._tempo)))

    # --- small words ---------------------------------------------------------------------------

    def _takes(self) -> list[Take]:
        return [t for t in (self._current, self._coming) if t is not None]

    def _tick(self, at: Seconds) -> Ticks:
        return Ticks(max(0, self._tempo.ticks_at(at)))

    def _bpm(self, take: Take) -> float:
        tempo = float(self.settings["tempo"])
        return tempo if tempo > 0 else take.plan.tempo if take.plan is not None else 120.0

    def _controls(self) -> Controls:
        held = self.settings
        return Controls(
            tempo=float(held["tempo"]),
            key=str(held["key"]),
            scale_lock=float(held["scale_lock"]),
            meter=str(held["meter"]),
            chords=str(held["chords"]),
            density=float(held["density"]),
            energy=float(held["energy"]),
            brightness=float(held["brightness"]),
            complexity=float(held["complexity"]),
            temperature=float(held["temperature"]),
            guidance=float(held["guidance"]),
        )

    def _order(self, take: Take) -> None:
        self._send(Write(take.number, take.order(), self._controls()))

    def _send(self, order: Begin | Write | Forget) -> None:
        if self._model_up:
            self._do(ToModel(order))

    def _do(self, effect: ToModel | ToPlayer) -> None:
        self._effects.append(effect)

    def _tell(self, path: str, *args: Value) -> None:
        self._effects.append(Tell(path, args))

    def _to(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self._tell("state", state.value)
