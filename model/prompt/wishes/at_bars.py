"""What happens at a bar: a drop, a build-up, a chorus, a fill. Pure patterns."""

from __future__ import annotations

import re

from model.music.control import MAX_BARS
from model.music.wishes import CueAt
from model.prompt.rules.negation import NEGATION, within
from model.prompt.rules.vocabulary import tolerant
from model.prompt.wishes.course import BAR, BARS, COUNT, NUMBERS, count
from model.prompt.wishes.found import FoundWish
from model.prompt.wishes.sections import NAME, NAMED, named_as, section_of

AT = rf"(?<![a-zà-ÿ])(?:(?:after|nach|tras|a los|aos|al cabo de|ao cabo de|au bout de|después de|après|dopo|depois de)\s+(?:the\s+first\s+)?(?P<{{0}}_after>\d{{{{1,3}}}}|{NUMBERS})\s+{BARS}|(?:(?:at|on|in|from|by|around|ab|bei|in|desde|en|à|dès|a|da|dalla|alla|al|na|no|auf|mit|zu)\s+)?(?:the\s+|la\s+|le\s+|el\s+|il\s+|o\s+)?{BAR}\s+(?P<{{0}}>\d{{{{1,3}}}}|{NUMBERS})|(?<![第\d])(?P<{{0}}_behind>\d{{{{1,3}}}})小[节節](?:之后|以后|后)に?|(?:第\s*|(?<!\d)(?=\d{{{{1,3}}}}小[节節](?:进|入|处|时)))(?P<{{0}}_zh>\d{{{{1,3}}}}|[一二三四五六七八九十百]{{{{1,3}}}})\s*小[节節]\w{{{{0,2}}}}|(?P<{{0}}_th>\d{{{{1,3}}}})(?:st|nd|rd|th)\s+bar)"
"""Where something happens, by the bar; `format` gives the group its name, so braces are doubled twice here: {1,3} is written {{{{1,3}}}}."""
_NUMBERED = r"\s*(?:(?:entra|llega|cae|viene|kommt|hits|comes|lands|is|arrive|tombe|vem|chega|cai|entre|arriva|commence|starts)\s+)?(?:\b(?:at|on|in|bei|auf|à|alla|en|a|em)\s+(?:the\s+|la\s+|el\s+|le\s+|o\s+)?(?P<number>\d{1,3})(?!\d|[.,]\d|\s*(?:b\.?p\.?m|%|/|:|s\b|sec|min|hz)))"
"""A bar that is a number alone: drop at 33."""
_ON_ONE = r"(?:(?:exactly |genau |pile |justo )?(?:auf|on|right on|sur|en|na|no|sul)\s+(?:the |der |die |le |el |la )?(?:1|eins|one|uno|um|un|downbeat|first beat|premier temps|erste[nr]? (?:schlag|zählzeit)|primer (?:tiempo|golpe)|primeiro tempo)\s+(?:von |of |in |de |del |do |da |di )?)"
"""Auf der 1 von Takt 13."""
_HAPPENS = tolerant(
    rf"(?:{NAMED})(?:[\s,]*(?:{_ON_ONE}|(?:\w+\s+){{0,3}}?)(?:放在|落在|出现在|安排在|在|于|从|到|是|は|が)?(?:{AT.format('bar')})|{_NUMBERED})"
)
_THEN = tolerant(
    rf"(?:{AT.format('bar')})(?:\s+on(?:wards)?)?[,=:：\s]*(?:(?:we|it|then|dann|arrive|kommt|fällt|setzt|schlägt|knallt|der|den|die|llega|entra|viene|cae|cai|tombe|explose|explota|entre|suelta|arriva|vem|chega|o|el|il|la|le|les|un|uno|comes?|hits?|lands?|is|there is|soll|muss|es|richtig|so|alles|should|must|has to|everything|tiene que|debe|que|todo|tudo|doit|il faut que|tout|ça|deve|a|an|the|big|huge|gros|énorme|gran|grande|große[rns]?|fette[rns]?|massive[rns]?|大|巨大?|进|进入|来|开始|是|有|一个|で|に|から|が|の)\s*){{0,6}}(?:{NAMED})"
)
_LINK = tolerant(r"\b(?:and|then|und|dann|y|luego|et|puis|ensuite|e|poi|depois)\b|[,，、;]|のあと|然后")
"""Behind it another clause begins: 4 bars of build-up, and at bar 13 the drop."""
_UNTIL_BEFORE = tolerant(r"\b(?:until|till?|bis|jusqu'[àa]u?|hasta|até|fino a(?:lla)?)\s*(?:the\s+)?$")
FILL = tolerant(
    r"\b(?:(?:big |short |drum |snare |tom )*fills?(?:-?ins?)?|schlagzeug-?fills?|trommelwirbel|roulements?(?: de (?:batterie|caisse))?|breaks? de batterie|rellenos?(?: de batería)?|redobles?|rullate?|viradas?(?: de bateria)?|passaggi di batteria)\b|过门|加花|鼓花|フィル(?:イン)?"
)
"""What drums play between two lines."""
_FILL_AT = tolerant(rf"(?:{FILL.pattern})[\s,]*(?:\w+\s+){{0,2}}?(?:{AT.format('bar')})")
_FILL_THEN = tolerant(rf"(?:{AT.format('bar')})[\s,:]*(?:\w+\s+){{0,2}}?(?:{FILL.pattern})")
_BARS_IN = tolerant(
    rf"(?P<n>{COUNT})\s*{BARS}\s+(?:in|rein|later|später|plus tard|después|dopo|depois),?\s*(?:(?:we|it|the|beat|then|comes|kommt|der|el|le|il|o)\s+)*(?:{NAMED})"
)
"""So many bars in, we drop."""
_COUNTS_BARS = tolerant(rf"bpm|{BARS}")


def bar_of(match: re.Match[str]) -> int:
    """Return the bar that a match of `AT` names."""
    after, number = match.group("bar_after") or match.group("bar_behind"), match.groupdict().get("number")
    if number is not None:
        return int(number)
    return count(after) + 1 if after else count(match.group("bar") or match.group("bar_zh") or match.group("bar_th"))


_EVERY_BARS = rf"(?<![a-zà-ÿ])(?:every|each|alle|jede[nrms]?|tou(?:te)?s les|chaque|(?:a )?cada|ogni|每隔?)\s*(?:(?P<n>{COUNT})[.\s-]*(?:个)?\s?{BARS}|(?P<n_th>\d{{1,2}})(?:th|nd|rd|\.)? (?:bar|takt))(?![a-z])|(?<!第)(?P<n_ja>\d{{1,2}})小[节節](?:ごとに?|おきに)"
_FILL_EVERY = tolerant(rf"(?:{FILL.pattern})[\s,]*(?:{_EVERY_BARS})")
_EVERY_FILL = tolerant(
    rf"(?:{_EVERY_BARS})[\s,:]*(?:(?!no\b|kein)\w+\s+){{0,2}}?(?:加上?|来|打|一个|一次|个|来个?|有|に|は|の)*(?:{FILL.pattern})"
)
"""A fill every eight bars."""
_USUAL_BARS = 8


def at_bars(lower: str, total: int | None = None) -> tuple[list[CueAt], list[FoundWish]]:
    """Return what happens at bars, and where that is said; `total` bars has the piece."""
    cues: list[CueAt] = []
    found: list[FoundWish] = []
    happening = [
        m
        for name in NAME.finditer(lower)
        if (m := _HAPPENS.match(lower, name.start())) is not None
        and NAME.search(lower, name.end(), m.end()) is None
        and not _belongs_behind(lower, name.end(), m.end())
    ]
    for matches in (happening, list(_THEN.finditer(lower))):
        for match in matches:
            if matches is not happening and _UNTIL_BEFORE.search(lower, max(0, match.start() - 24), match.start()):
                continue  # quiet until bar 32, drop on 33
            if within(match.start(), [(f.start, f.end) for f in found]):
                continue
            section, _, cue = section_of(match)
            if section == "build" and match.group("bar_after"):
                continue  # after 8 bars of build-up
            bar = bar_of(match)
            if match.groupdict().get("number") and not _COUNTS_BARS.search(lower):
                continue  # "drop at 140" is a tempo
            cue = "ending" if section == "outro" else cue
            ok = 1 <= bar <= MAX_BARS
            if ok and cue is not None:
                cues.append(CueAt(bar, cue))
            found.append(
                FoundWish(*match.span(), "" if ok and cue else f"“{named_as(match)}” has no place of its own at a bar")
            )
    for pattern in (_FILL_AT, _FILL_THEN):
        for match in pattern.finditer(lower):
            if (
                1 <= bar_of(match) <= MAX_BARS
                and not within(match.start(), [(f.start, f.end) for f in found])
                and NEGATION.search(lower, max(0, match.start() - 8), match.start()) is None
            ):
                cues.append(CueAt(bar_of(match), "fill"))
                found.append(FoundWish(*match.span()))
    for pattern in (_FILL_EVERY, _EVERY_FILL):
        for match in pattern.finditer(lower):
            every = count(next(g for g in match.group("n", "n_th", "n_ja") if g))
            denied = NEGATION.search(lower, max(0, match.start() - 8), match.start()) is not None
            if every and not denied and not within(match.start(), [(f.start, f.end) for f in found]):
                cues += [CueAt(bar, "fill") for bar in range(every, (total or max(_USUAL_BARS, every)) + 1, every)]
                found.append(FoundWish(*match.span()))
    for match in _BARS_IN.finditer(lower):
        section, _, cue = section_of(match)
        if cue is not None and not cues and count(match.group("n")) < MAX_BARS:
            cues.append(CueAt(count(match.group("n")) + 1, cue))
            found.append(FoundWish(*match.span()))
    return cues, found


def _belongs_behind(lower: str, start: int, end: int) -> bool:
    """Return True if the bar that ends at a place is that of the name behind it: build-up, and at bar 13 the drop."""
    link = _LINK.search(lower, start, end)
    then = _THEN.search(lower, start if link is None else link.end(), end + 40)
    if then is None or then.start() >= end:
        return False
    name = next(NAME.finditer(lower, end, then.end()), None)
    plain = name is not None and _HAPPENS.match(lower, name.start()) is None
    return link is not None or (plain and re.search(r"[,，、;]", lower[end : then.end()]) is None)
