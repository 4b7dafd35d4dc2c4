from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.protocol.requests import KeepRequested, SetRequested
from bridge.runtime.services import OWNER, Services
from bridge.session.session import Session
from bridge.storage import kept_takes, sets
from bridge.storage.home import StorageError
from bridge.storage.quotas import Quota
from bridge.storage.sets import Set
from tests.bridge.runtime.test_services import Writers
from tests.bridge.storage.test_foreign_files import kept_bars

GREEDY, MODEST = ("127.0.0.1", 1), ("127.0.0.1", 2)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=60))
def test_no_client_and_no_host_ever_has_more_than_its_quota(stored: list[tuple[int, int]]) -> None:
    quota, disk = Quota(5, 12), dict[str, set[int]]()
    for name, port in stored:
        disk.setdefault(str(name), set()).add(port)
        for gone, whose in quota.stored(str(name), ("h", port)):
            assert disk.pop(gone) == {whose[1]}, "what two have stored is neither's to lose"
    own = [next(iter(ports)) for name, ports in disk.items() if name in quota]
    assert all(own.count(port) <= 5 for port in range(6))
    assert len(own) <= 12


def test_the_oldest_of_the_greediest_client_goes_and_a_modest_ones_stays() -> None:
    quota = Quota(100, 10)
    quota.stored("mine", MODEST)
    gone = [name for n in range(20) for name, _ in quota.stored(f"take {n}", GREEDY)]
    assert gone == [f"take {n}" for n in range(11)]
    assert "mine" in quota


def served(steps: Callable[[Services], None]) -> list[tuple[object, ...]]:
    """Run `steps` with services, and wait until their files are written; return what all clients were told."""
    news: list[tuple[object, ...]] = []

    async def run() -> None:
        at = Services(Session(lambda: 1, theta={}), Writers(), lambda _: None, lambda *m: news.append(m), None)  # type: ignore[arg-type]
        at._session.kept_bars = lambda bars, now: kept_bars()  # type: ignore[method-assign]
        steps(at)
        await asyncio.get_running_loop().run_in_executor(at._file_executor, lambda: None)
        await asyncio.sleep(0)
        at.close()

    asyncio.run(run())
    return news


def test_a_client_that_keeps_and_saves_without_end_loses_its_own_and_is_told(own_home: Path) -> None:
    told: dict[object, list[tuple[object, ...]]] = {GREEDY: [], MODEST: [], OWNER: []}
    kept_takes.save(kept_bars(), datetime(2020, 1, 1))
    sets.save_set(sets.set_path("before"), Set({}, {}, {}))

    def steps(at: Services) -> None:
        at._kept_quota, at._set_quota = Quota(3, 100), Quota(3, 100)
        for client, count in ((OWNER, 2), (MODEST, 1), (GREEDY, 8), (OWNER, 2)):
            for n in range(count):

                def reply(*message: object, to: object = client) -> None:
                    told[to].append(message)

                at.handle(KeepRequested(1), client, reply)
                at.handle(SetRequested(f"{client[1]} {n}" if client != OWNER else f"own {n}", save=True), client, reply)
        at.handle(SetRequested("before", save=True), GREEDY, lambda *_: None)

    served(steps)
    removed = [message[1] for message in told[GREEDY] if str(message[0]).endswith("/removed")]
    assert len(removed) == 10
    assert not any(str(m[0]).endswith("/removed") for client in (MODEST, OWNER) for m in told[client])
    assert sets.names() == ["1 5", "1 6", "1 7", "2 0", "before", "own 0", "own 1"]
    kept = {path.stem for path in (own_home / "takes").glob("*.json")}
    assert kept == {path.stem for path in (own_home / "takes").glob("*.mid")}
    assert len(kept) == 1 + 4 + 1 + 3


def test_where_clients_have_filled_the_folder_the_owner_can_still_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_takes, "MAX_KEPT_TAKES", 5)
    kept_takes.save(kept_bars(), datetime(2020, 1, 1))
    told: list[tuple[object, ...]] = []

    def steps(at: Services) -> None:
        for _ in range(9):
            at.handle(KeepRequested(1), GREEDY, lambda *_: None)
        at.handle(KeepRequested(1), OWNER, lambda *message: told.append(message))

    news = served(steps)
    assert [message[0] for message in told] == ["kept"]
    assert [message[0] for message in news] == ["kept/removed"], "the client whose take went hears of it"
    assert kept_takes.list_kept()[-1]["name"] == "20200101-000000"


def test_sets_are_bounded_in_number_and_known_ones_are_still_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "MAX_SETS", 2)
    for name in ("a", "b", "a"):
        sets.save_set(sets.set_path(name), Set({}, {}, {}))
    with pytest.raises(StorageError, match="2 sets are saved"):
        sets.save_set(sets.set_path("c"), Set({}, {}, {}))


def test_a_set_that_the_owner_saved_over_a_clients_never_goes() -> None:
    def steps(at: Services) -> None:
        at._set_quota = Quota(3, 100)
        at.handle(SetRequested("show", save=True), GREEDY, lambda *_: None)
        at.handle(SetRequested("show", save=True), OWNER, lambda *_: None)
        for n in range(9):
            at.handle(SetRequested(f"more {n}", save=True), GREEDY, lambda *_: None)

    served(steps)
    assert "show" in sets.names()


def test_a_take_that_went_for_one_that_could_not_be_saved_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_takes, "MAX_KEPT_TAKES", 5)
    told: list[tuple[object, ...]] = []

    def fails(*_: object) -> None:
        raise StorageError("the disk is full")

    def steps(at: Services) -> None:
        for _ in range(5):
            at.handle(KeepRequested(1), GREEDY, lambda *_: None)
        at._file_executor.submit(monkeypatch.setattr, kept_takes, "save", fails)
        at.handle(KeepRequested(1), GREEDY, lambda *message: told.append(message))

    served(steps)
    assert [message[0] for message in told] == ["error", "kept/removed"]
