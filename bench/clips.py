"""Clips for the judges: made in this process or in several, as `llmball clip` makes them, then read back from their bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from model.clip import AUTOMATIC, Wanted, clip
from model.composer import Composer
from model.encoder import TextEncoder
from model.engine import Engine
from model.midifile import Song, from_bytes, to_bytes
from model.music import Controls, Plan
from model.plan import open_encoder, understand
from model.precedence import apply
from model.weights import load

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Made:
    """A clip as its file is read back, with the plan of its prompt."""

    song: Song
    plan: Plan


@cache
def encoder() -> TextEncoder:
    """Return this process's encoder."""
    return open_encoder(None)


@cache
def composer(weights: Path | None) -> Composer:
    """Return this process's composer, with the weights of a file or those that are shipped."""
    return Composer(encoder(), None if weights is None else Engine(*load(weights)))


def made(prompt: str, seed: int, weights: Path | None, controls: Controls = AUTOMATIC) -> Made:
    """Return the clip of a prompt."""
    song = clip(composer(weights), Wanted(prompt, seed, controls=controls))
    return Made(from_bytes(to_bytes(song)), apply(planned(prompt), controls)[0])


def planned(prompt: str) -> Plan:
    """Return what is understood of a prompt."""
    return understand(prompt, encoder())[0]


def spread(work: Callable[[T], R], items: Iterable[T], jobs: int) -> Iterator[R]:
    """Yield what the work makes of each item, in order, with so many processes."""
    if jobs == 1:
        yield from map(work, items)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(work, items)
