"""An MQTT broker: a connection that comes back by itself, in a thread with a loop of its own.

It has its own loop because the client needs one that watches sockets, which Windows' usual loop is not, and because
nothing of a slow broker may wait in ours. What is sent while the broker is away is dropped: whoever cares is told
when it is there again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from bridge.config import Account


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message to or from a broker. `answers` is the topic that its answers go to; `expires` in seconds."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    answers: str = ""
    expires: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription; `kept` where what the broker retains is wanted too."""

    topic: str
    qos: int = 0
    kept: bool = False


log = logging.getLogger("llmball")


FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before a lost broker is tried again: doubled each time, with a little chance in it."""


MOST_WAITING = 4096
"""Parcels on their way to a broker; more are dropped."""


AT_ONCE = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Small parcels, acknowledgements among them, are sent without waiting for more: that wait is 40 ms a beat."""


MOST_UNANSWERED = 16
"""Parcels sent that the broker has not acknowledged yet: one by one, a broker 20 ms away would take fifty a second."""


ANSWER = 5.0
"""Seconds until a broker that does not acknowledge a parcel counts as lost."""


GOODBYE = 1.0
"""Seconds that the last parcels are given at the end."""


class Broker:
    """The connection, from `open` to `close`.

    Threading: `heard` and `up` (True, False) are called in the broker's own thread; hand them the door into your loop.
    `send` may be called from any thread and never waits.
    """

    def __init__(
        self,
        there: Account,
        identifier: str,
        wishes: Sequence[Wish],
        will: Parcel,
        heard: Callable[[Parcel], None],
        up: Callable[[bool], None],
    ) -> None:
        self._account, self._identifier, self._wishes, self._will = there, identifier, wishes, will
        self._heard, self._up = heard, up
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outbox: asyncio.Queue[Parcel | None] | None = None
        self._closing = threading.Event()
        self._leaving: asyncio.Event | None = None

    def open(self) -> None:
        """Begin to connect, and go on until `close`."""
        self._thread.start()

    def send(self, parcel: Parcel) -> None:
        """Send a parcel, if the broker is there."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: we are going
                self._loop.call_soon_threadsafe(self._put, parcel)

    def close(self) -> None:
        """Send what is on its way and disconnect; waits for a moment at most."""
        self._closing.set()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._leave)
        if self._thread.is_alive():
            self._thread.join(2 * GOODBYE)

    # --- in the broker's thread ----------------------------------------------------------------

    def _put(self, parcel: Parcel) -> None:
        if self._outbox is not None:
            with contextlib.suppress(asyncio.QueueFull):
                self._outbox.put_nowait(parcel)

    def _leave(self) -> None:
        if self._leaving is not None:
            self._leaving.set()
        if self._outbox is not None:
            with contextlib.suppress(asyncio.QueueFull):
                self._outbox.put_nowait(None)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            self._loop = runner.get_loop()
            runner.run(self._connected())

    async def _connected(self) -> None:
        self._leaving = asyncio.Event()
        wait, told = FIRST_WAIT, False
        while not self._closing.is_set():
            try:
                async with self._client() as client:
                    for wish in self._wishes:
                        await client.subscribe(wish.topic, options=_options(wish))
                    wait, told = FIRST_WAIT, False
                    self._outbox = asyncio.Queue(MOST_WAITING)
                    self._up(True)
                    await self._exchange(client)
            except (aiomqtt.MqttError, OSError, TimeoutError, ValueError) as error:
                if not told and not self._closing.is_set():
                    told = True
                    log.warning(
                        "no broker at %s:%s (%s); it is tried again, the music goes on",
                        self._account.host,
                        self._account.port,
                        error,
                    )
            if self._outbox is not None:
                self._outbox = None
                self._up(False)
            if not self._closing.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._leaving.wait(), wait * random.uniform(0.8, 1.2))
                wait = min(2 * wait, LONGEST_WAIT)

    def _client(self) -> aiomqtt.Client:
        there = self._account
        context = ssl.create_default_context(cafile=there.authorities) if there.tls else None
        will = self._will
        return aiomqtt.Client(
            there.host,
            there.port,
            username=there.user,
            password=there.password,
            identifier=self._identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
            tls_context=context,
            timeout=5,
            keepalive=10,
            socket_options=AT_ONCE,
            max_queued_incoming_messages=MOST_WAITING,
            logger=_quiet,
        )

    async def _exchange(self, client: aiomqtt.Client) -> None:
        sending = asyncio.create_task(self._sent(client), name="mqtt out")
        hearing = asyncio.create_task(self._listened(client), name="mqtt in")
        done, left = await asyncio.wait((sending, hearing), return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await task
        faults = [task.exception() for task in done]  # both may have failed: each is asked for its own
        if (fault := next((f for f in faults if f is not None), None)) is not None:
            raise fault

    async def _sent(self, client: aiomqtt.Client) -> None:
        outbox = self._outbox
        assert outbox is not None
        unanswered: set[asyncio.Task[None]] = set()
        try:
            while (parcel := await outbox.get()) is not None:
                if len(unanswered) >= MOST_UNANSWERED:
                    done, unanswered = await asyncio.wait(unanswered, return_when=asyncio.FIRST_COMPLETED)
                    for one in done:
                        one.result()
                # tasks begin in the order in which they were made, and so do their parcels
                sent = client.publish(
                    parcel.topic,
                    parcel.payload,
                    parcel.qos,
                    parcel.retain,
                    _properties(parcel),
                    timeout=ANSWER,
                )
                unanswered.add(asyncio.create_task(sent, name="mqtt parcel"))
            async with asyncio.timeout(GOODBYE):
                await asyncio.gather(*unanswered)
        finally:
            for one in unanswered:
                one.cancel()
            await asyncio.gather(*unanswered, return_exceptions=True)

    async def _listened(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            answers = str(getattr(message.properties, "ResponseTopic", ""))
            self._heard(Parcel(str(message.topic), payload, message.qos, bool(message.retain), answers))


_quiet = logging.getLogger("llmball.mqtt")


_quiet.setLevel(logging.ERROR)


def _options(wish: Wish) -> SubscribeOptions:
    """Return how to subscribe: our own parcels never come back, which a shared subscription is not allowed to ask."""
    return SubscribeOptions(
        qos=wish.qos, noLocal=not wish.topic.startswith("$share/"), retainHandling=0 if wish.kept else 2
    )


def _properties(parcel: Parcel) -> Properties | None:
    if not parcel.answers and parcel.expires is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)
    if parcel.answers:
        properties.ResponseTopic = parcel.answers
    if parcel.expires is not None:
        properties.MessageExpiryInterval = parcel.expires
    return properties
