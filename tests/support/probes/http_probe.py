"""Sends HTTP requests to a daemon from a non-loopback address in a network namespace; prints the status codes."""

from __future__ import annotations

import sys
from http.client import HTTPConnection
from pathlib import Path

from tests.support import real_programs

HERE = "10.9.0.1"
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def status(port: int, path: str, headers: dict[str, str]) -> int:
    """Return the HTTP status of a GET request from the address `HERE`."""
    connection = HTTPConnection(HERE, port, timeout=10, source_address=(HERE, 0))
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def main(folder: Path) -> None:
    """Request without --allow, then with a wrong token, the right token, and a foreign Origin."""
    options = ("--output", "none", "--http", "0.0.0.0:0")
    token = ("--allow", "10.9.0.0/24", "--token", "open-sesame")
    bearer = {"Authorization": "Bearer open-sesame"}
    with real_programs.daemon(*options, env={}, folder=folder) as daemon:
        print(status(int(daemon.said("http").rpartition(":")[2]), "/", {}))
    with real_programs.daemon(*options, *token, env={}, folder=folder) as daemon:
        port = int(daemon.said("http").rpartition(":")[2])
        print(status(port, "/ws", UPGRADE))
        print(status(port, "/?token=open-sesamf", {}))
        print(status(port, "/?token=open-sesame", {}))
        print(status(port, "/takes", {"Cookie": "llmball=open-sesame"}))
        print(status(port, "/ws", UPGRADE | bearer))
        print(status(port, "/ws", UPGRADE | bearer | {"Origin": "http://evil.example"}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
