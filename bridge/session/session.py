"""The session: what the daemon is doing and does next. Events in, effects out; the only place that decides.

It does no I/O, starts no task and reads no clock: the time comes with each event, in seconds of `bridge.clock`. A prompt
makes a take; the current take goes on until the new one enters at a quantize line.

Who changes what: `Playback` the timeline, tempo, record and hold loop; `Takes` the current and the coming take;
`SettingsControl` the controls; `HostSync` the sync source; `Accompaniment` the follower; `Generation` the orders to the
model; `Launcher` the bank; `Transport` the state (idle, waiting, playing).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.midi.protocol import Health, InputLost, MidiReceived
from bridge.protocol.controls import Value, changed_controls, defaults, part_programs
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
    ScoreGrown,
    ScoreLaunchRequested,
    ScoreStoreRequested,
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
from bridge.session.quantize import cue
from bridge.session.settings import SettingsControl
from bridge.session.sync_sources import SOURCES, SyncEvent, TapTempo
from bridge.session.transport import State, Transport
from bridge.takes.recorder import KeptBars, Recorder
from bridge.takes.takes import Take, Takes
from model.generation.bias_weights import NamedWeights, shipped
from model.generation.messages import BeatWritten, Failed, FirstNote, Understood
from model.music.midifile import Song
from model.music.notes import PARTS, TICKS_PER_QUARTER
from model.music.score import Score


class Session:
    """One performance.

    `seeds` gives a take's seed if the controls set none; `theta` is the user's taste; `sync` is a key of `SOURCES`;
    `weights` is the hash of the decoder's weights, kept with recorded bars.
    """

    def __init__(
        self,
        seeds: Callable[[], int],
        keep_all_bars: bool = False,
        theta: NamedWeights | None = None,
        sync: str = "internal",
        weights: str = "",
    ) -> None:
        self.settings: dict[str, Value] = defaults()
        settings, self._weights, self._tap_tempo = self.settings, weights, TapTempo()
        self._playback = playback = Playback(settings, Recorder(keep_all_bars))
        self._takes = takes = Takes(settings, seeds, shipped() if theta is None else theta)
        self._settings_control = control = SettingsControl(settings, playback, takes)
        self._host_sync = HostSync(SOURCES[sync](), settings, playback, control)
        self._accompaniment = Accompaniment(settings, playback, takes, control)
        self._generation = Generation(settings, playback, takes, self._accompaniment)
        self._launcher = Launcher(playback, takes, self._generation, control)
        self._transport = Transport(playback, takes, self._host_sync, self._accompaniment, self._generation)

    # --- interface ---------------------------------------------------------------------------

    def early_effects(self, event: Event) -> list[Effect]:
        """Return effects that may be run before `handle`: a new prompt can be prepared at once."""
        return self._generation.early_preparation(event.text) if isinstance(event, PromptRequested) else []

    def handle(self, event: Event, now: Seconds) -> list[Effect]:
        """Process one event; return the effects, in order. Raises BadRequest and then changes nothing."""
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
                | ScoreLaunchRequested()
            ):
                self._launch(event, now)
            case ScoreGrown(score):
                self._takes.grow(score)
            case BankStoreRequested() | ScoreStoreRequested():
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
            case MidiReceived() | HostTransportReported() | LinkReported() | TempoTapped():
                self._receive(event, now)
            case InputLost(at, number):
                self._accompaniment.release_all(at, number)
            case TakeRated() | TasteResetRequested():
                self._launcher.rate(event)
            case Understood() | BeatWritten() | Failed():
                if self._launcher.on_answer(event, now) is None:
                    self._transport.cancel_waiting()
            case FirstNote():
                self._launcher.on_first_note(event)
            case GeneratorExited():
                self._generation.on_exit()
                self._takes.on_generator_exit()
            case GeneratorReady():
                self._launcher.on_generator_ready(now)
            case PlayerReady():
                if self.state is State.PLAYING:
                    self._playback.resend(now)
            case Health():
                self._transport.add_health(event)
            case TimerFired():
                pass
            case _:
                assert_never(event)
        self._transport.proceed(now)
        return self._playback.effects

    @property
    def state(self) -> State:
        """The transport's state."""
        return self._transport.state

    def next_deadline(self) -> Seconds | None:
        """Return the time of the next `TimerFired` that is needed, None if none is."""
        return self._transport.next_deadline()

    def query(self, path: str) -> tuple[Value, ...]:
        """Return the value of a control; for "morph" the two prompts and `morph/x`. Raises KeyError."""
        if path == "morph":
            return (*self._launcher.morph_prompts, self.settings["morph/x"])
        return (self.settings[path],)

    @property
    def bank(self) -> dict[int, str | Score]:
        """The prompts and scores of the bank, by slot."""
        return dict(self._launcher.bank)

    def recorded_song(self, now: Seconds) -> Song | None:
        """Return the whole bars played so far, None before the first."""
        song = self._playback.recorded_song(self._takes.sounding, now)
        return None if song is None else self._with_programs(song)

    def kept_bars(self, bars: int, now: Seconds) -> KeptBars:
        """Return the last whole bars with what each came from. Raises BadRequest if there is none."""
        found = self._playback.last_bars(bars, self._takes.sounding, now)
        if found is None:
            raise BadRequest("/llmball/keep", "no whole bar was played yet: play first")
        song, origins = found
        bar_origins = tuple(replace(self._takes.origin(take), controls=controls) for take, controls in origins)
        return KeptBars(self._with_programs(song), bar_origins, changed_controls(self.settings), self._weights)

    def _with_programs(self, song: Song) -> Song:
        """Return a song with what its parts are played on, as the latest take says."""
        take = self._takes.latest
        if take is None or take.plan is None:
            return song
        chosen, heard = part_programs(take.plan, self.settings), {n.part for n in song.notes}
        return replace(song, programs=tuple((part, chosen[part]) for part in PARTS if part in heard))

    @property
    def latest_take(self) -> Take | None:
        """The take that was requested last, None if there is none."""
        return self._takes.latest

    def latest_prompt(self) -> str:
        """Return the prompt of the take that was requested last, "" if there is none, or a score instead."""
        take = self._takes.latest
        return "" if take is None or take.score is not None else take.begin.prompt

    def coming(self) -> tuple[str, float, str, float, float]:
        """Return what is on its way: a take's prompt and entry, a section and where it begins and ends, in quarter notes.

        What is not there is "", a place that is not known is -1.
        """
        take, current = self._takes.coming, self._takes.current
        words, entry = ("", -1.0)
        if take is not None:
            words = take.begin.prompt if take.score is None else take.score.title
            if take.entry_tick is not None:
                entry = take.entry_tick / TICKS_PER_QUARTER
        section = None if current is None else self._playback.cued_section(current)
        return (words, entry, *(section or ("", -1.0, -1.0)))

    def planned_beats(self) -> tuple[tuple[float, int, int, str], ...]:
        """Return (quarter, bar, beat, chord or "") of each planned beat."""
        return self._playback.planned_beats()

    def entered(self) -> tuple[int, int]:
        """Return the bar in which the take that plays entered, 0 before the first, and its own bar (from 0) there."""
        return self._playback.entered

    # --- requests ------------------------------------------------------------------------------

    def _launch(self, request: LaunchRequest, now: Seconds) -> None:
        self._launcher.launch(request)
        if self.state is State.PLAYING:
            self._launcher.schedule_entry(str(self.settings["quantize"]), now)
            self._launcher.prepare_entry(request, now)
        else:
            self._playback.drop_replay()
            self._transport.wait_for_play()

    def _cue(self, section: str, now: Seconds) -> None:
        take = self._takes.current
        if take is None:
            raise BadRequest("/llmball/cue", "no take plays: play one first")
        if take.score is not None and section != "ending":
            raise BadRequest("/llmball/cue", "a piece is played as it is written: only an ending can be cued")
        if self._playback.holding:
            self._playback.release_hold(now)
        cue(section, take, self._playback, str(self.settings["quantize"]), now)

    def _receive(self, event: SyncEvent, now: Seconds) -> None:
        """Pass an event to the sync source, or to whoever takes it where the source does not."""
        change = self._host_sync.receive(event, now)
        match event:
            case _ if change is not None:
                self._on_transport_change(change, now)
            case MidiReceived():
                self._accompaniment.receive_midi(event)
            case TempoTapped():
                bpm = self._tap_tempo.tap(now)
                if bpm is not None:
                    self._set_control("tempo", round(bpm, 1), now)
            case _:
                raise BadRequest("/llmball/transport", "the time is not the host's: serve with --sync host")

    def _on_transport_change(self, change: TransportChange, now: Seconds) -> None:
        """Start, stop or jump as the host does."""
        match change:
            case TransportChange.STARTED if self.state is not State.PLAYING:
                self._transport.start_with_host(now)
            case TransportChange.JUMPED if self._transport.starting:
                self._transport.start_with_host(now)
            case TransportChange.STOPPED:
                self._transport.stop_with_host(now)
            case TransportChange.STARTED | TransportChange.JUMPED if self._takes.current is not None:
                self._host_sync.follow_jump(self._takes.current, now)

    def _set_control(self, path: str, value: Value, now: Seconds) -> None:
        self._settings_control.set(path, value, now)
        if path == "hold" and self.state is State.PLAYING:
            self._playback.set_hold(int(value), now)
        if path == "tempo":
            self._host_sync.send_tempo(float(value))
        if path == "send/clock":
            self._playback.update_clock_out()
