"""Host sync: maps a sync source (MIDI clock, Link, host transport) to the playback's tempo map. Owned by the session.

Playback ticks count from the last play and never go back. Host tick = playback tick + `_origin`; `_origin` is set so that
bar lines coincide, and set again when the host jumps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from bridge.clock import Seconds, Segment, TempoMap
from bridge.midi.protocol import MidiReceived
from bridge.protocol.controls import Value, model_controls
from bridge.protocol.events import Publish, ToLink
from bridge.session.playback import Playback
from bridge.session.settings import TEMPO_TOLERANCE, SettingsControl
from bridge.session.sync_sources import HostTempoLine, SyncEvent, SyncSource
from bridge.takes.heard_song import HeardSong, Resumption
from bridge.takes.takes import Take
from bridge.takes.timeline import PlacedBeat
from model.music.midifile import bar_length
from model.music.notes import TICKS_PER_QUARTER, Ticks, beat_length, beats_in_bar
from model.music.plan import Controls

START_DELAY = Seconds(0.030)
"""Time from the decision to start until tick 0, under our own tempo."""
MAX_LATE_ENTRY = Seconds(0.050)
"""A take may still start on a host's beat that began at most this long ago."""
START_WINDOW = Seconds(0.5)
"""This long after the host started, a take starts on its next beat; later on its next bar line."""
PHASE_TOLERANCE = Seconds(0.040)
"""After a jump of the host that keeps bar lines within this tolerance (a loop), the planned beats stay."""


class TransportChange(Enum):
    """What the host did."""

    NONE = "nothing"
    STARTED = "started"
    STOPPED = "stopped"
    JUMPED = "jumped"


@dataclass(frozen=True, slots=True)
class EntryBeat:
    """A beat of the host at which a take enters: its host tick, and its number in the bar from 0."""

    tick: int
    beat: int


@dataclass(slots=True)
class HostSync:
    """Sets the tempo of playback: at its start, when a take enters, and as a sync source reports it."""

    source: SyncSource
    settings: Mapping[str, Value]
    playback: Playback
    settings_control: SettingsControl
    _song: HeardSong = field(default_factory=HeardSong)
    _written_under: Controls = field(default_factory=Controls)
    _written_from: Ticks = Ticks(0)
    _resumption: Resumption | None = None
    _origin: int = 0
    _was_running: bool = False
    _jumps_seen: int = 0
    _started_at: Seconds = Seconds(0)
    _conflict_told: bool = False
    _silence_told: bool = False

    def __post_init__(self) -> None:
        self.playback.follows_host = self.source.external

    def can_start(self) -> bool:
        """Return True if a take may start now: not while it waits for an external source to run."""
        source = self.source
        rolling = source.tempo_line is not None and (source.running or source.shares_transport)
        return not source.external or rolling

    def receive(self, event: SyncEvent, now: Seconds) -> TransportChange | None:
        """Pass an event to the source; return what the host did, None if the event is of no concern to the source."""
        if not self.source.receive(event, now):
            return None
        if self.source.conflict and not self._conflict_told:
            self._conflict_told = True
            self.playback.emit(Publish("error", ("", self.source.conflict)))
        return self._transport_change(event.at if isinstance(event, MidiReceived) else now)

    def proceed(self, now: Seconds) -> None:
        """Tell, once each time, where the source has fallen silent, or what it lacks to begin."""
        silence = self.source.silence(now)
        if silence and not self._silence_told:
            self.playback.emit(Publish("error", ("", silence)))
        self._silence_told = bool(silence)

    def next_deadline(self) -> Seconds | None:
        """Return when what the source lacks is to be told, None where it is told or nothing is."""
        return None if self._silence_told else self.source.silence_at()

    def send_playing(self, playing: bool) -> None:
        """Tell others that share the transport that we play or stop."""
        if self.source.shares_transport:
            self.playback.emit(ToLink(playing=playing))

    def send_tempo(self, bpm: float) -> None:
        """Tell others that share the transport a tempo that was set; 0 is none. It comes back as a report."""
        if self.source.shares_transport and bpm > 0:
            self.playback.emit(ToLink(bpm=bpm))

    @property
    def keeps_place(self) -> bool:
        """True if the host has a song with places, to which it can come back."""
        return self.source.external and not self.source.shares_transport

    def remember(self, planned: Iterable[PlacedBeat] = ()) -> None:
        """Remember the beats that have begun, and `planned` ones that a stop has taken back."""
        begun, self.playback.begun = self.playback.begun, []
        if self.keeps_place:
            self._song.hear((*begun, *planned), self._origin, self._written_from)
            self._outdate(self.playback.timeline.end)

    def _outdate(self, planned_until: Ticks) -> None:
        """Where the controls that music is written under have changed, forget that what is heard and planned would be wanted again."""
        if self._written_under != self._writing_controls:
            self._written_under, self._written_from = self._writing_controls, planned_until
            self._song.outdate()

    def pause(self) -> None:
        """Remember, at the host's stop, what was planned."""
        self.remember(self.playback.timeline.placed)

    def resumption(self, take: Take, now: Seconds) -> Resumption | None:
        """Return how a paused take goes on where the host begins now, None where that is the beginning of its song."""
        line = self.source.tempo_line
        if line is None or line.quarter_at(now) * TICKS_PER_QUARTER < beat_length(self.settings_control.meter(take)):
            return None
        meter, written = self.settings_control.meter(take), take.score is not None
        self._outdate(Ticks(0))
        found = self._song.resumption(take.number, self._entry_beat(line, now, meter).tick, meter, written=written)
        is_over = found is not None and not found.beats and take.end_beat is not None and found.index >= take.end_beat
        self._resumption = None if is_over else found
        return self._resumption

    @property
    def _writing_controls(self) -> Controls:
        """The controls that music is written under; the tempo is the host's."""
        return replace(model_controls(self.settings), tempo=0.0)

    def start(self, take: Take, now: Seconds) -> None:
        """Start playback with a take: on a beat of the host, else after `START_DELAY` and the count-in."""
        meter = self.settings_control.meter(take)
        if self.source.tempo_line is not None:
            self._start_on_host_beat(self.source.tempo_line, take, meter, now)
            self.playback.set_bar_one(Ticks(0))
        else:
            self.playback.start(self.settings_control.bpm(take), Seconds(now + START_DELAY))
            self.playback.count_in(int(self.settings["countin"]), meter)
            self.playback.set_bar_one(self.playback.timeline.end)

    def enter(self, take: Take, at: Ticks) -> None:
        """Change to the tempo of a take that enters at a tick."""
        self.playback.retime(self.settings_control.bpm(take), at)
        self._send_own_tempo_if_alone(take)

    def _send_own_tempo_if_alone(self, take: Take) -> None:
        """Send the take's own tempo to the Link session if there are no other peers."""
        own_bpm, line = self.settings_control.own_bpm(take), self.source.tempo_line
        if self.source.peers == 0 and line is not None and abs(line.bpm - own_bpm) > TEMPO_TOLERANCE:
            self.send_tempo(own_bpm)

    def _start_on_host_beat(self, tempo_line: HostTempoLine, take: Take, meter: str, now: Seconds) -> None:
        entry = self._entry_beat(tempo_line, now, meter)
        resumption = self._resumption if take.goes_on else None
        if resumption is None:
            self._song.forget()
        self._outdate(Ticks(0))
        self._written_from = Ticks(0)
        if resumption is None or not resumption.beats:
            first = take.ready[0]
            take.skip_to(first.index + (entry.beat - first.beat) % beats_in_bar(meter))
        start = entry.beat * beat_length(meter)
        self._origin = entry.tick - start
        self._send_own_tempo_if_alone(take)
        self.playback.start_on_beat(
            self._tempo_map(tempo_line), Ticks(start), entry.beat + 1, 1 if resumption is None else resumption.bar
        )
        take.goes_on = False

    def follow_jump(self, take: Take, now: Seconds) -> None:
        """Continue where the host does: as planned if bar lines still coincide, else with the next beats that fit there."""
        tempo_line = self.source.tempo_line
        if tempo_line is None:
            return
        playback, meter = self.playback, self.settings_control.meter(take)
        here, host_tick = playback.tick(now), round(tempo_line.quarter_at(now) * TICKS_PER_QUARTER)
        bar = bar_length(meter)
        moved = host_tick - here - self._origin
        bars = round(moved / bar)
        if abs(moved - bars * bar) < PHASE_TOLERANCE * tempo_line.bpm / 60 * TICKS_PER_QUARTER:
            self._origin += bars * bar
            self._use_tempo_line(tempo_line)
            return
        entry = self._entry_beat(tempo_line, now, meter)
        self._origin = host_tick - here
        removed = playback.cut(here)
        playback.continue_at(Ticks(max(0, entry.tick - self._origin)), entry.beat + 1)
        self._use_tempo_line(tempo_line)
        first_fitting = next((i for i, p in enumerate(removed) if p.beat == entry.beat + 1), None)
        if first_fitting is not None:
            playback.place_again(removed[first_fitting:])
            return
        playback.drop_replay()
        last = next((p for p in reversed([*playback.timeline.placed, *removed])), None)
        nearest, phase = (0, 0) if last is None else (last.music.index + 1, last.music.beat + 1)
        if last is not None and last.take != take.number:
            nearest = take.next_to_place
        take.rewind(nearest + (entry.beat - phase) % (bar // beat_length(meter)))

    # --- inside --------------------------------------------------------------------------------

    def _transport_change(self, now: Seconds) -> TransportChange:
        source = self.source
        if source.tempo_line is None:
            return TransportChange.NONE
        was_running, jumps_seen = self._was_running, self._jumps_seen
        self._was_running, self._jumps_seen = source.running, source.jumps
        self.settings_control.set_host_tempo(source.tempo_line.bpm)
        if source.running and not was_running:
            self._started_at = now
            return TransportChange.STARTED
        if was_running and not source.running:
            return TransportChange.STOPPED
        if jumps_seen != source.jumps:
            self._started_at = now
            return TransportChange.JUMPED
        if self.playback.timeline.placed:
            self._use_tempo_line(source.tempo_line)
        return TransportChange.NONE

    def _use_tempo_line(self, tempo_line: HostTempoLine) -> None:
        self.playback.set_tempo_map(self._tempo_map(tempo_line))

    def _tempo_map(self, tempo_line: HostTempoLine) -> TempoMap:
        """Return the host's tempo line as a tempo map in playback ticks.

        The line's position is rounded to a whole tick and its time moved by the same amount.
        """
        tick = Ticks(round(tempo_line.quarter * TICKS_PER_QUARTER) - self._origin)
        seconds = tempo_line.seconds_at((tick + self._origin) / TICKS_PER_QUARTER)
        return TempoMap((Segment(tick, seconds, tempo_line.bpm),))

    def _entry_beat(self, tempo_line: HostTempoLine, now: Seconds, meter: str) -> EntryBeat:
        """Return the host's beat at which a take enters: the last if it began just now, else the next, or the next bar line."""
        just_started = not self.source.shares_transport and now - self._started_at < START_WINDOW
        on_any_beat = just_started or str(self.settings["quantize"]) in ("now", "beat")
        unit, bar = beat_length(meter), bar_length(meter)
        grid = unit if on_any_beat else bar
        earliest = tempo_line.quarter_at(Seconds(now - MAX_LATE_ENTRY)) * TICKS_PER_QUARTER
        tick = int(-(-earliest // grid) * grid)
        return EntryBeat(tick, tick % bar // unit)
