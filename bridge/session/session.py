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
from bridge.midi.protocol import Health, MidiReceived
from bridge.protocol.controls import Value, changed_controls, defaults
from bridge.protocol.events import (
    BackRequested,
    BankLaunchRequested,
    BankStoreRequested,
    ControlSet,
    CueRequested,
    Effect,
    Event,
    GeneratorExited,
    GeneratorReady,
    HostTransportReported,
    LinkReported,
    MorphRequested,
    PlayerReady,
    PlayRequested,
    PromptRequested,
    RefineRequested,
    StopRequested,
    TakeLaunchRequested,
    TakeRated,
    TasteResetRequested,
    TempoTapped,
    TimerFired,
)
from bridge.session.accompaniment import Accompaniment
from bridge.session.generation import Generation
from bridge.session.host_sync import HostSync, TransportChange
from bridge.session.launch import Launcher, LaunchRequest
from bridge.session.playback import Playback
from bridge.session.quantize import LATE_MARGIN, HoldLoop, cue
from bridge.session.settings import ExpressionControllers, SettingsControl
from bridge.session.sync_sources import TIME_MESSAGES, TapTempo
from bridge.session.transport import State, Transport
from bridge.takes.recorder import KeptBars, Recorder
from bridge.takes.takes import Takes
from model.generation.bias_weights import NamedWeights, shipped
from model.generation.messages import BeatWritten, Failed, FirstNote, Understood
from model.music.midifile import Song


@dataclass(slots=True)
class RecordReader:
    """Reads the stage's record; `weights` is the hash of those that write."""

    playback: Playback
    takes: Takes
    settings: Mapping[str, Value]
    weights: str

    def recorded_song(self, now: Seconds) -> Song | None:
        """Return the whole bars played so far, where a record of all is wanted."""
        return self.playback.recorder.song(self._key, self.playback.tick(Seconds(now + LATE_MARGIN)))

    def kept_bars(self, bars: int, now: Seconds) -> KeptBars:
        """Return the last whole bars with all that they came from. Raises BadRequest where there are none."""
        found = self.playback.recorder.last_bars(
            bars, self._key, self.playback.tick(Seconds(now + LATE_MARGIN))
        )
        if found is None:
            raise BadRequest("/llmball/keep", "no whole bar was played yet: play first")
        song, origins = found
        bar_origins = tuple(
            replace(self.takes.origin(take), controls=bar_controls) for take, bar_controls in origins
        )
        return KeptBars(song, bar_origins, changed_controls(self.settings), self.weights)

    @property
    def _key(self) -> str:
        take = self.takes.latest
        return take.plan.key if take is not None and take.plan is not None else "C major"


class Session:
    """One performance. `seeds` gives the seed of a take where the owner set none, `theta` is the user's taste."""

    def __init__(
        self,
        seeds: Callable[[], int],
        keep_all_bars: bool = False,
        theta: NamedWeights | None = None,
        sync: str = "internal",
        weights: str = "",
    ) -> None:
        self.settings: dict[str, Value] = defaults()
        self._playback = Playback(self.settings, Recorder(keep_all_bars))
        self._takes = Takes(self.settings, seeds, shipped() if theta is None else theta)
        self._hold_loop = HoldLoop(self._playback)
        self._settings_control = SettingsControl(self.settings, self._playback, self._takes, self._hold_loop)
        self._host_sync, self._tap_tempo = HostSync(sync, self._playback, self._settings_control), TapTempo()
        self._accompaniment = Accompaniment(
            self.settings, self._playback, self._takes, self._settings_control
        )
        self._generation = Generation(
            lambda effect: self._playback.effects.append(effect), self._accompaniment
        )
        self._launcher = Launcher(self._playback, self._takes, self._generation, self._settings_control)
        self._record_reader = RecordReader(self._playback, self._takes, self.settings, weights)
        self._transport = Transport(
            self.settings,
            self._playback,
            self._takes,
            self._hold_loop,
            self._settings_control,
            self._host_sync,
            self._accompaniment,
            self._generation,
            ExpressionControllers(self.settings, self._playback, self._takes),
        )

    # --- the outside ---------------------------------------------------------------------------

    def early_effects(self, event: Event) -> list[Effect]:
        """Return what can be begun before it is decided what an event changes: the words of a prompt can be read."""
        return self._generation.early_preparation(event.text) if isinstance(event, PromptRequested) else []

    def handle(self, event: Event, now: Seconds) -> list[Effect]:
        """Take one event; return what must be done, in order. Raises BadRequest, having changed nothing."""
        self._playback.effects = []
        match event:
            case MorphRequested(_, _, x):
                self.settings["morph/x"] = x
                self._launch(event, now)
            case (
                PromptRequested()
                | RefineRequested()
                | BackRequested()
                | TakeLaunchRequested()
                | BankLaunchRequested()
            ):
                self._launch(event, now)
            case BankStoreRequested():
                self._launcher.store(event)
            case CueRequested(section):
                self._cue(section, now)
            case ControlSet(path, value):
                self._set_control(path, value, now)
            case PlayRequested():
                self._transport.play(now)
                self._host_sync.send_playing(playing=True)
            case StopRequested(panic):
                self._transport.stop(panic, now)
                self._host_sync.send_playing(playing=False)
            case HostTransportReported() | LinkReported():
                self._on_transport_change(self._host_sync.on_host_report(event, now), now)
            case TempoTapped():
                bpm = self._tap_tempo.tap(now)
                if bpm is not None:
                    self._set_control("tempo", round(bpm, 1), now)
            case TakeRated() | TasteResetRequested():
                self._launcher.rate(event)
            case Understood() | BeatWritten() | Failed():
                if self._launcher.on_answer(event, now) is None:
                    self._transport.cancel_waiting()
            case FirstNote():
                self._launcher.on_opening(event)
            case GeneratorExited():
                self._generation.on_exit()
                for take in self._takes.all:
                    take.pending.clear()
            case GeneratorReady():
                self._launcher.on_generator_ready(now)
            case PlayerReady():
                if self.state is State.PLAYING:
                    self._playback.resend(now)
            case Health():
                self._transport.health.add(event)
            case MidiReceived():
                self._receive_midi(event, now)
            case TimerFired():
                pass
            case _:
                assert_never(event)
        self._transport.proceed(now)
        return self._playback.effects

    @property
    def state(self) -> State:
        """Whether it is idle, waits or plays."""
        return self._transport.state

    def next_deadline(self) -> Seconds | None:
        """Return when the session wants to be woken, if at all."""
        return self._transport.next_deadline()

    def query(self, path: str) -> tuple[Value, ...]:
        """Return the value of a control, or the two prompts and the place of the morph."""
        if path == "morph":
            return (*self._launcher.morph_prompts, self.settings["morph/x"])
        return (self.settings[path],)

    @property
    def bank(self) -> dict[int, str]:
        """The prompts of the bank by slot."""
        return dict(self._launcher.bank)

    def recorded_song(self, now: Seconds) -> Song | None:
        """Return the whole bars played so far, where a record is wanted."""
        return self._record_reader.recorded_song(now)

    def kept_bars(self, bars: int, now: Seconds) -> KeptBars:
        """Return the last whole bars with all that they came from. Raises BadRequest where there are none."""
        return self._record_reader.kept_bars(bars, now)

    def latest_prompt(self) -> str:
        """Return the prompt of the latest take, or nothing."""
        take = self._takes.latest
        return "" if take is None else take.begin.prompt

    def planned_beats(self) -> tuple[tuple[float, int, int, str], ...]:
        """Return (quarter, bar, beat, chord where one begins) of the beats that are known."""
        return self._playback.planned_beats()

    # --- requests ------------------------------------------------------------------------------

    def _launch(self, request: LaunchRequest, now: Seconds) -> None:
        self._launcher.launch(request)
        if self.state is State.PLAYING:
            self._launcher.schedule_entry(str(self.settings["quantize"]), now)
        else:
            self._transport.wait_for_play()

    def _cue(self, section: str, now: Seconds) -> None:
        take = self._takes.current
        if take is None:
            raise BadRequest("/llmball/cue", "no take plays: play one first")
        if self._hold_loop.active:
            self._end_hold(now)
        cue(section, take, self._playback, str(self.settings["quantize"]), now)

    def _end_hold(self, now: Seconds) -> None:
        self.settings["hold"] = 0
        self._hold_loop.set(0, now)

    def _receive_midi(self, message: MidiReceived, now: Seconds) -> None:
        """Hand a MIDI message to whom it concerns; the only place where that is decided."""
        if message.data[0] in TIME_MESSAGES:
            self._on_transport_change(self._host_sync.receive_midi(message), now)
        else:
            self._accompaniment.receive_midi(message)

    def _on_transport_change(self, change: TransportChange, now: Seconds) -> None:
        """Do what whoever leads the time does."""
        match change:
            case TransportChange.STARTED if self.state is not State.PLAYING:
                self._transport.start_with_host()
            case TransportChange.STOPPED:
                self._transport.stop(False, now)
            case TransportChange.STARTED | TransportChange.JUMPED if self._takes.current is not None:
                self._host_sync.follow_jump(self._takes.current, now)

    def _set_control(self, path: str, value: Value, now: Seconds) -> None:
        self._settings_control.set(path, value, now)
        if path == "hold" and self.state is State.PLAYING:
            self._hold_loop.set(int(value), now)
        if path == "tempo":
            self._host_sync.send_tempo(float(value))
        if path == "send/clock":
            self._playback.update_clock_out()
