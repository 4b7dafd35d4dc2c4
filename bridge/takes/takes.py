"""One take as the session sees it: its words, what is on order, and what is ready to be placed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bridge.clock import Seconds
from bridge.protocol.controls import Value, model_controls
from bridge.takes.arrange import Feel
from bridge.takes.recorder import BarOrigin
from model.generation.bias_weights import NamedWeights, sample_weights
from model.generation.messages import BeatWritten, Begin, FirstNote
from model.music.notes import Beat, Ticks
from model.music.plan import Plan, interpolate_plans

MAX_ON_ORDER = 2
"""Beats ordered at a time: the next is begun while the last travels."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A section asked for by hand: from beat `first` of a take to before beat `last`."""

    section: str
    first: int
    last: int


@dataclass(slots=True)
class Take:
    """A prompt on its way to sound. Each order has one answer, in order; those of an older epoch no longer count."""

    begin: Begin
    submitted: bool = False  # its words were handed to the generator
    first_plan: Plan | None = None  # what was understood of its words,
    second_plan: Plan | None = None  # and of a morph's second prompt
    morph_x: float = 0.0  # where between the two it lies
    ready: list[Beat] = field(default_factory=list)
    first_note_only: bool = False  # the first note of its first beat was ready; the rest follows
    next_to_order: int = 0  # the next beat to order
    next_to_place: int = 0  # the next beat to place
    entry_tick: Ticks | None = None  # where it means to enter,
    quantize: str = "bar"  # one of the lines that this names
    epoch: int = 0
    pending: deque[int] = field(default_factory=deque)  # the epochs of what is on order
    generator_lost: bool = (
        False  # the generator knows it no longer: what was placed is repeated until another enters
    )
    immediate_until: Seconds | None = None  # with `quantize now`: so long the band waits for its first beat
    public_name: str = ""  # what one that comes back is called
    is_return: bool = False
    cue: Cue | None = None
    end_beat: int | None = None  # it has no beat from this one on

    @property
    def id(self) -> str:
        """What it is called outside: its first number, also when it comes back."""
        return self.public_name or str(self.number)

    @property
    def number(self) -> int:
        """The take's number."""
        return self.begin.take

    @property
    def plan(self) -> Plan | None:
        """What is understood of its words, once it is."""
        if self.first_plan is None or self.second_plan is None:
            return self.first_plan
        return interpolate_plans(self.first_plan, self.second_plan, self.morph_x)

    @property
    def feel(self) -> Feel:
        """What it brings to the arrangement of its beats."""
        plan = self.plan or Plan()
        return Feel(self.begin.seed, plan.swing, plan.swing_unit)

    @property
    def can_order(self) -> bool:
        """Whether there is room for one more order, those that no longer count among them."""
        return len(self.pending) < MAX_ON_ORDER and (
            self.end_beat is None or self.next_to_order < self.end_beat
        )

    @property
    def on_order(self) -> int:
        """How many beats are on their way that count."""
        return sum(epoch == self.epoch for epoch in self.pending)

    def section(self, index: int) -> str | None:
        """Return the section that a beat was cued to be in."""
        cue = self.cue
        return cue.section if cue is not None and cue.first <= index < cue.last else None

    def rewind(self, index: int) -> None:
        """Begin again from a beat: what is on order no longer counts.

        A beat that stood in for one not yet written has no way back: writing goes on where it was.
        """
        self.ready.clear()
        self.first_note_only = False
        self.next_to_order, self.next_to_place = min(index, self.next_to_order), index
        self.epoch += 1

    def skip_to(self, index: int) -> None:
        """Begin with this beat, before anything of it was placed."""
        if any(beat.index == index for beat in self.ready):
            self.ready = [beat for beat in self.ready if beat.index >= index]
            return
        self.rewind(index)

    def next_order(self) -> int:
        """Return the beat to order next, and count it as pending."""
        self.pending.append(self.epoch)
        self.next_to_order += 1
        return self.next_to_order - 1

    def on_opening(self, opening: FirstNote) -> None:
        """Have its first note sound before the rest of its first beat is written, where it waits for nothing else."""
        is_current = bool(self.pending) and self.pending[0] == self.epoch
        if is_current and self.immediate_until is not None and self.next_to_place == 0 and not self.ready:
            self.ready.append(opening.beat)
            self.first_note_only = True

    def accept(self, answer: BeatWritten) -> Beat | None:
        """Return the beat of an answer if it still counts."""
        is_current = bool(self.pending) and self.pending.popleft() == self.epoch
        beat = answer.beat
        return beat if is_current and beat is not None and beat.index >= self.next_to_place else None


MAX_TAKES = 128
"""Takes that can be launched again; the oldest is forgotten first."""


@dataclass(slots=True)
class TakeHistory:
    """`taken` has every take that was asked for, `trail` the ids of those that played, in order."""

    by_id: dict[str, Take] = field(default_factory=dict)
    played_ids: list[str] = field(default_factory=list)

    def add(self, take: Take) -> None:
        """Remember a take that was asked for."""
        self.by_id.setdefault(take.id, take)
        if len(self.by_id) > MAX_TAKES:
            del self.by_id[next(iter(self.by_id))]

    def mark_played(self, take: Take) -> None:
        """Remember that a take plays; one that comes back is where it was."""
        if take.is_return and take.id in self.played_ids:
            del self.played_ids[self._last_index(take.id) + 1 :]
        else:
            self.played_ids = [*self.played_ids[-MAX_TAKES:], take.id]

    def previous(self, take: Take | None) -> Take | None:
        """Return the take that played before one, or the last that played where that one has not."""
        played = take is not None and take.id in self.played_ids
        earlier = (
            self.played_ids[: self._last_index(take.id)] if take is not None and played else self.played_ids
        )
        return next((self.by_id[i] for i in reversed(earlier) if i in self.by_id), None)

    def _last_index(self, id_: str) -> int:
        return len(self.played_ids) - 1 - self.played_ids[::-1].index(id_)


@dataclass(slots=True)
class Takes:
    """At most one take plays (`current`, only while playing) and at most one is on its way to (`coming`).

    `seeds` gives the seed of a take where the controls name none; `theta` is the user's taste.
    """

    settings: Mapping[str, Value]
    seeds: Callable[[], int]
    theta: NamedWeights
    current: Take | None = None
    coming: Take | None = None
    history: TakeHistory = field(default_factory=TakeHistory)
    _last_number: int = 0
    _by_number: dict[int, Take] = field(default_factory=dict)

    def refine(self, take: Take, words: str, played: tuple[Beat, ...]) -> Take:
        """Have a take come that changes, in words, what was played of another; its seed stays."""
        begin = replace(
            take.begin, controls=model_controls(self.settings), refine=words, played=played, given=()
        )
        return self._set_coming(replace(begin, plan=take.plan, morph=None), take.morph_x)

    def recall(self, take: Take, *, is_return: bool) -> Take:
        """Have a take of the past come once more, under its old name."""
        return self._set_coming(
            replace(take.begin, controls=model_controls(self.settings)), take.morph_x, take.id, is_return
        )

    def from_prompt(self, text: str, second: str | None, seed: int | None = None) -> Take:
        """Have a new take come instead of the one that did; `second` is the other prompt of a morph."""
        if seed is None:
            seed = int(self.settings["seed"])
        if seed < 0:
            seed = self.seeds()
        theta = tuple(sample_weights(self.theta, seed).items())
        begin = Begin(0, text, model_controls(self.settings), seed, morph=second, theta=theta)
        return self._set_coming(begin, float(self.settings["morph/x"]))

    def restart(self, take: Take) -> Take:
        """Have a take that the generator lost come once more, as a new one: the same words and seed."""
        take.generator_lost = True
        return self._set_coming(take.begin, take.morph_x, take.id, is_return=True)

    def make_current(self, take: Take) -> None:
        """Let the coming take be the one that plays."""
        self.current, self.coming = take, None
        self.history.mark_played(take)

    def origin(self, number: int) -> BarOrigin:
        """Return where the bars of a take came from."""
        take = self._by_number.get(number)
        if take is None:
            return BarOrigin(str(number), "", 0)
        begin = take.begin
        return BarOrigin(take.id, begin.prompt, begin.seed, begin.refine or "", begin.morph or "")

    @property
    def latest(self) -> Take | None:
        """The take that was asked for last."""
        return self.coming or self.current

    @property
    def all(self) -> list[Take]:
        """The takes there are."""
        return [take for take in (self.current, self.coming) if take is not None]

    def _set_coming(self, begin: Begin, morph_x: float, name: str = "", is_return: bool = False) -> Take:
        self._last_number += 1
        self.coming = Take(
            replace(begin, take=self._last_number), morph_x=morph_x, public_name=name, is_return=is_return
        )
        self.history.add(self.coming)
        self._by_number[self._last_number] = self.coming
        self._by_number.pop(self._last_number - MAX_TAKES, None)
        return self.coming
