"""The weights of the bias terms (θ): shipped in `weights/fusion.json`, and moved per user by likes and skips. Pure but for `read`."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

MAX_MORPH_GUIDANCE = 1.14
"""Upper limit of the text guidance during a morph: an interpolated embedding is no sentence's."""
SEQUENCED_NEW_ROOTS = 0.25
"""Factor on `new_roots` for sequenced styles."""
FILE = Path(__file__).parents[1] / "weights" / "fusion.json"  # model.weights has the folder, but loads numpy
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
    """The weights of the terms; the values here were chosen by hand, fusion.json has those that are used.

    Units, and the terms that each enters, are in `model.generation.bias_table` (docs/biases.md).
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
    energy_articulation: float = 1.6
    scale_when_played: float = 1.1
    chord_change: float = 0.0
    return_penalty: float = 0.0
    kept_pitches: float = 1.0
    pitch_cooling: float = 0.0
    length_cooling: float = 0.0
    velocity_cooling: float = 0.0
    melody_height: float = 0.0
    melody_turn: float = 0.0
    melody_onward: float = 0.0
    contour: float = 0.0

    def with_named(self, named: Iterable[tuple[str, float]]) -> BiasWeights:
        """Return these weights with the values of the pairs; unknown names are ignored, old ones read."""
        known = {f.name for f in fields(self)}
        current = {OLD_NAMES.get(name, name): value for name, value in named}
        return replace(self, **{name: value for name, value in current.items() if name in known})

    def for_performed_share(self, share: float) -> BiasWeights:
        """Return these weights for styles of which a share, 0..1, is performed rather than sequenced.

        Performed styles: a higher top-p, tones outside the scale. Sequenced ones: fewer new roots, shorter notes with energy.
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
        """Return the weights during a morph: top-p of sequenced styles, no extra chord changes, guidance limited."""
        return replace(self.for_performed_share(0.0), text=min(self.text, MAX_MORPH_GUIDANCE), chord_change=0.0)


HAND_CHOSEN = BiasWeights()


class BiasWeightsError(ValueError):
    """The weights cannot be read; the message says the remedy."""


def read(path: Path) -> BiasWeights:
    """Read the weights from a file. Raises BiasWeightsError."""
    try:
        return HAND_CHOSEN.with_named(json.loads(path.read_text(encoding="utf-8")).items())
    except (OSError, ValueError, AttributeError) as broken:
        raise BiasWeightsError(f"{path.name} is not the file that was shipped: install LLMBall again") from broken


SHIPPED = read(FILE)
NamedWeights = Mapping[str, float]
"""Bias weights by name."""


@dataclass(frozen=True, slots=True)
class Weight:
    """The shipped value of a weight, and the bounds of a user's."""

    shipped: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.shipped <= self.high:
            raise ValueError(f"the shipped value must lie within the bounds: {self}")

    @property
    def span(self) -> float:
        """The distance between the bounds."""
        return self.high - self.low

    def bounded(self, value: float) -> float:
        """Return the value, or the bound that it exceeds."""
        return min(self.high, max(self.low, value))


MIN_FACTOR, MAX_FACTOR = 0.5, 2.0
"""Bounds of a user's weight as factors of the shipped one: every control stays audible, and none overrides the music."""
WEIGHTS: Mapping[str, Weight] = {
    name: Weight(value, min(MIN_FACTOR * value, MAX_FACTOR * value), max(MIN_FACTOR * value, MAX_FACTOR * value))
    for name, value in asdict(SHIPPED).items()
}
"""The weights that likes and skips move: all."""
SPREAD = 0.05
"""Standard deviation of a take's weights around the user's, as a share of the span; at most twice that."""
RATE = 0.5
"""Share of the distance to a take's weights by which a like moves the user's."""
MAX_STEP = 0.05
"""The longest step of one like or skip, as a share of the span."""
MAX_STORED = 1e9
"""Stored values beyond this are ignored as corrupted."""


def shipped(weights: Mapping[str, Weight] = WEIGHTS) -> NamedWeights:
    """Return the shipped weights."""
    return {name: weight.shipped for name, weight in weights.items()}


def sample_weights(theta: NamedWeights, seed: int, weights: Mapping[str, Weight] = WEIGHTS) -> NamedWeights:
    """Return the weights of a take, drawn around a user's; deterministic for a seed."""
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
    """Return stored weights, bounded; those that are missing or no number are as shipped. Raises ValueError if it is no table."""
    if not isinstance(stored, dict):
        raise ValueError("stored weights must be a table of numbers by name")
    theta = dict(shipped(weights))
    current = {OLD_NAMES.get(name, name): value for name, value in stored.items()}
    for name, weight in weights.items():
        value = current.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_STORED:
            theta[name] = weight.bounded(float(value))
    return theta
