"""MQTT connection that reconnects by itself, in its own thread with its own event loop.

The library needs a selector event loop, which is not the default on Windows; and a slow broker must not delay the daemon's
loop. Messages sent while the broker is away are dropped; the subscriber is told when it is reached again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from bridge.clock import Clock, Seconds, monotonic
from bridge.config import BrokerAccount
from bridge.mqtt.connection import Connection, is_topic


@dataclass(frozen=True, slots=True)
class MqttMessage:
    """A message to or from a broker. Answers go to `response_topic`; `expiry` is in seconds, None is never.

    `bridge` is the id of the LLMBall that sent it, "" of another client.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    response_topic: str = ""
    expiry: int | None = None
    bridge: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription to a topic or pattern. `wants_retained`: whether retained messages are wanted at once."""

    topic: str
    qos: int = 0
    wants_retained: bool = False


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Subscriptions, what takes their messages, and what is told that the broker is reached (True) or lost (False)."""

    subscriptions: tuple[Subscription, ...]
    on_message: Callable[[MqttMessage], None]
    on_connection: Callable[[bool], None]


log = logging.getLogger("llmball")
USUAL_ERRORS = (OSError, TimeoutError, ValueError, aiomqtt.MqttError)
"""What a broker that is away, or no broker, raises; anything else is told with its traceback."""
FIRST_BACKOFF, MAX_BACKOFF = 0.5, 30.0
"""Seconds until a lost broker is tried again; doubled each time and varied by 20 %."""
MAX_UNSENT_MESSAGES = 4096
"""Messages that wait to be sent; more are dropped."""
STEADY = Seconds(20.0)
"""Seconds after which a connection counts as good: one that is lost sooner is tried again ever more seldom, and told once."""
BRIDGE_PROPERTY = "llmball"
"""Name of the user property with the id of the LLMBall that sends."""
SOCKET_OPTIONS = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""No Nagle algorithm: it would delay each beat by 40 ms."""
MAX_IN_FLIGHT = 16
"""Messages sent before the first is acknowledged: with one at a time, a broker 20 ms away would take fifty a second."""
ACK_TIMEOUT = 5.0
"""Seconds until a broker that does not acknowledge a message counts as lost."""
CLOSE_TIMEOUT = 1.0
"""Seconds that `close` gives the last messages."""


class ByteBudget:
    """Bytes of messages on their way from the connection's thread to another. May be called from any thread."""

    def __init__(self, most: int = 4 << 20) -> None:
        self._left, self._lock = most, threading.Lock()

    def take(self, message: MqttMessage) -> bool:
        """Take the room of a message; False if there is none: it is dropped."""
        with self._lock:
            if len(message.payload) > self._left:
                return False
            self._left -= len(message.payload)
            return True

    def give(self, message: MqttMessage) -> None:
        """Give the room of a handled message back."""
        with self._lock:
            self._left += len(message.payload)


class MqttClient:
    """The connection, from `open` to `close`.

    Threading: the subscriber's functions are called in the connection's own thread. `send` may be called from any thread
    and never waits.
    """

    def __init__(
        self,
        account: BrokerAccount,
        identifier: str,
        will: MqttMessage,
        subscriber: Subscriber,
        max_payload: int,
    ) -> None:
        self._account, self._identifier, self._will, self._subscriber = account, identifier, will, subscriber
        self._max_payload = max_payload
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outbox: asyncio.Queue[MqttMessage | None] | None = None
        self._clock: Clock = monotonic
        self._closing = threading.Event()
        self._close_event: asyncio.Event | None = None

    def open(self) -> None:
        """Start to connect; reconnects until `close`."""
        self._thread.start()

    def send(self, message: MqttMessage) -> None:
        """Send a message; dropped while the broker is away."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed at shutdown
                self._loop.call_soon_threadsafe(self._enqueue, message)

    def close(self) -> None:
        """Send the queued messages and disconnect; waits for two seconds at most."""
        self._closing.set()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._request_close)
        if self._thread.is_alive():
            self._thread.join(2 * CLOSE_TIMEOUT)

    # --- in the connection's thread ----------------------------------------------------------------

    def _enqueue(self, message: MqttMessage) -> None:
        if not is_topic(message.topic):
            log.warning("nothing can be sent to the topic %.60r", message.topic)
        elif self._outbox is not None:
            with contextlib.suppress(asyncio.QueueFull):
                self._outbox.put_nowait(message)

    def _request_close(self) -> None:
        if self._close_event is not None:
            self._close_event.set()
        if self._outbox is not None:
            with contextlib.suppress(asyncio.QueueFull):
                self._outbox.put_nowait(None)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            self._loop = runner.get_loop()
            self._loop.set_exception_handler(lambda _, told: log.warning("broker: %s", told["message"]))
            runner.run(self._connection_loop())

    async def _connection_loop(self) -> None:
        self._close_event = asyncio.Event()
        backoff, warned = FIRST_BACKOFF, False
        while not self._closing.is_set():
            client, began = None, self._clock()
            try:
                client = self._client()
                async with client:
                    await _subscribe(client, self._subscriber.subscriptions)
                    self._outbox = asyncio.Queue(MAX_UNSENT_MESSAGES)
                    self._subscriber.on_connection(True)
                    await self._run_loops(client)
            except Exception as error:  # the library raises much at packets that are none
                if self._outbox is not None and self._clock() >= began + STEADY:
                    backoff, warned = FIRST_BACKOFF, False
                if not warned and not self._closing.is_set():
                    warned = True
                    log.warning(
                        "no broker at %s:%s (%s); it is tried again, the music goes on",
                        self._account.host,
                        self._account.port,
                        str(error.__cause__ or error) or type(error).__name__,
                        exc_info=None if isinstance(error, USUAL_ERRORS) else error,
                    )
            if client is not None:
                client.hang_up()
            if self._outbox is not None:
                self._outbox = None
                self._subscriber.on_connection(False)
            if not self._closing.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._close_event.wait(), backoff * random.uniform(0.8, 1.2))
                backoff = min(2 * backoff, MAX_BACKOFF)

    def _client(self) -> Connection:
        will = self._will
        last = aiomqtt.Will(will.topic, will.payload, will.qos, will.retain, _properties(will, PacketTypes.WILLMESSAGE))
        return Connection(self._account, self._identifier, last, self._max_payload, SOCKET_OPTIONS)

    async def _run_loops(self, client: aiomqtt.Client) -> None:
        sending = asyncio.create_task(self._send_loop(client), name="mqtt out")
        receiving = asyncio.create_task(self._receive_loop(client), name="mqtt in")
        done, left = await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await task
        faults = [
            task.exception() for task in done
        ]  # both may have failed; an exception that nobody reads is a warning
        if (fault := next((f for f in faults if f is not None), None)) is not None:
            raise fault

    async def _send_loop(self, client: aiomqtt.Client) -> None:
        outbox = self._outbox
        assert outbox is not None
        in_flight: set[asyncio.Task[None]] = set()
        try:
            while (message := await outbox.get()) is not None:
                if len(in_flight) >= MAX_IN_FLIGHT:
                    done, in_flight = await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
                    for one in done:
                        one.result()
                # tasks start in the order in which they were made, and so do their messages
                sent = client.publish(
                    message.topic,
                    message.payload,
                    message.qos,
                    message.retain,
                    _properties(message),
                    timeout=ACK_TIMEOUT,
                )
                in_flight.add(asyncio.create_task(sent, name="mqtt message"))
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await asyncio.gather(*in_flight)
        finally:
            for one in in_flight:
                one.cancel()
            await asyncio.gather(*in_flight, return_exceptions=True)

    async def _receive_loop(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            response_topic = str(getattr(message.properties, "ResponseTopic", ""))
            told = dict(getattr(message.properties, "UserProperty", ()))
            came = MqttMessage(str(message.topic), payload, message.qos, bool(message.retain), response_topic)
            self._subscriber.on_message(replace(came, bridge=told.get(BRIDGE_PROPERTY, "")))


async def _subscribe(client: Connection, subscriptions: Iterable[Subscription]) -> None:
    """Subscribe to topics. Raises MqttError if the broker refuses one or does not say."""
    for subscription in subscriptions:
        codes = await client.subscribe(subscription.topic, options=_options(subscription))
        refused = [str(code) for code in codes if getattr(code, "is_failure", False)]
        if refused or not codes:
            why = refused[0] if refused else "its answer is empty"
            raise aiomqtt.MqttError(f"it refuses the subscription of {subscription.topic}: {why}")


def _options(subscription: Subscription) -> SubscribeOptions:
    """Return the options of a subscription: our own messages do not come back, except that a shared one cannot ask for that."""
    return SubscribeOptions(
        qos=subscription.qos,
        noLocal=not subscription.topic.startswith("$share/"),
        retainHandling=0 if subscription.wants_retained else 2,
    )


def _properties(message: MqttMessage, kind: int = PacketTypes.PUBLISH) -> Properties | None:
    if not message.response_topic and message.expiry is None and not message.bridge:
        return None
    properties = Properties(kind)
    if message.bridge:
        properties.UserProperty = (BRIDGE_PROPERTY, message.bridge)
    if message.response_topic:
        properties.ResponseTopic = message.response_topic
    if message.expiry is not None:
        properties.MessageExpiryInterval = message.expiry
    return properties
