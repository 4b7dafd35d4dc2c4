"""How time is divided, and how much of it: a metre, a length in bars. Pure patterns."""

from __future__ import annotations

import re

from model.music import METERS
from model.negation import denied
from model.numberwords import COUNTS, chinese
from model.span import Span

_METER = re.compile(
    r"(?<![\d/])([2-9]|1[0-9]|2[0-4])\s?[/⁄]\s?([248]|(?<=[579]/)16)(?![\d/]|\s?(?:of|bars?\b|cups?|price))"
)
_NEAREST = {
    "2/2": "4/4",
    "4/8": "2/4",
    "8/8": "4/4",
    "8/4": "4/4",
    "10/4": "5/4",
    "10/8": "5/4",
    "14/8": "7/8",
    "18/8": "9/8",
}
"""The metre of the contract that stands for one it does not have, where that is not the one of as many beats."""
_CHINESE_METER = re.compile(
    r"(四|八)分之([二三四五六七九]|十二)拍?|([二三四五六七九]|十二)([四八])拍|([四八])([二三四五六七九]|十二)拍"
)
_FELT = r"(?=\s*(?:$|[,.;:!?，。、()|]|time\b|feel\b|at\b|with\b|and\b|for\b|in\b|please\b|over\b|no\b|without\b))"
_METER_WORDS = (
    (rf"三拍(?:子|(?=\W|$))|3拍子|\bin (?:three|3){_FELT}|\bthree[- ](?:four|quarter)\b|dreivierteltakt|\btres por cuatro|(?:à|a) trois temps|compás ternario|três por quatro|3박자", "3/4"),
    (rf"四拍子|4拍子|\bin (?:four|4){_FELT}|\bfour[- ]four\b|\bfour on the floor\b|\bcommon time\b|viervierteltakt|cuatro por cuatro|(?:à|a) quatre temps|4박자", "4/4"),
    (rf"六拍子|6拍子|\bin (?:six|6){_FELT}|\bsix[- ]eight\b|sechsachteltakt|seis por ocho|six-huit|compound duple", "6/8"),
    (rf"二拍子|两拍子|2拍子|\bin (?:two|2){_FELT}|\btwo[- ]four\b|zweivierteltakt|dos por cuatro|(?:à|a) deux temps", "2/4"),
    (rf"五拍子|5拍子|\bin (?:five|5){_FELT}|\bfive[- ]four\b|fünfvierteltakt|cinco por cuatro|(?:à|a) cinq temps", "5/4"),
    (rf"七拍子|7拍子|\bin (?:seven|7){_FELT}|\bseven[- ]eight\b|siebenachteltakt|siete por ocho|(?:à|a) sept temps", "7/8"),
    (rf"九拍子|9拍子|\bin (?:nine|9){_FELT}|\bnine[- ]eight\b|neunachteltakt", "9/8"),
    (rf"十二拍子|12拍子|\bin (?:twelve|12){_FELT}|\btwelve[- ]eight\b|zwölfachteltakt", "12/8"),
)  # fmt: skip
_METER_NAMES = re.compile("|".join(f"({pattern})" for pattern, _ in _METER_WORDS))


def meter(lower: str) -> Span[str] | None:
    """Return a metre of the contract, the nearest one where the words say another: 5/4 for 5/8, 7/8 for 7/4, 12/8 for 11/8."""
    for match in _METER.finditer(lower):
        if not denied(lower, match.start()):
            return Span(_nearest_meter(int(match.group(1)), int(match.group(2))), *match.span())
    for match in _CHINESE_METER.finditer(lower):
        lower_first, upper, before, after, unit, count = match.groups()
        for below, above in ((lower_first, upper), (after, before), (unit, count)):
            name = f"{chinese(above or '')}/{chinese(below or '')}"
            if name in METERS:
                return Span(name, *match.span())
    for match in _METER_NAMES.finditer(lower):
        if match.lastindex is not None and not denied(lower, match.start()):
            return Span(_METER_WORDS[match.lastindex - 1][1], *match.span())
    return None


def _nearest_meter(count: int, unit: int) -> str:
    name = f"{count}/{unit}"
    if name in METERS or name in _NEAREST:
        return _NEAREST.get(name, name)
    alike = [m for m in METERS if int(m.split("/")[0]) == count]
    if alike:
        return alike[0]
    return min(METERS, key=lambda m: abs(int(m.split("/")[0]) - count))


_BARS = re.compile(
    rf"(?<![\d.#])(\d{{1,3}}|\b(?:{'|'.join(sorted(COUNTS, key=len, reverse=True))})|[一二两三四五六七八九十]{{1,3}})[\s-]?(?:个)?\s?"
    r"(?:bars?\b|measures?\b|小节|小節|takte?n?\b|compases\b|compás\b|compassos?\b|mesures?\b|battute\b|마디)(?!\w*[\s-]+(?:blues|each|phrases?|intro|fill)\b)"
    r"|\b(?:bars|measures|compases|takte|mesures|length)\s*[:=]\s*(\d{1,3})|(?:小节数?|长度)\s*[:=]?\s*(\d{1,3})(?!\s*[bpm拍])"
)
_NOT_THE_LENGTH = re.compile(
    r"(?:\b(?:every|each|per|first|last|after|at|by|until|next|chord|chords)|每|第|前|后|最后)\s*(?:the )?$"
)
_BLUES_BARS = re.compile(
    r"\b(?:(12|twelve)|(8|eight)|(16|sixteen))[\s-]bar[\s-]blues\b|(十二|12)小[节節](?:布鲁斯|蓝调)|(八|8)小[节節](?:布鲁斯|蓝调)"
)


def bars(lower: str) -> Span[int] | None:
    """Return a length in bars, 1..256; a twelve-bar blues has twelve."""
    for match in _BARS.finditer(lower):
        said = next(g for g in match.groups() if g)
        count = int(said) if said.isdigit() else COUNTS.get(said) or chinese(said)
        if 1 <= count <= 256 and not _NOT_THE_LENGTH.search(lower[: match.start()]):
            return Span(count, *match.span())
    return None


def blues_bars(lower: str) -> int | None:
    """Return the bars of a blues that is named by them; the name stands for its chords too."""
    match = _BLUES_BARS.search(lower)
    return None if match is None else (12, 8, 16, 12, 8)[(match.lastindex or 1) - 1]
