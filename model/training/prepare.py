"""`python -m model.training.prepare --data DIR --out FILE`: songs on disk and pieces by grammar → one event store.

DIR holds the unpacked sets (docs/data.md); LLMBALL_DATA may name it instead. `--strict-clean` leaves POP909 out, whose
songs are in copyright.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from model.analysis.form_labels import with_labels
from model.decoder.conditioning import Header
from model.decoder.tokenizer import (
    FIRST_NOTE,
    GRID,
    PART_ORDER,
    VELOCITY_CENTRE,
    VELOCITY_STEP,
    BarLine,
    Event,
    Rows,
    beats_of,
    encode_beat,
)
from model.music.harmony import parse_key
from model.music.notes import PARTS
from model.prompt.encoder import Embedding, sentence_encoder
from model.training.corpus import songbook
from model.training.corpus.captions import Facts, caption
from model.training.corpus.labels import labelled
from model.training.corpus.song import Song
from model.training.corpus.sources import data_folder, load
from model.training.dataset.store import SOURCES, SPLITS, Store
from model.training.fit.levels import Levels, levels
from model.training.styles.piece import PIECES, pieces

CAPTIONS = {"fiddle": 2, "groove": 4, "grammar": 3, "loops": 3, "songbook": 2}
"""How many captions a piece gets, half of them Chinese; 8 where nothing is said here."""


def song_rows(song: Song) -> Rows:
    """Return a song's rows. Notation tells neither touch nor timing: its velocities and offsets are not said."""
    beats = beats_of(song.bars, song.notes, song.chords)
    bars = len(song.bars)
    lines = song.lines or tuple(
        BarLine(bars - i if i >= bars - 8 and song.source != "grammar" else 0) for i in range(bars)
    )
    labelled = with_labels(beats, lines)
    rows = [row for beat in beats for row in encode_beat(beat, labelled[beat.bar])]
    table = np.array([*rows, (Event.EOS, 0, 0, 0, 0)], np.int16)
    notes = table[:, 0] >= FIRST_NOTE
    if song.has_velocities:
        centre_velocities(table)
    else:
        table[notes, 3] = 0
    if not song.has_timing:
        table[notes, 4] = 0
    return table


def centre_velocities(rows: Rows) -> None:
    """Make velocities relative to their part: its median becomes `VELOCITY_CENTRE`."""
    part = (rows[:, 0] - FIRST_NOTE) // GRID
    for number in range(len(PART_ORDER)):
        mine = (part == number) & (rows[:, 0] >= FIRST_NOTE)
        if mine.any():
            shift = VELOCITY_CENTRE // VELOCITY_STEP + 1 - int(np.median(rows[mine, 3]))
            rows[mine, 3] = np.clip(rows[mine, 3] + shift, 2, 128 // VELOCITY_STEP)


def header(song: Song, told: Levels) -> Header:
    """Return what a song's header says."""
    key = parse_key(song.key) if song.key else None
    return Header(
        frozenset(n.part for n in song.notes) or None,
        song.bars[0][1],
        None if key is None else key.tonic + 12 * key.minor,
        None if key is None else key.mode,
        song.tempo if song.tempo > 0 else None,
        told.density,
        told.energy,
        told.brightness,
        told.complexity,
        song.style,
        song.swing,
    )


def facts(song: Song, known: Header) -> Facts:
    """Return what captions may say of a song."""
    stated = tuple(text for kind, text in song.tags if kind == "human" and len(text) <= 60)
    return Facts(
        known.mode or "", song.bars[0][1], known.tempo, known.density, known.energy, known.brightness,
        known.complexity, tuple(p for p in PARTS if known.parts and p in known.parts), song.style, stated,
    )  # fmt: skip


def prepare(data: Path, out: Path, sources: Sequence[str], count: int = PIECES) -> Store:
    """Read the songs, make the pieces (`count` of each grammar), write and return the store."""
    wanted = [s for s in sources if s != "grammar"]
    told = [(songbook.split(s) if s.source == "songbook" else s.split, labelled(s)) for s in load(data, tuple(wanted))]
    if "grammar" in sources:
        told += pieces(count)
    songs = [song for _, song in told]
    headers = [header(s, replace(lv, **dict(s.levels))) for s, lv in zip(songs, levels(songs), strict=True)]
    rows = [song_rows(s) for s in songs]
    text, text_at = _captions(songs, headers)
    store = Store(
        rows=np.concatenate(rows),
        song_at=np.cumsum([0, *map(len, rows)]),
        headers=np.stack([h.rows() for h in headers]),
        text=text,
        text_at=text_at,
        split=np.array([SPLITS.index(split) for split, _ in told], np.uint8),
        source=np.array([SOURCES.index(s.source) for s in songs], np.uint8),
        ids=np.array([s.id for s in songs]),
    )
    store.save(out)
    return store


def _captions(songs: Sequence[Song], headers: Sequence[Header]) -> tuple[np.ndarray, np.ndarray]:
    encoder = sentence_encoder()
    known: dict[str, Embedding] = {}
    vectors: list[Embedding] = []
    text_at = [0]
    for song, told in zip(songs, headers, strict=True):
        rng = random.Random(song.id)
        about = facts(song, told)
        said = [text for kind, text in song.tags if kind == "human"] if song.source == "songbook" else []
        for words in [*said, *(caption(about, i % 2 == 1, rng) for i in range(CAPTIONS.get(song.source, 8)))]:
            if words not in known:
                known[words] = encoder.encode(words)
            vectors.append(known[words])
        text_at.append(len(vectors))
    return np.array(vectors, np.float16), np.array(text_at)


def main() -> None:
    """Parse the command line and prepare."""
    parser = argparse.ArgumentParser(prog="python -m model.training.prepare", description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/store.npz"))
    parser.add_argument("--sources", default=",".join(SOURCES))
    parser.add_argument("--strict-clean", action="store_true", help="leave POP909 out")
    parser.add_argument("--pieces", type=int, default=PIECES, help="pieces of each grammar")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    sources = [s for s in options.sources.split(",") if not (options.strict_clean and s == "pop909")]
    store = prepare(data_folder(options.data), options.out, sources, options.pieces)
    for source in SOURCES:
        for split in SPLITS:
            songs = store.songs(split, source)
            events = sum(len(store.song(i)) for i in songs)
            print(f"{source:9} {split:10} {len(songs):5} songs {events:9} events")


if __name__ == "__main__":
    main()
