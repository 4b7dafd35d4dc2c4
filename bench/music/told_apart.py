"""`python -m bench.music.told_apart --store FILE [--clips 60] [--source pop909]`: how well our melodies are told from people's.

Eight bars of clips of pop prompts, and of the middle of people's songs, as some twenty features of the melody alone; logistic
regression, five folds by song. Beside it two halves of people's songs, which cannot be told apart, and the features that differ
most, in standard deviations (Cohen's d).
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.make_clips import Maker, composer
from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.decoder.conditioning import HEADER
from model.decoder.tokenizer import FIRST_NOTE, KEY, METER, VELOCITY_CENTRE, VELOCITY_STEP, Event, decode
from model.music.harmony import parse_key
from model.music.midifile import bar_length
from model.music.notes import METERS, TICKS_PER_QUARTER, Note, Ticks
from model.training.dataset.store import Store

Array = npt.NDArray[np.floating[Any]]
PROMPTS = (
    "a warm pop song about coming home", "upbeat pop", "sad pop ballad with piano", "tender love ballad", "mandopop ballad", "bright summer pop",
    "a hopeful pop anthem", "slow pop with strings", "抒情流行歌曲", "pop rock, mid tempo",
)  # fmt: skip
BARS, FOLDS, DECAY, ROUNDS = 8, 5, 3.0, 20
NAMED = 6
"""Features that are named."""


@dataclass(frozen=True, slots=True)
class Tune:
    """The melody of some bars: notes from tick 0 on, the bar's length in ticks, the pitch classes of the key."""

    notes: Sequence[Note]
    bar: int
    scale: frozenset[int]


def cut(notes: Sequence[Note], first: int, bar: int, key: str, bars: int = BARS) -> Tune:
    """Return the melody of some bars from a bar on."""
    begin = first * bar
    inside = [n for n in notes if n.part == "melody" and begin <= n.start < begin + bars * bar]
    return Tune([replace(n, start=Ticks(n.start - begin)) for n in inside], bar, parse_key(key).pitch_classes)


def features(tune: Tune) -> dict[str, float]:
    """Return the features of a melody; those that need more notes than it has are left out."""
    top: dict[int, Note] = {}
    for n in tune.notes:
        if n.start not in top or n.pitch > top[n.start].pitch:
            top[n.start] = n
    line = [top[start] for start in sorted(top)]
    if len(line) < 4:
        return {"rests": 1.0}
    pitches, steps = [n.pitch for n in line], [b.pitch - a.pitch for a, b in pairwise(line)]
    motions = [s for s in steps if s]
    waits = [(b.start - a.start) / TICKS_PER_QUARTER for a, b in pairwise(line)]
    bars = [[n for n in line if n.start // tune.bar == i] for i in range(BARS)]
    rhythms = [tuple(n.start % tune.bar for n in bar) for bar in bars]
    cells = [tuple((n.start % tune.bar, n.pitch) for n in bar) for bar in bars]
    sung = [i for i, bar in enumerate(bars) if bar]
    return {
        "rests": 1 - len(sung) / BARS,
        "notes": float(np.log1p(len(line) / BARS)),
        "sounds": min(1.0, sum(n.length for n in line) / (tune.bar * BARS)),
        "turns": mean(a != 0 and a == -b for a, b in pairwise(steps)),
        "onward": mean((a > 0) == (b > 0) for a, b in pairwise(motions)) if len(motions) > 1 else 0.0,
        "stays": mean(s == 0 for s in steps),
        "steps": mean(abs(s) in (1, 2) for s in steps),
        "leaps": mean(abs(s) > 4 for s in steps),
        "wide leaps": mean(abs(s) > 9 for s in steps),
        "pitches": len(set(pitches)) / 12,
        "range": (max(pitches) - min(pitches)) / 12,
        "one pitch": Counter(pitches).most_common(1)[0][1] / len(pitches),
        "height": median(pitches) / 12,
        "off the scale": mean(p % 12 not in tune.scale for p in pitches),
        "rhythm returns": mean(rhythms[i] in rhythms[:i] for i in sung),
        "bar returns": mean(cells[i] in cells[:i] for i in sung),
        "answers in rhythm": float(rhythms[0] == rhythms[BARS // 2]),
        "sixteenths": mean(w <= 0.26 for w in waits),
        "kinds of waits": float(np.log1p(len({round(w * 4) for w in waits}))),
        "longest wait": min(8.0, max(waits)) / 4,
        "off the beat": mean(n.start % TICKS_PER_QUARTER != 0 for n in line),
        "highest at": max(range(len(line)), key=lambda i: line[i].pitch) / len(line),
    }


def from_rows(store: Store, number: int, bars: int = BARS) -> Tune | None:
    """Return the melody from the middle of a song of a store; None where its metre or key is not known, or it is too short."""
    rows, header = store.song(number), store.headers[number][:, 1]
    meter, key = int(header[HEADER.index(Event.METER)]), int(header[HEADER.index(Event.KEY)])
    rows = rows[(rows[:, 0] != Event.FORM) & (rows[:, 0] != Event.EOS)].copy()
    rows[(rows[:, 0] >= FIRST_NOTE) & (rows[:, 3] == 0), 3] = (
        1 + VELOCITY_CENTRE // VELOCITY_STEP
    )  # of songs without velocities
    count = int((rows[:, 0] == Event.BAR).sum())
    if not meter or not key or count < 2 * bars:
        return None
    notes, now = list[Note](), 0
    for beat in decode(rows, [METERS[meter - METER]] * count):
        notes += (replace(n, start=Ticks(now + n.start)) for n in beat.notes)
        now += beat.length
    tonic = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")[(key - KEY) % 12]
    mode = "minor" if key - KEY > 11 else "major"
    return cut(notes, count // 2 // 4 * 4, bar_length(METERS[meter - METER]), f"{tonic} {mode}", bars)


def ours(count: int) -> Iterator[dict[str, float]]:
    """Yield the features of clips."""
    writer = composer(Maker())
    for number in range(count):
        song = clip(writer, ClipSpec(PROMPTS[number % len(PROMPTS)], 500 + number, bars=BARS))
        yield features(cut(song.notes, 0, bar_length(song.bars[0][1]), song.key))


def theirs(store: Store, source: str, count: int) -> Iterator[dict[str, float]]:
    """Yield the features of people's songs, of all splits in an order of chance."""
    songs = [int(i) for split in ("validation", "test", "train") for i in store.songs(split, source)]
    random.Random(1).shuffle(songs)
    for number in songs:
        found = from_rows(store, number)
        if found is not None and count and len(found.notes) >= BARS:
            count -= 1
            yield features(found)


def table(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> Array:
    """Return features as an array, those that a song lacks at the mean of the others, in units of their spread."""
    found = np.array([[row.get(name, np.nan) for name in names] for row in rows])
    scaled = (found - np.nanmean(found, 0)) / np.maximum(np.nanstd(found, 0), 1e-6)
    return np.asarray(np.nan_to_num(scaled))


def accuracy(x: Array, y: Array, seed: int = 0) -> float:
    """Return the share of songs that are told right by a regression that has not seen them."""
    x = np.concatenate([x, np.ones((len(x), 1))], 1)
    fold = np.random.default_rng(seed).permutation(len(y)) % FOLDS
    right = 0
    for number in range(FOLDS):
        train, held = fold != number, fold == number
        weight = np.zeros(x.shape[1])
        for _ in range(ROUNDS):
            chance = 1 / (1 + np.exp(-np.clip(x[train] @ weight, -30, 30)))
            slope = x[train].T @ (y[train] - chance) - DECAY * weight
            curve = (x[train] * (chance * (1 - chance))[:, None]).T @ x[train] + DECAY * np.eye(len(weight))
            weight = weight + np.linalg.solve(curve, slope)
        right += int((((x[held] @ weight) > 0) == (y[held] > 0.5)).sum())
    return right / len(y)


def main() -> None:
    """Parse the command line, write, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.told_apart", description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="people's songs, as prepare wrote them")
    parser.add_argument("--source", default="pop909")
    parser.add_argument("--clips", type=int, default=60)
    options = parser.parse_args()
    people = list(theirs(Store.load(options.store), options.source, options.clips))
    made = list(ours(len(people)))
    names = sorted({name for row in (*people, *made) for name in row})
    both = table([*people, *made], names)
    mine = np.repeat([0.0, 1.0], [len(people), len(made)])
    print(f"{len(made)} clips told from {len(people)} of {options.source}: {accuracy(both, mine):.3f}")
    alone = table(people, names)
    print(f"two halves of {options.source}: {accuracy(alone, np.arange(len(people)) % 2.0):.3f}")
    apart = both[mine > 0].mean(0) - both[mine < 1].mean(0)
    spread = np.sqrt((both[mine > 0].var(0) + both[mine < 1].var(0)) / 2) + 1e-9
    d = apart / spread
    for i in np.argsort(-np.abs(d))[:NAMED]:
        print(f"  {names[i]}: d {d[i]:+.2f}")


if __name__ == "__main__":
    main()
