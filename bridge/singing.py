"""The melody of the hands → the chord and the key that it stands on, beat by beat. Pure.

What sounded up to a beat line tells; the notes on the line count as if they went on for half a beat, so that the answer does
not wait for their end. A note on the line of a half bar that the chord has not is borne by it as a colour. Owned by the follower.
"""

from __future__ import annotations

from bridge.clock import Seconds
from bridge.hands import Hands
from bridge.pulse import Pulse
from model.continuo import Continuo, bearing
from model.harmony import Chord, Key


class Singing:
    """What is believed of one melody since a performance began."""

    def __init__(self) -> None:
        self._continuo = Continuo()
        self._told: Seconds | None = None
        self._plain: Chord | None = None
        self._coloured: Chord | None = None

    def beat(self, pulse: Pulse, hands: Hands, locked: Key | None) -> None:
        """Take in what sounded up to a beat line; `locked` is the key where it is known."""
        self._continuo.lock(locked)
        since, self._told = self._told, pulse.at
        if since is None or not hands.touches:
            return
        heard: dict[int, float] = {}
        for touch in hands.touches:
            ended = pulse.at if touch.off is None else min(touch.off, pulse.at)
            time = (ended - max(touch.at, since)) / pulse.length * pulse.quarters
            if time > 0:
                heard[touch.pitch % 12] = heard.get(touch.pitch % 12, 0.0) + time
        self._continuo.sound(heard)
        if pulse.half:
            self._continuo.half(pulse.beat == 0)

    def chord(self, pulse: Pulse, hands: Hands, now: Seconds) -> Chord:
        """Return the chord of the beat that plays."""
        on_line = [t for t in hands.since(pulse.early) if t.at < pulse.late and t.sounds_at(now)]
        chord = self._continuo.chord({t.pitch % 12: pulse.quarters / 2 for t in on_line})
        if self._coloured is None or chord != self._plain:
            self._plain = self._coloured = chord
        if pulse.half and on_line:
            self._coloured = bearing(chord, on_line[-1].pitch % 12, self.key) or self._coloured
        return self._coloured

    @property
    def key(self) -> Key | None:
        """The key that is believed in, if one is."""
        return self._continuo.key
