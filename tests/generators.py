"""A generation process of ours without a model: it plays C major at once. Spawned by the tests of the daemon."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path

from model.music import BeatWritten, Begin, Failed, Plan, Understood, Write
from tests.performance import beat_of


def plain(connection: Connection, encoder: Path | None) -> None:
    """Answer every order; "fail" in a prompt makes its beats fail."""
    connection.send(None)
    plans: dict[int, Plan] = {}
    failing: set[int] = set()
    try:
        while (order := connection.recv()) is not None:
            match order:
                case Begin():
                    plans[order.take] = Plan(tempo=240.0, key="C major", explicit=("tempo",))
                    if "fail" in order.prompt:
                        failing.add(order.take)
                    connection.send(Understood(order.take, plans[order.take]))
                case Write(take, index, _):
                    lost = Failed(take, "the test wanted it")
                    connection.send(
                        lost if take in failing else BeatWritten(take, beat_of(take, index, plans[take]))
                    )
    except (EOFError, OSError):
        return


def unhurried(seconds: float, connection: Connection, encoder: Path | None) -> None:
    """Answer every order, each beat after so many seconds in which nothing is computed."""
    connection.send(None)
    plan = Plan(tempo=240.0, key="C major", explicit=("tempo",))
    try:
        while (order := connection.recv()) is not None:
            match order:
                case Begin():
                    connection.send(Understood(order.take, plan))
                case Write(take, index, _):
                    time.sleep(seconds)
                    connection.send(BeatWritten(take, beat_of(take, index, plan)))
    except (EOFError, OSError):
        return


def refusing(connection: Connection, encoder: Path | None) -> None:
    """Say that the weights are missing, and end."""
    connection.send("no weights: install LLMBall again")
