"""`python -m model.training.fit.adapter --encoder DIR [--out FILE]`: the small adapter that lets another encoder steer LLMBall.

A linear map from the vectors of a local Hugging Face directory to the default encoder's, by ridge regression over our
sentences, the term table's words and generated prompts; its ridge is chosen on sentences kept apart. Neither encoder,
plan nor decoder is trained. Prints how far the plans of held-out sentences agree with the default encoder's.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.music.plan import LEVELS, Plan
from model.prompt.encoder import (
    ADAPTER,
    Adapter,
    Embedding,
    EncoderError,
    TextEncoder,
    fit_adapter,
    mean_pooled,
    save_adapter,
    sentence_encoder,
)
from model.prompt.reader import parse_prompt
from model.prompt.rules.vocabulary import table
from model.prompt.understand import plan
from model.training.fit.semantic_head import anchors

Array = npt.NDArray[np.floating]
RIDGES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
HELD_OUT = 10
"""Every tenth sentence is for judging, the one after it for choosing the ridge."""
PROMPTS = 1500
_SHAPES = ("{mood} {genre}", "{genre}, {mood}", "{mood} {genre} with {instrument}", "{instrument}, {mood}", "a {mood} {instrument} piece",
           "{genre} for {mood} moments", "{mood}, {mood}", "{genre} meets {genre}")  # fmt: skip


def sentences(seed: int = 0) -> list[str]:
    """Return what the adapter learns from: our anchors, and prompts put together from the term table; shuffled."""
    rng = random.Random(seed)
    words = {kind: [a for a, t in table().items() if t.kind == kind] for kind in ("moods", "genres", "instruments")}
    composed = [
        rng.choice(_SHAPES).format(
            mood=rng.choice(words["moods"]),
            genre=rng.choice(words["genres"]),
            instrument=rng.choice(words["instruments"]),
        )
        for _ in range(PROMPTS)
    ]
    found = sorted({*(a.text for a in anchors()), *composed})
    rng.shuffle(found)
    return found


def train(
    vector: Callable[[str], Array], default: TextEncoder, texts: Sequence[str]
) -> tuple[Adapter, float, list[int]]:
    """Return the adapter, the ridge that was chosen, and the places of the sentences that it never saw."""
    given = np.stack([vector(t) for t in texts])
    wanted = np.stack([default.encode(t) for t in texts])
    place = np.arange(len(texts)) % HELD_OUT
    learn, choose = place > 1, place == 1

    def likeness(ridge: float) -> float:
        carried = fit_adapter(given[learn], wanted[learn], ridge).carried(given[choose])
        return float(_cosines(carried, wanted[choose]).mean())

    ridge = max(RIDGES, key=likeness)
    return fit_adapter(given[place > 0], wanted[place > 0], ridge), ridge, np.flatnonzero(place == 0).tolist()


def _cosines(a: Array, b: Array) -> Array:
    return np.asarray((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))


def _near(name: str) -> Callable[[Plan, Plan], bool]:
    return lambda a, b: bool(abs(getattr(a, name) - getattr(b, name)) <= 0.1)


def agreement(texts: Sequence[str], ours: Sequence[Embedding], theirs: Sequence[Embedding]) -> dict[str, float]:
    """Return how far the plans of the same sentences agree under two encoders, 0..1 a field.

    Tempo within 12 %, levels within 0.1, main style, mode and parts the same.
    """
    pairs = [
        (plan(t, a, parse_prompt(t)), plan(t, b, parse_prompt(t))) for t, a, b in zip(texts, ours, theirs, strict=True)
    ]
    checks: dict[str, Callable[[Plan, Plan], bool]] = {
        "tempo": lambda a, b: bool(abs(np.log(a.tempo / b.tempo)) < np.log(1.12)),
        **{name: _near(name) for name in LEVELS},
        "style": lambda a, b: a.style[0][0] == b.style[0][0],
        "key": lambda a, b: a.key == b.key,
        "parts": lambda a, b: a.parts == b.parts,
    }
    return {name: sum(check(a, b) for a, b in pairs) / len(pairs) for name, check in checks.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, write and judge an adapter. Return 2 where the directory cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m model.training.fit.adapter", description=__doc__)
    parser.add_argument("--encoder", metavar="DIR", type=Path, required=True, help="a local Hugging Face directory")
    parser.add_argument("--out", metavar="FILE", type=Path, help=f"default: DIR/{ADAPTER}, where it is found by itself")
    args = parser.parse_args(arguments)
    begun = time.monotonic()
    try:
        vector = mean_pooled(args.encoder)
    except EncoderError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    default, texts = sentence_encoder(), sentences()
    adapter, ridge, held = train(vector, default, texts)
    out = args.out or args.encoder / ADAPTER
    save_adapter(out, adapter)
    sys.stdout.write(f"{len(texts)} sentences, ridge {ridge:g} → {out} in {time.monotonic() - begun:.0f} s\n")
    told = [texts[i] for i in held]
    theirs = np.stack([adapter.carried(vector(t)) for t in told])
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    ours = [default.encode(t) for t in told]
    sys.stdout.write(f"on {len(told)} sentences held out: cosine {_cosines(theirs, np.stack(ours)).mean():.2f}\n")
    for name, share in agreement(told, ours, list(theirs.astype(np.float32))).items():
        sys.stdout.write(f"{name:<12} {share:.0%} of plans agree\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
