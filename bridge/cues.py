"""Cues: a section that is asked for by hand comes at the next line. Works on the take that plays."""

from __future__ import annotations

from bridge.clock import Seconds
from bridge.entrance import NOTICE
from bridge.stage import Stage
from bridge.take import Cue, Take
from bridge.timeline import EVERY
from model.music import CUES, PARTS, Ticks, beats_in_bar


def cue(section: str, take: Take, stage: Stage, quantize: str, now: Seconds) -> None:
    """Have a take go into a section at the first line of `quantize` (a bar line at least) that is not too near.

    The bars that were planned from there on are written anew. After an ending the take closes.
    """
    line = stage.timeline.line(quantize if quantize in EVERY else "bar", stage.tick(Seconds(now + NOTICE)))
    placed = [p for p in stage.timeline.placed if p.take == take.number]
    meter = placed[-1].music.meter if placed else "4/4"
    if line < stage.timeline.end:
        gone = stage.cut(line, frozenset(PARTS))
        first = min([p.music.index for p in gone if p.take == take.number] or [take.wanted])
    else:
        beats, at = 0, stage.timeline.end
        while at < line:
            at, beats = Ticks(at + (placed[-1].music.length if placed else 480)), beats + 1
        first = take.wanted + beats
    take.rewind(min(first, take.wanted))
    bars, _, _ = CUES[section]
    last = first + bars * beats_in_bar(meter)
    take.cue = Cue(section, first, last)
    take.closes = last if section == "ending" else None
