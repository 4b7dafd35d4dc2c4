"""The melody of the hands → the chord and the key that it stands on, beat by beat. Pure.

What sounded up to a beat line tells, and at once what is struck on the line or held over it. A note on the line of a half bar that
the chord has not is borne by it as a colour. Owned by the follower.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.clock import Seconds
from bridge.follow.keyboard import Hands, Pulse
from model.analysis.melody_tracker import Continuo, Place, Sung, bearing, heard, on_line
from model.music.harmony import Chord, Key


class Singing:
    """What is believed of one melody since a performance began, or rather since its first note."""

    def __init__(self) -> None:
        self._continuo = Continuo()
        self._before: Pulse | None = None
        self._plain: Chord | None = None
        self._coloured: Chord | None = None

    def beat(self, pulse: Pulse, hands: Hands, locked: Key | None) -> None:
        """Take in what sounded up to a beat line; `locked` is the key where it is known."""
        self._continuo.lock(locked)
        before, self._before = self._before, pulse
        place = Place(pulse.beat, pulse.beats, pulse.quarters)
        if before is None or not hands.touches:
            self._continuo.begin()
            self._continuo.beat(place)
        else:
            self._continuo.beat(place, heard(_about(before, hands, pulse.at), before.quarters))

    def chord(self, pulse: Pulse, hands: Hands, now: Seconds) -> Chord:
        """Return the chord of the beat that plays."""
        chord = self._continuo.chord(on_line(_about(pulse, hands, now)))
        if self._coloured is None or chord != self._plain:
            self._plain = self._coloured = chord
        struck = [t for t in hands.since(pulse.early) if t.at < pulse.late and t.sounds_at(now)]
        if pulse.half and struck:
            self._coloured = bearing(chord, struck[-1].pitch % 12, self.key) or self._coloured
        return self._coloured

    @property
    def key(self) -> Key | None:
        """The key that is believed in, if one is."""
        return self._continuo.key


def _about(pulse: Pulse, hands: Hands, until: Seconds) -> Iterator[Sung]:
    """Yield the notes that were struck up to a moment and sounded after a beat line, in beats from it."""
    for touch in hands.touches:
        if touch.at <= until and touch.sounds_at(max(touch.at, pulse.at)):
            yield (
                pulse.phase(touch.at),
                float("inf") if touch.off is None else pulse.phase(touch.off),
                touch.pitch,
            )
