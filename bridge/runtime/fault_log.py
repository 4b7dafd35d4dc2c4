"""What is logged again and again is a line a minute, and printable: no client can fill a disk or steer a terminal with our words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bridge.clock import Seconds, monotonic

INTERVAL = Seconds(60)
"""Time between two lines of one kind."""
OWN_REPEATS = 5
"""Equal lines of ours in an interval: a cable that is pulled again is told again."""
MAX_LINES = 60
"""Lines of all kinds in an interval; of further ones only ours of a new kind that tell an error, and how many others there were."""
MAX_KINDS = 256
LOGGERS = ("llmball", "asyncio", "aiohttp.server", "aiohttp.websocket", "aiohttp.web")


class LinePerMinute(logging.Filter):
    """Lets the first lines of a kind pass: one in INTERVAL of a library's, OWN_REPEATS of ours; the next says how many were left out.

    A kind is a library's text before values are put in, our text with them, and the type of the exception. Errors of the system
    that a library tells (no descriptor is left) are one line, without a traceback.
    """

    def __init__(self, clock: Callable[[], Seconds] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[object, tuple[Seconds, int]] = {}
        self._window, self._lines, self._dropped = Seconds(-1e9), 0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True if a line is written."""
        now, ours = self._clock(), record.name == "llmball"
        error = record.exc_info[1] if record.exc_info else None
        text = record.getMessage() if ours else str(record.msg).partition("\n")[0]
        kind = (record.name, text[:200], type(error))
        since, count = self._kinds.pop(kind, (Seconds(-1e9), 0))
        allowed = OWN_REPEATS if ours else 1
        left_out = 0
        if now - since >= INTERVAL:
            left_out, since, count = max(0, count - allowed), now, 0
        while len(self._kinds) >= MAX_KINDS:
            del self._kinds[next(iter(self._kinds))]
        self._kinds[kind] = since, count + 1
        dropped = 0
        if now - self._window >= INTERVAL:
            dropped, self._window, self._lines, self._dropped = self._dropped, now, 0, 0
        if count >= allowed:
            return False
        if self._lines >= MAX_LINES and not (
            count == 0 and record.levelno >= logging.ERROR and self._lines < 2 * MAX_LINES
        ):
            self._dropped += 1
            return False
        self._lines += 1
        if ours and not text.isprintable():  # names and texts of clients: no escape reaches the owner's terminal
            record.msg, record.args = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text), ()
        if isinstance(error, OSError) and not ours:
            record.msg, record.args = f"{record.getMessage().partition(chr(10))[0]} ({error})", ()
            record.exc_info = record.exc_text = None
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} times more before)", ()
        if dropped:
            record.msg, record.args = f"{record.getMessage()} ({dropped} other lines were left out before)", ()
        return True


@contextmanager
def limited_lines() -> Iterator[None]:
    """Bound what is logged meanwhile by us and by the libraries that serve clients."""
    line_per_minute = LinePerMinute()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addFilter(line_per_minute)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(line_per_minute)
