"""Each factor of the music by itself, from one decoder: `python examples/factors.py FOLDER`.

Writes notes.mid, melody.mid, harmonised.mid, behind.mid, filled.mid, longer.mid and refined.mid, and prints chords and a rhythm.
"""

from __future__ import annotations

import sys
from pathlib import Path

from model.clips import factors
from model.clips.edit import continue_clip, fill_in
from model.clips.messages import ClipSpec, KeepSpec
from model.clips.refine import refine
from model.generation.composer import Composer
from model.music import midifile
from model.music.notes import Ticks
from model.music.plan import Controls
from model.prompt.understand import open_encoder

PROMPT = "warm neo-soul in D minor, 84 bpm"


def main(folder: Path, bars: int = 4) -> None:
    """Write the examples."""
    composer = Composer(open_encoder(None))
    wanted = ClipSpec(PROMPT, seed=1, bars=bars)

    # p(y|h): all the notes that the words ask for
    whole = factors.notes(composer, wanted)
    midifile.write(folder / "notes.mid", whole)

    # p(z|h): the chords alone, as symbols
    print("chords:", " ".join(symbol for _, symbol in factors.chords(composer, wanted)))

    # p(r|h): when the melody plays and how long, without its pitches
    rhythm = factors.rhythm(composer, wanted)
    print("rhythm:", " ".join(f"{start / 480:g}+{length / 480:g}" for start, length in rhythm.onsets[:12]))

    # p(s|y,r): pitches for a rhythm, over chords that are given
    tapped = factors.Beats(tuple((Ticks(b * 1920 + t), Ticks(360)) for b in range(bars) for t in (0, 480, 720, 1440)))
    given = ClipSpec(PROMPT, seed=1, bars=bars, controls=Controls(chords="Dm9 G13 Cmaj9 A7b9"))
    melody = factors.melody_on(composer, given, tapped)
    midifile.write(folder / "melody.mid", melody)

    # p(z|s): chords for a melody, knowing each beat's melody, and as on a stage, one beat behind
    midifile.write(folder / "harmonised.mid", factors.chords_for(composer, wanted, melody))
    midifile.write(folder / "behind.mid", factors.chords_for(composer, wanted, melody, causal=True))

    # one bar again with what follows known; more of the same; and what words would change
    again = fill_in(composer, whole, ClipSpec(PROMPT, seed=2), KeepSpec(frozenset({"drums"}), frozenset({1})))
    midifile.write(folder / "filled.mid", again)
    midifile.write(folder / "longer.mid", continue_clip(composer, whole, ClipSpec("", seed=3), 2))
    midifile.write(folder / "refined.mid", refine(composer, whole, "less busy, walking bass", seed=4))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
