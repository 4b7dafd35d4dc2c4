"""`python -m bench.music.returns --store FILE [--seeds 2]`: how tunes return, beside people's: pop, ballads, folk.

Windows of 8, 16 and 32 bars of clips, and of the middle of people's songs, are measured alike. A sung bar has three notes or more.
Of each figure the median of ours stands beside the quartiles of people's songs.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean, median, quantiles

from bench.make_clips import Maker, composer
from bench.music.told_apart import Tune, from_rows
from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.music.harmony import parse_key
from model.music.midifile import bar_length
from model.music.notes import Note
from model.training.dataset.store import Store

GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "pop": ("pop909", ("a pop song about the first day of summer", "catchy pop for driving home", "pop in E major, hopeful", "流行歌曲，轻快")),
    "ballad": ("pop909", ("a slow ballad for a lost friend", "piano ballad, tender", "power ballad with strings", "深情的抒情慢歌")),
    "folk": ("openewld", ("a folk song of the harbour", "folk ballad with acoustic guitar", "country song on a dirt road", "an old song for the campfire")),
}  # fmt: skip
LENGTHS = (8, 16, 32)
SUNG = 3
"""Notes of a sung bar, at least."""
PEOPLE = 150
"""Songs of people that are measured, at most."""
Figures = dict[str, float]


def figures(tune: Tune, count: int) -> Figures:
    """Return the figures of a melody of so many bars; none where it hardly sings."""
    line = _skyline(tune.notes)
    bars = [[n for n in line if n.start // tune.bar == i] for i in range(count)]
    cells = [tuple((round(n.start % tune.bar / 60), n.pitch) for n in bar) for bar in bars]
    rhythms = [tuple(at for at, _ in cell) for cell in cells]
    sung = [i for i, bar in enumerate(bars) if len(bar) >= SUNG]
    if len(sung) < count // 4:
        return {}
    away = [[j for j in range(count) if abs(i - j) > 1] for i in range(count)]
    sounds = {b for n in line for b in range(n.start // tune.bar, (n.start + n.length - 1) // tune.bar + 1)}
    waits = [b.start - a.start for a, b in pairwise(line)]
    eights = [[n.pitch for n in line if first <= n.start // tune.bar < first + 8] for first in range(0, count, 8)]
    return {
        f"return in {count}": mean(any(cells[i] == cells[j] for j in away[i]) for i in sung),
        f"rhythm returns in {count}": mean(any(rhythms[i] == rhythms[j] for j in away[i]) for i in sung),
        "range": mean(max(p) - min(p) for p in eights if p),
        "height": float(median(n.pitch for n in line)),
        "sixteenths": mean(w <= 130 for w in waits),
        "empty bars": 1 - len([b for b in sounds if b < count]) / count,
        "one rhythm": max(Counter(rhythms[i] for i in sung).values()) / len(sung) if count == 16 else float("nan"),
    }  # fmt: skip


def _skyline(notes: Sequence[Note]) -> list[Note]:
    top: dict[int, Note] = {}
    for n in notes:
        if n.start not in top or n.pitch > top[n.start].pitch:
            top[n.start] = n
    return [top[start] for start in sorted(top)]


def people(store: Store, source: str, bars: int) -> Iterator[Figures]:
    """Yield the figures of people's songs, in an order of chance."""
    songs = [int(i) for split in ("validation", "test", "train") for i in store.songs(split, source)]
    random.Random(1).shuffle(songs)
    found = 0
    for number in songs:
        tune = from_rows(store, number, bars)
        measured = figures(tune, bars) if tune is not None else {}
        if measured:
            yield measured
            found += 1
        if found == PEOPLE:
            return


def ours(prompts: Sequence[str], seeds: int, bars: int) -> Iterator[Figures]:
    """Yield the figures of clips."""
    writer = composer(Maker())
    for number, prompt in enumerate(prompts):
        for seed in range(seeds):
            song = clip(writer, ClipSpec(prompt, 900 + 10 * number + seed, bars=bars))
            melody = [n for n in song.notes if n.part == "melody"]
            yield figures(Tune(melody, bar_length(song.bars[0][1]), parse_key(song.key).pitch_classes), bars)


def main() -> None:
    """Print the figures of each group beside people's."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.returns", description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="people's songs, as prepare wrote them")
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    store = Store.load(options.store)
    for group, (source, prompts) in GROUPS.items():
        inside = Counter[bool]()
        for bars in LENGTHS:
            theirs = list(people(store, source, bars))
            mine = list(ours(prompts, options.seeds, bars))
            for name in next(m for m in theirs):
                values = [m[name] for m in mine if m and m[name] == m[name]]
                human = [m[name] for m in theirs if m[name] == m[name]]
                if not values or (bars != 16 and str(bars) not in name):
                    continue
                low, middle, high = quantiles(human, n=4, method="inclusive")
                fits = low <= median(values) <= high
                inside[fits] += 1
                told = "" if fits else "  OUTSIDE"
                print(
                    f"{group:7} {name:22} {median(values):6.3f}  {source} {low:6.3f} {middle:6.3f} {high:6.3f}{told}",
                    flush=True,
                )
        print(f"{group}: {inside[True]} of {inside.total()} inside")


if __name__ == "__main__":
    main()
