"""Where a coming take enters: at a quantize line far enough away, or with `quantize now` as soon as it can.

Decides on a stage that it only reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from bridge.clock import Seconds
from bridge.session.playback import Playback
from bridge.takes.takes import Cue, Take
from bridge.takes.timeline import BARS_PER_LINE, PlacedBeat
from model.music.notes import CUES, PARTS, TICKS_PER_QUARTER, Ticks, beats_in_bar

MIN_NOTICE = Seconds(0.250)
"""A quantize line nearer than this is not waited for, and beats nearer than this are not written anew."""


LATE_MARGIN = Seconds(0.020)
"""A first beat that comes later than this before its line has missed it."""


PORT_DELAY = Seconds(0.0015)
"""From the decision to the sound: what the way to the port takes."""


def enter_at_quantize_line(take: Take, quantize: str, playback: Playback, now: Seconds) -> None:
    """Have a take enter at the first line of `quantize` that is not too near."""
    take.quantize = quantize
    take.entry_tick = playback.timeline.next_line(quantize, playback.tick(Seconds(now + MIN_NOTICE)))


def enter_immediately(take: Take, now: Seconds) -> None:
    """Have a take enter as soon as its first beat is there; the band waits for it a moment."""
    take.immediate_until = Seconds(now + MIN_NOTICE)


def entry_deadline(take: Take | None, playback: Playback) -> Seconds | None:
    """Return when a take that is not ready will have missed its line, if it has one."""
    if take is None or take.entry_tick is None or take.ready:
        return None
    return Seconds(playback.tempo.seconds_at(take.entry_tick) - LATE_MARGIN)


def entry_point(take: Take, playback: Playback, now: Seconds) -> tuple[Ticks | None, bool]:
    """Return where a take enters, None where nothing is known of it, and whether it has just missed its line."""
    if take.immediate_until is not None:
        return playback.tick(Seconds(now + PORT_DELAY)), False
    if take.entry_tick is None:
        return None, False
    deadline = entry_deadline(take, playback)
    late = deadline is not None and deadline <= now
    # asked anew each time: a new metre may have moved the lines
    take.entry_tick = playback.timeline.next_line(take.quantize, Ticks(take.entry_tick + late))
    return take.entry_tick, late


def cue(section: str, take: Take, playback: Playback, quantize: str, now: Seconds) -> None:
    """Have a take go into a section at the first line of `quantize` (a bar line at least) that is not too near.

    The bars that were planned from there on are written anew. After an ending the take closes.
    """
    line = playback.timeline.next_line(
        quantize if quantize in BARS_PER_LINE else "bar", playback.tick(Seconds(now + MIN_NOTICE))
    )
    placed_beats = [p for p in playback.timeline.placed if p.take == take.number]
    meter = placed_beats[-1].music.meter if placed_beats else "4/4"
    if line < playback.timeline.end:
        removed = playback.cut(line, frozenset(PARTS))
        first = min([p.music.index for p in removed if p.take == take.number] or [take.next_to_place])
    else:
        beats, at = 0, playback.timeline.end
        while at < line:
            at, beats = Ticks(at + (placed_beats[-1].music.length if placed_beats else 480)), beats + 1
        first = take.next_to_place + beats
    take.rewind(min(first, take.next_to_place))
    bars, _, _ = CUES[section]
    last = first + bars * beats_in_bar(meter)
    take.cue = Cue(section, first, last)
    take.end_beat = last if section == "ending" else None


class LoopState(Enum):
    """Whether bars go round."""

    OFF = "off"
    ARMED = "from the next line on"
    LOOPING = "on"
    ENDING = "until the next line"


@dataclass(slots=True)
class HoldLoop:
    """Bars that go round. The take that plays waits meanwhile, and goes on where it was."""

    playback: Playback
    state: LoopState = LoopState.OFF
    _bar_count: int = 0
    _switch_tick: Ticks = Ticks(0)
    _bars: list[PlacedBeat] = field(default_factory=list)
    _next: int = 0

    @property
    def active(self) -> bool:
        """Whether what is laid now comes from the loop."""
        return self.state in (LoopState.LOOPING, LoopState.ENDING)

    def set(self, count: int, now: Seconds) -> None:
        """Hold the last bars from the next line on, or (0) let them go at the next line."""
        if count == 0 and not self.active:
            self.state = LoopState.OFF
            return
        if count == 0 and self.state is LoopState.ENDING:
            return
        self._bar_count = count
        self._switch_tick = self.playback.timeline.next_line(
            "bar", self.playback.tick(Seconds(now + MIN_NOTICE))
        )
        self.state = LoopState.ARMED if count else LoopState.ENDING

    def cancel(self) -> None:
        """Forget the loop at once: something else plays."""
        self.state = LoopState.OFF

    def update(self, take: Take, now: Seconds, lookahead: float) -> None:
        """Begin or end at the line, once all is planned up to it; lay the loop as far ahead as is asked, in beats."""
        playback = self.playback
        if self.state is LoopState.ARMED and playback.timeline.end >= self._switch_tick:
            removed = playback.cut(self._switch_tick)
            removed_indices = [p.music.index for p in removed if p.take == take.number]
            take.rewind(min([*removed_indices, take.next_to_place]))
            self._bars = playback.timeline.bars_before(self._switch_tick, self._bar_count)
            self._next = 0
            self.state = LoopState.LOOPING if self._bars else LoopState.OFF
        while self.active and (
            playback.timeline.end < playback.tick(now) + lookahead * TICKS_PER_QUARTER
            or (self.state is LoopState.ENDING and playback.timeline.end < self._switch_tick)
        ):
            source = self._bars[self._next % len(self._bars)]
            playback.place_again([source])
            self._next += 1
        if self.state is LoopState.ENDING and playback.timeline.end >= self._switch_tick:
            playback.cut(self._switch_tick)
            self.state = LoopState.OFF
