"""A child at the end of a pipe: nothing that it does or leaves undone holds up whoever talks to it."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, ClassVar

import psutil
import pytest

from bridge.processes import supervisor
from bridge.processes.supervisor import MAX_QUEUED_MESSAGES, ChildProcess, Supervisor
from bridge.processes.watchdog import Watchdog
from tests.support.tools import until

DIED = "died"
LARGE = "x" * 1000
Start = Callable[..., tuple[ChildProcess, "queue.Queue[Any]"]]
pytestmark = pytest.mark.timeout(90)
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")


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
def start(child_process: Start) -> Start:
    return lambda main: child_process("test", main)


@needs_signals
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


@needs_signals
def test_a_child_that_never_reads_is_ended_so_that_another_can_begin(start: Start) -> None:
    child, said = start(unhearing)
    assert said.get(timeout=20) == "here"
    for n in range(2 * MAX_QUEUED_MESSAGES):
        child.send((n, LARGE))
    assert said.get(timeout=20) == DIED


@needs_signals
def test_a_child_that_is_stopped_is_ended_at_the_end_all_the_same(start: Start) -> None:
    child, said = start(unhearing)
    assert said.get(timeout=20) == "here"
    child.send(LARGE)
    child.close()
    assert child.pid is not None


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
    children = Supervisor(lambda _, told: said.put_nowait(told), lambda _: None, lambda error: None)
    try:
        children.start("speaker", speaker, lambda: (next(words),), preload=warm)
        for word in ("first", "second", "third"):
            pid, told = await said.get()
            assert told == word
            assert pid == children.pids["speaker"]
            children.mark_ready("speaker")
            assert len(psutil.Process().children()) >= (1 if warm is None else 2)
            os.kill(pid, signal.SIGKILL) if word != "third" else None
    finally:
        children.close()


def test_one_in_waiting_that_dies_is_no_loss() -> None:
    async def steps() -> None:
        said: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        died: list[str] = []
        children = Supervisor(lambda _, told: said.put_nowait(told), died.append, lambda error: None)
        before = {c.pid for c in psutil.Process().children()}
        try:
            children.start("speaker", speaker, lambda: ("word",), preload=nothing)
            pid, _ = await said.get()
            children.mark_ready("speaker")
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


class Begun:
    """A child that is only written down."""

    refusals: ClassVar[list[Exception]] = []
    all: ClassVar[list[Begun]] = []

    def __init__(self, name: str, *_: object) -> None:
        if Begun.refusals:
            raise Begun.refusals.pop(0)
        self.pid, self.end, self.watchdog = len(Begun.all), nothing, Watchdog()
        Begun.all.append(self)

    def listen(self, _: object, on_exit: Callable[[], None]) -> None:
        self.end = on_exit

    def send(self, _: object) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_child_that_cannot_be_started_is_started_as_soon_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """No descriptor was left when the player died: without another try there was never music again."""
    monkeypatch.setattr(supervisor, "RETRY_INTERVAL", 0.001)
    monkeypatch.setattr(supervisor, "SPARE_DELAY", 0.0)
    monkeypatch.setattr(supervisor, "ChildProcess", Begun)
    monkeypatch.setattr(Begun, "all", [])

    async def play() -> None:
        exits: list[str] = []
        at = Supervisor(lambda *_: None, exits.append, lambda error: exits.append(str(error)))
        at.start("player", speaker, lambda: (), preload=nothing)
        at.mark_ready("player")
        Begun.refusals = [OSError(24, "Too many open files"), RuntimeError("can't start new thread")]
        while len(Begun.all) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)  # the spare
        Begun.all[1].end()
        Begun.refusals = [OSError(24, "Too many open files"), OSError(12, "Cannot allocate memory")]
        Begun.all[0].end()
        at.send("player", "lost meanwhile, and no fault")
        while len(Begun.all) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert at.pids == {"player": 2}
        assert exits == ["player"]
        at.close()

    asyncio.run(asyncio.wait_for(play(), 20))


def test_a_spare_that_ends_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog ends a spare that does not answer: without another the next loss of the player was a cold start."""
    monkeypatch.setattr(supervisor, "SPARE_RETRY_INTERVAL", 0.0)
    monkeypatch.setattr(supervisor, "SPARE_DELAY", 0.0)
    monkeypatch.setattr(supervisor, "ChildProcess", Begun)
    monkeypatch.setattr(Begun, "all", [])

    async def play() -> None:
        at = Supervisor(lambda *_: None, lambda _: None, lambda _: None)
        at.start("player", speaker, lambda: (), preload=nothing)
        at.mark_ready("player")
        for count in (2, 3):
            while len(Begun.all) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            Begun.all[-1].end()
        at.close()

    asyncio.run(asyncio.wait_for(play(), 20))
