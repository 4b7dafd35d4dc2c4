"""Swing: later off-beats, applied to finished notes. Pure."""

from __future__ import annotations

from model.music.notes import TICKS_PER_QUARTER, Ticks


def in_meter(swing: float, unit: int, meter: str) -> float:
    """Return the swing as it acts in a metre: bars of eighths have no pairs of eighths to swing."""
    return 0.5 if unit == 8 and not meter.endswith("/4") else swing


def swung(tick: Ticks, swing: float, unit: int = 8) -> Ticks:
    """Return where a tick, counted from a beat line, falls when swing moves the off-beats of a unit.

    Swing is the place of the off-beat within its pair, 0.5 straight to 0.75; the unit is 8 (pairs of eighths)
    or 16. The first half of a pair is stretched to it and the second squeezed, so the beat lines stay.
    """
    pair = TICKS_PER_QUARTER * 4 // unit * 2
    whole, inside = divmod(tick, pair)
    half = pair / 2
    moved = inside * 2 * swing if inside <= half else pair * swing + (inside - half) * 2 * (1 - swing)
    return Ticks(round(whole * pair + moved))
