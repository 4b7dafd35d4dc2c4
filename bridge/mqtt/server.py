"""MQTT server: the OSC addresses as topics of a broker, with the same checks, limits and answers.

Called from the event loop; the connection has its own thread (`bridge.mqtt.client`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from secrets import token_hex
from time import thread_time

from bridge.clock import monotonic
from bridge.config import BrokerAccount
from bridge.errors import BadRequest
from bridge.mqtt.client import MqttClient, MqttMessage, Subscriber, Subscription
from bridge.mqtt.topics import TopicMirror
from bridge.protocol.clients import Address, Budget
from bridge.protocol.controls import ROOT, Value
from bridge.protocol.dispatch import Dispatcher, request_cost
from bridge.protocol.events import HostTransportReported
from bridge.protocol.requests import Bye, Hello, HelloConfirmed, Request, parse_request

MQTT_SENDER: Address = ("mqtt", 0)
"""The sender of every MQTT request: a broker does not name its clients, so they share one rate limit and one set of clips."""


class MqttServer:
    """Connects when it is made, until `close`. `name` is the topic's NAME unless the account has one.

    `other_topics` uses the same connection outside `llmball/NAME/`; it is called from the event loop.
    """

    def __init__(
        self, account: BrokerAccount, name: str, dispatcher: Dispatcher, other_topics: Subscriber | None
    ) -> None:
        self._dispatcher, self._other_topics = dispatcher, other_topics
        self._mirror = TopicMirror(account.name or name, dispatcher.query)
        self._loop = asyncio.get_running_loop()
        self._budget: Budget[MqttMessage] = Budget(monotonic())
        self._timer: asyncio.TimerHandle | None = None
        own_topics = Subscription(self._mirror.root + "#", 2)
        others = other_topics.subscriptions if other_topics is not None else ()
        self._client = MqttClient(
            account,
            f"llmball-{token_hex(6)}",
            self._mirror.will,
            Subscriber(
                (own_topics, *others),
                lambda message: self._call_in_loop(self._on_message, message),
                lambda connected: self._call_in_loop(self._on_connection, connected),
            ),
        )
        self.send = self._client.send
        """Sends a message on any topic; dropped while the broker is away."""
        self._client.open()

    def publish(self, path: str, args: tuple[Value, ...]) -> None:
        """Publish a message at its topic."""
        self._client.send(self._mirror.message_for(path, args))

    def publish_changes(self) -> None:
        """Publish the controls whose values differ from those last published."""
        for message in self._mirror.changed_controls():
            self._client.send(message)

    def close(self) -> None:
        """Publish that we are offline and disconnect; waits for at most two seconds."""
        if self._timer is not None:
            self._timer.cancel()
        self._client.send(self._mirror.will)
        self._client.close()

    def _call_in_loop(self, call: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed at shutdown
            self._loop.call_soon_threadsafe(call, *args)

    def _on_connection(self, connected: bool) -> None:
        if connected:
            for message in self._mirror.all_retained():
                self._client.send(message)
            self.publish("state", (self._dispatcher.state(),))
        if self._other_topics is not None:
            self._other_topics.on_connection(connected)

    def _on_message(self, message: MqttMessage) -> None:
        if not message.topic.startswith(self._mirror.root):
            if self._other_topics is not None:
                self._other_topics.on_message(message)
        elif message.retain:
            pass  # retained commands are older than this connection: not carried out
        elif not self._budget.waiting and self._budget.has_budget(monotonic()):
            self._handle_message(message)
        else:
            self._budget.enqueue(message.topic, message)
            if self._timer is None:
                self._schedule_catch_up()

    def _schedule_catch_up(self) -> None:
        self._timer = self._loop.call_later(self._budget.seconds_until_budget(), self._catch_up)

    def _catch_up(self) -> None:
        """Handle waiting messages as far as the rate limit allows."""
        self._timer = None
        while self._budget.has_budget(monotonic()) and (message := self._budget.dequeue()) is not None:
            self._handle_message(message)
        if self._budget.waiting:
            self._schedule_catch_up()

    def _handle_message(self, message: MqttMessage) -> None:
        began, min_cost = thread_time(), 0.0
        try:
            request = parse_request(self._mirror.parse(message))
            self._carry_out_request(request)
            min_cost = request_cost(request)
            if not isinstance(request, HostTransportReported):
                self.publish_changes()
        except BadRequest as error:
            self._reply("error", error.address, error.reason)
            path = error.address.removeprefix(ROOT)
            with contextlib.suppress(KeyError):  # the refused value is retained: replace it by the real one
                self._reply(path, *self._dispatcher.value(path))
        self._budget.spend(max(thread_time() - began, min_cost))

    def _carry_out_request(self, request: Request) -> None:
        match request:
            case Hello():
                self._dispatcher.welcome(self._reply)
            case Bye() | HelloConfirmed():
                pass
            case _:
                self._dispatcher.handle(request, MQTT_SENDER, self._reply)

    def _reply(self, path: str, *args: Value) -> None:
        self.publish(path, args)
