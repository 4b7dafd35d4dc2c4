"""What ours is measured beside: songs of people from the data sets, and pieces by grammars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from model.styles import GRAMMAR_STYLES
from model.training.corpus.labels import labelled
from model.training.corpus.song import Song
from model.training.corpus.sources import load
from model.training.measures.clips import Clip, from_song
from model.training.styles.piece import piece

ONE_KEY = ("computed", "one key")
FIRST_SEED = 30_000
"""Training, validation and test pieces have lower seeds."""
NEW, UNSEEN = "new pieces", "pieces of patterns never taught"
"""Sources of pieces: a decoder was taught the patterns of the first, but not those of the second."""


def read_songs(data: Path, sources: Sequence[str]) -> Iterator[Clip]:
    """Yield the songs of the sets with their main style as label, "" where none is known. Raises OSError, ValueError."""
    for song in load(data, tuple(sources)):
        clip = _with_label(song)
        yield replace(clip, tags=(*clip.tags, ONE_KEY)) if _one_key(song, data) else clip


def pieces(count: int) -> Iterator[Clip]:
    """Yield so many pieces of every grammar of known patterns, and as many of patterns that are only for tests."""
    for source, held_out in ((NEW, False), (UNSEEN, True)):
        for style in GRAMMAR_STYLES:
            for seed in range(FIRST_SEED, FIRST_SEED + count):
                clip = from_song(piece(style, seed, held_out=held_out))
                name = f"{source} {style} {seed}"
                yield replace(clip, name=name, group=name, source=source, split="test", label=style)


def _with_label(song: Song) -> Clip:
    styles = labelled(song).style
    return replace(from_song(song), label=max(styles, key=lambda s: s[1])[0] if styles else "")


def _one_key(song: Song, data: Path) -> bool:
    """Return whether the annotators of POP909 heard one key in all of a song; elsewhere nobody says."""
    if song.source != "pop909":
        return False
    number = song.id.removeprefix("pop909-")
    lines = (data / "pop909" / "POP909" / number / "key_audio.txt").read_text(encoding="utf-8").splitlines()
    return len({line.split("\t")[2] for line in lines if line}) == 1
