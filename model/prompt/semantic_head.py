"""Predicts tempo, four levels and styles from a prompt's embedding by kernel ridge regression.

Its sentences are our own and the words of the term table; their values are a judgement of ours, not a measurement of listeners. Fitted by `model.training.fit.semantic_head`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.music.plan import LEVELS
from model.native.library import Int8Matrix, fast_matrix
from model.prompt.encoder import Embedding
from model.styles import DECODER_STYLES
from model.weights import FOLDER, read

Array = npt.NDArray[np.floating]

WIDTH = 0.35
"""Width of the kernel, in cosine distance."""
RIDGE = 0.15
_GAIN = 1.25
"""Compensates the shrinkage: predictions of left-out sentences are too small by a factor of 1.05 to 1.6."""
_NEAR = 0.12
"""Width of the neighbourhood whose spread is told: narrower, for it averages instead of fitting."""
_SHARPNESS, _NO_STYLE = 0.03, 0.14
"""Of the styles' softmax, and the score of "no style": the likeliest on sentences that were left out."""


def kernel(a: Array, b: Array) -> npt.NDArray[np.float64]:
    """Return the likeness of unit vectors, `(n, 512)` and `(m, 512)` → `(n, m)`: 1 for the same direction."""
    return nearness(a @ b.T)


def nearness(cosines: Array) -> npt.NDArray[np.float64]:
    """Return the likeness of unit vectors by their cosines."""
    return np.exp((cosines - 1).astype(np.float64) / WIDTH)


@cache
def head(path: Path = FOLDER / "plan.safetensors") -> dict[str, Array]:
    """Return the head's arrays: `vectors (n, 512)`, `weights (n, 5 + styles)`, `middle`, `targets (n, 5)`."""
    return {name: array.astype(np.float32) for name, array in read(path)[0].items()}


@cache
def _sentences() -> Array | Int8Matrix:
    """Return the vectors of the sentences to the right of an `@`, `(512, n)`."""
    return fast_matrix(head()["vectors"].T)


@lru_cache(8)
def _head_output(text: bytes) -> Array:
    """Return the output of the head for a vector, `(5 + styles,)`, before its gain."""
    near = nearness(np.frombuffer(text, np.float32)[None] @ _sentences())[0].astype(np.float32)
    return np.asarray(near @ head()["weights"])


def predicted_levels(text: Embedding) -> dict[str, float]:
    """Return what the embedding suggests: tempo in quarters a minute and the four levels, 0..1."""
    values = _GAIN * _head_output(text.tobytes())[:5] + head()["middle"][:5]
    levels = {name: min(1.0, max(0.0, float(v))) for name, v in zip(LEVELS, values[1:], strict=True)}
    return {"tempo": min(200.0, max(40.0, float(100 * 2.0 ** values[0]))), **levels}


def styles(text: Embedding) -> dict[str, float]:
    """Return how likely each style is, the likeliest first; what is left to 1 is that it is none of them."""
    scores = _head_output(text.tobytes())[5:] + head()["middle"][5:]
    odds = np.exp((scores - _NO_STYLE) / _SHARPNESS)
    shares = odds / (odds.sum() + 1)
    return {DECODER_STYLES[i]: float(shares[i]) for i in np.argsort(-shares)}


def spreads(text: Embedding) -> dict[str, float]:
    """Return how widely the neighbours of a sentence differ: standard deviations, of tempo in octaves."""
    known = head()
    near = np.exp((known["vectors"] @ text - 1).astype(np.float64) / _NEAR)
    near /= near.sum()
    mean = near @ known["targets"]
    deviation = np.sqrt(near @ (known["targets"] - mean) ** 2)
    return {name: float(d) for name, d in zip(("tempo", *LEVELS), deviation, strict=True)}
