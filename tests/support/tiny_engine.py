"""A tiny decoder with random weights for tests, and a real engine that runs it."""

from __future__ import annotations

from functools import cache

import numpy as np

from model.decoder.engine import Engine
from model.decoder.native_engine import NativeEngine
from model.decoder.onnx_engine import OnnxEngine
from model.decoder.relations import HEAD_SIZES, INPUT_SIZES
from model.decoder.tokenizer import SIZES
from model.native.library import native_available

SHAPE = {"width": 32, "layers": 2, "head": 16, "prefix": 2, "text": 512, "context": 512}


def noise(seed: int = 0) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Return random weights of a decoder with width 32; all legal events are about equally likely."""
    rng = np.random.default_rng(seed)
    d = SHAPE["width"]

    def drawn(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(0, 0.05, shape).astype(np.float32)

    arrays = {f"embed.{i}.weight": drawn(n, d) for i, n in enumerate(INPUT_SIZES)}
    arrays |= {f"heads.{i}.weight": drawn(n, d) for i, n in enumerate(HEAD_SIZES)}
    arrays |= {f"heads.{i}.bias": drawn(n) for i, n in enumerate(HEAD_SIZES)}
    for i in range(len(SIZES) - 1):
        for j in (0, 1):
            arrays |= {f"chain.{i}.{j}.weight": drawn(d, d), f"chain.{i}.{j}.bias": drawn(d)}
    for i in range(SHAPE["layers"]):
        arrays |= {f"blocks.{i}.{n}.weight": np.ones(d, np.float32) for n in ("norm_in", "norm_up")}
        arrays |= {f"blocks.{i}.qkv.weight": drawn(3 * d, d), f"blocks.{i}.out.weight": drawn(d, d)}
        arrays |= {f"blocks.{i}.up.weight": drawn(4 * d, d), f"blocks.{i}.down.weight": drawn(d, 4 * d)}
    arrays |= {
        "prefix.weight": drawn(2 * d, 512),
        "unsaid": drawn(2, d),
        "norm.weight": np.ones(d, np.float32),
    }
    return arrays


@cache
def engine(seed: int = 0) -> Engine:
    """Return the engine that most have, with the weights of `noise(seed)`: the native one takes half the time here."""
    return (NativeEngine if native_available() else OnnxEngine)(noise(seed), SHAPE)
