"""What people played, asked of us: for held-out songs a caption, and their own tempo, key, metre, parts, density and energy.

The suite asks for every style, while the people that ours are compared with played pop at the piano, and drums. Here like
stands beside like: one window of each held-out song, spread over the songs, and a clip of ours under its conditions.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from model.music.harmony import parse_key
from model.music.notes import PARTS
from model.training.corpus.captions import Facts, caption
from model.training.measures.clips import Clip, windows


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of one clip: words, and a window of people's music whose conditions hold."""

    prompt: str
    window: Clip

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that play in the window."""
        return tuple(p for p in PARTS if p in self.window.parts)


def conditions(songs: Sequence[Clip], split: str, bars: int, count: int) -> list[Condition]:
    """Return so many windows of a split with a caption each, of as many songs of every set as there are."""
    rng = random.Random(0)
    by_set: dict[str, list[Clip]] = {}
    for song in songs:
        found = [w for w in windows(song, bars) if len(w.parts) > 0] if song.split == split else []
        if found:
            by_set.setdefault(song.source, []).append(rng.choice(found))
    for held in by_set.values():
        rng.shuffle(held)
    share = max(1, count // max(1, len(by_set)))
    return [Condition(_caption(w, rng), w) for held in by_set.values() for w in held[:share]]


def _caption(window: Clip, rng: random.Random) -> str:
    key = parse_key(window.key) if window.key else None
    facts = Facts(
        mode=key.mode if key else "",
        meter=window.bars[0][1],
        tempo=window.tempo or None,
        density=None,
        energy=None,
        brightness=None,
        complexity=None,
        parts=tuple(window.parts),
        style=((window.label, 1.0),) if window.label else (),
        stated=tuple(text for kind, text in window.tags if kind == "human"),
    )
    return caption(facts, rng.random() < 0.4, rng)
