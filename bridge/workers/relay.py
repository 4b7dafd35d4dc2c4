"""Chooses per take whether the local generator or a remote worker writes the beats. Pure; owned by the daemon.

Every take starts with the local generator ("home"), so a prompt is as quick as without workers. It is also offered to the
workers; the one that accepts follows, and from the first bar line at which it has caught up its beats are used. A beat that
is late, or whose worker is gone, is written locally, after the local generator was told the beats so far. Each order gets
one answer, in order; the session does not know from where.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bridge.clock import Seconds
from bridge.takes.takes import MAX_ON_ORDER
from bridge.workers.protocol import Accepted, Done, FromWorker, Job, Ordered, Refused, is_worker_name
from model.generation.messages import Answer, BeatWritten, Begin, Failed, Forget, Order, Understood, Write
from model.music.harmony import parse_chord
from model.music.notes import METERS, PARTS, TICKS_PER_QUARTER, Beat, Kept, beats_in_bar


@dataclass(slots=True)
class PendingOrder:
    """An order without an answer: sent to the local generator, to a worker under a number, or to both."""

    write: Write
    sent_at: Seconds
    local: bool
    number: int | None = None
    answer: BeatWritten | None = None


@dataclass(slots=True)
class RemoteTake:
    """State of a take: pending orders, written beats, and how far the local generator and its worker are.

    `beats` are by index; `as_played` has those that sounded differently. `length`: the index after the last beat ordered.
    `local_position`: the next beat of the local generator. `sent`, `received`: orders and answers of the worker.
    """

    begin: Begin
    pending: deque[PendingOrder] = field(default_factory=deque)
    beats: dict[int, Beat] = field(default_factory=dict)
    as_played: dict[int, Kept] = field(default_factory=dict)
    length: int = 0
    local_position: int = 0
    local_orders: deque[PendingOrder | None] = field(default_factory=deque)
    job: str = ""
    offered_at: Seconds = Seconds(-1e9)
    worker: str = ""
    remote: bool = False
    sent: int = 0
    received: int = 0


MAX_BEAT_NOTES, MAX_NOTE_QUARTERS = 512, 64
"""Notes of a beat, and quarter notes of a note, that a worker may send at most."""
MAX_SOURCE = 2**31


MAX_CHORD_CHARACTERS = 40


def is_answer(answer: BeatWritten, write: Write, bars: int | None = None, before: Beat | None = None) -> bool:
    """Return True if an answer is the beat that was asked for: what another machine says is checked like a client's words.

    `bars` are those of the take, which ends after them and not before, None of one without an end; `before` is the beat
    before it, where it is known.
    """
    beat = answer.beat
    if beat is None:
        return bars is not None and write.index >= bars * min(map(beats_in_bar, METERS))
    if beat.meter not in METERS or beat.index != write.index or not 0 <= beat.beat < beats_in_bar(beat.meter):
        return False
    if not 0 <= beat.bar <= beat.index or len(beat.notes) > MAX_BEAT_NOTES:
        return False
    if before is not None and (beat.bar, beat.beat) != _place_after(before):
        return False
    try:
        if beat.chord is not None:
            if len(beat.chord) > MAX_CHORD_CHARACTERS:
                return False
            parse_chord(beat.chord)
    except ValueError:
        return False
    longest = MAX_NOTE_QUARTERS * TICKS_PER_QUARTER
    return all(
        n.part in PARTS
        and 0 <= n.start < beat.length
        and n.length <= longest
        and abs(n.offset) <= TICKS_PER_QUARTER
        and abs(n.source) < MAX_SOURCE
        for n in beat.notes
    )


def _place_after(beat: Beat) -> tuple[int, int]:
    """Return bar and beat of the beat after one."""
    return (beat.bar, beat.beat + 1) if beat.beat + 1 < beats_in_bar(beat.meter) else (beat.bar + 1, 0)


def waits_for_worker(order: PendingOrder) -> bool:
    """Return True if an order waits for a worker."""
    return not order.local and order.answer is None


def begins_bar(take: RemoteTake, index: int) -> bool:
    """Return True if a beat is the first of its bar; False if the beat before it is not known."""
    before = take.beats.get(index - 1)
    if before is None and index:
        return False
    return before is None or before.beat + 1 == beats_in_bar(before.meter)


def forget_before(take: RemoteTake, before: int) -> None:
    """Drop the beats before one: no generator needs them any more."""
    for known in (take.beats, take.as_played):
        for index in [i for i in known if i < before]:
            del known[index]


def replay_orders(take: RemoteTake, first: int, last: int, under: Write) -> list[Write]:
    """Return orders that give a generator known beats as fixed content, so that it samples nothing."""
    writes: list[Write] = []
    answered = {a.write.index: a.answer.beat for a in take.pending if a.answer is not None}
    for index in range(first, last):
        beat = answered.get(index) or take.beats.get(index)
        if beat is None:
            break  # the take has ended
        kept = take.as_played.get(index) or Kept(beat.notes, frozenset(PARTS), True, beat.chord, beat.fresh)
        whole = replace(kept, parts=frozenset(PARTS), harmony=True)
        controls = replace(under.controls, meter=beat.meter)
        writes.append(Write(take.begin.take, index, controls, whole))
    return writes


BEAT_TIMEOUT = Seconds(0.4)
"""A worker's beat that takes longer is written locally."""
REOFFER_INTERVAL = Seconds(5.0)
"""A take without a worker is offered again after this time, after a refusal after ten times as long."""
MAX_OFFERED_BEATS = 600
"""Beats; a longer take is not offered any more, since a worker needs all its beats. Then `HISTORY_BEATS` are kept."""
MAX_AVOIDED = 256
"""Workers that sent what is no beat, and are not used again."""
HISTORY_BEATS = 64
"""Beats that are kept before the local generator's position: the session may rewind as far as it plans ahead."""


@dataclass(frozen=True, slots=True)
class ToLocal:
    """Send an order to the local generator."""

    order: Order


@dataclass(frozen=True, slots=True)
class ToAllWorkers:
    """Offer a job to all workers."""

    job: Job


@dataclass(frozen=True, slots=True)
class ToWorker:
    """Send a message to one worker."""

    worker: str
    value: Ordered | Done


@dataclass(frozen=True, slots=True)
class ToSession:
    """Pass an answer to the session."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class LogLine:
    """Write a line to the log."""

    line: str


Step = ToLocal | ToAllWorkers | ToWorker | ToSession | LogLine


class Relay:
    """The active takes and who writes them. `new_job_id` returns unique ids; `weights` is the hash of our weights."""

    def __init__(self, weights: str, new_job_id: Callable[[], str]) -> None:
        self._weights, self._new_job_id = weights, new_job_id
        self._takes: dict[int, RemoteTake] = {}
        self._connected = False
        self._no_offers_until = Seconds(-1e9)
        self._avoided: dict[str, None] = {}
        self._told_of_names = False
        self.beats_by_source = {"home": 0, "workers": 0}
        """The number of beats by who wrote them."""

    @property
    def remembered_beats(self) -> int:
        """The number of beats kept, of all takes."""
        return sum(len(remote_take.beats) for remote_take in self._takes.values())

    def on_connection(self, connected: bool, now: Seconds) -> list[Step]:
        """Note that the broker was reached or lost; without it all takes are written locally."""
        self._connected = connected
        steps: list[Step] = []
        if not connected:
            for remote_take in self._takes.values():
                steps += self._return_to_local(remote_take, now)
        return steps

    def on_generator_exit(self) -> None:
        """Forget all takes: the local generator died."""
        self._takes.clear()

    def order(self, order: Order, now: Seconds) -> list[Step]:
        """Process an order of the session."""
        match order:
            case Begin():
                self._takes[order.take] = RemoteTake(order)
                return [ToLocal(order), *self._offer_job(self._takes[order.take], now)]
            case Forget(take):
                remote_take = self._takes.pop(take, None)
                done = (
                    [ToWorker(remote_take.worker, Done(remote_take.job))]
                    if remote_take is not None and remote_take.worker
                    else []
                )
                return [ToLocal(order), *done]
            case Write(take) if take in self._takes:
                return self._order_beat(self._takes[take], order, now)
        return [ToLocal(order)]

    def on_local_answer(self, answer: Answer) -> list[Step]:
        """Process an answer of the local generator."""
        remote_take = self._takes.get(answer.take)
        if isinstance(answer, Understood) or remote_take is None:
            return [ToSession(answer)]
        if isinstance(answer, Failed):
            del self._takes[answer.take]
            done = [ToWorker(remote_take.worker, Done(remote_take.job))] if remote_take.worker else []
            return [*done, ToSession(answer)]
        pending = remote_take.local_orders.popleft() if remote_take.local_orders else None
        if pending is not None and pending.answer is None:
            pending.answer = answer
            self.beats_by_source["home"] += 1
        return _answers_in_order(remote_take)

    def on_worker_message(self, message: FromWorker, now: Seconds) -> list[Step]:
        """Process a worker's message; messages of unknown jobs are ignored."""
        remote_take = next((one for one in self._takes.values() if one.job == message.job), None)
        if remote_take is None:
            return []
        match message:
            case Accepted(_, worker) if not is_worker_name(worker):
                lines = [] if self._told_of_names else [LogLine("a worker's name cannot stand in a topic: not used")]
                self._told_of_names = True
                return [*lines]
            case Accepted(_, worker) if worker in self._avoided:
                return [ToWorker(worker, Done(remote_take.job))] if not remote_take.worker else []
            case Accepted(_, worker) if remote_take.length > MAX_OFFERED_BEATS:
                return [ToWorker(worker, Done(remote_take.job))] if not remote_take.worker else []
            case Accepted(_, worker):
                return self._on_accepted(remote_take, worker) if not remote_take.worker else []
            case Refused(_, reason):
                self._no_offers_until = Seconds(now + 9 * REOFFER_INTERVAL)
                return [LogLine(f"a worker refuses: {reason}"), *self._return_to_local(remote_take, now)]
        if message.number != remote_take.received or not remote_take.worker:
            return []  # arrived twice
        remote_take.received += 1
        pending = next((one for one in remote_take.pending if one.number == message.number), None)
        if pending is not None and not self._is_answer(remote_take, message.answer, pending.write):
            self._avoid(remote_take.worker)
            return [
                LogLine(f"worker {remote_take.worker} sends what is no beat: avoided"),
                *self._return_to_local(remote_take, now),
            ]
        if pending is not None and not pending.local and pending.answer is None:
            pending.answer = replace(message.answer, take=remote_take.begin.take)
            self.beats_by_source["workers"] += 1
        return _answers_in_order(remote_take)

    def _is_answer(self, remote_take: RemoteTake, answer: BeatWritten, write: Write) -> bool:
        waiting = (one.answer.beat for one in remote_take.pending if one.answer is not None)
        earlier = next((beat for beat in waiting if beat is not None and beat.index == write.index - 1), None)
        before = earlier or remote_take.beats.get(write.index - 1)
        return is_answer(answer, write, remote_take.begin.bars, before)

    def _avoid(self, worker: str) -> None:
        self._avoided[worker] = None
        if len(self._avoided) > MAX_AVOIDED:
            del self._avoided[next(iter(self._avoided))]

    def on_worker_exit(self, worker: str, now: Seconds) -> list[Step]:
        """Return the takes of a worker that is gone to the local generator."""
        return [s for one in self._takes.values() if one.worker == worker for s in self._return_to_local(one, now)]

    def next_deadline(self) -> Seconds | None:
        """Return the time at which a worker's beat is overdue, None if none is waited for."""
        due = [
            Seconds(a.sent_at + BEAT_TIMEOUT) for n in self._takes.values() for a in n.pending if waits_for_worker(a)
        ]
        return min(due, default=None)

    def on_timeout(self, now: Seconds) -> list[Step]:
        """Return takes with overdue beats to the local generator."""
        late = [
            n
            for n in self._takes.values()
            if any(waits_for_worker(a) and a.sent_at + BEAT_TIMEOUT <= now for a in n.pending)
        ]
        return [step for remote_take in late for step in self._return_to_local(remote_take, now)]

    # --- one take ------------------------------------------------------------------------------

    def _order_beat(self, remote_take: RemoteTake, write: Write, now: Seconds) -> list[Step]:
        remote_take.as_played.update(write.played)
        remote_take.as_played.pop(write.index, None)
        bar_line = begins_bar(remote_take, write.index)
        steps: list[Step] = []
        if bar_line and remote_take.worker and remote_take.received >= remote_take.sent - MAX_ON_ORDER:
            steps += (
                []
                if remote_take.remote
                else [LogLine(f"take {write.take} is written by a worker from beat {write.index}")]
            )
            remote_take.remote = True
        if bar_line:
            steps += self._offer_job(remote_take, now)
        if bar_line and remote_take.remote:
            # the local generator is at most a bar behind
            steps += self._catch_up_local(
                remote_take, min((a.write.index for a in remote_take.pending), default=write.index), write
            )
        pending = PendingOrder(write, now, local=not remote_take.remote)
        remote_take.pending.append(pending)
        if pending.local:
            steps.append(self._order_locally(remote_take, pending))
        else:
            remote_take.local_position = min(remote_take.local_position, write.index)
        if remote_take.worker:
            pending.number = remote_take.sent
            steps.append(ToWorker(remote_take.worker, Ordered(remote_take.job, remote_take.sent, (write,))))
            remote_take.sent += 1
        remote_take.length = write.index + 1
        if remote_take.length > MAX_OFFERED_BEATS:
            forget_before(remote_take, remote_take.local_position - HISTORY_BEATS)
        return steps

    def _catch_up_local(self, remote_take: RemoteTake, upto: int, under: Write) -> list[Step]:
        """Send the local generator the beats that the worker wrote, as fixed content, so that its state catches up without sampling."""
        past = replay_orders(remote_take, remote_take.local_position, upto, under)
        remote_take.local_orders.extend(None for _ in past)
        remote_take.local_position = max(remote_take.local_position, upto)
        return [ToLocal(write) for write in past]

    def _order_locally(self, remote_take: RemoteTake, pending: PendingOrder) -> Step:
        remote_take.local_orders.append(pending)
        remote_take.local_position = pending.write.index + 1
        return ToLocal(pending.write)

    def _offer_job(self, remote_take: RemoteTake, now: Seconds) -> list[Step]:
        if (
            not self._connected
            or remote_take.worker
            or remote_take.length > MAX_OFFERED_BEATS
            or now < remote_take.offered_at + REOFFER_INTERVAL
            or now < self._no_offers_until
        ):
            return []
        remote_take.job, remote_take.offered_at = self._new_job_id(), now
        return [ToAllWorkers(Job(remote_take.job, self._weights, remote_take.begin))]

    def _on_accepted(self, remote_take: RemoteTake, worker: str) -> list[Step]:
        """Send a new worker the beats so far and the pending orders."""
        remote_take.worker, remote_take.sent, remote_take.received = worker, 0, 0
        first = remote_take.pending[0].write.index if remote_take.pending else remote_take.length
        under = (
            remote_take.pending[0].write
            if remote_take.pending
            else Write(remote_take.begin.take, 0, remote_take.begin.controls)
        )
        writes = replay_orders(remote_take, 0, first, under)
        for pending in remote_take.pending:
            pending.number = len(writes)
            writes.append(pending.write)
        remote_take.sent = len(writes)
        return [ToWorker(worker, Ordered(remote_take.job, 0, tuple(writes)))] if writes else []

    def _return_to_local(self, remote_take: RemoteTake, now: Seconds) -> list[Step]:
        """Continue a take with the local generator: send it the worker's beats, then the orders without an answer."""
        steps: list[Step] = (
            [ToWorker(remote_take.worker, Done(remote_take.job))] if remote_take.worker and self._connected else []
        )
        if remote_take.worker:
            steps.append(LogLine(f"take {remote_take.begin.take} is written at home again"))
        remote_take.worker, remote_take.job, remote_take.remote, remote_take.offered_at = "", "", False, now
        missing = [pending for pending in remote_take.pending if not pending.local and pending.answer is None]
        last = (
            remote_take.pending[-1].write
            if remote_take.pending
            else Write(remote_take.begin.take, 0, remote_take.begin.controls)
        )
        under = missing[0].write if missing else last
        steps += self._catch_up_local(remote_take, under.index if missing else remote_take.length, under)
        for pending in missing:
            pending.local = True
            steps.append(self._order_locally(remote_take, pending))
        return steps


def _answers_in_order(remote_take: RemoteTake) -> list[Step]:
    """Return the answers that can be passed on in the order of their orders."""
    steps: list[Step] = []
    while remote_take.pending and (answer := remote_take.pending[0].answer) is not None:
        pending = remote_take.pending.popleft()
        if answer.beat is not None:
            remote_take.beats[pending.write.index] = answer.beat
        steps.append(ToSession(answer))
    return steps
