"""`python -m model.training.fit.densities --data DIR`: how full each part of each style is → `model/prompt/rules/tables/densities.tsv`.

Onsets a quarter (notes struck together count once) at the 5th, 50th and 95th percentile of the pieces of a style, by
grammar and real, and of all together (style `*`). The composer holds a wanted density to these while it plays.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from model.music.notes import PARTS
from model.prompt.rules.vocabulary import FOLDER
from model.styles import STYLES
from model.training.corpus.labels import labelled
from model.training.corpus.sources import data_folder, load
from model.training.dataset.store import SOURCES
from model.training.fit.levels import onsets
from model.training.styles.piece import pieces

PIECES = 40  # of each grammar
FEWEST = 8


def table(data: Path) -> list[str]:
    """Return the lines of the table."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    real = tuple(s for s in SOURCES if s not in ("grammar", "loops"))
    songs = [labelled(s) for s in load(data, real)] + [s for split, s in pieces(PIECES) if split == "train"]
    for song in songs:
        name = song.style[0][0] if len(song.style) == 1 else None
        for part, rate in onsets(song).items():
            if rate > 0:
                found["*", part].append(rate)
                if name:
                    found[name, part].append(rate)
    lines = ["# style\tpart\tonsets a quarter at the 5th, 50th and 95th percentile of its pieces"]
    for name in ("*", *STYLES):
        for part in PARTS:
            rates = found.get((name, part), [])
            if len(rates) >= FEWEST:
                low, middle, high = np.percentile(rates, [5, 50, 95])
                lines.append(f"{name}\t{part}\t{low:.2f}\t{middle:.2f}\t{high:.2f}")
    return lines


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(prog="python -m model.training.fit.densities", description=__doc__)
    parser.add_argument("--data", type=Path)
    lines = table(data_folder(parser.parse_args().data))
    (FOLDER / "densities.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines) - 1} rows")


if __name__ == "__main__":
    main()
