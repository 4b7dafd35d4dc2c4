"""Which styles the real songs are, from what people stated of them; a share of a second style where they said two."""

from __future__ import annotations

from dataclasses import replace

from model.music.plan import Mix
from model.training.corpus.song import Song

BY_SOURCE: dict[str, Mix] = {
    "pop909": (("pop ballad", 1.0),),
    "lieder": (("art song", 1.0),),
    "hymns": (("hymn", 1.0),),
    "fiddle": (("folk", 1.0),),
    "openewld": (("standard", 1.0),),
}
BY_WORD: dict[str, Mix] = {
    "rock": (("rock", 1.0),), "funk": (("funk", 1.0),), "jazz": (("jazz", 1.0),), "latin": (("latin", 1.0),),
    "hiphop": (("hip hop", 1.0),), "soul": (("soul", 1.0),), "afrocuban": (("afro-cuban", 1.0),),
    "punk": (("punk", 1.0),), "neworleans": (("new orleans", 1.0),), "country": (("country", 1.0),),
    "pop": (("pop", 1.0),), "reggae": (("reggae", 1.0),), "gospel": (("gospel", 1.0),),
    "afrobeat": (("funk", 0.6), ("afrobeats", 0.4)), "dance": (("house", 1.0),), "blues": (("blues", 1.0),),
}  # fmt: skip
"""Groove's styles, by the first word of what its drummers stated."""


def labelled(song: Song) -> Song:
    """Return the song with its style; a lead sheet that people filed under jazz is half that."""
    if song.style:
        return song
    stated = " ".join(text.lower() for kind, text in song.tags if kind == "human")
    if song.source == "groove":
        return replace(song, style=next((mix for word, mix in BY_WORD.items() if word in stated.split()), ()))
    if song.source == "openewld" and "jazz" in stated:
        return replace(song, style=(("standard", 0.6), ("jazz", 0.4)))
    return replace(song, style=BY_SOURCE.get(song.source, ()))
