"""`python -m model.training.moods`: fits the plan's head, h → tempo and the four levels, and writes its weights.

It learns from our own sentences (`terms/anchors.tsv`) and from the genres, moods and artists of the term table,
each embedded by the default encoder: kernel ridge regression under a Gaussian kernel of cosine distance, so
that unknown words lean on their nearest neighbours. A judgement of ours, not a measurement of listeners.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from model.encoder import TextEncoder, sentence_encoder
from model.plan import RIDGE, kernel
from model.precedence import LEVELS
from model.terms import FOLDER, KINDS, table
from model.weights import FOLDER as WEIGHTS

Array = npt.NDArray[np.float64]


def anchors() -> list[tuple[str, tuple[float, ...]]]:
    """Return (text, log2 of tempo over 100, energy, density, brightness, complexity) of all anchors."""
    found: list[tuple[str, tuple[float, ...]]] = []
    for line in (FOLDER / "anchors.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            text, tempo, *levels = line.split("\t")
            found.append((text, (float(np.log2(float(tempo) / 100)), *map(float, levels))))
    for alias, term in table().items():
        if term.kind in KINDS and term.tempo is not None:
            middle = float(np.log2(sum(term.tempo) / 200))
            told = (term.energy, term.density, term.brightness, term.complexity)
            found.append((alias, (middle, *(0.5 if v is None else v for v in told))))
    return found


def fit(encoder: TextEncoder) -> tuple[Array, Array, Array]:
    """Return the anchors' vectors `(n, 512)`, their weights `(n, 5)` and the middle `(5,)`."""
    pairs = anchors()
    vectors = np.stack([encoder.encode(text) for text, _ in pairs]).astype(np.float64)
    targets = np.array([values for _, values in pairs])
    middle = targets.mean(0)
    weights = np.linalg.solve(kernel(vectors, vectors) + RIDGE * np.eye(len(pairs)), targets - middle)
    return vectors, weights, middle


def main() -> None:
    """Fit and write the head."""
    vectors, weights, middle = fit(sentence_encoder())
    path: Path = WEIGHTS / "plan.safetensors"
    save_file(
        {
            "vectors": vectors.astype(np.float16),
            "weights": weights.astype(np.float32),
            "middle": middle.astype(np.float32),
        },
        path,
        {"fields": " ".join(("tempo", *LEVELS))},
    )
    print(f"{len(vectors)} anchors → {path.name}, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
