"""What a language model is told: the notation, a header that is written already, near pieces, and faults to mend."""

from __future__ import annotations

from collections.abc import Sequence

from model.drafts.guide import excerpt, guide, near
from model.music.harmony import parse_key
from model.music.plan import Plan
from model.songbook.tables import MODES, styles

MIN_BARS, MAX_BARS, DEFAULT_BARS = 4, 16, 8
NEAR_PIECES = 2
Message = dict[str, str]

_TASK = """You compose for a band that plays at once what you write. Answer with the sections only, in the notation below, and nothing else: no explanations, no header.

Write ONE section of exactly as many bars as you are asked for, and write it BAR BY BAR, each bar in all its parts before the next:

section A 8
harmony 1: Am9
drums 1:
K 9...9...9...9...
H ..6...6...6...6.
bass 1: A1:6 .:2 A1:4 G1:4
chords 1: .:4 x:4 .:8
melody 1: E5:4 D5:4 C5:8
harmony 2: Fmaj9
drums 2:
…

Every part that plays in bar 1 is written in every bar (an empty one is `-`)."""


def bars_wanted(plan: Plan) -> int:
    """Return how many bars are asked for."""
    return min(MAX_BARS, max(MIN_BARS, plan.bars or DEFAULT_BARS))


def header(plan: Plan, title: str) -> dict[str, str]:
    """Return the header's lines that follow from what was understood."""
    style = max(plan.style, key=lambda pair: pair[1])[0] if plan.style else ""
    key = parse_key(plan.key)
    tonic, _, mode = key.name.partition(" ")
    mode = mode.replace(" ", "_").casefold()
    lines = {
        "title": " ".join(title.replace(";", " ").split())[:80] or "Untitled",
        "tempo": f"{min(300.0, max(30.0, plan.tempo)):g}",
        "key": f"{tonic} {mode if mode in MODES else 'minor' if key.signature.endswith('m') else 'major'}",
        "meter": plan.meter,
        "ends": "loop",
    }
    return lines | ({"style": style} if style in styles() else {})


def first_messages(prompt: str, plan: Plan, lines: dict[str, str]) -> list[Message]:
    """Return what a language model is asked."""
    shown = "\n\n".join(
        excerpt(entry.path) for entry in near(lines.get("style", ""), plan.tempo, plan.meter, NEAR_PIECES)
    )
    head = "\n".join(f"{key} {value}" for key, value in lines.items())
    parts = ", ".join(plan.parts) or "chords, melody, bass, drums"
    asked = (
        f"Pieces of a near style, as examples of the notation and the manner:\n\n{shown}\n\nThe header of your piece is:\n\n{head}\n\n"
        f"Write `section A {bars_wanted(plan)}` for: {prompt}\nParts: {parts}."
    )
    return [{"role": "system", "content": f"{_TASK}\n\n{guide()}"}, {"role": "user", "content": asked}]


def mending(text: str, faults: Sequence[str]) -> list[Message]:
    """Return what is said after a text with faults."""
    told = "\n".join(f"{number}. {fault}" for number, fault in enumerate(faults, 1))
    return [
        {"role": "assistant", "content": text},
        {
            "role": "user",
            "content": f"That has faults:\n{told}\nMend them and write the whole section again, bar by bar, nothing else.",
        },
    ]
