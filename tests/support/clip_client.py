"""An example client of the clip protocol, with retransmission, and a UDP proxy that loses packets."""

from __future__ import annotations

import random
import select
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bridge.protocol import osc

ROOT = "/llmball/"
Row = tuple[str, int, float, float, int]
"""Part, pitch, start and length in quarter notes, velocity."""


class ClipError(Exception):
    """A clip was not received; the message gives the reason."""


@dataclass(slots=True)
class Clip:
    """A clip being received: the fields of `clip/begin`, and the notes by number."""

    total: int = -1
    beats: float = 0.0
    tempo: float = 0.0
    key: str = ""
    notes: dict[int, Row] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """True if all notes have arrived."""
        return self.total == len(self.notes)


class ClipClient:
    """Requests one clip at a time from its own port. `again`: seconds without a packet after which it asks again."""

    def __init__(self, address: tuple[str, int], again: float = 0.25) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(address)
        self._socket.settimeout(again)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def fetch(
        self, id_: int, bars: int, seed: int, prompt: str, *options: str | float,
        given: Sequence[Row] = (), patience: float = 60,
    ) -> Clip:  # fmt: skip
        """Return the whole clip. Raises ClipError with the daemon's reason, or after `patience` seconds of silence."""
        told = (*options, "from", len(given)) if given else options
        asking = [*self._packets(id_, given), ("clip", id_, bars, seed, prompt, *told)]
        clip, asked, end = Clip(), False, time.monotonic() + patience
        while time.monotonic() < end:
            if not asked:
                for packet in asking:
                    self.say(*packet)
                asked = True
            try:
                path, args = self.hear()
            except TimeoutError:
                if clip.total < 0:
                    asked = False  # request it again: the daemon recognises the same clip
                else:
                    self.say("clip/resend", id_)
                continue
            if path == "error":
                raise ClipError(f"{args[0]}: {args[1]}")
            if args[0] != id_:
                continue  # belongs to an earlier clip
            end = time.monotonic() + patience
            match path:
                case "clip/begin":
                    _, clip.total, clip.beats, clip.tempo, clip.key = args
                case "clip/notes":
                    rows = zip(args[3::4], args[4::4], args[5::4], args[6::4], strict=True)
                    clip.notes |= {i: (args[2], *row) for i, row in enumerate(rows, args[1])}
                case "clip/end" if not clip.whole:
                    self.say("clip/resend", id_)
                case "clip/failed" if "give them" in args[1]:
                    asked = False
                case "clip/failed":
                    raise ClipError(args[1])
            if clip.whole:
                return clip
        raise ClipError("no answer")

    def _packets(self, id_: int, given: Sequence[Row]) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        at = 0
        while at < len(given):
            some = [row for row in given[at : at + 32] if row[0] == given[at][0]]
            some = some if [*given[at : at + len(some)]] == some else [given[at]]
            numbers = [value for row in some for value in row[1:]]
            found.append(("clip/given", id_, len(given), at, given[at][0], *numbers))
            at += len(some)
        return found

    def say(self, path: str, *args: int | float | str) -> None:
        """Send one message."""
        self._socket.send(osc.encode(ROOT + path, args))

    def hear(self) -> tuple[str, tuple[Any, ...]]:
        """Return the next message. Raises TimeoutError."""
        (message,) = osc.parse(self._socket.recv(65536))
        assert isinstance(message, osc.Message)
        return message.address.removeprefix(ROOT), message.args


@contextmanager
def lossy(address: tuple[str, int], share: float, seed: int) -> Iterator[tuple[str, int]]:
    """Run a UDP proxy before a daemon that loses a share of the packets each way, duplicates and reorders some.

    Yields the address that clients send to.
    """
    rng = random.Random(seed)
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind(("127.0.0.1", 0))
    front.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    stop_receiver, stop_sender = socket.socketpair()
    behind: dict[socket.socket, tuple[str, int]] = {}
    by_client: dict[tuple[str, int], socket.socket] = {}

    def pass_on(packets: list[tuple[bytes, socket.socket, tuple[str, int] | None]]) -> None:
        rng.shuffle(packets)
        for data, out, to in packets:
            for _ in range(0 if rng.random() < share else 1 + (rng.random() < 0.05)):
                if to is None:
                    out.send(data)
                else:
                    out.sendto(data, to)

    def work() -> None:
        while True:
            ready, _, _ = select.select([front, stop_receiver, *behind], [], [])
            if stop_receiver in ready:
                return
            packets: list[tuple[bytes, socket.socket, tuple[str, int] | None]] = []
            for one in ready:
                if one is front:
                    data, client = front.recvfrom(65536)
                    if client not in by_client:
                        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                        out.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
                        out.connect(address)
                        by_client[client], behind[out] = out, client
                    packets.append((data, by_client[client], None))
                else:
                    packets.append((one.recv(65536), front, behind[one]))
            pass_on(packets)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield front.getsockname()
    finally:
        stop_sender.send(b"x")
        thread.join()
        for one in (front, stop_receiver, stop_sender, *behind):
            one.close()
