"""The MQTT door: what a broker brings is read by the same law as OSC, and what is told is shown there.

Called from the event loop; the connection has a thread of its own (`bridge.mqtt.client`).
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
from bridge.mqtt.client import MqttClient, MqttMessage, Subscription
from bridge.mqtt.topics import TopicMirror
from bridge.protocol.clients import Address, Budget
from bridge.protocol.controls import ROOT, Value
from bridge.protocol.dispatch import Dispatcher, request_cost
from bridge.protocol.events import HostTransportReported
from bridge.protocol.requests import Bye, Hello, Request, parse_request
from bridge.workers.dispatcher import WorkerDispatcher

MQTT_SENDER: Address = ("mqtt", 0)
"""A broker does not say who speaks: its clients are one, whose clips are told at its topics."""


class MqttServer:
    """Open from the first to the last.

    `foreman` has the parcels outside our own topics: those of workers.
    """

    def __init__(
        self,
        account: BrokerAccount,
        name: str,
        dispatcher: Dispatcher,
        *,
        worker_dispatcher: WorkerDispatcher | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._worker_dispatcher = worker_dispatcher
        self._mirror = TopicMirror(account.name or name, dispatcher.query)
        self._loop = asyncio.get_running_loop()
        self._budget: Budget[MqttMessage] = Budget(monotonic())
        self._timer: asyncio.TimerHandle | None = None
        own_topics = Subscription(self._mirror.root + "#", 2)
        self._client = MqttClient(
            account,
            f"llmball-{token_hex(6)}",
            (own_topics, *(worker_dispatcher.subscriptions if worker_dispatcher is not None else ())),
            self._mirror.will,
            lambda message: self._call_in_loop(self._on_message, message),
            lambda account: self._call_in_loop(self._on_connection, account),
        )
        if worker_dispatcher is not None:
            worker_dispatcher.send = self._client.send
        self._client.open()

    def publish(self, path: str, args: tuple[Value, ...]) -> None:
        """Show what is told."""
        self._client.send(self._mirror.message_for(path, args))

    def publish_changes(self) -> None:
        """Show the controls that have changed."""
        for message in self._mirror.changed_controls():
            self._client.send(message)

    def close(self) -> None:
        """Say goodbye; waits for a moment at most."""
        if self._timer is not None:
            self._timer.cancel()
        self._client.send(self._mirror.will)
        self._client.close()

    def _call_in_loop(self, call: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are going anyway
            self._loop.call_soon_threadsafe(call, *args)

    def _on_connection(self, connected: bool) -> None:
        if connected:
            for message in self._mirror.all_retained():
                self._client.send(message)
            self.publish("state", (self._dispatcher.state(),))
        if self._worker_dispatcher is not None:
            self._worker_dispatcher.on_connection(connected)

    def _on_message(self, message: MqttMessage) -> None:
        if not message.topic.startswith(self._mirror.root):
            if self._worker_dispatcher is not None:
                self._worker_dispatcher.on_message(message)
        elif message.retain:
            pass  # it was said before we came
        elif not self._budget.waiting and self._budget.has_budget(monotonic()):
            self._handle_message(message)
        else:
            self._budget.enqueue(message.topic, message)
            if self._timer is None:
                self._schedule_catch_up()

    def _schedule_catch_up(self) -> None:
        self._timer = self._loop.call_later(self._budget.seconds_until_budget(), self._catch_up)

    def _catch_up(self) -> None:
        """Read what has waited, as far as the share goes."""
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
            with contextlib.suppress(KeyError):  # what is retained there now is wrong
                self._reply(path, *self._dispatcher.value(path))
        self._budget.spend(max(thread_time() - began, min_cost))

    def _carry_out_request(self, request: Request) -> None:
        match request:
            case Hello():
                self._dispatcher.welcome(self._reply)
            case Bye():
                pass
            case _:
                self._dispatcher.handle(request, MQTT_SENDER, self._reply)

    def _reply(self, path: str, *args: Value) -> None:
        self.publish(path, args)
