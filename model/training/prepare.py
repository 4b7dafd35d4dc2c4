"""`python -m model.training.prepare --data DIR --out FILE`: songs on disk → one event store.

DIR holds the unpacked sets (docs/data.md); LLMBALL_DATA may name it instead.
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from model.encoder import sentence_encoder
from model.harmony import parse_key
from model.language import FIRST_NOTE, Event, Header, Rows, beats_of, encode_beat
from model.music import PARTS
from model.training.captions import Facts, caption
from model.training.song import Song
from model.training.sources import load
from model.training.store import SOURCES, SPLITS, Store

CAPTIONS = 12  # a song, half of them Chinese
PERFORMED = ("pop909",)


def song_rows(song: Song) -> Rows:
    """Return a song's rows with the bars left said near its end; micro-timing is left out in this version.

    Notated songs were not performed: their velocities are not said, so that the model learns touch from players.
    """
    notes = [replace(n, offset=0) for n in song.notes]
    beats = beats_of(song.bars, notes, song.chords)
    bars = len(song.bars)
    rows = [row for b in beats for row in encode_beat(b, bars - b.bar if bars - b.bar <= 8 else 0)]
    table = np.array([*rows, (Event.EOS, 0, 0, 0, 0)], np.int16)
    if song.source not in PERFORMED:
        table[table[:, 0] >= FIRST_NOTE, 3] = 0
    return table


def measure(song: Song) -> tuple[float, float, float, float]:
    """Return the raw figures behind density, energy, brightness and complexity; compared within a source only.

    Notes a bar; velocity and register spread; mode and height of the melody; share of chords beyond triads.
    """
    pitches = np.array([n.pitch for n in song.notes], float)
    melody = [n.pitch for n in song.notes if n.part == "melody"] or [60]
    velocity = np.mean([n.velocity for n in song.notes])
    chords = [c for _, c in song.chords if c is not None]
    rich = np.mean([len(c.pitch_classes) > 3 for c in chords]) if chords else 0.0
    major = 0.0 if parse_key(song.key).minor else 1.0
    return (
        len(song.notes) / len(song.bars),
        float(velocity / 10 + pitches.std() / 4),
        24 * major + float(np.mean(melody)),
        float(rich),
    )


def percentiles(values: Sequence[float]) -> list[float]:
    """Return the place of each value among all, 0..1, ties alike."""
    order = np.sort(values)
    return [
        float((np.searchsorted(order, v) + np.searchsorted(order, v, "right")) / 2 / len(order))
        for v in values
    ]


def headers(songs: Sequence[Song]) -> list[Header]:
    """Return the header of each song, its levels as percentiles within its source."""
    levels = np.zeros((len(songs), 4))
    for source in SOURCES:
        mine = [i for i, s in enumerate(songs) if s.source == source]
        if mine:
            raw = [measure(songs[i]) for i in mine]
            levels[mine] = np.array([percentiles([r[k] for r in raw]) for k in range(4)]).T
    found = []
    for song, (density, energy, brightness, complexity) in zip(songs, levels, strict=True):
        key = parse_key(song.key)
        present = frozenset(n.part for n in song.notes)
        tempo = song.tempo if song.tempo > 0 else None
        found.append(
            Header(
                present,
                song.bars[0][1],
                key.tonic + 12 * key.minor,
                tempo,
                density,
                energy,
                brightness,
                complexity,
            )
        )
    return found


def facts(song: Song, header: Header) -> Facts:
    """Return what captions may say of a song."""
    stated = tuple(text for kind, text in song.tags if kind == "human" and len(text) <= 60)
    assert header.density is not None
    assert header.energy is not None
    assert header.brightness is not None
    parts = tuple(p for p in PARTS if header.parts and p in header.parts)
    return Facts(
        song.key, song.bars[0][1], header.tempo, header.density, header.energy, header.brightness,
        header.complexity, parts, song.source, stated,
    )  # fmt: skip


def prepare(data: Path, out: Path, sources: Sequence[str]) -> Store:
    """Read the songs, write and return the store."""
    songs = list(load(data, tuple(sources)))
    told = headers(songs)
    text_encoder = sentence_encoder()
    rows = [song_rows(s) for s in songs]
    vectors = []
    for song, header in zip(songs, told, strict=True):
        rng = random.Random(song.id)
        known = facts(song, header)
        vectors += [text_encoder.encode(caption(known, i % 2 == 1, rng)) for i in range(CAPTIONS)]
    store = Store(
        rows=np.concatenate(rows),
        song_at=np.cumsum([0, *map(len, rows)]),
        headers=np.stack([h.rows() for h in told]),
        text=np.array(vectors, np.float16),
        text_at=np.arange(len(songs) + 1) * CAPTIONS,
        split=np.array([SPLITS.index(s.split) for s in songs], np.uint8),
        source=np.array([SOURCES.index(s.source) for s in songs], np.uint8),
        ids=np.array([s.id for s in songs]),
    )
    store.save(out)
    return store


def data_folder(given: Path | None) -> Path:
    """Return the folder of the data: the option, or LLMBALL_DATA; there is no default."""
    if given is None and "LLMBALL_DATA" not in os.environ:
        raise SystemExit("say where the unpacked data lies: --data DIR, or set LLMBALL_DATA")
    return given or Path(os.environ["LLMBALL_DATA"])


def main() -> None:
    """Parse the command line and prepare."""
    parser = argparse.ArgumentParser(prog="python -m model.training.prepare", description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/store.npz"))
    parser.add_argument("--sources", default=",".join(SOURCES))
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    store = prepare(data_folder(options.data), options.out, options.sources.split(","))
    for source in SOURCES:
        for split in SPLITS:
            songs = store.songs(split, source)
            events = sum(len(store.song(i)) for i in songs)
            print(f"{source:9} {split:10} {len(songs):5} songs {events:9} events")


if __name__ == "__main__":
    main()
