"""A child that does not answer is ended, for while it is stopped it holds the port; one that works is left alone."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from multiprocessing.connection import Connection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clock import Seconds
from bridge.midi.protocol import Ping, Pong
from bridge.processes import supervisor, watchdog
from bridge.processes.supervisor import Supervisor, run_spare
from bridge.processes.watchdog import ASK_INTERVAL, MAX_OPENING, MAX_SILENCE, Verdict, Watchdog

pytestmark = pytest.mark.timeout(60)


def ends_at(watched: Watchdog, start: float, end: float, step: float = ASK_INTERVAL) -> float | None:
    """Look at regular times without an answer; return when the child is ended, None if it is not."""
    now = start
    while now <= end:
        if watched.look(Seconds(now)) is Verdict.END:
            return now
        now += step
    return None


def heard() -> Watchdog:
    watched = Watchdog()
    watched.look(Seconds(0.0))
    watched.hear()
    return watched


def test_a_child_that_falls_silent_is_ended_two_seconds_later_at_most() -> None:
    at = ends_at(heard(), 0.5, 10)
    assert at is not None
    assert MAX_SILENCE <= at <= MAX_SILENCE + ASK_INTERVAL


def test_a_child_that_was_never_heard_is_starting_and_has_all_the_time_that_it_needs() -> None:
    assert ends_at(Watchdog(), 0, 300) is None


def test_a_child_that_opens_its_port_has_longer_until_it_has() -> None:
    watched = heard()
    watched.allow_opening(True)
    assert ends_at(watched, 0.5, MAX_OPENING - 0.5) is None
    watched.hear()
    watched.allow_opening(False)
    at = ends_at(watched, MAX_OPENING, 60)
    assert at is not None
    assert at <= MAX_OPENING + MAX_SILENCE + ASK_INTERVAL


def test_a_spare_that_steps_in_says_so_at_once_and_may_then_open_its_port() -> None:
    stopped, alive = heard(), heard()
    for watched in (stopped, alive):
        watched.look(Seconds(0.5))
        watched.hear()
        watched.step_in(Seconds(0.6))
    alive.hear()
    at = ends_at(stopped, 1.0, 10)
    assert at is not None
    assert at <= 0.6 + MAX_SILENCE + ASK_INTERVAL
    at = ends_at(alive, 1.0, 10)
    assert at is not None
    assert at >= 1.0 + MAX_OPENING


def test_where_we_were_stopped_ourselves_the_child_is_asked_anew() -> None:
    watched = heard()
    watched.look(Seconds(0.5))
    assert watched.look(Seconds(60.0)) is Verdict.ASK, "Ctrl-Z stops both: it may be about to answer"
    assert ends_at(watched, 60.5, 70) is not None


@given(st.lists(st.floats(0.01, MAX_SILENCE - ASK_INTERVAL - 0.01), min_size=1, max_size=40))
@settings(deadline=None)
def test_a_child_that_answers_in_time_is_never_ended(takes: list[float]) -> None:
    watched, now = heard(), 0.0
    for seconds in takes:
        now += ASK_INTERVAL
        assert watched.look(Seconds(now)) is Verdict.ASK
        answered = now + seconds
        while now + ASK_INTERVAL < answered:
            now += ASK_INTERVAL
            assert watched.look(Seconds(now)) is Verdict.ASK
        watched.hear()


def answering(connection: Connection, stops: bool) -> None:
    """Answer pings; one that stops does so after its first words."""
    connection.send(os.getpid())
    if stops and sys.platform != "win32":
        connection.recv()
        connection.send(Pong())
        os.kill(os.getpid(), signal.SIGSTOP)
    while (said := connection.recv()) is not None:
        connection.send(Pong() if isinstance(said, Ping) else said)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")
def test_a_watched_child_that_is_stopped_is_ended_and_another_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "MAX_SILENCE", 0.4)
    monkeypatch.setattr(watchdog, "MAX_OPENING", 30.0)
    monkeypatch.setattr(supervisor, "ASK_INTERVAL", 0.1)
    stops = iter((True, False, False, False))

    async def steps() -> None:
        said: asyncio.Queue[object] = asyncio.Queue()
        ended: list[str] = []
        children = Supervisor(lambda _, told: said.put_nowait(told), ended.append, lambda error: None)
        try:
            children.start("one", answering, lambda: (next(stops),), watched=True)
            first = await said.get()
            second = await said.get()
            assert first != second
            assert second == children.pids["one"]
            assert ended == ["one"]
            assert said.empty(), "a Pong is nobody else's matter"
        finally:
            children.close()

    asyncio.run(steps())


def test_a_spare_answers_while_it_waits_and_does_not_heed_ctrl_z(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "setproctitle", lambda _: None)
    ignored: list[object] = []
    monkeypatch.setattr(
        signal, "signal", lambda number, handler: ignored.append(number) if handler is signal.SIG_IGN else None
    )
    ours, theirs = multiprocessing.Pipe()
    for said in (Ping(), Ping(), ("args",)):
        ours.send(said)
    begun: list[object] = []
    run_spare(theirs, lambda _, word: begun.append(word), lambda: None)
    assert [ours.recv() for _ in range(3)] == [Pong()] * 3, "the last says that it steps in"
    assert begun == ["args"]
    assert getattr(signal, "SIGTSTP", None) in (None, *ignored), "the player plays its notes to their ends"
