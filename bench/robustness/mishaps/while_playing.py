"""What goes wrong while it plays: brokers that hang up or send garbage, a computer that sleeps, a generator that is stopped."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import psutil

from bench.client import Client
from bench.robustness.mishaps import PLAYS, Row
from tests.support import real_programs


def broker_that(does: Callable[[socket.socket], None]) -> Callable[[Path], Row]:
    """Return a mishap: a broker that accepts whoever comes and then does something else than it should."""

    def happen(folder: Path) -> Row:
        with socket.socket() as listening, ExitStack() as stack:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            port = listening.getsockname()[1]

            def accept() -> None:
                with suppress(OSError):
                    while True:
                        visitor, _ = listening.accept()
                        stack.callback(visitor.close)
                        does(visitor)

            threading.Thread(target=accept, daemon=True).start()
            with (
                real_programs.daemon(*PLAYS, "--mqtt", f"mqtt://127.0.0.1:{port}", env={"LLMBALL_HOME": str(folder)}, folder=folder) as daemon,
                closing(Client(daemon.osc)) as client,
            ):  # fmt: skip
                real_programs.until(lambda: bool(client.heard("beat")), 30)
                beats = len(client.heard("beat"))
                time.sleep(8)
                played = len(client.heard("beat")) - beats
                lines = [line for line in daemon.log.read_text().splitlines() if "broker" in line]
                traces = daemon.log.read_text().count("Traceback")
                began = time.monotonic()
                code = daemon.stop()
            listening.close()
        words = f"{played} beats in 8 s, {len(lines)} line{'s' * (len(lines) != 1)}, {traces} traces, ends in {time.monotonic() - began:.1f} s"
        return words, lines[0].removeprefix("llmball: ") if lines else "nothing", code

    return happen


def hangs_up(visitor: socket.socket) -> None:
    """Close at once."""
    visitor.close()


def says_nothing(visitor: socket.socket) -> None:
    """Never answer."""


def babbles(visitor: socket.socket) -> None:
    """Send what is no MQTT."""
    visitor.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(range(256)) * 64)


def agrees_then_babbles(visitor: socket.socket) -> None:
    """Accept the connection as a broker does, then send noise."""
    visitor.recv(4096)
    visitor.sendall(b"\x20\x03\x00\x00\x00" + b"\xff" * 4096)


def asleep(folder: Path) -> Row:
    """Stop every process for five seconds, as a lid that is closed does, and go on."""
    program = real_programs.built_recorder(folder)
    with (
        real_programs.jack(f"llmball-asleep-{os.getpid()}") as env,
        real_programs.daemon("--backend", "jack", "--http", "none", "--play", "fast pop, 150 bpm", env=env | {"LLMBALL_HOME": str(folder)}, folder=folder) as daemon,
        real_programs.receiver(program, daemon.jack_port, env) as receiver,
        closing(Client(daemon.osc)) as client,
    ):  # fmt: skip
        real_programs.until(lambda: len(receiver.note_ons()) > 30, 30)
        processes = [psutil.Process(daemon.process.pid)]
        processes += processes[0].children(recursive=True)
        for process in processes:
            process.suspend()
        time.sleep(5)
        for process in processes:
            process.resume()
        woken = time.monotonic()
        again = real_programs.until(lambda: bool(receiver.note_ons(after=woken)), 5)
        taken = time.monotonic() - woken
        place = len(client.told)
        client.say("ping", 1)
        pong = real_programs.until(lambda: bool(client.heard("pong", place)), 1)
        time.sleep(2)
        client.say("stop")
        time.sleep(0.5)
        late = len(real_programs.sounding(receiver.heard, silenced=True))
        code = daemon.stop()
    return (
        f"plays again: {again}, after {taken:.2f} s; answers a ping: {pong}; left sounding: {late}",
        "-",
        code,
    )


def told_to_end_while_stopped(folder: Path) -> Row:
    """Send SIGTERM while the generator is stopped."""
    with real_programs.daemon(*PLAYS, env={"LLMBALL_HOME": str(folder)}, folder=folder) as daemon:
        child = daemon.child("llmball: generator")
        assert child is not None
        child.suspend()
        began = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        code = daemon.process.wait(10)
        return (
            f"ends in {time.monotonic() - began:.1f} s, generator gone: {not child.is_running()}",
            "-",
            code,
        )
