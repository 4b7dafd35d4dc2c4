"""`python -m bench.music.obedience.reference --data DIR`: write `suite/reference.json`, what "percentile" means to the judges.

Excerpts of eight bars out of pieces by grammar, with seeds that no training uses, and of real training songs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from bench.music.obedience.percentiles import FILE, made
from model.music.harmony import chord_symbol
from model.music.midifile import Song
from model.music.notes import Ticks
from model.styles import GRAMMAR_STYLES
from model.training.corpus import song as real
from model.training.corpus.labels import labelled
from model.training.corpus.sources import load
from model.training.styles.piece import piece

BARS = 8
PIECES = 10  # of each grammar
FIRST_SEED = 30_000
SONGS = 60  # of each real source, the first of its training songs
SOURCES = ("pop909", "openewld", "hymns")


def excerpts(data: Path) -> Iterator[tuple[str, Song, bool]]:
    """Yield style ("" unknown), excerpt, and whether velocities were played rather than notated."""
    for style in GRAMMAR_STYLES:
        for i in range(PIECES):
            yield style, excerpt(piece(style, FIRST_SEED + i)), True
    for source in SOURCES:
        fit = (s for s in load(data, (source,)) if s.split == "train" and s.key and s.notes)
        for song in islice(fit, SONGS):
            known = labelled(song).style
            yield known[0][0] if known else "", excerpt(song), song.has_velocities


def excerpt(song: real.Song) -> Song:
    """Return the middle eight bars of a song, or all of a shorter one."""
    first = max(0, (len(song.bars) - BARS) // 2)
    bars = song.bars[first : first + BARS]
    begin = bars[0][0]
    end = song.bars[first + BARS][0] if len(song.bars) > first + BARS else song.end
    chords: dict[Ticks, str] = {}
    for at, chord in song.chords:
        if at < end and chord is not None:
            chords[Ticks(max(0, at - begin))] = chord_symbol(chord)
    return Song(
        bars=tuple((Ticks(at - begin), meter) for at, meter in bars),
        end=Ticks(end - begin),
        tempos=((Ticks(0), song.tempo or 100.0),),
        key=song.key,
        notes=tuple(replace(n, start=Ticks(n.start - begin)) for n in song.notes if begin <= n.start < end),
        chords=tuple(sorted(chords.items())),
    )


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.obedience.reference", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    pieces = list(excerpts(parser.parse_args().data))
    FILE.write_text(json.dumps(made(pieces).quantiles) + "\n", encoding="utf-8")
    print(f"{len(pieces)} excerpts")


if __name__ == "__main__":
    main()
