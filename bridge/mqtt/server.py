"""MQTT server: the OSC addresses as topics of a broker, with the same checks, limits and answers.

Called from the event loop; the connection has its own thread (`bridge.mqtt.client`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex
from time import thread_time, time_ns

from bridge.clock import monotonic
from bridge.config import BrokerAccount
from bridge.errors import BadRequest
from bridge.mqtt.client import ByteBudget, MqttClient, MqttMessage, Subscriber, Subscription
from bridge.mqtt.name_claim import Claim, NameClaim
from bridge.mqtt.topics import MAX_PAYLOAD, MAX_RECEIVED, TOLD_PATHS, TopicMirror
from bridge.protocol.clients import Address, Budget
from bridge.protocol.controls import ROOT, Value
from bridge.protocol.dispatch import Dispatcher, request_cost
from bridge.protocol.events import HostTransportReported
from bridge.protocol.requests import Bye, Hello, HelloConfirmed, Request, parse_request

log = logging.getLogger("llmball")
ASK = "online/ask"
"""Path at which a bridge asks whether another has its name."""
ANSWERED_WITHIN, CLAIMED_ANSWERS_WITHIN = 0.5, 3.0
"""Seconds until the name is ours without an answer; and where the broker remembers another that may be gone or busy."""
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
        self._name = account.name or name
        self._mirror = TopicMirror(self._name, dispatcher.query)
        self._id = f"{time_ns():016x}{token_hex(4)}"
        self._claim, self._room = NameClaim(self._id), ByteBudget()
        self._loop = asyncio.get_running_loop()
        self._budget: Budget[MqttMessage] = Budget(monotonic())
        self._timer: asyncio.TimerHandle | None = None
        self._claim_timer: asyncio.TimerHandle | None = None
        own_topics = Subscription(self._mirror.root + "#", 2)
        remembered = Subscription(self._mirror.will.topic, 0, wants_retained=True)
        others = other_topics.subscriptions if other_topics is not None else ()
        self._client = MqttClient(
            account,
            f"llmball-{token_hex(6)}",
            self._marked(self._mirror.will),
            Subscriber(
                (own_topics, remembered, *others),
                self._receive,
                lambda connected: self._call_in_loop(self._on_connection, connected),
            ),
            MAX_RECEIVED,
        )
        self.send = self._client.send
        """Sends a message on any topic; dropped while the broker is away."""
        self._client.open()

    def publish(self, path: str, args: tuple[Value, ...]) -> None:
        """Publish a message at its topic."""
        message = self._mirror.message_for(path, args)
        if self._claim.holds:
            self._client.send(self._marked(message))

    def publish_changes(self) -> None:
        """Publish the controls whose values differ from those last published."""
        for message in self._mirror.changed_controls():
            if self._claim.holds:
                self._client.send(self._marked(message))

    def close(self) -> None:
        """Publish that we are offline and disconnect; waits for at most two seconds."""
        if self._timer is not None:
            self._timer.cancel()
        self._cancel_claim()
        if self._claim.holds:
            self._client.send(self._marked(self._mirror.will))
        self._client.close()

    def _call_in_loop(self, call: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed at shutdown
            self._loop.call_soon_threadsafe(call, *args)

    def _marked(self, message: MqttMessage) -> MqttMessage:
        return replace(message, bridge=self._id)

    def _receive(self, message: MqttMessage) -> None:
        """Take a message in the connection's thread; dropped where the loop does not get through those before it."""
        if self._room.take(message):
            self._call_in_loop(self._on_received, message)

    def _on_received(self, message: MqttMessage) -> None:
        self._room.give(message)
        self._on_message(message)

    def _on_connection(self, connected: bool) -> None:
        self._cancel_claim()
        if connected:
            self._claim.ask()
            self._client.send(self._marked(MqttMessage(self._mirror.root + ASK, b"1", 1)))
            self._claim_timer = self._loop.call_later(ANSWERED_WITHIN, self._take_unanswered)
        if self._other_topics is not None:
            self._other_topics.on_connection(connected)

    def _take_unanswered(self) -> None:
        if self._claim.take_unanswered():
            self._show_all()
            if self._budget.waiting and self._timer is None:
                self._schedule_catch_up()

    def _cancel_claim(self) -> None:
        if self._claim_timer is not None:
            self._claim_timer.cancel()
            self._claim_timer = None

    def _on_retained(self, message: MqttMessage) -> None:
        """Wait longer where the broker remembers that another bridge has the name: it may have been killed."""
        claimed = message.topic == self._mirror.will.topic and message.payload == b"1"
        if claimed and message.bridge != self._id and self._claim_timer is not None and not self._claim.holds:
            self._cancel_claim()
            self._claim_timer = self._loop.call_later(CLAIMED_ANSWERS_WITHIN, self._take_unanswered)

    def _show_all(self) -> None:
        for message in self._mirror.all_retained():
            self._client.send(self._marked(message))
        self.publish("state", (self._dispatcher.state(),))

    def _on_other_bridge(self, message: MqttMessage, path: str) -> None:
        online = {b"1": True, b"0": False}.get(message.payload) if path == "online" else None
        match self._claim.heard(message.bridge, online, asks=path == ASK):
            case Claim.ANSWER:
                self._client.send(self._marked(replace(self._mirror.will, payload=b"1")))
            case Claim.SHOW_AGAIN:
                self._show_all()
            case Claim.TAKE:
                log.warning("the other LLMBall under the name %r is gone from the broker: it is ours", self._name)
                self._show_all()
            case Claim.YIELD:
                while self._budget.dequeue() is not None:
                    pass  # what came while we asked is the other one's matter
                log.warning(
                    "another LLMBall has the name %r at this broker: this one is silent there; give it a name of its own, "
                    "--mqtt mqtt://HOST/NAME",
                    self._name,
                )

    def _on_message(self, message: MqttMessage) -> None:
        path = message.topic.removeprefix(self._mirror.root)
        if not message.topic.startswith(self._mirror.root):
            if self._other_topics is not None:
                self._other_topics.on_message(message)
        elif message.retain:
            self._on_retained(message)  # retained commands are older than this connection: not carried out
        elif message.bridge:
            self._on_other_bridge(message, path)
        elif path in TOLD_PATHS or not (self._claim.holds or self._claim.asks):
            pass  # an older version's word, which is never answered; or the other one's matter
        elif self._claim.holds and not self._budget.waiting and self._budget.has_budget(monotonic()):
            self._handle_message(message)
        else:
            # one byte over the limit is refused as all of it would be
            self._budget.enqueue(message.topic, replace(message, payload=message.payload[: MAX_PAYLOAD + 1]))
            if self._timer is None and self._claim.holds:
                self._schedule_catch_up()  # else when it is known whose they are

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
