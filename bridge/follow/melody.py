"""The melody of the hands → the chord and the key that it stands on, beat by beat. Pure.

What sounded up to a beat line tells, and at once what is struck on the line or held over it. A note on the line of a half bar that
the chord has not is borne by it as a colour. Owned by the follower.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.clock import Seconds
from bridge.follow.keyboard import BeatWindow, Keyboard
from model.analysis.melody_tracker import (
    BeatPlace,
    MelodyHarmonyTracker,
    SungNote,
    beat_features,
    beat_line_features,
    extend_triad,
)
from model.music.harmony import Chord, Key


class MelodyFollower:
    """What is believed of one melody since a performance began, or rather since its first note."""

    def __init__(self) -> None:
        self._tracker = MelodyHarmonyTracker()
        self._previous: BeatWindow | None = None
        self._tracker_chord: Chord | None = None
        self._coloured_chord: Chord | None = None

    def on_beat(self, window: BeatWindow, keyboard: Keyboard, fixed_key: Key | None) -> None:
        """Take in what sounded up to a beat line; `locked` is the key where it is known."""
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

    def chord(self, window: BeatWindow, keyboard: Keyboard, now: Seconds) -> Chord:
        """Return the chord of the beat that plays."""
        chord = self._tracker.chord(beat_line_features(_notes_in_window(window, keyboard, now)))
        if self._coloured_chord is None or chord != self._tracker_chord:
            self._tracker_chord = self._coloured_chord = chord
        on_the_line = [t for t in keyboard.since(window.opens) if t.at < window.closes and t.sounds_at(now)]
        if window.begins_half_bar and on_the_line:
            self._coloured_chord = extend_triad(chord, on_the_line[-1].pitch % 12, self.key) or self._coloured_chord
        return self._coloured_chord

    @property
    def key(self) -> Key | None:
        """The key that is believed in, if one is."""
        return self._tracker.key


def _notes_in_window(window: BeatWindow, keyboard: Keyboard, until: Seconds) -> Iterator[SungNote]:
    """Yield the notes that were struck up to a moment and sounded after a beat line, in beats from it."""
    for key_press in keyboard.key_presses:
        if key_press.at <= until and key_press.sounds_at(max(key_press.at, window.start)):
            yield (
                window.phase(key_press.at),
                float("inf") if key_press.ended_at is None else window.phase(key_press.ended_at),
                key_press.pitch,
            )
