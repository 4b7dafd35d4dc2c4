"""JACK by its own library: one MIDI port of a client of ours, at exact frames, and whom it is connected to.

The callback is in C (`jackmidi.c`, built where there is a compiler when LLMBall is installed); without it or without
libjack, `available` says so and rtmidi is used instead. JACK counts CLOCK_MONOTONIC_RAW, we CLOCK_MONOTONIC: moments
are converted as they pass.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
import time
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bridge.clock import Seconds

MAX_MESSAGE_BYTES = 3
"""Bytes of the longest message that passes here."""


class NameTakenError(Exception):
    """A client of this name is there already."""


@cache
def _library() -> SimpleNamespace | None:
    """Return our callback's library with libjack's names in reach, or None."""
    built = sorted(Path(__file__).parent.glob("_jackmidi*.so"))
    found = ctypes.util.find_library("jack") if sys.platform == "linux" else None
    if not built or found is None:
        return None
    try:
        libraries = {"jack": ctypes.CDLL(found, mode=ctypes.RTLD_GLOBAL), "port": ctypes.CDLL(str(built[0]))}
    except OSError:
        return None
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    kinds: dict[str, tuple[Any, list[Any]]] = {
        "port_open": (pointer, [text, text, ctypes.c_int]),
        "port_send": (ctypes.c_int, [pointer, ctypes.c_int64, text, ctypes.c_int]),
        "port_read": (ctypes.c_int, [pointer, ctypes.POINTER(ctypes.c_int64), text]),
        "port_server_lost": (ctypes.c_int, [pointer]),
        "port_idle": (ctypes.c_int, [pointer]),
        "port_jack_client": (pointer, [pointer]),
        "port_jack_port": (pointer, [pointer]),
        "port_close": (None, [pointer]),
        "jack_port_name": (text, [pointer]),
        "jack_port_get_connections": (ctypes.POINTER(text), [pointer]),
        "jack_connect": (ctypes.c_int, [pointer, text, text]),
        "jack_get_buffer_size": (ctypes.c_uint32, [pointer]),
        "jack_get_sample_rate": (ctypes.c_uint32, [pointer]),
        "jack_port_by_name": (pointer, [pointer, text]),
        "jack_free": (None, [pointer]),
    }
    functions: dict[str, Any] = {}
    for name, (result, arguments) in kinds.items():
        functions[name] = getattr(libraries[name.split("_")[0]], name)
        functions[name].restype, functions[name].argtypes = result, arguments
    return SimpleNamespace(**functions)


def available() -> bool:
    """Tell whether JACK can be reached this way."""
    return _library() is not None


class JackClient:
    """A MIDI port of JACK, open until `close`; `pipe` is a file's number for one that hears, -1 for one that sends.

    All but JACK's own thread is the caller's one thread. Raises NameTakenError, or OSError where no server answers.
    """

    def __init__(self, client: str, port: str, pipe: int = -1) -> None:
        library = _library()
        if library is None:
            raise OSError("JACK's own way is not installed")
        self._jack, self._is_input = library, pipe >= 0
        self._handle = self._jack.port_open(client.encode(), port.encode(), pipe)
        if not self._handle:
            # of a server that refuses a name JACK says the same as of one that is not there: another name tells
            other = self._jack.port_open(f"{client}-{os.getpid()}".encode(), port.encode(), pipe)
            if other:
                self._jack.port_close(other)
                raise NameTakenError(client)
            raise OSError("JACK does not answer")
        self._jack_client, self._port = (
            self._jack.port_jack_client(self._handle),
            self._jack.port_jack_port(self._handle),
        )
        self.name = f"{client}:{port}"

    @property
    def period(self) -> Seconds:
        """The length of a period."""
        return Seconds(
            self._jack.jack_get_buffer_size(self._jack_client) / self._jack.jack_get_sample_rate(self._jack_client)
        )

    @property
    def server_lost(self) -> bool:
        """Whether the server is gone; the port can only be closed then."""
        return bool(self._jack.port_server_lost(self._handle))

    def send(self, data: bytes, at: Seconds | None) -> None:
        """Send a message of 1 to 3 bytes at a moment, or at once. Raises OSError where JACK takes no more."""
        moment = 0 if at is None else round(at * 1e6 + _raw_minus_monotonic())
        if self._jack.port_send(self._handle, moment, data, len(data)) or self.server_lost:
            raise OSError("JACK is gone")

    def flush(self) -> None:
        """Take back the beginnings that wait for their moment, and let the ends that wait sound at once."""
        self._jack.port_send(self._handle, 0, b"", 0)

    def received(self) -> Iterable[tuple[Seconds, bytes]]:
        """Yield what was heard since, with its moments."""
        at, data = ctypes.c_int64(), ctypes.create_string_buffer(MAX_MESSAGE_BYTES)
        while size := self._jack.port_read(self._handle, ctypes.byref(at), data):
            yield Seconds((at.value - _raw_minus_monotonic()) / 1e6), data.raw[:size]

    def connections(self) -> tuple[str, ...]:
        """Return the names of the ports that ours is connected to."""
        if self.server_lost:
            return ()
        names = self._jack.jack_port_get_connections(self._port)
        if not names:
            return ()
        found: list[str] = []
        while (name := names[len(found)]) is not None:
            found.append(name.decode())
        self._jack.jack_free(names)
        return tuple(found)

    def exists(self, name: str) -> bool:
        """Tell whether there is a port of this name."""
        return not self.server_lost and bool(self._jack.jack_port_by_name(self._jack_client, name.encode()))

    def connect(self, other: str) -> bool:
        """Connect ours to another port; tell whether it is."""
        ours, theirs = self.name.encode(), other.encode()
        pair = (theirs, ours) if self._is_input else (ours, theirs)
        return not self.server_lost and self._jack.jack_connect(self._jack_client, *pair) in (0, 17)

    def close(self) -> None:
        """Close it, once all that was sent has been written (half a second at most)."""
        end = time.monotonic() + 0.5
        while not (self.server_lost or self._jack.port_idle(self._handle)) and time.monotonic() < end:
            time.sleep(0.002)
        if not self.server_lost:
            time.sleep(2 * self.period)  # what is written in a period is read in it or in the next
        self._jack.port_close(self._handle)


def _raw_minus_monotonic() -> float:
    """Return the microseconds that JACK's clock is ahead of ours."""
    if sys.platform != "linux":
        return 0.0
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    raw = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
    return (raw - (before + time.clock_gettime_ns(time.CLOCK_MONOTONIC)) // 2) / 1000


HANDOVER_MARGIN = Seconds(0.004)
"""Beside two periods, for the time that a handed-over message takes to be seen."""


class ConnectionKeeper:
    """Whom a port is connected to, kept while they are away. Whoever the owner takes off is forgotten."""

    def __init__(self, client: JackClient, remembered: Iterable[str] = ()) -> None:
        self._client = client
        self._present: set[str] = set()
        self._just_disconnected: set[str] = set()
        self._away = set(remembered)

    @property
    def remembered(self) -> frozenset[str]:
        """Those that are there, and those that are wanted back."""
        return frozenset(self._present | self._just_disconnected | self._away)

    def check(self) -> list[str]:
        """Look who is there; connect again who came back. Return a line for each that went or came."""
        news: list[str] = []
        now = set(self._client.connections())
        just_disconnected = set[str]()
        for name in sorted((self._present | self._just_disconnected) - now):
            if not self._client.exists(name):
                self._away.add(name)
                news.append(f"{name} is gone")
            elif name not in self._just_disconnected:  # taken off by the owner, or about to go: its port goes last
                just_disconnected.add(name)
        for name in sorted(self._away - now):
            if self._client.exists(name) and self._client.connect(name):
                now.add(name)
                news.append(f"{name} is connected again")
        self._away -= now
        self._present, self._just_disconnected = now, just_disconnected
        return news


class JackPort:
    """One port a route; messages are handed over `ahead` of their moment and sound at its frame."""

    check_interval: Seconds | None = Seconds(0.5)

    def __init__(
        self, name: str, clients: Mapping[str, tuple[str, str]], connections: Mapping[str, Iterable[str]]
    ) -> None:
        """Open (client, port) a route, connected to others. Raises NameTakenError, or OSError: no server."""
        self.name, self.routes = name, tuple(clients)
        self._clients: dict[str, JackClient] = {}
        try:
            for route, (client, port) in clients.items():
                self._clients[route] = JackClient(client, port)
        except Exception:
            self.close()
            raise
        self._keepers = {
            route: ConnectionKeeper(jack_client, connections.get(route, ()))
            for route, jack_client in self._clients.items()
        }
        self.schedule_ahead = Seconds(2 * self._clients[self.routes[0]].period + HANDOVER_MARGIN)
        self.check()

    @property
    def connections(self) -> dict[str, frozenset[str]]:
        """By route, whom its port is to be connected to when it is opened again."""
        return {route: keeper.remembered for route, keeper in self._keepers.items()}

    def send(self, route: str, data: bytes, at: Seconds | None = None) -> None:
        """Send a message at a moment, or at once. Raises OSError: the server is gone."""
        self._clients[route].send(data, at)

    def flush(self) -> None:
        """Take back beginnings that were handed over and have not sounded."""
        for jack_client in self._clients.values():
            jack_client.flush()

    def check(self) -> list[str]:
        """Look after the connections; return a line for each that went or came. Raises OSError: no server."""
        if any(jack_client.server_lost for jack_client in self._clients.values()):
            raise OSError("the JACK server is gone")
        return [line for keeper in self._keepers.values() for line in keeper.check()]

    def close(self) -> None:
        """Let what was sent sound, and close every port."""
        for jack_client in self._clients.values():
            jack_client.close()
