"""A real MQTT broker for the tests and `bench/`: mosquitto on loopback, which can be stopped and restarted."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.real_programs import MissingToolError, ended, until


def _program(name: str) -> str:
    # Debian installs the broker in /usr/sbin, which is only in root's PATH
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        raise MissingToolError(f"{name} is not installed (package mosquitto)")
    return found


class Mosquitto:
    """A broker at `port` on loopback; can be started and stopped repeatedly."""

    def __init__(self, folder: Path, settings: Sequence[str] = ("allow_anonymous true",)) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._config = folder / f"mosquitto-{self.port}.conf"
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", "user root", *settings]
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """The value for `--mqtt`."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the running broker."""
        assert self._process is not None, "it is stopped"
        return self._process.pid

    def start(self) -> None:
        """Start the broker and wait until it accepts connections. Raises RuntimeError after 10 s."""
        self._process = subprocess.Popen(
            [_program("mosquitto"), "-c", str(self._config)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        if not until(self._answers, 10):
            raise RuntimeError("mosquitto does not answer")

    def stop(self) -> None:
        """End the broker; its retained messages are lost."""
        if self._process is not None:
            ended(self._process)
            self._process = None

    def _answers(self) -> bool:
        time.sleep(0.01)
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def mosquitto(folder: Path, settings: Sequence[str] = ("allow_anonymous true",)) -> Iterator[Mosquitto]:
    """Run a broker for the duration of the block. Raises MissingToolError."""
    broker = Mosquitto(folder, settings)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
