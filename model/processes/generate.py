"""The generation process: orders in, answers out, one at a time. Spawned by the bridge, which it never imports."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from setproctitle import setproctitle

from model.clips.refine import prepared
from model.decoder.load import ENGINES, open_engine
from model.generation.composer import Composer
from model.generation.messages import Answer, Begin, Failed, FirstNote, Forget, Order, Prepare, Write
from model.music.plan import Controls
from model.processes.order_checks import check_order
from model.prompt.understand import open_encoder

MAX_PREPARED = 16
"""Prompts that wait to be prepared: as many as the bank has slots; of more the latest are."""
WARM_UP = Begin(take=-1, prompt="warm up", controls=Controls(), seed=0)


class Generator:
    """What carries out orders, warmed up. Called from one thread. `opening` is told how each take opens, while its first beat is written.

    Raises ValueError, in one line, where the owner must mend something first.
    """

    def __init__(
        self,
        encoder: Path | None,
        engine: str = ENGINES[0],
        on_first_note: Callable[[FirstNote], None] | None = None,
    ) -> None:
        self._encoder = open_encoder(encoder)
        self._composer = Composer(self._encoder, open_engine(engine), on_first_note)
        self._composer.begin(WARM_UP)
        self._composer.write(Write(WARM_UP.take, 0, WARM_UP.controls))
        self._composer.forget(WARM_UP.take)
        gc.collect()
        gc.freeze()

    def execute(self, order: Order) -> Answer | None:
        """Return the answer to an order, where it has one. A beat costs some ten milliseconds."""
        try:
            check_order(order)
            match order:
                case Begin():
                    return self._begin(order)
                case Write():
                    return self._composer.write(order)
                case Prepare(prompt):
                    self._composer.prepare(prompt)
                    return None
                case Forget(take):
                    self._composer.forget(take)
                    return None
        except Exception as fault:  # our fault, whatever it is: one take is lost, the band is not
            take = 0 if isinstance(order, Prepare) else order.take
            return Failed(take, f"{type(fault).__name__}: {fault}")

    def _begin(self, order: Begin) -> Answer:
        if order.refine is None:
            return self._composer.begin(order)
        try:
            order = prepared(self._composer, order, self._encoder)
        except ValueError as unclear:
            return Failed(order.take, str(unclear), theirs=True)
        return self._composer.begin(order)


def run(connection: Connection, encoder: Path | None, engine: str = ENGINES[0]) -> None:
    """Serve orders until None comes or the pipe closes. Says None once when it is ready, or an error's one line."""
    setproctitle("llmball: generator")
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):  # the terminal's signals are the daemon's to answer
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    try:
        generator = Generator(encoder, engine, connection.send)
    except ValueError as refused:
        connection.send(str(refused))
        return
    try:
        connection.send(None)
        for order in by_priority(connection):
            answer = generator.execute(order)
            if answer is not None:
                connection.send(answer)
    except (EOFError, OSError):
        return


def by_priority(connection: Connection) -> Iterator[Order]:
    """Yield the orders until None comes. Prompts that are only to be prepared wait until nothing else does.

    Raises EOFError or OSError where the pipe closes.
    """
    prepare: dict[str, Prepare] = {}
    while True:
        if prepare and not connection.poll():
            yield prepare.pop(next(iter(prepare)))
            continue
        order = connection.recv()
        if order is None:
            return
        if not isinstance(order, Prepare):
            yield order
            continue
        prepare[order.prompt] = order
        if len(prepare) > MAX_PREPARED:
            del prepare[next(iter(prepare))]
