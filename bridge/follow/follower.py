"""The follower: what the hands play → what the band knows of each beat: its chord, the melody so far, the key. Pure.

It is told each message with its moment and each beat line as it passes, and never reads a clock. Harmony moves on beats:
a chord struck within a beat's first third counts from that beat, a later one from the next.
"""

from __future__ import annotations

from bridge.clock import Seconds
from bridge.follow.arpeggio import ArpeggioFilter
from bridge.follow.chord_detection import (
    SETTLE_TIME,
    PlayedChord,
    chord_on_bass,
    held_chord,
    last_stroke,
    playing_mode,
)
from bridge.follow.key_tracker import KeyAndEnergyTracker
from bridge.follow.keyboard import EARLY_LIMIT, LATE_LIMIT, BeatWindow, IsEcho, Keyboard, KeyPress
from bridge.follow.loop_detection import LoopDetector, same_harmony
from bridge.follow.melody import MelodyFollower
from model.music.harmony import QUALITIES, Chord, Key, parse_key

REST_BEATS = 4
"""Beats of silence after which the hands rest."""
C_MAJOR = parse_key("C major")


class Follower:
    """One player's hands. `asked` is the mode that the owner set, `locked` the key that is not to be found."""

    def __init__(self, is_echo: IsEcho = lambda at, channel, pitch, velocity: False) -> None:
        self.keyboard = Keyboard(is_echo)
        self.requested_mode = "auto"
        self.fixed_key: Key | None = None
        self.mode: str | None = None
        self.tracker = KeyAndEnergyTracker()
        self._loop_detector = LoopDetector()
        self._window: BeatWindow | None = None
        self._chord: Chord | None = None
        self._next_chord: PlayedChord | None = None
        self._anticipated = False
        self._expected_chord: Chord | None = None
        self._arpeggio = ArpeggioFilter()
        self._recent_classes: list[frozenset[int]] = []
        self._melody = MelodyFollower()
        self._confirmed = False
        self._settle_time: Seconds | None = None
        self._silent_beats, self._looping, self._has_played = 0, False, False

    # --- what happens --------------------------------------------------------------------------

    def reset(self) -> None:
        """Take it that a performance begins: the loop is forgotten, what is held now is not."""
        self._loop_detector.reset()
        self._window = self._next_chord = self._expected_chord = self._chord = None
        self._settle_time = Seconds(0) if self.keyboard.held_keys else None
        self._arpeggio = ArpeggioFilter()
        self._melody = MelodyFollower()
        self._recent_classes = []
        self._silent_beats, self._looping, self._has_played = 0, False, False

    def receive_midi(self, at: Seconds, data: bytes) -> None:
        """Take in one MIDI message that came at a moment."""
        last = self.keyboard.key_presses[-1] if self.keyboard.key_presses else None
        if self.keyboard.receive_midi(at, data) and self.keyboard.key_presses[-1] is not last:
            self._silent_beats, self._has_played = 0, True
            self._settle_time = Seconds(at + SETTLE_TIME)
            key_press = self.keyboard.key_presses[-1]
            if self._window is not None and key_press.pitch < (self._split or 128):
                self._arpeggio.on_key_press(key_press, self._window, self.keyboard, self.key)

    def on_beat(self, window: BeatWindow) -> None:
        """Take in that a beat begins now: the one before is remembered."""
        if self._window is not None:
            if window.beats != self._loop_detector.beats_per_bar:
                self._loop_detector = LoopDetector(window.beats)
            self._record_beat(self._window)
        self._confirmed = False
        self._window = window
        self._arpeggio.beat(window, self.key)
        next_chord, self._next_chord = self._next_chord, None
        if next_chord is not None and (self._anticipated or self._still_sounds(next_chord.chord)):
            self._chord, self._confirmed = next_chord.chord, True
        self._expected_chord = self._loop_detector.predict(1)
        if self._confirmed and not same_harmony(self._expected_chord, self._chord):
            self._expected_chord = None
        if self.mode in (None, "melody"):
            self._expected_chord = None
            self._melody.on_beat(window, self.keyboard, self.fixed_key)
            self._harmonise_melody(window.start)

    def update(self, now: Seconds) -> None:
        """Read what is held, where a stroke has settled; give an expected chord up that the hands do not play."""
        if self._settle_time is not None and self._settle_time <= now:
            self._settle_time = None
            self._update_mode(now)
            if self.mode == "melody":
                self._harmonise_melody(now)
                return
            played = self._detect_chord(now)
            if played is not None:
                self._apply_chord(played)
        due = self._disproof_deadline()
        if due is not None and due <= now:
            self._expected_chord, self._confirmed = None, True

    def next_deadline(self) -> Seconds | None:
        """Return when `look` has something to do next, if ever."""
        times = [t for t in (self._settle_time, self._disproof_deadline()) if t is not None]
        return min(times, default=None)

    # --- what is known -------------------------------------------------------------------------

    @property
    def resting(self) -> bool:
        """Whether the hands have been silent for a bar: the band goes on by itself."""
        return self._silent_beats >= REST_BEATS

    @property
    def just_came_to_rest(self) -> bool:
        """Whether it is now, in the beat that plays, that hands which played are resting."""
        return self._has_played and self._silent_beats == REST_BEATS

    @property
    def key(self) -> Key | None:
        """The key that is locked, or the one that was found."""
        return self.fixed_key or self.tracker.key

    @property
    def tells_harmony(self) -> bool:
        """Whether the hands tell the harmony."""
        return self.mode is not None

    @property
    def plays_melody(self) -> bool:
        """Whether the hands play the melody."""
        return self.mode in ("melody", "split")

    def forecast(self, ahead: int) -> Chord | None:
        """Return the chord of a beat, 0 being the one that plays; None where the model is free."""
        if not self.tells_harmony:
            return None
        if self.mode == "melody":
            return None if self.resting else self._chord
        if self.resting:
            return self._loop_detector.predict(ahead + 1) if self._looping else None
        if ahead == 0:
            return self._expected_chord or self._chord
        going_round = self._expected_chord is not None and (
            not self._confirmed or same_harmony(self._expected_chord, self._chord)
        )
        if self._next_chord is not None and (ahead == 1 or not going_round):
            return self._next_chord.chord
        return (self._loop_detector.predict(ahead + 1) if going_round else None) or self._chord

    def melody_between(self, since: Seconds, until: Seconds) -> list[KeyPress]:
        """Return the melody that was struck from one moment to before another: the highest of each stroke."""
        found: list[KeyPress] = []
        for key_press in self.keyboard.since(since):
            if key_press.at >= until or key_press.pitch < self._split:
                continue
            if found and key_press.at - found[-1].at < SETTLE_TIME:
                found[-1] = max(found[-1], key_press, key=lambda t: t.pitch)
            else:
                found.append(key_press)
        return found

    # --- reading -------------------------------------------------------------------------------

    @property
    def _split(self) -> int:
        """The lowest pitch of the right hand where the keyboard is split, else 0."""
        return int(self.requested_mode.partition(":")[2]) if self.requested_mode.startswith("split:") else 0

    def _update_mode(self, now: Seconds) -> None:
        """Find out what the hands play, unless the owner said it."""
        if self.requested_mode != "auto":
            self.mode = "split" if self._split else self.requested_mode
        else:
            length = self._window.length if self._window is not None else 0.5
            self.mode = playing_mode(self.keyboard, self.mode, self.key, now, length)

    def _detect_chord(self, now: Seconds) -> PlayedChord | None:
        split = self._split or 128
        length = self._window.length if self._window is not None else 0.5
        key_presses = [t for t in self.keyboard.since(Seconds(now - 4 * length)) if t.pitch < split]
        if not key_presses or not self.tells_harmony:
            return None
        key = self.key or C_MAJOR
        if self.mode == "bass":
            low = min(last_stroke(key_presses), key=lambda t: t.pitch)
            strong = self._window is None or self._window.is_on_strong_beat(low.at)
            return PlayedChord(chord_on_bass(low.pitch % 12, key), low.at) if strong else None
        since = None if self._window is None else self._window.opens
        held = held_chord(key_presses, [t for t in self.keyboard.held_keys if t.pitch < split], self.key, since)
        if held is not None:
            self._arpeggio.set_chord(held.chord)
            return held
        if len(last_stroke(key_presses)) >= 3:
            return None  # a cluster
        chord = self._arpeggio.chord
        if chord is None or self._window is None:
            return None
        if self._expected_chord is not None:
            pitch_classes = {t.pitch % 12 for t in key_presses if self._window.phase(t.at) > -LATE_LIMIT}
            if pitch_classes <= self._expected_chord.pitch_classes:
                return None  # it may well be the one that is expected
        at = key_presses[-1].at if self._window.phase(key_presses[-1].at) >= EARLY_LIMIT else self._window.start
        return PlayedChord(chord, at, arpeggiated=True)

    def _harmonise_melody(self, now: Seconds) -> None:
        if self.mode == "melody" and self._window is not None:
            self._chord = self._melody.chord(self._window, self.keyboard, now)
            if self.fixed_key is None:
                self.tracker.key = self._melody.key or self.tracker.key

    def _correct_recent_beats(self, chord: Chord) -> None:
        """Let a chord that was heard note by note count from where its notes began: the next pass is to be right there."""
        for back, classes in enumerate(reversed(self._recent_classes), 1):
            remembered = self._loop_detector.chord_back(back)
            fits = remembered is not None and classes <= remembered.pitch_classes
            if not classes or fits or not classes <= chord.pitch_classes:
                return
            self._loop_detector.correct(chord, back)

    def _apply_chord(self, played: PlayedChord) -> None:
        """Let a chord count from the beat it was struck in, or from the next."""
        now = self._next_chord.chord if self._next_chord is not None else self._chord
        if self._window is None:
            self._chord = played.chord
            return
        if now is not None and _only_adds(played.chord, now) and not self._is_new_stroke(played):
            played = PlayedChord(now, played.at)
        phase = self._window.phase(played.at)
        if phase >= LATE_LIMIT:
            self._next_chord, self._anticipated = played, phase >= EARLY_LIMIT
            return
        if phase < LATE_LIMIT - 1 and not same_harmony(played.chord, self._chord):
            self._loop_detector.correct(played.chord)  # it is read late: the beat before was it already
        elif played.arpeggiated:
            self._correct_recent_beats(played.chord)
        self._next_chord = None
        self._chord, self._confirmed = played.chord, True
        if self._expected_chord is not None:
            self._expected_chord = played.chord if same_harmony(self._expected_chord, played.chord) else None

    def _is_new_stroke(self, played: PlayedChord) -> bool:
        return len(list(self.keyboard.since(played.at))) >= 3

    def _still_sounds(self, chord: Chord) -> bool:
        """Whether something of a chord sounds still."""
        return any(t.pitch % 12 in chord.pitch_classes for t in self.keyboard.sounding)

    def _disproof_deadline(self) -> Seconds | None:
        """Return when an expected chord counts as not played: the old one is held on a third into the beat."""
        if self._expected_chord is None or self._confirmed or self._window is None or self.resting:
            return None
        if same_harmony(self._expected_chord, self._chord) or len(self.keyboard.held_keys) < 3:
            return None
        return self._window.closes

    def _record_beat(self, window: BeatWindow) -> None:
        """Note what the beat that ends was."""
        sounding = {t.pitch for t in self.keyboard.key_presses if t.ended_at is None or t.ended_at > window.start}
        self._silent_beats = 0 if sounding else self._silent_beats + 1
        if sounding:
            self._looping = self._loop_detector.period is not None
        self.tracker.update(sounding)
        struck = [t for t in self.keyboard.since(window.start) if t.pitch < (self._split or 128)]
        self._recent_classes = [*self._recent_classes[-3:], frozenset(t.pitch % 12 for t in struck)]
        if self._expected_chord is not None and not self._confirmed:
            self._chord = self._expected_chord
        self._loop_detector.add(self._loop_detector.predict(1) if self.resting else self._chord)


def _only_adds(new: Chord, old: Chord) -> bool:
    """Whether a chord is the old one with something above it."""
    return (
        new.bass == old.bass and same_harmony(new, old) and set(QUALITIES[old.quality]) <= set(QUALITIES[new.quality])
    )
