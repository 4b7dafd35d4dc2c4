"""Fake generators without a model that play C major, for the generation process of a daemon or a worker."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path

from model.generation.messages import Answer, BeatWritten, Begin, Failed, Order, Understood, Write
from model.music.plan import Plan
from tests.support.virtual_band import beat_of


class Plain:
    """Answers every order; each beat takes `seconds` of sleep. "fail" in a prompt makes its beats fail."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._plans: dict[int, Plan] = {}
        self._failing: set[int] = set()

    def execute(self, order: Order) -> Answer | None:
        """Return the answer to an order, or None if it has none."""
        match order:
            case Begin():
                self._plans[order.take] = Plan(tempo=240.0, key="C major", explicit=("tempo",))
                if "fail" in order.prompt:
                    self._failing.add(order.take)
                return Understood(order.take, self._plans[order.take])
            case Write(take, index, _):
                time.sleep(self._seconds)
                if take in self._failing:
                    return Failed(take, "the test wanted it")
                return BeatWritten(take, beat_of(take, index, self._plans[take]))
        return None


def plain(connection: Connection, encoder: Path | None) -> None:
    """Run a generation process that answers every order at once."""
    generator = Plain()
    connection.send(None)
    try:
        while (order := connection.recv()) is not None:
            if (answer := generator.execute(order)) is not None:
                connection.send(answer)
    except (EOFError, OSError):
        return


def refusing(connection: Connection, encoder: Path | None) -> None:
    """Run a generation process that reports missing weights and ends."""
    connection.send("no weights: install LLMBall again")
