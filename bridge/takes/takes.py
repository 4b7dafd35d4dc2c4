"""One take as the session sees it: its words, what is on order, and what is ready to be placed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bridge.clock import Seconds
from bridge.protocol.controls import Value, controls
from bridge.takes.arrange import Feel
from bridge.takes.recorder import Bar
from model.generation.bias_weights import Weighting, drawn
from model.generation.messages import BeatWritten, Begin, Opening
from model.music.notes import Beat, Ticks
from model.music.plan import Plan, between

ON_ORDER = 2
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
    begun: bool = False  # its words were handed to the generator
    first: Plan | None = None  # what was understood of its words,
    other: Plan | None = None  # and of a morph's second prompt
    place: float = 0.0  # where between the two it lies
    ready: list[Beat] = field(default_factory=list)
    opened: bool = False  # the first note of its first beat was ready; the rest follows
    asked: int = 0  # the next beat to order
    wanted: int = 0  # the next beat to place
    line: Ticks | None = None  # where it means to enter,
    quantize: str = "bar"  # one of the lines that this names
    epoch: int = 0
    pending: deque[int] = field(default_factory=deque)  # the epochs of what is on order
    lost: bool = False  # the generator knows it no longer: what was placed is repeated until another enters
    at_once_until: Seconds | None = None  # with `quantize now`: so long the band waits for its first beat
    name: str = ""  # what one that comes back is called
    back: bool = False
    cue: Cue | None = None
    closes: int | None = None  # it has no beat from this one on

    @property
    def id(self) -> str:
        """What it is called outside: its first number, also when it comes back."""
        return self.name or str(self.number)

    @property
    def number(self) -> int:
        """The take's number."""
        return self.begin.take

    @property
    def plan(self) -> Plan | None:
        """What is understood of its words, once it is."""
        if self.first is None or self.other is None:
            return self.first
        return between(self.first, self.other, self.place)

    @property
    def feel(self) -> Feel:
        """What it brings to the arrangement of its beats."""
        plan = self.plan or Plan()
        return Feel(self.begin.seed, plan.swing, plan.swing_unit)

    @property
    def may_order(self) -> bool:
        """Whether there is room for one more order, those that no longer count among them."""
        return len(self.pending) < ON_ORDER and (self.closes is None or self.asked < self.closes)

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
        self.opened = False
        self.asked, self.wanted = min(index, self.asked), index
        self.epoch += 1

    def skip_to(self, index: int) -> None:
        """Begin with this beat, before anything of it was placed."""
        if any(beat.index == index for beat in self.ready):
            self.ready = [beat for beat in self.ready if beat.index >= index]
            return
        self.rewind(index)

    def order(self) -> int:
        """Return the beat to order next, and count it as pending."""
        self.pending.append(self.epoch)
        self.asked += 1
        return self.asked - 1

    def open(self, opening: Opening) -> None:
        """Have its first note sound before the rest of its first beat is written, where it waits for nothing else."""
        counts = bool(self.pending) and self.pending[0] == self.epoch
        if counts and self.at_once_until is not None and self.wanted == 0 and not self.ready:
            self.ready.append(opening.beat)
            self.opened = True

    def take_in(self, answer: BeatWritten) -> Beat | None:
        """Return the beat of an answer if it still counts."""
        counts = bool(self.pending) and self.pending.popleft() == self.epoch
        beat = answer.beat
        return beat if counts and beat is not None and beat.index >= self.wanted else None


MOST = 128
"""Takes that can be launched again; the oldest is forgotten first."""


@dataclass(slots=True)
class Past:
    """`taken` has every take that was asked for, `trail` the ids of those that played, in order."""

    taken: dict[str, Take] = field(default_factory=dict)
    trail: list[str] = field(default_factory=list)

    def ask(self, take: Take) -> None:
        """Remember a take that was asked for."""
        self.taken.setdefault(take.id, take)
        if len(self.taken) > MOST:
            del self.taken[next(iter(self.taken))]

    def play(self, take: Take) -> None:
        """Remember that a take plays; one that comes back is where it was."""
        if take.back and take.id in self.trail:
            del self.trail[self._place(take.id) + 1 :]
        else:
            self.trail = [*self.trail[-MOST:], take.id]

    def before(self, take: Take | None) -> Take | None:
        """Return the take that played before one, or the last that played where that one has not."""
        played = take is not None and take.id in self.trail
        earlier = self.trail[: self._place(take.id)] if take is not None and played else self.trail
        return next((self.taken[i] for i in reversed(earlier) if i in self.taken), None)

    def _place(self, id_: str) -> int:
        return len(self.trail) - 1 - self.trail[::-1].index(id_)


@dataclass(slots=True)
class Lineup:
    """At most one take plays (`current`, only while playing) and at most one is on its way to (`coming`).

    `seeds` gives the seed of a take where the controls name none; `theta` is the user's taste.
    """

    settings: Mapping[str, Value]
    seeds: Callable[[], int]
    theta: Weighting
    current: Take | None = None
    coming: Take | None = None
    past: Past = field(default_factory=Past)
    _numbers: int = 0
    _begun: dict[int, Take] = field(default_factory=dict)

    def refine(self, take: Take, words: str, played: tuple[Beat, ...]) -> Take:
        """Have a take come that changes, in words, what was played of another; its seed stays."""
        begin = replace(take.begin, controls=controls(self.settings), refine=words, played=played, given=())
        return self._come(replace(begin, plan=take.plan, morph=None), take.place)

    def recall(self, take: Take, *, back: bool) -> Take:
        """Have a take of the past come once more, under its old name."""
        return self._come(replace(take.begin, controls=controls(self.settings)), take.place, take.id, back)

    def prompt(self, text: str, second: str | None, seed: int | None = None) -> Take:
        """Have a new take come instead of the one that did; `second` is the other prompt of a morph."""
        if seed is None:
            seed = int(self.settings["seed"])
        if seed < 0:
            seed = self.seeds()
        theta = tuple(drawn(self.theta, seed).items())
        begin = Begin(0, text, controls(self.settings), seed, morph=second, theta=theta)
        return self._come(begin, float(self.settings["morph/x"]))

    def again(self, take: Take) -> Take:
        """Have a take that the generator lost come once more, as a new one: the same words and seed."""
        take.lost = True
        return self._come(take.begin, take.place, take.id, back=True)

    def enter(self, take: Take) -> None:
        """Let the coming take be the one that plays."""
        self.current, self.coming = take, None
        self.past.play(take)

    def origin(self, number: int) -> Bar:
        """Return where the bars of a take came from."""
        take = self._begun.get(number)
        if take is None:
            return Bar(str(number), "", 0)
        begin = take.begin
        return Bar(take.id, begin.prompt, begin.seed, begin.refine or "", begin.morph or "")

    @property
    def latest(self) -> Take | None:
        """The take that was asked for last."""
        return self.coming or self.current

    @property
    def all(self) -> list[Take]:
        """The takes there are."""
        return [take for take in (self.current, self.coming) if take is not None]

    def _come(self, begin: Begin, place: float, name: str = "", back: bool = False) -> Take:
        self._numbers += 1
        self.coming = Take(replace(begin, take=self._numbers), place=place, name=name, back=back)
        self.past.ask(self.coming)
        self._begun[self._numbers] = self.coming
        self._begun.pop(self._numbers - MOST, None)
        return self.coming
