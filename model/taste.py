"""A user's own weights of the fusion: what they like is nearer next time, what they skip further away. Pure.

A take is written with weights drawn close around the user's; to like it moves the user's weights a step towards
those, to skip it a step away. All stay within bounds in which the music is sound, and can be reset.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from model.theta import SHIPPED

Weighting = Mapping[str, float]
"""Weights of the fusion by name."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a weight is as shipped, and between which bounds a taste may move it."""

    shipped: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.shipped <= self.high:
            raise ValueError(f"a weight is shipped within its bounds: {self}")

    @property
    def span(self) -> float:
        """The distance between the bounds."""
        return self.high - self.low

    def bounded(self, value: float) -> float:
        """Return the value, or the bound that it exceeds."""
        return min(self.high, max(self.low, value))


LEAST, MOST = 0.5, 2.0
"""Factors of the shipped weight: within them every wish of the words is still heard, and none drowns the music."""
WEIGHTS: Mapping[str, Weight] = {
    name: Weight(value, min(LEAST * value, MOST * value), max(LEAST * value, MOST * value))
    for name, value in asdict(SHIPPED).items()
}
"""The weights that a taste may move: all of the fusion."""

SPREAD = 0.05
"""Standard deviation of a take's weights around the user's, in spans; at most twice that."""
RATE = 0.5
"""How far of the way to a take's weights a like goes."""
LONGEST = 0.05
"""The longest step of one like or skip, in spans."""
HUGE = 1e9
"""What is stored beyond this, or is no number at all, was not stored by us."""


def shipped(weights: Mapping[str, Weight] = WEIGHTS) -> Weighting:
    """Return the weights that everyone begins with."""
    return {name: weight.shipped for name, weight in weights.items()}


def drawn(theta: Weighting, seed: int, weights: Mapping[str, Weight] = WEIGHTS) -> Weighting:
    """Return the weights of a take, close around a user's; the same seed gives the same."""
    around, chance = {}, random.Random(seed)
    for name, weight in weights.items():
        away = chance.gauss(0, SPREAD)
        away = min(2 * SPREAD, max(-2 * SPREAD, away)) * weight.span
        around[name] = weight.bounded(theta[name] + away)
    return around


def moved(
    theta: Weighting, take: Weighting, liked: bool, weights: Mapping[str, Weight] = WEIGHTS
) -> Weighting:
    """Return a user's weights after a take of these weights was liked, or skipped."""
    after = {}
    for name, weight in weights.items():
        step = RATE * (take[name] - theta[name]) * (1 if liked else -1)
        longest = LONGEST * weight.span
        after[name] = weight.bounded(theta[name] + min(longest, max(-longest, step)))
    return after


def restored(stored: object, weights: Mapping[str, Weight] = WEIGHTS) -> Weighting:
    """Return the weights of what was stored: what is missing or no number is as shipped, the rest bounded.

    Raises ValueError where it is no table at all.
    """
    if not isinstance(stored, dict):
        raise ValueError("a taste is a table of weights by name")
    theta = dict(shipped(weights))
    for name, weight in weights.items():
        value = stored.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < HUGE:
            theta[name] = weight.bounded(float(value))
    return theta
