"""`python -m model.training.fit.melody_line --store FILE …`: fit the weights of a melody's line by the figures of what is drawn.

The decoder alone turns back at once and stays more than what it learnt from: told the true notes it says .24 for the songbook's .18
of turns, and what it draws itself leads it further. So likelihood cannot set these weights: clips are drawn, and each weight moves
until its figure is that of held-out melodies, the mean of the sources in the stores. The result is written to
`model/weights/fusion.json`, whose sum `SHA256SUMS` has.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from statistics import mean

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.decoder.conditioning import HEADER
from model.decoder.tokenizer import FIRST_NOTE, GRID, METER, PART_ORDER, PITCH, Event, Rows, part_and_tick
from model.generation.bias_weights import SHIPPED, BiasWeights
from model.generation.composer import Composer
from model.music.notes import METERS
from model.prompt.encoder import sentence_encoder
from model.styles import DECODER_STYLES
from model.training.dataset.store import SOURCES, Store
from model.weights import FOLDER

FITTED = {"melody_turn": "turns", "melody_onward": "onward"}
"""The weights that are fitted, and the figure that each is to make right."""
TOLD = (*FITTED.values(), "stays", "pitches")
AGAINST = {"melody_onward": -1.0}
"""A weight makes its figure smaller, but for these."""
BARS, WINDOW = 8, 4
FEWEST = 8
"""Notes that eight bars need to be counted."""
STEP = 0.7
"""How much of a figure's error, as logits, a weight takes up in a round: each moves the others' figures too."""


def figures(bars: Sequence[Sequence[int]]) -> dict[str, float]:
    """Return the figures of a melody, the pitches of its bars given.

    Of three notes how often the third is the first (turns), of motions how many go on in the direction of the one before, of notes
    how many stay on the last one, and the pitches in four bars as a share of an octave.
    """
    line = [pitch for bar in bars for pitch in bar]
    if len(line) < FEWEST:
        return {}
    steps = [b - a for a, b in pairwise(line)]
    moved = [step for step in steps if step]
    groups = [{p for bar in bars[at : at + WINDOW] for p in bar} for at in range(0, len(bars) - WINDOW + 1, WINDOW)]
    found = {
        "turns": mean(a != 0 and a == -b for a, b in pairwise(steps)),
        "stays": mean(step == 0 for step in steps),
        "pitches": mean(len(group) for group in groups if group) / 12,
    }
    if len(moved) > 1:
        found["onward"] = mean((a > 0) == (b > 0) for a, b in pairwise(moved))
    return found


def mean_figures(melodies: Iterable[Sequence[Sequence[int]]]) -> dict[str, float]:
    """Return the mean of each figure over the melodies that have it."""
    found = [figures(bars) for bars in melodies]
    return {name: mean(f[name] for f in found if name in f) for name in TOLD}


def melodies(rows: Rows) -> Iterator[list[list[int]]]:
    """Yield the highest notes of the melody of a song, eight bars at a time, from its rows."""
    bars: list[dict[int, int]] = []
    melody = PART_ORDER.index("melody")
    for number, row in enumerate(rows.tolist()):
        if row[0] == Event.BAR:
            bars.append({})
            line = number
        elif row[0] == Event.BEAT:
            line = number
        elif row[0] >= FIRST_NOTE and (row[0] - FIRST_NOTE) // GRID == melody and bars:
            at = line * GRID + part_and_tick(row[0])[1]
            bars[-1][at] = max(row[1] - PITCH, bars[-1].get(at, 0))
    for first in range(0, len(bars) - BARS + 1, BARS):
        yield [[bar[at] for at in sorted(bar)] for bar in bars[first : first + BARS]]


def held_out(stores: Iterable[Store], names: Iterable[str]) -> dict[str, float]:
    """Return the figures of the validation songs of some sources, the mean of the sources."""
    by = []
    for store in stores:
        for name in names:
            songs = store.songs("validation", name) if name in SOURCES else ()
            four = METER + METERS.index("4/4")
            rows = [store.song(int(i)) for i in songs if store.headers[int(i)][HEADER.index(Event.METER), 1] == four]
            if rows:
                by.append(mean_figures(m for song in rows for m in melodies(song)))
    return {name: mean(f[name] for f in by) for name in TOLD}


def drawn(composer: Composer, theta: BiasWeights, prompts: Sequence[str], seeds: int) -> dict[str, float]:
    """Return the figures of clips of eight bars."""
    found = []
    for number, prompt in enumerate(prompts):
        for seed in range(seeds):
            wanted = ClipSpec(prompt, 1000 * seed + number, bars=BARS, theta=tuple(asdict(theta).items()))
            song = clip(composer, wanted)
            bars: list[list[int]] = [[] for _ in range(BARS)]
            for note in song.notes:
                if note.part == "melody":
                    bars[min(BARS - 1, note.start * BARS // song.end)].append(note.pitch)
            found.append(bars)
    return mean_figures(found)


def moved(theta: BiasWeights, ours: Mapping[str, float], wanted: Mapping[str, float]) -> BiasWeights:
    """Return the weights after a step towards the figures that are wanted; none falls below 0."""

    def logit(share: float) -> float:
        return math.log(share / (1 - share))

    changed = {}
    for weight, figure in FITTED.items():
        error = (logit(ours[figure]) - logit(wanted[figure])) * AGAINST.get(weight, 1.0)
        changed[weight] = round(max(0.0, getattr(theta, weight) + STEP * error), 2)
    return theta.with_named(changed.items())


def main() -> None:
    """Parse the command line, draw, move, write."""
    parser = argparse.ArgumentParser(prog="python -m model.training.fit.melody_line", description=__doc__)
    parser.add_argument("--store", type=Path, action="append", required=True, help="songs, as prepare wrote them")
    parser.add_argument("--source", action="append", default=None, help="[songbook and pop909]")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, default=FOLDER / "fusion.json")
    options = parser.parse_args()
    wanted = held_out([Store.load(path) for path in options.store], options.source or ("songbook", "pop909"))
    print(f"wanted {rounded(wanted)}", flush=True)
    prompts = DECODER_STYLES[::2]
    composer, theta = Composer(sentence_encoder()), SHIPPED
    for _ in range(options.rounds):
        ours = drawn(composer, theta, prompts, options.seeds)
        print(f"{ {name: getattr(theta, name) for name in FITTED} } give {rounded(ours)}", flush=True)
        theta = moved(theta, ours, wanted)
    stored = json.loads(options.out.read_text(encoding="utf-8"))
    stored.update({name: getattr(theta, name) for name in FITTED})
    options.out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    print(f"{ {name: getattr(theta, name) for name in FITTED} } → {options.out.name}")


def rounded(found: Mapping[str, float]) -> dict[str, float]:
    """Return figures to three places."""
    return {name: round(value, 3) for name, value in found.items()}


if __name__ == "__main__":
    main()
