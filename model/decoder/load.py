"""What the sampler asks of an engine, whichever computes: C (`model.decoder.native_engine`), ONNX Runtime (`model.decoder.onnx_engine`) or torch (`model.decoder.torch_engine`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line asks for the names only, and is not to wait for numpy
    from model.decoder.engine import Engine


ENGINES = ("auto", "native", "onnx", "torch")
"""Their names; the first is the default: native where it was built and the processor can run it, else onnx."""


class EngineError(ValueError):
    """An engine cannot be had; the message says the remedy."""


def open_engine(name: str = ENGINES[0], weights: Path | None = None) -> Engine:
    """Return an engine by its name, with the weights that are shipped or others. Raises `EngineError` and `WeightsError`."""
    from model.weights import FOLDER, load

    arrays = load(FOLDER / "decoder.safetensors" if weights is None else weights)
    if name == "torch":
        try:
            from model.decoder.torch_engine import TorchEngine
        except ImportError as missing:
            raise EngineError("--engine torch needs torch: pip install 'llmball[train]'") from missing
        return TorchEngine(*arrays)
    if name != "onnx":
        from model.decoder import native_engine  # late, as the others: each brings what only it needs
        from model.native import library

        if library.native_available():
            return native_engine.NativeEngine(*arrays)
        if name == "native":
            raise EngineError(
                "--engine native needs an x86 processor with AVX2 and a C compiler when LLMBall is installed: leave it out"
            )
    from model.decoder.onnx_engine import OnnxEngine

    return OnnxEngine(*arrays)
