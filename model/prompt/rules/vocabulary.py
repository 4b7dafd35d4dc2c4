"""The term table: genres, moods, instruments and artists in English and Chinese → facts of style.

Aliases are looked up by words (Latin script) or by characters (Chinese, Japanese), the longest first, in time
that grows with the length of the text only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from model.music.plan import LEVELS
from model.styles import STYLES

FOLDER = Path(__file__).with_name("tables")
TERM_KINDS = ("genres", "moods", "instruments", "artists")
_WORD = re.compile(
    r"[^\W_]+(?:['’&./+-](?!(?:tinged|tinted|flavou?red|influenced|inspired|infused|styled?|esque|ish|like)\b)[^\W_]+)*"
    r"|[🎹🎸🎺🎷🎻🪗🪈]"
)
_LATIN_TAIL = re.compile(r"[a-zà-öø-ÿß'&./+-]+$")
_ELIDED = re.compile(r"(?:l|d|un|dell|all|nell|sull|dall)['’]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_LEVELS = {"d": "density", "e": "energy", "b": "brightness", "c": "complexity", "s": "swing"}
MAX_ALIAS_WORDS, MAX_ALIAS_CHARACTERS = 4, 8
_OTHER_WORDS = frozenset([
    "风格", "风味", "风景", "风光", "作风", "可爱", "爱好", "大家", "国家", "专家", "音乐家", "作曲家", "钢琴家", "演奏家", "艺术家",
    "画家", "作家", "上海", "海报", "花费", "花样", "华夏", "夏威夷", "朝着", "朝向", "王朝", "朝鲜", "尽快", "凉快", "山寨", "雷同",
    "残酷", "无助于", "区别", "分别", "特别", "级别", "分钟", "秒钟", "时钟", "钟头", "点钟", "钟情", "钟爱", "闹钟", "钟表",
])  # fmt: skip
"""Words with a character in them that would be a term by itself."""
SIMPLIFIED = str.maketrans(
    "氣飄鋼貝鼓樂調聲憂傷歡輕鬆夢寧靜溫愛戀懷舊憶號風雲電節奏爵藍實驗華爾茲圓搖滾謠鄉純動強熱勝戰鬥莊嚴聖靈緊張憤絕陽燦爛陰雪葉"
    "樹開闊遼廣邊與無沒別慢長簡單複雜雙緩體團嗎來個這們請為給國風韓說慶兒讚詩課遠處離鍾鐘薩絃絲篳簫箏會電鬧節歸亂飛開陳鮑後間転轉兩從漸結頭橋種點減導預變鋪墊",
    "气飘钢贝鼓乐调声忧伤欢轻松梦宁静温爱恋怀旧忆号风云电节奏爵蓝实验华尔兹圆摇滚谣乡纯动强热胜战斗庄严圣灵紧张愤绝阳灿烂阴雪叶"
    "树开阔辽广边与无没别慢长简单复杂双缓体团吗来个这们请为给国风韩说庆儿赞诗课远处离钟钟萨弦丝筚箫筝会电闹节归乱飞开陈鲍后间转转两从渐结头桥种点减导预变铺垫",
)
"""Traditional characters of the terms → simplified."""
DETERMINER_BEFORE = re.compile(
    r"(?:\b(?:the|an?|my|your|his|her|our|their|this|that|every|no)\s+(?:[a-z]+\s+)?|'s\s+|\bkey\s+)$"
)
"""What stands before a plain English noun: the word after it is no term of music by itself."""

_PLAIN_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"} | dict(
    zip("áàâãåéèêëíìîïóòôõúùûçñ", "aaaaaeeeeiiiioooouuucn", strict=True)
)
_PIECES = re.compile(r"\\.|\(\?P?<?[=!]?|[a-zà-öø-ÿß]+|.", re.S)
_EDGE = r"(?:(?<=[0-9_A-Za-zÀ-ɏ])(?![0-9_A-Za-zÀ-ɏ])|(?<![0-9_A-Za-zÀ-ɏ])(?=[0-9_A-Za-zÀ-ɏ]))"


def tolerant(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern that reads words without their accents, too (mas rapido, fuer), and sees an edge of a word beside Chinese.

    Words of one or two letters keep their accents: là, né, só are others without.
    """
    found: list[str] = []
    inside = behind = depth = 0
    for piece in _PIECES.findall(pattern):
        if behind and not inside:
            depth += piece.startswith("(") - (piece == ")")
            behind = depth > 0
        if piece.startswith("(?<") and not inside and not behind and piece != "(?<":
            behind = depth = 1
        if piece == r"\b" and not inside:
            found.append(_EDGE)
            continue
        inside = 1 if not inside and piece == "[" else 0 if inside and piece == "]" else inside
        if inside:
            plain = "".join(_PLAIN_LETTERS.get(c, "")[:1] for c in piece if c in _PLAIN_LETTERS and c not in "äöüß")
            found.append(piece + plain if piece.isalpha() else piece)
        elif len(piece) > 2 and piece.isalpha():
            found.append("".join(_bare(c, bool(behind)) for c in piece))
        else:
            found.append(piece)
    return re.compile("".join(found), flags)


def _bare(letter: str, of_one_length: bool) -> str:
    plain = _PLAIN_LETTERS.get(letter)
    if plain is None or (of_one_length and len(plain) > 1):
        return letter
    return f"[{letter}{plain}]" if len(plain) == 1 else f"(?:{letter}|{plain})"


@dataclass(frozen=True, slots=True)
class Term:
    """A row of the table.

    Levels are 0..1, `tempo` is a range in quarters a minute, `program` General MIDI from 0; None says nothing.
    `styles` are names of `model.styles.STYLES` with weights that sum to 1, for genres and artists.
    """

    name: str
    kind: str
    tempo: tuple[float, float] | None = None
    density: float | None = None
    energy: float | None = None
    brightness: float | None = None
    complexity: float | None = None
    swing: float | None = None
    swing_unit: int = 8
    feel: str | None = None
    meter: str | None = None
    mode: str | None = None
    part: str | None = None
    program: int | None = None
    styles: tuple[tuple[str, float], ...] = ()
    is_nearest: bool = False  # its program is an instrument of another kind, General MIDI's nearest
    is_occasion: bool = False  # its styles count where no other is named: a wedding waltz is a waltz


@dataclass(frozen=True, slots=True)
class FoundTerm:
    """A term in a text, from character `start` to `end`."""

    term: Term
    start: int
    end: int


@cache
def table() -> dict[str, Term]:
    """Return alias (lower case) → term, for all kinds; the first row of an alias counts."""
    rows = [("genres", style.words, style.name) for style in STYLES.values()]
    for kind in TERM_KINDS:
        lines = (FOLDER / f"{kind}.tsv").read_text(encoding="utf-8").splitlines()
        rows += [(kind, line, "") for line in lines if not line.startswith("#")]
    found: dict[str, Term] = {}
    for kind, line, style_name in rows:
        latin, cjk, facts = line.split("\t")
        aliases = [a for a in (*latin.split("|"), *cjk.split("|")) if a]
        term = _term(aliases[0], kind, dict(f.split("=") for f in facts.split(";")), style_name)
        for alias in aliases:
            found.setdefault(alias.lower().translate(SIMPLIFIED), term)
    for alias in [a for a in found if len(a) > _SHORT]:
        found.setdefault(without_accents(alias), found[alias])
    return found


_SHORT = 4
"""Letters of a word that is another one without its accents: más."""
_ACCENTS = str.maketrans("áàâãåéèêëíìîïóòôõúùûçñ", "aaaaaeeeeiiiioooouuucn")


def without_accents(lower: str) -> str:
    """Return a text in small letters, as long, without accents; ä, ö and ü stay."""
    return lower.translate(_ACCENTS)


@cache
def style_term(style: str) -> Term:
    """Return the term of a style by its name, which need not be one of its words: minimal techno is the style minimal."""
    return table().get(style) or table()[re.split(r"[|\t]", STYLES[style].words)[0].lower()]


def _term(name: str, kind: str, facts: dict[str, str], style: str) -> Term:
    low, _, high = facts.get("t", "").partition("-")
    return Term(
        name,
        kind,
        tempo=(float(low), float(high)) if low else None,
        feel=facts.get("f"),
        meter=facts.get("m"),
        mode=facts.get("k"),
        swing_unit=int(facts.get("u", "8")),
        part=facts.get("part"),
        program=int(facts["gm"]) if "gm" in facts else None,
        styles=_styles(facts.get("y", style)),
        is_nearest="n" in facts,
        is_occasion="o" in facts,
        **{name: float(facts[k]) for k, name in _LEVELS.items() if k in facts},
    )


@lru_cache(64)  # a morph asks of a new mix with each beat
def usual_level(mix: tuple[tuple[str, float], ...], level: str) -> float:
    """Return what a level of a mix of styles mostly is, 0..1; 0.5 of no style."""
    known = [(value, weight) for name, weight in mix if (value := getattr(style_term(name), level)) is not None]
    whole = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / whole if whole else 0.5


def opposite(mood: Term) -> Term:
    """Return the term for a negated mood: levels mirrored at 0.5 and scaled by 0.8, no tempo, no mode."""
    mirrored = {name: 0.5 + 0.8 * (0.5 - value) for name in LEVELS if (value := getattr(mood, name)) is not None}
    return Term(f"not {mood.name}", mood.kind, **mirrored)


def _styles(said: str) -> tuple[tuple[str, float], ...]:
    """Return the mix that a fact names: "house:.6+techno:.4", or one name."""
    pairs = (part.partition(":") for part in said.split("+") if part)
    return tuple((name, float(weight or 1)) for name, _, weight in pairs)


_GERMAN = re.compile(
    r"\b(?:und|mit|ohne|der|die|das|den|ganz|sehr|ein|eine[nrms]?|wie|nicht|ist|zu|für|im|aber|kein\w*)\b|[äöüß]"
)
_SPANISH = re.compile(r"\b(?:que|el|los|más|muy|pero|con|sin)\b|[ñ¿¡]")
_MAY_WELL = re.compile(
    r"\b(?:darf|dürfen|kann|können|könnte|soll|sollte|mag|mach|nimm|spiel)\s+(?:(?:es|das|sie|er|gern|auch|doch)\s+)*$"
)
_A_FEEL = re.compile(
    r"\b(?:with|some|a bit of|a little|a touch of|lots of|mit|etwas|con|algo de|un poco de|un po' di|avec|un peu de|du|com|um pouco de)\s+(?:(?:a|an|a little|un poco de|etwas|viel|mucho|much|light|heavy)\s+)*$"
)


def is_another_word(lower: str, found: FoundTerm) -> bool:
    """Return True if a term of a lower-case text is another word there: fast is almost in German, sea is be in Spanish, ruhig may be well, swing is how eighths are played."""
    said = lower[found.start : found.end]
    before = lower[max(0, found.start - 40) : found.start]
    if said == "fast":
        return _GERMAN.search(lower) is not None
    if said == "sea":
        return _SPANISH.search(lower) is not None
    if said == "ruhig":
        return _MAY_WELL.search(before) is not None
    return said == "swing" and found.term.kind == "genres" and _A_FEEL.search(before) is not None


def find(text: str) -> Iterator[FoundTerm]:
    """Yield the terms of a lower-case text, longest first at each place, none within another."""
    known = table()
    words = list(_WORD.finditer(text))
    i = 0
    while i < len(words):
        if _CJK.search(words[i].group()):
            tail = _LATIN_TAIL.search(words[i].group())
            begun = "" if tail is None or i + 1 == len(words) else f"{tail.group()} {words[i + 1].group()}"
            if tail is not None and begun in known and _adjoining(text, words[i : i + 2]):  # 甜甜的future bass
                yield from _characters(words[i].group()[: tail.start()], words[i].start(), known)
                yield FoundTerm(known[begun], words[i].start() + tail.start(), words[i + 1].end())
                i += 2
                continue
            yield from _characters(words[i].group(), words[i].start(), known)
            i += 1
            continue
        for count in range(min(MAX_ALIAS_WORDS, len(words) - i), 0, -1):
            phrase = " ".join(w.group() for w in words[i : i + count])
            article = _ELIDED.match(phrase)
            begin = 0 if article is None or phrase in known else article.end()  # à l'accordéon, but orgue d'église
            if phrase[begin:] not in known and len(phrase) > _SHORT:
                phrase = without_accents(phrase)  # électro is electro
            if phrase[begin:] in known and _adjoining(text, words[i : i + count]):
                yield FoundTerm(known[phrase[begin:]], words[i].start() + begin, words[i + count - 1].end())
                i += count
                break
        else:
            i += 1


def _adjoining(text: str, words: list[re.Match[str]]) -> bool:
    """Return True if only spaces lie between the words."""
    return all(text[a.end() : b.start()].strip() in ("", "&") for a, b in pairwise(words))


_HAN = re.compile(r"[\u4e00-\u9fff]")
_BY_ITSELF = frozenset("琴")
"""Names of one sign that end many others, and are meant only beside kana and marks: 尺八と琴, no 柳琴."""
_KANA = re.compile(r"[ァ-ヺー]+")
_SHORT_KANA, _PLURALS = 2, "ズス"


def _is_of_a_longer_word(run: str, start: int, end: int, read: int, known: dict[str, Term]) -> bool:
    """Return True if a name in katakana is but a piece of another word: the bells of ベルリン, the rap of クラップ.

    Names stand side by side (ピアノソロ), and beside other words of two signs and more (ベルリンテクノ); a name of two signs
    only beside other names. `read` is where the name before ends.
    """
    if _KANA.fullmatch(run, start, end) is None:
        return False
    left = right = 0
    while start - left > read and _KANA.match(run, start - left - 1) is not None:
        left += 1
    longest = min(len(run), end + MAX_ALIAS_CHARACTERS)
    while end + right < longest and _KANA.match(run, end + right) is not None:
        if any(run[end + right : end + right + n] in known for n in range(2, MAX_ALIAS_CHARACTERS + 1)):
            break
        right += 1
    if end - start <= _SHORT_KANA:
        return left + right > 0
    return left == 1 or (right == 1 and run[end] not in _PLURALS)


def _characters(run: str, offset: int, known: dict[str, Term]) -> Iterator[FoundTerm]:
    i, style, read = 0, False, 0
    while i < len(run):
        for length in range(min(MAX_ALIAS_CHARACTERS, len(run) - i), 0, -1):
            piece = run[i : i + length]
            if piece in _OTHER_WORDS or (style and piece == "风"):  # 爵士风 is a style, not a wind
                style, i = False, i + length
                break
            if piece in _BY_ITSELF and any(_HAN.match(run, at) for at in (i - 1, i + 1) if 0 <= at < len(run)):
                continue
            if piece in known and not _is_of_a_longer_word(run, i, i + length, read, known):
                read = i + length
                yield FoundTerm(known[piece], offset + i, offset + i + length)
                style, i = known[piece].kind != "moods", i + length
                break
        else:
            style, i = False, i + 1
