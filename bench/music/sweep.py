"""A morph swept over 16 bars: what it moves, it moves the same way from bar to bar.

    python -m bench.music.sweep [--seeds N] [--first N]

Each bar is written at its place between two prompts, by the real model; Spearman's rank correlation of bars and measures,
of the mean over the seeds and as the median of single sweeps; what is to fall counts turned over. Three tables: the pairs by
which the first sweeps were made, those that were looked at since, and those that nothing was chosen by.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bench.make_clips import Maker, composer
from bench.tables import table
from model.generation.messages import Begin, Write
from model.music.notes import Beat
from model.music.plan import Controls

BARS = 16
Pair = tuple[str, str, tuple[str, ...]]
"""Two prompts and what rises from the one to the other, or falls: then a minus stands before it."""
FIRST: tuple[Pair, ...] = (
    (
        "very sparse calm pop with drums, 100 bpm",
        "very busy energetic pop with drums, 100 bpm",
        ("onsets", "velocity"),
    ),
    ("dark low pop, 100 bpm, C major", "bright high pop, 100 bpm, C major", ("height",)),
    ("gentle slow house, 100 bpm", "aggressive house, 100 bpm", ("velocity",)),
    ("pop with plain triads, 100 bpm", "pop with rich jazzy extended chords, 100 bpm", ("tones",)),
)
SEEN: tuple[Pair, ...] = (
    (
        "low register folk ballad, 92 bpm, G major",
        "high register folk ballad, 92 bpm, G major",
        ("height",),
    ),
    (
        "gloomy deep low lo-fi hip hop, 84 bpm, D minor",
        "sunny high pitched lo-fi hip hop, 84 bpm, D minor",
        ("height",),
    ),
    ("dark low jazz trio, 120 bpm", "bright jazz trio in a high register, 120 bpm", ("height",)),
    ("gentle bossa nova, 120 bpm", "energetic funk, 108 bpm", ("onsets", "velocity")),
    ("a lullaby, 80 bpm", "a festival anthem, 126 bpm", ("onsets", "velocity")),
    ("sparse minimal lo-fi, 85 bpm", "busy drum and bass, 172 bpm", ("onsets",)),
    ("busy latin, 110 bpm", "spacious sparse reggae, 110 bpm", ("-onsets",)),
    ("soft intimate soul ballad, 76 bpm", "loud intense rock, 120 bpm", ("velocity",)),
    ("house with basic chords, 122 bpm", "house with jazzy extended chords, 122 bpm", ("tones",)),
    ("rich lush jazz harmony ballad, 70 bpm", "plain triads rock ballad, 70 bpm", ("-tones",)),
    ("folk with simple triads, 100 bpm", "neo soul with lush ninths, 90 bpm", ("tones",)),
)
UNSEEN: tuple[Pair, ...] = (
    (
        "quiet slow ambient pads, few notes",
        "frantic punk rock, lots of notes, loud",
        ("onsets", "velocity"),
    ),
    (
        "deep low cinematic strings in E minor, 70 bpm",
        "high register cinematic strings in E minor, 70 bpm",
        ("height",),
    ),
    ("dark techno in the low register, 130 bpm", "bright trance up high, 138 bpm", ("height",)),
    ("stripped-back country, 96 bpm", "busy bluegrass, 130 bpm", ("onsets",)),
    ("loud salsa, 105 bpm", "whispered bolero, 90 bpm", ("-velocity",)),
    ("gospel with simple chords, 80 bpm", "gospel with rich extended chords, 80 bpm", ("tones",)),
    ("dense techno, 128 bpm", "minimal uncluttered house, 122 bpm", ("-onsets",)),
    ("calm sparse piano", "energetic busy drum and bass", ("onsets", "velocity")),
)
MEASURES: dict[str, Callable[[Sequence[Beat]], float]] = {
    "onsets": lambda bar: float(sum(len({(n.part, n.start) for n in b.notes}) for b in bar)),
    "velocity": lambda bar: mean(n.velocity for b in bar for n in b.notes),
    "height": lambda bar: mean(n.pitch for b in bar for n in b.notes if n.part in ("chords", "melody")),
    "tones": lambda bar: mean(
        len(tones) for b in bar if (tones := {n.pitch % 12 for n in b.notes if n.part == "chords"})
    ),
}


def mean(values: Iterable[float]) -> float:
    """Return the mean, nan of nothing."""
    found = list(values)
    return sum(found) / len(found) if found else float("nan")


def sweep(first: str, second: str, seed: int) -> list[list[Beat]]:
    """Return the bars of one sweep."""
    writer = composer(Maker())
    writer.begin(Begin(1, first, Controls(), seed, morph=second))
    beats: list[Beat] = []
    for index in range(4 * BARS):
        controls = Controls(morph=(index // 4) / (BARS - 1))
        beat = writer.write(Write(1, index, controls)).beat
        assert beat is not None
        beats.append(beat)
    writer.forget(1)
    return [beats[i : i + 4] for i in range(0, len(beats), 4)]


def spearman(values: Sequence[float]) -> float:
    """Return the rank correlation of values with their order, 0 where nothing moves; equal values share a rank."""
    array = np.asarray(values)
    if np.ptp(array) == 0:
        return 0.0
    ranks = np.array([(array < v).sum() + ((array == v).sum() - 1) / 2 for v in array])
    return float(np.corrcoef(ranks, np.arange(len(array)))[0, 1])


def main() -> None:
    """Sweep, and print the correlations."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.sweep", description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    for title, pairs in (
        ("the first pairs", FIRST),
        ("looked at since", SEEN),
        ("chosen by nothing", UNSEEN),
    ):
        rows = [row for pair in pairs for row in swept(pair, seeds)]
        print(table((title, "measure", "of the mean", "median of single sweeps"), rows), flush=True)


def swept(pair: Pair, seeds: Sequence[int]) -> list[tuple[object, ...]]:
    """Return the lines of a pair of prompts."""
    first, second, names = pair
    sweeps = [sweep(first, second, seed) for seed in seeds]
    rows: list[tuple[object, ...]] = []
    for name in names:
        sign = -1 if name.startswith("-") else 1
        measure = MEASURES[name.removeprefix("-")]
        values = sign * np.array([[measure(bar) for bar in bars] for bars in sweeps])
        middle = np.nanmean(values, 0)
        alone = float(np.median([spearman(v) for v in np.where(np.isnan(values), middle, values)]))
        rows.append((f"{first} → {second}", name, f"{spearman(middle):.2f}", f"{alone:.2f}"))
    return rows


if __name__ == "__main__":
    main()
