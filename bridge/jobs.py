"""What goes between a bridge and the workers, over MQTT. Frozen values, and the topics that they travel by."""

from __future__ import annotations

from dataclasses import dataclass

from model.music import BeatWritten, Begin, Write

ROOT = "llmball-work/"
JOBS = ROOT + "jobs"
SHARED = f"$share/workers/{JOBS}"
"""A job is given to one of those who subscribe here."""
ONLINE = ROOT + "workers/+/online"
JOB_LIVES = 2
"""Seconds that a job waits for a worker."""


def orders_topic(worker: str) -> str:
    """Return where a worker takes orders of the jobs that it has."""
    return f"{ROOT}workers/{worker}/orders"


def online_topic(worker: str) -> str:
    """Return where a worker, or its last will, says whether it is there."""
    return f"{ROOT}workers/{worker}/online"


@dataclass(frozen=True, slots=True)
class Job:
    """A take to be written, by those who have the same weights. `id` is one in the world."""

    id: str
    weights: str
    begin: Begin


@dataclass(frozen=True, slots=True)
class Accepted:
    """A worker has a job; its orders go to that worker."""

    job: str
    worker: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A job cannot be done, in words; also one that a worker no longer knows."""

    job: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """Beats of a job to be written, in turn; the first has number `first`, and each number comes once."""

    job: str
    first: int
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A job is over."""

    job: str


@dataclass(frozen=True, slots=True)
class Streamed:
    """The answer to order `number` of a job."""

    job: str
    number: int
    answer: BeatWritten


def quality(value: object) -> int:
    """Return the QoS that a value travels with.

    Orders and beats follow one another closely and are numbered, and the music does not wait for one that is lost. An
    acknowledgement in front of each would hold it back by 40 ms (Nagle's rule at the broker, TCP's delayed ones here).
    """
    return 0 if isinstance(value, Ordered | Streamed) else 1


FromBridge = Ordered | Done
FromWorker = Accepted | Refused | Streamed
