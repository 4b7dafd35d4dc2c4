"""One connection to a broker: the library's client, and what it lacks against a broker that says what it should not.

A packet over the limit is refused before it is read, though the broker was told the limit; what waits to be handled is
bounded in bytes; a connection that fails is told at once and closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bridge.config import BrokerAccount

MAX_QUEUED_MESSAGES, MAX_QUEUED_BYTES = 4096, 4 << 20
"""Messages, and their bytes, that wait to be handled; more are dropped."""
HEADER_BYTES = 1 << 12
"""Bytes of a packet beside its payload."""
MAX_TOPIC_BYTES = 1000
TLS_ALERT = 0x15
library_log = logging.getLogger("llmball.mqtt")
library_log.setLevel(logging.CRITICAL)  # it logs tracebacks of what a broker sends; we tell a line


def is_topic(topic: str) -> bool:
    """Return True if a message can be published there; a broker hangs up on others."""
    try:
        size = len(topic.encode())
    except UnicodeEncodeError:
        return False
    return 0 < size <= MAX_TOPIC_BYTES and topic.isprintable() and not any(c in "+#" for c in topic)


class _Waiting(asyncio.Queue[aiomqtt.Message]):
    """The messages that came, bounded in bytes too."""

    _bytes = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        if self._bytes + _size(item) > MAX_QUEUED_BYTES:
            raise asyncio.QueueFull
        super().put_nowait(item)
        self._bytes += _size(item)

    def _get(self) -> aiomqtt.Message:
        item: aiomqtt.Message = super()._get()
        self._bytes -= _size(item)
        return item


def _size(message: aiomqtt.Message) -> int:
    return len(message.payload) if isinstance(message.payload, bytes | bytearray) else 0


class Connection(aiomqtt.Client):
    """A connection; `max_payload` in bytes. Raises MqttError, OSError or what the library raises at packets that are none."""

    def __init__(
        self,
        account: BrokerAccount,
        identifier: str,
        will: aiomqtt.Will,
        max_payload: int,
        socket_options: Iterable[Any],
    ) -> None:
        self._max_packet, self._tls = max_payload + HEADER_BYTES, account.tls
        context = ssl.create_default_context(cafile=account.ca_file) if account.tls else None
        properties = Properties(PacketTypes.CONNECT)
        properties.MaximumPacketSize = self._max_packet
        super().__init__(
            account.host,
            account.port,
            username=account.user,
            password=account.password,
            identifier=identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=will,
            properties=properties,
            tls_context=context,
            timeout=5,
            keepalive=10,
            socket_options=tuple(socket_options),
            queue_type=_Waiting,
            max_queued_incoming_messages=MAX_QUEUED_MESSAGES,
            logger=library_log,
        )
        self._receive: Callable[[int], bytes] = self._client._sock_recv
        self._client._sock_recv = self._limited_receive

    def _limited_receive(self, size: int) -> bytes:
        """Receive from the socket, unless that is no packet for us."""
        packet: Any = self._client._in_packet
        if packet["command"] == TLS_ALERT and not self._tls:
            self._fail("it speaks TLS: say mqtts://")
        if size > self._max_packet:
            self._fail(f"a packet of {packet['remaining_length']} bytes, {self._max_packet} are allowed")
        return self._receive(size)

    def _fail(self, reason: str) -> None:
        error = aiomqtt.MqttError(reason)
        if not self._connected.done():
            self._connected.set_exception(error)
        raise error

    def _on_disconnect(self, *args: Any) -> None:  # noqa: ANN401
        """Tell a connection that ends before it was accepted, for which the library would wait in vain."""
        super()._on_disconnect(*args)
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError("it hangs up"))

    async def __aexit__(self, *args: Any) -> None:  # noqa: ANN401
        """Disconnect, and close the socket in any case."""
        try:
            await super().__aexit__(*args)
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """Close the socket; called also where connecting failed."""
        with contextlib.suppress(OSError, ValueError):
            self._client._sock_close()
        for future in (self._disconnected, self._connected):
            if future.done() and not future.cancelled():
                future.exception()  # marked as retrieved: an error that nobody reads is logged with its traceback
