"""Detection of arpeggiated chords: a hidden Markov filter over chords. Pure.

The hidden state is a root and a quality. At each beat line it stays or changes; chord tones are likely notes, and a
bass note on the beat is most likely the root. The posterior after the last note is the whole state; there is no
look-ahead. Owned by the follower.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bridge.clock import Seconds
from bridge.follow.chord_detection import BASS_LIMIT, MIN_LEAP
from bridge.follow.keyboard import EARLY_LIMIT, LATE_LIMIT, BeatWindow, KeyPress, Played
from model.music.harmony import QUALITIES, Chord, Key

CANDIDATE_QUALITIES = ("", "m", "7", "maj7", "m7", "dim", "m7b5", "sus4")
QUALITY_PRIORS = (1.0, 1.0, 0.35, 0.3, 0.4, 0.12, 0.12, 0.12)
"""Prior weight of each quality, relative to the others."""
P_STAY, P_STAY_STRONG_BEAT = 0.85, 0.6
"""Probability that the chord stays the same over a beat line, and over one that begins a bar or half of one."""
IN_KEY_RATIO = 6.0
"""Prior weight of a chord of the key, relative to one with a tone outside it."""
P_CHORD_TONE = 0.93
"""Probability that a note is a chord tone."""
P_BASS_TONE = {0: 0.72, 7: 0.10, 3: 0.05, 4: 0.05}
"""Probability that a bass note on the beat is this many semitones above the root."""
P_OTHER_BASS = 0.01
MIN_ROOT_BELIEF = 0.55
"""Probability of a root from which on its chord counts as played."""

Belief = npt.NDArray[np.float64]


def _tables() -> tuple[Belief, Belief]:
    upper, bass = np.zeros((12, 12 * len(CANDIDATE_QUALITIES))), np.zeros((12, 12 * len(CANDIDATE_QUALITIES)))
    for k, quality in enumerate(CANDIDATE_QUALITIES):
        tones = QUALITIES[quality]
        for root in range(12):
            for pitch in range(12):
                away, state = (pitch - root) % 12, root * len(CANDIDATE_QUALITIES) + k
                inside = away in tones
                upper[pitch, state] = P_CHORD_TONE / len(tones) if inside else (1 - P_CHORD_TONE) / (12 - len(tones))
                bass[pitch, state] = P_BASS_TONE.get(away, 0.03) if inside else P_OTHER_BASS
    return upper, bass


_UPPER_LIKELIHOOD, _BASS_LIKELIHOOD = _tables()


class ArpeggioFilter:
    """The probability of each chord, given the notes so far."""

    def __init__(self) -> None:
        self._prior = np.tile(np.array(QUALITY_PRIORS), 12)
        self._prior /= self._prior.sum()
        self._key: Key | None = None
        self._belief = self._prior.copy()
        self._transitioned = False

    def beat(self, window: BeatWindow, key: Key | None) -> None:
        """Apply the transition at the start of a beat, unless an early note of the beat has applied it already."""
        if not self._transitioned:
            self._transition(window.is_on_strong_beat(window.start), key)
        self._transitioned = False

    def on_key_press(self, key_press: KeyPress, window: BeatWindow, keyboard: Played, key: Key | None) -> None:
        """Update the probabilities with a key press in the beat `window`, or early for the next."""
        early = window.phase(key_press.at) >= EARLY_LIMIT
        if early and not self._transitioned:
            self._transitioned = True
            self._transition(window.is_on_strong_beat(Seconds(window.start + window.length)), key)
        recent = keyboard.since(Seconds(key_press.at - 4 * window.length))
        low = key_press.pitch < BASS_LIMIT and key_press.pitch <= min(k.pitch for k in recent) + MIN_LEAP
        self.observe(key_press.pitch, low and (early or window.phase(key_press.at) < LATE_LIMIT))

    def observe(self, pitch: int, bass: bool) -> None:
        """Update the probabilities with a note; `bass` is True for a low note on the beat."""
        self._belief *= (_BASS_LIKELIHOOD if bass else _UPPER_LIKELIHOOD)[pitch % 12]
        self._belief /= self._belief.sum()

    def _transition(self, strong: bool, key: Key | None) -> None:
        if key != self._key:
            self._key = key
            self._prior = np.array([_prior_of(s, key) for s in range(12 * len(CANDIDATE_QUALITIES))])
            self._prior /= self._prior.sum()
        stays = P_STAY_STRONG_BEAT if strong else P_STAY
        self._belief = stays * self._belief + (1 - stays) * self._prior

    def set_chord(self, chord: Chord) -> None:
        """Set the probability of a chord that was struck at once to 0.98."""
        quality = (
            chord.quality if chord.quality in CANDIDATE_QUALITIES else "m" if 3 in QUALITIES[chord.quality] else ""
        )
        self._belief = 0.02 * self._prior
        self._belief[chord.root * len(CANDIDATE_QUALITIES) + CANDIDATE_QUALITIES.index(quality)] += 0.98

    @property
    def chord(self) -> Chord | None:
        """The most probable chord; None if no root reaches `MIN_ROOT_BELIEF`."""
        by_root = self._belief.reshape(12, len(CANDIDATE_QUALITIES))
        root = int(by_root.sum(1).argmax())
        if by_root[root].sum() < MIN_ROOT_BELIEF:
            return None
        return Chord(root, CANDIDATE_QUALITIES[int(by_root[root].argmax())], root)


def _prior_of(state: int, key: Key | None) -> float:
    root, quality = divmod(state, len(CANDIDATE_QUALITIES))
    tones = frozenset((root + t) % 12 for t in QUALITIES[CANDIDATE_QUALITIES[quality]])
    inside = key is not None and tones <= key.pitch_classes
    return QUALITY_PRIORS[quality] * (IN_KEY_RATIO if inside else 1.0)
