"""`python -m bench.music.obedience.sections [--seed 1] [--save FOLDER]`: whether builds, drops and choruses rise.

Twenty prompts whose words give the sections and their bars, over dance, pop and rock. Of each neighbouring pair of `RISES` in a
clip: the hits (onsets a bar), the strokes of the drums a bar, and the mean velocity of the later one over the earlier one's.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import pairwise
from pathlib import Path
from statistics import mean

from bench.make_clips import Maker, composer
from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.music import midifile
from model.music.midifile import Song

PROMPTS = (
    "deep house, intro 4, build 4, drop 8, break 4",
    "big room festival house: 8 bars verse, 4 bars build, 8 bars drop",
    "trance with supersaws, 8 bar verse then 8 bar build then 8 bar drop",
    "techno at 130, verse 8 bars, build-up 4 bars, drop 8 bars",
    "liquid dnb: verse (8), build (4), drop (8)",
    "heavy dubstep, 4 bars intro, 8 bars verse, 4 bars buildup, 8 bars drop",
    "future bass, verse 4 build 4 drop 8 breakdown 4 build 4 drop 8",
    "uk garage - 8 bars verse, 4 bars build, then an 8 bar drop",
    "trap, verse 8, build 2, drop 8",
    "afro house for dancing, verse 8 bars | build 4 bars | drop 8 bars",
    "disco with strings, verse 8 bars, pre-chorus 4 bars, chorus 8 bars",
    "upbeat pop, verse 8, pre-chorus 4, chorus 8",
    "sad piano pop: 4 bars intro, 8 bars verse, 4 bars pre-chorus, 8 bars chorus",
    "synth pop from the eighties, verse 4 bars, prechorus 4 bars, chorus 8 bars",
    "stadium pop anthem: verse 8 bars, build 4 bars, chorus 8 bars",
    "indie rock, 8 bars of verse, 4 bars of build, 8 bars of chorus",
    "hard rock with a riff, verse 8, pre-chorus 4, chorus 8, bridge 4",
    "pop punk, fast, verse 8 bars, build 2 bars, chorus 8 bars",
    "metal: intro 4 bars, verse 8 bars, build 4 bars, drop 8 bars",
    "post-rock, slow, 8 bars verse, 8 bars build, 8 bars drop",
)  # fmt: skip
RISES = {"verse": 0, "intro": 0, "breakdown": 0, "build": 1, "pre-chorus": 1, "drop": 2, "chorus": 2}
"""How high a section lies: of two neighbours that differ the higher one has more."""


def measured(song: Song) -> list[tuple[str, float, float, float]]:
    """Return each section's name, onsets a bar, strokes of the drums a bar, and mean velocity."""
    found = []
    ends = [*(at for at, _ in song.sections[1:]), song.end]
    for (at, name), end in zip(song.sections, ends, strict=True):
        inside = [n for n in song.notes if at <= n.start < end]
        bars = max(1, sum(at <= start < end for start, _ in song.bars))
        onsets = len({(n.part, n.start, n.pitch * (n.part in ("drums", "perc"))) for n in inside})
        strokes = sum(n.part == "drums" for n in inside)
        found.append((name, onsets / bars, strokes / bars, mean(n.velocity for n in inside) if inside else 0.0))
    return found


def main() -> None:
    """Write the clips and print how often what should rise does."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.obedience.sections", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first of the prompts that is used")
    parser.add_argument("--every", type=int, default=1, help="of the prompts, every so many")
    parser.add_argument("--save", type=Path, help="a folder for the clips")
    options = parser.parse_args()
    writer = composer(Maker())
    right, whole = Counter[str](), Counter[str]()
    for number, prompt in enumerate(PROMPTS[options.first :: options.every]):
        song = clip(writer, ClipSpec(prompt, options.seed))
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            midifile.write(options.save / f"{number:02}.mid", song)
        parts = measured(song)
        print(prompt, "|", " ".join(f"{n} {a:.0f}/{b:.0f}/{v:.0f}" for n, a, b, v in parts), flush=True)
        for one, other in pairwise(parts):
            low, high = RISES.get(one[0]), RISES.get(other[0])
            if low is None or high is None or low >= high:
                continue
            step = "build over verse" if high == 1 else "drop over build" if low == 1 else "drop over verse"
            rises = {"hits": other[1] > one[1], "strokes": other[2] > one[2], "velocity": other[3] > one[3]}
            for what, is_more in rises.items():
                whole[f"{step}, {what}"] += 1
                right[f"{step}, {what}"] += is_more
    for name in sorted(whole):
        print(f"{name}: {right[name]} of {whole[name]} = {100 * right[name] / whole[name]:.0f} %")


if __name__ == "__main__":
    main()
