"""Connects the daemon with workers: carries out the relay's steps over the broker. Called from the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from secrets import token_hex

from bridge.clock import monotonic
from bridge.mqtt.client import MqttMessage, Subscriber, Subscription
from bridge.workers.protocol import (
    JOB_EXPIRY,
    JOBS_TOPIC,
    ONLINE_TOPICS,
    TOPIC_ROOT,
    WORKERS_TOPIC,
    Accepted,
    FromWorker,
    Refused,
    Streamed,
    WireError,
    online_topic,
    orders_topic,
    pack,
    qos_of,
    unpack,
)
from bridge.workers.relay import LogLine, Relay, Step, ToAllWorkers, ToLocal, ToSession, ToWorker
from model.generation.messages import Answer, Order

log = logging.getLogger("llmball")


class WorkerDispatcher:
    """Between the session and the generators. `send_local` sends to our own, `on_answer` passes an answer to the session."""

    def __init__(self, weights: str, send_local: Callable[[Order], None], on_answer: Callable[[Answer], None]) -> None:
        self._send_local, self._on_answer = send_local, on_answer
        self._loop = asyncio.get_running_loop()
        self._relay = Relay(weights, lambda: token_hex(8))
        self._reply_topic = f"{TOPIC_ROOT}answers/{token_hex(6)}"
        self._timer: asyncio.TimerHandle | None = None
        self.send: Callable[[MqttMessage], None] = lambda message: None
        """Sends to the broker; set once there is a connection."""

    @property
    def subscriber(self) -> Subscriber:
        """What the connection to the broker must subscribe to and pass on."""
        topics = Subscription(self._reply_topic, 1), Subscription(ONLINE_TOPICS, 1)
        return Subscriber(topics, self.on_message, self.on_connection)

    @property
    def beats_by_source(self) -> dict[str, int]:
        """The number of beats written by the local generator ("home") and by workers."""
        return self._relay.beats_by_source

    def order(self, order: Order) -> None:
        """Process an order of the session."""
        self._run_steps(self._relay.order(order, monotonic()))

    def on_local_answer(self, answer: Answer) -> None:
        """Process an answer of the local generator."""
        self._run_steps(self._relay.on_local_answer(answer))

    def on_generator_exit(self) -> None:
        """Note that the local generator died."""
        self._relay.on_generator_exit()

    def on_connection(self, connected: bool) -> None:
        """Note that the broker was reached or lost."""
        self._run_steps(self._relay.on_connection(connected, monotonic()))

    def on_message(self, message: MqttMessage) -> None:
        """Process a message of the broker."""
        if message.topic != self._reply_topic:
            gone = message.topic.removeprefix(WORKERS_TOPIC).removesuffix("/online")
            if message.payload == b"0" and online_topic(gone) == message.topic:
                self._run_steps(self._relay.on_worker_exit(gone, monotonic()))
            return
        try:
            worker_message: FromWorker = unpack(message.payload, Accepted, Refused, Streamed)
        except WireError as error:
            log.warning("a worker's message cannot be read: %s", error)
            return
        self._run_steps(self._relay.on_worker_message(worker_message, monotonic()))

    def close(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _run_steps(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case ToLocal(order):
                    self._send_local(order)
                case ToAllWorkers(job):
                    self.send(
                        MqttMessage(JOBS_TOPIC, pack(job), 1, response_topic=self._reply_topic, expiry=JOB_EXPIRY)
                    )
                case ToWorker(worker, value):
                    self.send(
                        MqttMessage(orders_topic(worker), pack(value), qos_of(value), response_topic=self._reply_topic)
                    )
                case ToSession(answer):
                    self._on_answer(answer)
                case LogLine(line):
                    log.info("%s", line)
        if self._timer is not None:
            self._timer.cancel()
        at = self._relay.next_deadline()
        self._timer = None if at is None else self._loop.call_later(max(0.0, at - monotonic()), self._on_timeout)

    def _on_timeout(self) -> None:
        self._run_steps(self._relay.on_timeout(monotonic()))
