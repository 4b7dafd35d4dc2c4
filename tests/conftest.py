"""What the tests share: the real parts of `rig`; and nothing is skipped where everything is required."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.support import real_programs, tried

REQUIRE_ALL = "LLMBALL_REQUIRE_ALL"
HEARD_IN = ("tests/bridge/follow/", "tests/bridge/midi/", "tests/bridge/runtime/")
"""Where tests lie that have the machine to themselves: `HEARD` of the Makefile."""
# before torch comes: on two crowded cores a second thread makes its tests take two and a half times as long
os.environ.setdefault("OMP_NUM_THREADS", "1")
# the same examples every run, so that a change is judged by itself; LLMBALL_RANDOM_TESTS=1 looks for new ones
# how quickly this machine draws them, under sanitizers too, is nobody's fault
settings.register_profile(
    "llmball",
    derandomize=os.environ.get("LLMBALL_RANDOM_TESTS") != "1",
    database=None,
    max_examples=tried(100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("llmball")
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where every tool is required to be there."""
    report = yield
    return _judged(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    return _judged(report)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among what is loaded for all tests: that took a tenth of their time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _judged(report: Report) -> Report:
    if os.environ.get(REQUIRE_ALL) == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and {REQUIRE_ALL}=1 forbids it: {report.longrepr}"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a JACK server hears: it is timed, so `make test` gives it the machine to itself, in `HEARD_IN`.

    What needs JACK and waits for what it expects is marked `untimed`, and lies anywhere.
    """
    for item in items:
        if "jack_environment" in getattr(item, "fixturenames", ()) and item.get_closest_marker("untimed") is None:
            if not item.nodeid.startswith(HEARD_IN):
                raise pytest.UsageError(f"{item.nodeid}: what JACK hears lies in {HEARD_IN}, else nobody runs it")
            item.add_marker("heard")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the tests store out of the home of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMBALL_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def needs() -> Callable[[str, str], str]:
    """Return a program's path by name and package, or skip with one line."""

    def found(name: str, package: str) -> str:
        try:
            return real_programs.tool(name, package)
        except real_programs.MissingToolError as missing:
            pytest.skip(str(missing))

    return found


@pytest.fixture(scope="session")
def jack_environment() -> Iterator[Mapping[str, str]]:
    """A private JACK server for the whole run: the environment variables that lead to it."""
    with ExitStack() as stack:
        try:
            env = stack.enter_context(real_programs.jack(f"llmball-test-{os.getpid()}"))
        except real_programs.MissingToolError as missing:
            pytest.skip(str(missing))
        yield env


@pytest.fixture
def jack_server(jack_environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a private JACK server, which this test's own environment leads to."""
    for name, value in jack_environment.items():
        monkeypatch.setenv(name, value)
    return jack_environment["JACK_DEFAULT_SERVER"]


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The independent receiver, compiled."""
    try:
        return real_programs.built_recorder(tmp_path_factory.mktemp("recorder"))
    except real_programs.MissingToolError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def receiver(recorder: Path, jack_environment: Mapping[str, str]) -> Iterator[Callable[[str], real_programs.Receiver]]:
    """Open a receiver on a JACK port; closed when the test ends."""
    with ExitStack() as stack:
        yield lambda source: stack.enter_context(real_programs.receiver(recorder, source, jack_environment))


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[..., real_programs.Daemon]]:
    """Start `llmball serve` with options (and an environment): it and its children end with the test."""
    with ExitStack() as stack:

        def started(*options: str, env: Mapping[str, str] | None = None) -> real_programs.Daemon:
            return stack.enter_context(real_programs.daemon(*options, env=env or {}, folder=tmp_path))

        yield started


@pytest.fixture
def without_songbook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the songbook's bars away for one test: what plays then is the decoder's own."""
    from model.generation.material import examples

    monkeypatch.setattr(examples, "nearest", lambda *_: ())
