"""How the off-beats lie: a place of the swing, and the notes that swing. Pure patterns."""

from __future__ import annotations

import re

from model.negation import denied
from model.span import Span

_SIXTEENTH = re.compile(
    r"\b(?:16ths?|sixteenths?|1/16)(?:[- ]notes?)?[- ](?:swing|shuffle|groove)|十六分音符?摇摆|swung (?:16ths?|sixteenths?)"
)
_SWING_NUMBER = re.compile(
    r"\b(?:swing|shuffle|摇摆)\s*(?:of|at|to|is|=|:|amount)?\s*(0?\.\d+|\d{2}(?:\.\d+)?\s?%?)(?!\d|\s*(?:bpm|bars?))|(\d{2}(?:\.\d+)?)\s?%\s*(?:of )?(?:mpc )?swing|\b(0?\.\d+)\s+swing\b"
)
_SWING = re.compile(
    r"\b(straight(?: (?:eighths?|8ths?|16ths?|sixteenths?|feel|time|grid))?|unswung)\b|(直拍|不摇摆|平直|正拍)"
    r"|\b((?:heavy|heavily|hard|lots of|strong(?:ly)?|deep)[- ]?(?:swing|swung|shuffle))\b|(重摇摆)"
    r"|\b((?:light|slight|gentle|subtle|bit of|touch of|little|slightly|lightly) (?:swing|swung|shuffle))\b|(轻微?摇摆|微摇)"
    r"|\b(triplet (?:swing|feel)|shuffle[ds]?|shuffling)\b|(三连音感|シャッフル)"
    r"|\b(swung|swinging|swingy|(?:with|add|some) swing|swing feel|swing it|swing (?:the )?(?:8ths|eighths|16ths|hats))\b|(摇摆感|摇摆的?(?:律动|节[奏拍]|鼓|钢琴|吉他|贝斯|低音|萨克斯|小号|铜管|弦乐|伴奏|旋律|乐队)|スウィング感)"
)  # fmt: skip
_NO_SWING = re.compile(
    r"\b(?:no|without(?: any)?|zero|not) (?:swing|swung|shuffle)\b|(?:不要|没有|无)(?:摇摆|swing)|\bsin swing\b|\bohne swing\b"
)
_EIGHTH = re.compile(r"\b(?:8ths?|eighths?|1/8)(?:[- ]notes?)?[- ](?:swing|shuffle)|swung (?:8ths?|eighths?)")
_PLACES = (0.5, 0.5, 0.7, 0.7, 0.56, 0.56, 2 / 3, 2 / 3, 0.64, 0.64)
"""Of each group of `_SWING`."""


def swing(lower: str) -> Span[float] | None:
    """Return the place of the off-beat, 0.5 straight to 0.75: "swing 0.6", "60% swing", "no swing", "a light shuffle"."""
    for match in _SWING_NUMBER.finditer(lower):
        said = next(g for g in match.groups() if g).strip(" %")
        place = float(said) / (100 if float(said) >= 1 else 1)
        if 0.5 <= place <= 0.75:
            return Span(place, *match.span())
        if 0 <= place < 0.5:  # said as an amount: 0 % straight, 50 % a triplet
            return Span(round(0.5 + place / 3, 3), *match.span())
    if (sixteenths := _SIXTEENTH.search(lower)) is not None:
        return Span(0.58, *sixteenths.span())
    found = _SWING.search(lower)
    no_swing = _NO_SWING.search(lower)
    if no_swing is not None:
        return Span(0.5, *no_swing.span())
    if found is None or found.lastindex is None:
        return None
    if denied(lower, found.start()):
        return Span(0.64 if found.lastindex <= 2 else 0.5, *found.span())
    return Span(round(_PLACES[found.lastindex - 1], 3), *found.span())


def swing_unit(lower: str) -> int | None:
    """Return 16 or 8 where the words name the notes that swing."""
    if _SIXTEENTH.search(lower):
        return 16
    return 8 if _EIGHTH.search(lower) else None
