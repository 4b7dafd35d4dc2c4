"""`python -m bench.music.form [--bars 16] [--seed 1] [--every 1]`: returns, loops, dynamics and artefacts of clips of fixed prompts.

The figures of tunes, chords and drums are those of `model.songbook.figures`; what is counted beside them is said in `ARTEFACTS`.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, median

from bench.make_clips import Maker, composer
from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.music import midifile
from model.music.harmony import parse_chord, parse_key
from model.songbook import figures
from model.songbook.rendering import Note

PROMPTS: Mapping[str, tuple[str, ...]] = {
    "sung": (
        "a warm pop song about coming home", "sad pop ballad with piano", "upbeat pop in G major", "tender love ballad",
        "folk song by the fire", "irish reel in D", "country song on the road", "mandopop ballad", "soul with a singing lead",
        "city pop at night", "gospel with a choir feeling", "a lullaby", "an old folk tune in G", "bright summer pop", "celtic reel",
        "blues in A",
    ),
    "chordal": (
        "indie rock with driving guitars", "metal riff", "neo-soul groove", "funk with slap bass", "r&b slow jam", "punk, fast",
    ),
    "danced": (
        "deep house at sunset", "techno, dark and driving", "drum and bass, liquid", "trance anthem", "disco with strings",
        "lo-fi beats to study", "hip hop, boom bap", "trap, dark", "uk garage", "afro house", "house with piano", "dubstep, heavy",
    ),
    "others": (
        "reggae, sunny", "bossa nova", "jazz trio", "cinematic and slow", "ambient pads", "synthwave drive",
    ),
}  # fmt: skip
ROOTS = ("irish reel in D", "celtic reel", "folk song by the fire", "an old folk tune in G")
TWO_KICKS = ("drum and bass, liquid", "lo-fi beats to study", "hip hop, boom bap")
ARTEFACTS = {
    "silent bass": "clips in which a bass that has played is silent for two bars",
    "silent chords": "the same of chords",
    "thin chords": "bars with two pitch classes or fewer of chords, in clips whose usual bar has three",
    "single kick": "bars with drums and fewer than two kicks, in drum and bass, lo-fi and hip hop",
    "chromatic": "chords with a tone outside the key, in reels and folk",
    "blocks": "mean difference of neighbouring blocks of four bars in velocity",
    "very high": "melody notes above C6",
}


def as_figures(name: str, song: midifile.Song) -> figures.Song:
    """Return a clip as a song to measure."""
    notes: dict[str, tuple[Note, ...]] = {"melody": (), "drums": ()}
    for part in {n.part for n in song.notes}:
        found = sorted((n.start, n.pitch, n.length, n.velocity) for n in song.notes if n.part == part)
        notes[part] = tuple(Note(*values) for values in found)
    chords = tuple((at, symbol.replace("mmaj7", "mM7").replace("aug7", "7#5")) for at, symbol in song.chords)
    return figures.Song(name, song.end // len(song.bars), len(song.bars), notes, chords)


def artefacts(name: str, song: midifile.Song) -> dict[str, float]:
    """Return what of `ARTEFACTS` a clip can have."""
    measured = as_figures(name, song)
    bar, count, notes = measured.bar, measured.bars, measured.notes
    found: dict[str, float] = {}
    for part in ("bass", "chords"):
        if notes.get(part):
            found[f"silent {part}"] = _is_silent(notes[part], bar, count)
    if notes.get("chords"):
        sizes = [
            len({n.pitch % 12 for n in notes["chords"] if n.start < end and n.end > end - bar})
            for end in _ends(bar, count)
        ]
        if median(sizes) >= 3:
            found["thin chords"] = mean(size < 3 for size in sizes)
    if name in TWO_KICKS:
        kicks = [[n.pitch == 36 for n in notes["drums"] if end - bar <= n.start < end] for end in _ends(bar, count)]
        found["single kick"] = mean(sum(struck) < 2 for struck in kicks if struck)
    if name in ROOTS:
        scale = parse_key(song.key).pitch_classes
        found["chromatic"] = mean(not parse_chord(symbol).pitch_classes <= scale for _, symbol in song.chords)
    loud = [[n.velocity for n in song.notes if at <= n.start < at + 4 * bar] for at in range(0, count * bar, 4 * bar)]
    levels = [mean(block) for block in loud if block]
    if len(levels) > 1:
        found["blocks"] = mean(abs(a - b) for a, b in itertools.pairwise(levels))
    if notes["melody"]:
        found["very high"] = mean(n.pitch > 84 for n in notes["melody"])
    return found


def _ends(bar: int, count: int) -> range:
    return range(bar, (count + 1) * bar, bar)


def _is_silent(notes: Sequence[Note], bar: int, count: int) -> bool:
    sounding = {b for n in notes for b in range(n.start // bar, (n.end - 1) // bar + 1)}
    after = [b in sounding for b in range(min(sounding), count)]
    return any(not a and not b for a, b in itertools.pairwise(after))


def lines(group: str, found: Iterable[Mapping[str, float]]) -> list[str]:
    """Return a line for each figure: its mean, its median, and in how many clips it is."""
    rows: dict[str, list[float]] = {}
    for one in found:
        for name, value in one.items():
            rows.setdefault(name, []).append(value)
    return [f"{group:8} {name:15} {mean(v):7.3f}  median {median(v):7.3f}  ({len(v)})" for name, v in rows.items()]


def main() -> None:
    """Parse the command line, write the clips and print their figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.form", description=__doc__)
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="of the prompts, every so many")
    parser.add_argument("--save", type=Path, help="a folder for the clips")
    options = parser.parse_args()
    writer, began, seconds = composer(Maker()), time.perf_counter(), 0.0
    everything: list[dict[str, float]] = []
    for group, prompts in PROMPTS.items():
        found = []
        for number, prompt in enumerate(prompts[:: options.every]):
            song = clip(writer, ClipSpec(prompt, options.seed, bars=options.bars))
            seconds += song.end / 480 * 60 / song.tempos[0][1]
            found.append(figures.figures(as_figures(prompt, song)))
            everything.append(artefacts(prompt, song))
            for name in ("silent bass", "silent chords"):
                if everything[-1].get(name):
                    print(f"{name}: {prompt}")
            if options.save:
                options.save.mkdir(parents=True, exist_ok=True)
                midifile.write(options.save / f"{group}-{number:02}-{prompt.replace(' ', '_')}.mid", song)
        print("\n".join(lines(group, found)), flush=True)
    print("\n".join(lines("all", everything)))
    print(f"{seconds / (time.perf_counter() - began):.1f} s of music a second")


if __name__ == "__main__":
    main()
