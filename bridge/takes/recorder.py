"""Recorder: what was played (bars, notes, chords, tempi by tick), for .mid files. Owned by `bridge.session.playback`."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TypeVar

from bridge.midi.protocol import ScheduledControl, ScheduledNote, remainders
from bridge.protocol.controls import Value
from bridge.takes.timeline import PlacedBeat
from model.clips.expression import bend
from model.expression import NEUTRAL
from model.music.control import MAX_BARS
from model.music.midifile import Gesture, Song, bar_length, where_they_change
from model.music.notes import Note, Ticks

T = TypeVar("T")
ChangedControls = Mapping[str, Value]
"""Controls that are not at their default."""
Sounding = Callable[[int, ChangedControls], tuple[str, str]]
"""The key in which a take sounds under controls, and the words that it came from."""


class Recorder:
    """Records one performance since play: all bars with `keep_all`, else at least the last `MAX_REMEMBERED_BARS`."""

    def __init__(self, keep_all: bool) -> None:
        self._keep_all = keep_all
        self.reset()

    def reset(self) -> None:
        """Forget everything: playback starts at bar 1."""
        self._bars: list[tuple[Ticks, str]] = []
        self._notes: list[ScheduledNote] = []
        self._chords: list[tuple[Ticks, str]] = []
        self._tempi: list[tuple[Ticks, float]] = []
        self._takes: list[tuple[Ticks, int]] = []
        self._controls: list[tuple[Ticks, ChangedControls]] = []
        self._curves: list[ScheduledControl] = []
        self._end = Ticks(0)

    def add(self, placed: PlacedBeat, controls: ChangedControls, curves: Collection[ScheduledControl] = ()) -> None:
        """Record a placed beat, the controls that are not at their default, and the curves that are sent."""
        if placed.beat == 1:
            self._bars.append((placed.start, placed.music.meter))
            if not self._keep_all and len(self._bars) > 2 * MAX_BARS:
                self._drop_old_bars()
        if placed.take and (not self._takes or self._takes[-1][1] != placed.take):
            self._takes.append((placed.start, placed.take))
        if not self._controls or self._controls[-1][1] != controls:
            self._controls.append((placed.start, controls))
        self._notes += placed.notes
        self._curves += curves
        self._end = placed.end
        chord = placed.music.chord
        if chord is not None and (not self._chords or self._chords[-1][1] != chord):
            self._chords.append((placed.start, chord))

    def add_notes(self, notes: Collection[ScheduledNote]) -> None:
        """Record notes that were added to a placed beat."""
        self._notes += notes

    def cut(self, after: Ticks, longest: Ticks, let_ring: Collection[str] = ()) -> None:
        """Remove what was planned from a tick on and shorten notes; no note is longer than `longest` ticks."""
        self._end = min(self._end, after)
        self._bars = [b for b in self._bars if b[0] < after]
        self._chords = [c for c in self._chords if c[0] < after]
        self._takes = [t for t in self._takes if t[0] < after]
        self._controls = [c for c in self._controls if c[0] < after]
        del self._curves[bisect_left(self._curves, after, key=lambda c: c.beat) :]
        near = bisect_left(self._notes, after - longest, key=lambda s: s.beat)
        self._notes[near:] = remainders(self._notes[near:], after, let_ring)

    def end_expression(self, at: Ticks) -> None:
        """Take back curves from a tick on, and the bends of notes that sound then or later: they were switched off."""
        self._notes = [replace(s, bend="") if s.bend and s.at + s.length > at else s for s in self._notes]
        self._curves = [c for c in self._curves if c.at < at]
        last = {(c.part, c.number): c for c in self._curves}
        self._curves += [replace(c, at=at, value=NEUTRAL[c.number], beat=at) for c in last.values()]

    def retime(self, at: Ticks, bpm: float) -> None:
        """Record a change of tempo; later ones are dropped."""
        self._tempi = [t for t in self._tempi if t[0] < at] + [(at, bpm)]

    def song(self, sounding: Sounding, now: Ticks) -> Song | None:
        """Return the whole bars played until tick `now`, None before the first.

        The bars have no gaps: if a take entered within a bar, its metre counts from the next bar line of the file.
        """
        bars: list[tuple[Ticks, str]] = []
        at = Ticks(0)
        while self._bars:
            meter = next((m for start, m in reversed(self._bars) if start <= at), self._bars[0][1])
            if at + bar_length(meter) > min(now, self._end):
                break
            bars.append((at, meter))
            at = Ticks(at + bar_length(meter))
        if not bars:
            return None
        notes = tuple(
            Note(s.at, Ticks(min(s.length, at - s.at)), s.pitch, s.velocity, s.part, bend=s.bend)
            for s in self._notes
            if s.at < at
        )
        key, keys, prompts = self._keys_and_prompts(sounding, Ticks(0), at)
        return Song(
            bars=tuple(bars),
            end=at,
            tempos=tuple(t for t in self._tempi if t[0] < at),
            key=key,
            notes=notes,
            chords=tuple(c for c in self._chords if c[0] < at),
            keys=keys,
            prompts=prompts,
            gestures=self._gestures(notes, Ticks(0), at),
        )

    def _keys_and_prompts(
        self, sounding: Sounding, first: Ticks, end: Ticks
    ) -> tuple[str, tuple[tuple[Ticks, str], ...], tuple[tuple[Ticks, str], ...]]:
        """Return the key at a tick, the keys after it and the prompts up to another, where they change; ticks count from the first."""
        opening = self._takes[0][1] if self._takes else 0
        starts = sorted({first, *(at for at, _ in (*self._takes, *self._controls) if first < at < end)})
        heard = [sounding(_value_at(self._takes, at, opening), _value_at(self._controls, at, {})) for at in starts]
        ticks = [Ticks(at - first) for at in starts]
        keys = where_they_change(zip(ticks, (key for key, _ in heard), strict=True), "")
        prompts = where_they_change(zip(ticks, (words for _, words in heard), strict=True), "")
        return keys[0][1], keys[1:], prompts

    def last_bars(
        self, count: int, sounding: Sounding, now: Ticks
    ) -> tuple[Song, tuple[tuple[int, ChangedControls], ...]] | None:
        """Return the last whole bars (at most `count`) played until tick `now`, None before the first.

        The second value has the take number and the changed controls of each bar.
        """
        until = min(now, self._end)
        whole = [(at, meter) for at, meter in self._bars if at + bar_length(meter) <= until]
        if not whole:
            return None
        first = whole[-count:][0][0]
        bars: list[tuple[Ticks, str]] = []
        end = first
        for at, meter in whole[-count:]:  # if a take entered within a bar, the bars of the file continue
            if at >= end:
                bars.append((Ticks(end - first), meter))
                end = Ticks(end + bar_length(meter))
        # a note that is played a hair early belongs to the beat that it leads to
        notes = tuple(
            Note(
                Ticks(max(0, s.at - first)), Ticks(min(s.length, end - s.at)), s.pitch, s.velocity, s.part, bend=s.bend
            )
            for s in self._notes
            if first <= s.beat < end and s.at < end
        )
        key, keys, prompts = self._keys_and_prompts(sounding, first, end)
        song = Song(
            bars=tuple(bars), end=Ticks(end - first), tempos=_changes_between(self._tempi, first, end), key=key,
            notes=notes, chords=_changes_between(self._chords, first, end), keys=keys, prompts=prompts,
            gestures=self._gestures(notes, first, end),
        )  # fmt: skip
        starts = [Ticks(first + at) for at, _ in bars]
        return song, tuple((_value_at(self._takes, at, 0), _value_at(self._controls, at, {})) for at in starts)

    def _gestures(self, notes: Sequence[Note], first: Ticks, end: Ticks) -> tuple[Gesture, ...]:
        """Return the bends of notes, and the curves between two ticks, neutral in the end; ticks count from the first."""
        lines: dict[tuple[str, int], list[tuple[Ticks, int]]] = {}
        for c in self._curves:
            lines.setdefault((c.part, c.number), []).append((c.at, c.value))
        found = [g for note in notes for g in bend(note)]
        for (part, number), line in lines.items():
            values = _changes_between(line, first, end)
            found += [Gesture(part, at, number, value) for at, value in values]
            if values and values[-1][1] != NEUTRAL[number]:
                found.append(Gesture(part, end - first, number, NEUTRAL[number]))
        return tuple(found)

    def _drop_old_bars(self) -> None:
        first = self._bars[-MAX_BARS][0]
        self._bars = self._bars[-MAX_BARS:]
        self._notes = [s for s in self._notes if s.at >= first]
        self._chords, self._tempi = _changes_from(self._chords, first), _changes_from(self._tempi, first)
        self._curves = [c for c in self._curves if c.at >= first]
        self._takes, self._controls = _changes_from(self._takes, first), _changes_from(self._controls, first)


def _changes_from(changes: list[tuple[Ticks, T]], first: Ticks) -> list[tuple[Ticks, T]]:
    """Return the last change at or before a tick and all later ones."""
    before = [c for c in changes if c[0] <= first]
    return [*before[-1:], *(c for c in changes if c[0] > first)]


def _changes_between(changes: list[tuple[Ticks, T]], first: Ticks, end: Ticks) -> tuple[tuple[Ticks, T], ...]:
    """Return the values that hold between two ticks; ticks count from the first."""
    return tuple((Ticks(max(0, at - first)), what) for at, what in _changes_from(changes, first) if at < end)


def _value_at(changes: list[tuple[Ticks, T]], tick: Ticks, before: T) -> T:
    return next((what for at, what in reversed(changes) if at <= tick), before)


@dataclass(frozen=True, slots=True)
class BarOrigin:
    """What a bar came from, and the controls that were not at their default when it began."""

    take: str
    prompt: str
    seed: int
    refined: str = ""
    morph: str = ""
    controls: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptBars:
    """Kept bars: the song, the origin of each bar, the controls when it was kept, and the hash of the decoder's weights."""

    song: Song
    bars: tuple[BarOrigin, ...]
    controls: Mapping[str, Value]
    weights: str

    def to_json(self) -> str:
        """Return the JSON that `bridge.storage.kept_takes.from_json` reads."""
        song = asdict(self.song)
        song["notes"] = [{name: value for name, value in note.items() if name != "source"} for note in song["notes"]]
        data = {
            "bars": [asdict(bar) for bar in self.bars],
            "controls": dict(self.controls),
            "weights": self.weights,
            "song": song,
        }
        return json.dumps(data, ensure_ascii=False, indent=1)
