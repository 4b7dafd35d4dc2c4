"""A broker whose packets are the test's own: what comes is answered by kind, in a thread, at a free port."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

CONNECT, PUBLISH, SUBSCRIBE = 1, 3, 8
CONNACK = b"\x20\x03\x00\x00\x00"
Answer = Callable[[int, bytes], bytes | None]
"""Of a packet's kind and body, what is sent; None hangs up."""


class FakeBroker:
    """Listens until the end of its block. `packets` has the (kind, body) of all that came, `connections` their number."""

    def __init__(self, answer: Answer) -> None:
        self.packets: list[tuple[int, bytes]] = []
        self.connections = 0
        self._answer = answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self.port: int = self._server.getsockname()[1]
        self._open = True
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Hang up on all."""
        self._open = False
        for thread in list(self._threads):
            thread.join(5)
        self._server.close()

    def _accept(self) -> None:
        while self._open:
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._threads.append(threading.Thread(target=self._serve, args=(client,), daemon=True))
            self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(0.1)
        read = b""
        with client, suppress(OSError):
            while self._open:
                try:
                    data = client.recv(65536)
                except TimeoutError:
                    continue
                if not data:
                    return
                read += data
                while (packet := first_packet(read)) is not None:
                    kind, body, size = packet
                    read = read[size:]
                    self.packets.append((kind, body))
                    reply = self._answer(kind, body)
                    if reply is None:
                        return
                    client.settimeout(5)
                    client.sendall(reply)
                    client.settimeout(0.1)


def first_packet(data: bytes) -> tuple[int, bytes, int] | None:
    """Return kind, body and whole size of the first packet; None while it is not whole."""
    length, shift = 0, 0
    for at, byte in enumerate(data[1:5], 2):
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (data[0] >> 4, data[at : at + length], at + length) if len(data) >= at + length else None
    return None


def packet(kind_and_flags: int, body: bytes) -> bytes:
    """Return a packet."""
    size, length = bytearray(), len(body)
    while True:
        length, low = divmod(length, 128)
        size.append(low | (0x80 if length else 0))
        if not length:
            return bytes((kind_and_flags,)) + bytes(size) + body


def published(topic: bytes, payload: bytes, properties: bytes = b"") -> bytes:
    """Return a PUBLISH packet of QoS 0."""
    return packet(0x30, struct.pack(">H", len(topic)) + topic + bytes((len(properties),)) + properties + payload)


def suback(body: bytes, codes: bytes = b"\x01") -> bytes:
    """Return the answer to a SUBSCRIBE."""
    return packet(0x90, body[:2] + b"\x00" + codes)


def polite(then: bytes = b"") -> Answer:
    """Answer as a broker should, and send something after the first subscription."""

    def answer(kind: int, body: bytes) -> bytes | None:
        if kind == CONNECT:
            return CONNACK
        return suback(body) + then if kind == SUBSCRIBE else b""

    return answer


@contextmanager
def fake_broker(answer: Answer) -> Iterator[FakeBroker]:
    """Run a broker for the duration of the block."""
    broker = FakeBroker(answer)
    try:
        yield broker
    finally:
        broker.close()
