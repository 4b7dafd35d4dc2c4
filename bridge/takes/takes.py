"""Takes as the session sees them: prompt, pending orders, beats that are ready; which plays, which comes, which played."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.clock import Seconds
from bridge.protocol.controls import Value, model_controls
from bridge.takes.arrange import Feel
from bridge.takes.recorder import BarOrigin
from bridge.takes.timeline import PlacedBeat
from model.generation.bias_weights import NamedWeights, sample_weights, shipped, updated_weights
from model.generation.messages import BeatWritten, Begin, FirstNote
from model.music.harmony import parse_key
from model.music.notes import Beat, Ticks, beats_in_bar
from model.music.plan import Controls, Plan, apply_controls, interpolate_plans
from model.music.score import Score

MAX_ON_ORDER = 2
"""Beats on order at a time: the next is generated while the last travels."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A cued section: from beat `first` of a take to before beat `last`."""

    section: str
    first: int
    last: int


@dataclass(slots=True)
class Take:
    """A take: a prompt and the state of its generation.

    Each order gets exactly one answer, in order; `rewind` starts a new epoch, and answers to orders of older epochs are
    ignored.
    """

    begin: Begin
    submitted: bool = False  # the generator has its prompt
    first_plan: Plan | None = None  # what was understood of its prompt,
    second_plan: Plan | None = None  # and of a morph's second prompt
    morph_x: float = 0.0  # its place between the two, 0 to 1
    ready: list[Beat] = field(default_factory=list)
    first_note_only: bool = False  # the first note of its first beat was ready; the rest follows
    next_to_order: int = 0  # the next beat to order
    next_to_place: int = 0  # the next beat to place
    entry_tick: Ticks | None = None  # the tick at which it enters,
    quantize: str = "bar"  # one of the lines with this name
    epoch: int = 0
    pending: deque[int] = field(default_factory=deque)  # the epochs of the pending orders
    generator_lost: bool = False  # its generator died: placed bars are repeated until another take enters
    immediate_until: Seconds | None = None  # with `quantize now`: no bar is repeated before this
    public_name: str = ""  # the first id of a take that came back
    is_return: bool = False
    cue: Cue | None = None
    end_beat: int | None = None  # index of the beat at which it ends (after an ending cue), None if it goes on
    score: Score | None = None  # the written music that it plays; the generator is not asked
    goes_on: bool = False  # it was paused with the host, and begins with another beat than its first

    @property
    def id(self) -> str:
        """Its public id: its first number, also when it comes back."""
        return self.public_name or str(self.number)

    @property
    def number(self) -> int:
        """The take's number."""
        return self.begin.take

    @property
    def plan(self) -> Plan | None:
        """What was understood of its prompt, None before that."""
        if self.first_plan is None or self.second_plan is None:
            return self.first_plan
        return interpolate_plans(self.first_plan, self.second_plan, self.morph_x)

    def feel(self, index: int) -> Feel:
        """Return its seed and swing, and what of its plan and sections the arrangement of a beat needs."""
        plan, cue = self.plan or Plan(), self.cue
        section = self.section(index)
        first, last = (cue.first, cue.last) if cue is not None and section is not None else (0, 0)
        is_written = self.score is not None
        return Feel(self.begin.seed, plan.swing, plan.swing_unit, plan, is_written, section or "", first, last)

    @property
    def can_order(self) -> bool:
        """True if another beat may be ordered; orders of older epochs count as pending."""
        return len(self.pending) < MAX_ON_ORDER and (self.end_beat is None or self.next_to_order < self.end_beat)

    @property
    def has_more(self) -> bool:
        """True if its score has another beat."""
        index = self.next_to_place
        ended = self.end_beat is not None and index >= self.end_beat
        return self.score is not None and not ended and self.score.beat(index) is not None

    def read_score(self, count: int) -> None:
        """Make the next beats of its score ready, until so many are."""
        while self.score is not None and self.has_more and len(self.ready) < count:
            beat = self.score.beat(self.next_to_place)
            assert beat is not None
            self.ready.append(beat)
            self.next_to_place += 1

    @property
    def on_order(self) -> int:
        """The number of pending orders of this epoch."""
        return sum(epoch == self.epoch for epoch in self.pending)

    def section(self, index: int) -> str | None:
        """Return the cued section of a beat, None if there is none."""
        cue = self.cue
        return cue.section if cue is not None and cue.first <= index < cue.last else None

    def rewind(self, index: int) -> None:
        """Continue from a beat in a new epoch; pending orders no longer count.

        A repeated beat has no generated counterpart, so generation resumes at the first beat that was never ordered.
        """
        self.ready.clear()
        self.first_note_only = False
        self.next_to_order, self.next_to_place = min(index, self.next_to_order), index
        self.epoch += 1

    def index_at(self, removed: Sequence[PlacedBeat]) -> int:
        """Return the beat with which it goes on in place of placed beats that are taken away."""
        own = [p for p in removed if p.take == self.number]
        index = min([*(p.music.index for p in own), self.next_to_place])
        if not removed or not index or (own and own[0] is removed[0]):
            return index
        phase = own[0].beat if own else removed[-1].beat + 1  # others' beats come first: it keeps its place in the bar
        return index + (removed[0].beat - phase) % beats_in_bar(removed[0].music.meter)

    def skip_to(self, index: int) -> None:
        """Start with this beat."""
        if any(beat.index == index for beat in self.ready):
            self.ready = [beat for beat in self.ready if beat.index >= index]
            return
        self.rewind(index)

    def next_order(self) -> int:
        """Return the index of the beat to order next, and count it as pending."""
        self.pending.append(self.epoch)
        self.next_to_order += 1
        return self.next_to_order - 1

    def on_first_note(self, first: FirstNote) -> None:
        """Make its first note ready before its first beat is complete, if it enters immediately and nothing is ready yet."""
        is_current = bool(self.pending) and self.pending[0] == self.epoch
        if is_current and self.immediate_until is not None and self.next_to_place == 0 and not self.ready:
            self.ready.append(first.beat)
            self.first_note_only = True

    def accept(self, answer: BeatWritten) -> Beat | None:
        """Return the beat of an answer, None if the answer belongs to an older epoch or the take is over."""
        is_current = bool(self.pending) and self.pending.popleft() == self.epoch
        beat = answer.beat
        return beat if is_current and beat is not None and beat.index >= self.next_to_place else None

    def take_ready(self) -> list[Beat]:
        """Return the beats that are ready, and forget them."""
        ready, self.ready = self.ready, []
        return ready

    def clear_entry(self) -> None:
        """Forget where it enters and what it was cued to: it begins with play."""
        self.entry_tick = self.immediate_until = self.cue = None
        self.end_beat = None if self.score is None else self.score.end


MAX_TAKES = 128
"""The number of takes that can be launched again; the oldest is dropped first."""


@dataclass(slots=True)
class TakeHistory:
    """`by_id` has every take that was requested, `played_ids` the ids of those that played, in order."""

    by_id: dict[str, Take] = field(default_factory=dict)
    played_ids: list[str] = field(default_factory=list)

    def add(self, take: Take) -> None:
        """Add a take that was requested."""
        self.by_id.setdefault(take.id, take)
        if len(self.by_id) > MAX_TAKES:
            del self.by_id[next(iter(self.by_id))]

    def mark_played(self, take: Take) -> None:
        """Record that a take plays. A take that came back, or goes on after a pause, resumes its old place."""
        if take.id in self.played_ids and (take.is_return or self.played_ids[-1] == take.id):
            del self.played_ids[self._last_index(take.id) + 1 :]
        else:
            self.played_ids = [*self.played_ids[-MAX_TAKES:], take.id]

    def previous(self, take: Take | None) -> Take | None:
        """Return the take that played before a take, or the last that played if that take never did."""
        played = take is not None and take.id in self.played_ids
        earlier = self.played_ids[: self._last_index(take.id)] if take is not None and played else self.played_ids
        return next((self.by_id[i] for i in reversed(earlier) if i in self.by_id), None)

    def _last_index(self, id_: str) -> int:
        return len(self.played_ids) - 1 - self.played_ids[::-1].index(id_)


@dataclass(slots=True)
class Takes:
    """The current take and the coming one, and the creation of takes (seed, controls, taste).

    `current`: the take that plays, None while stopped. `coming`: the take that will replace it, or None. `paused`: the take
    that played when the host stopped, as far as it was written; the same take comes from its first beat. `seeds` gives a
    take's seed if the controls set none; `theta` is the user's taste.
    """

    settings: Mapping[str, Value]
    seeds: Callable[[], int]
    theta: NamedWeights
    current: Take | None = None
    coming: Take | None = None
    paused: Take | None = None
    _anew: Take | None = None
    _history: TakeHistory = field(default_factory=TakeHistory)
    _last_number: int = 0
    _by_number: dict[int, Take] = field(default_factory=dict)

    def refine(self, take: Take, words: str, played: tuple[Beat, ...]) -> Take:
        """Make a coming take that changes, in words, the beats played of another; its seed stays."""
        begin = replace(take.begin, controls=model_controls(self.settings), refine=words, played=played, given=())
        return self._set_coming(replace(begin, plan=take.plan, morph=None), take.morph_x)

    def recall(self, take: Take, *, is_return: bool) -> Take:
        """Make a coming take of an earlier one, under its old id."""
        return self._set_coming(
            replace(take.begin, controls=model_controls(self.settings)), take.morph_x, take.id, is_return, take.score
        )

    def from_score(self, score: Score) -> Take:
        """Make a coming take that plays written music. To like or skip it moves no weight."""
        begin = Begin(0, score.title, model_controls(self.settings), 0, theta=tuple(self.theta.items()))
        return self._set_coming(begin, 0.0, score=score)

    def grow(self, score: Score) -> None:
        """Let takes of a score go on with more of it, or with what has come in its place; what is placed stays."""
        for take in self.all:
            if take.score is not None and take.score.name == score.name:
                take.score = score

    def from_prompt(self, text: str, second: str | None, seed: int | None = None) -> Take:
        """Make a coming take of a prompt; `second` is the other prompt of a morph. With a seed of its own it keeps no tune of the one before."""
        is_chosen = seed is not None
        if seed is None:
            seed = int(self.settings["seed"])
        if seed < 0:
            seed = self.seeds()
        theta = tuple(sample_weights(self.theta, seed).items())
        band = self._sounding_plan
        key = None if band is None else band.key
        begin = Begin(
            0,
            text,
            model_controls(self.settings),
            seed,
            morph=second,
            theta=theta,
            key=key,
            band=band,
            after=None if band is None or self.current is None or is_chosen else self.current.number,
        )
        return self._set_coming(begin, float(self.settings["morph/x"]))

    def restart(self, take: Take) -> Take:
        """Make a coming take of one that the generator lost, with the same prompt and seed."""
        take.generator_lost = True
        return self._set_coming(take.begin, take.morph_x, take.id, is_return=True)

    def pause(self) -> None:
        """Keep the take that plays as far as it was written, and let it come from its first beat too, as one that is written anew."""
        take = self.current if self.coming is None else self.coming if self.coming.goes_on else None
        if take is None or take.generator_lost:
            return
        take.rewind(take.next_to_place)
        take.clear_entry()
        self.current, self.paused, take.goes_on = None, take, False
        self._anew = self._set_coming(take.begin, take.morph_x, take.id, is_return=True, score=take.score)
        self._anew.first_plan, self._anew.second_plan = take.first_plan, take.second_plan

    @property
    def waits_paused(self) -> Take | None:
        """The paused take, None where another was asked for meanwhile."""
        return self.paused if self.coming is self._anew else None

    def resume(self, index: int | None) -> Take | None:
        """Let the paused take come, with this beat; None: it begins anew. Return the take that is not needed any more."""
        paused, anew = self.paused, self._anew
        self.paused = self._anew = None
        if paused is None or index is None:
            return paused
        paused.rewind(index)
        paused.goes_on, self.coming = True, paused
        return anew

    def make_current(self, take: Take) -> None:
        """Make the coming take the one that plays."""
        self.current, self.coming = take, None
        self._history.mark_played(take)

    def drop_coming(self) -> None:
        """Forget the coming take: it failed."""
        self.coming = None

    def reset(self, take: Take | None, *, played: bool) -> None:
        """Stop: no take plays and `take` comes, from its first beat. `played`: whether playback was running."""
        self.current, self.coming = None, take
        if take is not None and take.generator_lost:
            self.restart(take)
        elif take is not None and (played or take.goes_on):
            take.rewind(0)
            take.goes_on = False
        if self.coming is not None:
            self.coming.clear_entry()

    def on_generator_exit(self) -> None:
        """Forget the pending orders, which will not be answered, and the paused take, which nobody has any more."""
        for take in self.all:
            take.pending.clear()
        self.paused = self._anew = None

    def on_generator_ready(self) -> bool:
        """Make the coming (or current) take ready to be submitted again; return True if a take was restarted."""
        generated = self.current if self.current is not None and self.current.score is None else None
        if self.coming is None:
            if generated is not None:
                self.restart(generated)
            return generated is not None
        self.coming.rewind(0)
        self.coming.submitted = False
        if generated is not None:
            generated.generator_lost = True
        return False

    def rate(self, liked: bool | None) -> NamedWeights | None:
        """Update the taste by the current take; None resets it. Return the new weights, None if nothing plays."""
        if liked is None:
            self.theta = shipped()
        elif self.current is None:
            return None
        else:
            self.theta = updated_weights(self.theta, dict(self.current.begin.theta), liked)
        return self.theta

    def find(self, number: int) -> Take | None:
        """Return the current or coming take with a number, None if it was dropped."""
        return next((take for take in self.all if take.number == number), None)

    def by_id(self, id_: str) -> Take | None:
        """Return an earlier take by its public id."""
        return self._history.by_id.get(id_)

    def previous(self) -> Take | None:
        """Return the take that played before the one that plays, or before the one that is coming back."""
        coming, current = self.coming, self.current
        returns = coming is not None and (coming.is_return or current is None)
        return self._history.previous(coming if returns else current)

    def origin(self, number: int) -> BarOrigin:
        """Return what the bars of a take came from: id, prompt, seed, refinement, second prompt."""
        take = self._by_number.get(number)
        if take is None:
            return BarOrigin(str(number), "", 0)
        begin = take.begin
        return BarOrigin(take.id, begin.prompt, begin.seed, begin.refine or "", begin.morph or "")

    def sounding(self, number: int, controls: Mapping[str, Value]) -> tuple[str, str]:
        """Return the key in which a take sounds under the controls that are not at their default, and the words that it came from."""
        take = self._by_number.get(number)
        told = self.origin(number)
        words = f"{told.prompt}, refined: {told.refined}" if told.refined else told.prompt
        plan = (take.plan if take is not None else None) or Plan()
        chosen = Controls()
        if take is None or take.score is None:  # a piece keeps its own key
            chosen = Controls(key=str(controls.get("key", "auto")), chords=str(controls.get("chords", "auto")))
        key = parse_key(apply_controls(plan, chosen)[0].key)
        up = int(controls.get("transpose", 0))
        return (replace(key, tonic=(key.tonic + up) % 12, sign="") if up % 12 else key).name, words

    @property
    def _sounding_plan(self) -> Plan | None:
        """The plan of the take that plays, in its key under the controls; None if nothing plays."""
        plan = None if self.current is None else self.current.plan
        return None if plan is None else replace(plan, key=apply_controls(plan, model_controls(self.settings))[0].key)

    @property
    def latest(self) -> Take | None:
        """The take that was requested last: the coming one, else the current one."""
        return self.coming or self.current

    @property
    def all(self) -> list[Take]:
        """The current, the coming and the paused take, as far as there are any."""
        return [take for take in (self.current, self.coming, self.paused) if take is not None]

    def _set_coming(
        self, begin: Begin, morph_x: float, name: str = "", is_return: bool = False, score: Score | None = None
    ) -> Take:
        self._last_number += 1
        self.coming = Take(
            replace(begin, take=self._last_number), morph_x=morph_x, public_name=name, is_return=is_return, score=score
        )
        if score is not None:
            self.coming.first_plan, self.coming.end_beat = score.plan, score.end
        self._history.add(self.coming)
        self._by_number[self._last_number] = self.coming
        if len(self._by_number) > MAX_TAKES:
            needed = {take.number for take in self.all}  # what is paused and resumed keeps its number
            del self._by_number[next(number for number in self._by_number if number not in needed)]
        return self.coming
