"""A private JACK server without a sound card, and cleanup after killed servers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.support.tools import ended, tool, until

REGISTER = Path("/dev/shm/jack-shm-registry")
PATIENT = 30.0
"""Seconds within which a server must answer, or end, on a busy machine."""
TRIES = 3


@contextmanager
def jack(name: str, period: int = 256) -> Iterator[Mapping[str, str]]:
    """Run a server with `period` frames per period; yields the environment variables that select it.

    A server that does not answer is replaced by another under a new name. Raises MissingToolError.
    """
    with ExitStack() as stack:
        stack.callback(_clear, period)
        for again in range(TRIES):
            server = stack.enter_context(_server(f"{name}-{again}" if again else name, period))
            if server.answers():
                yield server.env
                return
            output = server.said.read_text()
            stack.close()
            stack.callback(_clear, period)
    raise RuntimeError(f"jackd does not answer: {output}")


@dataclass(frozen=True, slots=True)
class _Server:
    """A JACK server as a child process, and the file with its output."""

    process: subprocess.Popen[str]
    name: str
    said: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_START_SERVER": "1",
            "JACK_NO_AUDIO_RESERVATION": "1",
        }

    def answers(self) -> bool:
        """Wait until it answers or has ended, at most `PATIENT` seconds; return True if it answers."""
        socket = Path(f"/dev/shm/jack_{self.name}_{os.getuid()}_0")
        until(
            lambda: self.process.poll() is not None or (socket.exists() and self._lists()),
            PATIENT,
        )
        return self.process.poll() is None and self._lists()

    def _lists(self) -> bool:
        with suppress(subprocess.TimeoutExpired):
            asking = [tool("jack_lsp", "jackd2")]
            return not subprocess.run(asking, env=os.environ | self.env, capture_output=True, timeout=5).returncode
        return False


@contextmanager
def _server(name: str, period: int) -> Iterator[_Server]:
    """Run a server for the duration of the block, then remove its semaphores."""
    jackd = tool("jackd", "jackd2")
    allowed = subprocess.run(["chrt", "-f", "1", "true"], capture_output=True, check=False).returncode == 0
    priority = ["-R", "-P70"] if allowed else ["-r"]
    options = [*priority, "-S", "-n", name, "-d", "dummy", "-r", "48000", "-p", str(period)]
    with TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        with said.open("w") as log:
            env = os.environ | {"JACK_NO_AUDIO_RESERVATION": "1"}
            process = subprocess.Popen([jackd, *options], env=env, stdout=log, stderr=log, text=True)
        try:
            yield _Server(process, name, said)
        finally:
            ended(process, PATIENT)
            for semaphore in Path("/dev/shm").glob(f"jack_sem.*_{name}_*"):
                semaphore.unlink(missing_ok=True)


def _clear(period: int) -> None:
    """Remove killed servers from JACK's registry."""
    for dead in still_registered():
        with _server(dead, period) as second:
            second.answers()


def still_registered() -> list[str]:
    """Return the names of our dead servers in JACK's registry, which has eight entries in all.

    A killed server keeps its entry until another one of its name ends properly.
    """
    if not REGISTER.exists():
        return []
    entries = re.findall(rb"(.{4})jack-\d+:(llmball-[^:\0]+):\0", REGISTER.read_bytes(), re.DOTALL)
    return [name.decode() for pid, name in entries if not psutil.pid_exists(int.from_bytes(pid, sys.byteorder))]
