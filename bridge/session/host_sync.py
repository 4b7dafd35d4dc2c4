"""The baton: whoever leads the time, and what that does to the stage. Owned by the session.

The ticks of the stage go on counting since play. A host's own place is `origin` ticks further on, chosen so that its
bars and ours begin together; a leap of the host chooses it anew, and our ticks never go back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bridge.clock import Seconds, Segment, TempoMap
from bridge.errors import BadRequest
from bridge.midi.protocol import Heard
from bridge.protocol.events import LinkHeard, ToLink, TransportGiven
from bridge.session.playback import Stage
from bridge.session.settings import NOTEWORTHY, Desk
from bridge.session.sync_sources import HostTransport, LinkTime, MidiClock, Pulse, Source
from bridge.takes.takes import Take
from model.music.midifile import bar_length
from model.music.notes import TICKS_PER_QUARTER, Ticks, beat_length

PASSED = Seconds(0.050)
"""A beat of the host's that began this long ago is still begun with it."""
FRESH = Seconds(0.5)
"""So long after the host began, a take begins on its next beat; later on its next bar."""
IN_PHASE = Seconds(0.040)
"""A leap that leaves the bars this near to each other needs no new plan: the host loops."""


class Turn(Enum):
    """What news of the host's means."""

    NONE = "goes on"
    BEGAN = "began to roll"
    ENDED = "stopped"
    LEAPT = "goes on elsewhere"


@dataclass(frozen=True, slots=True)
class Entry:
    """A beat of the host's to begin with: its tick since the song began, and which of its bar it is, from 0."""

    tick: int
    beat: int


class Baton:
    """Leads the stage's time where it comes from outside; `sync` is the owner's choice, one of `config.SYNCS`."""

    def __init__(self, sync: str, stage: Stage, desk: Desk) -> None:
        self._sync, self._stage, self._desk = sync, stage, desk
        sources: dict[str, Source | None] = {
            "internal": None,
            "clock": MidiClock(),
            "link": LinkTime(),
            "host": HostTransport(),
        }
        self._source = sources[sync]
        self._origin = 0
        self._rolled, self._leaps, self._began = False, 0, Seconds(0)
        self._peers = 0
        stage.led = self._source is not None

    def may_begin(self) -> bool:
        """Tell whether a take may begin now: always, unless a host leads that does not roll."""
        source = self._source
        return source is None or (source.pulse is not None and (source.rolling or self._sync == "link"))

    def heard(self, message: Heard) -> Turn:
        """Take a message of MIDI clock's."""
        if not isinstance(self._source, MidiClock):
            return Turn.NONE
        self._source.hear(message.at, message.data)
        return self._turn(message.at)

    def moved(self, news: TransportGiven | LinkHeard, now: Seconds) -> Turn:
        """Take a report of the host's transport, or of Link's. Raises BadRequest where nobody asked for it."""
        match news, self._source:
            case (TransportGiven(), HostTransport() as source):
                source.hear(now, news.playing, news.quarter, news.bpm)
            case (LinkHeard(at), LinkTime() as source):
                source.hear(at, news.playing, news.quarter, news.bpm)
                self._peers = news.peers
            case _:
                raise BadRequest("/llmball/transport", "the time is not the host's: serve with --sync host")
        return self._turn(now)

    def ask(self, playing: bool) -> None:
        """Tell Link's others that we were asked to play, or to stop."""
        if self._sync == "link":
            self._stage.effects.append(ToLink(playing=playing))

    def propose(self, bpm: float) -> None:
        """Give Link's others a tempo that was set (0 is none); the news of it come back."""
        if self._sync == "link" and bpm > 0:
            self._stage.effects.append(ToLink(bpm=bpm))

    def alone(self, take: Take) -> None:
        """Go by a take's own tempo where Link leads and nobody else is there."""
        own = self._desk.own_bpm(take)
        pulse = self._pulse()
        if self._peers == 0 and pulse is not None and abs(pulse.bpm - own) > NOTEWORTHY:
            self.propose(own)

    def enter(self, take: Take, now: Seconds) -> bool:
        """Set the stage for a take on a beat of the host's; return False where nobody leads."""
        pulse = self._pulse()
        if pulse is None:
            return False
        meter = self._desk.meter(take)
        entry = self._entry(pulse, now, meter)
        take.skip_to(entry.beat)
        start = entry.beat * beat_length(meter)
        self._origin = entry.tick - start
        self.alone(take)
        self._stage.start_within(self._map(pulse), Ticks(start), entry.beat + 1)
        return True

    def leap(self, take: Take, now: Seconds) -> None:
        """Go on where the host does: as planned if that is in phase, else with the next beats that fit there."""
        pulse = self._pulse()
        if pulse is None:
            return
        stage, meter = self._stage, self._desk.meter(take)
        here, there = stage.tick(now), round(pulse.quarter_at(now) * TICKS_PER_QUARTER)
        bar = bar_length(meter)
        moved = there - here - self._origin
        bars = round(moved / bar)
        if abs(moved - bars * bar) < IN_PHASE * pulse.bpm / 60 * TICKS_PER_QUARTER:
            self._origin += bars * bar
            self._follow(pulse)
            return
        entry = self._entry(pulse, now, meter)
        self._origin = there - here
        gone = stage.cut(here)
        stage.timeline.go_on(Ticks(max(0, entry.tick - self._origin)), entry.beat + 1)
        self._follow(pulse)
        fitting = next((i for i, p in enumerate(gone) if p.beat == entry.beat + 1), None)
        if fitting is not None:
            stage.lay_again(gone[fitting:])
            return
        last = gone[-1].music if gone else stage.timeline.placed[-1].music if stage.timeline.placed else None
        nearest = 0 if last is None else last.index + 1
        phase = 0 if last is None else last.beat + 1
        take.rewind(nearest + (entry.beat - phase) % (bar // beat_length(meter)))

    # --- inside --------------------------------------------------------------------------------

    def _pulse(self) -> Pulse | None:
        return None if self._source is None else self._source.pulse

    def _turn(self, now: Seconds) -> Turn:
        source = self._source
        if source is None or source.pulse is None:
            return Turn.NONE
        rolled, leaps = self._rolled, self._leaps
        self._rolled, self._leaps = source.rolling, source.leaps
        self._desk.hosted(source.pulse.bpm)
        if source.rolling and not rolled:
            self._began = now
            return Turn.BEGAN
        if rolled and not source.rolling:
            return Turn.ENDED
        if leaps != source.leaps:
            self._began = now
            return Turn.LEAPT
        if self._stage.timeline.placed:
            self._follow(source.pulse)
        return Turn.NONE

    def _follow(self, pulse: Pulse) -> None:
        self._stage.follow(self._map(pulse))

    def _map(self, pulse: Pulse) -> TempoMap:
        """Return the host's time as the stage counts it; a tick is whole, so its moment is moved along with it."""
        tick = Ticks(round(pulse.quarter * TICKS_PER_QUARTER) - self._origin)
        seconds = pulse.seconds_at((tick + self._origin) / TICKS_PER_QUARTER)
        return TempoMap((Segment(tick, seconds, pulse.bpm),))

    def _entry(self, pulse: Pulse, now: Seconds, meter: str) -> Entry:
        """Return the host's beat to begin with: one that began just now or the next; or its next bar line."""
        begun = self._sync != "link" and now - self._began < FRESH
        fresh = begun or str(self._desk.settings["quantize"]) in ("now", "beat")
        unit, bar = beat_length(meter), bar_length(meter)
        grid = unit if fresh else bar
        earliest = pulse.quarter_at(Seconds(now - PASSED)) * TICKS_PER_QUARTER
        tick = int(-(-earliest // grid) * grid)
        return Entry(tick, tick % bar // unit)
