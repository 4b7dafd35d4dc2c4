"""The jobs that a worker has: which orders are new, and which answer is whose. Pure; owned by the worker."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from bridge.jobs import Accepted, Done, FromBridge, FromWorker, Job, Refused, Streamed
from model.music import Answer, BeatWritten, Failed, Forget, Order

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
