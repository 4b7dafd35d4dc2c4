"""A morph swept over 16 bars: what it moves, it moves the same way from bar to bar.

    python -m bench.sweep [--seeds N]

Each bar is written at its place between two prompts, by the real model; Spearman's rank correlation of bars and measures,
of the mean over the seeds and as the median of single sweeps.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from bench.clips import Maker, composer
from bench.figures import table
from model.music import Beat, Begin, Controls, Write

BARS = 16
PAIRS = (
    (
        "very sparse calm pop with drums, 100 bpm",
        "very busy energetic pop with drums, 100 bpm",
        ("onsets", "velocity"),
    ),
    ("dark low pop, 100 bpm, C major", "bright high pop, 100 bpm, C major", ("height",)),
    ("gentle slow house, 100 bpm", "aggressive house, 100 bpm", ("velocity",)),
    ("pop with plain triads, 100 bpm", "pop with rich jazzy extended chords, 100 bpm", ("tones",)),
)
MEASURES: dict[str, Callable[[Sequence[Beat]], float]] = {
    "onsets": lambda bar: float(sum(len({(n.part, n.start) for n in b.notes}) for b in bar)),
    "velocity": lambda bar: float(np.mean([n.velocity for b in bar for n in b.notes])),
    "height": lambda bar: float(
        np.mean([n.pitch for b in bar for n in b.notes if n.part in ("chords", "melody")])
    ),
    "tones": lambda bar: float(
        np.mean([len(tones) for b in bar if (tones := {n.pitch % 12 for n in b.notes if n.part == "chords"})])
    ),
}


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
    """Return the rank correlation of values with their order; equal values share a rank."""
    array = np.asarray(values)
    ranks = np.array([(array < v).sum() + ((array == v).sum() - 1) / 2 for v in array])
    return float(np.corrcoef(ranks, np.arange(len(array)))[0, 1])


def main() -> None:
    """Sweep, and print the correlations."""
    parser = argparse.ArgumentParser(prog="python -m bench.sweep", description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    options = parser.parse_args()
    rows: list[tuple[object, ...]] = []
    for first, second, names in PAIRS:
        sweeps = [sweep(first, second, seed) for seed in range(1, options.seeds + 1)]
        for name in names:
            values = np.array([[MEASURES[name](bar) for bar in bars] for bars in sweeps])
            alone = float(np.median([spearman(v) for v in np.nan_to_num(values)]))
            rows.append(
                (f"{first} → {second}", name, f"{spearman(np.nanmean(values, 0)):.2f}", f"{alone:.2f}")
            )
    print(table(("sweep", "measure", "of the mean", "median of single sweeps"), rows))


if __name__ == "__main__":
    main()
