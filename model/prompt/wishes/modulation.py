"""A change of key within a piece: by its name or by an interval, at a bar, in a section or towards the end. Pure patterns."""

from __future__ import annotations

import re
from dataclasses import replace

from model.music.harmony import Key
from model.music.wishes import Modulation
from model.prompt.rules import keys
from model.prompt.rules.vocabulary import tolerant
from model.prompt.wishes import course
from model.prompt.wishes.at_bars import AT, bar_of
from model.prompt.wishes.course import BARS, COUNT, count
from model.prompt.wishes.found import FoundWish
from model.prompt.wishes.sections import BARS_BETWEEN, NAMED, section_of

_SHIFTED = tolerant(
    r"(?:(?P<half>(?:a )?(?:half[- ]?(?:step|tone)|semitone)|un semiton[eo]|medio tono|meio tom|mezzo tono|einen halbton|(?:d')?un demi-ton|半音)|(?P<whole>(?:a )?(?:whole[- ]?(?:step|tone)|tone|step)|einen ganzton|un tono|um tom|(?:d')?un ton|全音)|(?P<third>a (?:minor )?third)|(?P<n>\d{1,2}|two|three) semitones?)",
    re.I,
)
_CHANGES = tolerant(
    r"\b(?:modulat\w+|chang\w+ (?:the )?keys?|key changes?|switch\w* keys?|transpos\w+|moduliert|moduliere|modul[ae]\w*|tonartwechsel|wechselt die tonart|changement de (?:ton|tonalité)|change de (?:ton|tonalité)|"
    r"cambi[oa] de (?:tono|tonalidad)|cambio di tonalità|mudança de tom|keys? (?:up|down|goes up|rises)|key[- ](?:chag\w*|chagn\w*|shift\w*|jump\w*|lift\w*|bump\w*|move\w*)|truck[- ]driver\w*(?: gear change| modulation)?|gear change|rückung|modulación|modulação|modulazione|(?:sub[ei]r?|sobe|subir|sale|alza(?:re)?|monte[rz]?|geht)(?= (?:di |de )?(?:un|medio|meio|um|mezzo|d'un|einen)\s?(?:semi|demi-|ganz|halb)?(?:ton|tom)))\b|转调|变调|升(?:一个?)?(?:key|调)(?!式)|升(?=一?个?(?:半音|全音))|\bup(?= (?:a |one )?(?:half|whole|semi)[- ]?(?:step|tone)s?\b[^.;\n]{0,16}\b(?:end|last|final|chorus|bar)\b)",
    re.I,
)
"""A change of key is spoken of."""
_GOES = tolerant(
    r"\b(?:ends? in|ending in|finish\w* in|(?:then |and |and then )?(?:moves?|goes?|switch\w*|changes?|shifts?|jumps?|turns?|lands?|comes? back) (?:in)?(?:to|in)|then (?:in )?(?:to )?|(?:dann|danach) (?:nach|in)|(?:puis|ensuite) en|(?:luego|después) (?:a|en)|(?:poi|dopo) in|(?:depois|e vai) (?:para|pra|em)|va en|va a|vai (?:para|pra)|muda (?:para|pra)|passe à|passa (?:para|pra|in)|(?:geht|wechsel\w*|springt|wechseln) (?:es )?(?:(?:ab|in|bei|mit) takt \d{1,3} )?(?:nach|in|auf)|(?:modul\w+|passe\w*|pasa|passa|cambia|muda|va|vai) (?:(?:à|a|en|no|na|alla) (?:la |el |le )?(?:mesure|compás|compasso|battuta|misura) \d{1,3} )(?:en|à|a|para|pra|in)|cambia a|passe en|passa a|wechselt nach|endet in|termina en|finisce in|termina em)\s+|[转变进换][到成入为]|[转换](?=\s?[A-G](?:大|小|[#♯♭b]))|结束在|到(?=[A-G降升])",
    re.I,
)
"""Words that lead to a key, and to other things."""
_LEADS = tolerant(r"[\s,]*(?:(?:up|down|higher|lower|by|um|de|di|一个|个|nach oben|向上|向下)\s*)*", re.I)
_INTO = tolerant(r"\s*(?:(?:in)?to|into|in|nach|vers|en|a|à|hacia|em|para|到|为)\s*(?:the\s+)?(?:key of\s+)?", re.I)
_RELATIVE = tolerant(r"(?:its\s+|the\s+)?(relative (?:major|minor)|(?:sub)?dominant|major|minor)\b", re.I)
_DEGREES = {"dominant": 7, "subdominant": 5}
_WHERE = tolerant(
    rf"[\s,]*(?:(?:{AT.format('bar')})|halfway(?: through)?|in the (?:middle|second half)|(?:for|in) the (?:last|final) \w+|at the end)",
    re.I,
)
_FROM_MODE = tolerant(
    r"\b(?:from|von|de|da)\s+(?:a\s+)?(?P<a>major|minor|dur|moll|mayor|menor|majeur|mineur|maggiore|minore)\s+(?:key\s+)?(?:to|into|nach|à|a|in)\s+(?P<b>major|minor|dur|moll|mayor|menor|majeur|mineur|maggiore|minore)\b|从(?P<c>大调|小调)(?:转)?到(?P<d>大调|小调)",
    re.I,
)
_FROM_KEY = tolerant(
    r"\b(?:from|von|de|da|desde|(?:starts?|begins?|starting|beginning|beginnt|fängt|empieza|commence|inizia|começa)(?: off)? (?:in|en|em))\s+|从\s*",
    re.I,
)
_PASSES = tolerant(
    r"\b(?:passe(?:r|z)?|pasa(?:r|mos)?|passa(?:re|r)?|wechsel\w*|go(?:es|ing)?|moves?|moving|chang(?:es?|ing)|switch(?:es|ing)?)\s+$",
    re.I,
)
"""Before two bare keys that are keys: on passe de do à ré."""
_THEN_KEY = tolerant(
    r"[\s,]*(?:(?:and|then|und|y|et|e|but)\s+)*(?:(?:ends?|ending|finish\w*|moves?|goes|switch\w*|changes?|shifts?|modulat\w+|endet|termina|finisce)\s+)?(?:(?:in)?to|in|nach|auf|zu|vers|hacia|verso|para|pra|à|a|en|转?到)\s*",
    re.I,
)
_KEY_FIRST = tolerant(
    r"\b(?:nach|in|auf)\s+(?P<to>[A-Ha-h](?:is|es|s)?[- ]?(?:[Dd]ur|[Mm]oll))\s+(?:modul|wechsel|geh|transpon|spring)\w*|(?P<key>(?:[A-G][#♯♭b]?|[変嬰]?[ハニホヘトイロ])\s?(?:メジャー|マイナー|[長长短]调))(?:に|へと?)(?:转调|転調|移る|移り|移行|変わ)"
)
_LONGEST_KEY = 28
_BEHIND_KEY = tolerant(r"[,;.，。]|\s(?:then|and|to|into|at|in|from|nach|ab|y|et|e|und|à|en|after)\s|转|到", re.I)


_MINOR = tolerant(r"minor|moll|menor|mineur|minore|小", re.I)


def _key_at(plain: str, at: int) -> tuple[Key, int, bool] | None:
    """Return the key that is named at a place, in any of the languages, where it ends, and whether its mode is said."""
    tail = "in " + _BEHIND_KEY.split(plain[at : at + _LONGEST_KEY], maxsplit=1)[0]
    found = keys.key(tail)
    if found is None or found.start > 3 or found.end <= 3:
        return None
    end = at + found.end - 3
    return found.value, end, found.value.mode != "major" or not keys.is_bare(plain[at:end])


def _named_modulation(plain: str) -> tuple[Modulation | None, Key | None, FoundWish | None]:
    """Return a change of key, and the key that it begins in where that is said."""
    for leave in _FROM_KEY.finditer(plain):
        first = _key_at(plain, leave.end())
        then = None if first is None else _THEN_KEY.match(plain, first[1])
        second = None if then is None or then.end() == then.start() else _key_at(plain, then.end())
        before = plain[max(0, leave.start() - 24) : leave.start()]
        spoken = (_CHANGES.search(before) or _PASSES.search(before)) is not None
        says_mode = first is not None and second is not None and (first[2] or second[2] or spoken)
        if first is not None and second is not None and says_mode:  # "from A to B" names no keys
            bar, end = _where(plain, second[1])
            return Modulation(second[0].name, 0, bar), first[0], FoundWish(leave.start(), end)
    if (modes := _FROM_MODE.search(plain)) is not None:
        bar, end = _where(plain, modes.end())
        to_minor = _MINOR.match(modes.group("b") or modes.group("d")) is not None
        return Modulation("minor" if to_minor else "major", 0, bar), None, FoundWish(modes.start(), end)
    if (there := _KEY_FIRST.search(plain)) is not None and (
        to := _key_at(plain, there.start("to" if there["to"] else "key"))
    ) is not None:
        return Modulation(to[0].name), None, FoundWish(*there.span())
    for changes in _CHANGES.finditer(plain):
        return _changed(plain, changes)
    if (two := _bars_in_keys(plain)) is not None:
        return Modulation(two[2].name, 0, two[1] + 1), two[0], two[4]
    for place in _BAR_PLACE.finditer(
        plain.lower() if len(plain.lower()) == len(plain) else plain
    ):  # from bar 9 in G major
        into = _STANDS_IN.match(plain, place.end())
        to = None if into is None else _key_at(plain, into.end())
        told = to is not None and (to[2] or keys.key(plain[: place.start()]) is not None)
        if to is not None and told and bar_of(place) > 1:
            return Modulation(to[0].name, 0, bar_of(place)), None, FoundWish(place.start(), to[1])
    for goes in _GOES.finditer(plain):
        relative = _RELATIVE.match(plain, goes.end())
        if relative is not None and relative.group(1).lower().startswith("relative"):
            return Modulation(relative.group(1).lower()), None, FoundWish(goes.start(), relative.end())
        to = _key_at(plain, goes.end())
        if to is not None and to[2]:
            bar, end = _where(plain, to[1])
            return Modulation(to[0].name, 0, bar), None, FoundWish(goes.start(), end)
    return None, None, None


def bars_in_two_keys(plain: str) -> int | None:
    """Return the bars of a piece whose words say how many are in one key and how many in the next: 8 bars in C, then 8 bars in Eb."""
    two = _bars_in_keys(plain)
    return None if two is None else two[1] + two[3]


def _bars_in_keys(plain: str) -> tuple[Key, int, Key, int, FoundWish] | None:
    for bars in _BARS_IN.finditer(plain):
        first = _key_at(plain, bars.end())
        then = None if first is None else _THEN_BARS.match(plain, first[1])
        second = None if then is None else _key_at(plain, then.end())
        if first is not None and then is not None and second is not None:
            n, more = (count(m.group("n").lower()) for m in (bars, then))
            if n and more:
                return first[0], n, second[0], more, FoundWish(bars.start(), second[1])
    return None


_BARS_IN = tolerant(rf"(?<![\d.])(?P<n>{COUNT})\s*{BARS}\s+(?:in|en|em|à)\s+", re.I)
_THEN_BARS = tolerant(
    rf"[\s,]*(?:(?:and|then|und|dann|danach|y|luego|et|puis|ensuite|e|poi|depois)\s+)*(?P<n>{COUNT})\s*{BARS}\s+(?:in|en|em|à)\s+",
    re.I,
)
_STEPS: tuple[tuple[int, str], ...] = (
    (
        1,
        r"half[- ]?(?:step|tone)|semi-?tone|semitom|halben (?:ton(?:schritt)?)|halbton(?:schritt)?|demi-ton|semiton[oe]|medio tono|meio[- ]tom|mezzo tono|半个?音|半个?key",
    ),
    (
        3,
        r"(?:un|um) (?:tono|tom|ton) (?:y|e|et) (?:medio|meio|demi|mezzo)|(?:minor|kleine[nr]?)[- ](?:third|terz)|tierce mineure|tercera menor|terza minore|terça menor|小三度|third|三度",
    ),
    (4, r"(?:major third|große terz|tierce majeure|tercera mayor|terza maggiore|terça maior|大三度)"),
    (5, r"(?:perfect |reine )?(?:fourth|quarte|quarta|cuarta)(?: juste| giusta| justa)?|纯?四度"),
    (7, r"(?:perfect |reine )?(?:fifth|quinte|quinta)(?: juste| giusta| justa)?|纯?五度"),
    (
        2,
        r"whole[- ]?(?:step|tone)|full (?:step|tone)|ganzton(?:schritt)?|ganzen ton|(?:eine|1) (?:ton)?stufe|(?:a|one|einen?|un|um|d'un|di un|uno) (?:step|tone|tono|ton|tom)(?![a-z])(?: entero| intero| inteiro| entier)?|(?:a|one) key|全音|一个音|一个?(?:key|调)",
    ),
)
_STEP = tolerant(
    "|".join(rf"(?P<i{n}>{words})" for n, words in _STEPS)
    + r"|(?P<count>\d{1,2}|two|three|four|five|zwei|drei|vier|deux|trois|quatre|dos|tres|cuatro|due|tre|quattro|dois|três|quatro|[两二三四五])\s*(?:个)?(?:semi-?tones?|half[- ]?steps?|halbtöne|demi-tons|semitonos|semitoni|semitons|半音)"
)
_UP = r"up(?:ward)?s?|higher|raise[sd]?|rise[sd]?|jumps?|bump\w*|lift\w*|hoch\w*|höher\w*|rauf|nach oben|aufwärts|angehoben|anheb\w*|erhöh\w*|aument\w*|augment\w*|vers le haut|hacia arriba|para cima|verso l'alto|plus haut\w*|monte[rz]?|montée|au-dessus|mont\w*|sub[aei]\w*|más (?:alto|arriba)|arriba|sobe|subir|acima|mais alto|sal[eg]\w*|sopra|più (?:alto|su|in alto)|alz\w*|in su|above|升|高|往上|向上|提"
_DOWN = r"down(?:ward)?s?|lower\w*|drops?|tiefer\w*|runter|nach unten|abwärts|abgesenkt|vers le bas|hacia abajo|para baixo|verso il basso|plus bas\w*|au-dessous|en dessous|descend\w*|baiss\w*|baj[ae]\w*|abajo|más bajo|desce\w*|abaixo|mais baixo|scend\w*|sotto|più (?:basso|giù)|abbass\w*|below|降|低|往下|向下"
_UPWARD, _DOWNWARD = (
    tolerant(rf"(?<![a-z])(?:{_UP})(?![a-z])|[升高提]"),
    tolerant(rf"(?<![a-z])(?:{_DOWN})(?![a-z])|[降低]"),
)
_SECTION_PLACE = tolerant(
    rf"(?:(?P<which>末|last|final|closing|second|2nd|third|3rd|letzte[rnms]?|zweite[rnms]?|dritte[rnms]?|derni(?:er|ère)|deuxième|second|troisième|último|última|segund[oa]|tercer[oa]?|terceir[oa]|ultim[oa]|second[oa]|terz[oa]|最后一?[个段遍次]?|第[二三23][段遍次]?)(?:\s|的)*(?:(?:big|the|vez d[oe]l?|vuelta del?)\s+)?)?(?:{NAMED})(?P<behind>\s+(?:final|último|finale))?"
    r"|(?P<half>second half|zweiten? hälfte|(?:deuxième|seconde) moitié|segunda (?:mitad|metade|parte)|seconda (?:metà|parte)|后半[段部]?)"
)
_WHICH = (
    ("last", r"last|final|closing|letzt|derni|últim|ultim|最后|末"),
    ("third", r"3rd|third|dritt|trois|terce|terz|第[三3]"),
    ("second", r"2nd|second|zweit|deux|segund|第[二2]"),
)
_HALFWAY = tolerant(
    r"\bhalf-?way(?: through)?\b|\bmidway\b|\bin the middle\b|\bin der (?:mitte|hälfte)\b|\bau milieu\b|à (?:la )?(?:moitié|mi-chemin)|a (?:la )?mitad|\ba metà\b|\bno meio\b|na metade|\bin mezzo\b|中间|一半"
)
_FEW = 4
"""Bars at the end of a piece that have another key, where it is only said to come at the end: a quarter of them, these at least."""
_LAST_BARS = tolerant(
    rf"(?:\b(?:for|in|over|during|für|in|pour|sur|en|nelle|nos|nas|durante)\s+)?(?:(?:the|die|den|der|les|los|las|le|gli|os|as)\s+)?(?:\b(?:last|final|letzten?|dernières?|últim[oa]s?|ultim[eiao])|最后)\s*(?P<n>{COUNT})\s*(?:个)?{BARS}|(?P<m>{COUNT})\s+(?:dernières|últim[oa]s|ultim[ei]|letzten)\s+{BARS}"
)
_BAR_PLACE = tolerant(AT.format("bar"))
_OF_A_KEY = tolerant(r"key|ton(?:art|alit|alidad)|modul|transpos|tono\b|tom\b|调|tonalità|tonalidade")


_UP_A_THING = re.compile(
    r"\s+(?:the|an?|my|your|his|her|our|their|this|that)\s+(?!last\b|final\b|end\b|second\b|third\b|next\b|whole\b|key\b)(?![a-z]*(?:chorus|verse|bridge|hook|refrain))"
)
"""Behind "up" or "down", what is climbed: no key."""


def _interval(lower: str) -> tuple[int, int, int] | None:
    """Return by how many semitones the key is to move, and where that is said."""
    for match in _STEP.finditer(lower):
        before, behind = lower[max(0, match.start() - 28) : match.start()], lower[match.end() : match.end() + 16]
        near = max(before.rfind(sign) for sign in ",.;!?")
        before, behind = before[near + 1 :], re.split(r"[,.;!?]", behind)[0]
        up = _UPWARD.search(before) or _UPWARD.match(behind.lstrip())
        down = _DOWNWARD.search(before) or _DOWNWARD.match(behind.lstrip())
        spoken = _CHANGES.search(before) or _CHANGES.match(behind.lstrip())
        if up is None and down is None and spoken is None:
            continue
        said = match.group("count")
        steps = count(said) if said else next(n for n, _ in _STEPS if match.group(f"i{n}") is not None)
        moved = _UPWARD.search(before) or _DOWNWARD.search(before)
        begin = match.start() - len(before) + moved.start() if moved is not None else match.start()
        after = _UPWARD.match(behind.lstrip()) or _DOWNWARD.match(behind.lstrip())
        end = match.end() + (len(behind) - len(behind.lstrip()) + after.end() if after is not None else 0)
        if after is not None and moved is None and _UP_A_THING.match(lower, end) is not None:
            continue  # "I climbed a step up the mountain"
        return (steps if down is None or (up is not None and _UPWARD.search(before)) else -steps), begin, end
    return None


def _placed_at(plain: str, start: int, end: int, total: int | None) -> tuple[int | None, str, list[course.Place]]:
    """Return the bar, or the section, that a change between two places in a text is said to come at, and where that is said."""
    lower = plain.lower()
    low, high = course.sentence(lower, start, end)
    places = [(m, abs(m.start() - end)) for m in _BAR_PLACE.finditer(lower, low, high)]
    if places:
        match = min(places, key=lambda p: p[1])[0]
        return bar_of(match), "", [match.span()]
    if (ending := _LAST_BARS.search(lower, low, high)) is not None:
        bars = count(ending.group("n") or ending.group("m"))
        if bars > 0 and (total is None or bars < total):
            return (-bars if total is None else total - bars + 1), "", [ending.span()]
    named = [m for m in _SECTION_PLACE.finditer(lower, low, high) if m.end() <= start or m.start() >= end]
    end_too = None if total is not None and total <= BARS_BETWEEN else course.at_end_of(lower, start, end)
    first, last = course.clause(lower, start, end) if total is None else (low, high)
    beside = [m for m in named if total is None and first <= m.start() < last]
    beside += [m for m in named if end_too is not None and m.start() < end_too[1] and end_too[0] < m.end()]
    if end_too is not None and first <= end_too[0] < last and not beside:
        return (-_FEW if total is None else total - max(_FEW, total // 4) + 1), "", [end_too]
    if (half := _HALFWAY.search(lower, low, high)) is not None:
        return (None if total is None else total // 2 + 1), "", [half.span()]
    if named:
        match = min(
            named,
            key=lambda m: (
                not (m.group("which") or m.group("behind") or m.group("half")),
                min(abs(m.start() - end), abs(m.end() - start)),
            ),
        )
        if match.group("half"):
            return (None if total is None else total // 2 + 1), "", [match.span()]
        said = match.group("which") or match.group("behind") or ""
        which = next((name for name, words in _WHICH if re.search(words, said)), "")
        return None, f"{which} {section_of(match)[0]}".strip(), [match.span()]
    return None, "", []


def modulation_wish(plain: str, total: int | None) -> tuple[Modulation | None, Key | None, list[course.Place]]:
    """Return a change of key, the key that it begins in where that is said, and where its words stand."""
    wish, first, found = _named_modulation(plain)
    lower = plain.lower() if len(plain.lower()) == len(plain) else plain
    moved = _interval(lower)
    if wish is None and moved is not None:
        bar, section, where = _placed_at(plain, moved[1], moved[2], total)
        low, high = course.sentence(lower, moved[1], moved[2])
        if not where and _OF_A_KEY.search(lower, low, high) is None:
            return None, None, []
        to = re.compile(r"\s*(?:in|to|into|nach|en|em|a)\s+", re.I).match(plain, moved[2])
        key = None if to is None else _key_at(plain, to.end())
        name = key[0].name if key is not None and key[2] else ""
        return (
            Modulation(name, 0 if name else moved[0], bar, section),
            None,
            [(moved[1], moved[2] if key is None else key[1]), *where],
        )
    if wish is None or found is None:
        section_key = _section_in_key(plain, lower)
        return section_key if section_key[0] is not None else _towards(plain, total)
    places = [(found.start, found.end)]
    low, high = course.sentence(lower, found.start, found.end)
    places += [m.span() for m in _CHANGES.finditer(plain, low, high)]
    if moved is not None and not wish.key:
        wish = replace(wish, semitones=moved[0])
        places.append((moved[1], moved[2]))
    if wish.bar is None:
        at = moved[1:] if moved is not None else (found.start, found.end)
        bar, section, where = _placed_at(plain, *at, total)
        if not where:
            bar, section, where = _placed_at(plain, found.start, found.end, total)
        wish = replace(wish, bar=bar, section=section)
        places += where
    return wish, first, places


_STANDS_IN = tolerant(r"\s*(?:on(?:wards)?\s+)?(?:it(?:'s| is)\s+|geht es\s+)?(?:in|en|em|à|auf|是|用|は|:)\s*", re.I)
_TOWARDS = tolerant(r"(?:\b(?:nach|into|vers|hacia|verso|para|pra)|→|->)\s*", re.I)


def _towards(plain: str, total: int | None) -> tuple[Modulation | None, Key | None, list[course.Place]]:
    """Return the second key of two that words lead to without a verb: in F major, in the trio to B flat major."""
    for lead in _TOWARDS.finditer(plain):
        to = _key_at(plain, lead.end())
        if to is not None and to[2] and keys.key(plain[: lead.start()]) is not None:
            bar, section, where = _placed_at(plain, lead.start(), to[1], total)
            return Modulation(to[0].name, 0, bar, section), None, [(lead.start(), to[1]), *where]
    return None, None, []


def _section_in_key(plain: str, lower: str) -> tuple[Modulation | None, None, list[course.Place]]:
    """Return the key that a later section is said to stand in: the last chorus in D major."""
    for match in _SECTION_PLACE.finditer(lower):
        said = match.group("which") or match.group("behind") or match.group("half")
        into = (
            None if not said else re.compile(r"\s*(?:in|en|em|auf|转|是|用|は|to)\s*", re.I).match(plain, match.end())
        )
        key = None if into is None else _key_at(plain, into.end())
        if said and key is not None and (key[2] or keys.key(plain[: match.start()]) is not None):
            if match.group("half"):
                return Modulation(key[0].name), None, [(match.start(), key[1])]
            which = next((name for name, words in _WHICH if re.search(words, said)), "")
            return Modulation(key[0].name, 0, None, f"{which} {section_of(match)[0]}"), None, [(match.start(), key[1])]
    return None, None, []


def _changed(plain: str, changes: re.Match[str]) -> tuple[Modulation, None, FoundWish]:
    lead = _LEADS.match(plain, changes.end())
    at = changes.end() if lead is None else lead.end()
    shift = _SHIFTED.match(plain, at)
    steps = 0
    if shift is not None:
        said = shift.groupdict()
        steps = next(
            (n for name, n in (("half", 1), ("whole", 2), ("third", 3)) if said[name]), count((said["n"] or "").lower())
        )
        at = shift.end()
    if re.search(r"\b(?:down|lower)\b|下", plain[changes.end() : at + 5], re.I):
        steps = -steps
    name, into = "", _INTO.match(plain, at)
    if into is not None:
        relative, to = _RELATIVE.match(plain, into.end()), _key_at(plain, into.end())
        if to is not None:
            name, at = to[0].name, to[1]
        elif relative is not None:
            name, at = relative.group(1).lower(), relative.end()
            name, steps = ("", _DEGREES[name]) if name in _DEGREES else (name, steps)
    bar, end = _where(plain, at)
    return (
        Modulation(name, steps if name or steps else 2, bar),
        None,
        FoundWish(changes.start(), max(end, changes.end())),
    )


def _where(plain: str, at: int) -> tuple[int | None, int]:
    """Return the bar that stands at a place, None where it is another place in the piece or none, and where that ends."""
    match = _WHERE.match(plain, at)
    if match is None:
        return None, at
    named = any(match.group(f"bar{suffix}") for suffix in ("", "_after", "_behind", "_zh", "_th"))
    return (bar_of(match) if named else None), match.end()
