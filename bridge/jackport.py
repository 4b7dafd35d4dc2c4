"""The way out by JACK at exact frames: the ports, and the connections that are made again when somebody comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bridge.clock import Seconds
from bridge.jack import JackDoor

MARGIN = Seconds(0.004)
"""Beside two periods, for the time that a handed-over message takes to be seen."""


class Connections:
    """Whom a port is connected to, kept while they are away. Whoever the owner takes off is forgotten."""

    def __init__(self, door: JackDoor, kept: Iterable[str] = ()) -> None:
        self._door = door
        self._present: set[str] = set()
        self._doubtful: set[str] = set()
        self._away = set(kept)

    @property
    def kept(self) -> frozenset[str]:
        """Those that are there, and those that are wanted back."""
        return frozenset(self._present | self._doubtful | self._away)

    def check(self) -> list[str]:
        """Look who is there; connect again who came back. Return a line for each that went or came."""
        news: list[str] = []
        now = set(self._door.connections())
        doubtful = set[str]()
        for name in sorted((self._present | self._doubtful) - now):
            if not self._door.exists(name):
                self._away.add(name)
                news.append(f"{name} is gone")
            elif name not in self._doubtful:  # taken off by the owner, or about to go: its port goes last
                doubtful.add(name)
        for name in sorted(self._away - now):
            if self._door.exists(name) and self._door.connect(name):
                now.add(name)
                news.append(f"{name} is connected again")
        self._away -= now
        self._present, self._doubtful = now, doubtful
        return news


class JackPort:
    """One port a route; messages are handed over `ahead` of their moment and sound at its frame."""

    checked: Seconds | None = Seconds(0.5)

    def __init__(
        self, name: str, clients: Mapping[str, tuple[str, str]], to: Mapping[str, Iterable[str]]
    ) -> None:
        """Open (client, port) a route, connected to others. Raises NameTakenError, or OSError: no server."""
        self.name, self.routes = name, tuple(clients)
        self._doors: dict[str, JackDoor] = {}
        try:
            for route, (client, port) in clients.items():
                self._doors[route] = JackDoor(client, port)
        except Exception:
            self.close()
            raise
        self._connections = {
            route: Connections(door, to.get(route, ())) for route, door in self._doors.items()
        }
        self.ahead = Seconds(2 * self._doors[self.routes[0]].period + MARGIN)
        self.check()

    @property
    def kept(self) -> dict[str, frozenset[str]]:
        """By route, whom its port is to be connected to when it is opened again."""
        return {route: connections.kept for route, connections in self._connections.items()}

    def send(self, route: str, data: bytes, at: Seconds | None = None) -> None:
        """Send a message at a moment, or at once. Raises OSError: the server is gone."""
        self._doors[route].send(data, at)

    def hurry(self) -> None:
        """Take back beginnings that were handed over and have not sounded."""
        for door in self._doors.values():
            door.hurry()

    def check(self) -> list[str]:
        """Look after the connections; return a line for each that went or came. Raises OSError: no server."""
        if any(door.lost for door in self._doors.values()):
            raise OSError("the JACK server is gone")
        return [line for connections in self._connections.values() for line in connections.check()]

    def close(self) -> None:
        """Let what was sent sound, and close every port."""
        for door in self._doors.values():
            door.close()
