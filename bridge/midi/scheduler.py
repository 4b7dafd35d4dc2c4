"""What sounds next. A pure heap in ticks: no thread, no clock, no tempo, no port.

The caller says what tick it is. `due` hands out what must sound by now; `deadline` says when to ask again. A
beginning that is too late is dropped and counted; an end is never lost, nor does it end a newer note of the
same pitch.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count

from bridge.midi.protocol import Cancel, NoteOff, NoteOn, ScheduledNote, remainder
from model.music.notes import Ticks

Voice = tuple[str, int, int]
"""Route, channel and pitch: where one note at a time can sound."""


@dataclass(frozen=True, slots=True, order=True)
class ScheduledMessage:
    """A message, the tick it is due at and the route it takes. Ends sort before beginnings."""

    at: Ticks
    rank: int
    note_id: int
    take: int = field(compare=False)
    route: str = field(compare=False)
    message: NoteOn | NoteOff = field(compare=False)
    note: ScheduledNote = field(compare=False)

    @property
    def voice(self) -> Voice:
        """Where it sounds."""
        return self.route, self.message.channel, self.message.pitch


class Scheduler:
    """A queue of timed messages, under takes that can be cancelled."""

    def __init__(self) -> None:
        self._heap: list[ScheduledMessage] = []
        self._ids = count()
        self._sounding: dict[Voice, int] = {}
        self.dropped = 0

    @property
    def deadline(self) -> Ticks | None:
        """When the next message is due, if any."""
        return self._heap[0].at if self._heap else None

    @property
    def busy(self) -> bool:
        """Whether anything is scheduled or sounds."""
        return bool(self._heap or self._sounding)

    def add(self, notes: Iterable[ScheduledNote], take: int, route: str | None = None) -> None:
        """Schedule the beginning and the end of each sound; the route is its part, or one for all."""
        for note in notes:
            note_id, route_ = next(self._ids), note.part if route is None else route
            on = NoteOn(note.channel, note.pitch, note.velocity)
            off = NoteOff(note.channel, note.pitch)
            for tick, rank, message in ((note.at, 1, on), (Ticks(note.at + note.length), 0, off)):
                heapq.heappush(self._heap, ScheduledMessage(tick, rank, note_id, take, route_, message, note))

    def cancel(self, order: Cancel) -> None:
        """Take back what has not begun, and bring forward the ends of what sounds, as the order says."""
        waiting = {t.note_id for t in self._heap if t.rank == 1}
        kept: list[ScheduledMessage] = []
        for message in self._heap:
            if message.take == order.take:
                remaining = remainder(message.note, order.after, order.let_ring)
                if remaining is None and message.note_id in waiting:
                    continue
                if message.rank == 0:
                    end = order.after if remaining is None else remaining.at + remaining.length
                    message = replace(message, at=Ticks(min(message.at, end)))
            kept.append(message)
        self._heap = kept
        heapq.heapify(self._heap)

    def pop_due(self, now: Ticks, oldest: Ticks) -> list[ScheduledMessage]:
        """Take every message that must sound by now, without beginnings before `oldest`."""
        ready: list[ScheduledMessage] = []
        while self._heap and self._heap[0].at <= now:
            message = heapq.heappop(self._heap)
            voice = message.voice
            if message.rank == 1:
                if message.at < oldest:
                    self.dropped += 1
                    continue
                if voice in self._sounding:
                    ready.append(replace(message, rank=0, message=NoteOff(*voice[1:])))
                self._sounding[voice] = message.note_id
            else:
                if self._sounding.get(voice) != message.note_id:
                    continue
                del self._sounding[voice]
            ready.append(message)
        return ready

    def silence(self) -> list[Voice]:
        """Forget everything; return what sounds and must be ended."""
        sounding = sorted(self._sounding)
        self._heap.clear()
        self._sounding.clear()
        return sounding
