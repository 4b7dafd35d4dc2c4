"""`python -m model.training.fit.style_statistics --human FILE`: what is played more often than the decoder plays it → `model/prompt/rules/tables/habits.tsv`.

Guidance and top-p sharpen the learnt distribution: common lengths and steps come too often, rare ones too seldom. This fits logit
corrections for each style by iterative proportional fitting (Deming and Stephan, 1940): clips are made under the conditions of training
songs, or of new pieces by its grammar, and each length, size of a melodic step and, for sequenced styles, sixteenth of a bar gets the log
ratio of its frequencies there and in the clips, round after round. The best round of each part is kept. Held-out songs and patterns
are not used.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.decoder.tokenizer import nearest_length
from model.generation import style_statistics
from model.generation.composer import Composer
from model.music import midifile
from model.music.drums import ROLES
from model.prompt.encoder import sentence_encoder
from model.styles import GRAMMAR_STYLES
from model.training.measures import clips as measured
from model.training.measures.clips import LENGTH, PITCH, Clip, from_song
from model.training.measures.conditions import Condition, conditions
from model.training.measures.features import steps, straightened
from model.training.measures.texture import melody_steps
from model.training.styles.piece import piece

SETS = {"pop ballad": "pop909"}
"""The styles whose people are measured by all that they play, and the set that has them."""
OF_PEOPLE = (("bass", "length"), ("chords", "length"), ("melody", "length"), ("melody", "step"))
OF_MACHINES = (
    *OF_PEOPLE[:3],
    *((part, "place") for part in ("bass", "chords", "melody", "drums", *ROLES)),
)
"""The habits of the styles that have a grammar; of drums how many are struck on a place, and of each its share of them."""
PIECES = 40
SEEDS = range(60_000, 60_000 + PIECES)
"""Pieces of each grammar, of seeds that no other set has."""
BARS = 8
UNSEEN = 0.002
"""The share that each size is taken to have beside what was counted,"""
RARE = 0.02
"""and how often in a bar each place is taken to be played beside."""
STEP = 0.8
"""The share of what is missing that a round makes up for: one size drawn more often leaves less room for the others."""
MAX_BIAS = 3.0
"""Logits that no size is bent beyond."""
TICK = 20
"""Ticks of a file in one of the model's grid."""

Counts = npt.NDArray[np.float64]
Habit = tuple[str, str]
Place = tuple[str, str, str]


def sizes(clip_: Clip, part: str, what: str) -> Iterable[int]:
    """Return the class of each length of a part, or the size of each step of a melody."""
    if what == "step":
        return (min(abs(int(s)), style_statistics.MAX_STEP) for s in melody_steps(clip_))
    return (nearest_length(round(int(n) / TICK)) for n in clip_.part(part)[:, LENGTH])


def shares(clips: Iterable[Clip], part: str, what: str) -> Counts:
    """Return the share of each size among all of a part, `(48,)` or `(13,)`, none of them nothing."""
    found = np.zeros(style_statistics.SIZES[what])
    for one in clips:
        for size in sizes(one, part, what):
            found[size] += 1
    found += UNSEEN * max(found.sum(), 1.0)
    whole: Counts = found / found.sum()
    return whole


def rates(clips: Iterable[Clip]) -> dict[str, Counts]:
    """Return how often each part, and each role of the drums, begins notes on each sixteenth of a bar of 4/4, `(16,)`, a little above nothing.

    Swing is straightened. What "drums" has is the sum of its roles.
    """
    heard: dict[str, list[Counts]] = {}
    for one in map(straightened, clips):
        drums = one.part("drums")
        lines = {part: one.part(part) for part in ("bass", "chords", "melody")}
        lines |= {role: drums[drums[:, PITCH] == note] for role, note in ROLES.items()}
        for name, notes in lines.items():
            if len(drums if name in ROLES else notes) and np.isfinite(rate := steps(one, notes)).all():
                heard.setdefault(name, []).append(rate)
    found = {name: np.mean(all_of, axis=0) + RARE for name, all_of in heard.items()}
    return found | {"drums": sum(found[role] for role in ROLES)} if "kick" in found else found


def measured_habits(clips: Sequence[Clip], wanted: Sequence[Habit]) -> dict[Habit, Counts]:
    """Return of each habit what clips do: shares of sizes, rates of places; of a drum its share of all that are struck on a place."""
    found, by_place = dict[Habit, Counts](), rates(clips)
    for part, what in wanted:
        if what != "place":
            found[part, what] = shares(clips, part, what)
        elif part in by_place:
            found[part, what] = by_place[part] / by_place["drums"] if part in ROLES else by_place[part]
    return found


def corrected(bias: Counts, people: Counts, ours: Counts) -> Counts:
    """Return the bias of each size, in logits, after another round."""
    found: Counts = np.clip(bias + STEP * np.log(people / ours), -MAX_BIAS, MAX_BIAS)
    return found


@cache
def _composer() -> Composer:
    return Composer(sentence_encoder())


def _made(job: tuple[int, Condition]) -> Clip:
    number, asked = job
    wanted = ClipSpec(asked.prompt, 5001 + number, bars=BARS, parts=asked.parts)
    song = clip(_composer(), wanted, like_song=measured.as_song(asked.window, asked.parts))
    return measured.from_filed(str(number), midifile.as_filed(song))


def write(table: Mapping[Place, Counts]) -> None:
    """Write the table to where it is shipped from, without biases of 0."""
    told = [f"{style}\t{part}\t{what}\t{' '.join(f'{w:.2f}' for w in bias)}"
            for (style, part, what), bias in sorted(table.items()) if np.abs(bias).max() >= SMALL]  # fmt: skip
    style_statistics.FILE.write_text("\n".join([HEADER, *told]) + "\n", encoding="utf-8")


HEADER = "# style\tpart or drum\twhat\twhat each is worth, in logits: lengths from short to long, steps by semitones, places by the sixteenth of a bar"
SMALL = 0.05


@dataclass(frozen=True, slots=True)
class StyleTask:
    """What a style is asked to play, and what those who are learnt from do of each habit."""

    style: str
    asked: Sequence[Condition]
    theirs: Mapping[Habit, Counts]


def style_tasks(songs: Sequence[Clip], styles: Sequence[str], count: int, few: int) -> Iterable[StyleTask]:
    """Yield the lesson of each style: of people `count` clips, of machines `few`; where people play such a style too, half of both."""
    for style in styles:
        if style in SETS:
            asked = conditions([s for s in songs if s.source == SETS[style]], "train", BARS, count)
            yield StyleTask(style, asked, measured_habits([a.window for a in asked], OF_PEOPLE))
        else:
            made = [
                replace(from_song(piece(style, seed)), source="grammar", split="train", label=style) for seed in SEEDS
            ]
            known = [replace(s, source="people") for s in songs if s.label == style and s.split == "train"]
            theirs = [c.window for c in conditions([*made, *known], "train", BARS, 2 * PIECES)]
            asked = conditions([*made, *known], "train", BARS, few)
            yield StyleTask(style, asked, measured_habits(theirs, OF_MACHINES))


def learn(todo: Sequence[StyleTask], table: dict[Place, Counts], rounds: int, jobs: int) -> None:
    """Learn the habits of some styles and write the table; each round's processes read what the one before has written."""
    for lesson in todo:
        for habit in lesson.theirs:
            table[lesson.style, *habit] = np.zeros(style_statistics.SIZES[habit[1]])
    nearest = {place: (0.0, bias) for place, bias in table.items()}
    write(table)
    for turn in range(rounds):
        with get_context("spawn").Pool(jobs) as pool:
            everything = [job for lesson in todo for job in enumerate(lesson.asked)]
            made = iter(pool.map(_made, everything, chunksize=4))
        for lesson in todo:
            ours = measured_habits([next(made) for _ in lesson.asked], list(lesson.theirs))
            for habit, theirs in lesson.theirs.items():
                if habit in ours:
                    place = lesson.style, *habit
                    alike, bias = likeness(theirs, ours[habit]), table[place]
                    nearest[place] = max(nearest[place], (alike, bias), key=lambda found: found[0])
                    table[place] = corrected(bias, theirs, ours[habit])
                    print(f"{turn}\t{lesson.style}\t{habit[0]}\t{habit[1]}\t{alike:.3f} alike", flush=True)
        write(table)
    write({place: bias for place, (_, bias) in nearest.items()})


def likeness(one: Counts, other: Counts) -> float:
    """Return what two counts have in common, of all that either has, 0..1."""
    return float(np.minimum(one, other).sum() / np.maximum(one, other).sum())


def main() -> None:
    """Parse the command line, learn, write."""
    parser = argparse.ArgumentParser(prog="python -m model.training.fit.style_statistics", description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help="songs, as `measures read` wrote them")
    parser.add_argument("--count", type=int, default=150, help="clips a round and style of people")
    parser.add_argument("--few", type=int, default=16, help="and of machines")
    parser.add_argument("--styles", help="some of them, by comma; the others stay as they are")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    styles = options.styles.split(",") if options.styles else [*SETS, *GRAMMAR_STYLES]
    todo = list(style_tasks(measured.load(options.human), styles, options.count, options.few))
    learn(todo, dict(style_statistics.table()) if options.styles else {}, options.rounds, options.jobs)


if __name__ == "__main__":
    main()
