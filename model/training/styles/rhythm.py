"""Patterns as strings → hits in ticks. Pure, all chance from the generator that is passed in.

    .  nothing     -  the last one goes on     x X o g  a hit: plain, strong, soft, ghost
    ?  a soft hit, now and then                r t      a roll of two, of three within the step

Comping and bass patterns use further characters: see `lines`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

STRENGTH = {"X": 1.12, "x": 0.96, "o": 0.78, "g": 0.42, "r": 0.8, "t": 0.75, "?": 0.7}
NOW_AND_THEN = 0.4


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a bar: ticks from the bar line, ticks until the next character that is not `-`, the character."""

    start: int
    length: int
    token: str
    strength: float


def bar_of(pattern: str, bar: int, ticks: int) -> list[Hit]:
    """Return the hits of one bar of a pattern, whose bars repeat; `ticks` is the bar's length."""
    bars = pattern.split("|")
    text = bars[bar % len(bars)]
    step = ticks / len(text)
    hits = []
    for i, token in enumerate(text):
        if token in ".-":
            continue
        until = i + 1
        while until < len(text) and text[until] == "-":
            until += 1
        hits.append(Hit(round(i * step), round((until - i) * step), token, STRENGTH.get(token, 0.9)))
    return hits


def played(hits: list[Hit], rng: random.Random) -> list[Hit]:
    """Decide the chances of a bar and write its rolls out."""
    told: list[Hit] = []
    for hit in hits:
        if hit.token == "?" and rng.random() > NOW_AND_THEN:
            continue
        count = {"r": 2, "t": 3}.get(hit.token, 1)
        for i in range(count):
            fade = 1 - 0.12 * i if count > 1 else 1.0
            told.append(Hit(hit.start + i * hit.length // count, hit.length // count, hit.token, hit.strength * fade))
    return told


def mutated(pattern: str, rng: random.Random, changes: int) -> str:
    """Return a pattern with some hits moved by a step, softened, left out or doubled; downbeats stay."""
    text = list(pattern)
    for _ in range(changes):
        places = [i for i, c in enumerate(text) if c in "xoXg" and i % 4]
        free = [i for i, c in enumerate(text) if c == "." and i]
        if not places or not free:
            break
        place, kind = rng.choice(places), rng.random()
        if kind < 0.35 and text[place - 1] == ".":
            text[place - 1], text[place] = text[place], "."
        elif kind < 0.55:
            text[place] = "?"
        elif kind < 0.75:
            text[rng.choice(free)] = "g"
        elif kind < 0.9:
            text[place] = "."
        else:
            text[rng.choice(free)] = "?"
    return "".join(text)
