"""A fake decoder engine with fixed logits that do not depend on the rows read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from model.decoder.engine import Array, sample
from model.decoder.relations import HEAD_SIZES, Relations
from model.decoder.tokenizer import Event, Rows

ROOM = 200


class Empty:
    """A decoder state that never fills up."""

    length = 0
    free_rows = ROOM

    def __init__(self) -> None:
        self.relations = Relations()

    def drop_rows(self, first: int, count: int) -> None:
        """Do nothing."""


class Fixed:
    """`events`: logits of the events allowed besides BEAT, which has 0; `pitches`: logits of an event's first field."""

    def __init__(self, events: Mapping[int, float], pitches: Mapping[int, float] | None = None) -> None:
        self.shape: Mapping[str, int] = {}
        self.sample = sample
        self._events, self._pitches = {int(Event.BEAT): 0.0, **events}, pitches or {}

    @property
    def context(self) -> int:
        """Number of rows that a state can hold."""
        return ROOM

    def begin(self, text: Array, is_conditioned: npt.NDArray[np.bool_], rows: Rows) -> tuple[object, Array]:
        """Return a new state and an empty hidden vector."""
        return Empty(), np.zeros((1, 1), np.float32)

    def step(self, state: object, row: tuple[int, ...]) -> Array:
        """Return an empty hidden vector; the row is ignored."""
        return np.zeros((1, 1), np.float32)

    def event(self, h: Array) -> Array:
        """Return the fixed logits of the events: -30 for all that are not allowed."""
        logits = np.full((1, HEAD_SIZES[0]), -30, np.float32)
        logits[0, list(self._events)] = list(self._events.values())
        return logits

    def next_field(self, h: Array, index: int, value: int) -> tuple[Array, Array]:
        """Return `h` and the logits of the next field: `pitches` for the first, else zeros."""
        logits = np.zeros((1, HEAD_SIZES[index + 1]), np.float32)
        if index == 0:
            logits[0, list(self._pitches)] = list(self._pitches.values())
        return h, logits
