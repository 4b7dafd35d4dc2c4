"""An encoder that hears something else than the words: what is left when the meaning is taken away, and only rules and tables speak."""

from __future__ import annotations

import numpy as np

from model.encoder import Embedding, TextEncoder


class OtherWords:
    """An encoder that says something else than the words: the mean of all vectors, or another prompt's."""

    def __init__(self, inner: TextEncoder, prompts: tuple[str, ...], *, shuffled: bool) -> None:
        self.name = "shuffled" if shuffled else "dropped"
        vectors = [inner.encode(p) for p in prompts]
        mean = np.mean(vectors, 0)
        self._mean: Embedding = (mean / np.linalg.norm(mean)).astype(np.float32)
        away = len(vectors) // 3 + 1  # not the other half: a style's name and its scene are that far apart
        turned = [*vectors[away:], *vectors[:away]]
        self._turned = turned if shuffled else []
        self._order: dict[str, int] = {}

    def encode(self, text: str) -> Embedding:
        """Return what is heard in the place of a prompt."""
        if not self._turned:
            return self._mean
        place = self._order.setdefault(text, len(self._order))
        return self._turned[place % len(self._turned)]
