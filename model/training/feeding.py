"""Batches ahead of need: windows drawn by processes of their own, so that a fast accelerator does not wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.queues import Queue

from model.training.store import Store
from model.training.windows import Batch, Windows

AHEAD = 4
"""Batches that each process may be ahead."""


@contextmanager
def batches(
    store: Store,
    context: int,
    size: int,
    seed: int,
    shares: Mapping[str, float] | None = None,
    workers: int = 0,
) -> Iterator[Iterator[Batch]]:
    """Yield endless batches of `size` windows. Without workers they are drawn where they are asked for.

    Each worker draws from a seed of its own; which comes first is a matter of time, so only a training without workers
    sees the same windows again. Workers are forked, and end with the `with`.
    """
    if not workers:
        yield _drawn(Windows(store, context, seed, shares), size)
        return
    forked = get_context("fork")
    queue: Queue[Batch] = forked.Queue(AHEAD * workers)
    drawers = [
        forked.Process(
            target=_draw, args=(Windows(store, context, seed * 1000 + i, shares), size, queue), daemon=True
        )
        for i in range(workers)
    ]
    for drawer in drawers:
        drawer.start()
    try:
        yield iter(queue.get, None)
    finally:
        for drawer in drawers:
            drawer.terminate()
            drawer.join()


def _drawn(windows: Windows, size: int) -> Iterator[Batch]:
    while True:
        yield windows.batch(size)


def _draw(windows: Windows, size: int, queue: Queue[Batch]) -> None:
    while True:
        queue.put(windows.batch(size))
