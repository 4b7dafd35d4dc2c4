"""`llmball worker`: takes jobs from a shared subscription of the broker and sends beats back. Plays nothing itself.

One process on one core: the connection's thread receives, the generator's thread works, the event loop waits for a signal.
Two processes would need two pipes and four threads for a beat, a third of its cost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from secrets import token_hex
from typing import Protocol

from bridge.config import BrokerAccount
from bridge.errors import OwnerError
from bridge.mqtt.client import ByteBudget, MqttClient, MqttMessage, Subscriber, Subscription
from bridge.processes.supervisor import on_stop_signals
from bridge.workers.protocol import (
    JOBS_TOPIC,
    MAX_PAYLOAD,
    SHARED_JOBS,
    Accepted,
    Done,
    FromBridge,
    FromWorker,
    Job,
    Ordered,
    Refused,
    Streamed,
    WireError,
    is_reply_topic,
    online_topic,
    orders_topic,
    pack,
    qos_of,
    unpack,
)
from model.generation.messages import Answer, BeatWritten, Failed, Forget, Order
from model.processes.generate import Generator
from model.weights import FOLDER, hashed

MAX_JOBS = 64
"""The number of takes at a time; the one not ordered from for longest is dropped."""
MAX_FINISHED_JOBS = 256
"""Ids of finished jobs that are remembered, so that a job that arrives twice is not done twice."""


@dataclass(slots=True)
class ActiveJob:
    """A job: the number of its take here, the topic of its answers, the next order's number, and the numbers in progress."""

    take: int
    reply_topic: str
    next_number: int = 0
    in_progress: deque[int] = field(default_factory=deque)


class ActiveJobs:
    """Active jobs of a worker: removes duplicate orders and maps generator answers to the job's reply topic. Pure.

    Methods return orders for the generator and (topic, message) for the broker.
    """

    def __init__(self, worker: str, weights: str) -> None:
        self._worker, self._weights = worker, weights
        self._jobs: dict[str, ActiveJob] = {}
        self._finished: deque[str] = deque(maxlen=MAX_FINISHED_JOBS)
        self._last_take = 0
        self.beats_written = 0
        """The number of beats written since the start."""

    def on_offer(self, job: Job, reply_topic: str) -> tuple[list[Order], list[tuple[str, FromWorker]]]:
        """Accept a job, or refuse it with a reason. One that arrives twice, or cannot be answered, is ignored."""
        if job.id in self._jobs or job.id in self._finished or not is_reply_topic(reply_topic):
            return [], []
        if job.weights != self._weights:
            reason = (
                f"weights {self._weights[:12]} here, {job.weights[:12]} there: "
                "install the same version of LLMBall on both"
            )
            self._finished.append(job.id)
            return [], [(reply_topic, Refused(job.id, reason))]
        orders: list[Order] = []
        if len(self._jobs) >= MAX_JOBS:
            orders.append(self._finish(next(iter(self._jobs))))
        self._last_take += 1
        self._jobs[job.id] = ActiveJob(self._last_take, reply_topic)
        orders.append(replace(job.begin, take=self._last_take))
        return orders, [(reply_topic, Accepted(job.id, self._worker))]

    def on_order(self, message: FromBridge, reply_topic: str) -> tuple[list[Order], list[tuple[str, FromWorker]]]:
        """Process orders of a job, or its end. Orders that arrive twice are ignored, those of unknown jobs are refused."""
        active = self._jobs.get(message.job)
        if isinstance(message, Done):
            return ([self._finish(message.job)] if active is not None else []), []
        if active is None:
            refused = Refused(message.job, "no longer known here")
            return [], ([(reply_topic, refused)] if is_reply_topic(reply_topic) else [])
        self._jobs[message.job] = self._jobs.pop(message.job)  # least recently used first
        orders: list[Order] = []
        for number, write in enumerate(message.writes, message.first):
            if number == active.next_number:
                active.next_number += 1
                active.in_progress.append(number)
                orders.append(replace(write, take=active.take))
        return orders, []

    def on_answer(self, answer: Answer) -> list[tuple[str, FromWorker]]:
        """Return the generator's answer as a message to the job's bridge."""
        found = next(((j, b) for j, b in self._jobs.items() if b.take == answer.take), None)
        if found is None:
            return []
        job, active = found
        match answer:
            case BeatWritten() if active.in_progress:
                self.beats_written += answer.beat is not None
                return [(active.reply_topic, Streamed(job, active.in_progress.popleft(), answer))]
            case Failed(_, reason):
                self._finish(job)
                return [(active.reply_topic, Refused(job, reason))]
        return []

    def _finish(self, job: str) -> Order:
        self._finished.append(job)
        return Forget(self._jobs.pop(job).take)


log = logging.getLogger("llmball")
WEIGHTS = FOLDER / "decoder.safetensors"


class OrderHandler(Protocol):
    """Carries out orders of a generator."""

    def execute(self, order: Order) -> Answer | None:
        """Return the answer to an order, None if it has none."""


class Worker:
    """One worker: a connection and a generator. `open_generator` is called in the generator's thread, `run` from the event loop."""

    def __init__(self, account: BrokerAccount, open_generator: Callable[[], OrderHandler]) -> None:
        self._loop = asyncio.get_running_loop()
        self._open_generator = open_generator
        self._stopped: asyncio.Future[None] = self._loop.create_future()
        self.name = token_hex(6)
        self._inbox: SimpleQueue[MqttMessage] = SimpleQueue()
        self._room = ByteBudget()
        self._will = MqttMessage(online_topic(self.name), b"0", 1)
        self._client = MqttClient(
            account,
            f"llmball-worker-{self.name}",
            self._will,
            Subscriber(
                (Subscription(SHARED_JOBS, 1), Subscription(orders_topic(self.name), 1)),
                self._receive,
                lambda connected: log.info("the broker is %s", "there" if connected else "gone"),
            ),
            MAX_PAYLOAD,
        )
        self._jobs = ActiveJobs(self.name, hashed(WEIGHTS))

    async def run(self) -> None:
        """Work until SIGINT or SIGTERM. Raises OwnerError."""
        on_stop_signals(self._stop)
        # a daemon thread: a beat in progress must not delay the exit
        threading.Thread(target=self._generator_loop, name="generator", daemon=True).start()
        try:
            await self._stopped
        finally:
            self._client.send(self._will)
            self._client.close()
            log.info("%d beats written", self._jobs.beats_written)

    def _stop(self, fault: Exception | None = None) -> None:
        if not self._stopped.done():
            if fault is None:
                self._stopped.set_result(None)
            else:
                self._stopped.set_exception(fault)

    def _receive(self, message: MqttMessage) -> None:
        """Let a message wait, in the connection's thread; dropped where too much waits."""
        if self._room.take(message):
            self._inbox.put(message)

    # --- in the generator's thread -------------------------------------------------------------

    def _generator_loop(self) -> None:
        try:
            generator = self._open_generator()
        except ValueError as error:
            self._stop_with(OwnerError(str(error)))
            return
        try:
            self._client.open()
            sys.stdout.write(f"ready worker={self.name}\n")
            sys.stdout.flush()
            while True:
                message = self._inbox.get()
                self._room.give(message)
                self._handle_message(message, generator)
        except Exception as fault:
            self._stop_with(fault)

    def _handle_message(self, message: MqttMessage, generator: OrderHandler) -> None:
        try:
            if message.topic == JOBS_TOPIC and not is_reply_topic(message.response_topic):
                log.warning(
                    "a job is not done: its answers are wanted at %.60r, which is no topic of workers",
                    message.response_topic,
                )
                return
            if message.topic == JOBS_TOPIC:
                orders, messages = self._jobs.on_offer(unpack(message.payload, Job), message.response_topic)
            else:
                orders, messages = self._jobs.on_order(unpack(message.payload, Ordered, Done), message.response_topic)
        except WireError as error:
            log.warning("a message cannot be read: %s", error)
            return
        self._publish(messages)
        for order in orders:
            answer = generator.execute(order)
            if answer is not None:
                self._publish(self._jobs.on_answer(answer))

    def _publish(self, messages: list[tuple[str, FromWorker]]) -> None:
        for topic, value in messages:
            self._client.send(MqttMessage(topic, pack(value), qos_of(value)))

    def _stop_with(self, fault: Exception) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed at shutdown
            self._loop.call_soon_threadsafe(self._stop, fault)


def run(account: BrokerAccount, encoder: Path | None) -> int:
    """Run a worker until a signal; return the exit code. Raises OwnerError."""
    logging.basicConfig(level=logging.INFO, format="llmball worker: %(message)s", stream=sys.stderr)

    async def work() -> None:
        await Worker(account, lambda: Generator(encoder)).run()

    asyncio.run(work())
    return 0
