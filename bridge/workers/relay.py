"""Who writes a take: our own generator, or a worker elsewhere once it is in time. Pure; owned by the daemon.

Every take begins at home, so a prompt is as quick as without workers. It is offered to the workers as well; the one that
has it follows along, and from a bar line on at which it is up to date its beats are taken and home is asked no more.
A beat that does not come in time, or whose worker is gone, is written at home, which is first told what was played.
Each order has one answer, in order, whoever gives it: the session does not know.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bridge.clock import Seconds
from bridge.takes.takes import ON_ORDER
from bridge.workers.protocol import Accepted, Done, FromWorker, Job, Ordered, Refused
from model.generation.messages import Answer, BeatWritten, Begin, Failed, Forget, Order, Understood, Write
from model.music.notes import PARTS, Beat, Kept, beats_in_bar


@dataclass(slots=True)
class Asked:
    """An order that is not answered yet: to home, to a worker under a number, or to both."""

    write: Write
    at: Seconds
    home: bool
    number: int | None = None
    answer: BeatWritten | None = None


@dataclass(slots=True)
class Line:
    """A take: what is asked of it, what was written, and how far home and its worker have followed."""

    begin: Begin
    asked: deque[Asked] = field(default_factory=deque)
    beats: dict[int, Beat] = field(default_factory=dict)
    heard: dict[int, Kept] = field(default_factory=dict)
    length: int = 0
    at_home: int = 0
    home: deque[Asked | None] = field(default_factory=deque)
    job: str = ""
    offered: Seconds = Seconds(-1e9)
    worker: str = ""
    away: bool = False
    sent: int = 0
    come: int = 0


def waits(asked: Asked) -> bool:
    """Tell whether an order waits for a worker."""
    return not asked.home and asked.answer is None


def begins_bar(line: Line, index: int) -> bool:
    """Tell whether a beat is the first of its bar, as far as what came before it is known."""
    before = line.beats.get(index - 1)
    if before is None and index:
        return False
    return before is None or before.beat + 1 == beats_in_bar(before.meter)


def forget(line: Line, before: int) -> None:
    """Forget the beats before one, of which nobody will be told any more."""
    for known in (line.beats, line.heard):
        for index in [i for i in known if i < before]:
            del known[index]


def as_it_was(line: Line, first: int, last: int, under: Write) -> list[Write]:
    """Return orders that make a generator take beats as they were, without writing them."""
    writes: list[Write] = []
    answered = {a.write.index: a.answer.beat for a in line.asked if a.answer is not None}
    for index in range(first, last):
        beat = answered.get(index) or line.beats.get(index)
        if beat is None:
            break  # the take was over before
        kept = line.heard.get(index) or Kept(beat.notes, frozenset(PARTS), True, beat.chord, beat.fresh)
        whole = replace(kept, parts=frozenset(PARTS), harmony=True)
        controls = replace(under.controls, meter=beat.meter)
        writes.append(Write(line.begin.take, index, controls, whole))
    return writes


PATIENCE = Seconds(0.4)
"""A worker's beat that has not come by then is written at home."""


AGAIN = Seconds(5.0)
"""A take without a worker is offered again after this, and after a refusal ten times as long."""


LONGEST = 600
"""Beats; a take that has so many is not offered any more, for a worker would have to be told all of them.

From then on only so many of the last are remembered."""


REMEMBERED = 64
"""Beats before those that home has followed: the session may go back as far as it plans ahead."""


@dataclass(frozen=True, slots=True)
class ToHome:
    """Send an order to our own generator."""

    order: Order


@dataclass(frozen=True, slots=True)
class Offer:
    """Offer a job to all workers."""

    job: Job


@dataclass(frozen=True, slots=True)
class ToWorker:
    """Send something to the worker that has a job."""

    worker: str
    value: Ordered | Done


@dataclass(frozen=True, slots=True)
class Answered:
    """Give the session an answer."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Said:
    """A line for the log."""

    line: str


Step = ToHome | Offer | ToWorker | Answered | Said


class Relay:
    """The takes under way, and who writes them. `job` makes ids; `weights` is the hash of ours."""

    def __init__(self, weights: str, job: Callable[[], str]) -> None:
        self._weights, self._new_id = weights, job
        self._lines: dict[int, Line] = {}
        self._there = False
        self._rest = Seconds(-1e9)
        self.beats = {"home": 0, "workers": 0}
        """How many were written where."""

    @property
    def remembered(self) -> int:
        """How many beats are remembered, of all takes."""
        return sum(len(line.beats) for line in self._lines.values())

    def reached(self, there: bool, now: Seconds) -> list[Step]:
        """Note that the broker is there, or is not: then everything is written at home."""
        self._there = there
        steps: list[Step] = []
        if not there:
            for line in self._lines.values():
                steps += self._come_home(line, now)
        return steps

    def lost(self) -> None:
        """Note that our own generator died: its takes are no more."""
        self._lines.clear()

    def order(self, order: Order, now: Seconds) -> list[Step]:
        """Pass on an order of the session."""
        match order:
            case Begin():
                self._lines[order.take] = Line(order)
                return [ToHome(order), *self._offer(self._lines[order.take], now)]
            case Forget(take):
                line = self._lines.pop(take, None)
                done = [ToWorker(line.worker, Done(line.job))] if line is not None and line.worker else []
                return [ToHome(order), *done]
            case Write(take) if take in self._lines:
                return self._write(self._lines[take], order, now)
        return [ToHome(order)]

    def home_answered(self, answer: Answer) -> list[Step]:
        """Take an answer of our own generator."""
        line = self._lines.get(answer.take)
        if isinstance(answer, Understood) or line is None:
            return [Answered(answer)]
        if isinstance(answer, Failed):
            del self._lines[answer.take]
            done = [ToWorker(line.worker, Done(line.job))] if line.worker else []
            return [*done, Answered(answer)]
        asked = line.home.popleft() if line.home else None
        if asked is not None and asked.answer is None:
            asked.answer = answer
            self.beats["home"] += 1
        return _released(line)

    def worker_said(self, said: FromWorker, now: Seconds) -> list[Step]:
        """Take what a worker says; what is of no job of ours is nothing."""
        line = next((one for one in self._lines.values() if one.job == said.job), None)
        if line is None:
            return []
        match said:
            case Accepted(_, worker) if line.length > LONGEST:
                return [ToWorker(worker, Done(line.job))] if not line.worker else []
            case Accepted(_, worker):
                return self._joined(line, worker) if not line.worker else []
            case Refused(_, reason):
                self._rest = Seconds(now + 9 * AGAIN)
                return [Said(f"a worker refuses: {reason}"), *self._come_home(line, now)]
        if said.number != line.come or not line.worker:
            return []  # one that came twice
        line.come += 1
        asked = next((one for one in line.asked if one.number == said.number), None)
        if asked is not None and not asked.home and asked.answer is None:
            asked.answer = replace(said.answer, take=line.begin.take)
            self.beats["workers"] += 1
        return _released(line)

    def worker_gone(self, worker: str, now: Seconds) -> list[Step]:
        """Have written at home what a worker that is gone had."""
        return [s for one in self._lines.values() if one.worker == worker for s in self._come_home(one, now)]

    def wake(self) -> Seconds | None:
        """Return when a worker's beat is overdue, if one is waited for."""
        due = [Seconds(a.at + PATIENCE) for n in self._lines.values() for a in n.asked if waits(a)]
        return min(due, default=None)

    def woken(self, now: Seconds) -> list[Step]:
        """Have written at home what is overdue."""
        late = [n for n in self._lines.values() if any(waits(a) and a.at + PATIENCE <= now for a in n.asked)]
        return [step for line in late for step in self._come_home(line, now)]

    # --- one take ------------------------------------------------------------------------------

    def _write(self, line: Line, write: Write, now: Seconds) -> list[Step]:
        line.heard.update(write.played)
        line.heard.pop(write.index, None)
        bar_line = begins_bar(line, write.index)
        steps: list[Step] = []
        if bar_line and line.worker and line.come >= line.sent - ON_ORDER:
            steps += (
                []
                if line.away
                else [Said(f"take {write.take} is written by a worker from beat {write.index}")]
            )
            line.away = True
        if bar_line:
            steps += self._offer(line, now)
        if bar_line and line.away:
            # home is never more than a bar behind
            steps += self._followed(
                line, min((a.write.index for a in line.asked), default=write.index), write
            )
        asked = Asked(write, now, home=not line.away)
        line.asked.append(asked)
        if asked.home:
            steps.append(self._at_home(line, asked))
        else:
            line.at_home = min(line.at_home, write.index)
        if line.worker:
            asked.number = line.sent
            steps.append(ToWorker(line.worker, Ordered(line.job, line.sent, (write,))))
            line.sent += 1
        line.length = write.index + 1
        if line.length > LONGEST:
            forget(line, line.at_home - REMEMBERED)
        return steps

    def _followed(self, line: Line, upto: int, under: Write) -> list[Step]:
        """Have home take what it has not written as it was, which costs it nothing."""
        past = as_it_was(line, line.at_home, upto, under)
        line.home.extend(None for _ in past)
        line.at_home = max(line.at_home, upto)
        return [ToHome(write) for write in past]

    def _at_home(self, line: Line, asked: Asked) -> Step:
        line.home.append(asked)
        line.at_home = asked.write.index + 1
        return ToHome(asked.write)

    def _offer(self, line: Line, now: Seconds) -> list[Step]:
        if (
            not self._there
            or line.worker
            or line.length > LONGEST
            or now < line.offered + AGAIN
            or now < self._rest
        ):
            return []
        line.job, line.offered = self._new_id(), now
        return [Offer(Job(line.job, self._weights, line.begin))]

    def _joined(self, line: Line, worker: str) -> list[Step]:
        """Tell a new worker what was written, and what is on order."""
        line.worker, line.sent, line.come = worker, 0, 0
        first = line.asked[0].write.index if line.asked else line.length
        under = line.asked[0].write if line.asked else Write(line.begin.take, 0, line.begin.controls)
        writes = as_it_was(line, 0, first, under)
        for asked in line.asked:
            asked.number = len(writes)
            writes.append(asked.write)
        line.sent = len(writes)
        return [ToWorker(worker, Ordered(line.job, 0, tuple(writes)))] if writes else []

    def _come_home(self, line: Line, now: Seconds) -> list[Step]:
        """Go on at home with what the worker was asked for, after what it wrote."""
        steps: list[Step] = [ToWorker(line.worker, Done(line.job))] if line.worker and self._there else []
        if line.worker:
            steps.append(Said(f"take {line.begin.take} is written at home again"))
        line.worker, line.job, line.away, line.offered = "", "", False, now
        missing = [asked for asked in line.asked if not asked.home and asked.answer is None]
        last = line.asked[-1].write if line.asked else Write(line.begin.take, 0, line.begin.controls)
        under = missing[0].write if missing else last
        steps += self._followed(line, under.index if missing else line.length, under)
        for asked in missing:
            asked.home = True
            steps.append(self._at_home(line, asked))
        return steps


def _released(line: Line) -> list[Step]:
    """Give the session the answers that are there, in the order of their orders."""
    steps: list[Step] = []
    while line.asked and (answer := line.asked[0].answer) is not None:
        asked = line.asked.popleft()
        if answer.beat is not None:
            line.beats[asked.write.index] = answer.beat
        steps.append(Answered(answer))
    return steps
