"""Readers of tempo and feel, metre, length in bars and swing, in numbers, words and terms. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from model.music.control import MAX_BARS, MAX_TEMPO, MIN_TEMPO
from model.music.notes import METERS
from model.prompt.rules.negation import Span, denied, refused
from model.prompt.rules.vocabulary import DETERMINER_BEFORE, FoundTerm

TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19,
}  # fmt: skip

ONES = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

COUNTS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fourteen": 14, "sixteen": 16, "eighteen": 18, "twenty": 20, "twenty-four": 24, "twenty four": 24,
    "thirty-two": 32, "thirty two": 32, "sixty-four": 64, "sixty four": 64,
    "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "sixty": 60, "ninety": 90, "zwanzig": 20, "dreißig": 30, "vierzig": 40, "sechzig": 60, "neunzig": 90,
    "vingt": 20, "trente": 30, "quarante": 40, "soixante": 60, "veinte": 20, "treinta": 30, "cuarenta": 40, "sesenta": 60, "noventa": 90,
    "venti": 20, "trenta": 30, "quaranta": 40, "sessanta": 60, "novanta": 90, "vinte": 20, "trinta": 30, "quarenta": 40, "sessenta": 60,
    "tres": 3, "cinco": 5, "seis": 6, "siete": 7, "drei": 3, "fünf": 5, "sechs": 6, "sieben": 7, "trois": 3, "cinq": 5, "sept": 7, "due": 2, "tre": 3, "cinque": 5,
    "sette": 7, "dois": 2, "duas": 2, "três": 3,
    "dos": 2, "cuatro": 4, "ocho": 8, "doce": 12, "dieciséis": 16, "zwei": 2, "vier": 4, "acht": 8, "zwölf": 12, "sechzehn": 16,
    "deux": 2, "quatre": 4, "huit": 8, "douze": 12, "seize": 16, "quatro": 4, "oito": 8, "dezesseis": 16, "quattro": 4, "otto": 8,
}  # fmt: skip

_CHINESE = {c: i for i, c in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}


def chinese_number(said: str) -> int:
    """Return a number up to 999, 0 where it is none: 两 is 2, 十二 12, 二十四 24, 一百二 120, 一百零二 102."""
    hundreds, hundred, rest = said.rpartition("百")
    if hundred:
        below = chinese_number(rest.removeprefix("零")) * (10 if rest in _CHINESE and rest != "十" else 1)
        return (_CHINESE.get(hundreds, 0) if hundreds else 1) * 100 + below
    tens, ten, ones = said.rpartition("十")
    if not ten:
        return _CHINESE.get(said, 0)
    return (_CHINESE.get(tens, 1) if tens else 1) * 10 + (_CHINESE.get(ones, 0) if ones else 0)


_NUMBER = r"(\d{2,3}(?:\.\d+)?)"

_UNIT = (
    r"(?:b\.?p\.?m(?![a-z])\.?|bmp(?![a-z])|pbm(?![a-z])|ppm(?![a-z])|beats? (?:per|a) min(?:ute)?|beats?/min|schläge|battements|battiti|à la noire|a la negra|alla semiminima|à semínima|pulsaciones|batidas|"
    r"拍(?:每分钟|/分)?(?!子|号)|クリック|비피엠)"
)

_NEAR = r"(?:about|around|roughly|approx(?:imately|\.)?|circa|ca\.?|~|≈|约|大约|大概|差不多|左右|unos|etwa|environ|cerca de)"

_NOT_A_TEMPO = (
    r"(?!\.?\d|\s*(?:-\s*)?(?:bars?|measures?|%|/|:|seconds?|secs?|s\b|am\b|pm\b|a\.m|p\.m|years?|degrees|minutes?|mins?|hz|khz|km|miles?|"
    r"notes?|times?|people|o'?clock|st\b|nd\b|rd\b|th\b|小节|年|岁|秒|点|分钟|度|个))"
)

_TEMPI = (
    re.compile(rf"{_NUMBER}\s*{_UNIT}?\s*(?:-|–|—|~|to|and|or|到|至|bis|a|à|y|et|und|から|~)\s*{_NUMBER}\s*{_UNIT}"),
    re.compile(rf"(?:(?:每分钟|一分钟|毎分)\s*)?{_NUMBER}\s*(?:-\s*)?{_UNIT}"),
    re.compile(
        rf"\b(?:between|entre|zwischen|from|tempo|de) {_NUMBER} (?:and|to|y|et|und|a|e|à) {_NUMBER}\b(?!\s*(?:bars?|measures?|%|years?|seconds?|minutes?|degrees))"
    ),
    re.compile(
        rf"(?:tempo|\bm[eé]tr[oó]nom[oe]|\bb\.?p\.?m\.?|速度|テンポ|템포|节奏|每分钟|一分钟|毎分|♩|𝅘𝅥|\bq|\b(?:crotchet|quarter(?: note)?|noire|negra|viertel|semiminima|semínima)|\bm\.?m\.?|\bspeed)"
        rf"\s*(?:giusto|marking)?\s*(?:of|is|at|to|von|de|a|是|为|在|改成|改为|调到|调成|设为|设成|变成|は|を)?\s*[:=]?\s*{_NEAR}?\s*{_NUMBER}{_NOT_A_TEMPO}"
    ),
    re.compile(
        rf"\b{_NUMBER}(?:\s*-?ish\b|\s+(?:or so|tempo)\b)|{_NUMBER}\s*(?:左右|上下|的速度|的(?=[\u4e00-\u9fff]))"
    ),
    re.compile(
        rf"(?:\bat|\B@|~|≈|\b(?:around|about|circa|roughly)|大约|大概|约)\s*{_NEAR}?\s*{_NUMBER}\b{_NOT_A_TEMPO}"
    ),
    re.compile(
        rf"\b(?:auf|bei|(?:so )?um die|mit|à|vers|autour de|a|a unos|unos|alrededor de|sobre|a circa|sui|intorno ai?l?|a cerca de|em torno de|por volta de|uns)\s+"
        rf"{_NUMBER}(?=\s*(?:$|[,.;!?\0]))"
    ),
    re.compile(rf"(?:^|[,;，、|]|\s/\s)\s*{_NUMBER}\s*(?=$|[,;，、|。]|\s/\s)"),
)

_SPELLED = re.compile(
    rf"\b(?:(a|one|two) hundred(?: and)? ?)?({'|'.join(sorted(TENS, key=len, reverse=True))})?[ -]?({'|'.join(ONES[1:])})?\s*{_UNIT}"
)

_CHINESE_SPELLED = re.compile(
    r"(?:(?P<said>每分钟|速度|一分钟|节奏)\s*(?:是|为|约|大约)?\s*|(?<![一二三四五六七八九十百零]))(?P<hundred>[一二两]?百零?)?"
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


_OF_A_PACE = re.compile(r"[\s-]{0,3}(?:tempo|speed|pace|marking|movement)\b")


def tempo(lower: str) -> Span[float] | None:
    """Return a tempo in quarters a minute, MIN_TEMPO..MAX_TEMPO; a range gives its middle, an Italian term its usual place."""
    for pattern in _TEMPI:
        for match in pattern.finditer(lower):
            said = [g for g in match.groups() if g is not None]
            bpm = sum(map(float, said)) / len(said)
            if MIN_TEMPO <= bpm <= MAX_TEMPO and not denied(lower, match.start()):
                return Span(bpm, *match.span())
    return _spelled(lower) or _italian(lower)


_AT_MOST = re.compile(
    r"(?:\b(?:under|below|less than|slower than|no (?:more|faster|quicker|higher) than|not (?:more|faster|quicker|over|above|higher)(?: than)?|at most|max(?:imum|imal)?\.?|up to|"
    r"unter|höchstens|nicht (?:schneller|mehr|über)(?: als)?|menos de|más lento que|como máximo|máximo|moins de|plus lent que|au plus|pas plus (?:vite |rapide )?(?:que|de)|"
    r"meno di|al massimo|no máximo|mais lento que)|低于|不超过|小于|不快于|不高于)"
    rf"\s*(?:of )?{_NUMBER}\s*({_UNIT})?{_NOT_A_TEMPO}"
)
_AT_LEAST = re.compile(
    r"(?:\b(?:over|above|more than|faster than|no (?:less|slower) than|not (?:less|slower|under|below)(?: than)?|at least|min(?:imum|imal)?\.?|über|mindestens|nicht (?:langsamer|unter)(?: als)?|"
    r"más de|más rápido que|como mínimo|al menos|plus de|plus vite que|au moins|più di|almeno|mais de|mais rápido que|pelo menos)|高于|超过|不低于|不少于|至少)"
    rf"\s*(?:of )?{_NUMBER}\s*({_UNIT})?{_NOT_A_TEMPO}"
)
_OF_SPEED = re.compile(r"slow|fast|quick|speed|tempo|lent|rápid|rapid|schnell|langsam|vite|快|慢")


_NEVER = re.compile(
    r"(?:\b(?:nothing|never|don'?t (?:go|get|be)|nichts|nie(?:mals)?|nada|nunca|rien|jamais|niente|mai)\s+(?:that is |goes |go |going |das |que )?|不要?|别)$"
)
"""What turns a bound about: nothing above 100 bpm."""


def tempo_bound(lower: str) -> Span[tuple[float, float]] | None:
    """Return the slowest and the fastest tempo that words such as "under 100 bpm" or "at least 140 bpm" allow."""
    for pattern, below in ((_AT_MOST, True), (_AT_LEAST, False)):
        for match in pattern.finditer(lower):
            bpm = float(match.group(1))
            said = match.group(2) is not None or _OF_SPEED.search(match.group()) is not None
            below ^= _NEVER.search(lower, max(0, match.start() - 24), match.start()) is not None
            if said and MIN_TEMPO < bpm < MAX_TEMPO:
                return Span((MIN_TEMPO, bpm) if below else (bpm, MAX_TEMPO), *match.span())
    return None


def tempo_after_style(lower: str, end: int) -> Span[float] | None:
    """Return the bare number behind the name of a style, "techno 132", as a tempo in quarters a minute."""
    match = re.compile(
        rf"\s+(?:(?:beat|track|groove|loop|song|tune|music|type beat|vibes?)\s+)?{_NUMBER}\b{_NOT_A_TEMPO}(?![-–])"
    ).match(lower, end)
    if match is None or not 40 <= float(match.group(1)) <= 220:
        return None
    return Span(float(match.group(1)), *match.span())


_BARE = re.compile(
    rf"(?:^|(?<=[\s,;，、\0])){_NUMBER}(?=\s*[.!。]*$|\s*[,;，、。!]|\.\s|\s*\0|\s+[a-zà-ÿ])(?![,.]\d){_NOT_A_TEMPO}(?!\s*(?:[-–:]|{_NEAR}?\d))"
)
_COUNTED_BEFORE = re.compile(
    r"(?:[#'’:/\d]|\b(?:bars?|takt|mesures?|compás|compasso|battut[ae]|at|to|for|of|and|or|the|in|from|op|opus|no|nr|nº|n°|num(?:ber)?|route|highway|area|studio|channel|track|take|cc|key|version|v|top|season|grade|class|level|chapter|psalm|page|act|scene|age[ds]?|years?|anni|años|anos|années|jahre|die|den|les|los|gli|os|degree|tr|tb|dx|c|form|cue|until|till|after|before|velocity|midi|bis|à|a|to)\s+|(?:第|小节|年)\s*)$"
)


def bare_tempo(lower: str) -> Span[float] | None:
    """Return the only bare number of a text, "surf rock guitar sunny 160", as a tempo in quarters a minute."""
    found = [
        m
        for m in _BARE.finditer(lower)
        if 50 <= float(m.group(1)) <= 220 and not _COUNTED_BEFORE.search(lower[max(0, m.start() - 16) : m.start()])
    ]
    return Span(float(found[0].group(1)), *found[0].span()) if len(found) == 1 else None


def _spelled(lower: str) -> Span[float] | None:
    """Return a tempo in words: "one hundred and twenty bpm", 每分钟九十拍."""
    for match in _SPELLED.finditer(lower):
        hundreds, tens, ones = match.groups()
        bpm = {"a": 100, "one": 100, "two": 200}.get(hundreds or "", 0) + TENS.get(tens or "", 0)
        bpm += ONES.index(ones or "")
        if MIN_TEMPO <= bpm <= MAX_TEMPO:
            return Span(float(bpm), *match.span())
    for match in _CHINESE_SPELLED.finditer(lower):
        bpm = chinese_number(
            "".join(match.group("hundred", "tens", "ones"))
            if match.group("hundred")
            else match.group("tens") + match.group("ones")
        )
        if MIN_TEMPO <= bpm <= MAX_TEMPO:
            return Span(float(bpm), *match.span())
    return None


_LOW_GRAVE = re.compile(
    r"(?:\b(?:plus|m[aá]s|mais|pi[uù]|moins|menos|meno|son|sonido|som|suono|voz|voix|voce|nota|note|tono|ton|tom|registr[oe])\s+)$"
)
"""What is low, where the word follows it."""


def _italian(lower: str) -> Span[float] | None:
    for term in _TEMPO_TERM.finditer(lower):
        plain = term.group() in ("grave", "presto", "largo")
        of_a_pace = _OF_A_PACE.match(lower, term.end()) is not None
        determined = DETERMINER_BEFORE.search(lower, max(0, term.start() - 40), term.start()) and not of_a_pace
        if term.group() == "grave" and _LOW_GRAVE.search(lower, max(0, term.start() - 40), term.start()):
            continue  # une octave plus grave
        if plain and (determined or lower[term.end() :].startswith("!")):
            continue  # "on your grave", "presto! dinner is ready", but "a lively presto tempo"
        if term.lastgroup is not None and not denied(lower, term.start()):
            return Span(float(_TEMPO_TERMS[int(term.lastgroup[1:])][1]), *term.span())
    return None


_FEEL = re.compile(
    r"\b((?:half|medio|demi|meio)[- ]?(?:time|tempo|tiempo|speed)|halb(?:es|e)? tempo|half as fast|half the tempo|halb so schnell|deux fois moins (?:vite|rapide)|la mitad de r[aá]pid[oa]|metade da velocidade)\b|(半拍感?|半速|一半速度|ハーフタイム|하프타임)"
    r"|\b(?:double|doble|doppeltes|dobro)[- ]?(?:time|tempo|tiempo|speed)\b|\btwice as fast\b|\bdoppelt so schnell\b|\bdeux fois plus (?:vite|rapide)\b|\b(?:al|ao) (?:doble|dobro) (?:de|do) (?:tiempo|tempo|velocidad\w*)\b|\bel doble de r[aá]pid[oa]\b|\b(?:due volte|il doppio) più veloce\b|\bduas vezes mais r[aá]pid[oa]\b|两倍快|2倍速|二倍速|\bdouble the (?:tempo|speed)\b|双倍|倍速|ダブルタイム|더블타임"
)


def feel(lower: str) -> Span[str] | None:
    """Return "half" or "double", or "normal" where one of them was denied."""
    match = _FEEL.search(lower)
    if match is None:
        return None
    if denied(lower, match.start()):
        return Span("normal", *match.span())
    return Span("half" if match.group(1) or match.group(2) else "double", *match.span())


_AT_A_BAR = re.compile(
    r"\b(?:at|from|by|in|ab|bei|à partir de|dès|à|desde|a partir d[eao]|en|dal(?:la)?|da|a|no)\s+(?:the\s+|la\s+|el\s+|o\s+)?(?:bar|measure|takt|mesure|compás|compasso|battuta)\s+\d+|\b(?:in|for|at|im|au|en el|no|nel)\s+(?:the\s+)?(?:chorus|verse|drop|bridge|refrain|estribillo|refrão|ritornello|second half|last \w+ bars?)\b|第\d+小[节節]|副歌|サビ"
)


def feel_at_a_bar(lower: str, said: Span[str]) -> tuple[int, int] | None:
    """Return where a half or double time is said of some bars only: double time from bar 9."""
    low = max((m.end() for m in re.finditer(r"[,.;，。、；]", lower[: said.start])), default=0)
    stop = re.search(r"[,.;，。、；]", lower[said.end :])
    high = len(lower) if stop is None else said.end + stop.start()
    place = next((m for m in _AT_A_BAR.finditer(lower, low, high)), None)
    return None if place is None else (min(place.start(), said.start), max(place.end(), said.end))


_AS_A = re.compile(
    r"\s+(?:as|wie|que|di|do que|come|than|als)\s+(?:(?:usual|normal|an?|the|eine?[rnms]?|der|die|das|une?|un[ao]?|uma?|el|la|le|il|o)\s+)*"
)


def compared_tempo(lower: str, terms: Sequence[FoundTerm]) -> Span[float] | None:
    """Return the tempo that is twice, or half, that of a style: "twice as fast as a ballad"."""
    for match in _FEEL.finditer(lower):
        lead = _AS_A.match(lower, match.end())
        style = next(
            (f for f in terms if lead is not None and f.start == lead.end() and f.term.tempo is not None), None
        )
        if style is not None and style.term.tempo is not None:
            factor = 0.5 if match.group(1) or match.group(2) else 2.0
            bpm = round(factor * sum(style.term.tempo) / 2)
            if MIN_TEMPO <= bpm <= MAX_TEMPO:
                return Span(float(bpm), match.start(), style.end)
    return None


_METER = re.compile(
    r"(?<![\d/])([2-9]|1[0-9]|2[0-4])\s?[/⁄]\s?([248]|(?:(?<=[579]/)|(?<=[12][0-9]/))16)(?![\d/]|\s?(?:of|bars?\b|cups?|price))"
)

_SPOKEN_METER = re.compile(r"(?<![\d.])([2-9]|1[0-5]) (?:por|sur|over) ([48])(?=\s*(?:$|[,.;]|time|groove|feel))")
_SAME_BAR = {
    "2/2": "4/4",
    "8/8": "4/4",
    "4/8": "2/4",
    "10/8": "5/4",
    "12/16": "6/8",
    "18/16": "9/8",
    "24/16": "12/8",
    "14/16": "7/8",
}
"""Metres whose bars are those of one of the contract, as long and as divided: nothing is lost but how they are written."""
_NEAREST = {
    "6/4": "6/8", "3/2": "3/4", "8/4": "4/4", "10/4": "5/4", "14/8": "7/8", "18/8": "9/8", "24/8": "12/8", "4/2": "4/4",
}  # fmt: skip
"""The metre of the contract that stands for one it does not have, where that is not the one of as many beats."""


@dataclass(frozen=True, slots=True)
class Meter:
    """A metre as the words have it, and as it is played: one of the contract."""

    asked: str
    played: str

    @property
    def is_exact(self) -> bool:
        """Whether the bar is as long and as divided as the words have it."""
        return self.asked == self.played or _SAME_BAR.get(self.asked) == self.played


_PARTS_METER = re.compile(r"(?<!\d)([248]|16)\s?分\s?[の之]\s?([2-9]|1[0-9])\s?拍?子?")
"""8分の6拍子: so many of an eighth."""
_TEMPS = {
    "deux": 2,
    "trois": 3,
    "quatre": 4,
    "cinq": 5,
    "six": 6,
    "sept": 7,
    "dos": 2,
    "tres": 3,
    "cuatro": 4,
    "cinco": 5,
    "seis": 6,
    "siete": 7,
    "sete": 7,
    "dois": 2,
    "três": 3,
    "quatro": 4,
    "due": 2,
    "tre": 3,
    "quattro": 4,
    "cinque": 5,
    "sei": 6,
    "sette": 7,
}
_OF_BEATS = re.compile(
    rf"(?:\b(?:à|a|en|em|in|de|di|com|con)\s+)(\d|{'|'.join(_TEMPS)})\s+(?:temps|tiempos|tempi|tempos)(?![a-zà-ÿ])(?!\s*(?:plus|más|mais|più|forts?))"
)
"""Une valse à trois temps."""
_CHINESE_METER = re.compile(
    r"([二四八])分之([二三四五六七九]|十[一二]?)拍?|([二三四五六七九]|十[一二]?)([四八])拍|([四八])([二三四五六七九]|十[一二]?)拍"
)

_FELT = r"(?=\s*(?:$|[,.;:!?，。、()|]|time\b|feel\b|at\b|with\b|and\b|for\b|in\b|please\b|over\b|no\b|without\b))"

_METER_WORDS = (
    (rf"三拍(?:子|(?=\W|$))|3拍子|\bin (?:three|3){_FELT}|\bthree[- ](?:four|quarter)\b|dreiviertel(?:takt)?\b|\btrois[- ]quatre\b|\btrês por quatro\b|\btres por cuatro|(?:à|a|en) (?:trois|3) temps|\bin tre quarti|\b(?:tempo|ritmo) ternario|\bwaltz time\b|\b(?:three|3) (?:beats )?(?:to|in) (?:the|a) bar|\bbars of (?:three|3)\b|comp[aá]s(?:so)? de (?:tres|três|3)(?! por)|mesure à (?:trois|3) temps|comp[aá]s(?:so)? tern[aá]rio|três por quatro|3박자", "3/4"),
    (rf"四拍子|4拍子|\bin (?:four|4){_FELT}|\bfour[- ]four\b|\bfour on the floor\b|\bcommon time\b|\b(?:tempo|ritmo) quaternario|\b(?:four|4) (?:beats )?(?:to|in) (?:the|a) bar|\bbars of (?:four|4)\b|vierviertel(?:takt)?\b|\bquatre[- ]quatre\b|\bquatro por quatro\b|\bin quattro quarti\b|cuatro por cuatro|(?:à|a) quatre temps|4박자", "4/4"),
    (rf"六拍子|6拍子|\bin (?:six|6){_FELT}|\bsix[- ]eight\b|sechsachtel(?:takt)?\b|six[- ]huit|\bcompound time\b|\bin sei ottavi\b|seis por oito|seis por ocho|six-huit|compound duple", "6/8"),
    (rf"二拍子|两拍子|2拍子|\bin (?:two|2){_FELT}|\btwo[- ]four\b|zweiviertel(?:takt)?\b|\bdeux[- ]quatre\b|\bdois por quatro\b|\bin due quarti\b|\b(?:two|2) (?:beats )?(?:to|in) (?:the|a) bar|\bbars of (?:two|2)\b|\b(?:tempo|ritmo) binario|dos por cuatro|(?:à|a) deux temps", "2/4"),
    (rf"五拍子|5拍子|\bin (?:five|5){_FELT}|\bfive[- ]four\b|fünfviertel(?:takt)?\b|\bcinq[- ]quatre\b|\b(?:five|5) (?:beats )?(?:to|in) (?:the|a) bar|\bbars of (?:five|5)\b|comp[aá]s(?:so)? de (?:cinco|5)(?! por)|\bin cinque quarti\b|五四拍|cinco por cuatro|(?:\b(?:à|a) |(?<![a-z] ))cinq temps", "5/4"),
    (rf"七拍子|7拍子|\bin (?:seven|7){_FELT}|\bseven[- ]eight\b|siebenachtel(?:takt)?\b|\bsept[- ]huit\b|siete por ocho|sete por oito|七八拍|\b(?:seven|7) (?:beats )?(?:to|in) (?:the|a) bar|\bbars of (?:seven|7)\b|comp[aá]s(?:so)? de (?:siete|sete|7)(?! por)|\bin sette ottavi\b|siete por ocho|(?:à|a) sept temps", "7/8"),
    (r"\balla breve\b|\bcut time\b|\btwo[- ]two\b|二二拍子?", "2/2"),
    (r"\bthree[- ]two time\b|\bdrei halbe\b", "3/2"),
    (r"\bsix[- ]four\b(?= time|$|[,.;])", "6/4"),
    (r"\bseven[- ]four\b", "7/4"),
    (r"\bfive[- ]eight\b|\bfünfachteltakt\b", "5/8"),
    (r"\beleven[- ]eight\b|\belfachteltakt\b", "11/8"),
    (r"\bten[- ]eight\b", "10/8"),
    (r"\bthirteen[- ]eight\b", "13/8"),
    (r"\bfifteen[- ]eight\b", "15/8"),
    (rf"九拍子|9拍子|\bin (?:nine|9){_FELT}|\bnine[- ]eight\b|neunachteltakt", "9/8"),
    (rf"十二拍子|12拍子|\bin (?:twelve|12){_FELT}|\btwelve[- ]eight\b|\bcompás de (?:12|doce)\b|zwölfachteltakt", "12/8"),
)  # fmt: skip

_METER_NAMES = re.compile("|".join(f"({pattern})" for pattern, _ in _METER_WORDS))


def meter(lower: str) -> Span[Meter] | None:
    """Return a metre, with the nearest one of the contract where that has not the one that the words say: 5/4 for 5/8, 12/8 for 11/8."""
    for match in _METER.finditer(lower):
        if not denied(lower, match.start()):
            asked = f"{match.group(1)}/{match.group(2)}"
            return Span(Meter(asked, _nearest_meter(asked)), *match.span())
    for match in _SPOKEN_METER.finditer(lower):
        if not denied(lower, match.start()):
            asked = f"{match.group(1)}/{match.group(2)}"
            return Span(Meter(asked, _nearest_meter(asked)), *match.span())
    for match in _PARTS_METER.finditer(lower):
        if not denied(lower, match.start()):
            asked = f"{match.group(2)}/{match.group(1)}"
            return Span(Meter(asked, _nearest_meter(asked)), *match.span())
    for match in _OF_BEATS.finditer(lower):
        if not denied(lower, match.start()):
            beats = int(match.group(1)) if match.group(1).isdecimal() else _TEMPS[match.group(1)]
            asked = {6: "6/8", 7: "7/8", 9: "9/8"}.get(beats, f"{beats}/4")
            if 2 <= beats <= 9:
                return Span(Meter(asked, _nearest_meter(asked)), *match.span())
    for match in _CHINESE_METER.finditer(lower):
        lower_first, upper, before, after, unit, count = match.groups()
        for below, above in ((lower_first, upper), (after, before), (unit, count)):
            asked = f"{chinese_number(above or '')}/{chinese_number(below or '')}"
            if not asked.startswith("0") and not denied(lower, match.start()):
                return Span(Meter(asked, _nearest_meter(asked)), *match.span())
    for match in _METER_NAMES.finditer(lower):
        if match.lastindex is not None and not denied(lower, match.start()):
            asked = _METER_WORDS[match.lastindex - 1][1]
            return Span(Meter(asked, _nearest_meter(asked)), *match.span())
    return None


def refused_meters(lower: str) -> list[Span[str]]:
    """Return the metres that the words do not want: "anything but 4/4"."""
    return refused(lower, lambda text: _played(meter(text)))


def _played(found: Span[Meter] | None) -> Span[str] | None:
    return None if found is None else Span(found.value.played, found.start, found.end)


def _nearest_meter(asked: str) -> str:
    if asked in METERS:
        return asked
    if asked in _SAME_BAR or asked in _NEAREST:
        return _SAME_BAR.get(asked) or _NEAREST[asked]
    count = int(asked.split("/")[0])
    alike = [m for m in METERS if int(m.split("/")[0]) == count]
    return alike[0] if alike else min(METERS, key=lambda m: abs(int(m.split("/")[0]) - count))


_BARS = re.compile(
    rf"(?<![\d.#])(\d{{1,3}}|\b(?:{'|'.join(sorted(COUNTS, key=len, reverse=True))})|[一二两三四五六七八九十百]{{1,3}})[\s-]?(?:个)?\s?"
    r"(?:bars?\b|measures?\b|小节|小節|takte?n?\b|compases\b|compás\b|compassos?\b|mesures?\b|battute\b|마디)(?!\w*[\s-]+(?:each|phrases?|intro|fill)\b)(?!(?:(?<=bar)|(?<=bars)|(?<=measure)|(?<=measures))[\s-]+blues\b)"
    r"|\b(?:bars|measures|compases|takte|mesures|length)\s*[:=]\s*(\d{1,3})|(?:小节数?|长度)\s*[:=]?\s*(\d{1,3})(?!\s*[bpm拍])"
)

_ADDED_BARS = re.compile(
    r"(?<![\d.+/])(?P<n>\d{1,3}(?:\s?\+\s?\d{1,3})+)\s*(?:bars?\b|measures?\b|小节|takte?n?\b|compases\b|compassos?\b|mesures?\b|battute\b)"
)
_NOT_THE_LENGTH = re.compile(
    r"(?:\b(?:every|each|per|first|last|after|at|by|until|next|chord|chords|alle|jede[nrms]?|tou(?:te)?s les|chaque|(?:a )?cada|ogni)|每隔?|第|前|后|最后)\s*(?:the )?$"
)
_EACH_TIME = re.compile(r"\s*(?:ごと|毎|おき)")
"""Behind a number of bars: 8小節ごとに."""

_BLUES_BARS = re.compile(
    r"\b(?:(12|twelve)|(8|eight)|(16|sixteen))[\s-]bar[\s-]blues\b|(十二|12)小[节節](?:布鲁斯|蓝调)|(八|8)小[节節](?:布鲁斯|蓝调)"
)


_TIMES_BARS = re.compile(
    r"(?:[\s-]*(?:blues|loops?|phrases?|riffs?|patterns?|progression|form|schleifen?|boucles?|bucles?|giro|ループ|循环|乐句|フレーズ))?[\s,]*(?:(?:played|repeated|gespielt|wiederholt|répétée?|repetid[oa]|ripetut[oa]|を|的|重复|繰り返し)\s*)?"
    r"(?:(?P<twice>twice|zwei ?mal|deux fois|dos veces|due volte|duas vezes)|(?P<thrice>thrice|drei ?mal)|(?P<four>vier ?mal)|[x×]\s?(?P<x>\d)"
    rf"|(?P<n>\d|\b(?:{'|'.join(sorted(COUNTS, key=len, reverse=True))})|[一二两三四五六七八])\s?(?:times|mal|fois|veces|volte|vezes|[回遍次]))(?![\w\d]|的|\s+(?:as|so|slower|faster|langsamer|schneller|plus|moins|más|più|mais|menos|meno)\b)(?:\s+(?:through|over|durch|round))?"
)
"""12 bar blues twice through; 4小節ループを4回."""
_LOOPED = re.compile(
    r"[\s-]*(?:loops?|schleife|boucle|bucle|ループ|循环)[\s,]*(?:(?:that|which|die|qui|que|che|is|sich|se|si)\s+)*(?:repeat(?:ed|s|ing)|on repeat|over and over|wiederholt|(?:répétée?|répète)|repetid[oa]|(?:se )?repite|repetida|ripetut[oa]|ripete|を?(?:繰り返し?|くりかえし)|不断重复|反复|重复(?![两二三四五六七八\d]))(?!\w)"
)
"""Two bar loop repeated: as long as pieces are."""
_USUAL_BARS = 8


def _as_often(lower: str, found: Span[int], blues: bool) -> Span[int]:
    """Return the bars as often as the words behind them say."""
    if (times := _TIMES_BARS.match(lower, found.end)) is not None:
        digits = times.group("x") or times.group("n") or ""
        often = 2 if times.group("twice") else 3 if times.group("thrice") else 4 if times.group("four") else 0
        often = often or (int(digits) if digits.isdecimal() else COUNTS.get(digits) or chinese_number(digits))
        if often and found.value * often <= MAX_BARS:
            return Span(found.value * often, found.start, times.end())
    looped = None if blues or found.value >= _USUAL_BARS else _LOOPED.match(lower, found.end)
    if looped is not None:
        return Span(-(-_USUAL_BARS // found.value) * found.value, found.start, looped.end())
    return found


def bars(lower: str) -> Span[int] | None:
    """Return a length in bars, 1..MAX_BARS; a twelve-bar blues has twelve."""
    if (added := _ADDED_BARS.search(lower)) is not None:  # 4+4+8 bars
        count = sum(int(n) for n in re.findall(r"\d+", added.group("n")))
        return Span(count, *added.span()) if 1 <= count <= MAX_BARS else None
    for match in _BARS.finditer(lower):
        said = next(g for g in match.groups() if g)
        count = int(said) if said.isdigit() else COUNTS.get(said) or chinese_number(said)
        each_time = _NOT_THE_LENGTH.search(lower, max(0, match.start() - 40), match.start()) or _EACH_TIME.match(
            lower, match.end()
        )
        if 1 <= count <= MAX_BARS and not each_time:
            return _as_often(lower, Span(count, *match.span()), blues=False)
    return None


def blues_bars(lower: str) -> Span[int] | None:
    """Return the bars of a blues that is named by them; the name stands for its chords too."""
    match = _BLUES_BARS.search(lower)
    if match is None:
        return None
    return _as_often(lower, Span((12, 8, 16, 12, 8)[(match.lastindex or 1) - 1], *match.span()), blues=True)


def said_of_blues_bars(lower: str) -> tuple[int, int] | None:
    """Return where the words behind a blues of so many bars say how often it comes."""
    match, found = _BLUES_BARS.search(lower), blues_bars(lower)
    return None if match is None or found is None or found.end == match.end() else (match.end(), found.end)


_SIXTEENTH = re.compile(
    r"\b(?:16ths?|sixteenths?|1/16)(?:[- ]notes?)?[- ](?:swing|shuffle|groove)|十六分音符?摇摆|swung (?:16ths?|sixteenths?)"
)

_SWING_NUMBER = re.compile(
    r"\b(?:swing|shuffle|摇摆)\s*(?:of|at|to|is|=|:|amount)?\s*(0?\.\d+|\d{2}(?:\.\d+)?\s?%?)(?!\d|\s*(?:bpm|bars?))|(\d{2}(?:\.\d+)?)\s?%\s*(?:of )?(?:mpc )?swing|\b(0?\.\d+)\s+swing\b"
)

_SWING = re.compile(
    r"\b((?:(?:dead|totally|completely|perfectly|absolutely|strictly|very) )?straight(?: (?:eighths?|8ths?|16ths?|sixteenths?|feel|time|grid))?|unswung)\b|(直拍|不摇摆|平直|正拍)"
    r"|\b((?:heavy|heavily|hard|lots of|strong(?:ly)?|deep)[- ]?(?:swing|swung|shuffle))\b|(重摇摆)"
    r"|\b((?:light|slight|gentle|subtle|bit of|touch of|little|slightly|lightly) (?:swing|swung|shuffle))\b|(轻微?摇摆|微摇)"
    r"|\b(triplet (?:swing|feel)|ternär(?:e[rns]?)?|ternaire|ternari[oa]|ternári[oa]|shuffle[ds]?|shuffling)\b|(三连音感|シャッフル|(?:少し|ちょっと)?(?:跳ね(?:る感じ|た|る)|ハネ(?:る|た)?))"
    r"|\b(swung|swinging|swingy|(?:with|add|some|con|com|avec|mit) swing|swing feel|swing it|swing (?:the )?(?:8ths|eighths|16ths|hats))\b|(摇摆感|摇摆的?(?:律动|节[奏拍]|鼓|钢琴|吉他|贝斯|低音|萨克斯|小号|铜管|弦乐|伴奏|旋律|乐队)|スウィング感)"
)  # fmt: skip

_NO_SWING = re.compile(
    r"\b(?:no|without(?: any)?|zero|not) (?:swing|swung|shuffle)\b|(?:不要|没有|无)(?:摇摆|swing)|\b(?:sin|ohne|kein(?:en)?|pas de|sans|senza|sem|aucun|nada de) swing\b"
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


def said_straight(lower: str) -> list[tuple[int, int]]:
    """Return where the words say that nothing swings."""
    return [m.span() for m in _SWING.finditer(lower) if m.lastindex in (1, 2)]


def swing_unit(lower: str) -> Span[int] | None:
    """Return 16 or 8 where the words name the notes that swing."""
    for unit, pattern in ((16, _SIXTEENTH), (8, _EIGHTH)):
        if (match := pattern.search(lower)) is not None:
            return Span(unit, *match.span())
    return None
