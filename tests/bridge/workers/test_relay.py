"""Beats by workers: whatever happens to them, each order has one answer, in order, and the music is the same."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clock import Seconds
from bridge.workers.protocol import Accepted, Done, FromWorker, Job, Ordered, Refused, Streamed, pack, unpack
from bridge.workers.relay import (
    BEAT_TIMEOUT,
    MAX_OFFERED_BEATS,
    LogLine,
    Relay,
    Step,
    ToAllWorkers,
    ToLocal,
    ToSession,
    ToWorker,
    is_answer,
)
from bridge.workers.worker import ActiveJobs
from model.generation.messages import Answer, BeatWritten, Begin, Failed, Forget, Order, Understood, Write
from model.music.notes import Note, Ticks
from model.music.plan import Controls, Plan
from tests.support.virtual_band import beat_of

PLAN = Plan(meter="3/4")
ANSWERS = "llmball-work/answers/me"


@dataclass
class Player:
    """A generator that writes a take's beats in turn, and refuses to leave one out."""

    written: dict[int, int] = field(default_factory=dict)
    works: int = 0

    def execute(self, order: Order) -> Answer | None:
        match order:
            case Begin(take):
                self.written[take] = 0
                return Understood(take, PLAN)
            case Write(take, index):
                assert index <= self.written[take], "a beat was left out"
                self.written[take] = index + 1
                if order.hands is not None:
                    return BeatWritten(take, replace(beat_of(0, index, PLAN), notes=order.hands.notes))
                self.works += 1
                return BeatWritten(take, beat_of(0, index, PLAN))
            case Forget(take):
                self.written.pop(take, None)
        return None


@dataclass
class Stage:
    """A relay, our generator and workers, with everything on its way written down."""

    relay: Relay = field(default_factory=lambda: Relay("w", map(str, itertools.count()).__next__))
    home: Player = field(default_factory=Player)
    workers: dict[str, tuple[ActiveJobs, Player]] = field(default_factory=dict)
    now: Seconds = Seconds(0.0)
    answers: list[Answer] = field(default_factory=list)
    at_home: list[Answer] = field(default_factory=list)
    coming: list[FromWorker] = field(default_factory=list)
    turn: int = 0

    def hire(self, name: str, weights: str = "w") -> None:
        self.workers[name] = (ActiveJobs(name, weights), Player())

    def do(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case ToLocal(order):
                    if (answer := self.home.execute(order)) is not None:
                        self.at_home.append(answer)
                case ToAllWorkers(job) if self.workers:
                    names = [*self.workers]
                    self.turn += 1
                    self.work(names[self.turn % len(names)], unpack(pack(job), Job))
                case ToWorker(worker, value) if worker in self.workers:
                    self.work(worker, unpack(pack(value), Ordered, Done))
                case ToSession(answer):
                    self.answers.append(answer)
                case LogLine() | ToAllWorkers() | ToWorker():
                    pass

    def work(self, name: str, said: Job | Ordered | Done) -> None:
        benches, player = self.workers[name]
        orders, told = benches.on_offer(said, ANSWERS) if isinstance(said, Job) else benches.on_order(said, ANSWERS)
        self.coming += [value for _, value in told]
        for order in orders:
            answer = player.execute(order)
            if answer is not None:
                self.coming += [value for _, value in benches.on_answer(answer)]

    def home_answers(self) -> None:
        if self.at_home:
            self.do(self.relay.on_local_answer(self.at_home.pop(0)))

    def worker_answers(self, twice: bool = False) -> None:
        if self.coming:
            said = unpack(pack(self.coming.pop(0)), Accepted, Refused, Streamed)
            for _ in range(1 + twice):
                self.do(self.relay.on_worker_message(said, self.now))

    def kill(self, name: str) -> None:
        del self.workers[name]
        self.coming = [c for c in self.coming if not isinstance(c, Streamed)]
        self.do(self.relay.on_worker_exit(name, self.now))

    def settle(self) -> None:
        while self.at_home or self.coming:
            self.worker_answers()
            self.home_answers()

    def begin(self, take: int = 1) -> None:
        self.do(self.relay.order(Begin(take, "jazz", Controls(), 7), self.now))

    def write(self, index: int, take: int = 1) -> None:
        self.do(self.relay.order(Write(take, index, Controls()), self.now))

    def beats(self) -> list[int]:
        return [a.beat.index for a in self.answers if isinstance(a, BeatWritten) and a.beat is not None]


def staged(*workers: str) -> Stage:
    stage = Stage()
    for name in workers:
        stage.hire(name)
    stage.do(stage.relay.on_connection(True, stage.now))
    return stage


def test_a_worker_takes_over_at_a_bar_line_and_home_rests() -> None:
    stage = staged("ann")
    stage.begin()
    for index in range(12):
        stage.write(index)
        stage.settle()
        if index < 2:
            assert stage.relay.beats_by_source["workers"] == 0, "not before a bar line"
    assert stage.beats() == [*range(12)]
    assert stage.relay.beats_by_source == {"home": 3, "workers": 9} or stage.relay.beats_by_source == {
        "home": 0,
        "workers": 12,
    }
    assert stage.home.works == stage.relay.beats_by_source["home"]


def test_a_worker_that_dies_within_a_bar_leaves_no_beat_unwritten() -> None:
    stage = staged("ann")
    stage.begin()
    for index in range(8):
        stage.write(index)
        stage.settle()
    stage.write(8)
    stage.write(9)
    stage.kill("ann")
    stage.settle()
    stage.write(10)
    stage.settle()
    assert stage.beats() == [*range(11)]
    assert stage.home.works < 11, "what the worker wrote was not written again"


def test_a_beat_that_is_overdue_is_written_at_home() -> None:
    stage = staged("ann")
    stage.begin()
    for index in range(6):
        stage.write(index)
        stage.settle()
    stage.write(6)
    assert stage.relay.next_deadline() == BEAT_TIMEOUT
    stage.now = BEAT_TIMEOUT
    stage.do(stage.relay.on_timeout(stage.now))
    while stage.at_home:
        stage.home_answers()
    assert stage.beats() == [*range(7)]
    assert stage.relay.next_deadline() is None


def test_a_beat_that_is_lost_on_its_way_brings_the_take_home_and_none_is_missing() -> None:
    stage = staged("ann")
    stage.begin()
    for index in range(6):
        stage.write(index)
        stage.settle()
    stage.write(6)
    del stage.coming[0]
    stage.write(7)
    stage.settle()
    assert stage.beats() == [*range(6)], "the seventh is not told before the sixth"
    stage.now = BEAT_TIMEOUT
    stage.do(stage.relay.on_timeout(stage.now))
    stage.settle()
    assert stage.beats() == [*range(8)]


def test_other_weights_are_refused_with_words_and_the_take_stays_at_home() -> None:
    stage = Stage()
    stage.hire("ann", "other")
    stage.do(stage.relay.on_connection(True, stage.now))
    stage.begin()
    [refused] = stage.coming
    assert isinstance(refused, Refused)
    assert "same version" in refused.reason
    for index in range(9):
        stage.write(index)
        stage.settle()
    assert stage.relay.beats_by_source == {"home": 9, "workers": 0}


def test_jobs_and_orders_that_come_twice_are_done_once() -> None:
    benches = ActiveJobs("ann", "w")
    job = Job("j", "w", Begin(5, "jazz", Controls(), 1))
    assert len(benches.on_offer(job, ANSWERS)[0]) == 1
    assert benches.on_offer(job, ANSWERS) == ([], [])
    ordered = Ordered("j", 0, (Write(5, 0, Controls()),))
    assert len(benches.on_order(ordered, ANSWERS)[0]) == 1
    assert benches.on_order(ordered, ANSWERS) == ([], [])
    assert benches.on_order(Done("j"), ANSWERS)[0] == [Forget(1)]
    assert benches.on_offer(job, ANSWERS) == ([], [])
    [(topic, refused)] = benches.on_order(ordered, ANSWERS)[1]
    assert topic == ANSWERS
    assert isinstance(refused, Refused)


def test_a_take_that_fails_on_a_worker_is_written_at_home() -> None:
    stage = staged("ann")
    stage.begin()
    stage.write(0)
    benches, _ = stage.workers["ann"]
    stage.coming = [stage.coming[0], *(v for _, v in benches.on_answer(Failed(1, "out of memory")))]
    stage.settle()
    stage.write(1)
    stage.settle()
    assert stage.beats() == [0, 1]


def test_a_take_that_plays_for_hours_is_remembered_as_far_as_it_may_go_back() -> None:
    stage = staged("ann")
    stage.begin()
    for index in range(3 * MAX_OFFERED_BEATS):
        stage.write(index)
        stage.settle()
    assert stage.relay.remembered_beats <= MAX_OFFERED_BEATS
    stage.kill("ann")
    for index in range(3 * MAX_OFFERED_BEATS - 16, 3 * MAX_OFFERED_BEATS + 8):
        stage.write(index)
        stage.settle()
    assert stage.beats()[-1] == 3 * MAX_OFFERED_BEATS + 7


def test_a_worker_that_accepts_a_take_too_long_to_tell_is_let_go() -> None:
    stage = Stage()
    stage.do(stage.relay.on_connection(True, stage.now))
    stage.begin()
    for index in range(MAX_OFFERED_BEATS + 2):
        stage.write(index)
        stage.settle()
    steps = stage.relay.on_worker_message(Accepted("0", "late"), stage.now)
    assert [step.value for step in steps if isinstance(step, ToWorker)] == [Done("0")]


MOVES = st.lists(
    st.sampled_from(["home", "worker", "twice", "write", "write", "write", "kill", "hire", "late", "back", "broker", "lost"]),
    max_size=60,
)  # fmt: skip


@given(MOVES)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_each_order_has_its_answer_in_order(moves: list[str]) -> None:
    stage = staged("ann", "bob")
    names = itertools.count()
    stage.begin()
    asked: list[int] = []
    following = 0
    there = True
    for move in moves:
        stage.now = Seconds(stage.now + 0.05)
        match move:
            case "home":
                stage.home_answers()
            case "worker" | "twice":
                stage.worker_answers(move == "twice")
            case "write":
                if len(asked) - len(stage.beats()) < 2:
                    stage.write(following)
                    asked.append(following)
                    following += 1
            case "back" if following > 2:
                following -= 2
            case "kill" if stage.workers:
                stage.kill(next(iter(stage.workers)))
            case "hire":
                stage.hire(f"new{next(names)}")
            case "lost" if stage.coming and isinstance(stage.coming[0], Streamed):
                del stage.coming[0]  # beats travel without acknowledgement
            case "late":
                stage.now = Seconds(stage.now + 6)
                stage.do(stage.relay.on_timeout(stage.now))
            case "broker":
                there = not there
                stage.do(stage.relay.on_connection(there, stage.now))
    stage.now = Seconds(stage.now + 60)
    stage.settle()
    stage.do(stage.relay.on_timeout(stage.now))
    stage.settle()
    assert stage.beats() == asked


def lies() -> list[BeatWritten]:
    """Answers to the order of beat 3 that are none."""
    beat = beat_of(0, 3, PLAN)
    note = beat.notes[0]
    bad = [replace(beat, meter=m) for m in ("4/0", "-4/4", "4/-4", "", "13/8")]
    bad += [replace(beat, index=i) for i in (2, 10**15, -1)] + [replace(beat, beat=b) for b in (3, -1)]
    bad += [replace(beat, bar=b) for b in (-1, 10**9)]
    bad += [replace(beat, chord=c) for c in ("", "H#x", "C" * 4000, "C" + " " * 4000, "C" + "/" * 90)]
    bad += [replace(beat, notes=(n,)) for n in (
        replace(note, part="kazoo"), replace(note, length=Ticks(10**12)), replace(note, length=Ticks(10**400)),
        replace(note, start=Ticks(10**15)), replace(note, offset=-(10**15)), replace(note, offset=10**5),
        replace(note, source=10**300),
    )]  # fmt: skip
    return [BeatWritten(0, one) for one in (*bad, replace(beat, notes=(note,) * 5000))]


def test_a_worker_that_lies_is_no_answer_and_an_honest_one_is() -> None:
    write = Write(0, 3, Controls())
    assert is_answer(BeatWritten(0, beat_of(0, 3, PLAN)), write)
    held = Note(Ticks(0), Ticks(480 * 16), 60)
    assert is_answer(BeatWritten(0, replace(beat_of(0, 3, PLAN), notes=(held,))), write)
    assert [lie for lie in lies() if is_answer(lie, write)] == []


def test_the_end_of_a_take_is_an_answer_only_where_it_can_have_ended() -> None:
    assert not is_answer(BeatWritten(0, None), Write(0, 3, Controls())), "it has no end"
    assert not is_answer(BeatWritten(0, None), Write(0, 3, Controls()), bars=2)
    assert is_answer(BeatWritten(0, None), Write(0, 6, Controls()), bars=2)


def test_a_beat_follows_the_one_before_it() -> None:
    write, before, beat = Write(0, 3, Controls()), beat_of(0, 2, PLAN), beat_of(0, 3, PLAN)
    assert is_answer(BeatWritten(0, beat), write, before=before)
    for wrong in (replace(beat, beat=1), replace(beat, bar=0), replace(beat, bar=2)):
        assert is_answer(BeatWritten(0, wrong), write)
        assert not is_answer(BeatWritten(0, wrong), write, before=before)


NAMES = ["#", "+", "a/b", "", "a b", "\0", "x" * 70_000, "ä", "w\n", "$SYS"]


def test_a_worker_whose_name_cannot_stand_in_a_topic_is_not_spoken_to_and_told_once() -> None:
    told: list[str] = []
    for name in NAMES:
        stage = Stage()
        stage.do(stage.relay.on_connection(True, stage.now))
        offer = next(
            s for s in stage.relay.order(Begin(1, "x", Controls(), 7), stage.now) if isinstance(s, ToAllWorkers)
        )
        for _ in range(3):
            steps = stage.relay.on_worker_message(Accepted(offer.job.id, name), stage.now)
            assert not [s for s in steps if isinstance(s, ToWorker)], name
            told += [s.line for s in steps if isinstance(s, LogLine)]
    assert len(told) == len(NAMES), "once each relay"


def test_a_worker_that_lied_is_not_used_again_and_another_is() -> None:
    stage = Stage()
    stage.do(stage.relay.on_connection(True, stage.now))

    def offered(order: Order) -> str:
        (offer,) = [s for s in stage.relay.order(order, stage.now) if isinstance(s, ToAllWorkers)]
        return offer.job.id

    job = offered(Begin(1, "x", Controls(), 7))
    assert not stage.relay.on_worker_message(Accepted(job, "liar"), stage.now)
    stage.relay.order(Write(1, 0, Controls()), stage.now)
    steps = stage.relay.on_worker_message(Streamed(job, 0, BeatWritten(9, None)), stage.now)
    assert ToWorker("liar", Done(job)) in steps
    assert any(isinstance(s, LogLine) and "avoided" in s.line for s in steps)
    again = offered(Begin(2, "x", Controls(), 7))
    assert stage.relay.on_worker_message(Accepted(again, "liar"), stage.now) == [ToWorker("liar", Done(again))]
    stage.relay.on_worker_message(Accepted(again, "honest"), stage.now)
    steps = stage.relay.order(Write(2, 0, Controls()), stage.now)
    assert [s.worker for s in steps if isinstance(s, ToWorker)] == ["honest"]
