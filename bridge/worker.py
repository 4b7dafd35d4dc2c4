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
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from secrets import token_hex
from typing import Protocol

from bridge.account import Account
from bridge.benches import Benches
from bridge.broker import Broker
from bridge.errors import OwnerError
from bridge.jobs import JOBS, SHARED, Done, FromWorker, Job, Ordered, online_topic, orders_topic, quality
from bridge.parcel import Parcel, Wish
from bridge.signals import on_signals
from bridge.wire import WireError, pack, unpack
from model.music import Answer, Order
from model.process import Generator
from model.weights import FOLDER, hashed

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
