"""JACK MIDI through libjack: clients with one port each, frame-exact timing, and their connections.

The callback is in C (`jackmidi.c`, in our wheels, or built if there is a compiler when LLMBall is installed); without it
`available` returns False and RtMidi is used instead, with the system's libjack. JACK's times are CLOCK_MONOTONIC_RAW,
ours CLOCK_MONOTONIC: `send` and `received` convert them.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

from bridge.clock import Seconds

MAX_MESSAGE_BYTES = 3
"""Bytes of the longest message sent or received; longer ones (SysEx) are dropped."""


class NameTakenError(Exception):
    """A JACK client of this name exists already."""


def system_library() -> ctypes.CDLL | None:
    """Load the system's libjack, for whatever is loaded after it too; None where there is none, or not on Linux.

    A MIDI binding that is imported later calls this one instead of the copy in its wheel, which speaks another protocol
    than the system's server may.
    """
    return _load_system_library() if sys.platform == "linux" else None


@cache
def _load_system_library() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("libjack.so.0", mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return None


@cache
def _library() -> SimpleNamespace | None:
    """Load libjack and `jackmidi.c`; return their functions by name, or None if one of them is missing."""
    built = find_spec("bridge.midi._jackmidi")
    found = system_library()
    if built is None or built.origin is None or found is None:
        return None
    try:
        libraries = {"jack": found, "port": ctypes.CDLL(built.origin)}
    except OSError:
        return None
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    signatures: dict[str, tuple[Any, list[Any]]] = {
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
    for name, (result, arguments) in signatures.items():
        functions[name] = getattr(libraries[name.split("_")[0]], name)
        functions[name].restype, functions[name].argtypes = result, arguments
    return SimpleNamespace(**functions)


def available() -> bool:
    """Return True if libjack and the C callback can be used."""
    return _library() is not None


class JackClient:
    """A JACK client with one MIDI port. `pipe`: file descriptor to wake the reader of an input, -1 for an output.

    Called from one thread only. Raises NameTakenError, or OSError if no server answers.
    """

    def __init__(self, client: str, port: str, pipe: int = -1) -> None:
        library = _library()
        if library is None:
            raise OSError("JACK's own way is not installed")
        self._jack, self._is_input = library, pipe >= 0
        self._handle = self._jack.port_open(client.encode(), port.encode(), pipe)
        if not self._handle:
            # JACK reports a taken name and a missing server alike: trying another name distinguishes them
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
        """The length of a period in seconds."""
        return Seconds(
            self._jack.jack_get_buffer_size(self._jack_client) / self._jack.jack_get_sample_rate(self._jack_client)
        )

    @property
    def server_lost(self) -> bool:
        """True once the server is gone; then the port can only be closed."""
        return bool(self._jack.port_server_lost(self._handle))

    def send(self, data: bytes, at: Seconds | None) -> None:
        """Send 1 to 3 bytes at a time, or at once. Raises OSError if the queue is full or the server gone."""
        moment = 0 if at is None else round(at * 1e6 + _raw_minus_monotonic())
        if self._jack.port_send(self._handle, moment, data, len(data)) or self.server_lost:
            raise OSError("JACK is gone")

    def flush(self) -> None:
        """Drop the queued note-ons and send all other queued messages at once."""
        self._jack.port_send(self._handle, 0, b"", 0)

    def received(self) -> Iterable[tuple[Seconds, bytes]]:
        """Yield the messages received since the last call, each with its time."""
        at, data = ctypes.c_int64(), ctypes.create_string_buffer(MAX_MESSAGE_BYTES)
        while size := self._jack.port_read(self._handle, ctypes.byref(at), data):
            yield Seconds((at.value - _raw_minus_monotonic()) / 1e6), data.raw[:size]

    def connections(self) -> tuple[str, ...]:
        """Return the names of the ports that this port is connected to."""
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
        """Return True if there is a port of this name."""
        return not self.server_lost and bool(self._jack.jack_port_by_name(self._jack_client, name.encode()))

    def connect(self, other: str) -> bool:
        """Connect this port to another; return True if they are connected."""
        ours, theirs = self.name.encode(), other.encode()
        pair = (theirs, ours) if self._is_input else (ours, theirs)
        return not self.server_lost and self._jack.jack_connect(self._jack_client, *pair) in (0, 17)

    def close(self) -> None:
        """Wait until all sent messages are written (0.5 s at most), then close the client."""
        end = time.monotonic() + 0.5
        while not (self.server_lost or self._jack.port_idle(self._handle)) and time.monotonic() < end:
            time.sleep(0.002)
        if not self.server_lost:
            time.sleep(2 * self.period)  # receivers read a message in its period or the next
        self._jack.port_close(self._handle)


def _raw_minus_monotonic() -> float:
    """Return CLOCK_MONOTONIC_RAW minus CLOCK_MONOTONIC in microseconds."""
    if sys.platform != "linux":
        return 0.0
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    raw = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
    return (raw - (before + time.clock_gettime_ns(time.CLOCK_MONOTONIC)) // 2) / 1000


HANDOVER_MARGIN = Seconds(0.004)
"""Seconds beyond two periods by which messages are sent early, so that the callback reads them in time."""


LOOKS_PER_CHECK = 5
"""Connections are looked at so often until what is gone is told and connected again."""


class ConnectionKeeper:
    """Restores a port's connections when the other port comes back; those the owner disconnects are forgotten.

    `joined` has the ports that were connected since the look before, or were away for a moment: they may hold notes; `left` has
    those that were connected at the look before and are not now.
    """

    def __init__(self, client: JackClient, remembered: Iterable[str] = ()) -> None:
        self._client = client
        self._present: set[str] = set()
        self._just_disconnected: set[str] = set()
        self._away = set(remembered)
        self._seen: frozenset[str] = frozenset()
        self.joined: frozenset[str] = frozenset()
        self.left: frozenset[str] = frozenset()

    @property
    def remembered(self) -> frozenset[str]:
        """The ports that are connected, and those that will be when they come back."""
        return frozenset(self._present | self._just_disconnected | self._away)

    def look(self) -> None:
        """Find out which ports have been connected since the last look."""
        self._note(frozenset(self._client.connections()))

    def _note(self, now: frozenset[str]) -> None:
        self.joined, self.left, self._seen = now - self._seen, self._seen - now, now

    def check(self) -> list[str]:
        """Reconnect ports that came back. Return a line for each port that disappeared or was reconnected."""
        news: list[str] = []
        now = set(self._client.connections())
        just_disconnected = set[str]()
        for name in sorted((self._present | self._just_disconnected) - now):
            if not self._client.exists(name):
                self._away.add(name)
                news.append(f"{name} is gone")
            elif name not in self._just_disconnected:  # by the owner, or its client is closing
                just_disconnected.add(name)
        for name in sorted(self._away - now):
            if self._client.exists(name) and self._client.connect(name):
                now.add(name)
                news.append(f"{name} is connected again")
        self._away -= now
        self._note(frozenset(now))
        self._present, self._just_disconnected = now, just_disconnected
        return news


class JackPort:
    """One JACK client per route; messages are sent `schedule_ahead` early and written at their frame."""

    check_interval: Seconds | None = Seconds(0.5 / LOOKS_PER_CHECK)

    def __init__(
        self, name: str, clients: Mapping[str, tuple[str, str]], connections: Mapping[str, Iterable[str]]
    ) -> None:
        """Open and connect a (client, port) per route. Raises NameTakenError, or OSError if there is no server."""
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
        self._looks = 0
        self.check()

    @property
    def connections(self) -> dict[str, frozenset[str]]:
        """By route, the ports to connect to when the port is opened again."""
        return {route: keeper.remembered for route, keeper in self._keepers.items()}

    @property
    def joined(self) -> frozenset[str]:
        """The routes to which another port was connected since the look before the last."""
        return frozenset(route for route, keeper in self._keepers.items() if keeper.joined)

    def send(self, route: str, data: bytes, at: Seconds | None = None) -> None:
        """Send a message at a time, or at once. Raises OSError if the server is gone."""
        self._clients[route].send(data, at)

    def flush(self) -> None:
        """Drop the queued note-ons of all routes and send all other queued messages at once."""
        for jack_client in self._clients.values():
            jack_client.flush()

    def check(self) -> list[str]:
        """Restore lost connections; return a line per change. Raises OSError if the server is gone."""
        if any(jack_client.server_lost for jack_client in self._clients.values()):
            raise OSError("the JACK server is gone")
        self._looks += 1
        if self._looks % LOOKS_PER_CHECK != 1:
            for keeper in self._keepers.values():
                keeper.look()
            return []
        return [line for keeper in self._keepers.values() for line in keeper.check()]

    def close(self) -> None:
        """Wait until sent messages are written, and close every client."""
        for jack_client in self._clients.values():
            jack_client.close()
