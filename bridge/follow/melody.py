"""Harmonises a live melody: estimates chord and key per beat from the notes so far. Pure.

The estimate uses the notes up to the beat line and those struck on it or held over it. If a note on the line of a half
bar is no tone of the chord, the chord is extended by it. Owned by the follower.
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
    """Chord and key estimate of one melody, from its first note on."""

    def __init__(self) -> None:
        self._tracker = MelodyHarmonyTracker()
        self._previous: BeatWindow | None = None
        self._tracker_chord: Chord | None = None
        self._coloured_chord: Chord | None = None

    def on_beat(self, window: BeatWindow, keyboard: Keyboard, fixed_key: Key | None) -> None:
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

    def chord(self, window: BeatWindow, keyboard: Keyboard, now: Seconds) -> Chord:
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


def _notes_in_window(window: BeatWindow, keyboard: Keyboard, until: Seconds) -> Iterator[SungNote]:
    """Yield (start, end, pitch) of notes struck up to `until` that sounded after the window's start, in beats."""
    for key_press in keyboard.key_presses:
        if key_press.at <= until and key_press.sounds_at(max(key_press.at, window.start)):
            yield (
                window.phase(key_press.at),
                float("inf") if key_press.ended_at is None else window.phase(key_press.ended_at),
                key_press.pitch,
            )
