"""Which of some prompts made this clip (acceptance line 5): from features to what the words mean, then the nearest.

A ridge regression learns from clips of other prompts what a prompt's vector is, be it the embedding of its text or
the fields of its plan; of the candidates the one whose vector lies nearest to the clip's is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from model.encoder import TextEncoder
from model.music import Plan
from model.plan import understand
from model.styles import STYLES
from model.training.measures.clips import Clip
from model.training.measures.figures import figure
from model.training.measures.probe import Scale, cross_validated, heard

Array = npt.NDArray[np.float64]
RIDGE = 0.3
Vector = Callable[[str], Array]


def plan_vector(plan: Plan) -> Array:
    """Return the fields of a plan that notes can show: levels, swing and styles, `(5 + styles,)`; no tempo, no key."""
    mix = dict(plan.style)
    styles = [mix.get(name, 0.0) for name in STYLES]
    levels = [plan.density, plan.energy, plan.brightness, plan.complexity, 2 * plan.swing - 1]
    return np.array([*levels, *styles])


def vectors(encoder: TextEncoder) -> dict[str, Vector]:
    """Return the ways to make a vector of a prompt: its text's embedding, its plan."""
    return {
        "text": lambda prompt: encoder.encode(prompt).astype(np.float64),
        "plan": lambda prompt: plan_vector(understand(prompt, encoder)[0]),
    }


@dataclass(frozen=True, slots=True, eq=False)
class Matcher:
    """A trained ridge from a clip's features to a prompt's vector."""

    scale: Scale
    weights: Array
    middle: Array
    spread: Array

    def choose(self, clip: Clip, candidates: Array) -> int:
        """Return which row of candidates `(n, width)` suits the clip best, by the cosine to what its notes tell.

        What all candidates have in common is left out: it cannot tell them apart.
        """
        found = self.scale(heard([clip]))[0] @ self.weights
        wanted = (candidates - self.middle) / self.spread
        common = wanted.mean(0)
        wanted, found = wanted - common, found - common
        return int((wanted @ found / (np.linalg.norm(wanted, axis=1) + 1e-9)).argmax())


def fit(clips: Sequence[Clip], targets: Array) -> Matcher:
    """Return the matcher of clips and their prompts' vectors `(clips, width)`."""
    table = heard(clips)
    scale, middle, spread = Scale.of(table), targets.mean(0), targets.std(0).mean() + targets.std(0) + 1e-9
    inputs, wanted = scale(table), (targets - middle) / spread
    squares = inputs.T @ inputs + RIDGE * len(inputs) * np.eye(inputs.shape[1])
    return Matcher(scale, np.linalg.solve(squares, inputs.T @ wanted), middle, spread)


def measure(clips: Sequence[Clip], ways: dict[str, Vector]) -> dict[str, dict[str, float]]:
    """Return per set of prompts and way the share of clips whose own prompt is chosen.

    Clips of prompts outside the set teach the matcher. "other seeds" is told by a probe that heard other clips
    of the same prompts, which is easier.
    """
    found = {}
    for name in sorted({c.among for c in clips if c.among}):
        asked = [c for c in clips if c.among == name]
        prompts = sorted({c.prompt for c in asked})
        known = [c for c in clips if c.prompt and c.prompt not in prompts]
        groups = [c.name for c in asked]
        for way, vector in ways.items():
            of = {p: vector(p) for p in {*prompts, *(c.prompt for c in known)}}
            if len({c.prompt for c in known}) >= 2:
                matcher = fit(known, np.array([of[c.prompt] for c in known]))
                candidates = np.array([of[p] for p in prompts])
                right = [prompts[matcher.choose(c, candidates)] == c.prompt for c in asked]
                found[f"{name}, {len(prompts)} prompts, by {way}"] = asdict(figure(right, groups))
        if min(sum(c.prompt == p for c in asked) for p in prompts) > 1 and len(prompts) > 1:
            told = cross_validated(asked, [c.prompt for c in asked], groups)
            right = [t == c.prompt for t, c in zip(told, asked, strict=True)]
            found[f"{name}, {len(prompts)} prompts, other seeds heard"] = asdict(figure(right, groups))
    return found
