"""The band behind the hands: what they tell is asked of the model, and what is planned already answers at once.

Owned by the session. The follower says what is known of each beat; here it meets the timeline. A chord that the plan has
not is answered twice: the bass and the chords that are planned move to it within the beat, and the model writes anew
from the first beat far enough away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bridge.clock import Seconds
from bridge.follow.follower import Follower
from bridge.follow.keyboard import Pulse
from bridge.follow.loop_detection import alike
from bridge.midi.protocol import Heard, Sound
from bridge.protocol.controls import Value
from bridge.protocol.events import Tell
from bridge.session.playback import Stage
from bridge.session.quantize import cue
from bridge.session.settings import Desk
from bridge.takes.takes import Lineup, Take
from bridge.takes.timeline import Placed
from model.music.harmony import Chord, Key, chord_symbol, parse_chord, parse_key
from model.music.notes import PARTS, TICKS_PER_QUARTER, Kept, Note, Ticks, beats_in_bar
from model.music.plan import Controls, Plan

MELODY = frozenset({"melody"})
ECHO_EARLY, ECHO_LATE = Seconds(0.010), Seconds(0.080)
"""A note of ours that comes in so much earlier or later than it was due is taken for our own."""
EARLY = Ticks(40)
"""Who plays so much before a beat means the beat."""
LOOKED_BACK = 3
"""Beats before the one to be written of which it is told how they really sounded."""
AHEAD = 3.0
"""Beats planned ahead at most while the hands tell the harmony: most would be written twice."""
BREATH = Seconds(0.30)
"""While they play the melody a beat is written so late: the melody before it counts."""


@dataclass(slots=True)
class Accompaniment:
    """The hands, the stage and the takes of a session."""

    settings: Mapping[str, Value]
    stage: Stage
    takes: Lineup
    desk: Desk
    follower: Follower = field(init=False)
    _line: Ticks = Ticks(-1)
    _asked: dict[Ticks, str] = field(default_factory=dict)
    _echoed: list[Sound] = field(default_factory=list)
    _overruled: int | None = None
    _told: tuple[str | None, float | None] = (None, None)

    def __post_init__(self) -> None:
        self.follower = Follower(self._ours)

    @property
    def on(self) -> bool:
        """Whether the band follows."""
        return bool(self.settings["follow"])

    # --- what happens --------------------------------------------------------------------------

    def begin(self) -> None:
        """Take it that a performance begins."""
        self._line, self._echoed, self._asked = Ticks(-1), [], {}
        self.follower.begin()

    def heard(self, event: Heard) -> None:
        """Take in what the hands did, whether the band follows or not: it may at any moment."""
        self.follower.asked = str(self.settings["follow/mode"])
        self.follower.hear(event.at, event.data)

    def proceed(self, now: Seconds) -> None:
        """Let the beats pass, read what is held, and have what is planned answer. Only while playing."""
        self.follower.asked = str(self.settings["follow/mode"])
        self.follower.locked = self._locked
        passed = self._pass_beats(now)
        self.follower.look(now)
        if not self.on:
            return
        if passed and self.follower.came_to_rest:
            self._fill(now)
        self._tell()
        wanted = self._wanted(now)
        if wanted:
            self.stage.reharmonise(now, wanted)
        if any(self._asked.get(at) != symbol for at, symbol in wanted.items()):
            self.desk.rewrite(now, bar_line=False, coming=False)
            self._asked |= wanted  # what is too near to be written anew is not asked for again

    def wake(self) -> Seconds | None:
        """Return when the follower has something to do, if ever."""
        return self.follower.due() if self.on else None

    # --- what is asked of the model ------------------------------------------------------------

    def ahead(self, beats: float, length: float) -> float:
        """Return how many beats are planned ahead; `length` is a beat's in seconds."""
        if not self.on or self.follower.resting:
            return beats
        if self.follower.mode == "melody":
            return min(beats, max(0.5, BREATH / length))
        return min(beats, AHEAD) if self.follower.chords else beats

    def under(self, take: Take, controls: Controls) -> Controls:
        """Return the controls with the key and the energy of the hands where nobody stated others."""
        if not self.on:
            return controls
        plan, bearing = take.plan or Plan(), self.follower.bearing
        if bearing.key is not None and self._locked is None:
            controls = replace(controls, key=bearing.key.name)
        if bearing.energy is not None and controls.energy < 0 and "energy" not in plan.explicit:
            controls = replace(controls, energy=bearing.energy)
        return controls

    def given(self, at: Ticks) -> Kept | None:
        """Return what the hands give of a beat that begins at a tick."""
        if not self.on or self._line < 0:
            return None
        parts = MELODY if self.follower.melody and not self.follower.resting else frozenset[str]()
        chord = self._chord(self._away(at))
        symbol = None if chord is None else self._symbol(chord)
        if symbol is not None:
            self._asked[at] = symbol
        if symbol is None and not parts:
            return None
        return Kept(parts=parts, harmony=symbol is not None, chord=symbol)

    def played(self, take: Take, index: int, now: Seconds) -> tuple[tuple[int, Kept], ...]:
        """Return how the beats before one really sounded where it is not as they were written."""
        if not self.on:
            return ()
        found: list[tuple[int, Kept]] = []
        for p in self.stage.timeline.placed:
            if p.take != take.number or not index - LOOKED_BACK <= p.music.index < index:
                continue
            tune = self._tune(p, now) if self.follower.melody else ()
            if tune or p.amended:
                notes = tuple(n for n in p.music.notes if not tune or n.part != "melody") + tune
                kept = Kept(notes, frozenset(PARTS), True, p.music.chord, p.music.fresh)
                found.append((p.music.index, kept))
        return tuple(found)

    # --- inside --------------------------------------------------------------------------------

    def _pass_beats(self, now: Seconds) -> bool:
        """Tell the follower the beats that have begun; return whether there was one."""
        here, before = self.stage.tick(now), self._line
        for p in self.stage.timeline.placed:
            if self._line < p.start <= here:
                at = self.stage.tempo.seconds_at(p.start)
                length = self.stage.tempo.seconds_at(p.end) - at
                beats, quarters = beats_in_bar(p.music.meter), p.music.length / TICKS_PER_QUARTER
                self.follower.beat(Pulse(at, length, (p.beat - 1) % beats, beats, quarters))
                self._line = p.start
                self._asked = {tick: symbol for tick, symbol in self._asked.items() if tick >= p.start}
                since = Seconds(at - 4 * length)
                self.follower.bearing.touched(self.follower.hands.since(since), 4 * length)
        return self._line != before

    def _fill(self, now: Seconds) -> None:
        """Have the band answer hands that came to rest with a bar of fill; what was asked for by hand goes before."""
        take = self.takes.current
        if take is None or take.lost or take.closes is not None or self.takes.coming is not None:
            return
        if not self.desk.loop.on and (take.cue is None or take.cue.last <= take.wanted):
            cue("fill", take, self.stage, "bar", now)

    def _wanted(self, now: Seconds) -> dict[Ticks, str]:
        """Return the chords of the planned beats that have another one, by the tick where they begin."""
        here = self.stage.tick(now)
        found: dict[Ticks, str] = {}
        coming = [p for p in self.stage.timeline.placed if p.end > here]
        for i, p in enumerate(coming):
            chord = self._chord(i)
            planned = None if p.music.chord is None else parse_chord(p.music.chord)
            if chord is None or chord == planned:
                continue
            only_colour = planned is not None and alike(chord, planned) and chord.bass == planned.bass
            # hands that play chords sound their colours themselves; one that a melody asks for is the band's to play
            if not (only_colour and p.start <= here) or self.follower.mode == "melody":
                found[p.start] = self._symbol(chord)
        return found

    def _chord(self, ahead: int) -> Chord | None:
        """Return what the hands say of the harmony so many beats ahead; chords that the owner set go before it."""
        return self.follower.forecast(ahead) if self.settings["chords"] == "auto" else None

    def _away(self, at: Ticks) -> int:
        """Return how many beats a tick is ahead of the beat that plays."""
        placed = self.stage.timeline.placed
        here = next((p for p in placed if p.start == self._line), None)
        if here is None:
            return 0
        return max(0, round((at - here.start) / here.music.length))

    def _symbol(self, chord: Chord) -> str:
        key = self.follower.key
        return chord_symbol(chord, key.flats if key is not None else False)

    @property
    def _locked(self) -> Key | None:
        """The key that is not to be found, since somebody stated it."""
        if self.settings["key"] != "auto":
            return parse_key(str(self.settings["key"]))
        take = self.takes.current or self.takes.coming
        plan = take.plan if take is not None else None
        return parse_key(plan.key) if plan is not None and "key" in plan.explicit else None

    def _tell(self) -> None:
        """Tell a key or an energy that was found anew, and that words which gave chords have lost against `follow`."""
        bearing = self.follower.bearing
        key = bearing.key.name if bearing.key is not None and self._locked is None else None
        energy = bearing.energy if float(self.settings["energy"]) < 0 else None
        for path, value, before in (("key", key, self._told[0]), ("energy", energy, self._told[1])):
            if value is not None and value != before:
                self.stage.effects.append(Tell(f"understood/{path}", (value,)))
        self._told = key, energy
        take = self.takes.current
        if take is not None and take.number != self._overruled and self._chord(0) is not None:
            self._overruled = take.number
            if take.plan is not None and "progression" in take.plan.explicit:
                self.stage.effects.append(Tell("understood/overruled", ("progression", "control")))

    def _tune(self, placed: Placed, now: Seconds) -> tuple[Note, ...]:
        """Return the melody that was played in a beat, in ticks from its first."""
        tempo = self.stage.tempo
        since = tempo.seconds_at(Ticks(placed.start - EARLY))
        until = tempo.seconds_at(Ticks(placed.end - EARLY))
        notes: list[Note] = []
        for touch in self.follower.line(since, until):
            start = max(0, tempo.ticks_at(touch.at) - placed.start)
            end = tempo.ticks_at(touch.off if touch.off is not None else now) - placed.start
            length = Ticks(max(TICKS_PER_QUARTER // 8, end - start))
            notes.append(Note(Ticks(start), length, touch.pitch, touch.velocity, "melody"))
        return tuple(notes)

    def _ours(self, at: Seconds, channel: int, pitch: int, velocity: int) -> bool:
        """Whether a note that came in is one that was just sent: each is recognised once."""
        tempo = self.stage.tempo
        first, last = tempo.ticks_at(Seconds(at - ECHO_LATE)), tempo.ticks_at(Seconds(at + ECHO_EARLY))
        for p in self.stage.timeline.placed:
            for s in p.sounds:
                same = (s.channel, s.pitch, s.velocity) == (channel, pitch, velocity)
                if same and first <= s.at <= last and s not in self._echoed:
                    self._echoed = [*self._echoed[-63:], s]
                    return True
        return False
