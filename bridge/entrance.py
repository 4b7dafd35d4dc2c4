"""Where a coming take enters: at a quantize line far enough away, or with `quantize now` as soon as it can.

Decides on a stage that it only reads.
"""

from __future__ import annotations

from bridge.clock import Seconds
from bridge.stage import Stage
from bridge.take import Take
from model.music import Ticks

NOTICE = Seconds(0.250)
"""A quantize line nearer than this is not waited for, and beats nearer than this are not written anew."""
NEAR = Seconds(0.020)
"""A first beat that comes later than this before its line has missed it."""
AT_ONCE = Seconds(0.0015)
"""From the decision to the sound: what the way to the port takes."""


def aim(take: Take, quantize: str, stage: Stage, now: Seconds) -> None:
    """Have a take enter at the first line of `quantize` that is not too near."""
    take.quantize = quantize
    take.line = stage.timeline.line(quantize, stage.tick(Seconds(now + NOTICE)))


def aim_at_once(take: Take, now: Seconds) -> None:
    """Have a take enter as soon as its first beat is there; the band waits for it a moment."""
    take.at_once_until = Seconds(now + NOTICE)


def missed_at(take: Take | None, stage: Stage) -> Seconds | None:
    """Return when a take that is not ready will have missed its line, if it has one."""
    if take is None or take.line is None or take.ready:
        return None
    return Seconds(stage.tempo.seconds_at(take.line) - NEAR)


def line(take: Take, stage: Stage, now: Seconds) -> tuple[Ticks | None, bool]:
    """Return where a take enters, None where nothing is known of it, and whether it has just missed its line."""
    if take.at_once_until is not None:
        return stage.tick(Seconds(now + AT_ONCE)), False
    if take.line is None:
        return None, False
    missed = missed_at(take, stage)
    late = missed is not None and missed <= now
    # asked anew each time: a new metre may have moved the lines
    take.line = stage.timeline.line(take.quantize, Ticks(take.line + late))
    return take.line, late
