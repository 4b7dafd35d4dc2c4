"""Which of some prompts made this clip (acceptance line 5): from features to what the words mean, then the nearest.

A ridge regression learns from clips of other prompts what a prompt's vector is, be it the embedding of its text or
the fields of its plan; of the candidates the one whose vector lies nearest to the clip's is chosen. It hears the
notes only, as the probe of style does, or the whole: tempo, metre, mode, register, loudness and parts too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from model.music.harmony import parse_key
from model.music.notes import PARTS
from model.music.plan import Plan
from model.prompt.encoder import TextEncoder
from model.prompt.understand import understand
from model.styles import STYLES
from model.training.measures.clips import PITCH, VELOCITY, Clip
from model.training.measures.keys import find, time_of_classes
from model.training.measures.probe import Scale, cross_validated, heard
from model.training.measures.tables import estimate

Array = npt.NDArray[np.float64]
RIDGE = 0.3
Vector = Callable[[str], Array]
Hearing = Callable[[Sequence[Clip]], Array]


def plan_vector(plan: Plan) -> Array:
    """Return the fields of a plan that can be heard, `(7 + parts + styles,)`."""
    mix = dict(plan.style)
    fields = [
        plan.density,
        plan.energy,
        plan.brightness,
        plan.complexity,
        2 * plan.swing - 1,
        float(np.log2(plan.tempo / 100)),
        float(parse_key(plan.key).minor),
    ]
    return np.array([*fields, *(p in plan.parts for p in PARTS), *(mix.get(name, 0.0) for name in STYLES)], float)


def vectors(encoder: TextEncoder) -> dict[str, Vector]:
    """Return the ways to make a vector of a prompt: its text's embedding, its plan."""
    return {
        "text": lambda prompt: encoder.encode(prompt).astype(np.float64),
        "plan": lambda prompt: plan_vector(understand(prompt, encoder)[0]),
    }


def surface(clip: Clip) -> Array:
    """Return what anyone hears at once: tempo, metre, mode, and of each part whether, how high, how loud, `(15,)`."""
    found = find(time_of_classes(clip))
    beats, unit = clip.bars[0][1].split("/")
    parts = [(clip.part(p)[:, PITCH], clip.part(p)[:, VELOCITY]) for p in PARTS]
    of_parts = [(1.0, float(p.mean()), float(v.mean())) if len(p) else (0.0, np.nan, np.nan) for p, v in parts]
    tempo = float(np.log2(clip.tempo / 100)) if clip.tempo else np.nan
    minor = np.nan if found is None else float(found[1])
    return np.array([tempo, float(int(beats) % 3 == 0 or unit == "8"), minor, *(x for p in of_parts for x in p)])


def wholly_heard(clips: Sequence[Clip]) -> Array:
    """Return the features of clips with what lies on their surface."""
    return np.concatenate([heard(clips), np.array([surface(c) for c in clips])], axis=1)


HEARINGS: dict[str, Hearing] = {"notes only": heard, "heard whole": wholly_heard}


@dataclass(frozen=True, slots=True, eq=False)
class Matcher:
    """A trained ridge from a clip's features to a prompt's vector."""

    hearing: Hearing
    scale: Scale
    weights: Array
    middle: Array
    spread: Array

    def choose(self, clip: Clip, candidates: Array) -> int:
        """Return which row of candidates `(n, width)` suits the clip best, by the cosine to what its notes tell.

        What all candidates have in common is left out: it cannot tell them apart.
        """
        found = self.scale(self.hearing([clip]))[0] @ self.weights
        wanted = (candidates - self.middle) / self.spread
        common = wanted.mean(0)
        wanted, found = wanted - common, found - common
        return int((wanted @ found / (np.linalg.norm(wanted, axis=1) + 1e-9)).argmax())


def fit(clips: Sequence[Clip], targets: Array, hearing: Hearing = heard) -> Matcher:
    """Return the matcher of clips and their prompts' vectors `(clips, width)`."""
    table = hearing(clips)
    scale, middle, spread = Scale.of(table), targets.mean(0), targets.std(0)
    spread = spread + max(float(spread.mean()), 1e-9)  # what hardly varies shall not weigh like what does
    inputs, wanted = scale(table), (targets - middle) / spread
    squares = inputs.T @ inputs + RIDGE * len(inputs) * np.eye(inputs.shape[1])
    return Matcher(hearing, scale, np.linalg.solve(squares, inputs.T @ wanted), middle, spread)


def measure(clips: Sequence[Clip], ways: dict[str, Vector]) -> dict[str, dict[str, float]]:
    """Return per set of prompts and way the share of clips whose own prompt is chosen.

    Clips of prompts outside the set teach the matcher. "other seeds" is told by a probe that heard other clips
    of the same prompts, notes only, which is easier.
    """
    found = {}
    for name in sorted({c.among for c in clips if c.among}):
        asked = [c for c in clips if c.among == name]
        prompts = sorted({c.prompt for c in asked})
        known = [c for c in clips if c.prompt and c.prompt not in prompts]
        groups = [c.name for c in asked]
        row = f"{name}, {len(prompts)} prompts"
        if len({c.prompt for c in known}) >= 2:
            for way, vector in ways.items():
                of = {p: vector(p) for p in {*prompts, *(c.prompt for c in known)}}
                targets, candidates = (np.array([of[p] for p in some]) for some in ([c.prompt for c in known], prompts))
                for by, hearing in HEARINGS.items():
                    matcher = fit(known, targets, hearing)
                    right = [prompts[matcher.choose(c, candidates)] == c.prompt for c in asked]
                    found[f"{row}, by {way}, {by}"] = asdict(estimate(right, groups))
        if min(sum(c.prompt == p for c in asked) for p in prompts) > 1 and len(prompts) > 1:
            told = cross_validated(asked, [c.prompt for c in asked], groups)
            right = [t == c.prompt for t, c in zip(told, asked, strict=True)]
            found[f"{row}, other seeds heard"] = asdict(estimate(right, groups))
    return found
