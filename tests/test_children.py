"""Children that die are followed by others; the one in waiting at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection

import psutil
import pytest

from bridge.children import Children

pytestmark = pytest.mark.timeout(90)


def speaker(connection: Connection, word: str) -> None:
    """Say one's number and a word, then listen until told to end."""
    connection.send((os.getpid(), word))
    while connection.recv() is not None:
        continue


def nothing() -> None:
    """Have nothing to warm up."""


def test_who_waits_steps_in_with_the_arguments_of_that_moment_and_another_waits() -> None:
    asyncio.run(replaced(nothing))


def test_without_one_in_waiting_a_fresh_one_is_begun() -> None:
    asyncio.run(replaced(None))


async def replaced(warm: Callable[[], None] | None) -> None:
    said: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
    words = iter(("first", "second", "third"))
    children = Children(lambda _, told: said.put_nowait(told), lambda _: None, lambda error: None)
    try:
        children.begin("speaker", speaker, lambda: (next(words),), warm=warm)
        for word in ("first", "second", "third"):
            pid, told = await said.get()
            assert told == word
            assert pid == children.pids["speaker"]
            children.ready("speaker")
            assert len(psutil.Process().children()) >= (1 if warm is None else 2)
            os.kill(pid, signal.SIGKILL) if word != "third" else None
    finally:
        children.close()


def test_one_in_waiting_that_dies_is_no_loss() -> None:
    async def steps() -> None:
        said: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        died: list[str] = []
        children = Children(lambda _, told: said.put_nowait(told), died.append, lambda error: None)
        before = {c.pid for c in psutil.Process().children()}
        try:
            children.begin("speaker", speaker, lambda: ("word",), warm=nothing)
            pid, _ = await said.get()
            children.ready("speaker")
            spare = {c.pid for c in psutil.Process().children()} - before - {pid}
            for one in spare:  # Python's own tracker of resources among them, which is begun again too
                if "spawn_main" in " ".join(psutil.Process(one).cmdline()):
                    os.kill(one, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
            again, _ = await said.get()
            assert again not in (pid, *spare)
            assert died in (["speaker"], ["speaker"] * 2), "its death may be noticed after it was to step in"
        finally:
            children.close()

    asyncio.run(steps())
