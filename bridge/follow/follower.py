"""The follower: what the hands play → what the band knows of each beat: its chord, the melody so far, the key. Pure.

It is told each message with its moment and each beat line as it passes, and never reads a clock. Harmony moves on beats:
a chord struck within a beat's first third counts from that beat, a later one from the next.
"""

from __future__ import annotations

from bridge.clock import Seconds
from bridge.follow.arpeggio import Broken
from bridge.follow.chord_detection import SETTLED, Gesture, held_chord, last_stroke, manner, on_bass
from bridge.follow.key_tracker import Bearing
from bridge.follow.keyboard import ON_TIME, PUSHED, Hands, Ours, Pulse, Touch
from bridge.follow.loop_detection import Passes, alike
from bridge.follow.melody import Singing
from model.music.harmony import QUALITIES, Chord, Key, parse_key

RESTED = 4
"""Beats of silence after which the hands rest."""
C_MAJOR = parse_key("C major")


class Follower:
    """One player's hands. `asked` is the mode that the owner set, `locked` the key that is not to be found."""

    def __init__(self, ours: Ours = lambda at, channel, pitch, velocity: False) -> None:
        self.hands = Hands(ours)
        self.asked = "auto"
        self.locked: Key | None = None
        self.mode: str | None = None
        self.bearing = Bearing()
        self._passes = Passes()
        self._pulse: Pulse | None = None
        self._chord: Chord | None = None
        self._coming: Gesture | None = None
        self._pushed = False
        self._expected: Chord | None = None
        self._broken = Broken()
        self._classes: list[frozenset[int]] = []
        self._singing = Singing()
        self._evidence = False
        self._settles: Seconds | None = None
        self._rest, self._round, self._played = 0, False, False

    # --- what happens --------------------------------------------------------------------------

    def begin(self) -> None:
        """Take it that a performance begins: the loop is forgotten, what is held now is not."""
        self._passes.forget()
        self._pulse = self._coming = self._expected = self._chord = None
        self._settles = Seconds(0) if self.hands.down else None
        self._broken = Broken()
        self._singing = Singing()
        self._classes = []
        self._rest, self._round, self._played = 0, False, False

    def hear(self, at: Seconds, data: bytes) -> None:
        """Take in one MIDI message that came at a moment."""
        last = self.hands.touches[-1] if self.hands.touches else None
        if self.hands.hear(at, data) and self.hands.touches[-1] is not last:
            self._rest, self._played = 0, True
            self._settles = Seconds(at + SETTLED)
            touch = self.hands.touches[-1]
            if self._pulse is not None and touch.pitch < (self._split or 128):
                self._broken.touched(touch, self._pulse, self.hands, self.key)

    def beat(self, pulse: Pulse) -> None:
        """Take in that a beat begins now: the one before is remembered."""
        if self._pulse is not None:
            if pulse.beats != self._passes.beats:
                self._passes = Passes(pulse.beats)
            self._remember(self._pulse)
        self._evidence = False
        self._pulse = pulse
        self._broken.beat(pulse, self.key)
        coming, self._coming = self._coming, None
        if coming is not None and (self._pushed or self._still(coming.chord)):
            self._chord, self._evidence = coming.chord, True
        self._expected = self._passes.ahead(1)
        if self._evidence and not alike(self._expected, self._chord):
            self._expected = None
        if self.mode in (None, "melody"):
            self._expected = None
            self._singing.beat(pulse, self.hands, self.locked)
            self._answer_melody(pulse.at)

    def look(self, now: Seconds) -> None:
        """Read what is held, where a stroke has settled; give an expected chord up that the hands do not play."""
        if self._settles is not None and self._settles <= now:
            self._settles = None
            self._tell_mode(now)
            if self.mode == "melody":
                self._answer_melody(now)
                return
            gesture = self._gesture(now)
            if gesture is not None:
                self._take(gesture)
        due = self._disproved_at()
        if due is not None and due <= now:
            self._expected, self._evidence = None, True

    def due(self) -> Seconds | None:
        """Return when `look` has something to do next, if ever."""
        times = [t for t in (self._settles, self._disproved_at()) if t is not None]
        return min(times, default=None)

    # --- what is known -------------------------------------------------------------------------

    @property
    def resting(self) -> bool:
        """Whether the hands have been silent for a bar: the band goes on by itself."""
        return self._rest >= RESTED

    @property
    def came_to_rest(self) -> bool:
        """Whether it is now, in the beat that plays, that hands which played are resting."""
        return self._played and self._rest == RESTED

    @property
    def key(self) -> Key | None:
        """The key that is locked, or the one that was found."""
        return self.locked or self.bearing.key

    @property
    def chords(self) -> bool:
        """Whether the hands tell the harmony."""
        return self.mode is not None

    @property
    def melody(self) -> bool:
        """Whether the hands play the melody."""
        return self.mode in ("melody", "split")

    def forecast(self, ahead: int) -> Chord | None:
        """Return the chord of a beat, 0 being the one that plays; None where the model is free."""
        if not self.chords:
            return None
        if self.mode == "melody":
            return None if self.resting else self._chord
        if self.resting:
            return self._passes.ahead(ahead + 1) if self._round else None
        if ahead == 0:
            return self._expected or self._chord
        going_round = self._expected is not None and (
            not self._evidence or alike(self._expected, self._chord)
        )
        if self._coming is not None and (ahead == 1 or not going_round):
            return self._coming.chord
        return (self._passes.ahead(ahead + 1) if going_round else None) or self._chord

    def line(self, since: Seconds, until: Seconds) -> list[Touch]:
        """Return the melody that was struck from one moment to before another: the highest of each stroke."""
        found: list[Touch] = []
        for touch in self.hands.since(since):
            if touch.at >= until or touch.pitch < self._split:
                continue
            if found and touch.at - found[-1].at < SETTLED:
                found[-1] = max(found[-1], touch, key=lambda t: t.pitch)
            else:
                found.append(touch)
        return found

    # --- reading -------------------------------------------------------------------------------

    @property
    def _split(self) -> int:
        """The lowest pitch of the right hand where the keyboard is split, else 0."""
        return int(self.asked.partition(":")[2]) if self.asked.startswith("split:") else 0

    def _tell_mode(self, now: Seconds) -> None:
        """Find out what the hands play, unless the owner said it."""
        if self.asked != "auto":
            self.mode = "split" if self._split else self.asked
        else:
            length = self._pulse.length if self._pulse is not None else 0.5
            self.mode = manner(self.hands, self.mode, self.key, now, length)

    def _gesture(self, now: Seconds) -> Gesture | None:
        split = self._split or 128
        length = self._pulse.length if self._pulse is not None else 0.5
        touches = [t for t in self.hands.since(Seconds(now - 4 * length)) if t.pitch < split]
        if not touches or not self.chords:
            return None
        key = self.key or C_MAJOR
        if self.mode == "bass":
            low = min(last_stroke(touches), key=lambda t: t.pitch)
            strong = self._pulse is None or self._pulse.on_strong(low.at)
            return Gesture(on_bass(low.pitch % 12, key), low.at) if strong else None
        since = None if self._pulse is None else self._pulse.early
        held = held_chord(touches, [t for t in self.hands.down if t.pitch < split], self.key, since)
        if held is not None:
            self._broken.settle(held.chord)
            return held
        if len(last_stroke(touches)) >= 3:
            return None  # a cluster
        chord = self._broken.chord
        if chord is None or self._pulse is None:
            return None
        if self._expected is not None:
            heard = {t.pitch % 12 for t in touches if self._pulse.phase(t.at) > -ON_TIME}
            if heard <= self._expected.pitch_classes:
                return None  # it may well be the one that is expected
        at = touches[-1].at if self._pulse.phase(touches[-1].at) >= PUSHED else self._pulse.at
        return Gesture(chord, at, late=True)

    def _answer_melody(self, now: Seconds) -> None:
        if self.mode == "melody" and self._pulse is not None:
            self._chord = self._singing.chord(self._pulse, self.hands, now)
            if self.locked is None:
                self.bearing.key = self._singing.key or self.bearing.key

    def _amend(self, chord: Chord) -> None:
        """Let a chord that was heard note by note count from where its notes began: the next pass is to be right there."""
        for back, classes in enumerate(reversed(self._classes), 1):
            said = self._passes.said(back)
            fits = said is not None and classes <= said.pitch_classes
            if not classes or fits or not classes <= chord.pitch_classes:
                return
            self._passes.amend(chord, back)

    def _take(self, gesture: Gesture) -> None:
        """Let a chord count from the beat it was struck in, or from the next."""
        now = self._coming.chord if self._coming is not None else self._chord
        if self._pulse is None:
            self._chord = gesture.chord
            return
        if now is not None and _only_adds(gesture.chord, now) and not self._fresh_stroke(gesture):
            gesture = Gesture(now, gesture.at)
        phase = self._pulse.phase(gesture.at)
        if phase >= ON_TIME:
            self._coming, self._pushed = gesture, phase >= PUSHED
            return
        if phase < ON_TIME - 1 and not alike(gesture.chord, self._chord):
            self._passes.amend(gesture.chord)  # it is read late: the beat before was it already
        elif gesture.late:
            self._amend(gesture.chord)
        self._coming = None
        self._chord, self._evidence = gesture.chord, True
        if self._expected is not None:
            self._expected = gesture.chord if alike(self._expected, gesture.chord) else None

    def _fresh_stroke(self, gesture: Gesture) -> bool:
        return len(list(self.hands.since(gesture.at))) >= 3

    def _still(self, chord: Chord) -> bool:
        """Whether something of a chord sounds still."""
        return any(t.pitch % 12 in chord.pitch_classes for t in self.hands.sounding)

    def _disproved_at(self) -> Seconds | None:
        """Return when an expected chord counts as not played: the old one is held on a third into the beat."""
        if self._expected is None or self._evidence or self._pulse is None or self.resting:
            return None
        if alike(self._expected, self._chord) or len(self.hands.down) < 3:
            return None
        return self._pulse.late

    def _remember(self, pulse: Pulse) -> None:
        """Note what the beat that ends was."""
        sounding = {t.pitch for t in self.hands.touches if t.off is None or t.off > pulse.at}
        self._rest = 0 if sounding else self._rest + 1
        if sounding:
            self._round = self._passes.period is not None
        self.bearing.beat(sounding)
        struck = [t for t in self.hands.since(pulse.at) if t.pitch < (self._split or 128)]
        self._classes = [*self._classes[-3:], frozenset(t.pitch % 12 for t in struck)]
        if self._expected is not None and not self._evidence:
            self._chord = self._expected
        self._passes.add(self._passes.ahead(1) if self.resting else self._chord)


def _only_adds(new: Chord, old: Chord) -> bool:
    """Whether a chord is the old one with something above it."""
    return (
        new.bass == old.bass
        and alike(new, old)
        and set(QUALITIES[old.quality]) <= set(QUALITIES[new.quality])
    )
