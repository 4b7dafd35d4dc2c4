"""`llmball worker`: takes jobs from a broker's shared subscription and streams beats back. It plays nothing itself.

One process of one core: the broker's thread brings what comes, the generator's thread does it in turn, the loop waits for
a signal. Between two processes a beat went through two pipes and four threads, a third of what it cost.
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
from bridge.mqtt.client import MqttClient, MqttMessage, Subscriber, Subscription
from bridge.processes.supervisor import on_stop_signals
from bridge.workers.protocol import (
    JOBS_TOPIC,
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
"""Takes at a time; the one that was not asked for longest makes room."""


MAX_FINISHED_JOBS = 256
"""Jobs that are over and known by name: one that comes twice is not done twice."""


@dataclass(slots=True)
class ActiveJob:
    """A job: our number of its take, where its answers go, the order that comes next, and the numbers of those under way."""

    take: int
    reply_topic: str
    next_number: int = 0
    in_progress: deque[int] = field(default_factory=deque)


class ActiveJobs:
    """All jobs of a worker. Methods return orders for the generator and (topic, value) for the broker."""

    def __init__(self, worker: str, weights: str) -> None:
        self._worker, self._weights = worker, weights
        self._jobs: dict[str, ActiveJob] = {}
        self._finished: deque[str] = deque(maxlen=MAX_FINISHED_JOBS)
        self._last_take = 0
        self.beats_written = 0
        """Beats written since the start."""

    def on_offer(self, job: Job, reply_topic: str) -> tuple[list[Order], list[tuple[str, FromWorker]]]:
        """Accept a job once, or refuse it with words."""
        if job.id in self._jobs or job.id in self._finished:
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

    def on_order(
        self, message: FromBridge, reply_topic: str
    ) -> tuple[list[Order], list[tuple[str, FromWorker]]]:
        """Carry out what comes for a job; an order that came before is nothing, and of an unknown job is refused."""
        active = self._jobs.get(message.job)
        if isinstance(message, Done):
            return ([self._finish(message.job)] if active is not None else []), []
        if active is None:
            refused = Refused(message.job, "no longer known here")
            return [], ([(reply_topic, refused)] if reply_topic else [])
        self._jobs[message.job] = self._jobs.pop(message.job)  # the one asked for last is the last to go
        orders: list[Order] = []
        for number, write in enumerate(message.writes, message.first):
            if number == active.next_number:
                active.next_number += 1
                active.in_progress.append(number)
                orders.append(replace(write, take=active.take))
        return orders, []

    def on_answer(self, answer: Answer) -> list[tuple[str, FromWorker]]:
        """Return what a generator's answer is for those who wait for it."""
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
    """What carries out orders."""

    def execute(self, order: Order) -> Answer | None:
        """Return the answer to an order, where it has one."""


class Worker:
    """One worker: a broker and a generator, opened in the thread that it composes in. `run` is called from the event loop."""

    def __init__(self, account: BrokerAccount, open_generator: Callable[[], OrderHandler]) -> None:
        self._loop = asyncio.get_running_loop()
        self._open_generator = open_generator
        self._stopped: asyncio.Future[None] = self._loop.create_future()
        self.name = token_hex(6)
        self._inbox: SimpleQueue[MqttMessage] = SimpleQueue()
        self._will = MqttMessage(online_topic(self.name), b"0", 1)
        self._client = MqttClient(
            account,
            f"llmball-worker-{self.name}",
            self._will,
            Subscriber(
                (Subscription(SHARED_JOBS, 1), Subscription(orders_topic(self.name), 1)),
                self._inbox.put,
                lambda connected: log.info("the broker is %s", "there" if connected else "gone"),
            ),
        )
        self._jobs = ActiveJobs(self.name, hashed(WEIGHTS))

    async def run(self) -> None:
        """Work until a signal. Raises OwnerError."""
        on_stop_signals(self._stop)
        # a daemon, for a beat under way must not hold up the end
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
                self._handle_message(self._inbox.get(), generator)
        except Exception as fault:
            self._stop_with(fault)

    def _handle_message(self, message: MqttMessage, generator: OrderHandler) -> None:
        try:
            if message.topic == JOBS_TOPIC:
                orders, messages = self._jobs.on_offer(unpack(message.payload, Job), message.response_topic)
            else:
                orders, messages = self._jobs.on_order(
                    unpack(message.payload, Ordered, Done), message.response_topic
                )
        except WireError as error:
            log.warning("a parcel that cannot be read: %s", error)
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
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are going anyway
            self._loop.call_soon_threadsafe(self._stop, fault)


def run(account: BrokerAccount, encoder: Path | None) -> int:
    """Work until a signal; return the exit code. Raises OwnerError."""
    logging.basicConfig(level=logging.INFO, format="llmball worker: %(message)s", stream=sys.stderr)

    async def work() -> None:
        await Worker(account, lambda: Generator(encoder)).run()

    asyncio.run(work())
    return 0
