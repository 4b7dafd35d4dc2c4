"""How fast: a tempo and its feel, in numbers, words and terms. Pure patterns."""

from __future__ import annotations

import re

from model.negation import denied
from model.numberwords import ONES, TENS, chinese
from model.span import Span
from model.terms import POINTING

_NUMBER = r"(\d{2,3}(?:\.\d+)?)"
_UNIT = (
    r"(?:b\.?p\.?m(?![a-z])\.?|bmp(?![a-z])|ppm(?![a-z])|beats? (?:per|a) min(?:ute)?|beats?/min|schläge|battements|pulsaciones|batidas|"
    r"拍(?:每分钟|/分)?(?!子|号)|クリック|비피엠)"
)
_NEAR = r"(?:about|around|roughly|approx(?:imately|\.)?|circa|ca\.?|~|≈|约|大约|大概|差不多|左右|unos|etwa|environ|cerca de)"
_NOT_A_TEMPO = (
    r"(?!\.?\d|\s*(?:-\s*)?(?:bars?|measures?|%|/|:|seconds?|secs?|s\b|am\b|pm\b|a\.m|p\.m|years?|degrees|minutes?|mins?|hz|khz|km|miles?|"
    r"notes?|times?|people|o'?clock|st\b|nd\b|rd\b|th\b|小节|年|岁|秒|点|分钟|度|个))"
)
_TEMPI = (
    re.compile(
        rf"{_NUMBER}\s*{_UNIT}?\s*(?:-|–|—|~|to|and|or|到|至|bis|a|à|y|et|und|から|~)\s*{_NUMBER}\s*{_UNIT}"
    ),
    re.compile(rf"(?:每分钟|一分钟|毎分)?{_NUMBER}\s*(?:-\s*)?{_UNIT}"),
    re.compile(
        rf"\b(?:between|entre|zwischen|from|tempo|de) {_NUMBER} (?:and|to|y|et|und|a|e|à) {_NUMBER}\b(?!\s*(?:bars?|measures?|%|years?|seconds?|minutes?|degrees))"
    ),
    re.compile(
        rf"(?:tempo|\bb\.?p\.?m\.?|速度|テンポ|템포|节奏|每分钟|一分钟|毎分|♩|𝅘𝅥|\bq|\b(?:crotchet|quarter(?: note)?)|\bm\.?m\.?|\bspeed)"
        rf"\s*(?:giusto|marking)?\s*(?:of|is|at|to|von|de|a|是|为|在|は|を)?\s*[:=]?\s*{_NEAR}?\s*{_NUMBER}{_NOT_A_TEMPO}"
    ),
    re.compile(rf"\b{_NUMBER}(?:\s*-?ish\b|\s+(?:or so|tempo)\b)|{_NUMBER}\s*(?:左右|上下|的速度)"),
    re.compile(
        rf"(?:\bat|\B@|~|≈|\b(?:around|about|circa|roughly)|大约|大概|约)\s*{_NEAR}?\s*{_NUMBER}\b{_NOT_A_TEMPO}"
    ),
    re.compile(rf"(?:^|[,;，、/|])\s*{_NUMBER}\s*(?=$|[,;，、/|。])"),
)
_SPELLED = re.compile(
    rf"\b(?:(a|one|two) hundred(?: and)? ?)?({'|'.join(sorted(TENS, key=len, reverse=True))})?[ -]?({'|'.join(ONES[1:])})?\s*{_UNIT}"
)
_CHINESE_SPELLED = re.compile(
    r"(?:(?P<said>每分钟|速度|一分钟|节奏)\s*(?:是|为|约|大约)?\s*|(?<![一二三四五六七八九十百零]))(?P<hundred>一百(?P<nil>零)?)?"
    r"(?P<tens>[一二三四五六七八九]?十?)(?P<ones>[一二三四五六七八九]?)(?(said)拍?|(?:拍(?!子|号)|\s*bpm))"
)
_TEMPO_TERMS = (
    (r"prestissimo|最急板", 200), (r"presto|急板", 176), (r"vivacissimo", 168), (r"vivace|活板|活泼的快板", 152), (r"allegretto|小快板", 114),
    (r"allegro|快板", 132), (r"moderato|中板", 108), (r"andantino|小行板", 94), (r"andante|行板", 84),
    (r"adagietto", 74), (r"adagio|柔板", 66), (r"larghetto", 62), (r"largo|广板", 50), (r"grave|庄板", 42), (r"慢板", 60),
)  # fmt: skip
_TEMPO_TERM = re.compile(
    "|".join(
        rf"(?P<t{i}>\b(?:{p.split('|')[0]})\b{''.join('|' + a for a in p.split('|')[1:])})"
        for i, (p, _) in enumerate(_TEMPO_TERMS)
    )
)


def tempo(lower: str) -> Span[float] | None:
    """Return a tempo in quarters a minute, 20..300; a range gives its middle, an Italian term its usual place."""
    for pattern in _TEMPI:
        for match in pattern.finditer(lower):
            said = [g for g in match.groups() if g is not None]
            bpm = sum(map(float, said)) / len(said)
            if 20 <= bpm <= 300 and not denied(lower, match.start()):
                return Span(bpm, *match.span())
    return _spelled(lower) or _italian(lower)


def after_style(lower: str, end: int) -> Span[float] | None:
    """Return the bare number behind the name of a style, "techno 132", as a tempo in quarters a minute."""
    match = re.compile(
        rf"\s+(?:(?:beat|track|groove|loop|song|tune|music|type beat|vibes?)\s+)?{_NUMBER}\b{_NOT_A_TEMPO}(?![-–])"
    ).match(lower, end)
    if match is None or not 40 <= float(match.group(1)) <= 220:
        return None
    return Span(float(match.group(1)), *match.span())


def _spelled(lower: str) -> Span[float] | None:
    """Return a tempo in words: "one hundred and twenty bpm", 每分钟九十拍."""
    for match in _SPELLED.finditer(lower):
        hundreds, tens, ones = match.groups()
        bpm = {"a": 100, "one": 100, "two": 200}.get(hundreds or "", 0) + TENS.get(tens or "", 0)
        bpm += ONES.index(ones or "")
        if 20 <= bpm <= 300:
            return Span(float(bpm), *match.span())
    for match in _CHINESE_SPELLED.finditer(lower):
        hundred, nil, tens, ones = match.group("hundred", "nil", "tens", "ones")
        count = chinese(tens + ones)
        if hundred and not nil and tens and not tens.endswith("十"):
            count *= 10  # 一百二 is 120, 一百零二 is 102
        bpm = count + (100 if hundred else 0)
        if 20 <= bpm <= 300:
            return Span(float(bpm), *match.span())
    return None


def _italian(lower: str) -> Span[float] | None:
    for term in _TEMPO_TERM.finditer(lower):
        plain = term.group() in ("grave", "presto", "largo")
        if plain and (POINTING.search(lower[: term.start()]) or lower[term.end() :].startswith("!")):
            continue  # "on your grave", "presto! dinner is ready"
        if term.lastgroup is not None and not denied(lower, term.start()):
            return Span(float(_TEMPO_TERMS[int(term.lastgroup[1:])][1]), *term.span())
    return None


_FEEL = re.compile(
    r"\b((?:half|medio|demi|meio)[- ]?(?:time|tempo|tiempo|speed)|halb(?:es|e)? tempo|half as fast)\b|(半拍感?|半速|一半速度|ハーフタイム|하프타임)"
    r"|\b(?:double|doble|doppeltes|dobro)[- ]?(?:time|tempo|tiempo|speed)\b|\btwice as fast\b|双倍|倍速|ダブルタイム|더블타임"
)


def feel(lower: str) -> Span[str] | None:
    """Return "half" or "double", or "normal" where one of them was denied."""
    match = _FEEL.search(lower)
    if match is None:
        return None
    if denied(lower, match.start()):
        return Span("normal", *match.span())
    return Span("half" if match.group(1) or match.group(2) else "double", *match.span())
