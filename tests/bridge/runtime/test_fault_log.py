from __future__ import annotations

import errno
import logging

import pytest

from bridge.clock import Seconds
from bridge.runtime.fault_log import MAX_KINDS, MAX_LINES, OWN_REPEATS, LinePerMinute, limited_lines


class Lines(logging.Handler):
    """Keeps what is written, as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(logging.Formatter().format(record))


class Log:
    """A logger of its own with the filter, and a clock set by hand."""

    def __init__(self, name: str) -> None:
        self.now = Seconds(100)
        self.filter = LinePerMinute(lambda: self.now)
        self.lines = Lines()
        self.logger = logging.Logger(name)
        self.logger.addFilter(self.filter)
        self.logger.addHandler(self.lines)


def test_a_thousand_times_no_descriptor_is_a_line_a_minute_without_a_traceback() -> None:
    log = Log("asyncio")
    for n in range(1_300):
        log.now = Seconds(100 + n / 10)
        try:
            raise OSError(errno.EMFILE, "Too many open files")
        except OSError as error:
            log.logger.error("socket.accept() out of system resource\nsocket: %d", n, exc_info=error)
    assert len(log.lines.said) == 3
    assert log.lines.said[0] == "socket.accept() out of system resource ([Errno 24] Too many open files)"
    assert "times more before" in log.lines.said[1]
    assert not any("Traceback" in line for line in log.lines.said)


def test_a_fault_of_ours_has_its_traceback_once() -> None:
    log = Log("aiohttp.server")
    for _ in range(100):
        try:
            raise KeyError("x")
        except KeyError:
            log.logger.exception("Error handling request from %s", "10.0.0.1")
    assert len(log.lines.said) == 1
    assert "Traceback" in log.lines.said[0]


@pytest.mark.parametrize("same", [True, False])
def test_whatever_clients_make_us_say_lines_and_memory_are_bounded(same: bool) -> None:
    log = Log("llmball")
    for n in range(500):
        log.logger.warning("set/load: there is no set %s", "x" if same else n)
    assert len(log.lines.said) == (OWN_REPEATS if same else MAX_LINES)
    assert len(log.filter._kinds) <= MAX_KINDS
    log.now = Seconds(161)
    log.logger.warning("the player ended; starting another")
    more = "" if same else f" ({500 - MAX_LINES} other lines were left out before)"
    assert log.lines.said[-1] == f"the player ended; starting another{more}"


def test_an_error_of_a_new_kind_is_told_however_much_clients_have_made_us_say() -> None:
    log = Log("llmball")
    for n in range(70):
        log.logger.warning("set/load: there is no set %s", n)
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        log.logger.exception("this is our fault")
    assert "ZeroDivisionError" in log.lines.said[-1]


def test_what_a_client_wrote_is_logged_in_one_printable_line() -> None:
    log = Log("llmball")
    log.logger.warning("score/list: %s", "雨\x1b[2J\nllmball: forged\r\u2028")
    assert log.lines.said == ["score/list: 雨\\x1b[2J\\nllmball: forged\\r\\u2028"]


def test_nothing_is_left_out_once_the_daemon_has_ended() -> None:
    logger = logging.getLogger("llmball")
    before = list(logger.filters)
    with limited_lines():
        assert logger.filters != before
    assert logger.filters == before
