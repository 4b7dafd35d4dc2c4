"""What was played, kept for a .mid file: bars, sounds, chords and tempi by absolute ticks. Owned by the session."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection

from bridge.orders import Sound, remains
from bridge.timeline import Placed
from model.midifile import Song, bar_length
from model.music import TICKS_PER_QUARTER, Note, Ticks

LONGEST = 64 * TICKS_PER_QUARTER
"""Ticks; what began longer ago than this is not looked at when something is taken back."""


class Record:
    """The log of one performance since play; keeps nothing unless it is wanted."""

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted
        self.begin()

    def begin(self) -> None:
        """Forget everything: play begins at bar 1."""
        self._bars: list[tuple[Ticks, str]] = []
        self._sounds: list[Sound] = []
        self._chords: list[tuple[Ticks, str]] = []
        self._tempi: list[tuple[Ticks, float]] = []
        self._end = Ticks(0)

    def add(self, placed: Placed) -> None:
        """Keep a beat that was placed."""
        if not self.wanted:
            return
        if placed.beat == 1:
            self._bars.append((placed.start, placed.music.meter))
        self._sounds += placed.sounds
        self._end = placed.end
        chord = placed.music.chord
        if chord is not None and (not self._chords or self._chords[-1][1] != chord):
            self._chords.append((placed.start, chord))

    def struck(self, sounds: Collection[Sound]) -> None:
        """Keep what was struck anew within a beat."""
        if self.wanted:
            self._sounds += sounds

    def cut(self, after: Ticks, ring: Collection[str] = ()) -> None:
        """Take back what was planned from a tick on; the sounds by `orders.remains`."""
        self._end = min(self._end, after)
        self._bars = [b for b in self._bars if b[0] < after]
        self._chords = [c for c in self._chords if c[0] < after]
        near = bisect_left(self._sounds, after - LONGEST, key=lambda s: s.beat)
        self._sounds[near:] = [
            left for s in self._sounds[near:] if (left := remains(s, after, ring)) is not None
        ]

    def retime(self, at: Ticks, bpm: float) -> None:
        """Keep a change of tempo."""
        if self.wanted:
            self._tempi = [t for t in self._tempi if t[0] < at] + [(at, bpm)]

    def song(self, key: str, now: Ticks) -> Song | None:
        """Return the whole bars played by a tick, at most what is planned; None before the first is.

        A file's bars follow one another without gaps: where a take entered within a bar, its metre counts from
        the next line of the file.
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
            Note(s.at, Ticks(min(s.length, at - s.at)), s.pitch, s.velocity, s.part)
            for s in self._sounds
            if s.at < at
        )
        return Song(
            bars=tuple(bars),
            end=at,
            tempos=tuple(t for t in self._tempi if t[0] < at),
            key=key,
            notes=notes,
            chords=tuple(c for c in self._chords if c[0] < at),
        )
