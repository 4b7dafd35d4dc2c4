"""The real programs that LLMBall is tested with: a JACK server, an independent receiver, the daemon.

Each is a child process that ends with its context manager. For the tests (through `conftest.py`) and for `bench/`.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from tests.support.jackd import jack as jack
from tests.support.tools import MissingToolError as MissingToolError
from tests.support.tools import ended as ended
from tests.support.tools import tool as tool
from tests.support.tools import until as until

RECORDER = Path(__file__).parent / "receivers" / "recorder.c"


# --- received MIDI -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """A received MIDI message: time of its period in seconds (CLOCK_MONOTONIC), JACK frame, bytes.

    `jack` is the time of the frame in seconds of JACK's clock, CLOCK_MONOTONIC_RAW.
    """

    at: float
    frame: int
    data: tuple[int, int, int]
    jack: float = 0.0

    @property
    def channel(self) -> int:
        """The MIDI channel, counted from 1."""
        return self.data[0] % 16 + 1

    @property
    def begins(self) -> bool:
        """True for a note-on."""
        return self.data[0] & 0xF0 == 0x90 and self.data[2] > 0

    @property
    def ends(self) -> bool:
        """True for a note-off, also as note-on with velocity 0."""
        return self.data[0] & 0xF0 == 0x80 or (self.data[0] & 0xF0 == 0x90 and self.data[2] == 0)


def sounding(heard: Iterable[Heard], *, silenced: bool = False) -> set[tuple[int, int]]:
    """Return (channel, pitch) of the notes without a note-off; with `silenced`, all-notes-off messages end notes too."""
    on: set[tuple[int, int]] = set()
    for message in heard:
        if message.begins:
            on.add((message.channel, message.data[1]))
        elif message.ends:
            on.discard((message.channel, message.data[1]))
        elif silenced and message.data[0] & 0xF0 == 0xB0 and message.data[1] in (120, 123):
            on = {voice for voice in on if voice[0] != message.channel}
    return on


@dataclass(slots=True)
class Receiver:
    """A running recorder (C program); a thread appends its messages to `heard`."""

    process: subprocess.Popen[str]
    heard: list[Heard] = field(default_factory=list)

    def note_ons(self, after: float = 0.0) -> list[Heard]:
        """Return the note-ons received at or after a time in seconds."""
        return [m for m in self.heard if m.begins and m.at >= after]

    def listen(self, lines: IO[str]) -> None:
        """Append the messages that the recorder prints, until it ends."""
        for line in lines:
            at, frame, *data = map(int, line.split())
            self.heard.append(Heard(at / 1e9, frame, (data[0], data[1], data[2]), data[3] / 1e6))


def built_recorder(folder: Path) -> Path:
    """Compile the recorder; return its path. Raises MissingToolError without a compiler or JACK headers."""
    program = folder / "recorder"
    command = [
        tool("gcc", "gcc"),
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        str(RECORDER),
        "-o",
        str(program),
        "-ljack",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if "jack/jack.h" in result.stderr:
        raise MissingToolError("JACK's headers are not installed (package libjack-jackd2-dev)")
    if result.returncode != 0:
        raise RuntimeError(result.stderr)
    return program


@contextmanager
def receiver(program: Path, source: str | None, env: Mapping[str, str]) -> Iterator[Receiver]:
    """Record the messages of the JACK port `source`, or of ports that connect to the recorder if it is None."""
    process = subprocess.Popen(
        [str(program), f"recorder-{os.getpid()}", *([] if source is None else [source])],
        env=os.environ | env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        process.stdout.close()
        raise RuntimeError(f"the recorder cannot connect to {source} (exit {ended(process)})")
    recording = Receiver(process)
    thread = threading.Thread(target=recording.listen, args=(process.stdout,))
    thread.start()
    try:
        yield recording
    finally:
        ended(process)
        thread.join()
        process.stdout.close()


# --- the daemon ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Daemon:
    """`llmball serve` as a child process, after its ready line."""

    process: subprocess.Popen[str]
    ready: str
    started_in: float
    """Seconds from the start to the ready line."""
    log: Path

    @property
    def osc(self) -> tuple[str, int]:
        """The OSC address (host, port)."""
        host, _, port = self.said("osc").rpartition(":")
        return host, int(port)

    def said(self, name: str) -> str:
        """Return a value of the ready line: osc, midi or http."""
        return dict(word.split("=", 1) for word in self.ready.split()[1:])[name]

    @property
    def jack_port(self) -> str:
        """The JACK name of its MIDI output port."""
        return self.said("midi").removeprefix("jack:")

    def child(self, title: str) -> psutil.Process | None:
        """Return its child process with a title such as "llmball: player"; None if there is none."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.Error):  # it has just ended
                if title in " ".join(child.cmdline()):
                    return child
        return None

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait up to 10 s and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(10)


@contextmanager
def daemon(*options: str, env: Mapping[str, str], folder: Path, wait: float = 60) -> Iterator[Daemon]:
    """Run `llmball serve` for the duration of the block, on a free OSC port unless one is given."""
    log = folder / "serve.log"
    began = time.monotonic()
    osc = () if "--osc" in options else ("--osc", "127.0.0.1:0")
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "bridge", "serve", *osc, *options],
            env=os.environ | env, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    children: list[psutil.Process] = []
    try:
        answered, _, _ = select.select([process.stdout], [], [], wait)
        line = process.stdout.readline().strip() if answered else ""
        if not line.startswith("ready "):
            raise RuntimeError(f"no ready line but {line!r}: {log.read_text()}")
        children = psutil.Process(process.pid).children(recursive=True)
        yield Daemon(process, line, time.monotonic() - began, log)
    finally:
        ended(process)
        process.stdout.close()
        _, alive = psutil.wait_procs(children, 3)
        for child in alive:
            child.kill()
