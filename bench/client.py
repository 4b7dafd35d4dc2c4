"""An OSC client that says hello and keeps all that it is told, with the time it came."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.protocol import osc
from tests.support import real_programs

ROOT = "/llmball/"


@dataclass(frozen=True, slots=True)
class Told:
    """A message from the daemon: CLOCK_MONOTONIC seconds it came at, address without the root, arguments."""

    at: float
    path: str
    args: tuple[Any, ...]


class Client:
    """Registered from the beginning until `close`."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.told: list[Told] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.connect(address)
        self._socket.settimeout(0.2)
        self._open = True
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        self.say("hello")

    def say(self, path: str, *args: str | int | float) -> None:
        """Send one message."""
        self._socket.send(osc.encode(ROOT + path, args))

    def heard(self, path: str, since: int = 0) -> list[Told]:
        """Return what was told at an address, from a place in `told` on."""
        return [told for told in self.told[since:] if told.path == path]

    def close(self) -> None:
        """Say bye and stop listening."""
        self.say("bye")
        self._open = False
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while self._open:
            try:
                datagram = self._socket.recv(65536)
            except (TimeoutError, ConnectionRefusedError):  # the daemon may be gone
                continue
            now = time.monotonic()
            for message in osc.parse(datagram):
                if isinstance(message, osc.Message):
                    self.told.append(Told(now, message.address.removeprefix(ROOT), message.args))


@contextmanager
def stage(*options: str) -> Iterator[tuple[real_programs.Daemon, real_programs.Receiver, Client]]:
    """Yield daemon, receiver and client; all of them are gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = real_programs.built_recorder(folder)
        with (
            real_programs.jack(f"llmball-bench-{os.getpid()}") as env,
            real_programs.daemon("--backend", "jack", *options, env=env, folder=folder) as daemon,
            real_programs.receiver(program, daemon.jack_port, env) as receiver,
        ):
            client = Client(daemon.osc)
            try:
                yield daemon, receiver, client
            finally:
                client.close()
