"""What the sampler asks of an engine, whichever computes: C (`model.native`), ONNX Runtime (`model.engine`) or torch (`model.torch_engine`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # the command line asks for the names only, and is not to wait for numpy
    import numpy as np
    import numpy.typing as npt

    from model.choosing import Array, Worth
    from model.language import Rows

LANES = (1, 2, 3)
"""How many lanes a state may have: one or two that are told, and for guidance one that is not."""
ENGINES = ("auto", "native", "onnx", "torch")
"""Their names; the first is the default: native where it was built and the processor can run it, else onnx."""


class EngineError(ValueError):
    """An engine cannot be had; the message says the remedy."""


class Reading(Protocol):
    """What was read of a take: `length` rows, which may be set back, never forward."""

    length: int

    @property
    def room(self) -> int:
        """How many rows still fit."""

    def drop(self, first: int, count: int) -> None:
        """Take `count` rows out from row `first` on; those after them move down."""


class Decoding(Protocol):
    """An engine. `shape` has the decoder's sizes by name. Arrays that it returns hold until it is asked for the same again."""

    shape: Mapping[str, int]

    @property
    def context(self) -> int:
        """How many rows a state holds, header among them."""

    def begin(self, text: Array, said: npt.NDArray[np.bool_], rows: Rows) -> tuple[Any, Array]:
        """Read the first rows `(lanes, T, 5)`; return the state and what follows them, `(lanes, D)`."""

    def step(self, state: Any, row: tuple[int, ...]) -> Array:  # noqa: ANN401 - each engine knows its own states only
        """Read one row, the same in every lane; return what follows it, `(lanes, D)`."""

    def event(self, h: Array) -> Array:
        """Return the logits of the first field, `(lanes, n)`, from what follows a row."""

    def say(self, h: Array, index: int, value: int) -> tuple[Array, Array]:
        """Tell the chain the value of field `index`; return its state, and the logits of the next field, `(lanes, n)`."""

    def choose(
        self, logits: Array, bias: Worth, text: float, temperature: float, tail: float, drawn: float
    ) -> int:
        """Draw a value from logits `(lanes, n)`, bent by `bias`, `(n,)`; see `model.choosing`."""


def open_engine(name: str = ENGINES[0], weights: Path | None = None) -> Decoding:
    """Return an engine by its name, with the weights that are shipped or others. Raises `EngineError` and `WeightsError`."""
    from model.weights import FOLDER, load

    arrays = load(FOLDER / "decoder.safetensors" if weights is None else weights)
    if name == "torch":
        try:
            from model.torch_engine import (
                TorchEngine,  # late: hundreds of megabytes that nobody needs who has not asked
            )
        except ImportError as missing:
            raise EngineError("--engine torch needs torch: pip install 'llmball[train]'") from missing
        return TorchEngine(*arrays)
    if name != "onnx":
        from model import native  # late, as the others: each brings what only it needs

        if native.able():
            return native.NativeEngine(*arrays)
        if name == "native":
            raise EngineError(
                "--engine native needs an x86 processor with AVX2 and a C compiler when LLMBall is installed: leave it out"
            )
    from model.engine import Engine

    return Engine(*arrays)
