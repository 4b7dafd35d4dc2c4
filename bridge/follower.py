"""A take that several generators follow: what is asked of it, what was written, and how far each has come. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from bridge.clock import Seconds
from model.music import PARTS, Beat, BeatWritten, Begin, Kept, Write, beats_in_bar


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
