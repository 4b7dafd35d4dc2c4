"""A child at the end of a pipe: nothing that it does or leaves undone holds up whoever talks to it."""

from __future__ import annotations

import os
import queue
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any

import psutil
import pytest

from bridge.child import MOST_WAITING, Child
from tests.tools import until

DIED = "died"
LARGE = "x" * 1000
Start = Callable[[Callable[..., None]], tuple[Child, "queue.Queue[Any]"]]


def echoing(connection: Connection) -> None:
    """Say again what is said, until None."""
    try:
        while (said := connection.recv()) is not None:
            connection.send(said)
    except (EOFError, OSError):
        return


def unhearing(connection: Connection) -> None:
    """Stop before anything is read."""
    connection.send("here")
    if sys.platform != "win32":
        os.kill(os.getpid(), signal.SIGSTOP)
    echoing(connection)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a child; what it says, and at last DIED, goes into a queue."""
    with ExitStack() as stack:

        def started(main: Callable[..., None]) -> tuple[Child, queue.Queue[Any]]:
            said: queue.Queue[Any] = queue.Queue()
            child = Child("test", main, ())
            child.listen(said.put, lambda: said.put(DIED))
            stack.callback(child.close)
            return child, said

        yield started


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")


def test_what_is_sent_to_a_child_that_is_stopped_waits_and_comes_in_order(start: Start) -> None:
    child, said = start(unhearing)
    assert said.get(timeout=20) == "here"
    for n in range(1000):  # far more than its pipe holds
        child.send((n, LARGE))
    assert child.pid is not None
    process = psutil.Process(child.pid)
    assert until(lambda: process.status() == psutil.STATUS_STOPPED, 20), "it says so just before it stops"
    os.kill(child.pid, signal.SIGCONT)
    assert [said.get(timeout=20)[0] for _ in range(1000)] == list(range(1000))


def test_a_child_that_never_reads_is_ended_so_that_another_can_begin(start: Start) -> None:
    child, said = start(unhearing)
    assert said.get(timeout=20) == "here"
    for n in range(2 * MOST_WAITING):
        child.send((n, LARGE))
    assert said.get(timeout=20) == DIED


def test_a_child_that_is_stopped_is_ended_at_the_end_all_the_same(start: Start) -> None:
    child, said = start(unhearing)
    assert said.get(timeout=20) == "here"
    child.send(LARGE)
    child.close()
    assert child.pid is not None
