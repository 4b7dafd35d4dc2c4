"""Quantize lines: where a coming take enters and where a cued section begins. Functions on a take and the playback."""

from __future__ import annotations

from bridge.clock import Seconds
from bridge.session.playback import LATE_MARGIN, MIN_NOTICE, Playback
from bridge.takes.takes import Cue, Take
from bridge.takes.timeline import BARS_PER_LINE
from model.music.notes import CUES, PARTS, TICKS_PER_QUARTER, Ticks, beats_in_bar

PORT_DELAY = Seconds(0.0015)
"""Time from a decision to the sound at the MIDI port."""


def enter_at_quantize_line(take: Take, quantize: str, playback: Playback, now: Seconds) -> None:
    """Let a take enter at the first line of `quantize` that is at least `MIN_NOTICE` away."""
    take.quantize, take.entry_tick = quantize, playback.next_line(quantize, now)


def enter_immediately(take: Take, now: Seconds) -> None:
    """Let a take enter as soon as its first beat is ready; until `MIN_NOTICE` has passed no bar is repeated to fill the gap."""
    take.immediate_until = Seconds(now + MIN_NOTICE)


def entry_deadline(take: Take | None, playback: Playback) -> Seconds | None:
    """Return the time at which a take that is not ready misses its line, None if it has no line or is ready."""
    if take is None or take.entry_tick is None or take.ready:
        return None
    return Seconds(playback.tempo.seconds_at(take.entry_tick) - LATE_MARGIN)


def entry_point(take: Take, playback: Playback, now: Seconds) -> tuple[Ticks | None, bool]:
    """Return the tick at which a take enters (None if it has no line yet) and whether it has just missed its line."""
    if take.immediate_until is not None:
        return playback.tick(Seconds(now + PORT_DELAY)), False
    if take.entry_tick is None:
        return None, False
    deadline = entry_deadline(take, playback)
    late = deadline is not None and deadline <= now
    # computed at each call: a change of metre moves the lines
    take.entry_tick = playback.timeline.next_line(take.quantize, Ticks(take.entry_tick + late))
    return take.entry_tick, late


def cue(section: str, take: Take, playback: Playback, quantize: str, now: Seconds) -> None:
    """Let a take go into a section at the first line of `quantize` (at least a bar line) that is not too near.

    Planned bars from there on are generated again. The take ends after the section "ending".
    """
    line = playback.next_line(quantize if quantize in BARS_PER_LINE else "bar", now)
    placed_beats = [p for p in playback.timeline.placed if p.take == take.number]  # before they are cut
    meter = placed_beats[-1].music.meter if placed_beats else "4/4"
    first = _rewind_to(line, take, playback)
    bars, _, _ = CUES[section]
    last = first + bars * beats_in_bar(meter)
    take.cue = Cue(section, first, last)
    take.end_beat = last if section == "ending" else None


def lead_to_entry(take: Take, coming: Take, playback: Playback, now: Seconds) -> None:
    """Let the take that plays lead to the line at which another one enters: a bar of fill, or what there is time for of one.

    Nothing happens where less than a beat is left, or where it plays something else that was asked for.
    """
    line = coming.entry_tick
    if line is None or take.score is not None or take.end_beat is not None:
        return
    placed = [p for p in playback.timeline.placed if p.take == take.number and p.start < line]
    if not placed:
        return
    beat, meter = placed[-1].music.length, placed[-1].music.meter  # of the bar that is led out of
    beats = min(beats_in_bar(meter), (line - playback.tick(Seconds(now + MIN_NOTICE))) // beat)
    begin = Ticks(line - beats * beat)
    if beats < 1 or begin < placed[0].start:  # it has not begun yet
        return
    first = _index_at(begin, take, playback)
    if take.cue is None or take.cue.last <= first:
        _rewind_to(begin, take, playback)
        take.cue = Cue("fill", first, first + beats)


def _rewind_to(line: Ticks, take: Take, playback: Playback) -> int:
    """Let what is planned of a take from a beat's line on be written again; return the index of the beat."""
    first = _index_at(line, take, playback)
    playback.drop_replay()
    if line < playback.timeline.end:
        playback.cut(line, frozenset(PARTS))
    take.rewind(min(first, take.next_to_place))
    return first


def _index_at(line: Ticks, take: Take, playback: Playback) -> int:
    """Return the index of a take's first beat from a line on, planned or not."""
    placed = [p for p in playback.timeline.placed if p.take == take.number]
    if line < playback.timeline.end:
        return take.index_at([p for p in playback.timeline.placed if p.start >= line])
    length = placed[-1].music.length if placed else TICKS_PER_QUARTER
    return int(take.next_to_place - (playback.timeline.end - line) // length)  # rounded up
