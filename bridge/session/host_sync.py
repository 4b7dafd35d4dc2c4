"""The baton: whoever leads the time, and what that does to the stage. Owned by the session.

The ticks of the stage go on counting since play. A host's own place is `origin` ticks further on, chosen so that its
bars and ours begin together; a leap of the host chooses it anew, and our ticks never go back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bridge.clock import Seconds, Segment, TempoMap
from bridge.errors import BadRequest
from bridge.midi.protocol import MidiReceived
from bridge.protocol.events import HostTransportReported, LinkReported, ToLink
from bridge.session.playback import Playback
from bridge.session.settings import TEMPO_TOLERANCE, SettingsControl
from bridge.session.sync_sources import (
    HostTempoLine,
    HostTransportSource,
    LinkSource,
    MidiClockSource,
    SyncSource,
)
from bridge.takes.takes import Take
from model.music.midifile import bar_length
from model.music.notes import TICKS_PER_QUARTER, Ticks, beat_length

MAX_LATE_ENTRY = Seconds(0.050)
"""A beat of the host's that began this long ago is still begun with it."""
START_WINDOW = Seconds(0.5)
"""So long after the host began, a take begins on its next beat; later on its next bar."""
PHASE_TOLERANCE = Seconds(0.040)
"""A leap that leaves the bars this near to each other needs no new plan: the host loops."""


class TransportChange(Enum):
    """What news of the host's means."""

    NONE = "goes on"
    STARTED = "began to roll"
    STOPPED = "stopped"
    JUMPED = "goes on elsewhere"


@dataclass(frozen=True, slots=True)
class EntryBeat:
    """A beat of the host's to begin with: its tick since the song began, and which of its bar it is, from 0."""

    tick: int
    beat: int


class HostSync:
    """Leads the stage's time where it comes from outside; `sync` is the owner's choice, one of `config.SYNCS`."""

    def __init__(self, sync: str, playback: Playback, settings_control: SettingsControl) -> None:
        self._sync, self._playback, self._settings_control = sync, playback, settings_control
        sources: dict[str, SyncSource | None] = {
            "internal": None,
            "clock": MidiClockSource(),
            "link": LinkSource(),
            "host": HostTransportSource(),
        }
        self._source = sources[sync]
        self._origin = 0
        self._was_running, self._jumps_seen, self._started_at = False, 0, Seconds(0)
        self._peers = 0
        playback.follows_host = self._source is not None

    def can_start(self) -> bool:
        """Tell whether a take may begin now: always, unless a host leads that does not roll."""
        source = self._source
        return source is None or (source.tempo_line is not None and (source.running or self._sync == "link"))

    def receive_midi(self, message: MidiReceived) -> TransportChange:
        """Take a message of MIDI clock's."""
        if not isinstance(self._source, MidiClockSource):
            return TransportChange.NONE
        self._source.receive_midi(message.at, message.data)
        return self._transport_change(message.at)

    def on_host_report(self, report: HostTransportReported | LinkReported, now: Seconds) -> TransportChange:
        """Take a report of the host's transport, or of Link's. Raises BadRequest where nobody asked for it."""
        match report, self._source:
            case (HostTransportReported(), HostTransportSource() as source):
                source.on_report(now, report.playing, report.quarter, report.bpm)
            case (LinkReported(at), LinkSource() as source):
                source.on_report(at, report.playing, report.quarter, report.bpm)
                self._peers = report.peers
            case _:
                raise BadRequest("/llmball/transport", "the time is not the host's: serve with --sync host")
        return self._transport_change(now)

    def send_playing(self, playing: bool) -> None:
        """Tell Link's others that we were asked to play, or to stop."""
        if self._sync == "link":
            self._playback.effects.append(ToLink(playing=playing))

    def send_tempo(self, bpm: float) -> None:
        """Give Link's others a tempo that was set (0 is none); the news of it come back."""
        if self._sync == "link" and bpm > 0:
            self._playback.effects.append(ToLink(bpm=bpm))

    def send_own_tempo_if_alone(self, take: Take) -> None:
        """Go by a take's own tempo where Link leads and nobody else is there."""
        own_bpm = self._settings_control.own_bpm(take)
        tempo_line = self._tempo_line()
        if self._peers == 0 and tempo_line is not None and abs(tempo_line.bpm - own_bpm) > TEMPO_TOLERANCE:
            self.send_tempo(own_bpm)

    def start_on_host_beat(self, take: Take, now: Seconds) -> bool:
        """Set the stage for a take on a beat of the host's; return False where nobody leads."""
        tempo_line = self._tempo_line()
        if tempo_line is None:
            return False
        meter = self._settings_control.meter(take)
        entry = self._entry_beat(tempo_line, now, meter)
        take.skip_to(entry.beat)
        start = entry.beat * beat_length(meter)
        self._origin = entry.tick - start
        self.send_own_tempo_if_alone(take)
        self._playback.start_on_beat(self._tempo_map(tempo_line), Ticks(start), entry.beat + 1)
        return True

    def follow_jump(self, take: Take, now: Seconds) -> None:
        """Go on where the host does: as planned if that is in phase, else with the next beats that fit there."""
        tempo_line = self._tempo_line()
        if tempo_line is None:
            return
        playback, meter = self._playback, self._settings_control.meter(take)
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
        playback.timeline.resume_at(Ticks(max(0, entry.tick - self._origin)), entry.beat + 1)
        self._use_tempo_line(tempo_line)
        first_fitting = next((i for i, p in enumerate(removed) if p.beat == entry.beat + 1), None)
        if first_fitting is not None:
            playback.place_again(removed[first_fitting:])
            return
        last = (
            removed[-1].music
            if removed
            else playback.timeline.placed[-1].music
            if playback.timeline.placed
            else None
        )
        nearest = 0 if last is None else last.index + 1
        phase = 0 if last is None else last.beat + 1
        take.rewind(nearest + (entry.beat - phase) % (bar // beat_length(meter)))

    # --- inside --------------------------------------------------------------------------------

    def _tempo_line(self) -> HostTempoLine | None:
        return None if self._source is None else self._source.tempo_line

    def _transport_change(self, now: Seconds) -> TransportChange:
        source = self._source
        if source is None or source.tempo_line is None:
            return TransportChange.NONE
        was_running, jumps_seen = self._was_running, self._jumps_seen
        self._was_running, self._jumps_seen = source.running, source.jumps
        self._settings_control.set_host_tempo(source.tempo_line.bpm)
        if source.running and not was_running:
            self._started_at = now
            return TransportChange.STARTED
        if was_running and not source.running:
            return TransportChange.STOPPED
        if jumps_seen != source.jumps:
            self._started_at = now
            return TransportChange.JUMPED
        if self._playback.timeline.placed:
            self._use_tempo_line(source.tempo_line)
        return TransportChange.NONE

    def _use_tempo_line(self, tempo_line: HostTempoLine) -> None:
        self._playback.set_tempo_map(self._tempo_map(tempo_line))

    def _tempo_map(self, tempo_line: HostTempoLine) -> TempoMap:
        """Return the host's time as the stage counts it; a tick is whole, so its moment is moved along with it."""
        tick = Ticks(round(tempo_line.quarter * TICKS_PER_QUARTER) - self._origin)
        seconds = tempo_line.seconds_at((tick + self._origin) / TICKS_PER_QUARTER)
        return TempoMap((Segment(tick, seconds, tempo_line.bpm),))

    def _entry_beat(self, tempo_line: HostTempoLine, now: Seconds, meter: str) -> EntryBeat:
        """Return the host's beat to begin with: one that began just now or the next; or its next bar line."""
        just_started = self._sync != "link" and now - self._started_at < START_WINDOW
        on_any_beat = just_started or str(self._settings_control.settings["quantize"]) in ("now", "beat")
        unit, bar = beat_length(meter), bar_length(meter)
        grid = unit if on_any_beat else bar
        earliest = tempo_line.quarter_at(Seconds(now - MAX_LATE_ENTRY)) * TICKS_PER_QUARTER
        tick = int(-(-earliest // grid) * grid)
        return EntryBeat(tick, tick % bar // unit)
