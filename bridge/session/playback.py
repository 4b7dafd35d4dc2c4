"""Playback state: timeline, tempo map, recorder and hold loop. Owned by the session; makes no musical decisions.

Places beats, cancels them, repeats them and announces them. Every change is appended to `effects` (orders to the player,
messages to clients), which the session returns. Others read `timeline` and `tempo`; only this class changes them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from enum import Enum

from bridge.clock import Seconds, TempoMap
from bridge.midi.protocol import (
    Cancel,
    Centre,
    Controller,
    Neutral,
    Play,
    Program,
    ScheduledControl,
    ScheduledNote,
    SendClock,
    SetTempoMap,
    Silence,
    remainder,
)
from bridge.protocol.controls import Value, changed_controls, model_controls, part_programs
from bridge.protocol.events import BarPlayed, Effect, Publish, ToPlayer
from bridge.takes import arrange, expression
from bridge.takes.arrange import STRAIGHT, Feel
from bridge.takes.recorder import ChangedControls, Recorder, Sounding
from bridge.takes.takes import Take
from bridge.takes.timeline import PlacedBeat, Timeline
from bridge.takes.voicing import reharmonised
from model.expression import LEVEL_CONTROLLERS, NEUTRAL
from model.music.midifile import Song
from model.music.notes import HARMONY_PARTS, PARTS, TICKS_PER_QUARTER, USUAL_PARTS, Beat, Ticks, beats_in_bar
from model.music.plan import apply_controls
from model.music.smf import RANGE_TOLD

ANNOUNCE_AHEAD = Seconds(0.002)
"""How early a message for "now" may be sent; timers are no finer than this."""
MIN_NOTICE = Seconds(0.250)
"""Quantize lines and beats nearer than this are too near to be changed: the next ones are used."""
LATE_MARGIN = Seconds(0.020)
"""A take's first beat must be ready this long before the line at which it enters."""
HARMONY = frozenset(HARMONY_PARTS)
REACTION_DELAY = Seconds(0.004)
"""Time from a detected chord change to the first reharmonised note."""
REARRANGE_MARGIN = Seconds(0.050)
"""Beats nearer than this keep their arrangement."""
BEATS_HEARD = 8
"""Placed beats in which a slide looks for the note before."""


class HoldState(Enum):
    """States of the hold loop."""

    OFF = "off"
    ARMED = "from the next line on"
    LOOPING = "on"
    ENDING = "until the next line"


@dataclass(slots=True)
class Hold:
    """The hold loop: its state, the number of bars asked for, the tick at which it begins or ends, and its beats."""

    state: HoldState = HoldState.OFF
    bar_count: int = 0
    switch_tick: Ticks = Ticks(0)
    beats: list[PlacedBeat] = field(default_factory=list)
    next_beat: int = 0


@dataclass(slots=True)
class Playback:
    """One performance since play. `settings` has the values of all controls; only `hold` is changed here."""

    settings: MutableMapping[str, Value]
    recorder: Recorder
    timeline: Timeline = field(default_factory=Timeline)
    tempo: TempoMap = field(default_factory=lambda: TempoMap.starting_at(120, Seconds(0)))
    effects: list[Effect] = field(default_factory=list)
    follows_host: bool = False
    """True while a host (MIDI clock, Link, transport) sets the tempo; then only `set_tempo_map` changes it."""
    take_names: dict[int, str] = field(default_factory=dict)
    """Public names, by take number, of takes that came back."""
    begun: list[PlacedBeat] = field(default_factory=list)
    """While a host leads, the beats that have begun since somebody read them."""
    bar_one: Ticks | None = None
    """The tick at which bar 1 begins, once it is known."""
    entered: tuple[int, int] = (0, 0)
    """The bar in which the take that was told last entered, 0 before the first, and its own bar (from 0) there."""
    _announced_take: int = 0
    _hold: Hold = field(default_factory=Hold)
    _replay: deque[tuple[PlacedBeat, int]] = field(default_factory=deque)
    _sent_controllers: dict[tuple[str, int], int] = field(default_factory=dict)
    _expressive: frozenset[tuple[str, int]] = frozenset()

    def emit(self, *effects: Effect) -> None:
        """Append effects, in order."""
        self.effects += effects

    # --- start, tempo, stop --------------------------------------------------------------------

    def start(self, bpm: float, at: Seconds) -> None:
        """Start at bar 1, tick 0, at time `at`."""
        self.timeline, self._announced_take, self._expressive = Timeline(), 0, frozenset()
        self.tempo = TempoMap.starting_at(bpm, at)
        self.recorder.reset()
        self.recorder.retime(Ticks(0), bpm)
        self.effects += [ToPlayer(Silence()), ToPlayer(SetTempoMap(self.tempo))]

    def start_on_beat(self, tempo: TempoMap, at: Ticks, beat: int, bar: int = 1) -> None:
        """Start at a beat (from 1) of a bar, which falls on tick `at` of a host's tempo map."""
        bpm = tempo.segments[0].bpm
        self.start(bpm, tempo.seconds_at(Ticks(0)))
        self.timeline.bar = bar - 1
        self.timeline.resume_at(at, beat)
        self.set_tempo_map(tempo)

    def set_tempo_map(self, tempo: TempoMap) -> None:
        """Follow a host's tempo map from now on."""
        here = tempo.segments[-1]
        if abs(self.tempo.segments[-1].bpm - here.bpm) > 0.1:
            self.recorder.retime(Ticks(max(0, here.tick)), here.bpm)
        self.tempo = tempo
        self.effects.append(ToPlayer(SetTempoMap(tempo)))

    def set_bar_one(self, first: Ticks) -> None:
        """Set the tick at which bar 1 begins; MIDI clock starts there."""
        self.bar_one = first
        if self.settings["send/clock"]:
            self.update_clock_out()

    def update_clock_out(self) -> None:
        """Switch MIDI clock output on or off, as the control `send/clock` says."""
        if self.bar_one is not None:
            self.effects.append(ToPlayer(SendClock(self.bar_one if self.settings["send/clock"] else None)))

    def silence(self, panic: bool) -> None:
        """End all sounding notes, drop the planned beats and the hold loop. `panic` also silences every channel."""
        self.bar_one = None
        self.effects.append(ToPlayer(Silence(panic)))
        self.timeline, self._hold = Timeline(), Hold()
        self.drop_replay()

    def tick(self, at: Seconds) -> Ticks:
        """Return the tick at a time, at least 0."""
        return Ticks(max(0, self.tempo.ticks_at(at)))

    def next_line(self, quantize: str, now: Seconds) -> Ticks:
        """Return the first quantize line that is at least `MIN_NOTICE` away."""
        return self.timeline.next_line(quantize, self.tick(Seconds(now + MIN_NOTICE)))

    # --- placing beats -------------------------------------------------------------------------

    def place(self, take: Take, beat: Beat, new_bar: bool) -> None:
        """Place a beat after the last planned one; its notes are published and sent to the player."""
        if take.public_name:
            self.take_names[take.number] = take.public_name
        self._arrange_and_place(take.number, beat, new_bar, take.feel(beat.index))

    def _arrange_and_place(self, take: int, beat: Beat, new_bar: bool, feel: Feel) -> None:
        start = self.timeline.end
        if beat.fresh and self.settings["follow"]:
            self._cut_ringing_harmony(start)
        self._place(take, beat, new_bar, feel, self._arranged(beat, start, feel))

    def _arranged(self, beat: Beat, start: Ticks, feel: Feel) -> tuple[ScheduledNote, ...]:
        """Return the notes to play of a beat, with their bends where these are sent."""
        notes = arrange.arranged_notes(beat, start, self.tempo.bpm_at(start), feel, self.settings)
        if not self.settings["expression"]:
            return notes
        earlier = [s for p in self.timeline.placed[-BEATS_HEARD:] if p.start < start for s in p.notes]
        return expression.bent(notes, earlier, feel, self.settings)

    def _place(self, take: int, beat: Beat, new_bar: bool, feel: Feel, notes: tuple[ScheduledNote, ...]) -> None:
        before = self.timeline.placed[-1].take if self.timeline.placed else None
        placed = self.timeline.place(take, beat, notes, new_bar, feel)
        controls = self._curves(placed, whole=before != take)
        self.recorder.add(placed, changed_controls(self.settings), controls)
        if notes or controls:
            self.effects.append(ToPlayer(Play(take, notes, controls)))
        for note in notes:
            self._publish_note(take, note)

    def _curves(self, placed: PlacedBeat, *, whole: bool = False) -> tuple[ScheduledControl, ...]:
        """Return the controllers of a placed beat; none where expression is off, and none of clicks."""
        if not self.settings["expression"] or not placed.take:
            return ()
        return expression.curves(placed.music, placed.start, placed.feel, self.settings, whole=whole)

    def count_in(self, bars: int, meter: str) -> None:
        """Place bars of clicks before bar 1, even if the drums are muted. They belong to no take."""
        self.timeline.bar = -bars
        for index in range(bars * beats_in_bar(meter)):
            bar, beat = divmod(index, beats_in_bar(meter))
            click = arrange.count_in_click(self.timeline.end, beat, self.settings)
            self._place(0, Beat(index, bar, beat, meter, None, fresh=False), beat == 0, STRAIGHT, (click,))

    def complete_beat(self, take: Take, beat: Beat) -> None:
        """Add the remaining notes of a beat that was placed with its first note only, unless it was cancelled."""
        placed = next((p for p in self.timeline.placed if p.take == take.number and p.music.index == beat.index), None)
        if placed is not None:
            known = {(s.part, s.pitch, s.at) for s in placed.notes}
            placed.music = beat
            notes = self._arranged(beat, placed.start, placed.feel)
            self._add_notes(placed, placed.take, tuple(s for s in notes if (s.part, s.pitch, s.at) not in known))

    def _add_notes(self, placed: PlacedBeat, take: int, notes: tuple[ScheduledNote, ...]) -> None:
        """Add notes to a placed beat."""
        if notes:
            self.timeline.add_notes(placed, notes)
            self.recorder.add_notes(notes)
            self.effects.append(ToPlayer(Play(take, notes)))
            for note in notes:
                self._publish_note(take, note)

    def _id(self, take: int) -> str:
        return self.take_names.get(take, str(take))

    def _publish_note(self, take: int, s: ScheduledNote) -> None:
        at, length = s.at / TICKS_PER_QUARTER, s.length / TICKS_PER_QUARTER
        self.effects.append(Publish("note", (self._id(take), s.part, s.pitch, s.velocity, at, length)))

    def rearrange(self, now: Seconds) -> None:
        """Arrange the planned beats again under the current output controls, from the first at least `REARRANGE_MARGIN` away."""
        soon = self.tick(Seconds(now + REARRANGE_MARGIN))
        first = next((p for p in self.timeline.placed if p.first_tick >= soon), None)
        if first is not None:
            unmuted = frozenset(part for part in PARTS if self.settings[f"part/{part}/enabled"])
            self.place_again(self.cut(first.start, unmuted))

    def place_again(self, beats: list[PlacedBeat]) -> None:
        """Place beats that were cut again, after the last planned one."""
        for placed in beats:
            self._arrange_and_place(placed.take, placed.music, placed.beat == 1, placed.feel)

    def reharmonise(self, now: Seconds, new_chords: Mapping[Ticks, str]) -> None:
        """Move the planned notes of the harmony to other chords; `new_chords` is by the tick at which a beat begins.

        In the beat that plays they start again at once. Other parts are not changed.
        """
        here = self.tick(Seconds(now + REACTION_DELAY))
        playing = next((p for p in self.timeline.placed if p.start <= here < p.end and p.start in new_chords), None)
        first = here if playing is not None else min(new_chords, default=self.timeline.end)
        sounding = [p for p in self.timeline.placed if p.start < first]
        before = [(p, [s for s in p.notes if s.part in HARMONY and s.at + s.length > first]) for p in sounding]
        removed = self.cut(first, frozenset(PARTS) - HARMONY)
        if playing is not None:
            for p, was_ringing in before:
                self._restrike(p, was_ringing, new_chords[playing.start], first, playing)
            playing.music = reharmonised(playing.music, new_chords[playing.start], fresh=True)
            playing.reharmonised = True
            if playing.announced:
                self.effects.append(Publish("chord", (new_chords[playing.start], playing.bar, playing.beat)))
        symbol = self.timeline.placed[-1].music.chord if self.timeline.placed else None
        for p in removed:
            symbol, last = new_chords.get(p.start, p.music.chord), symbol
            music = replace(p.music, fresh=symbol != last)
            if p.start in new_chords:
                music = reharmonised(p.music, new_chords[p.start], fresh=symbol != last)
            self._arrange_and_place(p.take, music, p.beat == 1, p.feel)
            self.timeline.placed[-1].reharmonised = p.start in new_chords or p.reharmonised

    def _cut_ringing_harmony(self, at: Ticks) -> None:
        """Cut notes of the harmony that overlap a chord change which was not known when they were placed."""
        ringing = (s for p in self.timeline.placed for s in p.notes if s.part in HARMONY)
        if any(s.at + s.length > at for s in ringing):
            self.cut(at, frozenset(PARTS) - HARMONY)

    def _restrike(
        self, p: PlacedBeat, was_ringing: list[ScheduledNote], symbol: str, at: Ticks, playing: PlacedBeat
    ) -> None:
        """Restart a beat's harmony under a new chord: sounding notes go on at the new pitch, later ones keep their place."""
        music = reharmonised(p.music, symbol, fresh=False)
        notes = arrange.arranged_notes(music, p.start, self.tempo.bpm_at(p.start), p.feel, self.settings)
        self._add_notes(playing, p.take, arrange.sustained_notes(notes, was_ringing, at, playing.start))

    def repeat_beat(self, take: Take | None) -> bool:
        """Place the matching beat of the last complete bar again, because the take's next beat is missing.

        Return False if there is nothing to repeat.
        """
        placed = self.timeline.placed
        if take is None or not placed:
            return False
        last, beat = placed[-1], self.timeline.next_beat
        bar = self.timeline.bar_before(self.timeline.end) or [p for p in placed if p.bar == last.bar]
        source = bar[min(beat, len(bar)) - 1]
        take.next_to_place += 1
        self.place(take, replace(source.music, index=take.next_to_place - 1, fresh=False), new_bar=beat == 1)
        return True

    def cut(self, after: Ticks, let_ring: frozenset[str] = frozenset()) -> list[PlacedBeat]:
        """Cancel everything planned from a tick on and return the removed beats.

        Notes of the parts in `let_ring` that began before keep their length (see `bridge.midi.protocol.remainder`).
        """
        since: dict[tuple[int, str], Ticks] = {}
        for p in self.timeline.beats_reaching(after):
            for s in p.notes:
                if remainder(s, after, let_ring) != s:
                    since[p.take, s.part] = min(since.get((p.take, s.part), after), s.at if s.beat >= after else after)
        removed = self.timeline.cut(after, let_ring)
        self.recorder.cut(after, self.timeline.max_reach, let_ring)
        # only takes that lose a note or a curve: older ones have nothing to cancel
        losing = {take for take, _ in since} | {p.take for p in removed if self.settings["expression"]}
        self.effects += [ToPlayer(Cancel(take, after, let_ring)) for take in sorted(losing)]
        for take, part in sorted(since, key=lambda tp: (tp[0], PARTS.index(tp[1]))):
            self.effects.append(Publish("cancelled", (self._id(take), part, since[take, part] / TICKS_PER_QUARTER)))
        return removed

    def rewrite_from(self, take: Take, at: Ticks) -> list[PlacedBeat]:
        """Cut from a tick on and rewind a take to its first removed beat; return the removed beats."""
        self.drop_replay()
        removed = self.cut(at)
        take.rewind(take.index_at(removed))
        return removed

    def enter_at(self, at: Ticks) -> None:
        """Cut from a tick on and continue there: another take enters, also within a beat."""
        self.cut(at)
        self.timeline.end, self.timeline.entry_beat = at, None

    def continue_at(self, at: Ticks, beat: int) -> None:
        """Place the next beat at a tick, as this beat (from 1) of a new bar."""
        self.timeline.resume_at(at, beat)

    # --- hold ----------------------------------------------------------------------------------

    @property
    def holding(self) -> bool:
        """True while the beats that are placed come from the hold loop."""
        return self._hold.state in (HoldState.LOOPING, HoldState.ENDING)

    def set_hold(self, bars: int, now: Seconds) -> None:
        """Loop the last bars from the next bar line on; 0 ends the loop at the next bar line."""
        if bars == 0 and not self.holding:
            self._hold.state = HoldState.OFF
        elif bars or self._hold.state is not HoldState.ENDING:
            self._hold.bar_count, self._hold.switch_tick = bars, self.next_line("bar", now)
            self._hold.state = HoldState.ARMED if bars else HoldState.ENDING

    def release_hold(self, now: Seconds) -> None:
        """Set the control `hold` to 0; the loop ends at the next bar line."""
        self.settings["hold"] = 0
        self.set_hold(0, now)

    def cancel_hold(self) -> None:
        """Set the control `hold` to 0 and drop the loop at once: something else plays."""
        self.settings["hold"], self._hold = 0, Hold()
        self.drop_replay()

    def proceed_hold(self, take: Take, now: Seconds) -> None:
        """Begin or end the loop at its line, and place its beats as far ahead as `lookahead` says.

        The take that plays waits meanwhile and continues where it was.
        """
        hold, ahead = self._hold, float(self.settings["lookahead"]) * TICKS_PER_QUARTER
        if hold.state is HoldState.ARMED and self.timeline.end >= hold.switch_tick:
            self.rewrite_from(take, hold.switch_tick)
            hold.beats, hold.next_beat = self.timeline.bars_before(hold.switch_tick, hold.bar_count), 0
            hold.state = HoldState.LOOPING if hold.beats else HoldState.OFF
        while self.holding and (
            self.timeline.end < self.tick(now) + ahead
            or (hold.state is HoldState.ENDING and self.timeline.end < hold.switch_tick)
        ):
            self.place_again([hold.beats[hold.next_beat % len(hold.beats)]])
            hold.next_beat += 1
        if hold.state is HoldState.ENDING and self.timeline.end >= hold.switch_tick:
            self.cut(hold.switch_tick)
            hold.state = HoldState.OFF

    # --- bars that sounded before a stop --------------------------------------------------------

    @property
    def repeating(self) -> bool:
        """True while the beats that are placed are not the take's next: of the hold loop, or of what sounded before a stop."""
        return self.holding or bool(self._replay)

    def replay(self, beats: Iterable[tuple[PlacedBeat, int]]) -> None:
        """Place beats that sounded before, as far ahead as `lookahead` says; with each, the take's beat that may follow it."""
        self._replay = deque(beats)

    def drop_replay(self) -> None:
        """Let the take go on at once: what would sound again is to be changed."""
        self._replay.clear()

    def proceed_replay(self, take: Take, now: Seconds) -> None:
        """Place the beats of the replay that are due; the take counts along, and goes on after the last."""
        ahead = float(self.settings["lookahead"]) * TICKS_PER_QUARTER
        while self._replay and not self.holding and self.timeline.end < self.tick(now) + ahead:
            beat, following = self._replay.popleft()
            self.place_again([beat])
            take.next_to_place = following
            if not self._replay:
                take.rewind(following)

    # --- what the player and clients are sent --------------------------------------------------

    def send_levels(self, take: Take | None) -> None:
        """Send the take's energy and brightness as controllers, and its programs, to the channels of the parts, where they have changed."""
        enabled = [name for name in LEVEL_CONTROLLERS if self.settings[f"send/{name}"]]
        if take is None or take.plan is None or not (enabled or self.settings["send/programs"]):
            self._sent_controllers.clear()
            return
        plan, _ = apply_controls(take.plan, model_controls(self.settings))
        if self.settings["send/programs"]:
            for part, number in part_programs(plan, self.settings).items():
                channel = int(self.settings[f"part/{part}/channel"]) - 1
                if self._sent_controllers.get((part, channel)) != number:
                    self._sent_controllers[part, channel] = number
                    self.effects.append(ToPlayer(Program(part, channel, number)))
        for name in enabled:
            value = round(127 * float(getattr(plan, name)))
            for part in dict.fromkeys((*USUAL_PARTS, *plan.parts)):
                channel = int(self.settings[f"part/{part}/channel"]) - 1
                if self._sent_controllers.get((name, channel)) != value:
                    self._sent_controllers[name, channel] = value
                    order = Controller(part, channel, LEVEL_CONTROLLERS[name], value)
                    self.effects.append(ToPlayer(order))

    def send_expression(self, now: Seconds) -> None:
        """Tell the bend range where expression was switched on, and take bends and curves back where it was switched off."""
        wanted = frozenset(expression.channels(self.settings).items()) if self.settings["expression"] else frozenset()
        for part, channel in sorted(wanted - self._expressive):
            self.effects += [ToPlayer(Controller(part, channel, n, value)) for n, value in RANGE_TOLD]
        gone = frozenset(self._expressive - wanted)
        if gone:
            self.effects.append(ToPlayer(Neutral()))
            self.recorder.end_expression(self.tick(now))
        self._expressive = wanted

    def retime(self, bpm: float, at: Ticks) -> None:
        """Change the tempo from a tick on and drop later tempo changes. Does nothing while a host sets the tempo."""
        if self.follows_host:
            return
        if abs(self.tempo.bpm_at(at) - bpm) > 1e-9 or any(s.tick > at for s in self.tempo.segments):
            first = self.timeline.placed[0].start if self.timeline.placed else at
            self.tempo = self.tempo.with_tempo(bpm, at).without_segments_before(first)
            self.recorder.retime(at, bpm)
            self.effects.append(ToPlayer(SetTempoMap(self.tempo)))

    def resend(self, now: Seconds) -> None:
        """Send a player that was started again the tempo map, the levels, the programs, and all notes and curves to come."""
        self._sent_controllers.clear()
        for part, channel in sorted(self._expressive):  # what the player that died had sent is not known
            self.effects += [ToPlayer(Controller(part, channel, n, value)) for n, value in NEUTRAL.items()]
            self.effects.append(ToPlayer(Centre(part, channel)))
        self._expressive = frozenset()
        self.effects.append(ToPlayer(SetTempoMap(self.tempo)))
        here = self.tick(now)
        for placed in self.timeline.placed:
            notes = tuple(s for s in placed.notes if s.at > here)
            curves = expression.remaining(self._curves(placed), here) if placed.end > here else ()
            if notes or curves:
                self.effects.append(ToPlayer(Play(placed.take, notes, curves)))
        if self.bar_one is not None:
            self.set_bar_one(self.bar_one)

    def announce(self, now: Seconds) -> None:
        """Publish the takes, beats and chords that begin now, and drop beats that lie bars behind."""
        # not `tick`: negative while a host's bar line is waited for
        here = self.tempo.ticks_at(Seconds(now + ANNOUNCE_AHEAD))
        for p in self.timeline.placed:
            if p.announced or p.start > here:
                continue
            p.announced = True
            if self.follows_host and p.take:
                self.begun.append(p)
            if p.take != self._announced_take and p.take:
                self._announced_take, self.entered = p.take, (p.bar, p.music.bar)
                self.effects.append(Publish("take", (self._id(p.take),)))
            if p.beat == 1:
                self.effects.append(BarPlayed())
            self.effects.append(Publish("beat", (p.bar, p.beat, float(self.tempo.bpm_at(p.start)))))
            if p.music.chord is not None and _announces_chord(p):
                self.effects.append(Publish("chord", (p.music.chord, p.bar, p.beat)))
        self.timeline.forget(self.tick(now))

    def next_announcement(self) -> Seconds | None:
        """Return the time of the next beat that was not announced yet, None if there is none."""
        upcoming = next((p for p in self.timeline.placed if not p.announced), None)
        return None if upcoming is None else self.tempo.seconds_at(upcoming.start)

    def planned_beats(self) -> tuple[tuple[float, int, int, str], ...]:
        """Return (quarter, bar, beat, chord or "") of each beat on the timeline."""
        return tuple(
            (p.start / TICKS_PER_QUARTER, p.bar, p.beat, p.music.chord or "" if _announces_chord(p) else "")
            for p in self.timeline.placed
        )

    def cued_section(self, take: Take) -> tuple[str, float, float] | None:
        """Return the section that was cued last in a take and the quarter notes where it begins and ends, None without one."""
        placed = next((p for p in reversed(self.timeline.placed) if p.take == take.number), None)
        if take.cue is None or placed is None:
            return None
        beat = placed.music.length / TICKS_PER_QUARTER
        begins = placed.start / TICKS_PER_QUARTER + (take.cue.first - placed.music.index) * beat
        return take.cue.section, begins, begins + (take.cue.last - take.cue.first) * beat

    def planned_until(self) -> Seconds:
        """Return the time at which the planned beats end."""
        return self.tempo.seconds_at(self.timeline.end)

    def recorded_song(self, sounding: Sounding, now: Seconds) -> Song | None:
        """Return the whole bars played so far, None before the first."""
        return self.recorder.song(sounding, self.tick(Seconds(now + LATE_MARGIN)))

    def last_bars(
        self, count: int, sounding: Sounding, now: Seconds
    ) -> tuple[Song, tuple[tuple[int, ChangedControls], ...]] | None:
        """Return the last whole bars with the take number and controls of each, None before the first."""
        return self.recorder.last_bars(count, sounding, self.tick(Seconds(now + LATE_MARGIN)))


def _announces_chord(placed: PlacedBeat) -> bool:
    """Return True if a beat's chord is published: where it changes, and at the first beat of a take."""
    return placed.music.fresh or placed.music.index == 0
