"""`llmball worker`: takes jobs from a broker's shared subscription and streams beats back. It plays nothing itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

from bridge.account import Account
from bridge.benches import Benches
from bridge.broker import Broker
from bridge.children import Children
from bridge.errors import OwnerError
from bridge.jobs import (
    JOBS,
    SHARED,
    Done,
    FromBridge,
    FromWorker,
    Job,
    Ordered,
    online_topic,
    orders_topic,
    quality,
)
from bridge.parcel import Parcel, Wish
from bridge.signals import on_signals
from bridge.wire import WireError, pack, unpack
from model.music import Answer
from model.process import run as run_generator
from model.weights import FOLDER, hashed

log = logging.getLogger("llmball")

WEIGHTS = FOLDER / "decoder.safetensors"


class Worker:
    """One worker: a broker and a generator. Called from the event loop."""

    def __init__(
        self, there: Account, encoder: Path | None, generator: Callable[..., None] = run_generator
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._encoder, self._generator = encoder, generator
        self._stopped: asyncio.Future[None] = self._loop.create_future()
        self._composing: asyncio.Future[None] = self._loop.create_future()
        self.name = token_hex(6)
        self._benches = Benches(self.name, hashed(WEIGHTS))
        self._children = Children(self._from_generator, self._died, self._fail)
        self._will = Parcel(online_topic(self.name), b"0", 1)
        self._broker = Broker(
            there,
            f"llmball-worker-{self.name}",
            (Wish(SHARED, 1), Wish(orders_topic(self.name), 1)),
            self._will,
            lambda parcel: self._in_loop(self._came, parcel),
            lambda up: log.info("the broker is %s", "there" if up else "gone"),
        )

    async def run(self) -> None:
        """Work until a signal. Raises OwnerError."""
        on_signals(self._stop)
        self._children.begin("generator", self._generator, lambda: (self._encoder,))
        try:
            await asyncio.wait((self._composing, self._stopped), return_when=asyncio.FIRST_COMPLETED)
            if self._composing.done():
                self._composing.result()
            self._broker.open()
            sys.stdout.write(f"ready worker={self.name}\n")
            sys.stdout.flush()
            await self._stopped
        finally:
            self._broker.send(self._will)
            self._broker.close()
            self._children.close()
            log.info("%d beats written", self._benches.written)

    def _came(self, parcel: Parcel) -> None:
        try:
            if parcel.topic == JOBS:
                orders, told = self._benches.offered(unpack(parcel.payload, Job), parcel.answers)
            else:
                said: FromBridge = unpack(parcel.payload, Ordered, Done)
                orders, told = self._benches.ordered(said, parcel.answers)
        except WireError as error:
            log.warning("a parcel that cannot be read: %s", error)
            return
        for order in orders:
            self._children.send("generator", order)
        self._tell(told)

    def _tell(self, told: list[tuple[str, FromWorker]]) -> None:
        for topic, value in told:
            self._broker.send(Parcel(topic, pack(value), quality(value)))

    def _from_generator(self, name: str, answer: Answer | str | None) -> None:
        if answer is None:
            self._children.ready(name)
            if not self._composing.done():
                self._composing.set_result(None)
        elif isinstance(answer, str):
            self._fail(OwnerError(answer))
        else:
            self._tell(self._benches.answered(answer))

    def _died(self, name: str) -> None:
        self._tell(self._benches.lost())

    def _fail(self, error: Exception) -> None:
        for future in (self._composing, self._stopped):
            if not future.done():
                future.set_exception(error)
                return

    def _stop(self) -> None:
        if not self._stopped.done():
            self._stopped.set_result(None)

    def _in_loop(self, call: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are going anyway
            self._loop.call_soon_threadsafe(call, *args)


def run(there: Account, encoder: Path | None) -> int:
    """Work until a signal; return the exit code. Raises OwnerError."""
    logging.basicConfig(level=logging.INFO, format="llmball worker: %(message)s", stream=sys.stderr)

    async def work() -> None:
        await Worker(there, encoder).run()

    asyncio.run(work())
    return 0
