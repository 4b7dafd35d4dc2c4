"""An engine whose odds are fixed, whatever was read: what a test says of it is all that speaks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from model.decoder.engine import Array, sample
from model.decoder.tokenizer import SIZES, Event, Rows

ROOM = 200


class Empty:
    """A state with room for everything."""

    length = 0
    free_rows = ROOM

    def drop_rows(self, first: int, count: int) -> None:
        """Keep nothing."""


class Fixed:
    """`events` are the logits of the events that may come beside the line, which has 0; `pitches` those of the first field after."""

    def __init__(self, events: Mapping[int, float], pitches: Mapping[int, float] | None = None) -> None:
        self.shape: Mapping[str, int] = {}
        self.sample = sample
        self._events, self._pitches = {int(Event.BEAT): 0.0, **events}, pitches or {}

    @property
    def context(self) -> int:
        """As many rows as a state has room for."""
        return ROOM

    def begin(self, text: Array, is_conditioned: npt.NDArray[np.bool_], rows: Rows) -> tuple[object, Array]:
        """Open a state."""
        return Empty(), np.zeros((1, 1), np.float32)

    def step(self, state: object, row: tuple[int, ...]) -> Array:
        """Read a row, which changes nothing."""
        return np.zeros((1, 1), np.float32)

    def event(self, h: Array) -> Array:
        """Return the logits of the events."""
        logits = np.full((1, SIZES[0]), -30, np.float32)
        logits[0, list(self._events)] = list(self._events.values())
        return logits

    def next_field(self, h: Array, index: int, value: int) -> tuple[Array, Array]:
        """Return the logits of the next field."""
        logits = np.zeros((1, SIZES[index + 1]), np.float32)
        if index == 0:
            logits[0, list(self._pitches)] = list(self._pitches.values())
        return h, logits
