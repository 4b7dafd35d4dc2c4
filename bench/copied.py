"""`python -m bench.copied [--seeds N] [--dose X] [--progressions] [FILE]`: what clips share with the songbook's training pieces.

FILE has a prompt a line (else sixteen prompts of ours). Bars of bass and accompaniment of three onsets and more, and bars of melody of
five notes and more, count as found where a training piece has one of the same onsets and intervals; beside them the pieces of the other
splits. The bass meets the kick where both begin; a bar returns where that two or four bars on strikes alike. `--dose` sets how much a
band varies (`model.generation.material.variation`). `--progressions` counts what of twenty seeds differs instead.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from bench.make_clips import Maker, composer
from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.generation.material import variation
from model.music import midifile
from model.music.drums import ROLES
from model.music.harmony import parse_chord, parse_key
from model.songbook.figures import Song, song
from model.songbook.midi import load
from model.songbook.reader import read, read_file
from model.songbook.rendering import perform
from model.songbook.tables import PIECES
from model.songbook.writing import written
from model.training.corpus import songbook

PROMPTS = (
    "a groove for a rooftop party", "late night techno in a car park", "a shuffle for the kitchen", "afrobeats with a sweet guitar",
    "drill, snow on the pavement", "half asleep, tape hiss, lo-fi", "neo-soul for two", "a song for the last day of school, pop",
    "dusty country road", "a standard in a hotel bar, jazz", "salsa on a balcony", "慢歌，想家", "funk with a nasty bass",
    "reggae by the river", "drum and bass at dawn", "rock that stamps its foot",
)  # fmt: skip
FEWEST = {"bass": 3, "chords": 3, "melody": 5}
"""Onsets of a bar of a part that is compared."""
SEEDS = 20
Bar = tuple[tuple[int, int], ...]


def bars(measured: Song, part: str) -> Iterator[Bar]:
    """Yield the bars of a part that have enough onsets, whatever their key."""
    for _, group in groupby(sorted(measured.notes[part]), key=lambda n: n.start // measured.bar):
        notes = sorted((n.start % measured.bar, n.pitch) for n in group)
        if len({start for start, _ in notes}) >= FEWEST[part]:
            yield tuple((start, pitch - notes[0][1]) for start, pitch in notes)


def book() -> tuple[dict[str, set[Bar]], dict[str, float]]:
    """Return the bars of the training pieces by part, and the share of the other pieces' bars that are among them."""
    known, others = defaultdict[str, set[Bar]](set), defaultdict[str, list[Bar]](list)
    for path in sorted(PIECES.rglob("*.txt")):
        piece = read_file(path)
        measured = song(perform(piece))
        for part in FEWEST:
            found = list(bars(measured, part))
            if songbook.split(songbook.song(piece)) == "train":
                known[part].update(found)
            else:
                others[part] += found
    return known, {part: sum(bar in known[part] for bar in others[part]) / len(others[part]) for part in FEWEST}


def made(prompt: str, seed: int) -> Song:
    """Return a clip as its file is read: without swing, on the grid."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mid"
        midifile.write(path, clip(composer(Maker()), ClipSpec(prompt, seed, bars=8)))
        return song(perform(read(written(load(path)), path.name)))


def progression(prompt: str, seed: int) -> tuple[object, tuple[tuple[int, int], ...]]:
    """Return the chords of a clip, in any key, and its melody."""
    found = clip(composer(Maker()), ClipSpec(prompt, seed, bars=8))
    tonic = parse_key(found.key).tonic
    chords = (parse_chord(symbol) for _, symbol in found.chords)
    melody = tuple(sorted((n.start, n.pitch) for n in found.notes if n.part == "melody"))
    return tuple(c for c, _ in groupby(((c.root - tonic) % 12, c.quality) for c in chords)), melody


def main() -> None:
    """Parse the command line and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.copied", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--dose", type=float, default=variation.DOSE)
    parser.add_argument("--progressions", action="store_true")
    options = parser.parse_args()
    variation.DOSE = options.dose
    prompts = options.file.read_text("utf-8").splitlines() if options.file else PROMPTS
    if options.progressions:
        for prompt in prompts:
            takes = [progression(prompt, seed) for seed in range(1, SEEDS + 1)]
            melodies = [melody for _, melody in takes if melody]
            print(f"{len({p for p, _ in takes}):3} {len(melodies) - len(set(melodies)):3}  {prompt}", flush=True)
        return
    known, others = book()
    found, met, returned = Counter[tuple[str, bool]](), Counter[str](), Counter[tuple[str, bool]]()
    for prompt in prompts:
        for seed in range(1, options.seeds + 1):
            measured = made(prompt, seed)
            for part in FEWEST:
                found.update((part, bar in known[part]) for bar in bars(measured, part))
            kicks = {n.start for n in measured.notes["drums"] if n.pitch == ROLES["kick"]}
            bass = {n.start for n in measured.notes["bass"]}
            if kicks and bass:
                met.update(kicks=len(kicks), bass=len(bass), both=len(kicks & bass))
            for part in ("bass", "chords"):
                struck = [
                    frozenset(n.start % measured.bar for n in measured.notes[part] if n.start // measured.bar == i)
                    for i in range(8)
                ]
                returned.update(
                    (part, struck[i] in (struck[(i + 2) % 8], struck[(i + 4) % 8])) for i in range(8) if struck[i]
                )
    print("| part | bars | found | in other pieces | return |\n|---|---|---|---|---|")
    for part in FEWEST:
        count = found[part, True] + found[part, False]
        back = returned[part, True] / max(1, returned[part, True] + returned[part, False])
        print(f"| {part} | {count} | {found[part, True] / max(1, count):.3f} | {others[part]:.3f} | {back:.2f} |")
    print(
        f"kicks with a bass note {met['both'] / met['kicks']:.3f}, bass notes with a kick {met['both'] / met['bass']:.3f}"
    )


if __name__ == "__main__":
    main()
