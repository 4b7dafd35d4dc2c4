"""The measures that opposites and refinements must move, from notes alone. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from bench import hearing
from bench.percentiles import reference
from model.midifile import Song
from model.music import PARTS

_MEASURES: dict[str, Callable[[Song], float | None]] = {
    "density": hearing.fullness,
    "energy": lambda song: reference().levels(song).get("energy"),
    "brightness": lambda song: reference().levels(song).get("brightness"),
    "register": hearing.height,
    "swing": hearing.off_beat,
    "tempo": lambda song: song.tempos[0][1],
    "articulation": hearing.articulation,
    "complexity": hearing.richness,
    "velocity": hearing.velocity,
    "changes": hearing.changes,
    "walking": hearing.walking,
}
_OF_A_PART: dict[str, Callable[[Song, str], float | None]] = {
    "density": hearing.rate,
    "register": hearing.height,
    "articulation": hearing.articulation,
    "part": lambda song, part: float(bool(hearing.of_part(song, part))),
}


def measured(name: str, song: Song) -> float | None:
    """Return a measure ("density", or of one part "density melody"), in its own unit; None where it cannot be heard."""
    what, _, part = name.partition(" ")
    return _OF_A_PART[what](song, part) if part else _MEASURES[what](song)


def rises(name: str, less: Song, more: Song) -> bool:
    """Tell whether a measure is higher in the second; what can be heard in only one of them has not risen."""
    low, high = measured(name, less), measured(name, more)
    return low is not None and high is not None and low < high


def changed(before: Song, after: Song, parts: str) -> float:
    """Return the share of notes of the parts not named that are not in both songs: 0 all kept, 1 all new.

    `parts` are those that may change: a name, `*` all (then there is nothing to keep), `-` none but in time: a note
    must stay within its bar then, else at its tick.
    """
    kept = [p for p in PARTS if p != parts] if parts != "*" else []
    grain = max(b - a for (a, _), (b, _) in pairwise([*before.bars, (before.end, "")])) if parts == "-" else 1
    old, new = (
        Counter((n.part, n.pitch, (n.start + n.offset) // grain) for n in song.notes if n.part in kept)
        for song in (before, after)
    )
    whole = max(old.total(), new.total())
    return 1 - (old & new).total() / whole if whole else 0.0
