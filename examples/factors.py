"""Each factor of the music by itself, from one decoder: `python examples/factors.py FOLDER`.

p(y|h), p(z|h), p(r|h), p(s|y,r), p(z|s): each is a way of giving some of the music and asking for the rest. Writes notes.mid,
melody.mid, harmonised.mid, behind.mid, filled.mid, longer.mid and refined.mid, and prints chords and a rhythm.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from model.clips.clip import Writer, clip
from model.clips.edit import continue_clip, fill_in, harmonise_melody, notes_of
from model.clips.messages import ClipSpec, KeepSpec
from model.clips.refine import refine
from model.generation.composer import Composer
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import Kept, Ticks, beat_length, beats_in_bar
from model.music.plan import Controls
from model.prompt.understand import open_encoder

PROMPT = "warm neo-soul in D minor, 84 bpm"


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


def melody_on(composer: Writer, wanted: ClipSpec, given_rhythm: Beats, meter: str = "4/4") -> Song:
    """p(s|y,r): a melody whose onsets and lengths are given, on chords that the words (or `wanted.controls`) give."""
    beat = beat_length(meter)
    bar = beats_in_bar(meter) * beat
    last = max((at for at, _ in given_rhythm.onsets), default=0)
    count = wanted.bars or last // bar + 1
    given = [Kept(rhythm=()) for _ in range(count * beats_in_bar(meter))]
    for at, length in given_rhythm.onsets:
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


def main(folder: Path, bars: int = 4) -> None:
    """Write the examples."""
    composer = Composer(open_encoder(None))
    wanted = ClipSpec(PROMPT, seed=1, bars=bars)

    # p(y|h): all the notes that the words ask for
    whole = notes(composer, wanted)
    midifile.write(folder / "notes.mid", whole)

    # p(z|h): the chords alone, as symbols
    print("chords:", " ".join(symbol for _, symbol in chords(composer, wanted)))

    # p(r|h): when the melody plays and how long, without its pitches
    played = rhythm(composer, wanted)
    print("rhythm:", " ".join(f"{start / 480:g}+{length / 480:g}" for start, length in played.onsets[:12]))

    # p(s|y,r): pitches for a rhythm, over chords that are given
    tapped = Beats(tuple((Ticks(b * 1920 + t), Ticks(360)) for b in range(bars) for t in (0, 480, 720, 1440)))
    given = ClipSpec(PROMPT, seed=1, bars=bars, controls=Controls(chords="Dm9 G13 Cmaj9 A7b9"))
    melody = melody_on(composer, given, tapped)
    midifile.write(folder / "melody.mid", melody)

    # p(z|s): chords for a melody, knowing each beat's melody, and as on a stage, one beat behind
    midifile.write(folder / "harmonised.mid", chords_for(composer, wanted, melody))
    midifile.write(folder / "behind.mid", chords_for(composer, wanted, melody, causal=True))

    # one bar again with what follows known; more of the same; and what words would change
    again = fill_in(composer, whole, ClipSpec(PROMPT, seed=2), KeepSpec(frozenset({"drums"}), frozenset({1})))
    midifile.write(folder / "filled.mid", again)
    midifile.write(folder / "longer.mid", continue_clip(composer, whole, ClipSpec("", seed=3), 2))
    midifile.write(folder / "refined.mid", refine(composer, whole, "less busy, walking bass", seed=4))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
