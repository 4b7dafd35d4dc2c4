"""Accompaniment of live players: passes detected chords, key and given parts to the model. Owned by the session.

The follower estimates what the player plays in each beat; here it meets the timeline. A chord that differs from the planned
one is answered twice: the planned bass and chords move to it within the beat, and the model generates again from the first
beat far enough away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bridge.clock import Seconds
from bridge.follow.follower import Follower
from bridge.follow.keyboard import BeatWindow
from bridge.follow.loop_detection import same_harmony
from bridge.midi.protocol import MidiReceived, ScheduledNote
from bridge.protocol.controls import Value
from bridge.protocol.events import Publish
from bridge.session.playback import Playback
from bridge.session.quantize import cue
from bridge.session.settings import SettingsControl
from bridge.takes.takes import Take, Takes
from bridge.takes.timeline import PlacedBeat
from model.music.harmony import Chord, Key, chord_symbol, parse_chord, parse_key
from model.music.notes import PARTS, TICKS_PER_QUARTER, Kept, Note, Ticks, beats_in_bar
from model.music.plan import Controls, Plan

ECHO_EARLY, ECHO_LATE = Seconds(0.010), Seconds(0.080)
"""A note that comes in this much before or after a note of ours was due is taken for its echo."""
EARLY_TOLERANCE = Ticks(40)
"""A note played at most this many ticks before a beat counts as on the beat."""
HISTORY_BEATS = 3
"""The number of beats before an ordered one whose sounding notes are passed to the model."""
MAX_LOOKAHEAD = 3.0
"""Beats planned ahead at most while the player sets the harmony; more would be generated twice."""
MELODY_LOOKAHEAD = Seconds(0.30)
"""Time planned ahead while the player plays the melody, so that the melody up to then counts."""


@dataclass(slots=True)
class Accompaniment:
    """Connects the follower with the playback and the orders to the model."""

    settings: Mapping[str, Value]
    playback: Playback
    takes: Takes
    settings_control: SettingsControl
    follower: Follower = field(init=False)
    _last_beat: Ticks = Ticks(-1)
    _requested_chords: dict[Ticks, str] = field(default_factory=dict)
    _recognised_echoes: list[ScheduledNote] = field(default_factory=list)
    _overruled: int | None = None
    _published: tuple[str | None, float | None] = (None, None)
    _given: frozenset[str] = frozenset()
    _playing: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.follower = Follower(self._is_echo)

    @property
    def active(self) -> bool:
        """True while the control `follow` is on."""
        return bool(self.settings["follow"])

    # --- events --------------------------------------------------------------------------

    def reset(self) -> None:
        """Forget the past performance: playback starts or stops."""
        self._last_beat, self._recognised_echoes, self._requested_chords = Ticks(-1), [], {}
        self.follower.reset()

    def receive_midi(self, event: MidiReceived) -> None:
        """Process one MIDI message of a player. Also called while `follow` is off, so that following can start at any time."""
        self.follower.requested_mode = str(self.settings["follow/mode"])
        self.follower.receive_midi(event.at, event.data, event.input)

    def release_all(self, at: Seconds, number: int) -> None:
        """Let go of what the player at an input holds: it was lost, and the ends of its notes with it."""
        self.follower.keyboard.release_all(at, number)

    def proceed(self, now: Seconds) -> None:
        """Update the follower with the beats that have passed, and change planned beats accordingly. Only while playing."""
        self.follower.requested_mode = str(self.settings["follow/mode"])
        self.follower.fixed_key = self._fixed_key
        passed = self._process_passed_beats(now)
        self.follower.update(now)
        if not self.active:
            return
        if passed and self.follower.just_came_to_rest:
            self._cue_fill(now)
        self._publish_estimates()
        wanted = self._chord_changes(now)
        if wanted:
            self.playback.reharmonise(now, wanted)
        given = self.follower.given_parts - {"melody"}  # of a melody little is planned ahead
        if given != self._given or any(self._requested_chords.get(at) != symbol for at, symbol in wanted.items()):
            self._given = given
            self.settings_control.regenerate(now, bar_line=False, coming=False)
            self._requested_chords |= wanted  # beats too near to be generated again are not requested twice

    def next_deadline(self) -> Seconds | None:
        """Return the time at which the follower must be updated, None if not at all."""
        return self.follower.next_deadline() if self.active else None

    # --- orders to the model ------------------------------------------------------------

    def lookahead_beats(self, beats: float, length: float) -> float:
        """Return how many beats are to be planned ahead, at most `beats`; `length` is a beat's in seconds."""
        if not self.active or self.follower.resting:
            return beats
        if self.follower.mode == "melody":
            return min(beats, max(0.5, MELODY_LOOKAHEAD / length))
        return min(beats, MAX_LOOKAHEAD) if self.follower.tells_harmony else beats

    def controls_for(self, take: Take, controls: Controls) -> Controls:
        """Return the controls with the player's key and energy where neither controls nor prompt set them."""
        if not self.active:
            return controls
        plan, tracker = take.plan or Plan(), self.follower.tracker
        if tracker.key is not None and self._fixed_key is None:
            controls = replace(controls, key=tracker.key.name)
        if tracker.energy is not None and controls.energy < 0 and "energy" not in plan.explicit:
            controls = replace(controls, energy=tracker.energy)
        return controls

    def given_by_player(self, at: Ticks) -> Kept | None:
        """Return what the players determine of the beat at tick `at` (chord, their parts), None if nothing."""
        if not self.active or self._last_beat < 0:
            return None
        parts = self.follower.given_parts
        chord = self._forecast_chord(self._beats_ahead(at))
        symbol = None if chord is None else self._symbol(chord)
        if symbol is not None:
            self._requested_chords[at] = symbol
        if symbol is None and not parts:
            return None
        return Kept(parts=parts, harmony=symbol is not None, chord=symbol)

    def as_played(self, take: Take, index: int, now: Seconds) -> tuple[tuple[int, Kept], ...]:
        """Return, by beat index, the notes of recent beats that differ from what the model wrote.

        They were reharmonised, or have the players' parts.
        """
        if not self.active:
            return ()
        found: list[tuple[int, Kept]] = []
        for p in self.playback.timeline.placed:
            if p.take != take.number or not index - HISTORY_BEATS <= p.music.index < index:
                continue
            played = self._played_notes(p, now)
            if played or p.reharmonised:
                parts = {n.part for n in played}
                notes = tuple(n for n in p.music.notes if n.part not in parts) + played
                kept = Kept(notes, frozenset(PARTS), True, p.music.chord, p.music.fresh)
                found.append((p.music.index, kept))
        return tuple(found)

    # --- inside --------------------------------------------------------------------------------

    def _process_passed_beats(self, now: Seconds) -> bool:
        """Pass the beats that have begun to the follower; return True if there was one."""
        here, before = self.playback.tick(now), self._last_beat
        for p in self.playback.timeline.placed:
            if self._last_beat < p.start <= here:
                at = self.playback.tempo.seconds_at(p.start)
                length = self.playback.tempo.seconds_at(p.end) - at
                beats, quarters = beats_in_bar(p.music.meter), p.music.length / TICKS_PER_QUARTER
                self.follower.on_beat(BeatWindow(at, length, (p.beat - 1) % beats, beats, quarters))
                self._last_beat = p.start
                self._requested_chords = {
                    tick: symbol for tick, symbol in self._requested_chords.items() if tick >= p.start
                }
                since, players = Seconds(at - 4 * length), max(1, len(self.follower.playing))
                self.follower.tracker.update_energy(self.follower.keyboard.since(since), 4 * length * players)
        return self._last_beat != before

    def _cue_fill(self, now: Seconds) -> None:
        """Cue a bar of fill when the player comes to rest, unless a cue, an ending or another take is planned."""
        take = self.takes.current
        if (
            take is None
            or take.score is not None
            or take.generator_lost
            or take.end_beat is not None
            or self.takes.coming is not None
        ):
            return
        if not self.playback.holding and (take.cue is None or take.cue.last <= take.next_to_place):
            cue("fill", take, self.playback, "bar", now)

    def _chord_changes(self, now: Seconds) -> dict[Ticks, str]:
        """Return new chords of planned beats, by the tick at which each beat begins."""
        here = self.playback.tick(now)
        found: dict[Ticks, str] = {}
        coming = [p for p in self.playback.timeline.placed if p.end > here]
        for i, p in enumerate(coming):
            chord = self._forecast_chord(i)
            planned = None if p.music.chord is None else parse_chord(p.music.chord)
            if chord is None or chord == planned:
                continue
            only_colour = planned is not None and same_harmony(chord, planned) and chord.bass == planned.bass
            # the player's own chords sound their extensions already; those under a melody must be played by us
            if not (only_colour and p.start <= here) or self.follower.mode == "melody":
                found[p.start] = self._symbol(chord)
        return found

    def _forecast_chord(self, ahead: int) -> Chord | None:
        """Return the player's chord `ahead` beats from now, None if unknown or if the control `chords` is set."""
        return self.follower.forecast(ahead) if self.settings["chords"] == "auto" else None

    def _beats_ahead(self, at: Ticks) -> int:
        """Return the number of beats from the beat that plays to a tick."""
        placed = self.playback.timeline.placed
        here = next((p for p in placed if p.start == self._last_beat), None)
        if here is None:
            return 0
        return max(0, round((at - here.start) / here.music.length))

    def _symbol(self, chord: Chord) -> str:
        key = self.follower.key
        return chord_symbol(chord, parse_key("C major") if key is None else key)

    @property
    def _fixed_key(self) -> Key | None:
        """The key set by the control or the prompt, None if it is to be detected."""
        if self.settings["key"] != "auto":
            return parse_key(str(self.settings["key"]))
        take = self.takes.current or self.takes.coming
        plan = take.plan if take is not None else None
        return parse_key(plan.key) if plan is not None and "key" in plan.explicit else None

    def _publish_estimates(self) -> None:
        """Publish a newly detected key or energy, what each input plays, and that the player overrules the prompt's progression."""
        playing = self.follower.playing
        for number in sorted(playing.keys() | self._playing.keys()):
            if playing.get(number) != self._playing.get(number):
                self.playback.emit(Publish("input/plays", (number, playing.get(number, "rests"))))
        self._playing = playing
        tracker = self.follower.tracker
        key = tracker.key.name if tracker.key is not None and self._fixed_key is None else None
        energy = tracker.energy if float(self.settings["energy"]) < 0 else None
        for path, value, before in (("key", key, self._published[0]), ("energy", energy, self._published[1])):
            if value is not None and value != before:
                self.playback.emit(Publish(f"understood/{path}", (value,)))
        self._published = key, energy
        take = self.takes.current
        if take is not None and take.number != self._overruled and self._forecast_chord(0) is not None:
            self._overruled = take.number
            if take.plan is not None and "progression" in take.plan.explicit:
                self.playback.emit(Publish("understood/overruled", ("progression", "control")))

    def _played_notes(self, placed: PlacedBeat, now: Seconds) -> tuple[Note, ...]:
        """Return the players' own parts in a beat, in ticks from its start."""
        tempo = self.playback.tempo
        since = tempo.seconds_at(Ticks(placed.start - EARLY_TOLERANCE))
        until = tempo.seconds_at(Ticks(placed.end - EARLY_TOLERANCE))
        notes: list[Note] = []
        for key_press, part in self.follower.played_between(since, until):
            start = max(0, tempo.ticks_at(key_press.at) - placed.start)
            end = tempo.ticks_at(key_press.ended_at if key_press.ended_at is not None else now) - placed.start
            length = Ticks(max(TICKS_PER_QUARTER // 8, end - start))
            notes.append(Note(Ticks(start), length, key_press.pitch, key_press.velocity, part))
        return tuple(notes)

    def _is_echo(self, at: Seconds, channel: int, pitch: int, velocity: int) -> bool:
        """Return True if a note that came in is one that we sent; each of ours is recognised once."""
        tempo = self.playback.tempo
        first, last = tempo.ticks_at(Seconds(at - ECHO_LATE)), tempo.ticks_at(Seconds(at + ECHO_EARLY))
        for p in self.playback.timeline.placed:
            for s in p.notes:
                same = (s.channel, s.pitch, s.velocity) == (channel, pitch, velocity)
                if same and first <= s.at <= last and s not in self._recognised_echoes:
                    self._recognised_echoes = [*self._recognised_echoes[-63:], s]
                    return True
        return False
