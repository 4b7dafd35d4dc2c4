"""`python -m model.training.fit.densities`: how full each part of each style is → `model/prompt/rules/tables/densities.tsv`.

Onsets a quarter (notes struck together count once), in the bars in which the part plays, at the 5th, 50th and 95th percentile of
the songbook's pieces of a style; of its family where it has too few; and of all together (style `*`). The composer holds a wanted
density to these while it plays.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from model.decoder.tokenizer import PART_ORDER
from model.prompt.rules.vocabulary import FOLDER
from model.styles import STYLES
from model.training.corpus import songbook
from model.training.corpus.song import Song

FEWEST = 6
"""Pieces of a style with the part; with fewer its family speaks for it."""


def rates(song: Song) -> dict[str, float]:
    """Return the onsets a quarter of each part, over the bars in which it plays."""
    edges = [start for start, _ in song.bars] + [song.end]
    found = {}
    for part in PART_ORDER:
        starts = np.array(sorted({n.start for n in song.notes if n.part == part}))
        if len(starts):
            bars = np.unique(np.searchsorted(edges, starts, "right") - 1)
            quarters = sum(edges[b + 1] - edges[b] for b in bars) / 480
            found[part] = len(starts) / quarters
    return found


def table() -> list[str]:
    """Return the lines of the table."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for song in songbook.load(None, {}):
        name = song.style[0][0]
        for part, rate in rates(song).items():
            for group in (name, f"family {STYLES[name].family}", "*"):
                found[group, part].append(rate)
    lines = ["# style\tpart\tonsets a quarter at the 5th, 50th and 95th percentile of its pieces"]
    for name in ("*", *STYLES):
        for part in PART_ORDER:
            here = found[name, part]
            if name != "*" and len(here) < FEWEST:
                here = found[f"family {STYLES[name].family}", part]
            if len(here) >= FEWEST:
                low, middle, high = np.percentile(here, [5, 50, 95])
                lines.append(f"{name}\t{part}\t{low:.2f}\t{middle:.2f}\t{high:.2f}")
    return lines


def main() -> None:
    """Write the table."""
    lines = table()
    (FOLDER / "densities.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines) - 1} rows")


if __name__ == "__main__":
    main()
