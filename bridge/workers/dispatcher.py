"""The workers as the daemon has them: what the relay decides, carried out over the broker. Called from the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from secrets import token_hex

from bridge.clock import monotonic
from bridge.mqtt.client import Parcel, Wish
from bridge.workers.protocol import (
    JOB_LIVES,
    JOBS,
    ONLINE,
    ROOT,
    Accepted,
    FromWorker,
    Refused,
    Streamed,
    WireError,
    orders_topic,
    pack,
    quality,
    unpack,
)
from bridge.workers.relay import Answered, Offer, Relay, Said, Step, ToHome, ToWorker
from model.generation.messages import Answer, Order

log = logging.getLogger("llmball")


class Foreman:
    """Stands between the session and the generators. `home` sends to our own, `answer` gives the session an answer."""

    def __init__(self, weights: str, home: Callable[[Order], None], answer: Callable[[Answer], None]) -> None:
        self._home, self._answer = home, answer
        self._loop = asyncio.get_running_loop()
        self._relay = Relay(weights, lambda: token_hex(8))
        self._answers = f"{ROOT}answers/{token_hex(6)}"
        self._timer: asyncio.TimerHandle | None = None
        self.send: Callable[[Parcel], None] = lambda parcel: None
        """Sends to the broker; set by whoever has one."""

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """What we want of the broker."""
        return Wish(self._answers, 1), Wish(ONLINE, 1)

    @property
    def beats(self) -> dict[str, int]:
        """How many beats were written at home and by workers."""
        return self._relay.beats

    def order(self, order: Order) -> None:
        """Pass on an order of the session."""
        self._do(self._relay.order(order, monotonic()))

    def answered(self, answer: Answer) -> None:
        """Take an answer of our own generator."""
        self._do(self._relay.home_answered(answer))

    def lost(self) -> None:
        """Note that our own generator died."""
        self._relay.lost()

    def reached(self, there: bool) -> None:
        """Note that the broker is there, or is not."""
        self._do(self._relay.reached(there, monotonic()))

    def came(self, parcel: Parcel) -> None:
        """Take what the broker brings."""
        if parcel.topic != self._answers:
            if parcel.payload == b"0":
                self._do(self._relay.worker_gone(parcel.topic.split("/")[2], monotonic()))
            return
        try:
            said: FromWorker = unpack(parcel.payload, Accepted, Refused, Streamed)
        except WireError as error:
            log.warning("a worker's parcel cannot be read: %s", error)
            return
        self._do(self._relay.worker_said(said, monotonic()))

    def close(self) -> None:
        """Let nothing more be due."""
        if self._timer is not None:
            self._timer.cancel()

    def _do(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case ToHome(order):
                    self._home(order)
                case Offer(job):
                    self.send(Parcel(JOBS, pack(job), 1, answers=self._answers, expires=JOB_LIVES))
                case ToWorker(worker, value):
                    self.send(
                        Parcel(orders_topic(worker), pack(value), quality(value), answers=self._answers)
                    )
                case Answered(answer):
                    self._answer(answer)
                case Said(line):
                    log.info("%s", line)
        if self._timer is not None:
            self._timer.cancel()
        at = self._relay.wake()
        self._timer = None if at is None else self._loop.call_later(max(0.0, at - monotonic()), self._due)

    def _due(self) -> None:
        self._do(self._relay.woken(monotonic()))
