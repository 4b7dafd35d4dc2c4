"""Where drums strike: cowbell on every beat, a clap on 2 and 4, 每拍一下牛铃; and how a bar is grouped: 2+2+3. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from model.music.wishes import EVERY_BEAT, Strokes, felt_beats
from model.prompt.rules.negation import BEHIND_NOUN, NEGATION, NamedSpan, denied, negated, what_is_denied, within
from model.prompt.rules.parts import drum_pieces, is_by_hand
from model.prompt.rules.tempo_meter import meter as find_meter
from model.prompt.rules.vocabulary import tolerant
from model.prompt.wishes.course import Place
from model.prompt.wishes.found import FoundWish
from model.prompt.wishes.sections import find_sections

_N = r"[1-4]"
_LIST = rf"(?P<list>{_N}(?:\s*(?:,|、|・|和|と|&|\+|and|und|et|y|e)\s*(?:(?:the|die|le|el|il|o)\s+)?{_N}){{0,3}})(?![\d/.]|\s*(?:bars?|takt|mesure|comp|battut|%|bpm|小节))"
_BEAT = r"(?:beats?|counts?|quarters?|quarter notes?|schl[aä]ge?|zählzeit(?:en)?|viertel|temps|noires?|tiempos?|pulsos?|golpes?|negras?|battit[oi]|quart[oi]|tempi|tempos?)"
_EVERY = r"(?:every|each|all(?: four| 4)?(?: the)?|jede[nrms]?|alle[nr]?(?: vier)?|chaque|tous les(?: quatre)?|cada|tod[oa]s (?:l[oa]s|os|as)|ogni|tutti i)"
_WHERE = tolerant(
    rf"[\s:,]*(?:(?:that |which )?(?:hits?|plays?|strikes?|is|sits|falls|schlägt|spielt|kommt|sonne|frappe|suena|toca|suona|batte)\s+)?(?:only |just |nur |solo |sólo |seulement |só )?"
    rf"(?:(?:on|at|auf|in|sur|à|en|sul?|sui|a|em|no|nos)\s+)?(?:(?:the|der|die|den|le|les|el|los|il|i|os|o)\s+)?"
    rf"(?:(?P<every>{_EVERY}\s+{_BEAT})(?![a-z])|(?<=\s)(?:{_BEAT}\s+)?(?:(?:the|die|le|el|il|o)\s+)?{_LIST})"
)
_ON = tolerant(r"\b(?:on|at|auf|sur|en|su[li]?|em|no|nos|beats?|counts?|zählzeit\w*|temps|tiempos?|tempi|tempos?)\b")
"""What says that bare numbers are beats."""
_BEFORE = tolerant(
    r"(?P<every>每拍|每一拍|毎拍|各拍|全拍)(?:都|は|に|有|打|敲|来|一下|的|で|が)*\s*$|第?(?P<list>[1-4一二三四](?:[、,和と・第拍]+[1-4一二三四])*)拍(?:は|に|有|打|敲|来|的|で|が|の)*\s*$"
)
_BEHIND = tolerant(
    r"(?:は|を|在|都|が|打|敲|放|落)*\s*(?:(?P<every>每拍|每一拍|毎拍|各拍|全拍)(?:都|に|打|敲|响|一下|有)*|第?(?P<list>[1-4一二三四](?:[、,和と・第拍]+[1-4一二三四])*)拍目?(?:に|打|敲)*)"
)
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4}


def _beats(match: re.Match[str]) -> tuple[int, ...]:
    if match.group("every"):
        return EVERY_BEAT
    return tuple(dict.fromkeys(_DIGITS.get(d) or int(d) for d in re.findall(r"[1-4一二三四]", match.group("list"))))


_GAP = re.compile(r"\s+")
_TO_A_PLACE = tolerant(
    r"(?:\s*,?\s*(?P<not>(?:but|except|aber|außer|mais|sauf|pero|salvo|excepto|ma|tranne|mas|exceto)\b)|\s)"
    r"(?=.*\b(?:in|during|for|at|im|während|außer|dans|pendant|sauf|au|en|durante|nel|nella|nell|na|no|except|salvo|tranne|excepto|exceto)\b)(?:\s*[^\W\d_]+[\s'’]+){1,4}"
)
_WHOLE_PIECE = "a drum strikes its beats in the whole piece: what changes in a section is who plays there"


def _place(lower: str, at: int) -> FoundWish | None:
    """Return the section to which strokes are bound behind them: "but not in the intro"."""
    for start, end, _ in find_sections(lower):
        if start >= at:
            return FoundWish(at, end, _WHOLE_PIECE, "form") if _TO_A_PLACE.fullmatch(lower, at, start) else None
    return None


def find_strokes(lower: str, taken: Sequence[Place]) -> tuple[tuple[Strokes, ...], list[FoundWish], list[Place]]:
    """Return which drums strike on which beats, or do not, where that is said, and the words that deny them there; `taken` is read already."""
    strokes: list[Strokes] = []
    found: list[FoundWish] = []
    binding: list[Place] = []
    said = find_meter(lower)
    meter = "4/4" if said is None else said.value.played
    pieces = list(drum_pieces(lower))
    without = negated(lower, [NamedSpan(start, end, noun=True) for start, end, _ in pieces])
    for start, end, roles in pieces:
        gap = _GAP.match(lower, end)
        no = None if gap is None else NEGATION.match(lower, gap.end())  # "cowbell not on 3"
        behind = _WHERE.match(lower, end if no is None else no.end()) or _BEHIND.match(lower, end)
        before = _BEFORE.search(lower, max(0, start - 12), start)
        match = behind or before
        if match is None or within(start, taken) or is_by_hand(lower[start:end]):
            continue
        if match.re is _WHERE and match.group("list") and _ON.search(match.group()) is None:
            continue  # "claps, 4 bars"
        beats, past = _beats(match), ""
        count = felt_beats(meter)[0]
        if beats != EVERY_BEAT and max(beats) > count:
            beats, past = tuple(b for b in beats if b <= count), f"a bar of {meter} is counted in {count}"
        first, last = min(start, match.start()), max(end, match.end())
        if no is not None or what_is_denied(lower, start, without) == "whole":
            whole = [] if no is not None else [s for s in without if s[0] <= start < s[1]]
            first, last = min([first, *(s[0] for s in whole)]), max([last, *(s[1] for s in whole)])
            binding.append((first, last))
            listed = [r for a, _, r in pieces if a == start or within(a, whole)]  # no kick or snare on 3
            strokes += [Strokes(role, beats, without=True) for roles in listed for role in roles if beats]
        elif beats:
            strokes.append(Strokes(roles[0], beats))
        found.append(FoundWish(first, last, past, about="form"))
        place = _place(lower, last)
        found += [] if place is None else [place]
    return tuple(strokes), found, binding


_GROUPS = tolerant(
    r"(?:\b(?:group(?:ed|ing)?|subdivided|divided|counted|felt|accent(?:s|ed)?|gruppiert|geteilt|unterteilt|gezählt|group(?:é|ée|es)|subdivis\w+|agrupad[oa]|contad[oa]|dividid[oa]|raggruppat[oa]|suddivis[oa])\s*(?:as|in|like|als|en|como|in)?[\s:]*)?"
    r"\(?(?<![\d.+/])(?P<n>[2-4](?:\s?\+\s?[2-4]){1,5})(?!\s?[+\d/]|\s*(?:bars?|takt|mesure|comp|battut|小节))\)?(?:分组|の?グループ|拍子)?"
)


def find_groups(lower: str, meter: str | None) -> tuple[tuple[int, ...], FoundWish | None]:
    """Return how the eighths of a bar are grouped, and where that is said; nothing where they do not fill a bar of the metre."""
    count, unit = (meter or "4/4").split("/")
    eighths = int(count) * 8 // int(unit)
    refused = None
    for match in _GROUPS.finditer(lower):
        groups = tuple(int(n) for n in re.findall(r"\d", match.group("n")))
        if denied(lower, match.start()) or BEHIND_NOUN.match(lower, match.end()):
            refused = FoundWish(*match.span(), about="form")
        elif sum(groups) == eighths and 3 in groups:
            return groups, FoundWish(*match.span(), about="form")
    return (), refused
