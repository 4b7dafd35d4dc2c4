"""What hands play, told from how they play: chords, a melody or a bass. Pure."""

from __future__ import annotations

from bridge.clock import Seconds
from bridge.gesture import BROKEN, LOW, held_chord, leaps
from bridge.hands import Hands
from model.harmony import Key

BREAKING, SINGING = 0.7, 0.5
"""Shares of leaps in a line from which on it is a broken chord, and below which it is a melody."""
BASS = LOW + 3
"""A line that stays below this is a bass."""
LOOKED_BACK, TRUSTED = 4, 8
"""Beats that are looked at; and for so long after three notes sounded at once hands play chords."""


def manner(hands: Hands, before: str | None, key: Key | None, now: Seconds, length: float) -> str | None:
    """Return what the hands play, `before` being what they were thought to; `length` is a beat's in seconds."""
    recent = hands.since(Seconds(now - LOOKED_BACK * length))
    if held_chord(recent, hands.down, key) is not None:
        return "chords"
    if not recent or (before == "chords" and _chord_since(hands, Seconds(now - TRUSTED * length))):
        return before
    low = max(t.pitch for t in recent) < BASS
    if low and before != "chords":
        return "bass"
    share = leaps(recent)
    if share >= BREAKING or (before == "chords" and (share >= SINGING or len(recent) < BROKEN)):
        return "chords"
    return "bass" if low else "melody"


def _chord_since(hands: Hands, moment: Seconds) -> bool:
    """Whether three notes sounded at once since a moment; what the pedal blurs counts."""
    struck = hands.since(moment)
    return any(sum(u.sounds_at(t.at) for u in struck) >= 3 for t in struck)
