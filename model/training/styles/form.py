"""The form of a piece: what each bar is for. Pure, all chance from the generator that is passed in."""

from __future__ import annotations

import random

LENGTHS = (4, 8, 8, 8, 12, 16, 16, 16, 24, 32)
"""How long pieces are, in bars."""


def sections(form: str, bars: int, rng: random.Random, *, closes: bool) -> list[str]:
    """Return the section of each bar; a phrase's last bar is a fill now and then, the last of all an ending."""
    phrase = 8 if bars % 8 == 0 and bars >= 16 and rng.random() < 0.6 else 4
    count = -(-bars // phrase)
    told: list[str] = []
    for i, kind in enumerate(_phrases(form, count, rng)):
        bars_here = [kind] * phrase
        following = i + 1 < count or not closes
        if kind in ("groove", "variation", "drop") and following and form != "through" and rng.random() < 0.7:
            bars_here[-1] = "fill"
        told += bars_here
    told = told[:bars]
    if closes:
        told[-1] = "ending"
    return told


def _phrases(form: str, count: int, rng: random.Random) -> list[str]:
    if form == "through":
        return ["groove" if i % 2 == 0 or rng.random() < 0.5 else "variation" for i in range(count)]
    if count == 1:
        return [
            rng.choice(("groove", "groove", "groove", "variation", "drop" if form == "club" else "groove"))
        ]
    if form == "club" and count >= 3:
        whole = rng.choice((["intro", "build", "drop", "break"], ["groove", "break", "build", "drop"],
                            ["groove", "variation", "break", "drop"], ["intro", "groove", "build", "drop"]))  # fmt: skip
    elif form == "song" and count >= 3:
        whole = rng.choice((["intro", "groove", "variation", "groove"], ["groove", "variation", "break", "variation"],
                            ["groove", "groove", "build", "variation"], ["groove", "variation", "groove", "variation"]))  # fmt: skip
    elif count >= 3:
        whole = rng.choice((["groove", "groove", "variation", "groove"], ["intro", "groove", "variation", "break"],
                            ["groove", "variation", "break", "groove"]))  # fmt: skip
    else:
        whole = rng.choice((["groove", "variation"], ["groove", "groove"], ["build", "drop"] if form == "club" else
                            ["groove", "variation"], ["intro", "groove"]))  # fmt: skip
    return [whole[i % len(whole)] for i in range(count)]
