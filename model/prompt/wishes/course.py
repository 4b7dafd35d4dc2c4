"""How a piece goes on: the tempo's ramps and the fades of its loudness, and over which bars they go. Pure patterns.

A ramp or a fade is found by its verb in seven languages (what Japanese says is in `numbers` put into Chinese words); the bars that it takes, the bar it begins at and the tempi that it goes
between stand in the same sentence, before it or behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from model.music.control import MAX_TEMPO, MIN_TEMPO
from model.music.wishes import Fade, TempoRamp
from model.prompt.rules.tempo_meter import COUNTS, chinese_number
from model.prompt.rules.vocabulary import tolerant

NUMBERS = "|".join(sorted(COUNTS, key=len, reverse=True))
COUNT = rf"(?:\d{{1,4}}|\b(?:{NUMBERS})|[一二两三四五六七八九十百]{{1,3}})"
BARS = r"(?:bars?|measures?|takt(?:e?n?|ige[nrsm]?)|compases|compás|compassos?|mesures?|battut[ae]|misur[ae]|小节|小節|마디)"
BAR = r"(?:bars?|measures?|takt|compás|compasso|mesure|battuta|misura)"


def count(said: str) -> int:
    """Return the number that digits or words say, 0 where they say none."""
    return int(said) if said.isdecimal() else COUNTS.get(said) or chinese_number(said)


Place = tuple[int, int]
"""From where to where words stand."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Over which bars something goes: how many, whether the first or the last ones, from which bar on; and where that is said."""

    bars: int | None = None
    first: int | None = None
    opening: bool = False
    places: tuple[Place, ...] = ()


LAST = (
    r"(?:last|final|closing|ending|letzten?|dernières?|últim[oa]s?|ultim[eiao]|finales?|finais|finali|最后|末尾?|结尾)"
)
FIRST = r"(?:first|1st|opening|initial|ersten?|premières?|primer[oa]s?|primeir[oa]s?|prim[eioa]|iniciales|iniciais|iniziali|开头|开始|前|头)"
_OVER = r"(?:over|across|during|within|in|for|throughout|through|about|über|innerhalb(?: von)?|während|auf|binnen|sur|pendant|en|durant|dans|durante|a lo largo de|por|em|ao longo de|nel corso di|nell'arco di|per|su|nelle|negli|sulle|sui|nos|nas|a|用|在|经过|花)"
_SMALL = r"(?:(?:the|a|an|about|den|die|der|les|las|los|le|gli|os|as|de|d'|di|das|dos|von|its|course of|space of|span of)\s*)*"
_N = r"(?P<n{0}>\d{{1,3}}|[一二两三四五六七八九十百]{{1,3}})\s*[- ]?(?:个)?"
_SPANS = tuple(
    tolerant(pattern)
    for pattern in (
        rf"(?:{_OVER}\s*{_SMALL})?(?P<which1>{LAST}|{FIRST})\s*(?:的)?{_N.format(1)}{BARS}(?:内|里)?",
        rf"(?:{_OVER}\s*{_SMALL})?{_N.format(2)}(?P<which2>{LAST}|{FIRST})\s+{BARS}",
        rf"(?:{_OVER}\s*{_SMALL}){_N.format(3)}{BARS}(?:\s+(?P<which3>{LAST}|{FIRST}))?(?:内|里)?",
        rf"{_N.format(4)}{BARS}(?:之?内|里|之后)",
        rf"{_OVER}\s*{_SMALL}(?P<which5>{LAST}|{FIRST})\s*{_N.format(5)}(?=\s*(?:$|[,.;，。、)]))",
        rf"{_OVER}\s*{_SMALL}{_N.format(6)}(?P<which6>{LAST}|{FIRST})(?=\s*(?:$|[,.;，。、)]))",
    )
)
_BESIDE_BEFORE = tolerant(rf"{_N.format('')}{BARS}[\s-]*(?:long |langer? |de |di |d'|的|の)?$")
_BESIDE_BEHIND = tolerant(
    rf"(?:\s+(?:final|initial|inicial|finale|iniziale|sortant|entrant))?\s*(?:[:(,]\s*|of\s+|de\s+|di\s+|von\s+|is\s+|lasts?\s+|lasting\s+)*{_N.format('')}{BARS}(?:\s*\))?"
)
_FROM_BAR = tolerant(
    rf"(?:\b(?:from(?: around)?|at|on|in|starting(?: at| from| in| on| with)?|beginning (?:at|from|in|with)|ab|bei|von|à partir de|dès|depuis|à|desde|a partir d[eo]|en|no|na|do|dal|dalla|da|alla|al|a partire da(?:lla)?)\s+)"
    rf"(?:the\s+|la\s+|le\s+|el\s+|il\s+|o\s+|zu\s+)?{BAR}\s+(?P<a>\d{{1,3}})(?:\s*(?:to|until|till|-|–|bis(?: zum)?|à|jusqu'à|hasta|a|até|fino a(?:lla)?|alla)\s*(?:the\s+|la\s+|el\s+|o\s+)?(?:{BAR}\s+)?(?P<b>\d{{1,3}})(?!\d|\s*b\.?p\.?m))?|(?:从|自)?第\s*(?P<zh>\d{{1,3}}|[一二三四五六七八九十百]{{1,3}})\s*小[节節](?:开始|起)?"
)
_UNTIL_BAR = tolerant(
    rf"(?:until|till?|up to|bis(?: zum)?|jusqu'(?:à|au)(?: la)?|hasta(?: el)?|até(?: o)?|fino a(?:lla)?|到第)\s*(?:the\s+)?(?:{BAR}\s+)?(?P<a>\d{{1,3}})(?!\d)(?:\s*小节)?"
)
_THERE = tolerant(
    r"\b(?:from there|then|and then|dann|danach|ab da|ensuite|puis|luego|después|a partir de ahí|poi|da lì|depois|dali em diante)\b|然后|之后"
)
_LONGEST = 64
"""What is further behind a bar is a tempo: from bar 9 up to 150."""
_AFTER_BARS = tolerant(
    rf"(?:after|nach|après|después de|tras|dopo|depois de)\s+(?:the\s+first\s+)?(?P<n>\d{{1,3}})\s*{BARS}|(?P<zh>\d{{1,3}})\s*小节(?:之?后)"
)


def extent(lower: str, start: int, end: int, total: int | None = None) -> Extent:
    """Return over which bars goes what stands in a text in small letters from `start` to `end`; `total` bars have the piece."""
    low, high = sentence(lower, start, end)
    places: list[Place] = []
    bars: int | None = None
    opening, which = False, ""
    for pattern in _SPANS:
        found = next((m for m in pattern.finditer(lower, low, high)), None)
        if found is None:
            continue
        said = found.groupdict()
        number = next(v for k, v in said.items() if k.startswith("n") and v is not None)
        which = next((v for k, v in said.items() if k.startswith("which") and v is not None), "")
        bars, opening = count(number) or None, bool(which) and re.fullmatch(FIRST, which) is not None
        places += [found.span()] if bars else []
        break
    if bars is None:
        before = _BESIDE_BEFORE.search(lower, low, start)
        behind = _BESIDE_BEHIND.match(lower, end, high)
        loose = behind is not None and (
            "," in behind.group() and not re.match(r"\s+of\b|\s*的", lower[behind.end() : high])
        )
        if before is not None and lower.startswith("第", max(0, before.start() - 1)):
            before = None  # 第5小节渐快: from that bar on
        beside = before or (None if loose else behind)
        if beside is not None and count(beside.group("n")):
            bars = count(beside.group("n"))
            places.append(beside.span())
    first: int | None = None
    lastly = bars is not None and bool(which) and re.fullmatch(LAST, which) is not None
    at = None if lastly else _from_bar(lower, start, end)
    if at is not None:
        first = _first_bar(at)
        until_bar = first if at.group("b") is None else int(at.group("b"))
        if first < until_bar <= first + _LONGEST:
            bars = until_bar - first
        places.append(at.span() if until_bar >= first else (at.start(), at.end("a")))
    elif (
        (until := _UNTIL_BAR.search(lower, low, high)) is not None
        and _THERE.search(lower, until.end(), high)
        and int(until.group("a"))
    ):
        first = int(until.group("a"))
        places.append(until.span())
    elif (after := _AFTER_BARS.search(lower, low, high)) is not None:
        number = int(after.group("n") or after.group("zh"))
        if re.search(r"\d\s*(?:b\.?p\.?m\.?)?\s*$", lower[low : after.start()]):
            bars, opening = number, True
        else:
            first = number + 1
        places.append(after.span())
    if first is not None and bars is None and total is not None:
        bars = max(1, total - first + 1)
    return Extent(bars or None, first, opening, tuple(places))


_ENDS = tolerant(r"[.;!?\n。；！？](?!\d)(?<!rit\.)(?<!rall\.)(?<!accel\.)")


_CLAUSE = re.compile(r"[,，、:](?!\d)|\b(?:and|then|und|dann|y|luego|et|puis|e|poi|depois)\b|然后")
_FILLERS = re.compile(
    r"\W|\b(?:and|then|but|und|dann|aber|y|luego|pero|et|puis|mais|e|poi|depois|mas)\b|到|时|处|的|就"
)


def clause(lower: str, start: int, end: int) -> Place:
    """Return where the clause of a place begins and ends, between commas and words such as "and then"."""
    low, high = sentence(lower, start, end)
    before = max((m.end() for m in _CLAUSE.finditer(lower, low, start)), default=low)
    after = _CLAUSE.search(lower, end, high)
    return before, high if after is None else after.start()


def _first_bar(match: re.Match[str]) -> int:
    return int(match.group("a")) if match.group("a") else count(match.group("zh"))


def _from_bar(lower: str, start: int, end: int) -> re.Match[str] | None:
    """Return the bar that something begins with: in its own clause, or in one that says nothing else, the nearest first.

    So the bar of "drop at bar 9, slow down" is the drop's, and that of "from bar 9, slow down" is its own. There is no bar 0.
    """
    low, high = sentence(lower, start, end)
    begins, closes = clause(lower, start, end)

    def is_its_own(match: re.Match[str]) -> bool:
        if begins <= match.start() and match.end() <= closes:
            return True
        before, behind = clause(lower, *match.span())
        return not _FILLERS.sub("", lower[before : match.start()] + lower[match.end() : behind])

    found = [m for m in _FROM_BAR.finditer(lower, low, high) if _first_bar(m) >= 1 and is_its_own(m)]
    return min(found, key=lambda m: abs(m.start() - end), default=None)


def sentence(lower: str, start: int, end: int) -> Place:
    """Return where the sentence of a place begins and ends."""
    low = max((m.end() for m in _ENDS.finditer(lower, 0, start)), default=0)
    after = _ENDS.search(lower, end)
    return low, len(lower) if after is None else after.start()


# --- faster and slower -------------------------------------------------------------------------------

_FASTER = tolerant(
    r"(?:accelerando|accel\.?(?![a-zé])|(?:gradually |slowly |steadily )?(?:speed(?:s|ing)? up|get(?:s|ting)? faster|becom(?:es|ing) faster|accelerat(?:es?|ing))|start(?:s|ing)? slow(?:ly)?[^.;]{0,12}?(?:end|finish|get|speed|becom|go)\w*\s+(?:up|fast\w*)|schneller werdend|(?:wird|werde|werden) [^.;,]{0,32}?schneller|en accélérant|accélère|acelera(?:ndo)?|accelera(?:ndo)?|(?:empieza|comienza|começa|inizia|commence|beginnt|fängt)\w* (?:lent\w*|langsam|doucement)[^.;]{0,16}?(?:rápid\w*|rapid\w*|vite|schnell\w*|veloce)|langsam (?:beginnen|anfangen|starten|beginnend)[^.;]{0,24}?schneller|immer schneller|de plus en plus vite|cada vez más rápid[oa]|cada vez mais rápid[oa]|sempre più veloce|先慢后快|(?:由|从)慢到快|渐快|(?:逐渐|渐渐|慢慢|最后|结尾)加速|加速到|越来越快|faster(?:,? (?:and )?faster)+|(?:drag|brake|brak|push|pull|bump|crank|ramp|tak|bring|climb|ris|go|mov|build|speed|pick|wind|spe|rac|driv|work|step)(?:e|es|ing|ed|s|d)? (?:the |its )?(?:tempo|speed|pace|bpm)? ?(?:it |things |everything )?up(?= (?:to|from|until|till) )|push(?:es|ing)? the tempo|(?:tempo|speed|pace|bpm) (?:\w+ )?(?:climb|ris|increas|accelerat|mount|grow|go\w* up|pick\w* up)\w*|(?:smooth|gradual|steady|slow|constant) (?:increase|acceleration|speed-?up)|(?:start|begin)\w*(?: off| out)? (?:\w+ )?slow\w*[^.;]{0,30}?(?:fast|quick|speed|accelerat|furious|frantic)\w*|slow start|get(?:s|ting)? (?:wilder and |faster and |quicker and )?(?:faster|quicker)|(?:faster|quicker) (?:as it goes|with every \w+|every \w+|by the end|towards? the end)|accelerates?|accelerat(?:ion|e)|speed(?:s|ing)? (?:it |things )?up|speedup|tempo ramp|stretta|(?:gain|pick)\w* (?:up )?(?:speed|pace|momentum)|(?:allmählich|langsam|nach und nach|stetig|immer|zunehmend|kontinuierlich|gleichmäßig) (?:schneller|rascher|flotter|rasanter)|schneller werden\w*|beschleunig\w*|anzieh\w*|zieht (?:[\w.]+ ){0,6}an\b|(?:tempo|geschwindigkeit) (?:\w+ )?(?:steiger|steig|erhöh|zunehm|anzieh)\w*|tempo steigert|steigert (?:sich |das tempo)|langsam[^.;]{0,40}?(?:immer |dann )?(?:schneller|rasanter|rascher)|(?:accélér|acceler|aceler)\w*|(?:de plus en plus|toujours plus|peu à peu plus|progressivement plus) (?:vite|rapide\w*)|(?:le )?tempo (?:monte|augmente|grimpe|s'accélère)|monte(?:r|z)? (?:le tempo|progressivement|de \d+ à|jusqu'à \d+)|cada vez (?:más|mais) (?:rápid\w*|deprisa|depressa|veloz|aceler\w*)|(?:el |o |il )?tempo (?:sube|aumenta|sale|cresce|crece|acelera)|sub(?:e|a|en|an|ir|iendo|indo) (?:el |o )?(?:tempo|velocidad\w*|de \d+|gradualmente|poco a poco|até \d+|hasta \d+|a \d{2,3}\b)|sal(?:e|ga|ire|endo) (?:fino )?a \d{2,3}\b|(?:sempre |man mano |via via )più (?:veloce|rapid\w*|svelt\w*|mosso)|(?:poco a poco|aos poucos|gradualmente|pian piano) (?:más|mais|più) (?:rápid\w*|rapid\w*|veloc\w*)|empieza[^.;]{0,20}lent[^.;]{0,40}(?:rápid|aceler)\w*|começa[^.;]{0,20}(?:lent|devagar)[^.;]{0,40}(?:rápid|aceler)\w*|(?:parte|inizia|comincia)[^.;]{0,20}lent[^.;]{0,40}(?:veloc|acceler|rapid)\w*|commence[^.;]{0,20}(?:lent|doucement)[^.;]{0,40}(?:accélèr|vite|rapide)\w*|(?:fica\w*|va[iy]?a?|haciéndose|se (?:hace|vuelve)|torna\w*(?:-se)?) (?:cada vez |poco a poco |aos poucos )?(?:más|mais) (?:rápid\w*|veloz|deprisa|ligeir\w*)|apressa\w*|加急|突快|渐急|催快|apura(?:ndo|r)?\b|(?:hoch|rauf|hinauf|herauf)(?:ge|zu)?(?:zieh|fahr|geh|schraub|dreh|setz|treib|schalt|kurbel)\w*|(?:hoch|rauf|hinauf|herauf)(?= (?:auf|bis|zu) \d)|逐?渐?加快|加速|提速|变快|提[高升]到|升到|越\w{1,2}越快|快起来|由慢[到至变转]?快|从慢[到至变转]?快)"
)
_SLOWER = tolerant(
    r"(?:(?:keeps?|kept) slowing(?: down)?|slowing(?= until)|ritardando|rit\.|ritenuto|rallentando|rall\.?|(?:gradually |steadily )?(?:slow(?:s|ing) down|get(?:s|ting)? slower|becom(?:es|ing) slower|decelerat(?:es?|ing)|slow down(?![a-z]))|start(?:s|ing)? fast[^.;]{0,12}?(?:end|finish|get|slow|becom|go)\w*\s+(?:down|slow\w*)|langsamer werdend|(?:wird|werde|werden) [^.;,]{0,32}?langsamer|en ralentissant|ralentit|(?:empieza|comienza|começa|inizia|commence|beginnt|fängt)\w* (?:rápid\w*|rapid\w*|vite|schnell|veloce)[^.;]{0,16}?(?:lent\w*|langsam\w*|doucement)|schnell (?:beginnen|anfangen|starten)[^.;]{0,24}?langsamer|immer langsamer|de plus en plus lent\w*|cada vez más lent[oa]|cada vez mais lent[oa]|sempre più lent[oa]|先快后慢|(?:由|从)快到慢|ralentizando|desacelera\w*|rallenta|渐慢|(?:逐渐|渐渐|慢慢|最后|结尾)减速|减速到|越来越慢|slower(?:,? (?:and )?slower)+|(?:drag|brake|brak|push|pull|bump|wind|ramp|tak|bring|drop|slow|sink|fall|com|go|mov|step|ease|eas|grind)(?:e|es|ing|ed|s|d)? (?:the |its )?(?:tempo|speed|pace|bpm)? ?(?:it |things |everything )?down(?= (?:to|from|until|till|over|at|in|by|towards?|for|and|gradually|little|slowly)\b|[,.;]|$)|(?:tempo|speed|pace|bpm) (?:\w+ )?(?:sink|fall|drop|decreas|slow|go\w* down)\w*|slow(?:s|ing)?(?: it| things| everything)?(?: right)? down(?![a-z])|slow(?:s|ing) (?=to \d|over|in the last)|slow(?:s|ing)? (?:up|off)|(?:smooth|gradual|steady) (?:decrease|slow-?down|deceleration)|fast start|(?:get|grow|becom)\w* (?:\w+ and )?slower|slower (?:as it goes|with every \w+|by the end|towards? the end)|tape[- ]?stop|ritard(?:ando)?|rit\b|decelerat\w*|(?:eas|tail|wind)\w* (?:off|down)(?= (?:to|toward|at|over))|(?:allmählich|nach und nach|stetig|immer|zunehmend|gleichmäßig) langsamer|langsamer werden\w*|verlangsam\w*|(?:ab|aus)?brems\w*|(?:tempo|geschwindigkeit) (?:\w+ )?(?:sink|fäll|abnehm|abfall)\w*|(?:de plus en plus|toujours plus|peu à peu plus|progressivement plus) lent\w*|ralenti\w*|(?:le )?tempo (?:baisse|descend|diminue|tombe)|descend(?:re|s)? (?:de \d+ à|jusqu'à \d+)|baiss\w* (?:le tempo|de \d+ à|jusqu'à \d+)|cada vez (?:más|mais) (?:lent\w*|despacio|devagar)|(?:el |o |il )?tempo (?:baja|cai|cala|scende|disminuye|diminui|diminuisce)|baj(?:a|e|an|en|ar|ando) (?:el tempo|la velocidad|de \d+|hasta \d+|a \d+)|(?:sempre |man mano |via via )più lent\w*|(?:poco a poco|aos poucos|gradualmente|pian piano) (?:más|mais|più) lent\w*|desaceler\w*|ralentiz\w*|rallent\w*|(?:va |vai )?fren(?:a|ando|e|ar)\b|(?:fica\w*|va[iy]?a?|haciéndose|se (?:hace|vuelve)|torna\w*(?:-se)?) (?:cada vez |poco a poco |aos poucos )?(?:más|mais) (?:lent\w*|despacio|devagar)|ralenta\w*|突慢|放缓|渐缓|转慢|变缓|(?:runter|hinunter|herunter|herab|zurück)(?:ge|zu)?(?:zieh|fahr|geh|schraub|dreh|setz|nehm|schalt|komm)\w*|(?:runter|hinunter|herunter|herab|zurück)(?= (?:auf|bis|zu) \d)|(?:fällt|sinkt|fallen|sinken) (?:auf|bis auf) \d|(?:re)?descend\w* (?:à|jusqu'à) \d{2,3}\b|desc(?:e|a|er|endo) (?:até|para) \d|ca(?:i|ia|ir|indo) (?:até|para) \d|(?:scend|cal)(?:e|a|i|ere|are|endo|ando) (?:fino )?a \d{2,3}\b|drossel\w*|frein(?:e|er|ant|age)\b|(?:tempo|geschwindigkeit) (?:\w+ ){0,2}(?:zurück|runter)\w*|逐?渐?减慢|减速|降速|变慢|放慢|慢下来|降[低]?到|减到|越\w{1,2}越慢|由快[到至变转]?慢|从快[到至变转]?慢)"
)
_BPM = r"(?:\s*b\.?p\.?m\.?)?"
_STEADILY = r"(?:\s+(?:allmählich|langsam|stetig|nach und nach|gleichmäßig|progressivement|peu à peu|doucement|gradualmente|progresivamente|progressivamente|poco a poco|aos poucos|gradually|slowly|steadily|smoothly|runter|hinunter|herunter|herab|hoch|rauf|hinauf|herauf)|\s*(?:逐渐|渐渐|慢慢|逐步))?"
"""What may stand between two tempi beside the word that leads from one to the other."""
_TO = r"(?:\s*(?:,\s*)?(?:(?:and |then |und |et |y |e )?(?:then |finally |schließlich |enfin )?(?:ends? (?:at|on)|ending (?:at|on)|end|finish\w*(?: at| on)?|up to|down to|to|until|till?|towards?|reach\w*|rising to|bis(?: auf| zu| hinunter auf| hinauf auf)?|auf|jusqu'à|à|hasta|até|fino a[il]?|al?|vers|hacia|para|pra|→|->|-+>|>|–|到|至|升到|降到|加速到|减速到|提升到|变成|=>)(?:(?<![a-zà-ÿ])|(?![a-zà-ÿ]))\s*)(?:(?:about |around |roughly |etwa |ca\.? |environ |unos |circa |约)?|(?:a |an |the )?[a-zà-ÿ]+(?: and [a-z]+)? ))"
_TEMPO = r"\d{2,3}(?:[.,]\d)?"
_NO_TEMPO = rf"(?![\d:/%]|[.,]\d|\s*(?:{BARS}|years?|seconds?|secs?|minutes?|mins?|sekunden|secondes?|segundos|second[io]|minut\w*|s\b|秒|分|hz|khz|%))"
_PAIR = tolerant(rf"(?<![\d/.:#])(?P<a>{_TEMPO}){_BPM}{_STEADILY}(?P<to>{_TO})(?P<b>{_TEMPO}){_BPM}{_NO_TEMPO}")
_AT_FIRST = r"(?:am anfang|zu beginn|au début|al (?:principio|inicio)|no (?:início|começo)|all'inizio|at the (?:start|beginning))"
_AT_LAST = r"(?:am ende|zum schluss|am schluss|à la fin|al final|no (?:final|fim)|alla fine|at the end)"
_PACE = "slowly|slow|fast|devagar|lento|rápido|despacio|langsam|schnell|vite|lentement|doucement|piano|veloce"
_FAR_PAIR = tolerant(
    rf"\b(?:begin|start|beginn|fäng|anfang|commenc|démarr|empiez|empez|comienz|começ|inizi|arranc|part|from|von|de|da|desde)\w*(?: (?:at|with|on|mit|bei|an|à|a|con|com|em|en|off|out|{_PACE}))*\s+(?P<a>{_TEMPO}){_BPM}[^.;\d]{{0,24}}?\b(?:end|finish|reach|stop|up|down|then|dann|puis|luego|poi|depois|bis|end|fini|termin|acab|arriv|finisc|hasta|até|fino|jusqu|lleg|cheg|mont|sub|baj|baiss|descend|desc|scend|sal[eg]|sink|sank|fäll|steig|fall|drop|climb|rises?|ca[ií])\w*(?:['’ ](?:at|with|on|bei|mit|auf|à|a|con|com|em|en|to|up|down|up to|down to|{_PACE}))*\s+(?P<b>{_TEMPO}){_BPM}{_NO_TEMPO}|(?P<g>{_TEMPO}){_BPM} {_AT_FIRST}[\s,]+(?:(?:and|und|et|y|e)\s+)?(?P<h>{_TEMPO}){_BPM} {_AT_LAST}|(?:从\s*(?P<c>{_TEMPO}){_BPM}\D{{0,6}}?|(?<!\d)(?P<e>{_TEMPO}){_BPM}(?:起步?|开始|出发)\D{{0,8}}?)到\s*(?P<d>{_TEMPO}){_BPM}{_NO_TEMPO}"
)
_TO_ONE = tolerant(
    rf"[^.;\d]{{0,40}}?(?:{_TO}|\b(?:ends?|ending|finish\w*) (?:at|on) )(?P<b>{_TEMPO}){_BPM}{_NO_TEMPO}"
)
_TO_LATER = tolerant(
    rf"\b(?:ends?|ending|finish\w*|reach\w*|until|till?|up to|down to|bis(?: auf| zu)?|jusqu'à|hasta|até|fino a|llegando a|chegando a|arrivando a)\s+(?:at |on |bei |mit )?(?P<b>{_TEMPO}){_BPM}{_NO_TEMPO}|(?:到|至|达到?)\s*(?P<zh>{_TEMPO}){_BPM}{_NO_TEMPO}"
)
_BEGINS = tolerant(r"(?:begin|start|beginn|fäng|anfang|commenc|démarr|empiez|empez|comienz|começ|inizi|arranc|\d)")
"""Who begins at one tempo and ends at another speaks of tempi."""
_TO_BEFORE = tolerant(rf"\b(?:auf|bis(?: auf)?)\s+(?P<b>{_TEMPO}){_BPM}\s*$")
"""Auf 60 abbremsen: the verb stands last."""


def _tempo(match: re.Match[str], *groups: str) -> float:
    """Return the tempo in the first of some groups that matched, 0 where none did; 92,5 is 92.5."""
    said = next((s for g in groups if (s := match.groupdict().get(g)) is not None), "0")
    return float(said.replace(",", "."))


_SINGLE = tolerant(rf"(?<![\d/.:#-])(?<!bar )(?<!takt )(?P<a>{_TEMPO}){_BPM}{_NO_TEMPO}")
_COUNTS_BAR = tolerant(rf"(?:{BAR}|第)\s*$")
_NEAR_BAR = 16
"""Characters before a number in which the word for a bar stands."""
_BETWEEN = tolerant(r"\b(?:between|entre|zwischen|tra|fra)\s+$|(?:在|介于)\s*$")
"""Before two tempi that the tempo is to lie between."""
_OF_TEMPO = tolerant(
    r"bpm|tempo|テンポ|拍|节奏|speed|pace|\bramp|->|→|-+>|=>|速|accel|rit|faster|slower|geschwind|vitesse|velocid|velocit|"
    + BARS
)
_FASTER_END, _SLOWER_END, _RITARDANDO_BARS, _WIDE = 1.3, 0.72, 2, 1.15
_MOST_VERBS = 8
"""Words for one ramp among which the bars that it takes are looked for."""


def ramp(lower: str, total: int | None = None) -> tuple[TempoRamp | None, float | None, list[Place], bool]:
    """Return a ramp of the tempo, the tempo that it begins with where that is said, where its words stand, and False where its tempi are none."""
    verb = next(iter(_verbs(lower)), None)
    pair = _pair(lower, verb is not None)
    if verb is None and pair is None:
        return None, None, [], True
    start, end, up = (
        verb if verb is not None else (pair[2], pair[3], pair[1] > pair[0]) if pair is not None else (0, 0, True)
    )
    begin, last = (pair[0], pair[1]) if pair is not None else (None, None)
    places: list[Place] = [] if pair is None else [(_led_in(lower, pair[2]), pair[3])]
    places += [] if verb is None else [_with_steadily(lower, start, end)]
    if pair is None and verb is not None:
        low, high = sentence(lower, start, end)
        verb_end = start if lower[end - 1].isdecimal() else end - lower[start:end].endswith("到")
        to = _TO_ONE.match(lower, verb_end, high) or _TO_LATER.search(lower, end, high)
        before = [m for m in _SINGLE.finditer(lower, low, start) if _is_tempo(lower, m)]
        behind = [m for m in _SINGLE.finditer(lower, end, high) if _is_tempo(lower, m)]
        if to is None and (close := _TO_BEFORE.search(lower, low, start)) is not None:
            to = close
            before = [m for m in before if m.end("a") != close.end("b")]
        if to is not None and MIN_TEMPO <= _tempo(to, "b", "zh") <= MAX_TEMPO:
            last = _tempo(to, "b", "zh")
            before = before or [m for m in behind if m.end() <= to.start()]
            places.append((verb_end if to.re is _TO_ONE else to.start(), to.end()))
        elif before and len(behind) == 1 and (_tempo(behind[0], "a") > _tempo(before[0], "a")) == up:
            last = _tempo(behind[0], "a")
            places.append(behind[0].span())
        if last is not None and before:
            begin = _tempo(before[0], "a")
            places.append(before[0].span())
    if (end_too := at_end_of(lower, start, end)) is not None:
        places.append(end_too)
    for tempo in (begin, last):
        if tempo is not None and not MIN_TEMPO <= tempo <= MAX_TEMPO:
            return None, None, places, False
    if begin is not None and last is not None and begin != last:
        up = last > begin
    over = extent(lower, min(p[0] for p in places), max(p[1] for p in places), total)
    if over == Extent():  # "can it slow down? like a ritardando over the last 4 bars"
        others = (extent(lower, a, b, total) for a, b, way in _verbs(lower)[:_MOST_VERBS] if way == up)
        over = next((o for o in others if o != Extent()), over)
    places += over.places
    at_end = AT_END.search(lower, *sentence(lower, start, end))
    bars = over.bars
    if bars is None and over.first is None and last is None and (at_end or re.match(r"rit|rall", lower[start:end])):
        bars = _RITARDANDO_BARS
    first = over.first
    if (
        first is None
        and bars is not None
        and (
            over.opening
            or (
                begin is not None
                and last is not None
                and not _LASTLY.search(lower[slice(*sentence(lower, start, end))])
            )
        )
    ):
        first = 1
    factor = _FASTER_END if up else _SLOWER_END
    if begin is not None and last is not None:
        return TempoRamp(last / begin, bars, 0.0, first), begin, places, True
    return TempoRamp(factor, bars, last or 0.0, first), None, places, True


AT_END = tolerant(
    r"\b(?:at|towards?|near|in|by|to|until|till) (?:the (?:very )?)?(?:end|finish|close)\b|\b(?:am|zum|gegen|bis zum) (?:ende|schluss)(?: hin)?\b|\b(?:à|vers|sur|jusqu'à) la (?:toute )?fin\b|\b(?:al|hacia el|hasta el) (?:final|fin)\b|\b(?:alla|verso la|fino alla) fine\b|\b(?:sul|nel) finale\b|\b(?:no|até o|ao) (?:final|fim)\b|结尾|结束时|最后|末尾"
)
"""The end of a piece."""


def at_end_of(lower: str, start: int, end: int) -> Place | None:
    """Return where it is said, in the same sentence as what stands between two places, that it comes at the end of the piece."""
    found = AT_END.search(lower, *sentence(lower, start, end))
    return None if found is None else found.span()


_LASTLY = tolerant(rf"{LAST}\s*(?:\d|[一二三四五六七八九十]|{BARS}|few)|\d\s+{LAST}")


_LEAD = tolerant(
    r"(?:\b(?:(?:das|the|le|el|il|o) )?(?:tempo|speed|pace|bpm|geschwindigkeit|vitesse|velocidad|velocidade|velocità)\s+)?(?:\b(?:von|from|de|da|di|desde|du)\s+)?$"
)


def _led_in(lower: str, at: int) -> int:
    """Return where the words begin that lead to two tempi: the tempo from."""
    lead = _LEAD.search(lower, max(0, at - 24), at)
    return at if lead is None else lead.start()


_BESIDE_STEADILY = r"(?:gradually|slowly|steadily|smoothly|little by little|bit by bit|step by step|allmählich|stetig|nach und nach|langsam|gleichmäßig|progressivement|peu à peu|petit à petit|gradualmente|progresivamente|progressivamente|poco a poco|aos poucos|pian piano)"
_STEADILY_BEFORE = tolerant(rf"\b{_BESIDE_STEADILY}\s+$")
_STEADILY_BEHIND = tolerant(rf"\s+{_BESIDE_STEADILY}(?![a-zà-ÿ])")


def _with_steadily(lower: str, start: int, end: int) -> Place:
    """Return where a ramp's verb stands, with the word beside it that says that it is one: gradually speed up."""
    before, behind = _STEADILY_BEFORE.search(lower, max(0, start - 24), start), _STEADILY_BEHIND.match(lower, end)
    return start if before is None else before.start(), end if behind is None else behind.end()


def _is_tempo(lower: str, said: re.Match[str]) -> bool:
    return MIN_TEMPO <= _tempo(said, "a") <= MAX_TEMPO and not _counts_bar(lower, said.start())


def _counts_bar(lower: str, at: int) -> bool:
    """Return True if a number at a place is that of a bar."""
    return _COUNTS_BAR.search(lower, max(0, at - _NEAR_BAR), at) is not None


_PACE_THERE = r"(?P<pace>(?P<up>faster|quicker|schneller|plus (?:vite|rapides?)|más (?:rápid[oa]s?|deprisa)|mais (?:rápid[oa]s?|depressa)|più (?:veloc[ei]|rapid[oaie])|快一?[点些]|更快|速く)|(?:slower|langsamer|plus lent(?:e|es|s|ement)?|más (?:lent[oa]s?|despacio)|mais (?:lent[oa]s?|devagar)|più lent[oaie]|慢一?[点些]|更慢|遅く|ゆっくり))"
_LAST_OF_IT = (
    rf"(?:{LAST}\s*(?:的)?(?:\d{{1,3}}|[一二两三四五六七八九十百]{{1,3}})\s*(?:个)?{BARS}|\d{{1,3}}\s*{LAST}\s+{BARS})"
)
_FROM_BAR_PACE = tolerant(
    rf"(?:{_FROM_BAR.pattern})(?:\s+on(?:wards)?|\s+an)?[\s,:]*(?:(?:it|es|ça|se|gets?|goes?|get|wird|geht|va|vai|就|,)\s*)*{_PACE_THERE}"
)
"""From bar 9 on faster."""
_LAST_BARS_PACE = (
    _FROM_BAR_PACE,
    tolerant(rf"{_LAST_OF_IT}[\s,:]*(?:[a-zà-ÿ]+\s+){{0,2}}?{_PACE_THERE}"),
    tolerant(rf"{_PACE_THERE}\s*(?:{_OVER}\s*)?{_SMALL}{_LAST_OF_IT}"),
)
"""The last four bars slower: a ramp without a verb."""


def _verbs(lower: str) -> list[tuple[int, int, bool]]:
    """Return where the text says faster or slower, in order, and whether it is faster."""
    found = [
        (m.start(), -m.end(), up)
        for pattern, up in ((_FASTER, True), (_SLOWER, False))
        for m in _of_tempo(pattern, lower)
    ]
    for pattern in _LAST_BARS_PACE:
        found += [(m.start("pace"), -m.end("pace"), m.group("up") is not None) for m in pattern.finditer(lower)]
    return [(start, -end, up) for start, end, up in sorted(found)]


_SUBJECT = r"(?:tempo|speed|pace|bpm) (?:[a-zà-ÿ]+ )?"
_SUBJECT_FIRST = re.compile(r"(?:tempo|speed|pace|bpm) (?!up\b)")
_STEMS = re.compile(r"(?:tempo|speed|pace|bpm) (?:\w+ )?(?:climb|ris|mount|grow|sink|fall|drop)\w*")
_GOES = re.compile(
    rf"{_SUBJECT}(?:climb(?:s|ing|ed)?|ris(?:es?|ing)|mount(?:s|ing|ed)?|grow(?:s|ing)?|sink(?:s|ing)?|fall(?:s|ing)?|drop(?:s|ping|ped)?)"
)
"""What a tempo does; growl, mountain and dropout are other words."""
_NO_SUBJECT = re.compile(r"\d\s*$|[a-z\d]$|\b(?:up|mid|down|half|double|slow|fast|medium|high|low|same|steady)[ -]$")
"""Before "tempo" or "bpm" where it does nothing itself: 140 bpm drop, mid-tempo rising strings."""
_MOVES = re.compile(
    r"(?!(?:speed|spe[de]|slow|brak|ramp)\w* )\w+ (?P<what>(?:(?:the|its|it|things|everything|tempo|speed|pace|bpm) )*)(?:up|down|off)"
)
_TO_TEMPO = re.compile(
    rf"\s*(?:to|from|until|till|at|by|towards?)\s+(?:about |around |roughly )?{_TEMPO}{_BPM}{_NO_TEMPO}"
)
_OF_MUSIC = re.compile(
    r"\b(?:end|ending|outro|finish|gradually|slowly|steadily|smoothly|music|song|track|piece|tempo|speed|bpm|pace|faster|slower)\b"
    rf"|\b(?:over|last|final)\s+(?:the\s+)?(?:last\s+)?\w+\s+{BARS}"
)


def _of_tempo(pattern: re.Pattern[str], lower: str) -> Iterator[re.Match[str]]:
    """Yield where a pattern of faster or slower is said of the tempo: not in "140 bpm drop" nor in "go down to the river"."""
    match = pattern.search(lower)
    while match is not None:
        moves = _MOVES.fullmatch(match.group())
        meant = moves is None or bool(moves["what"]) or _moves_a_tempo(lower, match)
        if _SUBJECT_FIRST.match(match.group()) is not None:
            meant = _NO_SUBJECT.search(lower, max(0, match.start() - 8), match.start()) is None
            meant &= _STEMS.fullmatch(match.group()) is None or _GOES.fullmatch(match.group()) is not None
        if meant:
            yield match
        match = pattern.search(lower, match.end() if meant else match.start() + 1)


def _moves_a_tempo(lower: str, match: re.Match[str]) -> bool:
    """Return True if what goes up or down is the tempo: a tempo stands behind it, or its clause speaks of the music."""
    said = _OF_MUSIC.search(lower, *clause(lower, match.start(), match.end()))
    return said is not None or _TO_TEMPO.match(lower, match.end()) is not None


def _pair(lower: str, spoken: bool) -> tuple[float, float, int, int] | None:
    """Return two tempi that the text goes between, and where."""
    for match in (*_FAR_PAIR.finditer(lower), *_PAIR.finditer(lower)):
        a, b = _tempo(match, "a", "c", "e", "g"), _tempo(match, "b", "d", "h")
        at = match.start("a") if match["a"] else match.start()
        if _counts_bar(lower, at) or not (a and b) or a == b or _BETWEEN.search(lower, max(0, at - 12), at):
            continue
        wide = max(a, b) / min(a, b) > _WIDE
        arrow = re.search(r"->|→|=>", match.group()) is not None
        low, high = sentence(lower, match.start(), match.end())
        begins = match.re is _FAR_PAIR and _BEGINS.match(match.group()) is not None
        said_of_tempo = ((wide or arrow) and _OF_TEMPO.search(lower, low, high)) or (wide and begins)
        if spoken or (said_of_tempo and min(a, b) >= MIN_TEMPO and max(a, b) <= MAX_TEMPO):
            return a, b, *match.span()
    return None


# --- louder and softer -------------------------------------------------------------------------------

_FADE_OUT = tolerant(
    r"""\b(?:slowly|gradually|softly) (?:goes|going|go) away\b(?: again)?|\b(?:fad(?:es?|ing)(?:[\s-]?out| away| to (?:silence|nothing|black))|fade-?outs?|diminuendo|decrescendo|dies away|ausblenden|ausgeblendet|ausfaden|fondu(?: (?:de sortie|final))?|fundido(?: de salida| final)?|en fondu|se desvanece|desvan[eé][cz]\w*|s'estompe|svanisce|dissolvenza|sfuma\w*|some aos poucos)\b|\b(?:avec |con |com |in )?(?:un |uno |um )?(?:fondu|fundido|sfumando)(?= (?:à la|al|no|alla|vers|hacia|sur les|en los|nos))|\bfade(?=\s*(?:$|[,.;]))|渐弱|渐隐|淡出|フェードアウト|\bfad(?:e|es|ing|ed)?[\s-](?:(?:it|this|that|things|everything|slowly|gradually|the (?:song|track|music|piece|whole thing))\s+){0,3}(?:out|away|down|off|to (?:silence|nothing|black|zero))\b|\bfad(?:e|es|ing)(?: \w+)? (?:to|into) (?:silence|nothing)|\bfade-?outs?\b|\bfade (?:ending|at the end|near the end|over the last|in the (?:last|final) \d+)|\b(?:die|dies|dying|dissolve|dissolves|vanish\w*|disappear\w*|dissap\w+|trail\w*|drift\w*|recede\w*|melt\w*) (?:away|off|out|in(?:to)? the distance|into (?:silence|nothing))|\bvolume (?:\w+ )?(?:go(?:es)?|drops?|falls?|sinks?|comes?|fades?)?\s*(?:down|out)?\s*(?:to|into) (?:nothing|zero|silence)|\b(?:ends?|ending|closes?) (?:on|in|with) (?:a |an )?(?:\w+ )?fade|\b(?:langsam |sanft |am ende |zum schluss )?(?:ausgeblendet|ausblend\w*|ausklingen\w*|klingt (?:[\w.]+\s+){0,7}aus\b|verklingt|verklingen\w*|verhallt|fade[- ]?out|ausfaden|ausgefadet|leiser werden\w* (?:am ende|zum schluss)|verschwindet|blende\w* (?:\w+ ){0,4}aus|fade\w* (?:\w+ ){0,4}aus|wird (?:\w+ ){0,3}ausgeblendet)|\b(?:fondu (?:de sortie|de fermeture|final|sortant|à la fin|en sortie|au silence|vers le silence)|en fondu(?! (?:d'entrée|d'ouverture))|disparaî\w*|s'éteint|s'éteign\w*|s'évanou\w*|baisse (?:progressivement|peu à peu) jusqu'au silence|se perd au loin)|\b(?:fundido (?:de salida|final|de cierre|a silencio|al final)|desvan[eé][cz]\w*|se (?:va |vaya |vai |van |vayan |vão )?(?:apag|desvane[cz]|pi?erd|sum)\w*|apagándose|que se apague|apagando-se|some (?:aos poucos|no final|no fim)|sumindo|vai sumindo|vai diminuindo até|desapare[czç]\w*|vai morrendo)|\b(?:dissolvenza (?:in uscita|finale|in chiusura)|sfum\w*|svan\w*|si spegne\w*|si perde|scompar\w*|in dissolvenza|va scemando|scemando|morendo|perdendosi)|淡出|渐[弱隐]|慢慢(?:消失|变小|淡[出去]|停下)|逐渐(?:消失|变小|淡[出去])|越来越小声?|\b(?:baiss\w*|diminu\w*|rédui\w*|baj\w*|reduc\w*|reduz\w*|abaix\w*|abbass\w*) (?:\w+ ){0,2}(?:le |el |o |il )?(?:volumen?|son|som|sonido)\b|\b(?:le |el |o |il )?(?:volumen?|son|sonido) (?:\w+ ){0,2}(?:baiss|diminu|baj|abaix|scend|cai)\w*|\blautstärke (?:\w+ ){0,3}(?:runter|zurück|ab|sink|gegen null)\w*|\b(?:am|zum|gegen) (?:ende|schluss)(?: hin)? (?:\w+ ){0,3}(?:leiser|verkling\w*|ausklingen)|\bausblende?\w*|音量\w{0,3}(?:降|减|变)\w{0,3}(?:零|没|无|小)|消失"""
)
_FADE_IN = tolerant(
    r"""\b(?:fad(?:es?|ing)[\s-]?in|fade-?ins?|einblenden|fundido de entrada|fondu d'entrée)\b|淡入|フェードイン|\bfad(?:e|es|ing|ed)?[\s-](?:(?:it|this|that|things|everything|slowly|gradually|the (?:song|track|music|piece|whole thing|intro))\s+){0,3}(?:in|up)\b|\bfade-?ins?\b|\b(?:come|comes|coming|emerge|emerges|rise|rises|grow|grows|swell|swells|creep|creeps) (?:in |up |slowly |gradually ){0,3}(?:from|out of) (?:the )?(?:silence|nothing|nowhere|zero|afar|a distance)|\b(?:volume|level)s? (?:\w+ )?from (?:zero|nothing|silence|0)|\bfrom (?:silence|nothing|inaudible|zero) (?:up )?to\b|\b(?:begin|start)\w* (?:inaudibl[ey]|from (?:silence|nothing)|silent\w*|almost (?:silent|inaudible)\w*)(?:[^.;]{0,20}?(?:swell|rise|grow|build|get|com)\w*(?: \w+){0,2})?|\b(?:eingeblendet|einblend\w*|einfaden|eingefadet|fade[- ]?in|aus der (?:stille|ferne)|aus dem nichts|blende\w* (?:\w+ ){0,4}ein|fade\w* (?:\w+ ){0,4}ein)\b|\b(?:fondu (?:d'entrée|d'ouverture|en entrée|au début|entrant)|en fondu d'(?:entrée|ouverture)|part(?:e|ir|ant|ez)? du silence|(?:arrive|apparaît|monte|émerge)\w* (?:\w+ )?(?:du|depuis le) (?:silence|néant|lointain))|\b(?:fundido (?:de entrada|de apertura|inicial|al principio)|(?:entra|aparece|surge|emerge|sube|vem|desde|parte)\w* (?:\w+ ){0,2}(?:desde el|del|do|dal) (?:silenci[oe]\w*|nada)|fade[- ]?in|entrada gradual)|\b(?:desde|dal|do|du|depuis|vom|aus der) (?:el |le )?(?:silencio|silenzio|silêncio|silence|stille)\b|\b(?:entrée|ouverture|début|entrada|apertura|inicio|início) (?:en|in|em|con|com|par) (?:un |um )?(?:fondu|fundido|fade|dissolvenza)|\b(?:entra|empieza|comienza|começa|abre|arranca|inicia|commence|débute|démarre|ouvre|inizia)\w* (?:con|com|en|em|par|avec|in) (?:una? |um |uma )?(?:fundido|fondu|dissolvenza|fade)(?! (?:de sortie|de salida|out))|\b(?:fundido|fondu) (?:de |d\')?(?:début|inicio|início|comienzo)|\b(?:dissolvenza (?:in entrata|iniziale|in apertura)|(?:emerge|entra|sale|nasce|parte)\w* (?:\w+ ){0,2}dal (?:silenzio|nulla))|淡入|渐入|从(?:无声|安静|寂静|零)\w{0,3}(?:开始|渐|慢|进)|慢慢(?:进入|出现|淡入)"""
)
_CRESCENDO = tolerant(
    r"\b(?:crescendo|get(?:s|ting)? (?:gradually )?(?:louder|more intense|bigger|more energetic)|grow(?:s|ing)? (?:louder|in intensity|(?:up )?(?:in)?to an?\b(?! loop))|swell(?:s|ing)? (?:in)?to an?|gradually louder|build(?:s|ing)? (?:up )?(?:slowly |gradually )?(?:in (?:volume|intensity)|(?:from|to|towards|into) a)|wird (?:immer )?lauter|steigert sich|anschwellend|de plus en plus (?:fort|intense)|(?:qui|que ça) monte|monte petit à petit|cada vez (?:más fuerte|mais forte)|(?:va )?crec(?:e|iendo)|cresce(?:ndo|nte)?|sempre più forte"
    r"|(?:pp?p?|pianissimo)\b[^.;\n]{1,24}?\b(?:fff?|fortissimo))\b|渐强|越来越[响强]|先[轻静安]静?后[响爆动强]|由静[到至]动|[从由](?:安静|平静|宁静|轻柔)[到至](?:宏大|激昂|激烈|热烈|磅礴|壮丽|高潮)|[由从]弱[到至]强|[由从]小[到至]大|[从由]?pp?p?到ff?f?"
)
_SOFTER = tolerant(
    r"\b(?:get(?:s|ting)? (?:gradually )?(?:quieter|softer)|gradually (?:quieter|softer)|(?:wird|werden|werde) (?:immer )?leiser|immer leiser|de plus en plus doux|cada vez más suave|cada vez mais suave|sempre più piano|(?:fff?|fortissimo)\b[^.;\n]{1,24}?\b(?:pp?p?|pianissimo))\b|越来越轻|[由从]强[到至]弱|[由从]大[到至]小"
)
_BACK = tolerant(
    r"[\s,，]*(?:and |then |再|又|最后)*(?:back(?: (?:again|down|to (?:quiet|calm|nothing|silence)))?|(?:quiet|calm)s?(?: down)? again|(?:回到|归于|恢复)?(?:安静|平静|宁静)(?:下来)?)"
)
"""What ends a piece as it began: grows and calms down again."""
_TO_THE_END = tolerant(
    r"[\s,]*(?:until|till|to|towards?|bis (?:zum|ans)|jusqu'à|hasta|até|fino al?la|verso la) ?(?:the |la |el |o )?(?:very )?(?:end|ende|schluss|fin|final|fim|fine)(?![a-zà-ÿ])|(?:一直)?到(?:最后|结尾)|最後まで|ずっと"
)
"""What only says that it goes on to the end."""
_FADE_BARS, _NEAR = 4, 3
_GONE = tolerant(
    r"(?:dissolve|vanish|disappear|dissap|trail|drift|recede|melt|disparaî|desapare[cçz]|scompar|verschwind|se perd|si perde|svan)\w*.*|消失"
)
"""Words of a fade that are said of people and things, too."""
_SOUND = tolerant(
    r"\b(?:music|song|track|piece|tune|sound\w*|melod\w*|volume|everything|it|at the end|ending|outro|slowly|gradually|silence|nothing|musik|stück|lied|am ende|schluss|langsam|musique|morceau|chanson|à la fin|son|música|canción|final|som|musica|brano|canzone|alla fine|fine|fim|ends?|endet|termin\w*|acab\w*|fini\w*|gradual\w*|poco a poco|aos poucos|peu à peu|nach und nach)\b"
    rf"|{BARS}|音|乐|曲|歌|声|结尾|最后|慢慢|逐渐|渐渐"
)


def _fade_out(lower: str) -> re.Match[str] | None:
    """Return where a fade-out is said; "drifting away on a boat" is none, where nothing near it sounds or ends."""
    match = _FADE_OUT.search(lower)
    while (
        match is not None and _GONE.fullmatch(match.group()) and not _SOUND.search(lower, *clause(lower, *match.span()))
    ):
        match = _FADE_OUT.search(lower, match.end())
    return match


def fades(lower: str, total: int | None = None) -> Iterator[tuple[Fade, list[Place]]]:
    """Yield the fades of a text in small letters, and where their words stand; `total` bars have the piece."""
    into, out = _FADE_IN.search(lower), _fade_out(lower)
    if into is not None and out is not None and into.start() < out.end() and out.start() < into.end():
        into, out = (into, None) if into.start() <= out.start() else (None, out)
    for match, fade in ((into, Fade(0.15, 1.0, _FADE_BARS)), (out, Fade(1.0, 0.08, _FADE_BARS))):
        if match is not None:
            over = extent(lower, match.start(), match.end(), total)
            bars = over.bars or fade.bars
            both = into is not None and out is not None and total is not None
            bars = min(bars or 0, (total or 0) // 2) if both else bars
            yield (
                Fade(fade.begin, fade.end, bars, None if fade.begin < fade.end else over.first),
                [
                    match.span(),
                    *over.places,
                    *([] if fade.begin < fade.end or (last := at_end_of(lower, *match.span())) is None else [last]),
                ],
            )
    for pattern, fade in ((_CRESCENDO, Fade(0.5, 1.15)), (_SOFTER, Fade(1.0, 0.45))):
        match = pattern.search(lower)
        if match is not None and not any(
            m is not None and m.start() < match.end() + _NEAR and match.start() < m.end() + _NEAR for m in (into, out)
        ):
            back = _BACK.match(lower, match.end()) if fade.begin < fade.end else None
            if back is None or total is None:
                over = extent(lower, *match.span(), total)
                to_end = _TO_THE_END.match(lower, match.end())
                yield (
                    replace(fade, bars=over.bars, first=over.first),
                    [match.span(), *over.places, *([] if to_end is None else [to_end.span()])],
                )
            else:
                yield Fade(fade.begin, fade.end, total // 2), [(match.start(), back.end())]
                yield Fade(1.0, fade.begin, total // 2), []
