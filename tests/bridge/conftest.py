"""Real programs that tests of several folders begin with."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bridge.processes.supervisor import ChildProcess
from tests.support.brokers import Mosquitto, mosquitto
from tests.support.real_programs import MissingToolError


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    try:
        with mosquitto(tmp_path) as running:
            yield running
    except MissingToolError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def child_process() -> Iterator[Callable[..., tuple[ChildProcess, queue.Queue[Any]]]]:
    """Start a child by its name, function and arguments; what it says, and at last "died", goes into a queue."""
    with ExitStack() as stack:

        def started(name: str, main: Callable[..., None], *args: object) -> tuple[ChildProcess, queue.Queue[Any]]:
            said: queue.Queue[Any] = queue.Queue()
            child = ChildProcess(name, main, args)
            child.listen(said.put, lambda: said.put("died"))
            stack.callback(child.close)
            return child, said

        yield started
