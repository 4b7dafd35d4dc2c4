"""One take as the session sees it: its words, what is on order, and what is ready to be placed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from bridge.arrange import Feel
from bridge.clock import Seconds
from model.morph import between
from model.music import Beat, BeatWritten, Begin, Opening, Plan, Ticks

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
