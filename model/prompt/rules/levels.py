"""Levels in words: energy, brightness, density, complexity, register and articulation; and the ending. Pure patterns.

"loud", "very sparse", "not too busy", "a bit darker", 密集, 低沉: what is said outright reaches 0.15 or 0.85 of its scale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from model.prompt.rules.negation import within
from model.prompt.rules.parts import PART, PIECES
from model.prompt.rules.vocabulary import FoundTerm, Term, table

_HIGH, _LOW = 0.88, 0.12
_WORDS: dict[str, tuple[str, str]] = {
    # name: what is high, what is low
    "energy": (
        r"\b(?:loud(?:er|ly)?|fortissimo|forte|fff?|blasting|high[- ]energy|energetic|hard[- ]hitting|banging|pounding|intense|powerful|explosive|"
        r"more energy|fuerte|laut)\b|大声|响亮|高能量?|强烈|强劲|劲爆|有力|更有力|激烈|力度大|大音量|激しい",
        r"\b(?:quiet(?:er|ly)?|pianissimo|ppp?|soft(?:er|ly)?|hushed|low[- ]energy|whispered|whispering|calm(?:er)?|less energy|gentle|gentler|"
        r"silencioso|leise|doucement|suave)\b|轻声|小声|安静|轻柔|低能量|静谧|力度小|静かな?",
    ),
    "brightness": (
        r"\b(?:bright(?:er|ly)?|sunny|radiant|luminous|shiny|shining|sparkling|shimmering|glittering|glistening|glowing|brillante|hell(?:er)?|lumineux)\b|明亮|阳光|灿烂|明媚|亮一[点些]|明るい",
        r"\b(?:dark(?:er|ly)?|gloomy|murky|ominous|sinister|sombre|somber|brooding|shadowy|bleak|oscur[oa]|dunkel|dunkler|düster)\b|黑暗|阴暗|暗黑|昏暗|阴沉|暗一[点些]|暗い",
    ),
    "density": (
        r"\b(?:busy|busier|dense|denser|(?:lots of|many|more) notes|viele (?:töne|noten)|beaucoup de notes|muchas notas|molte note|muitas notas|full of notes|hectic|rapid-fire|notey|frenetic|intricate|denso|dicht)\b"
        r"|音(?:数)?[はが]?(?:多め|多く)|密集|繁密|繁忙|音符多|多一些音符|忙碌|紧凑",
        r"\b(?:sparse(?:ly)?|sparser|minimal(?! techno)|(?:few|fewer|less|not many) notes|wenige? (?:töne|noten)|peu de notes|poc[ah]s? not[ae]s?|poche note|poucas notas|spare|uncluttered|spacious|stripped[- ](?:back|down)|almost empty|lots of space|"
        r"escaso|spärlich|épuré)\b|音(?:数)?[はが]?(?:少なめ|少なく)|稀疏|很空|空一?[点些]|留白|疏朗|音符少|少一些音符|简约|空旷",
    ),
    "complexity": (
        r"\b(?:(?:complex|rich|lush|extended|jazzy|sophisticated|advanced|colou?rful|altered) (?:chords?|harmon(?:y|ies)|voicings?|changes)|jazzy|jazzier|"
        r"ninths|9ths?(?: chords)?|elevenths|thirteenths|13ths?(?: chords)?|acordes complejos)\b|复杂的?和[弦声]|爵士和弦|丰富的?和[声弦]|九和弦|延伸和弦",
        r"\b(?:(?:simple|simpler|plain|basic|easy|bare) (?:chords?|harmon(?:y|ies)|triads|changes)|power chords|acordes simples|einfache akkorde)\b|简单的?和[弦声]|朴素的?和[弦声]",
    ),
}  # fmt: skip
_LEVELS = {name: tuple(re.compile(p) for p in pair) for name, pair in _WORDS.items()}
_TRIADS = re.compile(
    r"\b(?:(?:only|just|plain|simple|basic) triads|triads only|nothing but triads)\b|(?:只用|只要|纯)?三和弦"
)
_EXTENDED = re.compile(
    r"\b(?:(?:seventh|7th|ninth|9th|extended|jazz|jazzy|complex|fancy|altered)\s+(?:chords?|harmon\w+|voicings?)|sevenths|7ths|ninths|9ths|extensions|septakkorde?n?|"
    r"accords? de septième|acordes? (?:de|con) s[ée]ptimas?|accordi di settima)\b|七和弦|九和弦"
)
_ASIDE = re.compile(
    r"\b(?:in|into|after|through|of) the (?:dark|quiet|calm)\b(?!\s+\w)|\b(?:calm|quiet) (?:before|down)\b|\bafter dark\b"
)
_LESS = re.compile(r"(?:\b(?:less|fewer|not as|weniger|menos|moins)|不那么|少一点|没那么)\s*$")
_NOT_TOO = re.compile(
    r"(?:\b(?:not|nothing|never|without being|isn'?t|nicht|pas|no|non) (?:too|so|overly|very|that|particularly|zu|trop|muy|demasiado|tan|troppo)"
    r"|don'?t make it too|不太|不要太|别太|不要过于|不会太)\s*$"
)
_SOMEWHAT = re.compile(
    r"(?:\b(?:slightly|somewhat|a bit|a little(?: bit)?|kind of|kinda|fairly|moderately|rather|un poco|un peu|etwas|ein bisschen)(?: more)?|有点|稍微?|略微?|略)\s*$"
)
_VERY = re.compile(
    r"(?:\b(?:very|extremely|super|really|ultra|extra|insanely|so|muy|sehr|très)|非常|很|极其?|超级?|特别|十分)\s*$"
)
_MORE = re.compile(r"(?:more|更加?)\s*$")
PACES = frozenset(["slow", "fast", "very slow", "very fast"])
"""The moods that are nothing but a tempo."""


def with_very(found: FoundTerm, lower: str) -> Term:
    """Return the term that was found; "very slow" and "very fast" where a slow or fast one has "very" before it."""
    before = lower[max(0, found.start - 28) : found.start]
    very = found.term.name in ("slow", "fast") and _VERY.search(before) and not _NOT_TOO.search(before)
    return table()[f"very {found.term.name}"] if very else found.term


def said(lower: str, terms: Sequence[tuple[int, int]], stated: Mapping[str, object]) -> Iterator[tuple[int, int, str]]:
    """Yield where the words say what is set of the levels, the register, the articulation and the ending, and which."""
    patterns = {
        **_LEVELS, "register": (_TOP, _BOTTOM), "articulation": (_SHORT, _LONG), "ending": (_LOOP, _CADENCE),
        "complexity": (*_LEVELS["complexity"], _TRIADS),
    }  # fmt: skip
    aside = [m.span() for m in _ASIDE.finditer(lower)]
    for name in (n for n in patterns if stated.get(n) is not None):
        for match in (m for pattern in patterns[name] for m in pattern.finditer(lower)):
            if not within(match.start(), terms) and not within(match.start(), aside):
                yield *match.span(), name


def level(name: str, lower: str, negated: Sequence[tuple[int, int]], terms: Sequence[tuple[int, int]]) -> float | None:
    """Return a level 0..1 that the words say outright, or None; words at both ends meet in their mean.

    `terms` are the spans of styles and instruments: the "bright" of a bright piano says nothing of the whole.
    """
    if name == "complexity" and (triads := _TRIADS.search(lower)) is not None and not within(triads.start(), negated):
        return 0.0
    if name == "complexity" and any(within(m.start(), negated) for m in _EXTENDED.finditer(lower)):
        return 0.0
    found: list[float] = []
    aside = [m.span() for m in _ASIDE.finditer(lower)]
    for pattern, reached in zip(_LEVELS[name], (_HIGH, _LOW), strict=True):
        for match in pattern.finditer(lower):
            if not within(match.start(), terms) and not within(match.start(), aside):
                found.append(
                    _degree(
                        lower[max(0, match.start() - 28) : match.start()],
                        reached,
                        within(match.start(), negated),
                    )
                )
    return round(sum(found) / len(found), 3) if found else None


def _degree(before: str, reached: float, denied: bool) -> float:
    """Return how far a word goes, by what stands before it."""
    if _NOT_TOO.search(before):
        return 0.3 if reached > 0.5 else 0.7
    if _LESS.search(before):
        return 1 - reached
    if denied:
        return 0.3 if reached > 0.5 else 0.7
    if _SOMEWHAT.search(_MORE.sub("", before)):
        return 0.66 if reached > 0.5 else 0.34
    if _VERY.search(before):
        return 0.95 if reached > 0.5 else 0.05
    return reached


_TOP = re.compile(
    r"\b(?:high[- ](?:pitched|register|octaves?|range|notes|voicings?)|(?:upper|high|higher|top) (?:register|octaves?|range)|(?:an |one )?octave (?:higher|up)|up an octave|treble|"
    r"(?:play(?:ed)?|sits?|stays?|go|keep it) (?:up )?high(?:er)?|high up|agudo|hoch)\b|(?:^|[,;] )high, (?=[a-z]+ )|高音区?|高八度|高一个八度|高一点的?音"
)
_BOTTOM = re.compile(
    r"\b(?:low[- ](?:pitched|register|octaves?|range|notes|voicings?|end)|(?:lower|low|bottom) (?:register|octaves?|range)|(?:an |one )?octave (?:lower|down)|down an octave|down low|deep(?: and low)? "
    r"(?:register|notes|tones|sound)|(?:play(?:ed)?|sits?|stays?|go|keep it) low(?:er)?|very low|low and deep|rumbling|grave(?:s)?(?= register)|tief)\b|(?:^|[,;] )low, (?=[a-z]+ )|低沉|低音区|低八度|低一个八度|深沉"
)
_PLACED = re.compile(r"\b(high|higher|low|lower|deep|deeper)[- ](?:[a-z]+ )?$")
_PLACED_BEHIND = re.compile(
    r"\s*(?:(?:part|line|is|sits|stays|goes|up|down|an octave|one octave)\s*)*\b(high|higher|low|lower|up|down)\b(?![- ]?(?:fi|energy|pass|tempo|volume))|\s*(?:部分)?(高|低)(?:一点|一些|八度)"
    r"|\s*(?:(?:soll(?:en|te)?|muss|darf|ist|sind|liegt|liegen|spielt|klingt|etwas|eine?|oktave|sea[n]?|suene[n]?|esté[n]?|un[ao]?|octavas?|soit|joue|soient|octaves?|sia(?:no)?|suoni|ottav[ae]|seja[m]?|fique[m]?|uma?|oitavas?|um pouco|un poco|un po'|un peu)\s+)*"
    r"(?:(höher|hoch|(?:más|plus|più|mais) (?:agud[oa]s?|alt[oa]s?|haute?s?|aigu(?:ë|e)?s?|acut[oaie])|arriba|acima|sopra|au-dessus)|(tiefer|tief|(?:más|plus|più|mais) (?:graves?|baj[oa]s?|bas(?:se)?s?|bass[oaie]|baix[oa]s?)|abajo|abaixo|sotto|au-dessous))(?![a-zà-ÿ])"
)
_HIGH_WORDS = frozenset(["high", "higher", "up", "高"])


def registers(lower: str, terms: Sequence[tuple[int, int, str | None]]) -> tuple[float, tuple[tuple[str, float], ...]]:
    """Return the register of the whole, -1 low to 1 high, and of the parts that were named high or low.

    `terms` are (start, end, part) of what the term table found; part is None where it plays none.
    """
    players = [(*m.span(), m.lastgroup or "") for m in PART.finditer(lower) if m.lastgroup not in PIECES]
    players += [(start, end, part) for start, end, part in terms if part is not None]
    styles = [(start, end) for start, end, part in terms if part is None]
    parts: dict[str, float] = {}
    for start, end, part in players:
        before, behind = _PLACED.search(lower[max(0, start - 24) : start]), _PLACED_BEHIND.match(lower, end)
        word = before.group(1) if before else next(g for g in behind.groups() if g) if behind else None
        of_a_style = before is not None and within(start - len(before.group()), styles)
        if word is not None and not of_a_style:
            up = word in _HIGH_WORDS or (before is None and behind is not None and behind.group(3) is not None)
            parts.setdefault(part, 0.8 if up else -0.8)
    whole = 0.8 * (_TOP.search(lower) is not None) - 0.8 * (_BOTTOM.search(lower) is not None)
    if whole == 0 and (heard := [v for p, v in parts.items() if p != "bass"]):
        whole = sum(heard) / len(heard) / 2
    return round(whole, 3), tuple(sorted(parts.items()))


def said_of_registers(lower: str, players: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield where the words behind those who play say how high they play."""
    for _, end in players:
        behind = _PLACED_BEHIND.match(lower, end)
        if behind is not None and (behind.group(3) or behind.group(4)):
            yield end, behind.end()


_THE = r"(?:,? (?!(?:piece|song|tune|clip|loop|intro|break|melody|riff|phrase|phrases)\b)[a-z]+){0,2},? "
"""Between an adjective and its notes: "short, dry notes", but not "a short song of notes"."""
_SHORT = re.compile(
    rf"\b(?:stacc?ato|staccatissimo|dry notes|short{_THE}(?:notes|tones|chords)|plucky|plucked|choppy|chopped|stabs?|stabby|detached|clipped|spiccato|pizzicato|muted|bouncy|percussive)\b|断奏|跳音|短促|顿音|短音|スタッカート"
)
_LONG = re.compile(
    rf"\b(?:legato|sustained|sustain|long{_THE}(?:notes|tones|chords)|held (?:notes|chords)|drawn[- ]out|smooth lines|connected|flowing|lingering|drones?|pads)\b|连奏|连贯|绵长|延音|长音|持续音|レガート"
)


def articulation(lower: str, negated: Sequence[tuple[int, int]]) -> float:
    """Return -1 staccato to 1 legato, 0 where nothing was said."""
    total = 0.0
    for pattern, towards in ((_SHORT, -0.85), (_LONG, 0.85)):
        match = pattern.search(lower)
        if match is not None:
            total += -towards / 2 if within(match.start(), negated) else towards
    return round(max(-1.0, min(1.0, total)), 3)


_LOOP = re.compile(
    r"\b(?:loop(?:s|able|ing|ed)?|seamless(?:ly)?|endless(?:ly)?|never[- ]ending|bucle|boucle|schleife)\b|循环|无缝|ループ|루프"
)
_CADENCE = re.compile(
    r"\b(?:(?:final |perfect |with a |closing |end(?:s|ing)? (?:with|on) a )cadence|with an ending|proper ending|final chord|end(?:s|ing)? (?:on|with) (?:the )?(?:tonic|a final)|"
    r"comes? to (?:a|an) (?:close|end)|conclusive|resolves? at the end|outro|ending|finale|finish(?:es)? on)\b|收尾|收束|结尾|结束感|终止式?(?!进行)|以主和弦结束|エンディング"
)


def ending(lower: str, negated: Sequence[tuple[int, int]]) -> str | None:
    """Return "loop" or "cadence" where the words ask for one."""
    for pattern, name, other in ((_LOOP, "loop", "cadence"), (_CADENCE, "cadence", "loop")):
        match = pattern.search(lower)
        if match is not None:
            return other if within(match.start(), negated) else name
    return None
