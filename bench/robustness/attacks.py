"""What programs that mean no good send to the doors of a daemon that plays, and what comes of it. Linux.

    python -m bench.robustness.attacks [--seconds 5] [--only reflection,heavy,…]

Each row: what the attacked address got; another client's pings answered within a second and the slowest; the longest time without
a beat (a beat is half a second); beats repeated for want of a plan; the daemon's resident memory before and after; its descriptors.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import multiprocessing
import os
import random
import resource
import select
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psutil

from bench.client import ROOT, Client
from bench.tables import table
from bridge.protocol import osc
from tests.support import real_programs

DESCRIPTORS = 256
"""What the daemon may open: fewer than usual, so that this program can use them up."""


@dataclass
class Attack:
    """The daemon, how long each attack lasts, and what the attacked address has got."""

    daemon: real_programs.Daemon
    seconds: float
    note: str = ""
    sockets: list[socket.socket] = field(default_factory=list)

    def udp(self) -> socket.socket:
        """Return a socket of its own port, to the daemon."""
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        made.connect(self.daemon.osc)
        self.sockets.append(made)
        return made

    def tcp(self, data: bytes = b"") -> socket.socket | None:
        """Return a connection to the panel's server on which `data` was sent; None where it was refused."""
        host, _, port = self.daemon.said("http").removeprefix("http://").rpartition(":")
        try:
            made = socket.create_connection((host, int(port)), timeout=1)
            self.sockets.append(made)
            made.sendall(data)
        except OSError:
            return None
        made.setblocking(False)
        return made

    def websocket(self) -> socket.socket | None:
        """Return a WebSocket whose answers are never read."""
        where = self.daemon.said("http").removeprefix("http://")
        key = base64.b64encode(os.urandom(16)).decode()
        return self.tcp(
            f"GET /ws HTTP/1.1\r\nHost: {where}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def lasting(self, step: Callable[[], None]) -> None:
        """Repeat a step for the length of the attack."""
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                step()
            time.sleep(0.002)


def bundle(*messages: bytes) -> bytes:
    """Return a bundle of messages."""
    return b"#bundle\0" + bytes(8) + b"".join(len(m).to_bytes(4, "big") + m for m in messages)


def frame(payload: bytes, opcode: int) -> bytes:
    """Return a masked WebSocket frame of up to 65,535 bytes."""
    size = len(payload)
    head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big")
    return head + bytes(4) + payload


def say(path: str, *args: str | int | float) -> bytes:
    """Return one message."""
    return osc.encode(ROOT + path, args)


def reflection(at: Attack) -> None:
    """Name another program's port and go."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
        victim.bind(("127.0.0.1", 0))
        sent = say("hello", victim.getsockname()[1])
        at.udp().send(sent)
        at.sockets.pop().close()
        time.sleep(at.seconds)
        at.note = _got(victim, len(sent))


def amplification(at: Attack) -> None:
    """Have the answers to a bundle of questions sent to another's port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
        victim.bind(("127.0.0.1", 0))
        attacker = at.udp()
        questions = bundle(*[say("score/list")] * 20, *[say("key", "x" * 8)] * 180)
        attacker.send(say("hello", victim.getsockname()[1]))
        attacker.send(questions)
        time.sleep(at.seconds)
        at.note = _got(victim, len(questions) + 28)


def _got(victim: socket.socket, sent: int) -> str:
    victim.setblocking(False)
    sizes: list[int] = []
    with contextlib.suppress(BlockingIOError):
        while True:
            sizes.append(len(victim.recv(65536)))
    return f"{len(sizes)} packets, x{sum(sizes) / sent:.1f} in bytes"


def _heavy(rng: random.Random) -> bytes:
    roman = "".join(f"{rng.choice(('ii7', 'V9', 'Imaj7', 'vi', 'bVII', 'iv'))}|" for _ in range(60))
    chords = "".join(f"{rng.choice('ABCDEFG')}{rng.choice(('m7', 'maj9', '7b9', 'sus4'))}|" for _ in range(60))
    messages = [("chords", chords), ("chords", roman), ("key", "C [0,2,4,7,9]"), ("like",), ("prompt", chords[:400])]
    made: list[bytes] = []
    while sum(map(len, made)) < 56_000 and len(made) < 250:
        path, *args = rng.choice(messages)
        made.append(say(path, *args))
    return bundle(*made)


def heavy(at: Attack) -> None:
    """Send eight bundles of 56 kB at once, again and again."""
    rng = random.Random(1)
    made = [at.udp() for _ in range(8)]
    packets = [_heavy(rng) for _ in range(8)]
    for one, packet in zip(made, packets, strict=True):
        one.send(packet)
    at.lasting(lambda: None)


def ports(at: Attack) -> None:
    """Send bundles and errors from 64 ports."""
    rng = random.Random(2)
    made = [at.udp() for _ in range(64)]
    packets = [_heavy(rng), bundle(*[say("nothing")] * 200), say("density", 0.5), say("ping", 1)]
    at.lasting(lambda: [one.send(rng.choice(packets)) for one in made] and None)


def deaf(at: Attack) -> None:
    """Open 20 WebSockets that ask for errors and never read."""
    wrong = frame(b"[" + b",".join([b'["/llmball/tempo","' + b"x" * 300 + b'"]'] * 60) + b"]", 1)
    made = [one for one in (at.websocket() for _ in range(20)) if one is not None]

    def step() -> None:
        for one in made:
            with contextlib.suppress(OSError):
                one.send(wrong)

    at.lasting(step)


def pings(at: Attack) -> None:
    """Send empty pings by a WebSocket as fast as they are taken."""
    one = at.websocket()
    assert one is not None
    many, sent = frame(b"", 9) * 10_000, 0
    until = time.monotonic() + at.seconds
    while time.monotonic() < until:
        _, writable, _ = select.select([], [one], [], 0.01)
        with contextlib.suppress(BlockingIOError):
            sent += one.send(many) if writable else 0
        with contextlib.suppress(BlockingIOError):
            one.recv(1 << 20)
    at.note = f"{sent // 6:,} sent"


def idle(at: Attack) -> None:
    """Hold 1,100 connections with half a header; kill the player and the generator meanwhile."""
    for _ in range(1100):
        at.tcp(b"GET / HT")
    for title in ("llmball: player", "llmball: generator"):
        child = at.daemon.child(title)
        if child is not None:
            child.kill()
    at.lasting(lambda: None)


def keeps(at: Attack) -> None:
    """Keep takes and save sets of new names from four ports."""
    made, count = [at.udp() for _ in range(4)], [0]

    def step() -> None:
        for one in made:
            count[0] += 1
            one.send(say("keep", 1))
            one.send(say("set/save", f"s{count[0]}"))

    at.lasting(step)
    at.note = f"{count[0]:,} of each asked for"


ATTACKS: dict[str, Callable[[Attack], None]] = {
    f.__name__: f for f in (reflection, amplification, heavy, ports, deaf, pings, idle, keeps)
}


def _carry_out(name: str, attack: Attack, notes: multiprocessing.SimpleQueue[str]) -> None:
    try:
        ATTACKS[name](attack)
    finally:
        notes.put(attack.note)


def attacked(name: str, seconds: float) -> tuple[object, ...]:
    """Return the row of an attack on a daemon of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with tempfile.TemporaryDirectory() as folder:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))
        with real_programs.daemon(
            "--output", "none", "--play", "calm piano, 120 bpm", "--http", "127.0.0.1:0",
            env={"LLMBALL_HOME": folder}, folder=Path(folder),
        ) as daemon:  # fmt: skip
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
            client = Client(daemon.osc)
            real_programs.until(lambda: len(client.heard("beat")) > 4, 30)
            process = psutil.Process(daemon.process.pid)
            before, place = process.memory_info().rss, len(client.told)
            attack = Attack(daemon, seconds)
            fork = multiprocessing.get_context("fork")
            notes: multiprocessing.SimpleQueue[str] = fork.SimpleQueue()
            asked: dict[int, float] = {}
            running = fork.Process(
                target=_carry_out, args=(name, attack, notes)
            )  # its own process, or our pings would wait for it
            running.start()
            most = files = 0
            while running.is_alive():
                asked[len(asked)] = time.monotonic()
                client.say("ping", len(asked) - 1)
                most, files = max(most, process.memory_info().rss), max(files, process.num_fds())
                time.sleep(0.1)
            note = notes.get()
            ended = time.monotonic()
            time.sleep(4)
            after = process.memory_info().rss
            beats = [t.at for t in client.heard("beat", place)]
            health = client.heard("health", place)
            pongs = {int(t.args[0]): t.at for t in client.heard("pong", place)}
            taken = [pongs[n] - at for n, at in asked.items() if n in pongs]
            alive = any(at > ended + 2 for at in beats) and daemon.process.poll() is None
            client.close()
            lines = len(daemon.log.read_text().splitlines())
    mb = 1 << 20
    return (
        name, note, f"{sum(t < 1 for t in taken)}/{len(asked)}", 1000 * max(taken, default=0.0),
        max((b - a for a, b in pairwise(beats)), default=0.0),
        int(health[-1].args[2]) - int(health[0].args[2]) if health else "-",
        f"{before // mb}, {most // mb}, {after // mb}", files, lines, "plays" if alive else "SILENT",
    )  # fmt: skip


def main() -> None:
    """Attack, and print a row each."""
    parser = argparse.ArgumentParser(prog="python -m bench.robustness.attacks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", default=",".join(ATTACKS))
    given = parser.parse_args()
    head = (
        "attack", "sent or got", "pings answered", "slowest ms", "longest without a beat, s", "starved",
        "MB before, most, after", "descriptors", "lines logged", "afterwards",
    )  # fmt: skip
    print(table(head, [attacked(name, given.seconds) for name in given.only.split(",")]))


if __name__ == "__main__":
    main()
