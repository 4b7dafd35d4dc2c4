"""Small real things for tests: a decoder of tiny size with random weights, and an engine of it."""

from __future__ import annotations

from functools import cache

import numpy as np

from model.engine import Engine
from model.language import SIZES

SHAPE = {"width": 32, "layers": 2, "head": 16, "prefix": 2, "text": 512, "context": 256}


@cache
def engine(seed: int = 0) -> Engine:
    """Return an engine of 32 dimensions whose weights are noise: every legal event is about as likely."""
    rng = np.random.default_rng(seed)
    d = SHAPE["width"]

    def noise(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(0, 0.05, shape).astype(np.float32)

    arrays = {f"embed.{i}.weight": noise(n, d) for i, n in enumerate(SIZES)}
    arrays |= {f"heads.{i}.weight": noise(n, d) for i, n in enumerate(SIZES)}
    arrays |= {f"heads.{i}.bias": noise(n) for i, n in enumerate(SIZES)}
    for i in range(len(SIZES) - 1):
        for j in (0, 1):
            arrays |= {f"chain.{i}.{j}.weight": noise(d, d), f"chain.{i}.{j}.bias": noise(d)}
    for i in range(SHAPE["layers"]):
        arrays |= {f"blocks.{i}.{n}.weight": np.ones(d, np.float32) for n in ("norm_in", "norm_up")}
        arrays |= {f"blocks.{i}.qkv.weight": noise(3 * d, d), f"blocks.{i}.out.weight": noise(d, d)}
        arrays |= {f"blocks.{i}.up.weight": noise(4 * d, d), f"blocks.{i}.down.weight": noise(d, 4 * d)}
    arrays |= {
        "prefix.weight": noise(2 * d, 512),
        "unsaid": noise(2, d),
        "norm.weight": np.ones(d, np.float32),
    }
    return Engine(arrays, SHAPE)
