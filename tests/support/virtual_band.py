"""A performance in virtual time: the real session, timeline and scheduler with a fake generator, without waiting.

The rig steps from one event to the next: the session's deadline, the generator's next answer, the scheduler's
deadline. All sounding notes are recorded with their ticks.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from bridge.clock import Seconds, TempoMap
from bridge.midi.protocol import (
    Cancel,
    ControlChange,
    Controller,
    MidiReceived,
    Neutral,
    NoteOff,
    NoteOn,
    PitchBend,
    Play,
    ScheduledNote,
    SendClock,
    SetTempoMap,
    Silence,
    remainder,
)
from bridge.midi.scheduler import ScheduledMessage, Scheduler
from bridge.protocol.events import (
    ControlSet,
    Effect,
    Event,
    GeneratorReady,
    PlayerReady,
    PlayRequested,
    PromptRequested,
    Publish,
    TasteChanged,
    TimerFired,
    ToModel,
    ToPlayer,
)
from bridge.session.session import Session
from bridge.takes.voicing import reharmonised
from model.expression import NEUTRAL
from model.generation.bias_weights import NamedWeights
from model.generation.messages import (
    Answer,
    BeatWritten,
    Begin,
    FirstNote,
    Forget,
    Order,
    Prepare,
    Understood,
    Write,
)
from model.music.midifile import Song
from model.music.notes import UNPITCHED_PARTS, Beat, Note, Ticks, beats_in_bar
from model.music.plan import Plan
from model.music.score import Score, score_of
from model.music.smf import BEND_CENTRE

BEAT, BAR = 480, 1920


def beat_of(take: int, index: int, plan: Plan) -> Beat:
    """Return a beat with a chord, a bass note, a melody note and a drum.

    The melody pitch identifies the take: 60 + take % 24. Every third chord is longer than its beat.
    """
    bar, beat = divmod(index, beats_in_bar(plan.meter))
    length = 960 if index % 3 == 0 else 300
    notes = [Note(Ticks(0), Ticks(length), 48 + i, 80, "chords") for i in (0, 4, 7)]
    notes.append(Note(Ticks(0), Ticks(400), 36, 80, "bass"))
    notes.append(Note(Ticks(0), Ticks(200), 60 + take % 24, 90, "melody"))
    notes.append(Note(Ticks(0), Ticks(60), 42 if beat % 2 else 36, 100, "drums"))
    return Beat(index, bar, beat, plan.meter, "C", index == 0, tuple(notes))


def opening(answer: BeatWritten) -> FirstNote:
    """Return the FirstNote message before a beat: its first drum note."""
    assert answer.beat is not None
    first = next(note for note in answer.beat.notes if note.part == "drums")
    return FirstNote(answer.take, replace(answer.beat, notes=(first,)))


@dataclass
class Rig:
    """One virtual performance. `latency` returns the seconds that the generator takes for an order.

    `generator` answers the orders if given; else each beat is made by `beat_of`.
    """

    latency: Callable[[], float]
    plan: Callable[[Begin], Plan] = lambda begin: Plan(tempo=160.0)
    generator: Callable[[Order], Answer | None] | None = None
    opens: bool = False
    """True if the generator sends the first note of a take before the rest of its first beat."""
    now: Seconds = Seconds(100.0)
    session: Session = field(default_factory=lambda: Session(lambda: 7))
    scheduler: Scheduler = field(default_factory=Scheduler)
    tempo: TempoMap = field(default_factory=lambda: TempoMap.starting_at(120, Seconds(0)))
    told: list[tuple[float, str, tuple[object, ...]]] = field(default_factory=list)
    sounded: list[tuple[Ticks, int, NoteOn]] = field(default_factory=list)
    held: dict[tuple[str, int, int], int] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    places: list[float] = field(default_factory=list)
    kept: list[NamedWeights] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    clocked: list[Ticks | None] = field(default_factory=list)
    silences: list[bool] = field(default_factory=list)
    """The `panic` flag of each Silence order."""
    forgotten: list[int] = field(default_factory=list)
    bent: dict[tuple[str, int], int] = field(default_factory=dict)
    """By route and channel the note whose bend sounds."""
    bends: list[tuple[Ticks, int, int]] = field(default_factory=list)
    """Tick, channel and value."""
    curves: list[tuple[Ticks, int, int, int]] = field(default_factory=list)
    """Tick (-1 for what was taken back), channel, controller and value."""
    told_controllers: list[tuple[int, int, int]] = field(default_factory=list)
    """Channel, number and value of the controllers that were sent at once."""
    latest: float = 0.0
    """Maximum lateness of a note in seconds."""
    planned: dict[int, list[ScheduledNote]] = field(default_factory=dict)
    _answers: list[tuple[float, int, Answer | FirstNote]] = field(default_factory=list)
    _plans: dict[int, Plan] = field(default_factory=dict)
    _written: dict[int, int] = field(default_factory=dict)
    _chords: dict[int, str | None] = field(default_factory=dict)
    _free: float = 0.0
    _count: int = 0
    _wake: float | None = None

    def __post_init__(self) -> None:
        self.happen(PlayerReady())
        self.happen(GeneratorReady())

    def happen(self, event: Event) -> None:
        """Pass an event to the session now and execute its effects."""
        for effect in self.session.handle(event, self.now):
            self._do(effect)
        self._wake = self.session.next_deadline()

    def perform(self, events: Iterable[MidiReceived], end: float) -> None:
        """Pass MIDI messages to the session at their times, then advance the time to `end`."""
        for event in events:
            self.until(event.at)
            self.happen(event)
        self.until(end)

    def until(self, end: float) -> None:
        """Advance the time to `end`."""
        while True:
            moments = [end]
            if self._wake is not None:
                moments.append(max(self._wake, self.now))
            if self._answers:
                moments.append(self._answers[0][0])
            if self.scheduler.deadline is not None:
                moments.append(self.tempo.seconds_at(self.scheduler.deadline))
            self.now = Seconds(max(self.now, min(moments)))
            self._sound()
            if self._answers and self._answers[0][0] <= self.now:
                self.happen(heapq.heappop(self._answers)[2])
            elif self._wake is not None and self._wake <= self.now:
                self.happen(TimerFired())
            elif self.now >= end:
                return

    def _sound(self) -> None:
        struck: int | None = None
        for timed in self.scheduler.pop_due(self.tempo.ticks_at(Seconds(self.now + 1e-9)), Ticks(-1)):
            if isinstance(timed.message, PitchBend | ControlChange):
                self._express(timed)
            elif isinstance(timed.message, NoteOn):
                others = [v for v in self.held if v[:2] == timed.line]
                assert self.bent.get(timed.line) in (None, timed.note_id), "a note begins under no other's bend"
                assert others == [] or timed.line not in self.bent, "what sounds together is not bent"
                assert struck in (None, timed.note_id), "an end that is no note's own makes room for the next"
                assert timed.voice not in self.held, "a note begins on one that was ended first"
                self.latest = max(self.latest, self.now - self.tempo.seconds_at(timed.at))
                self.held[timed.voice] = timed.note_id
                self.sounded.append((timed.at, timed.take, timed.message))
                struck = None
            else:
                assert isinstance(timed.message, NoteOff)
                assert struck is None, "an older end cuts no newer note"
                if self.held.pop(timed.voice) != timed.note_id:
                    struck = timed.note_id
        assert struck is None, "an older end cuts no newer note"
        for line, number in self.bent.items():
            assert number in self.held.values(), f"the bend of {line} ends with its note"

    def _express(self, timed: ScheduledMessage) -> None:
        assert timed.note.part not in UNPITCHED_PARTS, "drums have neither bends nor curves"
        match timed.message:
            case PitchBend(channel, value):
                self.bends.append((timed.at, channel, value))
                if value == BEND_CENTRE:
                    self.bent.pop(timed.line, None)
                else:
                    self.bent[timed.line] = timed.note_id
            case ControlChange(channel, number, value):
                self.curves.append((timed.at, channel, number, value))

    def _do(self, effect: Effect) -> None:
        match effect:
            case ToModel(order):
                self._order(order)
            case ToPlayer(Play(take, sounds, controls)):
                self.scheduler.add(sounds, take, "", controls)
                self.planned.setdefault(take, []).extend(sounds)
            case ToPlayer(Cancel(take, after, ring) as order):
                self.scheduler.cancel(order)
                planned = self.planned.get(take, [])
                self.planned[take] = [left for s in planned if (left := remainder(s, after, ring)) is not None]
            case ToPlayer(SetTempoMap(tempo)):
                self.tempo = tempo
            case ToPlayer(SendClock(first)):
                self.clocked.append(first)
            case ToPlayer(Silence(panic)):
                self.silences.append(panic)
                for voice in self.scheduler.silence():
                    del self.held[voice]
                self._neutralise()
            case ToPlayer(Neutral()):
                self.scheduler.drop_expression()
                self._neutralise()
            case ToPlayer(Controller(_, channel, number, value)):
                self.told_controllers.append((channel, number, value))
            case TasteChanged(theta):
                self.kept.append(theta)
            case Publish(path, args):
                self.told.append((self.now, path, args))

    def _neutralise(self) -> None:
        """Take bends and curves back, as the player does; what was not neutral is in what is taken back."""
        taken = [message for _, message in self.scheduler.neutralised()]
        centred = {message.channel for message in taken if isinstance(message, PitchBend)}
        assert {channel for _, channel in self.bent} <= centred, "every bend is taken back"
        reset = {(m.channel, m.number): m.value for m in taken if isinstance(m, ControlChange)}
        left = {(channel, number): value for _, channel, number, value in self.curves}
        self.bent.clear()
        self.curves += [(Ticks(-1), channel, number, value) for (channel, number), value in reset.items()]
        after = left | reset
        assert all(value == NEUTRAL[number] for (_, number), value in after.items()), "every curve is taken back"

    def _order(self, order: Order) -> None:
        """Queue the answer to an order; orders are answered in sequence, as by a single-threaded process."""
        if isinstance(order, Write):
            self.writes.append(order)
        answer = self._answer(order) if self.generator is None else self.generator(order)
        if answer is not None:
            begun = max(self._free, self.now)
            self._free = begun + self.latency()
            beat = answer.beat if self.opens and isinstance(answer, BeatWritten) else None
            if beat is not None and beat.index == 0:
                self._say((begun + self._free) / 2, opening(BeatWritten(answer.take, beat)))
            self._say(self._free, answer)

    def _say(self, at: float, answer: Answer | FirstNote) -> None:
        self._count += 1
        heapq.heappush(self._answers, (at, self._count, answer))

    def _answer(self, order: Order) -> Answer | None:
        match order:
            case Begin():
                self._plans[order.take] = self.plan(order)
                self._written[order.take] = 0
                other = None if order.morph is None else self.plan(replace(order, prompt=order.morph))
                return Understood(order.take, self._plans[order.take], other)
            case Write(take, index, controls, hands):
                self.places.append(controls.morph)
                assert index <= self._written[take], "a beat is written after the one before it"
                self._written[take] = index + 1
                beat = beat_of(take, index, self._plans[take])
                if hands is not None and hands.harmony and hands.chord is not None:
                    beat = reharmonised(beat, hands.chord, fresh=self._chords.get(take) != hands.chord)
                self._chords[take] = beat.chord
                return BeatWritten(take, beat)
            case Prepare(prompt):
                self.prepared.append(prompt)
                return None
            case Forget(take):
                self.forgotten.append(take)
                return None


def latencies(seed: int, typical: float, stalls: float = 0.0) -> Callable[[], float]:
    """Return a function that draws latencies in seconds: exponential, mean `typical`; 0.4 s with chance `stalls`."""
    rng = random.Random(seed)
    return lambda: 0.4 if rng.random() < stalls else rng.expovariate(1 / typical)


def playing(seed: int = 0, typical: float = 0.01, **controls: float | str) -> Rig:
    """Return a rig two seconds after the start of a take, with the given controls."""
    rig = Rig(latencies(seed, typical))
    rig.happen(ControlSet("humanise", 0.0))
    for path, value in controls.items():
        rig.happen(ControlSet(path, value))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 2)
    return rig


def first_notes(rig: Rig) -> dict[int, Ticks]:
    """Return the tick of the first sounding note of each take."""
    firsts: dict[int, Ticks] = {}
    for tick, take, _ in rig.sounded:
        firsts.setdefault(take, tick)
    return firsts


def whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def health(rig: Rig) -> tuple[int, int, int]:
    """Return late, dropped and starved of the last health message."""
    late, dropped, starved, *_ = [args for _, path, args in rig.told if path == "health"][-1]
    return whole(late), whole(dropped), whole(starved)


def paths(rig: Rig) -> list[str]:
    return [path for _, path, _ in rig.told]


def noting(begun: list[Begin]) -> Callable[[Begin], Plan]:
    """Return a function for `Rig.plan` that appends each order to `begun`."""

    def plan(begin: Begin) -> Plan:
        begun.append(begin)
        return Plan()

    return plan


PITCHES = (101, 102, 103, 104, 105, 106, 107, 108)
"""The melody of `piece`: pitches that `beat_of` never has."""


def piece(loops: bool = True) -> Score:
    """Return two bars at 240 bpm: a melody note a beat, each of another pitch, and a kick."""
    found = [Note(Ticks(480 * i + 7 * (i % 2)), Ticks(240), pitch, 90, "melody") for i, pitch in enumerate(PITCHES)]
    kicks = [Note(Ticks(480 * i), Ticks(60), 36, 100, "drums") for i in range(8)]
    song = Song(
        ((Ticks(0), "4/4"), (Ticks(1920), "4/4")), Ticks(3840), ((Ticks(0), 240.0),), "D minor", (*found, *kicks),
        ((Ticks(0), "Dm"), (Ticks(1920), "A7")),
    )  # fmt: skip
    return score_of("a-piece", "A Piece", song, Plan(tempo=240.0, key="D minor"), loops)
