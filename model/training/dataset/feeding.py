"""Batches ahead of need: windows drawn by processes of their own, so that a fast accelerator does not wait for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.queues import Queue
from typing import TypeVar

from model.training.dataset.windows import Windows

T = TypeVar("T")

AHEAD = 4
"""Batches that each process may be ahead."""


@contextmanager
def batches(
    windows: Callable[[int], Windows], draw: Callable[[Windows], T], seed: int, workers: int = 0
) -> Iterator[Iterator[T]]:
    """Yield endless batches, as `draw` makes them of `windows(seed)`. Without workers they are drawn where they are asked for.

    Each worker draws from a seed of its own; which comes first is a matter of time, so only a training without workers
    sees the same batches again. Workers are forked, and end with the `with`.
    """
    if not workers:
        yield _drawn(windows(seed), draw)
        return
    forked = get_context("fork")
    queue: Queue[T] = forked.Queue(AHEAD * workers)
    drawers = [
        forked.Process(target=_fill, args=(windows(seed * 1000 + i), draw, queue), daemon=True) for i in range(workers)
    ]
    for drawer in drawers:
        drawer.start()
    try:
        yield iter(queue.get, None)
    finally:
        for drawer in drawers:
            drawer.terminate()
            drawer.join()


def _drawn(windows: Windows, draw: Callable[[Windows], T]) -> Iterator[T]:
    while True:
        yield draw(windows)


def _fill(windows: Windows, draw: Callable[[Windows], T], queue: Queue[T]) -> None:
    while True:
        queue.put(draw(windows))
