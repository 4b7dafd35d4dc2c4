"""`python -m model.training.fit.semantic_head`: fits the plan's head, h → tempo, the four levels and styles; writes its weights.

It learns from our own sentences (`terms/anchors.tsv` for moods, `terms/scenes.tsv` for styles) and from the genres,
moods and artists of the term table, each embedded by the default encoder. Prints what sentences that are left out
one by one would have been given.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from model.music.plan import LEVELS
from model.prompt.encoder import TextEncoder, sentence_encoder
from model.prompt.rules.vocabulary import FOLDER, Term, style_term, table
from model.prompt.semantic_head import RIDGE, kernel
from model.styles import DECODER_STYLES, decoder_style
from model.weights import FOLDER as WEIGHTS

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A text, what it should be given (log2 of tempo over 100 and four levels), and the styles it stands for."""

    text: str
    values: tuple[float, ...]
    styles: tuple[tuple[str, float], ...] = ()
    scene: bool = False


def anchors() -> list[Anchor]:
    """Return the anchors, the sentences of `anchors.tsv` first and in the order of the file."""
    found: list[Anchor] = []
    for line in _lines("anchors.tsv"):
        text, tempo, *levels = line.split("\t")
        found.append(Anchor(text, (float(np.log2(float(tempo) / 100)), *map(float, levels))))
    for line in _lines("scenes.tsv"):
        style, sentences = line.split("\t")
        values = _values(style_term(style))
        found += [Anchor(s, values, ((style, 1.0),), scene=True) for s in sentences.split("|")]
    for alias, term in table().items():
        if term.kind != "instruments" and term.tempo is not None:
            found.append(Anchor(alias, _values(term), term.styles))
    return found


def _lines(name: str) -> list[str]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def _values(term: Term) -> tuple[float, ...]:
    low, high = term.tempo or (100.0, 100.0)
    told = (term.energy, term.density, term.brightness, term.complexity)
    return (float(np.log2((low + high) / 200)), *(0.5 if v is None else v for v in told))


def fit(encoder: TextEncoder) -> tuple[list[Anchor], Array, Array, Array, Array]:
    """Return the anchors, their vectors `(n, 512)`, targets and weights `(n, 5 + styles)`, and the middle.

    Of styles the middle is 0, so that a sentence unlike all of ours leans to none.
    """
    pairs = anchors()
    vectors = np.stack([encoder.encode(a.text) for a in pairs]).astype(np.float64)
    targets = np.zeros((len(pairs), 5 + len(DECODER_STYLES)))
    for i, anchor in enumerate(pairs):
        targets[i, :5] = anchor.values
        for name, share in anchor.styles:
            targets[i, 5 + DECODER_STYLES.index(decoder_style(name))] = share
    middle = np.concatenate([targets[:, :5].mean(0), np.zeros(len(DECODER_STYLES))])
    weights = np.linalg.solve(kernel(vectors, vectors) + RIDGE * np.eye(len(pairs)), targets - middle)
    return pairs, vectors, targets, weights, middle


def left_out(vectors: Array, targets: Array, weights: Array) -> Array:
    """Return what each anchor would be given had it not been learnt, `(n, 5 + styles)`, in closed form."""
    inverse = np.linalg.inv(kernel(vectors, vectors) + RIDGE * np.eye(len(vectors)))
    return targets - weights / np.diag(inverse)[:, None]


def report(pairs: list[Anchor], targets: Array, guesses: Array) -> str:
    """Return a table of how well the left-out anchors were met."""
    scenes = np.array([a.scene for a in pairs])
    right = guesses[:, 5:].argmax(1) == targets[:, 5:].argmax(1)
    second = np.argsort(-guesses[:, 5:], 1)[:, :2] == targets[:, 5:].argmax(1)[:, None]
    octaves = np.abs(guesses[:, 0] - targets[:, 0])
    lines = [
        f"{len(pairs)} anchors, {int(scenes.sum())} scenes of {len(DECODER_STYLES)} styles, each left out once",
        f"scenes: style first {right[scenes].mean():.1%}, among the first two {second[scenes].any(1).mean():.1%}, "
        f"share of its style {guesses[scenes, 5:][targets[scenes, 5:] == 1].mean():.2f}",
        f"tempo: median error {np.median(octaves) * 100:.0f} % of an octave",
        *(f"{n}: mean error {np.abs(guesses[:, i] - targets[:, i]).mean():.3f}" for i, n in enumerate(LEVELS, 1)),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit and write the head."""
    pairs, vectors, targets, weights, middle = fit(sentence_encoder())
    sys.stdout.write(report(pairs, targets, left_out(vectors, targets, weights)))
    path: Path = WEIGHTS / "plan.safetensors"
    arrays = {"vectors": vectors, "weights": weights, "middle": middle, "targets": targets[:, :5]}
    stored = {name: array.astype(np.float16) for name, array in arrays.items()}
    save_file(stored, path, {"fields": " ".join(("tempo", *LEVELS)), "styles": "|".join(DECODER_STYLES)})
    sys.stdout.write(f"→ {path.name}, {path.stat().st_size / 1e6:.2f} MB\n")


if __name__ == "__main__":
    main()
