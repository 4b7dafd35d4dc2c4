"""Priority queue of MIDI messages in ticks. Pure: no thread, no clock, no tempo, no port.

The caller passes the current tick. `pop_due` returns the messages that are due; `deadline` is the tick of the next. A
note-on that is too late is dropped and counted; a note-off is never lost and never ends a newer note of the same pitch. A bend sounds
only while its note is alone on its channel, and goes back to the centre with the note's end or another's beginning.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count

from bridge.midi.protocol import (
    Cancel,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
    ScheduledControl,
    ScheduledNote,
    remainder,
)
from model.expression import NEUTRAL, bend_points
from model.music.notes import Ticks

Voice = tuple[str, int, int]
"""Route, channel and pitch: one note at a time can sound there."""
Line = tuple[str, int]
"""Route and channel: what a bend or a controller acts on."""


@dataclass(frozen=True, slots=True, order=True)
class ScheduledMessage:
    """A message with its tick and route. At equal ticks note-offs, bends and controllers (rank 0) sort before note-ons (rank 1)."""

    at: Ticks
    rank: int
    note_id: int
    take: int = field(compare=False)
    route: str = field(compare=False)
    message: NoteOn | NoteOff | PitchBend | ControlChange = field(compare=False)
    note: ScheduledNote | ScheduledControl = field(compare=False)

    @property
    def voice(self) -> Voice:
        """The voice that the message starts, ends or bends; of a controller its channel's, with pitch -1."""
        return self.route, self.note.channel, self.note.pitch if isinstance(self.note, ScheduledNote) else -1

    @property
    def line(self) -> Line:
        """Route and channel."""
        return self.route, self.note.channel


class Scheduler:
    """A queue of timed messages that can be cancelled per take."""

    def __init__(self) -> None:
        self._heap: list[ScheduledMessage] = []
        self._ids = count()
        self._sounding: dict[Voice, int] = {}
        self._bent: dict[Line, int] = {}
        self._bends_used: set[Line] = set()
        self._expressed: dict[Line, set[int]] = {}
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

    def add(
        self,
        notes: Iterable[ScheduledNote],
        take: int,
        route: str | None = None,
        controls: Iterable[ScheduledControl] = (),
    ) -> None:
        """Schedule note-on, bends and note-off of each note, and controllers; the route is `route` if given, else the note's part."""
        for note in notes:
            note_id, route_ = next(self._ids), note.part if route is None else route
            on = NoteOn(note.channel, note.pitch, note.velocity)
            off = NoteOff(note.channel, note.pitch)
            for tick, rank, message in ((note.at, 1, on), (Ticks(note.at + note.length), 0, off)):
                heapq.heappush(self._heap, ScheduledMessage(tick, rank, note_id, take, route_, message, note))
            for later, value in bend_points(note.bend, note.length) if note.bend else ():
                bend = PitchBend(note.channel, value)
                heapq.heappush(
                    self._heap, ScheduledMessage(Ticks(note.at + later), 0, note_id, take, route_, bend, note)
                )
        for control in controls:
            route_ = control.part if route is None else route
            change = ControlChange(control.channel, control.number, control.value)
            heapq.heappush(self._heap, ScheduledMessage(control.at, 0, next(self._ids), take, route_, change, control))

    def cancel(self, order: Cancel) -> None:
        """Remove or shorten the notes of a take as defined by `remainder`; sounding notes end early."""
        not_begun = {m.note_id for m in self._heap if m.rank == 1}
        kept: list[ScheduledMessage] = []
        for message in self._heap:
            if message.take == order.take and isinstance(message.note, ScheduledControl):
                if message.note.beat >= order.after:
                    continue
            elif message.take == order.take and isinstance(message.note, ScheduledNote):
                remaining = remainder(message.note, order.after, order.let_ring)
                if remaining is None and message.note_id in not_begun:
                    continue
                if isinstance(message.message, NoteOff):
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
            if isinstance(message.message, ControlChange):
                self._expressed.setdefault(message.line, set()).add(message.message.number)
                ready.append(message)
                continue
            if isinstance(message.message, PitchBend):
                if self._may_bend(message, oldest):
                    self._bent[message.line] = message.note_id
                    self._bends_used.add(message.line)
                    ready.append(message)
                continue
            if message.rank == 1:
                if message.at < oldest:
                    self.dropped += 1
                    continue
                if voice in self._sounding:
                    ready.append(replace(message, rank=0, message=NoteOff(*voice[1:])))
                if self._bent.get(message.line, message.note_id) != message.note_id:
                    ready.append(self._centred(message))
                self._sounding[voice] = message.note_id
            else:
                if self._sounding.get(voice) != message.note_id:
                    continue
                del self._sounding[voice]
            ready.append(message)
            if message.rank == 0 and self._bent.get(message.line) == message.note_id:
                ready.append(self._centred(message))
        return ready

    def _may_bend(self, message: ScheduledMessage, oldest: Ticks) -> bool:
        """Return True if a bend's note sounds, or begins with it and will, and no other sounds on its channel."""
        sounding = {number for voice, number in self._sounding.items() if voice[:2] == message.line}
        return sounding == {message.note_id} or (not sounding and oldest <= message.at == message.note.at)

    def _centred(self, message: ScheduledMessage) -> ScheduledMessage:
        """Return the end of a channel's bend, at the moment of a message."""
        del self._bent[message.line]
        return replace(message, rank=0, message=PitchBend(message.line[1]))

    def drop_expression(self) -> None:
        """Remove all bends and controllers from the queue."""
        self._heap = [m for m in self._heap if isinstance(m.message, NoteOn | NoteOff)]
        heapq.heapify(self._heap)

    def neutralised(self) -> list[tuple[str, PitchBend | ControlChange]]:
        """Return by route what takes all bends and controllers back that were sent since the last time."""
        bends = [(route, PitchBend(channel)) for route, channel in sorted(self._bends_used)]
        controls = [
            (route, ControlChange(channel, number, NEUTRAL[number]))
            for (route, channel), numbers in sorted(self._expressed.items())
            for number in sorted(numbers)
        ]
        self._bent.clear()
        self._bends_used.clear()
        self._expressed.clear()
        return [*bends, *controls]

    def silence(self) -> list[Voice]:
        """Clear the queue; return the voices that sound, which the caller must end."""
        sounding = sorted(self._sounding)
        self._heap.clear()
        self._sounding.clear()
        return sounding
