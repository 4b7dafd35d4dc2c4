"""The factors of the music, all from the one decoder: p(y|h), p(z|h), p(r|h), p(s|y,r), p(z|s).

Each is a way of giving some of the music and asking for the rest; there is an example of each in `examples/`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from model.clips.clip import Writer, clip
from model.clips.edit import harmonise_melody, notes_of
from model.clips.messages import ClipSpec
from model.music.midifile import Song
from model.music.notes import Kept, Ticks, beat_length, beats_in_bar


@dataclass(frozen=True, slots=True)
class Beats:
    """A rhythm: onsets and lengths in ticks from the first bar line, without pitches."""

    onsets: tuple[tuple[Ticks, Ticks], ...]


def notes(composer: Writer, wanted: ClipSpec) -> Song:
    """p(y|h): all the notes that words ask for."""
    return clip(composer, wanted)


def chords(composer: Writer, wanted: ClipSpec) -> tuple[tuple[Ticks, str], ...]:
    """p(z|h): chord symbols with their ticks, and no notes."""
    return clip(composer, replace(wanted, parts=("chords",))).chords


def rhythm(composer: Writer, wanted: ClipSpec, part: str = "melody") -> Beats:
    """p(r|h): when a part plays, and how long; its pitches are left aside."""
    made = clip(composer, replace(wanted, parts=(part,)))
    return Beats(tuple((n.start, n.length) for n in notes_of(made, part)))


def melody_on(composer: Writer, wanted: ClipSpec, rhythm_: Beats, meter: str = "4/4") -> Song:
    """p(s|y,r): a melody whose onsets and lengths are given, on chords that the words (or `wanted.controls`) give."""
    beat = beat_length(meter)
    bar = beats_in_bar(meter) * beat
    last = max((at for at, _ in rhythm_.onsets), default=0)
    count = wanted.bars or last // bar + 1
    given = [Kept(rhythm=()) for _ in range(count * beats_in_bar(meter))]
    for at, length in rhythm_.onsets:
        index = at // beat
        if index < len(given):
            placed = (Ticks(at - index * beat), length)
            given[index] = replace(given[index], rhythm=(*(given[index].rhythm or ()), placed))
    controls = replace(wanted.controls, meter=meter)
    parts = wanted.parts or ("chords", "melody", "bass")
    return clip(composer, replace(wanted, bars=count, parts=parts, controls=controls), given=tuple(given))


def chords_for(composer: Writer, wanted: ClipSpec, melody: Song, *, causal: bool = False) -> Song:
    """p(z|s): chords for a melody, knowing each beat's melody, or (causal) only what came before the beat."""
    return harmonise_melody(composer, melody, wanted, causal=causal)
