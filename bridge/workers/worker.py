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

from bridge.config import Account
from bridge.errors import OwnerError
from bridge.mqtt.client import Broker, Parcel, Wish
from bridge.processes.supervisor import on_signals
from bridge.workers.protocol import (
    JOBS,
    SHARED,
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
    quality,
    unpack,
)
from model.generation.messages import Answer, BeatWritten, Failed, Forget, Order
from model.processes.generate import Generator
from model.weights import FOLDER, hashed

MOST_JOBS = 64
"""Takes at a time; the one that was not asked for longest makes room."""


REMEMBERED = 256
"""Jobs that are over and known by name: one that comes twice is not done twice."""


@dataclass(slots=True)
class Bench:
    """A job: our number of its take, where its answers go, the order that comes next, and the numbers of those under way."""

    take: int
    answers: str
    next: int = 0
    under_way: deque[int] = field(default_factory=deque)


class Benches:
    """All jobs of a worker. Methods return orders for the generator and (topic, value) for the broker."""

    def __init__(self, worker: str, weights: str) -> None:
        self._worker, self._weights = worker, weights
        self._jobs: dict[str, Bench] = {}
        self._over: deque[str] = deque(maxlen=REMEMBERED)
        self._takes = 0
        self.written = 0
        """Beats written since the start."""

    def offered(self, job: Job, answers: str) -> tuple[list[Order], list[tuple[str, FromWorker]]]:
        """Accept a job once, or refuse it with words."""
        if job.id in self._jobs or job.id in self._over:
            return [], []
        if job.weights != self._weights:
            reason = (
                f"weights {self._weights[:12]} here, {job.weights[:12]} there: "
                "install the same version of LLMBall on both"
            )
            self._over.append(job.id)
            return [], [(answers, Refused(job.id, reason))]
        orders: list[Order] = []
        if len(self._jobs) >= MOST_JOBS:
            orders.append(self._forget(next(iter(self._jobs))))
        self._takes += 1
        self._jobs[job.id] = Bench(self._takes, answers)
        orders.append(replace(job.begin, take=self._takes))
        return orders, [(answers, Accepted(job.id, self._worker))]

    def ordered(self, said: FromBridge, answers: str) -> tuple[list[Order], list[tuple[str, FromWorker]]]:
        """Carry out what comes for a job; an order that came before is nothing, and of an unknown job is refused."""
        bench = self._jobs.get(said.job)
        if isinstance(said, Done):
            return ([self._forget(said.job)] if bench is not None else []), []
        if bench is None:
            refused = Refused(said.job, "no longer known here")
            return [], ([(answers, refused)] if answers else [])
        self._jobs[said.job] = self._jobs.pop(said.job)  # the one asked for last is the last to go
        orders: list[Order] = []
        for number, write in enumerate(said.writes, said.first):
            if number == bench.next:
                bench.next += 1
                bench.under_way.append(number)
                orders.append(replace(write, take=bench.take))
        return orders, []

    def answered(self, answer: Answer) -> list[tuple[str, FromWorker]]:
        """Return what a generator's answer is for those who wait for it."""
        found = next(((j, b) for j, b in self._jobs.items() if b.take == answer.take), None)
        if found is None:
            return []
        job, bench = found
        match answer:
            case BeatWritten() if bench.under_way:
                self.written += answer.beat is not None
                return [(bench.answers, Streamed(job, bench.under_way.popleft(), answer))]
            case Failed(_, reason):
                self._forget(job)
                return [(bench.answers, Refused(job, reason))]
        return []

    def _forget(self, job: str) -> Order:
        self._over.append(job)
        return Forget(self._jobs.pop(job).take)


log = logging.getLogger("llmball")


WEIGHTS = FOLDER / "decoder.safetensors"


class Composes(Protocol):
    """What carries out orders."""

    def carry_out(self, order: Order) -> Answer | None:
        """Return the answer to an order, where it has one."""


class Worker:
    """One worker: a broker and a generator, opened in the thread that it composes in. `run` is called from the event loop."""

    def __init__(self, there: Account, opened: Callable[[], Composes]) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened = opened
        self._stopped: asyncio.Future[None] = self._loop.create_future()
        self.name = token_hex(6)
        self._came: SimpleQueue[Parcel] = SimpleQueue()
        self._will = Parcel(online_topic(self.name), b"0", 1)
        self._broker = Broker(
            there,
            f"llmball-worker-{self.name}",
            (Wish(SHARED, 1), Wish(orders_topic(self.name), 1)),
            self._will,
            self._came.put,
            lambda up: log.info("the broker is %s", "there" if up else "gone"),
        )
        self._benches = Benches(self.name, hashed(WEIGHTS))

    async def run(self) -> None:
        """Work until a signal. Raises OwnerError."""
        on_signals(self._stop)
        # a daemon, for a beat under way must not hold up the end
        threading.Thread(target=self._compose, name="generator", daemon=True).start()
        try:
            await self._stopped
        finally:
            self._broker.send(self._will)
            self._broker.close()
            log.info("%d beats written", self._benches.written)

    def _stop(self, fault: Exception | None = None) -> None:
        if not self._stopped.done():
            if fault is None:
                self._stopped.set_result(None)
            else:
                self._stopped.set_exception(fault)

    # --- in the generator's thread -------------------------------------------------------------

    def _compose(self) -> None:
        try:
            generator = self._opened()
        except ValueError as refused:
            self._end(OwnerError(str(refused)))
            return
        try:
            self._broker.open()
            sys.stdout.write(f"ready worker={self.name}\n")
            sys.stdout.flush()
            while True:
                self._do(self._came.get(), generator)
        except Exception as fault:
            self._end(fault)

    def _do(self, parcel: Parcel, generator: Composes) -> None:
        try:
            if parcel.topic == JOBS:
                orders, told = self._benches.offered(unpack(parcel.payload, Job), parcel.answers)
            else:
                orders, told = self._benches.ordered(unpack(parcel.payload, Ordered, Done), parcel.answers)
        except WireError as error:
            log.warning("a parcel that cannot be read: %s", error)
            return
        self._tell(told)
        for order in orders:
            answer = generator.carry_out(order)
            if answer is not None:
                self._tell(self._benches.answered(answer))

    def _tell(self, told: list[tuple[str, FromWorker]]) -> None:
        for topic, value in told:
            self._broker.send(Parcel(topic, pack(value), quality(value)))

    def _end(self, fault: Exception) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are going anyway
            self._loop.call_soon_threadsafe(self._stop, fault)


def run(there: Account, encoder: Path | None) -> int:
    """Work until a signal; return the exit code. Raises OwnerError."""
    logging.basicConfig(level=logging.INFO, format="llmball worker: %(message)s", stream=sys.stderr)

    async def work() -> None:
        await Worker(there, lambda: Generator(encoder)).run()

    asyncio.run(work())
    return 0
