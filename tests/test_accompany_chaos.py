"""Whatever hands and owner do together: every note ends, nothing sounds after a stop, the band never stops for want of it."""

from __future__ import annotations

import itertools
import random

import pytest

from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.events import ControlSet, Event, Heard, PlayAsked, PromptGiven, StopAsked
from model.music import Plan
from tests.performance import Rig, latencies

MODES = ("auto", "melody", "chords", "bass", "split:55")


def happening(rng: random.Random, now: Seconds, down: list[int]) -> Event:
    """Return something that hands or owner do."""
    kind = rng.random()
    if kind < 0.45:
        pitch = rng.choice((0, 2, 4, 5, 7, 9, 11)) + 12 * rng.randrange(3, 7) + rng.randrange(2)
        down.append(pitch)
        return Heard(now, bytes((0x90, pitch, rng.randrange(1, 128))))
    if kind < 0.75:
        return Heard(now, bytes((0x80, down.pop(rng.randrange(len(down))) if down else 60, 0)))
    if kind < 0.80:
        return Heard(now, bytes((0xB0, 64, rng.choice((0, 127)))))
    if kind < 0.84:
        return ControlSet("follow", rng.randrange(2))
    if kind < 0.88:
        return ControlSet("follow/mode", rng.choice(MODES))
    if kind < 0.91:
        return PromptGiven("another")
    if kind < 0.93:
        return ControlSet("meter", rng.choice(("3/4", "4/4", "7/8", "auto")))
    if kind < 0.95:
        return ControlSet("tempo", rng.uniform(60, 200))
    if kind < 0.96:
        return ControlSet("hold", rng.randrange(3))
    if kind < 0.97:
        return ControlSet("quantize", rng.choice(("now", "beat", "bar")))
    if kind < 0.98:
        return StopAsked()
    return PlayAsked()


@pytest.mark.parametrize("seed", range(8))
def test_hands_and_owner_at_random_leave_nothing_sounding(seed: int) -> None:
    rng = random.Random(seed)
    rig = Rig(latencies(seed, 0.03, stalls=0.05), plan=lambda begin: Plan(tempo=120.0))
    rig.happen(ControlSet("follow", 1))
    rig.happen(PromptGiven("pop"))
    rig.until(rig.now + 1)
    rig.happen(PlayAsked())
    down: list[int] = []
    for _ in range(250):
        rig.until(rig.now + rng.expovariate(6))
        try:
            rig.happen(happening(rng, rig.now, down))
        except BadRequest:
            continue
    rig.happen(StopAsked())
    assert not rig.held
    sounded = len(rig.sounded)
    rig.until(rig.now + 5)
    assert len(rig.sounded) == sounded


@pytest.mark.parametrize("seed", range(3))
def test_under_any_hands_there_is_a_plan_for_every_beat(seed: int) -> None:
    rng = random.Random(100 + seed)
    rig = Rig(latencies(seed, 0.03, stalls=0.1), plan=lambda begin: Plan(tempo=140.0))
    rig.happen(ControlSet("humanise", 0.0))
    rig.happen(ControlSet("follow", 1))
    rig.happen(PromptGiven("pop"))
    rig.until(rig.now + 1)
    rig.happen(PlayAsked())
    down: list[int] = []
    for _ in range(200):
        rig.until(rig.now + rng.expovariate(5))
        event = happening(rng, rig.now, down)
        if isinstance(event, Heard):
            rig.happen(event)
    drums = sorted(tick for tick, _, on in rig.sounded if on.channel == 9)
    assert max(b - a for a, b in itertools.pairwise(drums)) <= 480
