"""`python -m model.training.fit.bias_weights --human FILE --prompts FILE`: fit the bias weights by the cross-entropy method.

Candidates are drawn from a normal distribution within bounds, each writes the same clips, and the distribution moves to the
best third (Rubinstein and Kroese, "The Cross-Entropy Method", 2004). The loss is the sum of

    the distance of clips of the tuning prompts from their plans (onsets a quarter and part, mean velocity), and
    the distance, under the conditions of validation songs, of the median of each texture figure from that of those songs, in
    interquartile ranges.

It is evaluated by other measures: keys, style and prompt told from notes, other figures and histograms, opposites, diversity.
The best weights are written to `model/weights/fusion.json`, which is shipped.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.generation.bias_terms import target_velocity
from model.generation.bias_weights import SHIPPED, BiasWeights
from model.generation.composer import Composer
from model.generation.history import target_onsets
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import TICKS_PER_QUARTER
from model.music.plan import Plan
from model.prompt.encoder import sentence_encoder
from model.prompt.understand import understand
from model.training.measures import clips as measured
from model.training.measures.conditions import conditions
from model.training.measures.texture import SCALARS
from model.weights import FOLDER

Array = npt.NDArray[np.float64]
BOUNDS = {"text": (0.8, 2.0), "scale": (1.0, 6.0), "chord": (0.0, 3.0), "density": (0.0, 4.0), "velocity": (0.0, 3.0),
          "chord_size": (0.0, 3.0), "brightness": (0.0, 2.5), "top_p": (0.7, 0.9)}  # fmt: skip
"""The weights that are fitted; no tuning prompt asks for register and length. Below .8 of text or above .9 of top-p a style can no
longer be told from the notes (docs/log.md), which this loss does not measure."""
TEXTURE_FIGURES = ("melody on chord tones", "bar overlap, melody", "bar overlap, chords", "bar overlap, bass", "polyphony",
         "chord changes a bar")  # fmt: skip
BARS = 8
SOURCE = "pop909"
"""The corpus whose songs have all the parts."""


@dataclass(frozen=True, slots=True)
class ClipJob:
    """The input of one clip: a prompt and, under a song's conditions, the parts and that song."""

    prompt: str
    seed: int
    parts: tuple[str, ...] | None = None
    like_song: Song | None = None


@dataclass(frozen=True, slots=True)
class ClipScore:
    """The distance of a clip from its plan, and its texture figures."""

    plan_distance: float
    texture: tuple[float, ...]


def plan_distance(song: Song, plan: Plan) -> float:
    """Return the mean distance of a clip from its plan: log onsets, and velocities in units of 24."""
    quarters = song.end / TICKS_PER_QUARTER
    found = []
    for part in plan.parts:
        notes = [n for n in song.notes if n.part == part]
        onsets = len({n.start for n in notes}) / quarters
        found.append(abs(math.log((onsets + 0.05) / (target_onsets(plan.style_of(part), part, plan.density) + 0.05))))
        if notes:
            mean = sum(n.velocity for n in notes) / len(notes)
            found.append(abs(mean - target_velocity(part, plan.energy)) / 24)
    return sum(found) / len(found)


@cache
def _composer() -> Composer:
    return Composer(sentence_encoder())


def score_clip(job: tuple[ClipJob, BiasWeights]) -> ClipScore:
    """Write and score one clip."""
    asked, theta = job
    plan, _ = understand(asked.prompt, sentence_encoder())
    wanted = ClipSpec(asked.prompt, asked.seed, bars=BARS, parts=asked.parts, theta=tuple(asdict(theta).items()))
    song = clip(_composer(), wanted, like_song=asked.like_song)
    filed = midifile.as_filed(song)
    heard = measured.from_filed("ours", filed)
    return ClipScore(plan_distance(filed, plan), tuple(SCALARS[name](heard) for name in TEXTURE_FIGURES))


def loss(words: Sequence[ClipScore], conditioned: Sequence[ClipScore], human: Array) -> float:
    """Return the loss of clips of prompts and of clips under songs' conditions; `human` is `(songs, figures)`."""
    ours = np.array([j.texture for j in conditioned])
    low, middle, high = np.nanpercentile(human, [25, 50, 75], axis=0)
    off = np.abs(np.nanmedian(ours, axis=0) - middle) / np.maximum(high - low, 1e-6)
    return float(np.mean([j.plan_distance for j in words]) + 0.5 * np.nanmean(np.minimum(off, 3)))


def optimise(
    words: Sequence[ClipJob], conditioned: Sequence[ClipJob], human: Array, rounds: int, size: int, jobs: int
) -> tuple[BiasWeights, list[dict[str, float]]]:
    """Return the best weights and a log line for each candidate."""
    rng = np.random.default_rng(0)
    names = list(BOUNDS)
    low, high = np.array([BOUNDS[n] for n in names]).T
    mean = np.array([getattr(SHIPPED, n) for n in names])
    spread = (high - low) / 4
    tried: list[tuple[float, Array]] = []
    log: list[dict[str, float]] = []
    with get_context("spawn").Pool(jobs) as pool:
        for turn in range(rounds):
            drawn = np.clip(rng.normal(mean, spread, (size, len(names))), low, high)
            drawn[0] = mean
            for values in drawn:
                theta = SHIPPED.with_named(zip(names, map(float, values), strict=True))
                work = [(asked, theta) for asked in (*words, *conditioned)]
                judged = pool.map(score_clip, work, chunksize=2)
                found = loss(judged[: len(words)], judged[len(words) :], human)
                tried.append((found, values))
                log.append({"round": turn, "loss": found} | dict(zip(names, map(float, values), strict=True)))
                print(json.dumps(log[-1]), flush=True)
            elite = [v for _, v in sorted(tried[-size:], key=lambda t: t[0])[: max(2, size // 3)]]
            mean, spread = np.mean(elite, 0), 0.5 * spread + 0.5 * np.std(elite, 0)
    best = min(tried, key=lambda t: t[0])[1]
    return SHIPPED.with_named((n, round(float(v), 2)) for n, v in zip(names, best, strict=True)), log


def main() -> None:
    """Parse the command line, optimise, write."""
    parser = argparse.ArgumentParser(prog="python -m model.training.fit.bias_weights", description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help="songs, as `measures read` wrote them")
    parser.add_argument("--prompts", type=Path, required=True, help="a prompt a line")
    parser.add_argument("--songs", type=int, default=24, help="how many clips under people's conditions")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=FOLDER / "fusion.json")
    options = parser.parse_args()
    songs = [s for s in measured.load(options.human) if s.source == SOURCE and s.split == "validation"]
    cut = [w for s in songs for w in measured.windows(s, BARS)[1:4]]
    human = np.array([[SCALARS[name](w) for name in TEXTURE_FIGURES] for w in cut])
    prompts = options.prompts.read_text(encoding="utf-8").splitlines()
    words = [ClipJob(prompt, 1 + number) for number, prompt in enumerate(prompts)]
    conditioned = [
        ClipJob(c.prompt, 1001 + number, c.parts, measured.as_song(c.window, c.parts))
        for number, c in enumerate(conditions(songs, "validation", BARS, options.songs))
    ]
    best, log = optimise(words, conditioned, human, options.rounds, options.size, options.jobs)
    options.out.write_text(json.dumps(asdict(best), indent=1) + "\n", encoding="utf-8")
    print(f"{len(log)} candidates, {len(words) + len(conditioned)} clips each → {options.out.name}: {best}")


if __name__ == "__main__":
    main()
