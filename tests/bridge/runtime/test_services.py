"""The process that writes clips: begun when it is needed, ended when it is not, begun again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.clock import Seconds
from bridge.protocol.events import BankStoreRequested
from bridge.protocol.osc import Message
from bridge.protocol.requests import ClipRequest, parse_request
from bridge.runtime import services
from bridge.runtime.services import Services
from bridge.session.session import Session
from model.clips.messages import CancelClip, ClipFailed, ClipOrder

ME = ("127.0.0.1", 5000)


class Writer:
    """A child that is only written down."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Writers:
    """Children of which only the writer of clips matters."""

    def __init__(self) -> None:
        self.all: list[Writer] = []
        self.pids: dict[str, int | None] = {}
        self.orders: list[ClipOrder | CancelClip] = []

    def start(self, name: str, *_: object) -> None:
        self.pids[name] = 1
        self.all.append(Writer())

    def send(self, name: str, order: ClipOrder | CancelClip) -> None:
        assert name in self.pids
        self.orders.append(order)

    def release(self, name: str) -> Writer | None:
        return None if self.pids.pop(name, 0) == 0 else self.all[-1]


class AtOnce:
    """A thread that has done what it is asked before it is asked for more."""

    def __init__(self, *_: object) -> None:
        pass

    def submit(self, work: Callable[..., object], *args: object) -> None:
        work(*args)

    def shutdown(self, **_: bool) -> None:
        pass


def asked(id_: int) -> ClipRequest:
    request = parse_request(Message("/llmball/clip", (id_, 1, 1, "calm piano")))
    assert isinstance(request, ClipRequest)
    return request


async def until(fact: object) -> None:
    for _ in range(1000):
        if callable(fact) and fact():
            return
        await asyncio.sleep(0)
    assert callable(fact)
    assert fact()


def test_the_writer_of_clips_rests_once_nothing_is_asked_of_it_and_comes_back_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "IDLE_TIMEOUT", 0.0)
    monkeypatch.setattr(services, "ThreadPoolExecutor", AtOnce)

    async def play() -> None:
        writers = Writers()
        session = Session(lambda: 1, theta={})
        at = Services(session, writers, lambda _: None, lambda *_: None, None)  # type: ignore[arg-type]
        for turn in (1, 2):
            at.handle(asked(2 * turn), ME, lambda *_: None)
            at.handle(asked(2 * turn + 1), ME, lambda *_: None)
            await until(lambda: len(writers.orders) == 2 * turn)  # noqa: B023
            numbers = [o.number for o in writers.orders[-2:]]
            at.on_clip_answer(ClipFailed(numbers[0], "no"))
            await asyncio.sleep(0)
            assert not writers.all[-1].closed
            at.on_clip_answer(ClipFailed(numbers[1], "no"))
            await until(lambda: not writers.pids)
            assert len(writers.all) == turn
        at.close()

    asyncio.run(play())


def test_the_bank_of_one_start_is_there_at_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path))

    async def play() -> None:
        def services_of(session: Session) -> Services:
            return Services(session, Writers(), lambda r: session.handle(r, Seconds(0)) and None, lambda *_: None, None)  # type: ignore[arg-type]

        first, second = Session(lambda: 1, theta={}), Session(lambda: 1, theta={})
        services_of(second).restore_bank()
        assert second.bank == {}, "no file, no bank"
        at = services_of(first)
        first.handle(BankStoreRequested(3, "rain in D minor"), Seconds(0))
        at.save_bank()
        await until_file(tmp_path / "bank.toml")
        services_of(second).restore_bank()
        assert second.bank == {3: "rain in D minor"}
        (tmp_path / "bank.toml").write_text("[bank]\n99 = 'x'\n")
        third = Session(lambda: 1, theta={})
        services_of(third).restore_bank()
        assert third.bank == {}, "a file that cannot be read is told in the log and stops nothing"
        at.close()

    asyncio.run(play())


async def until_file(path: Path) -> None:
    for _ in range(10_000):
        if await asyncio.to_thread(path.is_file):
            return
    raise AssertionError(f"{path} was not written")
