"""What a clause of a refinement names exactly: an amount of tempo, an interval, a key, a chord by its place, bars, instruments.

English, German, French, Spanish, Italian, Portuguese and Chinese. Pure patterns: what is named is a value, `model.clips.refine`
carries it out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from model.music.chord_lists import parse_progression
from model.music.harmony import Key, chord_symbol, parse_chord, parse_key
from model.prompt.rules import keys
from model.prompt.rules.parts import drum_pieces
from model.prompt.rules.tempo_meter import COUNTS
from model.prompt.rules.vocabulary import Term
from model.prompt.rules.vocabulary import find as find_terms
from model.prompt.wishes.course import count as number_said
from model.prompt.wishes.sections import find_sections

_STEMS = (
    r"first|1st|erste\w?|premi[eè]re?|primer[oa]?|prim[oa]|primeir[oa]|opening",
    r"second|2nd|zweite\w?|deuxi[eè]me|seconde|segund[oa]|second[oa]",
    r"third|3rd|dritte\w?|troisi[eè]me|tercer[oa]?|terz[oa]|terceir[oa]",
    r"fourth|4th|vierte\w?|quatri[eè]me|cuart[oa]|quart[oa]",
    r"fifth|5th|fünfte\w?|cinqui[eè]me|quint[oa]",
    r"sixth|6th|sechste\w?|sixi[eè]me|sext[oa]|sest[oa]",
    r"seventh|7th|siebte\w?|septi[eè]me|s[eé]ptim[oa]|settim[oa]|sétim[oa]",
    r"eighth|8th|achte\w?|huiti[eè]me|octav[oa]|ottav[oa]|oitav[oa]",
)
_ORDINALS = tuple((re.compile(rf"(?:{stem})\Z"), place) for place, stem in enumerate(_STEMS, start=1))
_FIRST = r"(?:first|opening|ersten?|premi[eè]re?s?|primer[oa]?s?|prim[oaei]|primeir[oa]s?)"
_LAST = r"(?:last|final|closing|letzte\w?|derni[eè]re?s?|[uú]ltim[oaie]s?)"
_ORDINAL = rf"(?:{'|'.join(_STEMS)}|{_LAST})"
_NUMBER = rf"(?:\d{{1,3}}|(?:{'|'.join(sorted(COUNTS, key=len, reverse=True))})|[一二两三四五六七八九十]{{1,3}})"
_BAR = r"(?:bars?|measures?|takte?n?|mesures?|comp[aá]s(?:es)?|compassos?|battut[ae]|小[节節])"
_HALF = r"(?:half|hälfte|moiti[eé]|mitad|met[aà]|metade)"
_TO = r"(?:-|–|から|～|〜|to|till|through|thru|and|bis|und|à|et|a|al|y|alla|e|ao|到|至|、)"


def _place(said: str, count: int) -> int:
    """Return the place that an ordinal names, counted from 1, of so many."""
    return next((place for pattern, place in _ORDINALS if pattern.match(said)), count)


# --- bars --------------------------------------------------------------------------------------------

_SPANS = (
    re.compile(rf"\b(?P<end>{_FIRST}|{_LAST})\s+(?P<n>{_NUMBER})\s+{_BAR}\b"),
    re.compile(rf"\b(?P<n>{_NUMBER})\s+(?P<end>{_FIRST}|{_LAST})\s+{_BAR}\b"),
    re.compile(rf"(?P<zh>最后|最後の?|ラスト|前|头|開頭|冒頭の?|最初の?)(?P<n>{_NUMBER}|\d+)?个?{_BAR}"),
    re.compile(rf"\b(?P<every>every|each|jede[nrms]?|chaque|toutes? les|cada|ogni)\s+(?P<nth>other|{_ORDINAL})\s+{_BAR}\b"),
    re.compile(rf"\b(?P<half>{_ORDINAL})\s+{_HALF}\b|(?P<half_zh>前半|后半|後半)[段部]?分?"),
    re.compile(rf"第?(?P<a>{_NUMBER})(?:(?:小[节節]目?)?\s*(?P<to>{_TO})\s*第?(?P<b>{_NUMBER}))?{_BAR}(?<=[节節])目?(?:まで)?"),
    re.compile(rf"\b(?P<which>{_ORDINAL})\s+{_BAR}\b"),
    re.compile(rf"\b(?P<open>from|after|until|till|up to|before|ab|nach|depuis|après|jusqu'à|desde|hasta|dal?la?|fino a|até|a partir d[eao]|à partir de)?\s*(?:the\s+|la\s+|le\s+|el\s+|o\s+)?{_BAR}\s*(?P<a>{_NUMBER})(?:\s*(?P<to>{_TO})\s*(?P<b>{_NUMBER}))?\b"),
)  # fmt: skip
_INTO = re.compile(
    r"(?:\b(?:in|into|on|at|for|during|over|of|from|the|im|in den|in der|den|die|der|dans|sur|les?|la|en|los?|las|el|nelle|nella|nei|nel|ne|gli|negli|nas?|nos?|pour|durante|em|das?|dos?)|在)\s*$"
)


_FROM_TO = re.compile(
    rf"\b(?:from|between|von|zwischen|de|du|entre|desde|dal?|dalla|do|del|da)\s+(?:(?:the|la|el|il|o)\s+)?(?P<one>{_BAR}\s*)?(?P<a>\d{{1,2}})\s*{_TO}\s*(?:(?:the|la|el|il|o)\s+)?(?P<two>{_BAR}\s*)?(?P<b>\d{{1,2}})\b(?!\s*(?:%|bpm|/|[.,]\d|[a-z]*(?:notes?|beats?|chords?|semi|times)))",
    re.I,
)


def bars_with_their_word(words: str, count: int) -> str:
    """Return the words with "from 5 to 8" and "from bar 5 to bar 8" as bars 5-8, where so many bars are there."""

    def named(match: re.Match[str]) -> str:
        first, last = int(match["a"]), int(match["b"])
        once = bool(match["one"]) == bool(match["two"])
        return f"in bars {first}-{last}" if once and 1 <= first < last <= count else match.group()

    return _FROM_TO.sub(named, words)


@dataclass(frozen=True, slots=True)
class NamedBars:
    """Bars that a clause names, counted from 0, and the clause without them. `beyond` is a bar that is not there, from 1, or 0."""

    bars: frozenset[int]
    rest: str
    beyond: int = 0


def named_bars(clause: str, count: int) -> NamedBars | None:
    """Return the bars that a clause names, of so many: "in bar 3", "the last two bars", "ab Takt 5", 第3到4小节."""
    lower = clause.lower()
    for pattern in _SPANS:
        match = pattern.search(lower)
        if match is None:
            continue
        first, last, step = _span(match.groupdict(), count)
        before, after = clause[: match.start()], clause[match.end() :]
        while (into := _INTO.search(before.lower())) is not None:
            before = before[: into.start()]
        wanted = range(first, last + 1, step)
        beyond = next((b for b in (first, last) if not 1 <= b <= count), 0)
        rest = " ".join(f"{before} {after}".split())
        return NamedBars(frozenset(b - 1 for b in wanted if 1 <= b <= count), rest, beyond)
    return None


def placed_bars(clause: str, count: int) -> list[tuple[int, int, tuple[int, ...]]]:
    """Return each place of bars that a clause names, in its order: from where to where, and its bars, counted from 0; none where they are not there."""
    lower = clause.lower()
    found: list[tuple[int, int, tuple[int, ...]]] = []
    for pattern in _SPANS:
        for match in pattern.finditer(lower):
            if any(match.start() < end and start < match.end() for start, end, _ in found):
                continue
            said = {"n": None, "a": None, "b": None, **match.groupdict()}
            first, last, step = _span(said, count)
            inside = first >= 1 and last <= count
            found.append((*match.span(), tuple(b - 1 for b in range(first, last + 1, step)) if inside else ()))
    return sorted(found)


_WHICH_SECTION = re.compile(rf"(?P<which>{_ORDINAL}|{_FIRST}|第[一二三四]|最后一?)(?:个|段|遍|次|\s)*$")
_NUMBER_BEHIND = re.compile(
    r"\s*(?P<n>[1-4](?:(?:\s*(?:,|、|&|\+|-|–|到|和|と)|\s+(?:to|and|und|bis|et|y|e|à|a))+\s*[1-4](?![a-zà-ÿ\d]|\s*(?:bars?|%|bpm)))*)(?![a-zà-ÿ\d]|\s*(?:bars?|%|bpm))"
)
_ONE_OR_MORE = re.compile(r"([1-4])(?:\s*(?:-|–|to|bis|à|a|到)\s*([1-4]))?")
_ARTICLE_BEFORE = re.compile(
    r"(?:\b(?:the|each|every|all|den|die|der|dem|le|la|les|el|los|las|il|lo|i|o|a|os|as)\s*)+$"
)


def _places(said: str) -> list[int]:
    """Return the places that numbers say: 1 and 2, 1 to 3."""
    return [n for a, b in _ONE_OR_MORE.findall(said) for n in range(int(a), int(b or a) + 1)]


def named_sections(clause: str, sections: Sequence[tuple[int, str]], count: int) -> NamedBars | None:
    """Return the bars of the sections that a clause names, of a piece with named ones (first bar from 0, name): "the second verse".

    None where it names none; no bars where it names one that is not there.
    """
    lower = clause.lower()
    for start, end, name in find_sections(lower):
        spans = [
            range(first, sections[i + 1][0] if i + 1 < len(sections) else count)
            for i, (first, said) in enumerate(sections)
            if said == name
        ]
        if not spans and name in ("drop", "build", "solo", "breakdown", "A", "B", "C"):
            continue  # "drop the bass" names no section of this piece
        which, behind = _WHICH_SECTION.search(lower[:start]), _NUMBER_BEHIND.match(lower, end)
        said = "" if which is None else which["which"]
        places = [] if behind is None else _places(behind["n"])
        if said.startswith("第"):
            places = [number_said(said[1:])]
        elif said:
            places = [len(spans) if said.startswith("最后") else _place(said, len(spans))]
        wanted = [s for at, s in enumerate(spans, start=1) if not places or at in places]
        before, after = (
            clause[: start if which is None else which.start()],
            clause[end if behind is None else behind.end() :],
        )
        before = _ARTICLE_BEFORE.sub("", before)
        while (into := _INTO.search(before.lower())) is not None:
            before = before[: into.start()]
        return NamedBars(frozenset(b for span in wanted for b in span), f"{before.strip()} {after.strip()}".strip())
    return None


def _span(said: dict[str, str | None], count: int) -> tuple[int, int, int]:
    """Return the first and the last bar, counted from 1, and the step between those that count."""
    many = number_said(said["n"] or "") if said.get("n") else 1
    end, chinese = said.get("end"), said.get("zh")
    if end or chinese:
        at_start = (
            chinese[0] in "前头開冒" or chinese.startswith("最初")
            if chinese
            else re.match(_FIRST, end or "") is not None
        )
        return (1, many, 1) if at_start else (count - many + 1 if many <= count else -many, count, 1)
    if said.get("every"):
        step = 2 if said["nth"] == "other" else _place(said["nth"] or "", count)
        return step, count, step
    half = said.get("half") or said.get("half_zh")
    if half:
        middle = count // 2
        return (
            (1, middle, 1)
            if half == "前半" or (_place(half, 2) == 1 and half[0] not in "后後")
            else (middle + 1, count, 1)
        )
    if said.get("which"):
        place = _place(said["which"] or "", count)
        return place, place, 1
    first = number_said(said["a"] or "")
    last = number_said(said["b"] or "") if said.get("b") else first
    open_ = said.get("open") or ""
    if said.get("b") or not open_:
        both = re.fullmatch(r"and|und|et|y|e|、", said.get("to") or "") is not None and last > first
        return first, last, last - first if both else 1
    if re.match(r"until|till|before|jusqu|hasta|fino|até|up", open_):
        return 1, first if open_ == "up to" else first - 1, 1
    return (first + 1 if open_ in ("after", "nach", "après") else first), count, 1


# --- tempo -------------------------------------------------------------------------------------------

_FASTER = r"(?:faster|quicker|speed(?:ed)?[- ]?up|speedier|schneller|plus (?:vite|rapide)s?|m[aá]s (?:r[aá]pid[oa]|deprisa|veloz)|pi[uù] (?:veloce|rapid[oa]|svelt[oa])|mais (?:r[aá]pid[oa]|depressa|veloz)|[速早]く|[速早]め|テンポアップ|スピードアップ|加速|acc[eé]l[eé]r\w*|aceler\w*|快)"
_SLOWER = r"(?:slower|slow(?:ed)?[- ]?(?:it )?down|langsamer|plus lente?s?|moins (?:vite|rapide)s?|ralent\w*|m[aá]s (?:lent[oa]|despacio)|menos r[aá]pid[oa]|pi[uù] lent[oa]|meno veloce|mais (?:lent[oa]|devagar)|遅く|遅め|ゆっくり|テンポダウン|スローダウン|減速|減速|menos r[aá]pid[oa]|desaceler\w*|rallent\w*|慢)"
_FASTER_TEMPO, _SLOWER_TEMPO = (
    re.compile(rf"(?<![a-zà-ÿ]){_FASTER}"),
    re.compile(rf"(?<![a-zà-ÿ]){_SLOWER}|less fast|not so fast"),
)
_UP = re.compile(
    rf"{_FASTER}|\b(?:up|raise|increase|higher|add|plus|hoch|rauf|mehr|augment\w*|sub\w+|aument\w*|alza\w*)\b|[增加升提上]|アップ|\+"
)
_DOWN = re.compile(
    rf"{_SLOWER}|\b(?:down|drop|decrease|reduce|lower|less|subtract|minus|runter|weniger|baiss\w*|rédui\w*|dimin\w*|baja\w*|reduc\w*|riduc\w*|abbass\w*|reduz\w*)\b|[减降少減下落]|ダウン|(?<!\w)[-−](?=\s*\d)"
)
_TEMPO = re.compile(
    r"tempo|テンポ|速さ|スピード|템포|geschwind|speed|velocidad|velocit|velocidade|vitesse|速度|(?<![a-z])bpm(?![a-z])"
)
_ABSOLUTE = re.compile(r"\b(?:to|at|auf|à|a|hasta|até|para|bei|up to|down to)\s*$|[到至]\s*$")
_TO_IT = re.compile(r"\s*(?:bpm|拍)?\s*(?:に|まで|へ|로|으로)")
"""Behind a number: that the tempo becomes it."""
_BARE = re.compile(
    r"(?<![\d.,/])(\d{1,2})(?![\d.,/%]|\s*(?:%|bars?|takt|mesures?|comp|battut|小[节節]|semi|half|(?:(?:st|nd|rd|th)s?|times|mal|fois|veces|volte|vezes)\b|半|割|倍))"
)
_BY_NUMBER = re.compile(r"(?:\b(?:by|um|de|di|por)\s*|[+\-−]\s*)(\d{1,3})\b(?!\s*(?:%|bars?|semi|half|st\b))")
_AMOUNT = re.compile(
    r"(?P<n>\d{1,3}(?:[.,]\d+)?)\s*(?P<unit>%|percent|per cent|prozent|pour ?cent|por ciento|per cento|por cento|b\.?p\.?m|beats?(?: (?:per|a) min(?:ute)?)?|拍|ppm|schläge)(?!\w)"
)
_TWICE = re.compile(
    rf"\b(?:twice|double|2 ?x|two times|doppelt|zweimal|deux fois|le double|el doble|dos veces|due volte|il doppio|duas vezes|o dobro|dobro)\b[^,]*?(?:fast|quick|speed|tempo|{_FASTER}|schnell|vite|r[aá]pid|veloc)|"
    rf"\b(?:fast|tempo|speed)\b[^,]{{0,12}}\b(?:twice|doubled?)\b|快一倍|两倍速?|二倍速|加倍速|双倍速"
)
_HALVED = re.compile(
    rf"\b(?:half|halve|halb\w*|moiti[eé]|mitad|met[aà]|metade)\b[^,]*?(?:fast|quick|speed|tempo|time|schnell|vite|vitesse|r[aá]pid\w*|veloc\w*|velocidad\w*)|\b(?:tempo|speed|vitesse|velocidad|velocità|velocidade)\b[^,]{{0,16}}\b(?:half|halved|halb\w*|moiti[eé]|mitad|met[aà]|metade)\b|"
    rf"\b(?:twice|two times|deux fois|dos veces|due volte|duas vezes|doppelt)\b[^,]*?(?:slow|{_SLOWER}|lent|langsam)|慢一倍|一半(?:的)?(?:速度)?|半速|速度减半"
)
_A_LITTLE = re.compile(
    r"\b(?:a (?:tiny )?(?:bit|little|touch|tad|hair)|slightly|somewhat|etwas|ein (?:bisschen|wenig)|leicht|un (?:petit )?peu|légèrement|un poco|un po'?|leggermente|ligeramente|um pouco|levemente)\b|[一有]点|稍|微|些|少し|ちょっと|やや|若干"
)
_MUCH = re.compile(
    r"\b(?:much|a lot|lots|way|far|viel|deutlich|beaucoup|bien|mucho|molto|muito|bastante)\b|很多|得多|[大许]幅|许多|もっと|ずっと|かなり|大幅|めちゃ"
)
SOME, LITTLE, MUCH = 0.15, 0.07, 0.3
"""The shares of the tempo by which it changes where the words name no amount."""


_TO_A_TEMPO = re.compile(
    r"(?:\b(?:to|auf|à|a|hasta|até|para|en)\s+|[到至成为])\s*(?P<a>\d{2,3})(?![\d%])(?!\s*(?:bars?|takt|mesures?|comp|battut|小[节節]))|(?P<b>\d{2,3})\s*(?:bpm|拍)?\s*(?:に|まで|へ)"
)
_BY_DEGREES = re.compile(
    r"gradual|slowly|over \d|allmählich|nach und nach|peu à peu|progressi|poco a poco|aos poucos|逐渐|渐|慢慢|徐々に|だんだん"
)
"""That a tempo changes little by little, which is no one tempo."""


def tempo_change(clause: str, tempo: float) -> float | None:
    """Return the tempo that a clause makes of one: "10 bpm faster", "15 % langsamer", "deux fois plus vite", "slower"; None for none."""
    lower = clause.lower()
    if _HALVED.search(lower):
        return tempo / 2
    if _TWICE.search(lower):
        return tempo * 2
    slower = _SLOWER_TEMPO.search(lower) is not None
    faster = not slower and _FASTER_TEMPO.search(lower) is not None
    amount, of_tempo = _AMOUNT.search(lower), _TEMPO.search(lower) is not None
    up, down = faster or _UP.search(lower) is not None, slower or _DOWN.search(lower) is not None
    if amount is not None and (up or down):
        share = amount["unit"][0] in "%p" and amount["unit"] != "ppm"
        becomes = _ABSOLUTE.search(lower[: amount.start()]) or _TO_IT.match(lower, amount.end("n"))
        if (faster or slower or of_tempo or not share) and not becomes:
            value = float(amount["n"].replace(",", "."))
            return tempo + (tempo * value / 100 if share else value) * (-1 if down else 1)
    bare = _BY_NUMBER.search(lower)
    if bare is not None and (up or down) and (faster or slower or of_tempo):
        return tempo + float(bare.group(1)) * (-1 if down else 1)
    alone = _BARE.findall(lower)
    if len(alone) == 1 and (up or down) and (faster or slower or of_tempo):  # 速度快10, テンポを10上げて
        number = next(_BARE.finditer(lower))
        if not _ABSOLUTE.search(lower[: number.start()]) and not _TO_IT.match(lower, number.end()):
            return tempo + float(number.group(1)) * (-1 if down else 1)
    if not (slower or faster):
        return None
    share = LITTLE if _A_LITTLE.search(lower) else MUCH if _MUCH.search(lower) else SOME
    return float(round(tempo * (1 - share if slower else 1 + share)))


def tempo_to(clause: str) -> float | None:
    """Return the tempo that a clause goes to at once: "take the tempo down to 80", 速度降到80; None where it names none, or goes there by and by."""
    lower = clause.lower()
    to = _TO_A_TEMPO.search(lower) if _TEMPO.search(lower) and not _BY_DEGREES.search(lower) else None
    return None if to is None else float(to["a"] or to["b"])


# --- keys and intervals ------------------------------------------------------------------------------

_KEY_TO = re.compile(
    r"(?:\b(?:key|scale|tonart|tonalit[àé]|tonalidade?|tono|ton|gamme)\b[^,]*?|\b(?:transpos\w*|transponier\w*|modulat\w*|traspon\w*|transport\w*|move\w*|shift\w*|put|change|versetz\w*)\b[^,]*?|[调調])\s*"
    r"(?:\b(?:to|in|into|nach|auf|en|à|a|al|para|em|zu)\b|[:=→]|到|至|成|为|換成|换成)\s*(?:the key of |key of )?(?P<key>[A-Ha-h].{0,24}?|(?:do|re|ré|mi|fa|sol|la|si)\b.{0,24}?)\s*$",
)
_KEY_JA = re.compile(
    r"(?:(?:キー|調|调|조)(?:を|は)?\s*(?P<a>[A-G][#b♯♭]?(?:m(?!a)|マイナー|メジャー|短[調调]|[長长][調调])?)|(?P<b>[A-G][#b♯♭]?\s?(?:マイナー|メジャー|短[調调]|[長长][調调])))\s*(?:に|へ)(?:変|し|転調|转调|移|上|下|なお|直)?"
)
"""キーをDに変えて, Dマイナーにして."""
_PARALLEL = re.compile(r"\b(?:relative|parallel) (?P<mode>major|minor)\b")
_INTERVALS = (
    (r"octaves?|oktaven?|octavas?|ottav[ae]|oitavas?|八度|オクターブ|옥타브", 12),
    (r"minor (?:third|3rd)s?|kleine terz|tierce mineure|tercera menor|terza minore|terça menor|小三度", 3),
    (r"(?:major |große |)(?:thirds?|3rds?|terz(?:en)?|tierces?(?: majeure)?|terceras?(?: mayor)?|terz[ae](?: maggiore)?|terças?(?: maior)?)|大?三度", 4),
    (r"(?:perfect )?(?:fourths?|4ths?)|quarten?|quartes?|cuartas?|quart[ae]|quartas?|四度", 5),
    (r"tritones?|tritonus|triton|trítono|tritono|三全音", 6),
    (r"(?:perfect )?(?:fifths?|5ths?)|quinten?|quintes?|quintas?|quint[ae]|五度", 7),
    (r"sixths?|sexten?|sixtes?|sextas?|sest[ae]|六度", 9),
    (r"(?:semi|half[- ])(?:tones?|steps?)|half[- ]?steps?|semitones?|halbt[oö]ne?n?|demi[- ]tons?|semitonos?|semiton[oi]|semitons?|meio tom|meios tons|medio tono|mezzo tono|半音|반음", 1),
    (r"(?:whole[- ]?|full[- ]?)?(?:tones?|steps?)|ganzt[oö]ne?n?|tons?|tonos?|ton[oi]|tom|tons|全音", 2),
)  # fmt: skip
_BY = tuple(
    (
        re.compile(
            rf"(?<![a-z])(?:(?P<n>{_NUMBER}|an?|one|ein(?:e[nr]?)?|une?|un[ao]?|uma?)[\s-]*个?\s*)?(?:{names})(?![a-zà-ÿ0-9])"
        ),
        size,
    )
    for names, size in _INTERVALS
)
_ABOVE = r"\b(?:up|higher|raised?|above|höher|rauf|hoch|hinauf|plus (?:haut|aigu)\w*|hauss\w*|mont\w*|arriba|m[aá]s (?:alt|agud)[oa]s?|sub\w*|su|pi[uù] (?:alt[oa]|su|acut[oa])|alza\w*|acima|mais (?:alt|agud)[oa]s?|sob\w*)\b|[升高上]|アップ|\+"
_BELOW = r"\b(?:down|lower\w*|below|drop|tiefer|runter|hinunter|plus (?:bas|grave)\w*|baiss\w*|descend\w*|abajo|m[aá]s (?:baj[oa]|grave)s?|baja\w*|gi[uù]|pi[uù] (?:bass[oa]|grave)|abbassa\w*|abaixo|mais (?:baix[oa]|grave)s?|desc\w*)\b|[降低下]|ダウン|(?<!\w)[-−]\s*\d"


def names_interval(words: str) -> bool:
    """Return True if words name an interval: "octava"."""
    return any(pattern.search(words.lower()) for pattern, _ in _BY)


def interval(clause: str) -> int | None:
    """Return the semitones up that a clause moves by: "up a whole tone", "eine Terz tiefer", "transpose by -3", 升两个半音."""
    lower = clause.lower()
    below, above = re.search(_BELOW, lower) is not None, re.search(_ABOVE, lower) is not None
    if re.search(r"transpos|transponier|traspon|移调", lower):
        bare = re.search(r"([+-−])?\s*\b(\d{1,2})\b(?!\s*(?:bars?|%|bpm))", lower)
        if bare is not None and not any(p.search(lower) for p, _ in _BY):
            return int(bare.group(2)) * (-1 if below else 1)
    if not below and not above:
        return None
    for pattern, size in _BY:
        match = pattern.search(lower)
        if match is not None:
            return (
                max(1, number_said(match["n"]) if match["n"] and match["n"] not in ("a", "an") else 1)
                * size
                * (-1 if below else 1)
            )
    return None


def key_wanted(clause: str, now: Key) -> Key | None:
    """Return the key that a clause moves to: "change the key to Bb", "transpose to G minor", "to the relative minor"."""
    parallel = _PARALLEL.search(clause.lower())
    if parallel is not None:
        up = 0 if "parallel" in parallel.group() else (3 if now.minor else 9)
        if now.minor == (parallel["mode"] == "minor"):
            return now
        return keys.with_mode(Key((now.tonic + up) % 12, now.mode, now.scale), parallel["mode"])
    there = _KEY_JA.search(clause)
    if there is not None:
        said = (there["a"] or there["b"]).replace("マイナー", "m").replace("メジャー", "")
        said = re.sub(r"短[調调]", "m", re.sub(r"[長长][調调]", "", said)).replace(" ", "")
        return keys.named(f"{said[:-1]} minor" if said.endswith("m") else f"{said} major")
    match = _KEY_TO.search(clause)
    if match is None:
        return None
    said = match["key"].strip(" .!?")
    for spelled in (said, said[0].upper() + said[1:]):
        try:
            return keys.named(spelled)
        except ValueError:
            continue
    return None


# --- chords ------------------------------------------------------------------------------------------

_CHORD = r"(?:chords?|akkorde?s?|accords?|acordes?|accord[oi]|和弦)"
_SYMBOL = re.compile(r"(?<![A-Za-z#♯♭/])[A-H](?:##|bb|[#b♯♭])?[\w#♯♭+°øΔ△()^-]{0,9}(?:/[A-G][#b♯♭]?)?(?![\w])")
_CHORD_PLACES = (
    re.compile(rf"(?P<ord>{_ORDINAL})\s+{_CHORD}\b"),
    re.compile(rf"\b{_CHORD}\s*(?:#|number|no\.?|nr\.?|nummer|n°|número)?\s*(?P<n>\d{{1,2}})(?!\w)"),
    re.compile(rf"第(?P<n>{_NUMBER})个?{_CHORD}|(?P<ord>最后)一?个?{_CHORD}"),
)
_ONE_FOR_ANOTHER = re.compile(
    r"\b(?:replace|swap|change|turn|substitute|ersetze|remplace|reemplaza|cambia|sostituisci|substitua|troque|把)\s*(?:the |every |all |each |any |den |le |el |il |o )?",
    re.I,
)
_FOR = re.compile(
    r"\s*(?:chords?|s)?\s*(?:with|by|for|to|into|durch|par|por|con|with an?|换成|改成|为|in)\s*(?:an? )?", re.I
)
_KINDS = (
    (r"major (?:seventh|7th)", "maj7"), (r"minor (?:seventh|7th)", "m7"), (r"half[- ]diminished", "m7b5"), (r"diminished", "dim"), (r"augmented", "aug"),
    (r"suspended|\bsus\b", "sus4"), (r"ninth|9th", "9"), (r"dominant|seventh(?! chord)|7th(?! chord)", "7"), (r"minor|moll|mineur|menor|minore|小", "m"), (r"major|dur|majeur|mayor|maggiore|maior|大", ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChordChange:
    """Another chord at some places of the list of chords, counted from 0; `symbol` "" where none was named."""

    places: tuple[int, ...]
    symbol: str
    fault: str = ""


def chord_change(clause: str, chords: Sequence[str]) -> ChordChange | None:
    """Return the chord that a clause puts in the place of another: "change the third chord to Em", "replace Am with F"."""
    lower = clause.lower()
    for pattern in _CHORD_PLACES:
        match = pattern.search(lower)
        if match is None:
            continue
        said = match.groupdict()
        place = number_said(said["n"]) if said.get("n") else _place(said["ord"] or "", len(chords))
        if not 1 <= place <= len(chords):
            return ChordChange((), "", f"there are {len(chords)} chords: {' '.join(chords)}")
        symbol = _symbol(clause[match.end() :]) or _of_kind(lower[match.end() :], chords[place - 1])
        return ChordChange(
            (place - 1,), symbol, "" if symbol else "name the chord that it shall be: the third chord to Em7"
        )
    opening = _ONE_FOR_ANOTHER.search(clause)
    if opening is None or (old := _symbol_at(clause, opening.end())) is None:
        return None
    between = _FOR.match(clause, old[1])
    new = None if between is None else _symbol_at(clause, between.end())
    if new is None:
        return None
    gone = parse_chord(old[0])
    places = tuple(i for i, c in enumerate(chords) if parse_chord(c) == gone)
    return ChordChange(places, new[0], "" if places else f"there is no {old[0]}: {' '.join(chords)}")


def _symbol_at(clause: str, at: int) -> tuple[str, int] | None:
    """Return the chord symbol that stands at a place, and its end; None where there is none."""
    found = _SUNG.match(clause, at) or _SYMBOL.match(clause, at)
    symbol = "" if found is None else _symbol(found.group())
    return None if found is None or not symbol else (symbol, found.end())


_SUNG = re.compile(
    r"(?<!\w)(?:(?:Do|Ré|Re|Mi|Fa|Sol|La|Si)|(?:do|ré|fa|sol))(?:[#b♯♭]?(?:m|maj|min)?[79]?)(?![\w#♯♭/])"
)
_BEHIND_A_NAME = re.compile(r"\s+(?:minor|moll|mineure?|menor|minore|major|dur|majeure?|mayor|maggiore|maior)\b", re.I)
_C_MAJOR = parse_key("C major")


def _symbol(text: str) -> str:
    """Return the first chord symbol of a text, "" where it has none; Do and Solm as symbols."""
    if (sung := _SUNG.search(text)) is not None:
        symbol = chord_symbol(parse_progression(sung.group(), _C_MAJOR)[0][0], _C_MAJOR)
        kind = _BEHIND_A_NAME.match(text, sung.end())
        return symbol if kind is None else _of_kind(kind.group().lower(), symbol) or symbol
    for match in _SYMBOL.finditer(text):
        try:
            parse_chord(match.group())
        except ValueError:
            continue
        return match.group()
    return ""


def _of_kind(text: str, before: str) -> str:
    kind = next((quality for words, quality in _KINDS if re.search(words, text)), None)
    if kind is None:
        return ""
    chord = parse_chord(before)
    return chord_symbol(type(chord)(chord.root, kind, chord.root, chord.sign))


# --- instruments -------------------------------------------------------------------------------------

_INSTEAD = re.compile(
    r"\b(?:instead of|rather than|in place of|(?:an)?statt|anstelle|au lieu d|à la place d|plutôt qu|en (?:vez|lugar) d|invece d|al posto d|em vez d|no lugar d)\w*|而不是|代替|取代"
)
_SWAP_JA = re.compile(r"(?:に|へ)(?:変え|替え|換え|代え|かえ|変更|し[てた])")
"""ピアノをギターに変えて."""
_SWAP = re.compile(
    r"(?:\b(?:replac|swap|chang|switch|turn|exchang|substitut|ersetz|tausch|remplac|reemplaz|cambi|sostitui|substitu|troc|troqu|mud)\w*|把)"
)


_BECOMES = re.compile(r"换成|换为|改成|改用|改为|变成")


def drum_swap(clause: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the roles of the drums that are replaced and of those that come for them: "a rim shot instead of the snare", "把军鼓换成边击"."""
    lower = clause.lower()
    found = sorted((start, roles) for start, _, roles in drum_pieces(lower) if roles)
    if len(found) != 2:
        return None
    (first_at, first), (second_at, second) = found
    between = lower[first_at:second_at]
    if (instead := _INSTEAD.search(between)) is not None:
        return (first, second) if instead.group() in ("代替", "取代") else (second, first)
    return (first, second) if (swap := _SWAP.search(lower)) is not None and swap.start() < first_at else None


def instrument_swap(clause: str, named_parts: Sequence[tuple[int, str]]) -> tuple[Term | str, Term] | None:
    """Return what is replaced (an instrument, or a part's name) and the instrument that comes for it.

    `named_parts` are the parts that the clause names, each with its place. "violin instead of flute", "replace the melody with a harp".
    """
    lower = clause.lower()
    found: list[tuple[int, Term | str]] = [
        (f.start, f.term) for f in find_terms(lower) if f.term.kind == "instruments" and f.term.program is not None
    ]
    taken = {start for start, _ in found}
    found += [(start, name) for start, name in named_parts if start not in taken]
    found.sort(key=lambda one: one[0])
    if len(found) < 2:
        return None
    (first_at, first), (second_at, second) = found[0], found[1]
    instead = _INSTEAD.search(lower)
    if instead is not None and first_at < instead.start() < second_at:
        by_first = instead.group() in ("代替", "取代")
        old, new = (second, first)
        return (old, new) if isinstance(new, Term) and (not by_first or isinstance(old, Term)) else None
    if (
        (there := _SWAP_JA.search(lower, second_at)) is not None
        and "を" in lower[first_at:second_at]
        and isinstance(second, Term)
    ):
        return (first, second) if there.start() - second_at < 12 else None
    if isinstance(first, str) and isinstance(second, Term) and _BECOMES.search(lower[first_at:second_at]):
        return first, second  # 旋律换成小提琴
    swap = _SWAP.search(lower)
    if (
        swap is not None
        and swap.start() < first_at
        and isinstance(second, Term)
        and re.search(
            r"\b(?:with|by|for|to|into|durch|gegen|in|par|por|con|per|com|pelo|pela|en|à|a|an)\b|[换改变替]",
            lower[first_at:second_at],
        )
    ):
        return first, second
    return None
