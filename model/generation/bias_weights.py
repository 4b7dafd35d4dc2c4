"""θ: the weights of the fusion's terms, as shipped in `weights/fusion.json` (optimised by `model.training.fit.bias_weights`)."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

MAX_MORPH_GUIDANCE = 1.14
"""How loud the words are, at most, while a morph moves."""


SEQUENCED_NEW_ROOTS = 0.25
"""How much machines wander beside people."""


# not model.weights.FOLDER: that module loads numpy, which the command line does without
FILE = Path(__file__).parents[1] / "weights" / "fusion.json"


OLD_NAMES = {
    "full": "density",
    "touch": "velocity",
    "light": "brightness",
    "colour": "chord_size",
    "cover": "melody_cover",
    "asked": "melody_harmony",
    "layers": "drum_layers",
    "home": "tonic",
    "wander": "new_roots",
    "whole": "chord_completeness",
    "habits": "style_statistics",
    "ease": "energy_articulation",
    "stray": "scale_when_played",
    "rove": "chord_change",
    "back": "return_penalty",
    "tail": "top_p",
    "loose": "top_p_when_played",
}
"""Names that version 0.1 wrote, in `fusion.json`, in a user's taste and in `--theta`, and what they are called now."""


@dataclass(frozen=True, slots=True)
class BiasWeights:
    """The weights of the terms, in logits; the values here were chosen by hand.

    `text` weighs the difference between told and untold, `scale` a factor of e of looseness, `scale_when_played` the same while it is
    kept to where people play, `chord` a chord tone, `density` a factor of e of onsets, `velocity` the square of 24 steps of velocity, `register` an
    octave, `length` a doubling, `chord_size` a tone of a chord, `brightness` a major third for a minor one. `melody_cover` a melody that is
    known ahead lying in a chord, `melody_harmony` a factor of e of likelihood of a root, or of its third and fifth, under a melody,
    `tonic` a chord on the tonic where it is missed, `chord_completeness` a tone of the chord that was not heard since it began, `drum_layers` a
    drum beyond the core of the kit at full energy. `new_roots` a root that was not heard of late where few were, less where
    machines play, `style_statistics` what people, or machines of a style, do more often than the decoder, `energy_articulation` how much shorter
    notes are with energy where machines play, `chord_change` a new chord for the old one as a bar of theirs begins, `return_penalty` what it
    costs to go back at once to the root that was left. `top_p` is no weight but the share of the likeliest choices that may be
    drawn, 0..1, where machines play, `top_p_when_played` the same where people do.
    """

    text: float = 0.7
    scale: float = 3.0
    chord: float = 1.0
    density: float = 2.0
    velocity: float = 1.0
    register: float = 4.0
    length: float = 2.0
    chord_size: float = 1.5
    brightness: float = 1.2
    top_p: float = 0.95
    melody_cover: float = 6.0
    melody_harmony: float = 25.0
    drum_layers: float = 1.5
    tonic: float = 2.0
    top_p_when_played: float = 0.97
    new_roots: float = 2.0
    chord_completeness: float = 2.0
    style_statistics: float = 0.0
    energy_articulation: float = 1.6
    scale_when_played: float = 1.1
    chord_change: float = 0.0
    return_penalty: float = 0.0

    def with_named(self, named: Iterable[tuple[str, float]]) -> BiasWeights:
        """Return these weights with those of the pairs whose names are known."""
        known = {f.name for f in fields(self)}
        current = {OLD_NAMES.get(name, name): value for name, value in named}
        return replace(self, **{name: value for name, value in current.items() if name in known})

    def for_performed_share(self, share: float) -> BiasWeights:
        """Return these weights for music of which people play a share, 0..1.

        They choose more freely and leave the scale now and then; machines wander less, and their notes are the
        shorter the more energy there is.
        """
        return replace(
            self,
            top_p=self.top_p + share * (self.top_p_when_played - self.top_p),
            new_roots=max(share, SEQUENCED_NEW_ROOTS) * self.new_roots,
            energy_articulation=(1 - share) * self.energy_articulation,
            chord_change=(1 - share) * self.chord_change,
            scale_when_played=self.scale + share * (self.scale_when_played - self.scale),
        )

    def while_morphing(self) -> BiasWeights:
        """Return these weights while a morph moves: what is chosen freely, or roves, hides where the way leads, and between two prompts their vector is no sentence's."""
        return replace(
            self.for_performed_share(0.0), text=min(self.text, MAX_MORPH_GUIDANCE), chord_change=0.0
        )


HAND_CHOSEN = BiasWeights()


class BiasWeightsError(ValueError):
    """θ cannot be read; the message says the remedy."""


def read(path: Path) -> BiasWeights:
    """Return θ as a file has it. Raises `ThetaError`."""
    try:
        return HAND_CHOSEN.with_named(json.loads(path.read_text(encoding="utf-8")).items())
    except (OSError, ValueError, AttributeError) as broken:
        raise BiasWeightsError(
            f"{path.name} is not the file that was shipped: install LLMBall again"
        ) from broken


SHIPPED = read(FILE)


NamedWeights = Mapping[str, float]
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


MIN_FACTOR, MAX_FACTOR = 0.5, 2.0
"""Factors of the shipped weight: within them every wish of the words is still heard, and none drowns the music."""


WEIGHTS: Mapping[str, Weight] = {
    name: Weight(
        value, min(MIN_FACTOR * value, MAX_FACTOR * value), max(MIN_FACTOR * value, MAX_FACTOR * value)
    )
    for name, value in asdict(SHIPPED).items()
}
"""The weights that a taste may move: all of the fusion."""


SPREAD = 0.05
"""Standard deviation of a take's weights around the user's, in spans; at most twice that."""


RATE = 0.5
"""How far of the way to a take's weights a like goes."""


MAX_STEP = 0.05
"""The longest step of one like or skip, in spans."""


MAX_STORED = 1e9
"""What is stored beyond this, or is no number at all, was not stored by us."""


def shipped(weights: Mapping[str, Weight] = WEIGHTS) -> NamedWeights:
    """Return the weights that everyone begins with."""
    return {name: weight.shipped for name, weight in weights.items()}


def sample_weights(theta: NamedWeights, seed: int, weights: Mapping[str, Weight] = WEIGHTS) -> NamedWeights:
    """Return the weights of a take, close around a user's; the same seed gives the same."""
    around, chance = {}, random.Random(seed)
    for name, weight in weights.items():
        away = chance.gauss(0, SPREAD)
        away = min(2 * SPREAD, max(-2 * SPREAD, away)) * weight.span
        around[name] = weight.bounded(theta[name] + away)
    return around


def updated_weights(
    theta: NamedWeights, take: NamedWeights, liked: bool, weights: Mapping[str, Weight] = WEIGHTS
) -> NamedWeights:
    """Return a user's weights after a take of these weights was liked, or skipped."""
    after = {}
    for name, weight in weights.items():
        step = RATE * (take[name] - theta[name]) * (1 if liked else -1)
        longest = MAX_STEP * weight.span
        after[name] = weight.bounded(theta[name] + min(longest, max(-longest, step)))
    return after


def restore_weights(stored: object, weights: Mapping[str, Weight] = WEIGHTS) -> NamedWeights:
    """Return the weights of what was stored: what is missing or no number is as shipped, the rest bounded.

    Raises ValueError where it is no table at all.
    """
    if not isinstance(stored, dict):
        raise ValueError("a taste is a table of weights by name")
    theta = dict(shipped(weights))
    current = {OLD_NAMES.get(name, name): value for name, value in stored.items()}
    for name, weight in weights.items():
        value = current.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_STORED:
            theta[name] = weight.bounded(float(value))
    return theta
