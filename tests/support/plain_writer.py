"""A composer without a model, for clips: what is given stays, every other part strikes one note a beat."""

from __future__ import annotations

from dataclasses import replace

from model.generation.messages import BeatWritten, Begin, Understood, Write
from model.music.notes import Beat, Kept, Note, Ticks, beats_in_bar
from model.music.plan import Plan, apply_controls

PITCHES = {"chords": 60, "melody": 72, "bass": 36, "drums": 36, "pad": 64, "arp": 67, "perc": 62}


class PlainWriter:
    """Writes C major at once."""

    def __init__(self) -> None:
        self._order: Begin | None = None
        self._last: Beat | None = None

    def begin(self, order: Begin) -> Understood:
        """Begin a take."""
        self._order, self._last = order, None
        plan = Plan(tempo=100.0, key="C major")
        return Understood(order.take, plan if order.parts is None else replace(plan, parts=order.parts))

    def write(self, order: Write) -> BeatWritten:
        """Write the next beat; a new metre begins at a bar line."""
        begin, last = self._order, self._last
        assert begin is not None
        plan = apply_controls(Plan(parts=begin.parts or Plan().parts), order.controls)[0]
        if last is None:
            frame = Beat(0, 0, 0, plan.meter, None, fresh=True)
        elif last.beat + 1 < beats_in_bar(last.meter):
            frame = replace(last, index=last.index + 1, beat=last.beat + 1, fresh=False)
        else:
            frame = Beat(last.index + 1, last.bar + 1, 0, plan.meter, None, fresh=True)
        if frame.bar == begin.bars:
            return BeatWritten(order.take, None)
        kept = begin.given[frame.index] if frame.index < len(begin.given) else Kept()
        new = (Note(Ticks(0), Ticks(120), PITCHES[p], 80, p) for p in plan.parts if p not in kept.parts)
        chord = kept.chord if kept.harmony else "C"
        self._last = replace(frame, chord=chord, notes=(*kept.notes, *new))
        return BeatWritten(order.take, self._last)

    def forget(self, take: int) -> None:
        """Free a take."""
        self._order = self._last = None
