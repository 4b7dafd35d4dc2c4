"""Which style each part follows where two styles are named: "techno with jazz chords", "bossa nova house", 爵士味的国风.

One gives drums, bass, tempo and swing; the other plays chords and melody, or the parts that the words name. The blends of the
training pieces are made the same way. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from model.prompt.rules.vocabulary import FoundTerm, Term
from model.styles import drums_probability

WALTZES = frozenset(["waltz", "jazz waltz"])
"""Styles whose name is a metre: beside another one they say no more."""
HARMONY_PARTS = frozenset(["chords", "melody", "pad", "arp"])
"""What is played over a ground where the words do not say."""
_OF_A_STYLE = r"(?:[\s'’的风味式-]|s\b|(?:styled?|tinged|tinted|flavou?red|influenced|inspired|infused)\b){0,12}"
_PLAYS = re.compile(
    _OF_A_STYLE + r"(?:(?P<ground>drum(?:s|ming|beat)?\b|beats?\b|grooves?\b|rhythms?\b|percussion|breaks\b|鼓|节奏|律动|节拍)"
    r"|(?P<bass>bass(?:[\s-]?lines?)?\b|sub\b|贝斯|低音)"
    r"|(?P<melody>melod(?:y|ies)\b|leads?\b|top[\s-]?lines?\b|solos?\b|旋律|主旋律)"
    r"|(?P<chords>chords?\b|harmon(?:y|ies)\b|changes\b|progressions?\b|pads?\b|keys\b|voicings?\b|comping\b|和弦|和声))"
)  # fmt: skip
"""What a style is said to play, behind its name."""
_JOINED = re.compile(
    r"\b(?:with|and|plus|meets?|but|by|into|con|y|avec|et|mit|und)\b|[,;:/&+，、；]|[加配和与跟混带有]"
)
"""Between two styles: the first one is the ground. Where nothing joins them the last one is, as nouns have it: a country trap."""
_NEAR = 24
"""Characters between two names that can be one: beyond, the first one is the ground."""


@dataclass(frozen=True, slots=True)
class TwoStyles:
    """Two styles: `rhythm_style` gives drums, bass, tempo and swing; `harmony_style` plays `parts`."""

    rhythm_style: Term
    harmony_style: Term
    parts: frozenset[str] = HARMONY_PARTS


def two_styles(lower: str, found: Sequence[FoundTerm]) -> TwoStyles | None:
    """Return how two styles share the parts in a lower-case text; None where fewer than two are named. `found` are its terms, in order."""
    mains: dict[str, FoundTerm] = {}
    for f in found:
        if (
            f.term.kind in ("genres", "artists")
            and f.term.styles
            and not f.term.is_occasion
            and f.term.name not in WALTZES
        ):
            mains.setdefault(f.term.styles[0][0], f)
    named = list(mains.values())
    if len(named) < 2:
        return None
    says = [_plays(lower, f, found) for f in named]
    if "ground" in says:
        rhythm_index = says.index("ground")
        harmony_index = next((i for i, s in enumerate(says) if s not in ("", "ground")), 1 if rhythm_index == 0 else 0)
    elif any(says):
        harmony_index = next(i for i, s in enumerate(says) if s)
        rest = [i for i, s in enumerate(says) if not s] or [1 - min(harmony_index, 1)]
        rhythm_index = rest[-1] if _compound(lower, [named[i] for i in rest]) else rest[0]
    else:
        rhythm_index = int(_compound(lower, named[:2]))
        harmony_index = 1 - rhythm_index
        if _beats(named[rhythm_index].term) < 0.5 <= _beats(named[harmony_index].term):
            rhythm_index, harmony_index = harmony_index, rhythm_index
    parts = {"bass": frozenset(["bass"]), "melody": frozenset(["melody"])}.get(says[harmony_index], HARMONY_PARTS)
    return TwoStyles(named[rhythm_index].term, named[harmony_index].term, parts)


def _plays(lower: str, one: FoundTerm, found: Sequence[FoundTerm]) -> str:
    """Return what a style is said to play, "" where nothing is; an instrument behind its name counts too."""
    match, behind = _PLAYS.match(lower, one.end), next((f for f in found if f.start >= one.end), None)
    within_a_name = match is not None and behind is not None and match.end() > behind.start
    if match is not None and match.lastgroup is not None and not within_a_name:
        return match.lastgroup
    if behind is None or behind.term.part is None or lower[one.end : behind.start].strip(" -的"):
        return ""
    return "ground" if behind.term.part == "drums" else behind.term.part


def _compound(lower: str, named: Sequence[FoundTerm]) -> bool:
    """Return True if names make one noun, whose last word is what it is: nothing joins them."""
    gaps = [lower[a.end : b.start] for a, b in pairwise(named)]
    return bool(gaps) and all(len(gap) <= _NEAR and not _JOINED.search(gap) for gap in gaps)


def _beats(style: Term) -> float:
    return drums_probability(style.styles, 0.5)
