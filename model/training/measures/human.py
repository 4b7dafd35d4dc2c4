"""The songs of people as clips: which of them are in one key, and which style they are said to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from model.training.measures.clips import Clip, from_song
from model.training.song import Song
from model.training.sources import load

ONE_KEY = ("computed", "one key")
BY_SOURCE = {"pop909": "pop ballad", "lieder": "art song", "hymns": "hymn", "fiddle": "folk"}
"""What every song of a set is."""
BY_WORD = {
    "afrobeat": "afrobeats",
    "afrocuban": "afro-cuban",
    "blues": "blues",
    "country": "country",
    "funk": "funk",
    "gospel": "gospel",
    "hiphop": "hip hop",
    "hip hop": "hip hop",
    "jazz": "jazz",
    "latin": "latin",
    "neworleans": "new orleans",
    "new orleans": "new orleans",
    "pop": "pop",
    "punk": "punk",
    "reggae": "reggae",
    "rock": "rock",
    "soul": "soul",
}
"""How what people wrote on a drummer's groove or a lead sheet begins → our name of the style."""


def read(data: Path, sources: Sequence[str]) -> Iterator[Clip]:
    """Yield the songs of the sets with their label, "" where none is known. Raises OSError, ValueError."""
    for song in load(data, tuple(sources)):
        clip = replace(from_song(song), label=label(song))
        yield replace(clip, tags=(*clip.tags, ONE_KEY)) if _one_key(song, data) else clip


def label(song: Song) -> str:
    """Return the style that people say a song is; a groove's and a lead sheet's first word counts."""
    if song.source in BY_SOURCE:
        return BY_SOURCE[song.source]
    for kind, text in song.tags:
        words = text.lower().replace("-", "")
        known = [word for word in BY_WORD if words == word or words.startswith(f"{word} ")]
        if kind == "human" and known:
            return BY_WORD[known[0]]
    return ""


def _one_key(song: Song, data: Path) -> bool:
    """Return whether the annotators of POP909 heard one key in all of a song; elsewhere nobody says."""
    if song.source != "pop909":
        return False
    number = song.id.removeprefix("pop909-")
    lines = (data / "pop909" / "POP909" / number / "key_audio.txt").read_text(encoding="utf-8").splitlines()
    return len({line.split("\t")[2] for line in lines if line}) == 1
