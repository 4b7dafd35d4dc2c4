"""Numbers and names in a text: tempo, key, metre, bars, feel, swing, parts and levels. Pure patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Generic, TypeVar

from model.harmony import Key, parse_key

T = TypeVar("T")


@dataclass(frozen=True)
class Span(Generic[T]):
    """A value read from a text, and where it stands."""

    value: T
    start: int
    end: int


SIMPLIFIED = str.maketrans(
    "氣飄鋼貝鼓樂調聲憂傷歡輕鬆夢寧靜溫愛戀懷舊憶號風雲電節奏爵藍實驗華爾茲圓搖滾謠鄉純動強熱勝戰鬥莊嚴聖靈緊張憤絕陽燦爛陰雪葉"
    "樹開闊遼廣邊與無沒別慢長簡單複雜雙緩體團嗎來個這們請為給國風韓說慶兒讚詩課遠處離鍾鐘薩絃絲篳簫箏會電鬧節歸亂飛開陳鮑",
    "气飘钢贝鼓乐调声忧伤欢轻松梦宁静温爱恋怀旧忆号风云电节奏爵蓝实验华尔兹圆摇滚谣乡纯动强热胜战斗庄严圣灵紧张愤绝阳灿烂阴雪叶"
    "树开阔辽广边与无没别慢长简单复杂双缓体团吗来个这们请为给国风韩说庆儿赞诗课远处离钟钟萨弦丝筚箫筝会电闹节归乱飞开陈鲍",
)
"""Traditional characters of the terms → simplified."""

_NUMBER = r"(\d{2,3}(?:\.\d+)?)"
_UNIT = r"(?:bpm|b\.p\.m\.?|ppm|beats per minute|beats a minute|schläge|battements|pulsaciones|拍(?:每分钟|/分)?(?!子|号))"
_TEMPI = (
    re.compile(rf"{_NUMBER}\s*(?:-|–|~|to|and|到|至|bis|a|à|から)\s*{_NUMBER}\s*{_UNIT}"),
    re.compile(rf"(?:每分钟|毎分)?{_NUMBER}\s*{_UNIT}"),
    re.compile(
        rf"\bbetween {_NUMBER} and {_NUMBER}\b(?!\s*(?:bars?|measures?|%|years?|seconds?|minutes?|degrees))"
    ),
    re.compile(
        rf"(?:tempo|bpm|速度|テンポ|节奏|每分钟|毎分|♩|\bq)\s*(?:of|is|at|von|de|是|为|约|大约|は)?\s*[:=]?\s*{_NUMBER}"
    ),
    re.compile(
        rf"\b(?:at|around|about|@)\s*{_NUMBER}(?!\s*(?:bars?|measures?|%|/|\d|seconds?|am|pm|a\.m|p\.m|years?|degrees))\b"
    ),
)
_TEMPO_TERMS = (
    (r"prestissimo|最急板", 200), (r"presto|急板", 176), (r"vivacissimo", 168), (r"vivace|活板|活泼的快板", 152), (r"allegretto|小快板", 114),
    (r"allegro|快板", 132), (r"moderato|中板", 108), (r"andantino|小行板", 94), (r"andante|行板", 84),
    (r"adagietto", 74), (r"adagio|柔板", 66), (r"larghetto", 62), (r"largo|广板", 50), (r"grave|庄板", 42), (r"慢板", 60),
)  # fmt: skip
POINTING = re.compile(
    r"(?:\b(?:the|an?|my|your|his|her|our|their|this|that|every|no)\s+(?:[a-z]+\s+)?|'s\s+|\bkey\s+)$"
)
"""What stands before a plain English noun: the word after it is no term of music by itself."""
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
            bpm = sum(float(g) for g in match.groups()) / len(match.groups())
            if 20 <= bpm <= 300:
                return Span(bpm, *match.span())
    for term in _TEMPO_TERM.finditer(lower):
        plain = term.group() in ("grave", "presto", "largo")
        if plain and (POINTING.search(lower[: term.start()]) or lower[term.end() :].startswith("!")):
            continue  # "on your grave", "presto! dinner is ready"
        if term.lastgroup is not None:
            return Span(float(_TEMPO_TERMS[int(term.lastgroup[1:])][1]), *term.span())
    return None


_MODE = (
    r"harmonic minor|melodic minor|natural minor|minor pentatonic|major pentatonic|pentatonic minor|pentatonic major|"
    r"minor blues|blues scale|major|minor|maj|min|dorian|phrygian|lydian|mixolydian|aeolian|ionian|locrian|pentatonic"
)
_KEYS = (
    re.compile(rf"\b([A-Ga-g])(?:\s?(sharp|flat)|([#b♯♭]))?(?:\s+|-)({_MODE})\b(?!\s+(?:problem|issue|thing|detail|change|role|point|difference|part|label|way))", re.I),
    re.compile(r"\b([A-G](?=[#b♯♭]?m)|[a-g](?=[#♯]m))([#b♯♭]?)m\b(?![\w/#]|\s+(?:I|not)\b)"),
    re.compile(r"\b(?:in|key of|key:|key)\s+(?:the key of\s+)?([A-G])(?:\s?(sharp|flat)|([#b♯♭]))?(?=[\s,.;!?。]*$|\s*[,.;!?。]|\s+(?:at|with|and|for|but|please|over|using|no|without|\d))"),
)  # fmt: skip
_GERMAN = re.compile(r"\b(cis|dis|eis|fis|gis|ais|ces|des|es|fes|ges|as|[a-h])[- ]?(dur|moll)\b", re.I)
_GERMAN_NAMES = {"cis": "C#", "dis": "D#", "eis": "F", "fis": "F#", "gis": "G#", "ais": "A#", "ces": "B", "des": "Db",
                 "es": "Eb", "fes": "E", "ges": "Gb", "as": "Ab", "h": "B", "b": "Bb"}  # fmt: skip
_SOLFEGE = re.compile(
    r"\b(do|re|ré|mi|fa|sol|la|si)(?:\s+(sostenido|bemol|dièse|diese|bémol))?\s+(mayor|menor|majeur|mineur|maggiore|minore)\b",
    re.I,
)
_SOLFEGE_NAMES = {"do": "C", "re": "D", "ré": "D", "mi": "E", "fa": "F", "sol": "G", "la": "A", "si": "B"}
_CHINESE = re.compile(
    r"(降|升)?\s*(?<![A-Za-z])([A-Ga-g])([#b♯♭])?\s*(?:自然)?(?:(大调|小调|调(?![性式色音高整子查用])|和声小调|旋律小调|五声)|(多利亚|弗里吉亚|利底亚|混合利底亚|伊奥尼亚|爱奥利亚|洛克里亚)(?:调式)?|(メジャー|マイナー|長調|短調))"
)
_CHINESE_MODES = {"大调": "major", "调": "major", "小调": "minor", "和声小调": "harmonic minor", "旋律小调": "melodic minor",
                  "五声": "major pentatonic", "多利亚": "dorian", "弗里吉亚": "phrygian", "利底亚": "lydian",
                  "混合利底亚": "mixolydian", "伊奥尼亚": "major", "爱奥利亚": "minor", "洛克里亚": "locrian",
                  "メジャー": "major", "長調": "major", "マイナー": "minor", "短調": "minor"}  # fmt: skip
_JAPANESE = re.compile(r"(変|嬰)?([ハニホヘトイロ])(長调|短调|長調|短調|长调)")
_SIGNS = {"sharp": "#", "flat": "b", "sostenido": "#", "dièse": "#", "diese": "#", "bemol": "b", "bémol": "b",
          "降": "b", "升": "#", "変": "b", "嬰": "#", None: "", "": "", "#": "#", "b": "b", "♯": "#", "♭": "b"}  # fmt: skip


def key(text: str) -> Span[Key] | None:
    """Return a key with its tonic; the case of the text counts, for "a minor problem" is not one in A."""
    for pattern in _KEYS:
        for match in pattern.finditer(text):
            letter, *signs = match.groups()
            mode = signs.pop() if pattern is _KEYS[0] else "minor" if pattern is _KEYS[1] else "major"
            article = letter in "aA" and not any(signs) and pattern is _KEYS[0]
            if article and not _meant(text, match):
                continue
            sign = _SIGNS[next((s.lower() for s in signs if s), None)]
            return Span(parse_key(f"{letter.upper()}{sign} {mode.lower()}"), *match.span())
    if (german := _GERMAN.search(text)) is not None:
        name = german.group(1).lower()
        tonic = _GERMAN_NAMES.get(name, name.upper())
        return Span(
            parse_key(f"{tonic} {'major' if german.group(2).lower() == 'dur' else 'minor'}"), *german.span()
        )
    if (solfege := _SOLFEGE.search(text)) is not None:
        name, sign, quality = (g and g.lower() for g in solfege.groups())
        mode = "major" if quality in ("mayor", "majeur", "maggiore") else "minor"
        return Span(parse_key(f"{_SOLFEGE_NAMES[name or 'do']}{_SIGNS[sign]} {mode}"), *solfege.span())
    if (chinese := _CHINESE.search(text)) is not None:
        sign, letter, after, *modes = chinese.groups()
        mode = _CHINESE_MODES[next(m for m in modes if m)]
        return Span(parse_key(f"{letter.upper()}{_SIGNS[sign] or _SIGNS[after]} {mode}"), *chinese.span())
    if (japanese := _JAPANESE.search(text)) is not None:
        letter = "CDEFGAB"["ハニホヘトイロ".index(japanese.group(2))]
        mode = "minor" if japanese.group(3)[0] == "短" else "major"
        return Span(parse_key(f"{letter}{_SIGNS[japanese.group(1)]} {mode}"), *japanese.span())
    return None


def _meant(text: str, match: re.Match[str]) -> bool:
    """Tell whether "a minor" names a key: after "in" or "key of", or with nothing but a tempo or a comma behind."""
    before, after = text[: match.start()].lower().rstrip(), text[match.end() :].lstrip()
    if before.endswith((" key", "in a")) or (match.group(1) == "a" and after.lower().startswith("key")):
        return False
    named = re.search(r"(?:\bin|\bof|\bto|key|:|en|,|，)$", before) is not None
    return named or not after or not after[0].isalpha() or (match.group(1) == "A" and bool(before))


_MODE_ONLY = re.compile(
    r"\b(minor|major)(?:[- ](?:key|mode|scale|tonality))\b|\bin (minor|major)\b|(小调|大调)|\b(moll|dur)\b|\b(menor|mayor|mineur|majeur)\b|(短調|長調)"
)


def mode(lower: str) -> Span[str] | None:
    """Return "major" or "minor" where a mode was named without a tonic."""
    match = _MODE_ONLY.search(lower)
    if match is None:
        return None
    minor = match.group().strip() in ("小调", "moll", "menor", "mineur", "短調") or "minor" in match.group()
    return Span("minor" if minor else "major", *match.span())


_METER = re.compile(r"(?<![\d/])(2|3|4|5|6|7|9|12)\s?/\s?(4|8)(?![\d/])")
_METER_WORDS = (
    (
        re.compile(
            r"三拍子|四三拍|3拍子|\bin three\b|\bthree-four\b|dreivierteltakt|tres por cuatro|trois temps"
        ),
        "3/4",
    ),
    (re.compile(r"四四拍|四拍子|\bfour-four\b|\bfour on the floor\b|viervierteltakt"), "4/4"),
    (re.compile(r"八六拍|六八拍|六拍子|\bsix-eight\b|sechsachteltakt"), "6/8"),
    (re.compile(r"四二拍|二拍子|\btwo-four\b"), "2/4"),
    (re.compile(r"四五拍|五拍子|\bin five\b|\bfive-four\b"), "5/4"),
    (re.compile(r"八七拍|七拍子|\bin seven\b|\bseven-eight\b"), "7/8"),
    (re.compile(r"八九拍|九拍子|\bnine-eight\b"), "9/8"),
    (re.compile(r"十二拍子|八十二拍|\btwelve-eight\b"), "12/8"),
)


def meter(lower: str) -> Span[str] | None:
    """Return a metre of the contract."""
    for match in _METER.finditer(lower):
        name = f"{match.group(1)}/{match.group(2)}"
        if name in ("2/4", "3/4", "4/4", "5/4", "6/8", "7/8", "9/8", "12/8"):
            return Span(name, *match.span())
    for pattern, name in _METER_WORDS:
        if (found := pattern.search(lower)) is not None:
            return Span(name, *found.span())
    return None


_COUNT = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "sixteen": 16, "twenty-four": 24, "thirty-two": 32, "sixty-four": 64,
    "cuatro": 4, "ocho": 8, "doce": 12, "dieciséis": 16, "vier": 4, "acht": 8, "zwölf": 12, "sechzehn": 16,
    "quatre": 4, "huit": 8, "douze": 12, "seize": 16,
}  # fmt: skip
_CHINESE_COUNT = {c: i for i, c in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}
_BARS = re.compile(
    rf"(\d{{1,3}}|{'|'.join(sorted(_COUNT, key=len, reverse=True))}|[一二两三四五六七八九十]{{1,3}})[\s-]?(?:个)?\s?"
    r"(?:bars?|measures?|小节|小節|takte?n?|compases|mesures)(?!\w*\s+blues)"
)


def bars(lower: str) -> Span[int] | None:
    """Return a length in bars, 1..256."""
    for match in _BARS.finditer(lower):
        said = match.group(1)
        count = int(said) if said.isdigit() else _COUNT.get(said) or _chinese_number(said)
        if 1 <= count <= 256:
            return Span(count, *match.span())
    return None


def _chinese_number(said: str) -> int:
    tens, ten, ones = said.rpartition("十")
    if not ten:
        return _CHINESE_COUNT.get(said, 0)
    return (_CHINESE_COUNT.get(tens, 1) if tens else 1) * 10 + (_CHINESE_COUNT.get(ones, 0) if ones else 0)


_FEEL = re.compile(
    r"\b(half|double)[- ]?(?:time|tempo)\b|(半拍感|半速|一半速度)|(双倍速|倍速)|\b(halftime)\b|\b(doubletime)\b"
)


def feel(lower: str) -> Span[str] | None:
    """Return "half" or "double"."""
    match = _FEEL.search(lower)
    if match is None:
        return None
    half = match.group(1) == "half" or match.group(2) or match.group(4)
    return Span("half" if half else "double", *match.span())


_SWING = re.compile(
    r"\b(straight(?: eighths| feel)?|no swing|not swung)\b|(heavy swing|hard swing)|(swung|shuffle|shuffled|with swing|swing feel|摇摆感|摇摆节奏|三连音感)"
)


def swing(lower: str) -> Span[float] | None:
    """Return the place of the off-beat, 0.5 straight to 0.75."""
    match = _SWING.search(lower)
    if match is None:
        return None
    return Span(0.5 if match.group(1) else 0.7 if match.group(2) else 0.64, *match.span())


PART = re.compile(
    r"(?P<chords>\b(?:chords?|chordal|harmony|harmonies|comping|accords|acordes|akkorde|akkorden)\b|和弦|和声|コード|伴奏)"
    r"|(?P<melody>\b(?:melody|melodies|tune|topline|top line|lead line|melodía|melodia|mélodie|melodie)\b|旋律|主旋律|メロディー?)"
    r"|(?P<drums>\b(?:drums?|drumming|drum kit|percussion|beats?(?! per)|batería|bateria|schlagzeug|trommeln|batterie|percussions)\b|鼓点?|打击乐|ドラム|打楽器)"
    r"|(?P<bass>\b(?:bass ?lines?|bass|bajo|basse|basslinie)\b(?! drum)|贝斯|低音线|ベース)"
)
"""The names of the parts; the group that matched is the part."""

DENSITY = (
    (re.compile(r"\b(?:very (?:busy|dense)|extremely busy)\b|非常密集"), 0.95),
    (
        re.compile(
            r"\b(?:busy|busier|dense|denser|many notes|full of notes|hectic|rapid-fire)\b|密集|繁密|繁忙|音符多|多一些音符|忙碌"
        ),
        0.85,
    ),
    (re.compile(r"\b(?:very sparse|extremely minimal|almost empty)\b|非常稀疏"), 0.05),
    (
        re.compile(
            r"\b(?:sparse|sparser|minimal|few notes|spare|uncluttered)\b|稀疏|留白|疏朗|音符少|少一些音符|简约"
        ),
        0.15,
    ),
)
COMPLEXITY = (
    (re.compile(r"\b(?:simple chords|plain triads|triads only|simple harmony)\b|简单的?和弦|三和弦"), 0.05),
    (
        re.compile(
            r"\b(?:complex (?:chords|harmony)|extended chords|jazzy chords|jazzy|jazzier|rich harmony|ninths|thirteenths)\b|复杂的?和[弦声]|爵士和弦|丰富的?和声"
        ),
        0.85,
    ),
)
