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

from bridge.midi.protocol import Cancel, NoteOff, NoteOn, Sound, remains
from model.music.notes import Ticks

Voice = tuple[str, int, int]
"""Route, channel and pitch: where one note at a time can sound."""


@dataclass(frozen=True, slots=True, order=True)
class Timed:
    """A message, the tick it is due at and the route it takes. Ends sort before beginnings."""

    at: Ticks
    rank: int
    note_id: int
    take: int = field(compare=False)
    route: str = field(compare=False)
    message: NoteOn | NoteOff = field(compare=False)
    sound: Sound = field(compare=False)

    @property
    def voice(self) -> Voice:
        """Where it sounds."""
        return self.route, self.message.channel, self.message.pitch


class Scheduler:
    """A queue of timed messages, under takes that can be cancelled."""

    def __init__(self) -> None:
        self._heap: list[Timed] = []
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

    def add(self, sounds: Iterable[Sound], take: int, route: str | None = None) -> None:
        """Schedule the beginning and the end of each sound; the route is its part, or one for all."""
        for sound in sounds:
            note_id, way = next(self._ids), sound.part if route is None else route
            on = NoteOn(sound.channel, sound.pitch, sound.velocity)
            off = NoteOff(sound.channel, sound.pitch)
            for tick, rank, message in ((sound.at, 1, on), (Ticks(sound.at + sound.length), 0, off)):
                heapq.heappush(self._heap, Timed(tick, rank, note_id, take, way, message, sound))

    def cancel(self, order: Cancel) -> None:
        """Take back what has not begun, and bring forward the ends of what sounds, as the order says."""
        waiting = {t.note_id for t in self._heap if t.rank == 1}
        kept: list[Timed] = []
        for timed in self._heap:
            if timed.take == order.take:
                left = remains(timed.sound, order.after, order.ring)
                if left is None and timed.note_id in waiting:
                    continue
                if timed.rank == 0:
                    end = order.after if left is None else left.at + left.length
                    timed = replace(timed, at=Ticks(min(timed.at, end)))
            kept.append(timed)
        self._heap = kept
        heapq.heapify(self._heap)

    def due(self, now: Ticks, oldest: Ticks) -> list[Timed]:
        """Take every message that must sound by now, without beginnings before `oldest`."""
        ready: list[Timed] = []
        while self._heap and self._heap[0].at <= now:
            timed = heapq.heappop(self._heap)
            voice = timed.voice
            if timed.rank == 1:
                if timed.at < oldest:
                    self.dropped += 1
                    continue
                if voice in self._sounding:
                    ready.append(replace(timed, rank=0, message=NoteOff(*voice[1:])))
                self._sounding[voice] = timed.note_id
            else:
                if self._sounding.get(voice) != timed.note_id:
                    continue
                del self._sounding[voice]
            ready.append(timed)
        return ready

    def silence(self) -> list[Voice]:
        """Forget everything; return what sounds and must be ended."""
        sounding = sorted(self._sounding)
        self._heap.clear()
        self._sounding.clear()
        return sounding
