"""What happens at a bar: a drop, a build-up, a fill, a part that enters or rests there, in a section or for so many bars. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from model.music.control import MAX_BARS
from model.music.notes import PARTS
from model.music.wishes import CueAt, Rest, Section
from model.prompt.rules.negation import NEGATION, within
from model.prompt.rules.parts import OFF, PART
from model.prompt.rules.vocabulary import find as find_terms
from model.prompt.rules.vocabulary import tolerant
from model.prompt.wishes.course import BAR, BARS, COUNT, NUMBERS, count
from model.prompt.wishes.found import FoundWish
from model.prompt.wishes.sections import BARS_BEHIND, NAME, NAMED, section_of

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
    r"\b(?:(?:big |short |drum |snare |tom )*fills?(?:-?ins?)?|schlagzeug-?fills?|trommelwirbel|roulements?(?: de (?:batterie|caisse))?|breaks? de batterie|rellenos?(?: de batería)?|redobles?|rullate?|viradas?(?: de bateria)?|passaggi di batteria)\b|过门|加花|フィル(?:イン)?"
)
"""What drums play between two lines."""
_FILL_AT = tolerant(rf"(?:{FILL.pattern})[\s,]*(?:\w+\s+){{0,2}}?(?:{AT.format('bar')})")
_FILL_THEN = tolerant(rf"(?:{AT.format('bar')})[\s,:]*(?:\w+\s+){{0,2}}?(?:{FILL.pattern})")
_BARS_IN = tolerant(
    rf"(?P<n>{COUNT})\s*{BARS}\s+(?:in|rein|later|später|plus tard|después|dopo|depois),?\s*(?:(?:we|it|the|beat|then|comes|kommt|der|el|le|il|o)\s+)*(?:{NAMED})"
)
"""So many bars in, we drop."""
_COUNTS_BARS = tolerant(rf"bpm|{BARS}")
_STARTS = r"(?:enters?|comes? in|starts?|begins?|kicks? in|joins?|set in|setzt ein|einsetzen|entran?|entrent|entre|entrano|entram|进来?|进入|加入|开始)"
_ENDS = r"(?:stops?|drops? out|leaves?|ends?|go(?:es)? (?:away|silent)|falls? away|停止?|退出|消失)"
_PARTS = tolerant(rf"{PART.pattern}")
_PART_AT = tolerant(
    rf"(?P<what>{_STARTS}|{_ENDS}|only|nur|solo|just)?\s*(?:only\s+)?(?:{AT.format('bar')})(?P<on>\s+on(?:wards)?)?"
)
_UNTIL = tolerant(
    rf"\s*(?:until|till|before|bis(?: zum)?|hasta(?: el)?|jusqu'(?:à|au)(?: la)?|fino (?:a|alla))\s+(?:the\s+|la\s+)?{BAR}\s+(?P<bar>\d{{1,3}})"
)
_FROM_THERE = tolerant(rf"\s*(?:{AT.format('bar')})(?: on(?:wards)?)?")
_FOR_FIRST = tolerant(rf"\s*(?:for|in|during)\s+the\s+first\s+(?P<n>{COUNT})\s+{BARS}")
_IN_SECTION = tolerant(
    rf"\s*(?P<only>only\s+|nur\s+|solo\s+)?(?:in|during|im|in der|en|dans|nel|nella|no|na)\s+(?:the\s+|le\s+|la\s+|el\s+|l')?(?:{NAMED})"
)


_PART_THERE = tolerant(rf"\s*(?:{_PART_AT.pattern})")
_BRINGS = tolerant(r"\b(?:bring(?:s|ing)? in|add(?:s|ing)?|introduc\w+|start(?:s|ing)?)\s+(?:the\s+|a\s+)?$")
_IN_HALF = tolerant(r"\s*(?P<only>only\s+)?(?:in|during|from|for)\s+the\s+(?P<half>first|second)\s+half\b")
_FIRST_BARS = tolerant(
    rf"\b(?:the\s+|for the\s+|in the\s+)?first\s+(?P<n>{COUNT})\s+{BARS}[:,]?\s+(?:(?:is|are|with)\s+)?(?P<how>only|just|no|without)\s+(?:the\s+)?(?:{PART.pattern})"
)


def bar_of(match: re.Match[str]) -> int:
    """Return the bar that a match of `AT` names."""
    after, number = match.group("bar_after") or match.group("bar_behind"), match.groupdict().get("number")
    if number is not None:
        return int(number)
    return count(after) + 1 if after else count(match.group("bar") or match.group("bar_zh") or match.group("bar_th"))


def at_bars(lower: str, sections: Sequence[Section]) -> tuple[list[CueAt], list[Rest], list[FoundWish]]:
    """Return what happens at bars, who rests where, and where that is said; `sections` are those that the piece has."""
    cues: list[CueAt] = []
    rests: list[Rest] = []
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
                FoundWish(*match.span(), "" if ok and cue else f"a {section} has no place of its own at a bar")
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
    for match in _BARS_IN.finditer(lower):
        section, _, cue = section_of(match)
        if cue is not None and not cues and count(match.group("n")) < MAX_BARS:
            cues.append(CueAt(count(match.group("n")) + 1, cue))
            found.append(FoundWish(*match.span()))
    for opening in _FIRST_BARS.finditer(lower):
        named = next(p for p in ("chords", "melody", "drums", "bass", "piece") if opening.group(p) is not None)
        last = count(opening.group("n"))
        silent = [named] if opening.group("how") in ("no", "without") else [p for p in PARTS if p != named]
        rests += [Rest(p, 1, last) for p in silent if named != "piece"]
        found.append(FoundWish(*opening.span()))
    for begin, end, name in _players(lower):
        if within(begin, [(f.start, f.end) for f in found]):
            continue
        before = NEGATION.finditer(lower, max(0, begin - 24), begin)
        negation = next((m for m in before if _ARTICLES.fullmatch(lower, m.end(), begin)), None)
        start = begin if negation is None else negation.start()
        off = OFF.match(lower, end)
        if off is not None and (until := _UNTIL.match(lower, off.end())) is not None:
            rests.append(Rest(name, 1, int(until.group("bar")) - 1))
            found.append(FoundWish(start, until.end()))
        elif off is not None and (at := _FROM_THERE.match(lower, off.end())) is not None:
            rests.append(Rest(name, bar_of(at), None))
            found.append(FoundWish(start, at.end()))
        elif off is not None and (first := _FOR_FIRST.match(lower, off.end())) is not None:
            rests.append(Rest(name, 1, count(first.group("n"))))
            found.append(FoundWish(start, first.end()))
        elif negation is not None and (until := _UNTIL.match(lower, end)) is not None:
            rests.append(Rest(name, 1, int(until.group("bar")) - 1))
            found.append(FoundWish(start, until.end()))
        elif negation is not None and (first := _FOR_FIRST.match(lower, end)) is not None:
            rests.append(Rest(name, 1, count(first.group("n"))))
            found.append(FoundWish(start, first.end()))
        elif (inside := _IN_SECTION.match(lower, end)) is not None and (
            negation is not None or inside.group("only") or _only_before(lower, begin)
        ):
            where, _, _ = section_of(inside)
            known = any(s.name == where for s in sections)
            if known:
                rests.append(Rest(name, section=where, outside=negation is None))
            found.append(
                FoundWish(
                    start,
                    inside.end(),
                    ""
                    if known
                    else f"there is no {where} yet: say how long its sections are (intro 4 bars, verse 8 bars …)",
                )
            )
        elif negation is not None and any(s.name == _section_before(lower, start) for s in sections):
            rests.append(Rest(name, section=_section_before(lower, start)))
            found.append(FoundWish(start, end))
        elif (half := _IN_HALF.match(lower, end)) is not None and (
            negation is not None or half.group("only") or _only_before(lower, begin)
        ):
            rests.append(Rest(name, section=f"{half.group('half')} half", outside=negation is None))
            found.append(FoundWish(start, half.end()))
        elif (at := _PART_THERE.match(lower, end)) is not None and (
            at.group("what") or _BRINGS.search(lower, max(0, begin - 40), begin)
        ):
            bar, what = bar_of(at), at.group("what") or ""
            if re.fullmatch(_ENDS, what):
                rests.append(Rest(name, bar, None))
            elif bar > 1:
                rests.append(Rest(name, 1, bar - 1))
            found.append(FoundWish(start, at.end()))
    return cues, rests, found


def _section_before(lower: str, start: int) -> str:
    """Return the section that ends, with its bars, right before a place: intro 8 bars without drums; "" where none does."""
    for match in NAME.finditer(lower, max(0, start - 40), start):
        behind = BARS_BEHIND.match(lower, match.end(), start)
        if not lower[match.end() if behind is None else behind.end() : start].strip():
            return section_of(match)[0]
    return ""


def _belongs_behind(lower: str, start: int, end: int) -> bool:
    """Return True if the bar that ends at a place is that of the name behind it: build-up, and at bar 13 the drop."""
    link = _LINK.search(lower, start, end)
    then = _THEN.search(lower, start if link is None else link.end(), end + 40)
    if then is None or then.start() >= end:
        return False
    name = next(NAME.finditer(lower, end, then.end()), None)
    plain = name is not None and _HAPPENS.match(lower, name.start()) is None
    return link is not None or (plain and re.search(r"[,，、;]", lower[end : then.end()]) is None)


def _players(lower: str) -> Iterator[tuple[int, int, str]]:
    """Yield what may enter or rest: parts, and instruments as their parts, from where to where and which."""
    for part in _PARTS.finditer(lower):
        if part.lastgroup is not None and part.lastgroup != "piece":
            yield part.start(), part.end(), part.lastgroup
    for term in find_terms(lower):
        if term.term.kind == "instruments" and term.term.part is not None:
            yield term.start, term.end, term.term.part


_ARTICLES = tolerant(r"\s*(?:(?:the|any|an?|of|die|das|el|la|le|les|los|las|il)\s+)*")


def _only_before(lower: str, start: int) -> bool:
    return (
        re.search(r"\b(?:only|just|nur|solo|sólo|seulement|apenas)\s+(?:the\s+)?$", lower[max(0, start - 24) : start])
        is not None
    )
