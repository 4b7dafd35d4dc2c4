"""Live follower: from MIDI messages and beat times, estimates per beat the chord, the melody and the key. Pure.

It receives each message with its time and each beat as it begins, and never reads a clock. Chords change on beats: a
chord struck before `LATE_LIMIT` in a beat counts from that beat, a later one from the next.

Of several inputs each is found out by itself: chords, a bass or a melody. The chord is that of the chords over the bass; without
chords the bass tells it, in the key that all play; without either the melody is harmonised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bridge.clock import Seconds
from bridge.follow.arpeggio import ArpeggioFilter
from bridge.follow.chord_detection import (
    SETTLE_TIME,
    STROKE_WINDOW,
    PlayedChord,
    chord_on_bass,
    chord_over_bass,
    held_chord,
    last_stroke,
    playing_mode,
)
from bridge.follow.keyboard import EARLY_LIMIT, LATE_LIMIT, BeatWindow, IsEcho, Keyboards, KeyPress, Played
from bridge.follow.loop_detection import LoopDetector, same_harmony
from model.analysis.key_finder import RunningKey
from model.analysis.melody_tracker import (
    BeatPlace,
    MelodyHarmonyTracker,
    SungNote,
    beat_features,
    beat_line_features,
    extend_triad,
)
from model.music.harmony import QUALITIES, Chord, Key, parse_key

REST_BEATS = 4
"""Beats of silence after which the player counts as resting."""
C_MAJOR = parse_key("C major")
ENERGY_STEP = 1 / 8
"""Step size of the energy. It is coarse because each change makes the model rebuild its cache."""
LOUD_VELOCITY, SOFT_VELOCITY = 110, 40
"""Velocities of energy 1 and 0."""
BUSY_NOTES_PER_SECOND = 6.0
"""Notes per second of energy 1."""


class Follower:
    """State of the live players, one an input.

    `requested_mode`: the `follow/mode` control; `fixed_key`: replaces the detected key.
    """

    def __init__(self, is_echo: IsEcho = lambda at, channel, pitch, velocity: False) -> None:
        self.keyboard = Keyboards(is_echo)
        self.requested_mode = "auto"
        self.fixed_key: Key | None = None
        self._modes: dict[int, str | None] = {}
        self._silent: dict[int, int] = {}
        self._hands_chord: PlayedChord | None = None
        self._bass: KeyPress | None = None
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
        self._looping, self._has_played = False, False

    # --- input ---------------------------------------------------------------------------------

    def reset(self) -> None:
        """Start a new performance: clear the loop, chord and melody state; held keys are kept."""
        self._loop_detector.reset()
        self._window = self._next_chord = self._expected_chord = self._chord = None
        self._hands_chord = self._bass = None
        self._settle_time = Seconds(0) if self.keyboard.held_keys else None
        self._arpeggio = ArpeggioFilter()
        self._melody = MelodyFollower()
        self._recent_classes = []
        self._looping, self._has_played = False, False
        self._silent = dict.fromkeys(self._silent, 0)

    def receive_midi(self, at: Seconds, data: bytes, number: int = 1) -> None:
        """Process one MIDI message of an input, received at time `at`."""
        key_press = self.keyboard.receive_midi(at, data, number)
        if key_press is not None:
            self._silent[number], self._has_played = 0, True
            self._settle_time = Seconds(at + SETTLE_TIME)
            if self._window is not None and self._tells_chords(key_press) and not key_press.bent:
                self._arpeggio.on_key_press(key_press, self._window, self.keyboard, self.key)

    def on_beat(self, window: BeatWindow) -> None:
        """Process the start of a beat: record the previous beat and set the chord of the new one."""
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
        """Detect a chord once a stroke has settled; drop the loop detector's expected chord if other keys are held."""
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
        """Return the time at which `update` must be called next; None if it need not be."""
        times = [t for t in (self._settle_time, self._disproof_deadline()) if t is not None]
        return min(times, default=None)

    # --- results -------------------------------------------------------------------------------

    @property
    def resting(self) -> bool:
        """True after `REST_BEATS` beats of silence of all: the band then continues on its own."""
        return self._silent_beats >= REST_BEATS

    @property
    def _silent_beats(self) -> int:
        return min(self._silent.values(), default=0)

    @property
    def playing(self) -> dict[int, str]:
        """What each input plays, by its number: chords, bass, melody or split; those that rest, or are not known yet, are left out."""
        return {n: mode for n, mode in self._modes.items() if mode is not None and self._silent[n] < REST_BEATS}

    @property
    def mode(self) -> str | None:
        """Who tells the harmony: "chords" or "split", "bass" or "melody"; as it was if all rest, None before."""
        modes = {mode for mode in (self.playing or self._modes).values() if mode is not None}
        return next((mode for mode in ("chords", "split", "bass", "melody") if mode in modes), None)

    @property
    def given_parts(self) -> frozenset[str]:
        """The parts that the band leaves to the players: a melody, and of several inputs what each plays."""
        parts = frozenset(part for mode in self.playing.values() for part in _PARTS[mode])
        return parts if len(self._modes) > 1 else parts & {"melody"}

    @property
    def just_came_to_rest(self) -> bool:
        """True only during the beat in which a player who has played begins to rest."""
        return self._has_played and self._silent_beats == REST_BEATS

    @property
    def key(self) -> Key | None:
        """The fixed key, else the detected one; None if neither is known."""
        return self.fixed_key or self.tracker.key

    @property
    def tells_harmony(self) -> bool:
        """True if the harmony is taken from the player: once a mode is known."""
        return self.mode is not None

    @property
    def plays_melody(self) -> bool:
        """True if a player plays the melody (mode "melody" or "split")."""
        return any(mode in ("melody", "split") for mode in (self.playing or self._modes).values())

    def forecast(self, ahead: int) -> Chord | None:
        """Return the chord of the beat `ahead` beats from the current one; None if the model may choose it."""
        if not self.tells_harmony:
            return None
        if self.mode == "melody":
            return None if self.resting else self._chord
        if self.resting:
            return self._loop_detector.predict(ahead + 1) if self._looping else None
        if ahead == 0:
            return self._expected_chord or self._chord
        loop_continues = self._expected_chord is not None and (
            not self._confirmed or same_harmony(self._expected_chord, self._chord)
        )
        if self._next_chord is not None and (ahead == 1 or not loop_continues):
            return self._next_chord.chord
        return (self._loop_detector.predict(ahead + 1) if loop_continues else None) or self._chord

    def melody_between(self, since: Seconds, until: Seconds) -> list[KeyPress]:
        """Return the melody notes struck at or after `since` and before `until`: the highest of each stroke."""
        melody: list[KeyPress] = []
        for key_press in self.keyboard.since(since):
            if key_press.at >= until or not self._sings(key_press):
                continue
            if melody and key_press.at - melody[-1].at < SETTLE_TIME:
                melody[-1] = max(melody[-1], key_press, key=lambda k: k.pitch)
            else:
                melody.append(key_press)
        return melody

    def played_between(self, since: Seconds, until: Seconds) -> list[tuple[KeyPress, str]]:
        """Return the notes of `given_parts` that were struck at or after `since` and before `until`, each with its part."""
        given = self.given_parts
        found = [(k, "melody") for k in self.melody_between(since, until)] if self.plays_melody else []
        for key_press in self.keyboard.since(since):
            part = "bass" if self._modes.get(key_press.input) == "bass" else "chords"
            if key_press.at < until and part in given and not self._sings(key_press):
                found.append((key_press, part))
        return found

    # --- detection -----------------------------------------------------------------------------

    def _requested(self, number: int) -> str:
        """Return the mode that is requested for an input: the control has them in order, what it leaves out is found."""
        modes = self.requested_mode.split(",")
        return modes[number - 1] if number <= len(modes) else "auto"

    def _split(self, number: int) -> int:
        """Return the lowest MIDI pitch of the right hand if the mode of an input is split, else 0."""
        return int(self._requested(number).partition(":")[2] or 0)

    def _sings(self, key_press: KeyPress) -> bool:
        """Return True if a note may be the melody's; of several inputs only those that play one sing."""
        mode = self._modes.get(key_press.input)
        return key_press.pitch >= self._split(key_press.input) and (len(self._modes) < 2 or mode in ("melody", "split"))

    def _tells_chords(self, key_press: KeyPress) -> bool:
        """Return True if a note may be one of the chords'; of several inputs only those that play as `mode` says."""
        mode = self._modes.get(key_press.input)
        if key_press.pitch >= (self._split(key_press.input) or 128):
            return False
        return len(self._modes) < 2 or mode in (None, self.mode) or (mode == "split" and self.mode == "chords")

    def _update_mode(self, now: Seconds) -> None:
        """Set the mode of each input to the requested one, or detect it if that is "auto"."""
        length = self._window.length if self._window is not None else 0.5
        for number in self._silent:
            wanted = self._requested(number)
            if wanted == "auto":
                played, before = self.keyboard.of(number), self._modes.get(number)
                newest = played.key_presses[-1].at if played.key_presses else now
                moment = min(
                    now, Seconds(newest + SETTLE_TIME)
                )  # what is known late is judged as of when it was played
                self._modes[number] = playing_mode(played, before, self.key, moment, length)
            else:
                self._modes[number] = wanted.partition(":")[0]

    def _detect_chord(self, now: Seconds) -> PlayedChord | None:
        """Return the chord that is played now, None if there is none that is new."""
        self._find_bass()
        found = self._chord_of_hands(now)
        if self.mode in ("chords", "split"):
            self._hands_chord = found or self._hands_chord
        if self.mode == "bass" or self._window is None or self._bass is None or self._hands_chord is None:
            return found
        struck = self._hands_chord.at
        if self._bass.at < self._window.part_opens(struck, whole_bar=True) and not self._bass.sounds_at(struck):
            return found
        chord = chord_over_bass(self._hands_chord.chord, self._bass.pitch % 12, self.key)
        at = max(self._hands_chord.at, self._bass.at)
        return PlayedChord(chord, at, self._hands_chord.arpeggiated and at > self._bass.at)

    def _find_bass(self) -> None:
        """Find the note that the chord stands on: on a strong beat; of a line that avoids those, the first of each half of a bar."""
        playing = self.playing
        basses = [k for k in self.keyboard.key_presses if playing.get(k.input) == "bass"]
        if not basses:
            self._bass = None
            return
        low, window = min(last_stroke(basses), key=lambda k: k.pitch), self._window
        if window is not None and not window.is_on_strong_beat(low.at):
            bar_before = Seconds(low.at - window.beats * window.length)
            if any(window.is_on_strong_beat(k.at) for k in basses if k.at >= bar_before):
                return
            if self._bass is not None and self._bass.at >= window.part_opens(low.at):
                return
        self._bass = low

    def _chord_of_hands(self, now: Seconds) -> PlayedChord | None:
        """Return the chord of those who play chords, or of the bass if nobody does."""
        length = self._window.length if self._window is not None else 0.5
        key_presses = [k for k in self.keyboard.since(Seconds(now - 4 * length)) if self._tells_chords(k)]
        if not key_presses or not self.tells_harmony:
            return None
        key = self.key or C_MAJOR
        if self.mode == "bass":
            low = min(last_stroke(key_presses), key=lambda k: k.pitch)
            stroke = Seconds(low.at + STROKE_WINDOW)
            others = {k.pitch % 12 for k in self.keyboard.key_presses if k.input != low.input and k.sounds_at(stroke)}
            return PlayedChord(chord_on_bass(low.pitch % 12, key, others), low.at) if low is self._bass else None
        since = None if self._window is None else self._window.opens
        held = held_chord(key_presses, [k for k in self.keyboard.held_keys if self._tells_chords(k)], self.key, since)
        if held is not None:
            self._arpeggio.set_chord(held.chord)
            return held
        if len(last_stroke(key_presses)) >= 3:
            return None  # a cluster
        chord = self._arpeggio.chord
        if chord is None or self._window is None:
            return None
        if self._expected_chord is not None:
            pitch_classes = {k.pitch % 12 for k in key_presses if self._window.phase(k.at) > -LATE_LIMIT}
            if pitch_classes <= self._expected_chord.pitch_classes:
                return None  # the notes fit the expected chord
        at = key_presses[-1].at if self._window.phase(key_presses[-1].at) >= EARLY_LIMIT else self._window.start
        return PlayedChord(chord, at, arpeggiated=True)

    def _harmonise_melody(self, now: Seconds) -> None:
        if self.mode == "melody" and self._window is not None:
            self._chord = self._melody.chord(self._window, self.keyboard, now)
            if self.fixed_key is None:
                self.tracker.key = self._melody.key or self.tracker.key

    def _correct_recent_beats(self, chord: Chord) -> None:
        """Assign a chord detected from an arpeggio to the earlier beats of its notes, for the loop detector."""
        for back, classes in enumerate(reversed(self._recent_classes), 1):
            remembered = self._loop_detector.chord_back(back)
            fits = remembered is not None and classes <= remembered.pitch_classes
            if not classes or fits or not classes <= chord.pitch_classes:
                return
            self._loop_detector.correct(chord, back)

    def _apply_chord(self, played: PlayedChord) -> None:
        """Apply a detected chord to the beat it was struck in, or to the next."""
        current = self._next_chord.chord if self._next_chord is not None else self._chord
        if self._window is None:
            self._chord = played.chord
            return
        if current is not None and _only_adds(played.chord, current) and not self._is_new_stroke(played):
            played = PlayedChord(current, played.at)
        phase = self._window.phase(played.at)
        if phase >= LATE_LIMIT:
            self._next_chord, self._anticipated = played, phase >= EARLY_LIMIT
            return
        if phase < LATE_LIMIT - 1 and not same_harmony(played.chord, self._chord):
            self._loop_detector.correct(played.chord)  # detected late: it belongs to the previous beat as well
        elif played.arpeggiated:
            self._correct_recent_beats(played.chord)
        self._next_chord = None
        self._chord, self._confirmed = played.chord, True
        if self._expected_chord is not None:
            self._expected_chord = played.chord if same_harmony(self._expected_chord, played.chord) else None

    def _is_new_stroke(self, played: PlayedChord) -> bool:
        return len(list(self.keyboard.since(played.at))) >= 3

    def _still_sounds(self, chord: Chord) -> bool:
        """Return True if a tone of the chord still sounds."""
        return any(k.pitch % 12 in chord.pitch_classes for k in self.keyboard.sounding)

    def _disproof_deadline(self) -> Seconds | None:
        """Return the time to drop an expected chord while keys of another are held; None if there is none to drop."""
        if self._expected_chord is None or self._confirmed or self._window is None or self.resting:
            return None
        if same_harmony(self._expected_chord, self._chord) or sum(map(self._tells_chords, self.keyboard.held_keys)) < 3:
            return None
        return self._window.closes

    def _record_beat(self, window: BeatWindow) -> None:
        """Record the chord, key and silence of the beat that ends."""
        sounded = [k for k in self.keyboard.key_presses if k.ended_at is None or k.ended_at > window.start]
        sounding, inputs = {k.pitch for k in sounded}, {k.input for k in sounded}
        self._silent = {n: 0 if n in inputs else silent + 1 for n, silent in self._silent.items()}
        if sounding:
            self._looping = self._loop_detector.period is not None
        self.tracker.update(sounding)
        struck = [k for k in self.keyboard.since(window.start) if self._tells_chords(k)]
        self._recent_classes = [*self._recent_classes[-3:], frozenset(k.pitch % 12 for k in struck)]
        if self._expected_chord is not None and not self._confirmed:
            self._chord = self._expected_chord
        self._loop_detector.add(self._loop_detector.predict(1) if self.resting else self._chord)


_PARTS = {"chords": ("chords",), "split": ("chords", "melody"), "bass": ("bass",), "melody": ("melody",)}
"""The parts that a player of a mode plays."""


def _only_adds(new: Chord, old: Chord) -> bool:
    """Return True if `new` is `old` with added tones over the same bass."""
    return (
        new.bass == old.bass and same_harmony(new, old) and set(QUALITIES[old.quality]) <= set(QUALITIES[new.quality])
    )


# what the follower keeps besides


class KeyAndEnergyTracker(RunningKey):
    """`key`: the estimated key, None until enough was played; `energy`: 0..1, None until notes were played."""

    def __init__(self) -> None:
        super().__init__()
        self.energy: float | None = None

    def update_energy(self, key_presses: Iterable[KeyPress], seconds: float) -> None:
        """Update the energy with the key presses of the last `seconds` seconds; no key presses change nothing."""
        recent = list(key_presses)
        if not recent or seconds <= 0:
            return
        hard = (sum(k.velocity for k in recent) / len(recent) - SOFT_VELOCITY) / (LOUD_VELOCITY - SOFT_VELOCITY)
        busy = len({round(k.at / 0.04) for k in recent}) / seconds / BUSY_NOTES_PER_SECOND
        level = min(1.0, max(0.0, 0.65 * hard + 0.35 * min(1.0, busy)))
        if self.energy is None or abs(level - self.energy) > 0.75 * ENERGY_STEP:
            self.energy = round(level / ENERGY_STEP) * ENERGY_STEP


class MelodyFollower:
    """Harmonises a live melody from its first note on: a chord and a key per beat, from the notes so far.

    It uses the notes up to the beat line and those struck on it or held over it. If a note on the line of a half bar is
    no tone of the chord, the chord is extended by it.
    """

    def __init__(self) -> None:
        self._tracker = MelodyHarmonyTracker()
        self._previous: BeatWindow | None = None
        self._tracker_chord: Chord | None = None
        self._coloured_chord: Chord | None = None

    def on_beat(self, window: BeatWindow, keyboard: Played, fixed_key: Key | None) -> None:
        """Process the notes up to the start of the beat `window`; `fixed_key` is the key if it is known."""
        self._tracker.set_key(fixed_key)
        previous, self._previous = self._previous, window
        place = BeatPlace(window.beat, window.beats, window.quarters)
        if previous is None or not keyboard.key_presses:
            self._tracker.begin()
            self._tracker.beat(place)
        else:
            self._tracker.beat(
                place, beat_features(_notes_in_window(previous, keyboard, window.start), previous.quarters)
            )

    def chord(self, window: BeatWindow, keyboard: Played, now: Seconds) -> Chord:
        """Return the chord of the current beat."""
        chord = self._tracker.chord(beat_line_features(_notes_in_window(window, keyboard, now)))
        if self._coloured_chord is None or chord != self._tracker_chord:
            self._tracker_chord = self._coloured_chord = chord
        on_the_line = [k for k in keyboard.since(window.opens) if k.at < window.closes and k.sounds_at(now)]
        if window.begins_half_bar and on_the_line:
            self._coloured_chord = extend_triad(chord, on_the_line[-1].pitch % 12, self.key) or self._coloured_chord
        return self._coloured_chord

    @property
    def key(self) -> Key | None:
        """The estimated key; None if there is none yet."""
        return self._tracker.key


def _notes_in_window(window: BeatWindow, keyboard: Played, until: Seconds) -> Iterator[SungNote]:
    """Yield (start, end, pitch) of notes struck up to `until` that sounded after the window's start, in beats."""
    for key_press in keyboard.key_presses:
        if key_press.at <= until and key_press.sounds_at(max(key_press.at, window.start)):
            yield (
                window.phase(key_press.at),
                float("inf") if key_press.ended_at is None else window.phase(key_press.ended_at),
                key_press.pitch,
            )
