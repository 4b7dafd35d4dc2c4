"""What plays: the timeline, the tempo and the record, and all that is told of them. Moves what the session decides.

A stage holds no opinions: it lays beats, takes them back, repeats them, announces them, and writes each step down
as effects, which the session hands on. Owned by the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bridge.clock import Seconds, TempoMap
from bridge.midi.protocol import Cancel, Play, ScheduledNote, SendClock, SetTempoMap, Silence, remainder
from bridge.protocol.controls import Value, changed_controls
from bridge.protocol.events import BarPlayed, Effect, Publish, ToPlayer
from bridge.takes import arrange
from bridge.takes.arrange import STRAIGHT, Feel
from bridge.takes.recorder import Recorder
from bridge.takes.takes import Take
from bridge.takes.timeline import PlacedBeat, Timeline
from bridge.takes.voicing import reharmonised
from model.music.notes import PARTS, TICKS_PER_QUARTER, Beat, Ticks, beats_in_bar

ANNOUNCE_AHEAD = Seconds(0.002)
"""What is told as it happens may be told this much ahead: a timer is no finer."""
HARMONY = frozenset({"bass", "chords"})
REACTION_DELAY = Seconds(0.004)
"""What answers the hands sounds so much later."""
REARRANGE_MARGIN = Seconds(0.050)
"""Beats nearer than this keep their arrangement."""


@dataclass(slots=True)
class Playback:
    """One performance since play. `settings` is the session's table of controls, read only."""

    settings: Mapping[str, Value]
    recorder: Recorder
    timeline: Timeline = field(default_factory=Timeline)
    tempo: TempoMap = field(default_factory=lambda: TempoMap.starting_at(120, Seconds(0)))
    effects: list[Effect] = field(default_factory=list)
    follows_host: bool = False
    """Whether the tempo is somebody else's: then only `follow` changes it."""
    take_names: dict[int, str] = field(default_factory=dict)
    """What takes that came back are called outside."""
    bar_one: Ticks | None = None
    """The tick of bar 1, once its beginning is settled."""
    _announced_take: int = 0

    def start(self, bpm: float, at: Seconds) -> None:
        """Begin at bar 1, tick 0, at a moment."""
        self.timeline, self._announced_take = Timeline(), 0
        self.tempo = TempoMap.starting_at(bpm, at)
        self.recorder.reset()
        self.recorder.retime(Ticks(0), bpm)
        self.effects += [ToPlayer(Silence()), ToPlayer(SetTempoMap(self.tempo))]

    def start_on_beat(self, tempo: TempoMap, at: Ticks, beat: int) -> None:
        """Begin at a beat of bar 1, on a tick of somebody else's time."""
        bpm = tempo.segments[0].bpm
        self.start(bpm, tempo.seconds_at(Ticks(0)))
        self.timeline.resume_at(at, beat)
        self.set_tempo_map(tempo)

    def set_tempo_map(self, tempo: TempoMap) -> None:
        """Go by somebody else's time from now on."""
        here = tempo.segments[-1]
        if abs(self.tempo.segments[-1].bpm - here.bpm) > 0.1:
            self.recorder.retime(Ticks(max(0, here.tick)), here.bpm)
        self.tempo = tempo
        self.effects.append(ToPlayer(SetTempoMap(tempo)))

    def set_bar_one(self, first: Ticks) -> None:
        """Settle at which tick bar 1 begins, for those who follow our clock."""
        self.bar_one = first
        if self.settings["send/clock"]:
            self.update_clock_out()

    def update_clock_out(self) -> None:
        """Send MIDI clock along, or no longer, as the control says."""
        if self.bar_one is not None:
            self.effects.append(ToPlayer(SendClock(self.bar_one if self.settings["send/clock"] else None)))

    def silence(self, panic: bool) -> None:
        """End what sounds and forget what is planned."""
        self.bar_one = None
        self.effects.append(ToPlayer(Silence(panic)))
        self.timeline = Timeline()

    def tick(self, at: Seconds) -> Ticks:
        """Return the tick of a moment, 0 before the first."""
        return Ticks(max(0, self.tempo.ticks_at(at)))

    def place(self, take: Take, beat: Beat, new_bar: bool) -> None:
        """Lay a beat at the end of what is planned; its notes are told and sent to the player."""
        if take.public_name:
            self.take_names[take.number] = take.public_name
        self._arrange_and_place(take.number, beat, new_bar, take.feel)

    def _arrange_and_place(self, take: int, beat: Beat, new_bar: bool, feel: Feel) -> None:
        start = self.timeline.end
        if beat.fresh and self.settings["follow"]:
            self._cut_ringing_harmony(start)
        self._place(
            take,
            beat,
            new_bar,
            feel,
            arrange.arranged_notes(beat, start, self.tempo.bpm_at(start), feel, self.settings),
        )

    def _place(
        self, take: int, beat: Beat, new_bar: bool, feel: Feel, notes: tuple[ScheduledNote, ...]
    ) -> None:
        self.recorder.add(
            self.timeline.place(take, beat, notes, new_bar, feel), changed_controls(self.settings)
        )
        if notes:
            self.effects.append(ToPlayer(Play(take, notes)))
        for note in notes:
            self._publish_note(take, note)

    def count_in(self, bars: int, meter: str) -> None:
        """Lay bars of clicks before bar 1, whether the drums are on or not: they belong to no take."""
        self.timeline.bar = -bars
        for index in range(bars * beats_in_bar(meter)):
            bar, beat = divmod(index, beats_in_bar(meter))
            click = arrange.count_in_click(self.timeline.end, beat, self.settings)
            self._place(0, Beat(index, bar, beat, meter, None, fresh=False), beat == 0, STRAIGHT, (click,))

    def complete_beat(self, take: Take, beat: Beat) -> None:
        """Add the rest to a beat that was laid with its first note only, where it has not been taken back."""
        placed = next(
            (p for p in self.timeline.placed if p.take == take.number and p.music.index == beat.index), None
        )
        if placed is not None:
            known = {(s.part, s.pitch, s.at) for s in placed.notes}
            placed.music = beat
            bpm = self.tempo.bpm_at(placed.start)
            notes = arrange.arranged_notes(beat, placed.start, bpm, placed.feel, self.settings)
            self._add_notes(
                placed, placed.take, tuple(s for s in notes if (s.part, s.pitch, s.at) not in known)
            )

    def _add_notes(self, placed: PlacedBeat, take: int, notes: tuple[ScheduledNote, ...]) -> None:
        """Have sounds come that a beat was laid without."""
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
        """Lay what is planned, from the first beat that is not too near, out again under the output controls."""
        soon = self.tick(Seconds(now + REARRANGE_MARGIN))
        first = next((p for p in self.timeline.placed if p.first_tick >= soon), None)
        if first is not None:
            unmuted = frozenset(part for part in PARTS if self.settings[f"part/{part}/enabled"])
            self.place_again(self.cut(first.start, unmuted))

    def place_again(self, beats: list[PlacedBeat]) -> None:
        """Lay beats that were taken back out again, at the end of what is planned."""
        for placed in beats:
            self._arrange_and_place(placed.take, placed.music, placed.beat == 1, placed.feel)

    def reharmonise(self, now: Seconds, new_chords: Mapping[Ticks, str]) -> None:
        """Move the bass and the chords that are planned to other chords, by the tick where their beats begin.

        In the beat that plays they are struck anew at once; the other parts go on as they are.
        """
        here = self.tick(Seconds(now + REACTION_DELAY))
        playing = next(
            (p for p in self.timeline.placed if p.start <= here < p.end and p.start in new_chords), None
        )
        first = here if playing is not None else min(new_chords, default=self.timeline.end)
        sounding = [p for p in self.timeline.placed if p.start < first]
        before = [
            (p, [s for s in p.notes if s.part in HARMONY and s.at + s.length > first]) for p in sounding
        ]
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
        """End the bass and the chords that would ring on into another chord, which nobody knew of when they were laid."""
        ringing = (s for p in self.timeline.placed for s in p.notes if s.part in HARMONY)
        if any(s.at + s.length > at for s in ringing):
            self.cut(at, frozenset(PARTS) - HARMONY)

    def _restrike(
        self, p: PlacedBeat, was_ringing: list[ScheduledNote], symbol: str, at: Ticks, playing: PlacedBeat
    ) -> None:
        """Let what rang of a beat's bass and chords ring on under another chord, and what was to come of it come."""
        music = reharmonised(p.music, symbol, fresh=False)
        notes = arrange.arranged_notes(music, p.start, self.tempo.bpm_at(p.start), p.feel, self.settings)
        self._add_notes(playing, p.take, arrange.sustained_notes(notes, was_ringing, at, playing.start))

    def repeat_beat(self, take: Take | None) -> bool:
        """Repeat the beat of the last good bar, since the take's next is not there; return whether there was one."""
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
        """Take back all that is planned from a tick on, tell it, and return the beats; `ring`: see `orders.remains`."""
        since: dict[tuple[int, str], Ticks] = {}
        for p in self.timeline.beats_reaching(after):
            for s in p.notes:
                if remainder(s, after, let_ring) != s:
                    since[p.take, s.part] = min(
                        since.get((p.take, s.part), after), s.at if s.beat >= after else after
                    )
        removed = self.timeline.cut(after, let_ring)
        self.recorder.cut(after, self.timeline.max_reach, let_ring)
        # only those that lose something: a take of bars ago has nothing that could be taken back
        self.effects += [
            ToPlayer(Cancel(take, after, let_ring)) for take in sorted({take for take, _ in since})
        ]
        for take, part in sorted(since, key=lambda tp: (tp[0], PARTS.index(tp[1]))):
            self.effects.append(
                Publish("cancelled", (self._id(take), part, since[take, part] / TICKS_PER_QUARTER))
            )
        return removed

    def retime(self, bpm: float, at: Ticks) -> None:
        """Go on at another tempo from a tick on; tempi that were to come later are gone."""
        if self.follows_host:
            return
        if abs(self.tempo.bpm_at(at) - bpm) > 1e-9 or any(s.tick > at for s in self.tempo.segments):
            first = self.timeline.placed[0].start if self.timeline.placed else at
            self.tempo = self.tempo.with_tempo(bpm, at).without_segments_before(first)
            self.recorder.retime(at, bpm)
            self.effects.append(ToPlayer(SetTempoMap(self.tempo)))

    def resend(self, now: Seconds) -> None:
        """Tell a new player the tempo and all that is still to come."""
        self.effects.append(ToPlayer(SetTempoMap(self.tempo)))
        here = self.tick(now)
        for placed in self.timeline.placed:
            coming = tuple(s for s in placed.notes if s.at > here)
            if coming:
                self.effects.append(ToPlayer(Play(placed.take, coming)))
        if self.bar_one is not None:
            self.set_bar_one(self.bar_one)

    def announce(self, now: Seconds) -> None:
        """Tell the takes, beats and chords that begin now; forget what lies bars behind."""
        here = self.tempo.ticks_at(
            Seconds(now + ANNOUNCE_AHEAD)
        )  # before tick 0 where a host's bar is waited for
        for p in self.timeline.placed:
            if p.announced or p.start > here:
                continue
            p.announced = True
            if p.take != self._announced_take and p.take:
                self._announced_take = p.take
                self.effects.append(Publish("take", (self._id(p.take),)))
            if p.beat == 1:
                self.effects.append(BarPlayed())
            self.effects.append(Publish("beat", (p.bar, p.beat, float(self.tempo.bpm_at(p.start)))))
            if p.music.chord is not None and _announces_chord(p):
                self.effects.append(Publish("chord", (p.music.chord, p.bar, p.beat)))
        self.timeline.forget(self.tick(now))

    def next_announcement(self) -> Seconds | None:
        """Return when the next beat begins that was not told yet."""
        upcoming = next((p for p in self.timeline.placed if not p.announced), None)
        return None if upcoming is None else self.tempo.seconds_at(upcoming.start)

    def planned_beats(self) -> tuple[tuple[float, int, int, str], ...]:
        """Return (quarter, bar, beat, chord where one begins) of the beats that lie on the timeline."""
        return tuple(
            (p.start / TICKS_PER_QUARTER, p.bar, p.beat, p.music.chord or "" if _announces_chord(p) else "")
            for p in self.timeline.placed
        )

    def planned_until(self) -> Seconds:
        """Return the moment at which what is planned ends."""
        return self.tempo.seconds_at(self.timeline.end)


def _announces_chord(placed: PlacedBeat) -> bool:
    """Tell whether a beat's chord is told: where it begins, and at the beginning of a take."""
    return placed.music.fresh or placed.music.index == 0
