"""`python -m model.training.durations --human FILE`: what lengths of notes are worth where people play → `model/terms/durations.tsv`.

Guidance and the tail that is left out sharpen what the decoder learnt: lengths on the grid come too often, those beside it
too seldom. For each style of `SETS` clips are made under the conditions of training songs, and each class of length gets the
logarithm of how much more often people play it, round after round (iterative proportional fitting: Deming and Stephan, 1940,
of one margin). Of a part's rounds the one that came nearest is kept. Held-out songs are not looked at.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model import durations, midifile
from model.clip import clip
from model.commission import Wanted
from model.composer import Composer
from model.encoder import sentence_encoder
from model.language import LENGTHS, nearest_length
from model.training.measures import clips as measured
from model.training.measures.clips import LENGTH, Clip
from model.training.measures.conditions import Condition, conditions

SETS = {"pop ballad": "pop909"}
"""The styles whose people are measured, and the set that has them."""
PARTS = ("bass", "chords", "melody")
BARS = 8
UNSEEN = 0.002
"""The share of a part's notes that each class is taken to have beside what was counted."""
STEP = 0.8
"""The share of what is missing that a round makes up for: one length drawn more often leaves less room for the others."""
MOST = 3.0
"""Logits that no class is bent beyond."""
TICK = 20
"""Ticks of a file in one of the model's grid."""

Counts = npt.NDArray[np.float64]


def shares(clips: Iterable[Clip], part: str) -> Counts:
    """Return the share of each class of length among a part's notes, `(48,)`, none of them nothing."""
    found = np.zeros(len(LENGTHS))
    for one in clips:
        for length in one.part(part)[:, LENGTH]:
            found[nearest_length(round(int(length) / TICK))] += 1
    found += UNSEEN * max(found.sum(), 1.0)
    whole: Counts = found / found.sum()
    return whole


def bent(worth: Counts, people: Counts, ours: Counts) -> Counts:
    """Return what each class is worth after another round, `(48,)`."""
    found: Counts = np.clip(worth + STEP * np.log(people / ours), -MOST, MOST)
    return found


@cache
def _composer() -> Composer:
    return Composer(sentence_encoder())


def _made(job: tuple[int, Condition]) -> Clip:
    number, asked = job
    wanted = Wanted(asked.prompt, 5001 + number, bars=BARS, parts=asked.parts)
    song = clip(_composer(), wanted, like=measured.as_song(asked.window, asked.parts))
    return measured.from_filed(str(number), midifile.as_filed(song))


def write(table: dict[tuple[str, str], Counts]) -> None:
    """Write the table to where it is shipped from."""
    lines = ["# style\tpart\tticks of a note (24 a quarter)\twhat it is worth, in logits"]
    for (style, part), worth in sorted(table.items()):
        lines += [f"{style}\t{part}\t{n}\t{w:.2f}" for n, w in zip(LENGTHS, worth, strict=True)]
    durations.FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def learnt(songs: Sequence[Clip], count: int, rounds: int, jobs: int) -> None:
    """Learn and write the table; each round's processes read what the one before has written."""
    table = {(style, part): np.zeros(len(LENGTHS)) for style in SETS for part in PARTS}
    nearest = {place: (0.0, worth) for place, worth in table.items()}
    write(table)
    for style, source in SETS.items():
        asked = conditions([s for s in songs if s.source == source], "train", BARS, count)
        people = {part: shares([a.window for a in asked], part) for part in PARTS}
        for turn in range(rounds):
            with get_context("spawn").Pool(jobs) as pool:
                ours = pool.map(_made, list(enumerate(asked)), chunksize=4)
            for part in PARTS:
                heard = shares(ours, part)
                alike, worth = float(np.minimum(heard, people[part]).sum()), table[style, part]
                print(f"{style}, {part}, round {turn}: {alike:.3f} of lengths alike", flush=True)
                nearest[style, part] = max(nearest[style, part], (alike, worth), key=lambda found: found[0])
                table[style, part] = bent(worth, people[part], heard)
            write(table)
    write({place: worth for place, (_, worth) in nearest.items()})


def main() -> None:
    """Parse the command line, learn, write."""
    parser = argparse.ArgumentParser(prog="python -m model.training.durations", description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help="songs, as `measures read` wrote them")
    parser.add_argument("--count", type=int, default=150, help="clips a round")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    learnt(measured.load(options.human), options.count, options.rounds, options.jobs)


if __name__ == "__main__":
    main()
