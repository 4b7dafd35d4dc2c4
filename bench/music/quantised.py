"""Eight bits beside the float32 reference: bits a note over whole pieces, read as at play, and attributes heard.

    python -m bench.music.quantised [--store runs/store.npz --source pop909 --split test] [--songs 20] [--rows 700] [--prompts 12]

Without a store the pieces are the grammars', of seeds that no training uses. Each engine reads row by row; where its context
is full its oldest rows go out of the cache ("rolled", as at play) or the last half of it is read anew.
Attributes: what the words imply (`bench.music.obedience.judge implied`), heard in clips of the same prompts and seeds by each engine.
The reference is torch in float32 over the same shipped matrices, so what storing them in eight bits costs is not in it.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.music.obedience import implied
from bench.music.obedience.expectations import prompts
from bench.tables import interval, table
from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.decoder.engine import Engine
from model.decoder.load import open_engine
from model.decoder.tokenizer import FIRST_NOTE, SIZES, Rows
from model.generation.composer import Composer
from model.music.midifile import from_bytes, to_bytes
from model.prompt.understand import open_encoder, understand
from model.styles import GRAMMAR_STYLES
from model.training.corpus.labels import labelled
from model.training.dataset.store import Store
from model.training.evaluation.fields import scored_fields
from model.training.fit.levels import levels
from model.training.prepare import header, song_rows
from model.training.styles.piece import piece

FIRST_SEED = 40_000
ROWS_FOR_A_BEAT = 64
UNTOLD = np.zeros(512, np.float32)


def pieces(options: argparse.Namespace) -> Iterator[tuple[Rows, Rows]]:
    """Yield headers with the rows of songs."""
    if options.store is not None:
        store = Store.load(options.store)
        for i in store.songs(options.split, options.source)[: options.songs]:
            yield store.headers[i], store.song(int(i))[: options.rows]
        return
    songs = [labelled(piece(GRAMMAR_STYLES[i % len(GRAMMAR_STYLES)], FIRST_SEED + i)) for i in range(options.songs)]
    for song, told in zip(songs, levels(songs), strict=True):
        yield header(song, told).rows(), song_rows(song)[: options.rows]


def bits(engine: Engine, head: Rows, rows: Rows, *, anew: bool) -> float:
    """Return the bits spent on all that is the model's to say of a piece."""
    said, spent = np.array([False]), 0.0
    ours = scored_fields(rows)
    state, h = engine.begin(UNTOLD, said, np.concatenate([head, rows[:1]])[None])
    first = state.length - 1
    for at in range(1, len(rows)):
        row = tuple(int(v) for v in rows[at])
        told, logits = h, engine.event(h)
        for f in range(len(SIZES)):
            if ours[at, f]:
                z = logits[0].astype(np.float64)
                spent += (np.logaddexp.reduce(z) - z[row[f]]) / math.log(2)
            if not ours[at, f + 1 :].any():
                break
            told, logits = engine.next_field(told, f, row[f])
        if state.free_rows <= ROWS_FOR_A_BEAT:
            keep = engine.context // 2
            if anew:
                state, _ = engine.begin(UNTOLD, said, np.concatenate([head, rows[at - keep : at]])[None])
            else:
                state.drop_rows(first, state.length - first - keep)
        h = engine.step(state, row)
    return spent


def attributes(engine: Engine, count: int, seeds: int) -> tuple[int, int]:
    """Return how many of the implied attributes are heard in clips, and of how many."""
    encoder = open_encoder(None)
    composer = Composer(encoder, engine)
    right = of = 0
    for asked in [p for p in prompts() if p.expected][:count]:
        for seed in range(1, seeds + 1):
            song = from_bytes(to_bytes(clip(composer, ClipSpec(asked.text, seed))))
            plan = understand(asked.text, encoder)[0]
            verdicts = [v.heard for v in implied.judged(asked.expected, song, plan) if v.heard is not None]
            right, of = right + sum(verdicts), of + len(verdicts)
    return right, of


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.quantised", description=__doc__)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--source", default="pop909")
    parser.add_argument("--split", default="test")
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--rows", type=int, default=700)
    parser.add_argument("--prompts", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    engines = {"float32, torch": open_engine("torch"), "eight bits": open_engine()}
    songs = list(pieces(options))
    notes = sum(int((rows[:, 0] >= FIRST_NOTE).sum()) for _, rows in songs)
    lines: list[tuple[object, ...]] = []
    base = 0.0
    for name, engine in engines.items():
        for anew in (True, False):
            found = sum(bits(engine, head, rows, anew=anew) for head, rows in songs) / notes
            base = base or found
            lines.append((name, "read anew" if anew else "rolled", found, f"{100 * (found / base - 1):+.2f} %"))
    print(table(("engine", f"cache; {len(songs)} pieces, {notes} notes", "bits a note", "beside the first"), lines))
    if options.prompts:
        print()
        heard = []
        for name, engine in engines.items():
            heard.append((name, interval(*attributes(engine, options.prompts, options.seeds))))
        print(table(("engine", "attributes heard"), heard))


if __name__ == "__main__":
    main()
