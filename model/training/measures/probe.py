"""Style told from notes (acceptance line 5): a multinomial logistic regression on `features`.

In training each clip is heard whole and twice with some of its parts, so that which parts there are tells nothing.
Classes weigh alike, however many clips they have.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from model.music.notes import PARTS
from model.training.measures.clips import Clip
from model.training.measures.features import WIDTH, features, masks
from model.training.measures.tables import estimate

Array = npt.NDArray[np.float64]
ROUNDS = 300
RIDGE = 3e-3
RHYTHM = frozenset(["drums", "bass"])
"""The half of a band that gives the ground."""
LARGEST = 3.0
"""Standard deviations beyond which a feature counts no further."""


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Middle and spread of every feature where it was there."""

    middle: Array
    spread: Array

    @classmethod
    def of(cls, table: Array) -> Scale:
        """Return the scale of features `(clips, features)`; those never there become nothing."""
        there = np.isfinite(table)
        count = np.maximum(there.sum(0), 1)
        middle = np.where(there, table, 0).sum(0) / count
        spread = np.sqrt((np.where(there, table - middle, 0) ** 2).sum(0) / count)
        return cls(middle, np.where(spread > 1e-6, spread, np.inf))

    def __call__(self, table: Array) -> Array:
        """Return features in standard deviations, 0 where they are not there."""
        return np.clip(np.nan_to_num((table - self.middle) / self.spread), -LARGEST, LARGEST)


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A trained probe; `weights` are `(WIDTH + 1, labels)`, the last row the bias."""

    labels: tuple[str, ...]
    scale: Scale
    weights: Array

    def probabilities(self, clips: Sequence[Clip]) -> Array:
        """Return the probability of every label for every clip, `(clips, labels)`."""
        return _softmax(_with_one(self.scale(heard(clips))) @ self.weights)

    def predict(self, clip: Clip) -> str:
        """Return the label that the notes of a clip tell."""
        return self.labels[int(self.probabilities([clip])[0].argmax())]


def heard(clips: Sequence[Clip]) -> Array:
    """Return the features of clips, `(clips, WIDTH)`."""
    return np.array([features(c) for c in clips]).reshape(len(clips), WIDTH)


def fit(clips: Sequence[Clip], labels: Sequence[str]) -> Probe:
    """Return a probe trained on clips and their labels; the same clips give the same probe."""
    if len(set(labels)) < 2:
        raise ValueError("a probe tells two labels or more from one another")
    table = heard(clips)
    present = [frozenset(p for p in PARTS if len(c.part(p))) for c in clips]
    return _fitted(table, present, labels)


def _fitted(table: Array, present: Sequence[frozenset[str]], labels: Sequence[str]) -> Probe:
    names = tuple(sorted(set(labels)))
    scale = Scale.of(table)
    rng = np.random.default_rng(0)
    rows = [table]
    for _ in range(2):
        rows.append(np.where([_some(parts, rng) for parts in present], table, np.nan))
    inputs = _with_one(scale(np.concatenate(rows)))
    numbers = np.tile([names.index(label) for label in labels], 3)
    share = np.bincount(numbers, minlength=len(names))
    each = 1 / (share[numbers] * len(names))
    return Probe(names, scale, _descended(inputs, np.eye(len(names))[numbers], each))


def _some(parts: frozenset[str], rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return which features are left of some of the parts, at least one."""
    ordered = sorted(parts)
    if not ordered:
        return masks(parts)
    kept = rng.permutation(len(ordered))[: rng.integers(1, len(ordered) + 1)]
    return masks(frozenset(ordered[i] for i in kept))


def _descended(inputs: Array, wanted: Array, each: Array) -> Array:
    """Return the weights with the least weighted cross-entropy, by Nesterov's accelerated descent."""
    covered = inputs.T @ (inputs * each[:, None])
    rate = 1 / (0.5 * np.linalg.norm(covered, 2) + RIDGE)
    weights = ahead = np.zeros((inputs.shape[1], wanted.shape[1]))
    for i in range(ROUNDS):
        slope = inputs.T @ ((_softmax(inputs @ ahead) - wanted) * each[:, None]) + RIDGE * ahead
        stepped = ahead - rate * slope
        ahead = stepped + i / (i + 3) * (stepped - weights)
        weights = stepped
    return weights


def _softmax(logits: Array) -> Array:
    raised: Array = np.exp(logits - logits.max(1, keepdims=True))
    raised /= raised.sum(1, keepdims=True)
    return raised


def _with_one(table: Array) -> Array:
    return np.concatenate([table, np.ones((len(table), 1))], axis=1)


def cross_validated(
    clips: Sequence[Clip], labels: Sequence[str], groups: Sequence[Hashable], folds: int = 5
) -> list[str]:
    """Return for every clip the label told by a probe that heard none of its group."""
    table = heard(clips)
    present = [frozenset(p for p in PARTS if len(c.part(p))) for c in clips]
    names = {g: i for i, g in enumerate(dict.fromkeys(groups))}
    fold = np.random.default_rng(0).permutation(len(names))[[names[g] for g in groups]] % folds
    told = [""] * len(clips)
    for f in range(folds):
        known, asked = np.flatnonzero(fold != f).tolist(), np.flatnonzero(fold == f).tolist()
        probe = _fitted(table[known], [present[i] for i in known], [labels[i] for i in known])
        best = (_with_one(probe.scale(table[asked])) @ probe.weights).argmax(1)
        for i, k in zip(asked, best, strict=True):
            told[i] = probe.labels[k]
    return told


def confusion(labels: Sequence[str], told: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return label → what it was taken for → how often."""
    table: dict[str, dict[str, int]] = {label: {} for label in sorted(set(labels))}
    for label, heard_as in zip(labels, told, strict=True):
        table[label][heard_as] = table[label].get(heard_as, 0) + 1
    return table


def between(trained: Probe, clips: Sequence[Clip]) -> dict[str, dict[str, float]]:
    """Return how much of both their styles, "one+other" in their labels, clips are heard to have.

    One style alone, however clearly heard, has nothing of the fainter one; both among the three likeliest of them all is what
    few clips reach by chance. "Shared out" counts clips whose drums and bass alone tell one of the two among the likeliest
    three, and whose chords and melody alone the other: so do bands cross styles.
    """
    asked = np.array([[trained.labels.index(name) for name in c.label.split("+")] for c in clips])

    def heard_in(parts: frozenset[str]) -> tuple[Array, npt.NDArray[np.int64]]:
        odds = trained.probabilities(
            [replace(c, parts={p: n for p, n in c.parts.items() if p in parts}) for c in clips]
        )
        shares = np.take_along_axis(odds, asked, 1)
        return shares, (odds[:, None, :] > shares[:, :, None]).sum(2)

    shares, places = heard_in(frozenset(PARTS))
    low, high = (heard_in(half)[1] < 3 for half in (RHYTHM, frozenset(PARTS) - RHYTHM))
    shared = (low & high[:, ::-1]).sum(1) > 0
    groups = [c.prompt for c in clips]
    return {
        "shared out": asdict(estimate(shared.tolist(), groups)),
        "both among the likeliest three": asdict(estimate((places.max(1) < 3).tolist(), groups)),
        "either the likeliest": asdict(estimate((places.min(1) == 0).tolist(), groups)),
        "share of the two": asdict(estimate(shares.sum(1).tolist(), groups)),
        "share of the fainter": asdict(estimate(shares.min(1).tolist(), groups)),
    }


def scores(
    labels: Sequence[str], told: Sequence[str], groups: Sequence[Hashable]
) -> dict[str, dict[str, float] | float]:
    """Return the accuracy with its interval, the mean over labels, and what guessing would reach."""
    right = [label == heard_as for label, heard_as in zip(labels, told, strict=True)]
    kinds = sorted(set(labels))
    by_label = [np.mean([r for r, label in zip(right, labels, strict=True) if label == k]) for k in kinds]
    return {
        "accuracy": asdict(estimate(right, groups)),
        "mean over labels": float(np.mean(by_label)),
        "guessing": 1 / len(kinds),
    }
