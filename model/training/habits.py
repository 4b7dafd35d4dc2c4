"""`python -m model.training.habits --human FILE`: what people do more often than the decoder → `model/terms/habits.tsv`.

Guidance and the tail that is left out sharpen what the decoder learnt: lengths on the grid come too often, those beside it
too seldom, and so do steps of a second. For each style of `SETS` clips are made under the conditions of training songs, and
each length, and each size of a melody's steps, gets the logarithm of how much more often people play it, round after round
(iterative proportional fitting: Deming and Stephan, 1940). Of a part's rounds the one that came nearest is kept. Held-out
songs are not looked at.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model import habits, midifile
from model.clip import clip
from model.commission import Wanted
from model.composer import Composer
from model.encoder import sentence_encoder
from model.language import LENGTHS, nearest_length
from model.training.measures import clips as measured
from model.training.measures.clips import LENGTH, Clip
from model.training.measures.conditions import Condition, conditions
from model.training.measures.texture import melody_steps

SETS = {"pop ballad": "pop909"}
"""The styles whose people are measured, and the set that has them."""
HABITS = (("bass", "length"), ("chords", "length"), ("melody", "length"), ("melody", "step"))
BARS = 8
UNSEEN = 0.002
"""The share that each size is taken to have beside what was counted."""
STEP = 0.8
"""The share of what is missing that a round makes up for: one size drawn more often leaves less room for the others."""
MOST = 3.0
"""Logits that no size is bent beyond."""
TICK = 20
"""Ticks of a file in one of the model's grid."""

Counts = npt.NDArray[np.float64]
Place = tuple[str, str, str]


def sizes(clip_: Clip, part: str, what: str) -> Iterable[int]:
    """Return the class of each length of a part, or the size of each step of a melody."""
    if what == "step":
        return (min(abs(int(s)), habits.LARGEST) for s in melody_steps(clip_))
    return (nearest_length(round(int(n) / TICK)) for n in clip_.part(part)[:, LENGTH])


def shares(clips: Iterable[Clip], part: str, what: str) -> Counts:
    """Return the share of each size among all of a part, `(48,)` or `(13,)`, none of them nothing."""
    found = np.zeros(habits.SIZES[what])
    for one in clips:
        for size in sizes(one, part, what):
            found[size] += 1
    found += UNSEEN * max(found.sum(), 1.0)
    whole: Counts = found / found.sum()
    return whole


def bent(worth: Counts, people: Counts, ours: Counts) -> Counts:
    """Return what each size is worth after another round."""
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


def write(table: dict[Place, Counts]) -> None:
    """Write the table to where it is shipped from."""
    lines = ["# style\tpart\twhat\tticks of a note (24 a quarter) or semitones\twhat it is worth, in logits"]
    for (style, part, what), worth in sorted(table.items()):
        named = LENGTHS if what == "length" else range(len(worth))
        lines += [f"{style}\t{part}\t{what}\t{n}\t{w:.2f}" for n, w in zip(named, worth, strict=True)]
    habits.FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def learnt(songs: Sequence[Clip], count: int, rounds: int, jobs: int) -> None:
    """Learn and write the table; each round's processes read what the one before has written."""
    table = {(style, *habit): np.zeros(habits.SIZES[habit[1]]) for style in SETS for habit in HABITS}
    nearest = {place: (0.0, worth) for place, worth in table.items()}
    write(table)
    for style, source in SETS.items():
        asked = conditions([s for s in songs if s.source == source], "train", BARS, count)
        people = {habit: shares([a.window for a in asked], *habit) for habit in HABITS}
        for turn in range(rounds):
            with get_context("spawn").Pool(jobs) as pool:
                ours = pool.map(_made, list(enumerate(asked)), chunksize=4)
            for part, what in HABITS:
                heard, place = shares(ours, part, what), (style, part, what)
                alike, worth = float(np.minimum(heard, people[part, what]).sum()), table[place]
                print(f"{style}, {part}, round {turn}: {alike:.3f} of each {what} alike", flush=True)
                nearest[place] = max(nearest[place], (alike, worth), key=lambda found: found[0])
                table[place] = bent(worth, people[part, what], heard)
            write(table)
    write({place: worth for place, (_, worth) in nearest.items()})


def main() -> None:
    """Parse the command line, learn, write."""
    parser = argparse.ArgumentParser(prog="python -m model.training.habits", description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help="songs, as `measures read` wrote them")
    parser.add_argument("--count", type=int, default=150, help="clips a round")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    learnt(measured.load(options.human), options.count, options.rounds, options.jobs)


if __name__ == "__main__":
    main()
