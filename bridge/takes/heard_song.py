"""What was heard at each place of a host's song, so that the band goes on there where the host does. Pure.

Places are in ticks of the host's song: those of MIDI's song position pointer, or of a host's transport.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bridge.takes.timeline import PlacedBeat
from model.generation.material.form_plan import PHRASE_BARS
from model.music.notes import beat_length, beats_in_bar

MAX_HEARD = 2048
"""Beats that are remembered; the oldest are forgotten first."""
GRID = 60
"""Ticks: beats of all metres lie on it, so what a beat covers is found by its steps."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """How a take goes on at a place: with `beats` that sounded there, then with its beat `index`; `bar` counts since play.

    With each beat is the take's own that follows where the rest is not played.
    """

    beats: tuple[tuple[PlacedBeat, int], ...]
    index: int
    bar: int


@dataclass(slots=True)
class HeardSong:
    """The beats that sounded, by place. What is played over them takes their place."""

    _beats: dict[int, PlacedBeat] = field(default_factory=dict)
    _outdated: set[int] = field(default_factory=set)

    def forget(self) -> None:
        """Forget all: the song begins anew."""
        self._beats.clear()

    def outdate(self) -> None:
        """Remember that what was heard so far is not wanted as it was: its places are written anew."""
        self._outdated = set(self._beats)

    def hear(self, beats: Iterable[PlacedBeat], origin: int, wanted_from: int) -> None:
        """Remember beats; `origin` is the place of playback tick 0. What begins before tick `wanted_from` is outdated."""
        for beat in beats:
            at = beat.start + origin
            for covered in range(at, at + beat.music.length, GRID):
                self._beats.pop(covered, None)
            self._beats[at] = replace(beat, notes=())
            (self._outdated.add if beat.start < wanted_from else self._outdated.discard)(at)
        while len(self._beats) > MAX_HEARD:
            del self._beats[next(iter(self._beats))]

    def resumption(self, take: int, place: int, meter: str, *, written: bool) -> Resumption | None:
        """Return how a take goes on at a place, None if nothing of it has sounded.

        With what sounded there, as far as that is not outdated; else with the first of its beats that has not sounded
        and has this place in its phrase. Of written music (`written`) every bar is known.
        """
        own = [(at, beat) for at, beat in self._beats.items() if beat.take == take]
        if not own:
            return None
        at, last = max(own, key=lambda pair: pair[1].music.index)
        length, bar = beat_length(meter), beats_in_bar(meter)

        def index_at(place: int) -> int:
            steps = (place - at) // length
            return last.music.index + (steps if written else 1 + (steps - 1) % (PHRASE_BARS * bar))

        found: list[tuple[PlacedBeat, int]] = []
        while place not in self._outdated and (beat := self._beats.get(place)) is not None:
            place += beat.music.length
            found.append((beat, beat.music.index + 1 if beat.take == take else index_at(place)))
        if found:
            first, following = found[0]
            told = replace(first, music=replace(first.music, fresh=True))  # its chord is told
            return Resumption(((told, following), *found[1:]), found[-1][1], first.bar)
        bars = (place - at + (last.beat - 1) * length) // (bar * length)
        index = index_at(place)
        return Resumption((), index, max(1, last.bar + bars)) if index >= 0 else None
