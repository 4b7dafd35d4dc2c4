"""Priority queue of MIDI messages in ticks. Pure: no thread, no clock, no tempo, no port.

The caller passes the current tick. `pop_due` returns the messages that are due; `deadline` is the tick of the next. A
note-on that is too late is dropped and counted; a note-off is never lost and never ends a newer note of the same pitch.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count

from bridge.midi.protocol import Cancel, NoteOff, NoteOn, ScheduledNote, remainder
from model.music.notes import Ticks

Voice = tuple[str, int, int]
"""Route, channel and pitch: one note at a time can sound there."""


@dataclass(frozen=True, slots=True, order=True)
class ScheduledMessage:
    """A message with its tick and route. At equal ticks note-offs (rank 0) sort before note-ons (rank 1)."""

    at: Ticks
    rank: int
    note_id: int
    take: int = field(compare=False)
    route: str = field(compare=False)
    message: NoteOn | NoteOff = field(compare=False)
    note: ScheduledNote = field(compare=False)

    @property
    def voice(self) -> Voice:
        """The voice that the message starts or ends."""
        return self.route, self.message.channel, self.message.pitch


class Scheduler:
    """A queue of timed messages that can be cancelled per take."""

    def __init__(self) -> None:
        self._heap: list[ScheduledMessage] = []
        self._ids = count()
        self._sounding: dict[Voice, int] = {}
        self.dropped = 0

    @property
    def deadline(self) -> Ticks | None:
        """The tick of the next message; None if the queue is empty."""
        return self._heap[0].at if self._heap else None

    @property
    def busy(self) -> bool:
        """True if anything is scheduled or sounds."""
        return bool(self._heap or self._sounding)

    def sounds(self, voice: Voice) -> bool:
        """Return True if a note sounds at a voice."""
        return voice in self._sounding

    def add(self, notes: Iterable[ScheduledNote], take: int, route: str | None = None) -> None:
        """Schedule note-on and note-off of each note; the route is `route` if given, else the note's part."""
        for note in notes:
            note_id, route_ = next(self._ids), note.part if route is None else route
            on = NoteOn(note.channel, note.pitch, note.velocity)
            off = NoteOff(note.channel, note.pitch)
            for tick, rank, message in ((note.at, 1, on), (Ticks(note.at + note.length), 0, off)):
                heapq.heappush(self._heap, ScheduledMessage(tick, rank, note_id, take, route_, message, note))

    def cancel(self, order: Cancel) -> None:
        """Remove or shorten the notes of a take as defined by `remainder`; sounding notes end early."""
        not_begun = {m.note_id for m in self._heap if m.rank == 1}
        kept: list[ScheduledMessage] = []
        for message in self._heap:
            if message.take == order.take:
                remaining = remainder(message.note, order.after, order.let_ring)
                if remaining is None and message.note_id in not_begun:
                    continue
                if message.rank == 0:
                    end = order.after if remaining is None else remaining.at + remaining.length
                    message = replace(message, at=Ticks(min(message.at, end)))
            kept.append(message)
        self._heap = kept
        heapq.heapify(self._heap)

    def pop_due(self, now: Ticks, oldest: Ticks) -> list[ScheduledMessage]:
        """Remove and return the messages due up to tick `now`; note-ons before tick `oldest` are dropped."""
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
        """Clear the queue; return the voices that sound, which the caller must end."""
        sounding = sorted(self._sounding)
        self._heap.clear()
        self._sounding.clear()
        return sounding
