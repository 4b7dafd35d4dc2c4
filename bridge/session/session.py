"""What the daemon is doing, and what it does next: events in, effects out. The only place that decides.

It does no I/O, starts no task and reads no clock: the moment comes with each event, in seconds of `bridge.clock`.
A prompt makes a take; the take that plays goes on until the new one enters at a quantize line. What playing asks for
from moment to moment is the transport's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.midi.protocol import Health, Heard
from bridge.protocol.controls import Value, changed, defaults
from bridge.protocol.events import (
    BackAsked,
    BankLaunched,
    BankStored,
    ControlSet,
    CueGiven,
    Effect,
    Event,
    GeneratorLost,
    GeneratorReady,
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
    TransportGiven,
    Woken,
)
from bridge.session.accompaniment import Accompaniment
from bridge.session.generation import Generation
from bridge.session.host_sync import Baton, Turn
from bridge.session.launch import Casting, Casts
from bridge.session.playback import Stage
from bridge.session.quantize import NEAR, Loop, cue
from bridge.session.settings import Desk, Expression
from bridge.session.sync_sources import TIME_MESSAGES, Taps
from bridge.session.transport import State, Transport
from bridge.takes.recorder import Keepsake, Record
from bridge.takes.takes import Lineup
from model.generation.bias_weights import Weighting, shipped
from model.generation.messages import BeatWritten, Failed, Opening, Understood
from model.music.midifile import Song


@dataclass(slots=True)
class Memory:
    """Reads the stage's record; `weights` is the hash of those that write."""

    stage: Stage
    takes: Lineup
    settings: Mapping[str, Value]
    weights: str

    def recorded(self, now: Seconds) -> Song | None:
        """Return the whole bars played so far, where a record of all is wanted."""
        return self.stage.record.song(self._key, self.stage.tick(Seconds(now + NEAR)))

    def keepsake(self, bars: int, now: Seconds) -> Keepsake:
        """Return the last whole bars with all that they came from. Raises BadRequest where there are none."""
        found = self.stage.record.last(bars, self._key, self.stage.tick(Seconds(now + NEAR)))
        if found is None:
            raise BadRequest("/llmball/keep", "no whole bar was played yet: play first")
        song, origins = found
        begun = tuple(replace(self.takes.origin(take), controls=under) for take, under in origins)
        return Keepsake(song, begun, changed(self.settings), self.weights)

    @property
    def _key(self) -> str:
        take = self.takes.latest
        return take.plan.key if take is not None and take.plan is not None else "C major"


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
        self._transport = Transport(
            self.settings,
            self._stage,
            self._takes,
            self._loop,
            self._desk,
            self._baton,
            self._hands,
            self._model,
            Expression(self.settings, self._stage, self._takes),
        )

    # --- the outside ---------------------------------------------------------------------------

    def first(self, event: Event) -> list[Effect]:
        """Return what can be begun before it is decided what an event changes: the words of a prompt can be read."""
        return self._model.hurried(event.text) if isinstance(event, PromptGiven) else []

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
                self._transport.play(now)
                self._baton.ask(playing=True)
            case StopAsked(panic):
                self._transport.stop(panic, now)
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
                if self._casting.answered(event, now) is None:
                    self._transport.give_up()
            case Opening():
                self._casting.open(event)
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
                self._transport.vitals.hear(event)
            case Heard():
                self._heard(event, now)
            case Woken():
                pass
            case _:
                assert_never(event)
        self._transport.proceed(now)
        return self._stage.effects

    @property
    def state(self) -> State:
        """Whether it is idle, waits or plays."""
        return self._transport.state

    def wake(self) -> Seconds | None:
        """Return when the session wants to be woken, if at all."""
        return self._transport.wake()

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
            self._transport.wait()

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
                self._transport.roll()
            case Turn.ENDED:
                self._transport.stop(False, now)
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
