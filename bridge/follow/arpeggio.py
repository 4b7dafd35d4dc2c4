"""Chords that are played a note at a time: a filter over what the harmony may be. Pure.

The hidden state is a root and a quality. It stays or moves at each beat line; each note is likely where it is a chord tone,
a bass on the beat most where it is the root. What is believed after the last note is all there is: nothing waits for the
end of a figure. Owned by the follower.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bridge.clock import Seconds
from bridge.follow.chord_detection import LEAP, LOW
from bridge.follow.keyboard import ON_TIME, PUSHED, Hands, Pulse, Touch
from model.music.harmony import QUALITIES, Chord, Key

KINDS = ("", "m", "7", "maj7", "m7", "dim", "m7b5", "sus4")
USUAL = (1.0, 1.0, 0.35, 0.3, 0.4, 0.12, 0.12, 0.12)
"""How usual each kind is beside the others."""
STAYS, STAYS_STRONG = 0.85, 0.6
"""How likely the harmony stays over a beat line, and over one that begins a bar or half of one."""
IN_KEY = 6.0
"""How much likelier a chord of the key is than one with a tone outside it."""
INSIDE = 0.93
"""How likely a note is a chord tone."""
ON_BASS = {0: 0.72, 7: 0.10, 3: 0.05, 4: 0.05}
"""How likely a bass on the beat is each tone, in semitones above the root."""
ELSE_BASS = 0.01
SURE = 0.55
"""Belief from which on a chord is taken for played."""

Belief = npt.NDArray[np.float64]


def _tables() -> tuple[Belief, Belief]:
    upper, bass = np.zeros((12, 12 * len(KINDS))), np.zeros((12, 12 * len(KINDS)))
    for k, kind in enumerate(KINDS):
        tones = QUALITIES[kind]
        for root in range(12):
            for pitch in range(12):
                away, state = (pitch - root) % 12, root * len(KINDS) + k
                inside = away in tones
                upper[pitch, state] = INSIDE / len(tones) if inside else (1 - INSIDE) / (12 - len(tones))
                bass[pitch, state] = ON_BASS.get(away, 0.03) if inside else ELSE_BASS
    return upper, bass


_UPPER, _BASS = _tables()


class Broken:
    """What may be believed of the harmony of single notes."""

    def __init__(self) -> None:
        self._prior = np.tile(np.array(USUAL), 12)
        self._prior /= self._prior.sum()
        self._key: Key | None = None
        self._belief = self._prior.copy()
        self._turned = False

    def beat(self, pulse: Pulse, key: Key | None) -> None:
        """Take in that a beat begins, unless an early note of it has come already."""
        if not self._turned:
            self._turn(pulse.strong, key)
        self._turned = False

    def touched(self, touch: Touch, pulse: Pulse, hands: Hands, key: Key | None) -> None:
        """Take in a note that was struck in a beat, or early for the next."""
        early = pulse.phase(touch.at) >= PUSHED
        if early and not self._turned:
            self._turned = True
            self._turn(pulse.before_strong, key)
        around = hands.since(Seconds(touch.at - 4 * pulse.length))
        low = touch.pitch < LOW and touch.pitch <= min(t.pitch for t in around) + LEAP
        self.note(touch.pitch, low and (early or pulse.phase(touch.at) < ON_TIME))

    def note(self, pitch: int, bass: bool) -> None:
        """Take in a note; `bass` tells that it lies low and on the beat."""
        self._belief *= (_BASS if bass else _UPPER)[pitch % 12]
        self._belief /= self._belief.sum()

    def _turn(self, strong: bool, key: Key | None) -> None:
        if key != self._key:
            self._key = key
            self._prior = np.array([_usual(s, key) for s in range(12 * len(KINDS))])
            self._prior /= self._prior.sum()
        stays = STAYS_STRONG if strong else STAYS
        self._belief = stays * self._belief + (1 - stays) * self._prior

    def settle(self, chord: Chord) -> None:
        """Take it that a chord was played at once: it is all that is believed."""
        kind = chord.quality if chord.quality in KINDS else "m" if 3 in QUALITIES[chord.quality] else ""
        self._belief = 0.02 * self._prior
        self._belief[chord.root * len(KINDS) + KINDS.index(kind)] += 0.98

    @property
    def chord(self) -> Chord | None:
        """The chord that is believed in; None where no root is sure enough."""
        by_root = self._belief.reshape(12, len(KINDS))
        root = int(by_root.sum(1).argmax())
        if by_root[root].sum() < SURE:
            return None
        return Chord(root, KINDS[int(by_root[root].argmax())], root)


def _usual(state: int, key: Key | None) -> float:
    root, kind = divmod(state, len(KINDS))
    tones = frozenset((root + t) % 12 for t in QUALITIES[KINDS[kind]])
    inside = key is not None and tones <= key.pitch_classes
    return USUAL[kind] * (IN_KEY if inside else 1.0)
