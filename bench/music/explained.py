"""`llmball explain` on whole songs of people that nothing was taught from: the key beside published profiles', and chord roots.

    python -m bench.music.explained --human FILE [--split test]

FILE is what `python -m model.training.measures read` wrote; songs of POP909 that stay in one key. `--data FOLDER` is not needed then.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.analysis.explain import explain
from model.analysis.key_finder import PROFILES
from model.music.harmony import parse_chord, parse_key
from model.music.midifile import Song
from model.music.notes import TICKS_PER_QUARTER, Note, Ticks
from model.training.measures import clips, keys
from model.training.measures.clips import Clip
from model.training.measures.tables import estimate, table

TAG = ("computed", "one key")
STEP = TICKS_PER_QUARTER // 2


def main() -> None:
    """Print the exact keys and MIREX scores, then how often the root that is read is the annotated one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--human", type=Path, required=True)
    parser.add_argument("--split", default="test")
    args = parser.parse_args()
    songs = [c for c in clips.load(args.human) if c.source == "pop909" and c.split == args.split and TAG in c.tags]
    told = [explain(as_song(c)) for c in songs]
    true = [(parse_key(c.key).tonic, parse_key(c.key).minor) for c in songs]
    ours = [(parse_key(t.key).tonic, parse_key(t.key).minor) for t in told]
    found: dict[str, Sequence[tuple[int, bool] | None]] = {"explain": ours}
    found |= {name: [keys.find(keys.time_of_classes(c), name) for c in songs] for name in PROFILES}
    groups = [c.group for c in songs]
    rows = {}
    for name, heard in found.items():
        rows[f"exact key, {name}"] = estimate([h == t for h, t in zip(heard, true, strict=True)], groups)
        rows[f"MIREX, {name}"] = estimate([keys.mirex(h, t) for h, t in zip(heard, true, strict=True)], groups)
    shares = [roots(c, [(p.bar, p.beat, p.symbol) for p in t.chords]) for c, t in zip(songs, told, strict=True)]
    rows["chord roots, time that agrees with the annotation"] = estimate([s for s in shares if s is not None],
                                                                     [g for g, s in zip(groups, shares, strict=True) if s is not None])  # fmt: skip
    print(table(("measure", "figure"), [(name, str(f)) for name, f in rows.items()]))


def as_song(clip: Clip) -> Song:
    """Return the notes of a song, without what is annotated."""
    return Song(
        bars=tuple((Ticks(at), meter) for at, meter in clip.bars),
        end=Ticks(clip.end),
        tempos=((Ticks(0), clip.tempo or 100.0),),
        key="C major",
        notes=tuple(
            Note(Ticks(start), Ticks(length), pitch, velocity, part)
            for part, notes in clip.parts.items()
            for start, length, pitch, velocity in notes.tolist()
        ),
    )


def roots(clip: Clip, told: Sequence[tuple[int, float, str]]) -> float | None:
    """Return the share of the annotated time in which the root that is told is the annotated one."""
    grid = np.full(clip.end // STEP + 1, -1)
    for bar, beat, symbol in told:
        start, meter = clip.bars[bar - 1]
        grid[int(start + (beat - 1) * 4 * TICKS_PER_QUARTER / int(meter.split("/")[1])) // STEP :] = parse_chord(
            symbol
        ).root
    hits = sum(int(np.sum(grid[a // STEP : b // STEP] == c.root)) for a, b, c in clip.spans)
    whole = sum(b // STEP - a // STEP for a, b, _ in clip.spans)
    return hits / whole if whole else None


if __name__ == "__main__":
    main()
