"""Written music beat by beat, as a take can play it: a song cut into beats, with the plan that says its tempo and key."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from model.music.midifile import Song
from model.music.notes import Beat, Ticks, beat_length, beats_in_bar
from model.music.plan import Plan


@dataclass(frozen=True, slots=True)
class Score:
    """A piece by its name and title. With `loops` its first beat follows its last, else it ends."""

    name: str
    title: str
    plan: Plan
    beats: tuple[Beat, ...]
    loops: bool

    @property
    def end(self) -> int | None:
        """The index after its last beat, None if it loops."""
        return None if self.loops else len(self.beats)

    def beat(self, index: int) -> Beat | None:
        """Return a beat by its index in the take, None after the end."""
        rounds, at = divmod(index, len(self.beats))
        if rounds and not self.loops:
            return None
        beat = self.beats[at]
        return replace(beat, index=index, bar=beat.bar + rounds * (self.beats[-1].bar + 1)) if rounds else beat


def score_of(name: str, title: str, song: Song, plan: Plan, loops: bool) -> Score:
    """Return a song as a score. Notes begin where they sound, in the beat in which they do."""
    starts: list[Ticks] = []
    places: list[tuple[int, int, str]] = []
    for bar, (start, meter) in enumerate(song.bars):
        for beat in range(beats_in_bar(meter)):
            starts.append(Ticks(start + beat * beat_length(meter)))
            places.append((bar, beat, meter))
    inside: list[list[int]] = [[] for _ in starts]
    for number, note in enumerate(song.notes):
        inside[bisect_right(starts, note.start) - 1].append(number)
    symbols = [at for at, _ in song.chords]
    beats = []
    for index, ((bar, beat, meter), start) in enumerate(zip(places, starts, strict=True)):
        last = bisect_right(symbols, start + beat_length(meter) - 1) - 1
        chord = song.chords[last][1] if last >= 0 else None
        fresh = last >= 0 and symbols[last] >= start
        notes = tuple(replace(song.notes[n], start=Ticks(song.notes[n].start - start)) for n in inside[index])
        beats.append(Beat(index, bar, beat, meter, chord, fresh, notes))
    return Score(name, title, plan, tuple(beats), loops)
