"""θ: the weights of the fusion's terms, as shipped in `weights/fusion.json` (optimised by `model.training.fit.bias_weights`)."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from model import weights

ON_THE_WAY = 1.14
"""How loud the words are, at most, while a morph moves."""


MACHINES = 0.25
"""How much machines wander beside people."""


FILE = weights.FOLDER / "fusion.json"


@dataclass(frozen=True, slots=True)
class Theta:
    """The weights of the terms, in logits; the values here were chosen by hand.

    `text` weighs the difference between told and untold, `scale` a factor of e of looseness, `stray` the same while it is
    kept to where people play, `chord` a chord tone, `full` a factor of e of onsets, `touch` the square of 24 steps of velocity, `register` an
    octave, `length` a doubling, `colour` a tone of a chord, `light` a major third for a minor one. `cover` a melody that is
    known ahead lying in a chord, `asked` a factor of e of likelihood of a root, or of its third and fifth, under a melody,
    `home` a chord on the tonic where it is missed, `whole` a tone of the chord that was not heard since it began, `layers` a
    drum beyond the core of the kit at full energy. `wander` a root that was not heard of late where few were, less where
    machines play, `habits` what people, or machines of a style, do more often than the decoder, `ease` how much shorter
    notes are with energy where machines play, `rove` a new chord for the old one as a bar of theirs begins, `back` what it
    costs to go back at once to the root that was left. `tail` is no weight but the share of the likeliest choices that may be
    drawn, 0..1, where machines play, `loose` the same where people do.
    """

    text: float = 0.7
    scale: float = 3.0
    chord: float = 1.0
    full: float = 2.0
    touch: float = 1.0
    register: float = 4.0
    length: float = 2.0
    colour: float = 1.5
    light: float = 1.2
    tail: float = 0.95
    cover: float = 6.0
    asked: float = 25.0
    layers: float = 1.5
    home: float = 2.0
    loose: float = 0.97
    wander: float = 2.0
    whole: float = 2.0
    habits: float = 0.0
    ease: float = 1.6
    stray: float = 1.1
    rove: float = 0.0
    back: float = 0.0

    def with_named(self, named: Iterable[tuple[str, float]]) -> Theta:
        """Return these weights with those of the pairs whose names are known."""
        known = {f.name for f in fields(self)}
        return replace(self, **{name: value for name, value in named if name in known})

    def played(self, share: float) -> Theta:
        """Return these weights for music of which people play a share, 0..1.

        They choose more freely and leave the scale now and then; machines wander less, and their notes are the
        shorter the more energy there is.
        """
        return replace(
            self,
            tail=self.tail + share * (self.loose - self.tail),
            wander=max(share, MACHINES) * self.wander,
            ease=(1 - share) * self.ease,
            rove=(1 - share) * self.rove,
            stray=self.scale + share * (self.stray - self.scale),
        )

    def on_the_way(self) -> Theta:
        """Return these weights while a morph moves: what is chosen freely, or roves, hides where the way leads, and between two prompts their vector is no sentence's."""
        return replace(self.played(0.0), text=min(self.text, ON_THE_WAY), rove=0.0)


BY_HAND = Theta()


class ThetaError(ValueError):
    """θ cannot be read; the message says the remedy."""


def read(path: Path) -> Theta:
    """Return θ as a file has it. Raises `ThetaError`."""
    try:
        return BY_HAND.with_named(json.loads(path.read_text(encoding="utf-8")).items())
    except (OSError, ValueError, AttributeError) as broken:
        raise ThetaError(f"{path.name} is not the file that was shipped: install LLMBall again") from broken


SHIPPED = read(FILE)


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
