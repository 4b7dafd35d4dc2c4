"""Opens an inference engine by its name. Each engine is imported only when it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line asks for the names only, and is not to wait for numpy
    from model.decoder.engine import Engine


ENGINES = ("auto", "native", "onnx", "torch")
"""Names of engines. `auto` is native if it was built and the processor can run it, else onnx."""


class EngineError(ValueError):
    """An engine is not available; the message says the remedy."""


def open_engine(name: str = ENGINES[0]) -> Engine:
    """Return an engine with the shipped weights. Raises EngineError and WeightsError.

    All that is shipped is checked: what composes reads the other files too.
    """
    from model.weights import FOLDER, check_all, load

    check_all()
    arrays = load(FOLDER / "decoder.safetensors")
    if name == "torch":
        try:
            from model.decoder.torch_engine import TorchEngine
        except ImportError as missing:
            raise EngineError("--engine torch needs torch: pip install 'llmball[train]'") from missing
        return TorchEngine(*arrays)
    if name != "onnx":
        from model.decoder import native_engine
        from model.native import library

        if library.native_available():
            return native_engine.NativeEngine(*arrays)
        if name == "native":
            raise EngineError(
                "--engine native needs an x86 processor with AVX2 and a C compiler when LLMBall is installed: leave it out"
            )
    from model.decoder.onnx_engine import OnnxEngine

    return OnnxEngine(*arrays)
