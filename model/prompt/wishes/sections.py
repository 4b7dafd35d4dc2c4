"""The sections of a piece by their names: with their bars, in a list, sharing the bars of all, or as the letters of a form. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from model.music.wishes import Section
from model.prompt.rules.negation import within
from model.prompt.rules.vocabulary import tolerant
from model.prompt.wishes.course import BAR, BARS, COUNT, Place, count
from model.prompt.wishes.found import FoundWish

_SECTIONS: tuple[tuple[str, str, int, str | None], ...] = (
    # name, words, bars where none are said, the cue that it is played as
    (
        "intro",
        r"intros?|introduction|vorspiel|entrada(?=\s*[(:]?\s*(?:de\s+)?\d)|开头(?!\s*(?:的|の)?\s*\d+\s*(?:个)?小节(?:里|内|は|で|に|只))|einleitung|introducción|introduzione|introdução|auftakt(?=\s*\d)|前奏|引子|序奏|イントロ|인트로",
        4,
        "intro",
    ),
    (
        "pre-chorus",
        r"pre-?\s?ch(?:orus(?:es)?)?|pre-?hook|prech|pr[eé]-?\s?refrain|pre-?\s?estribillo|pre-?coro|pr[eé]-?\s?refrão|pre-?\s?ritornello|bridge zum refrain|precoro|预副歌|导歌|bメロ",
        4,
        "build",
    ),
    (
        "chorus",
        r"chorus(?:es)?|refrains?|hooks?|ch(?=\s?\d)|coros?(?=\s*[(:]?\s*\d)|estribillos?|coros|coro(?=\s*[(:]?\s*(?:de\s+)?\d)|(?<=compases de )coro|(?<=\d de )coro|(?<=último )coro|(?<=ultimo )coro|(?<=segundo )coro|(?<=en el )coro|coro(?= final)|ritornell[oi]|refrão|refrãos|副歌|サビ|후렴",
        8,
        "drop",
    ),
    (
        "verse",
        r"verses?|vrs|vs(?=\s?\d)|versos?|strophen?|couplets?|estrofas?|strof[ae]|estrofes?|主歌|aメロ|벌스",
        8,
        None,
    ),
    (
        "bridge",
        r"bridges?|br(?=\s?\d)|c-teil|mittelteil|middle eights?|middle 8|brücke|puentes?|pont|ponte|桥段|过渡段|ブリッジ|[cd]メロ",
        8,
        "break",
    ),
    (
        "build",
        r"(?:snare |drum )?(?:build(?:ing)?(?:-?\s?ups?)?|buildups?|risers?)|(?:snare|drum) rolls?|tension|(?:spannungs)?aufbau(?:en|end)?|steigerung|subid[aã]o?|subidón|montée|crescita|salita|build|铺垫|推进|蓄力|上升段?|ビルド(?:アップ)?|盛り上げ|助走",
        4,
        "build",
    ),
    (
        "drop",
        r"(?:beat |bass )?drop+s?(?!\s+(?:out\b|down\b|to\b|[a-g]\b(?!\s+(?:bar|takt|mesure|comp|battuta|misura))))|dropp?(?:t|en|ea|e|a)|boom(?!\s*bap)|wub(?: wub)*|(?:massive|big|huge) hit|knall(?:t|en)|krach(?:t|en)(?! im)|(?:ça |tout )?(?:pète|explose|éclate)|(?:re)?v(?:ie|e)nt[ae]r?|explot[ae]r?|estall[ae]r?|estour[ae]r?|esplod[ae]|scoppi[ae]|高潮|爆发|炸(?:点|开|裂|了)?|掉下来|掉落|落下|bajada|bajón|caída|chute|(?<!se )queda(?= (?:no|na|em|do) )|ドロップ",
        8,
        "drop",
    ),
    (
        "breakdown",
        r"break(?:downs?)?|interludes?|zwischenspiel|interludio|interlúdio|intermède|intermedio|zwischenteil|间奏",
        4,
        "break",
    ),
    ("solo", r"solos?|ソロ", 8, None),
    (
        "groove",
        r"(?:(?<=, )|(?<=, a )|(?<=, the ))(?:loop|groove|main (?:part|groove|loop|section))(?=\s*(?:,|and\b|then\b))",
        8,
        None,
    ),
    ("trio", r"(?<=im )trio|(?<=in the )trio|(?<=dans le )trio|(?<=en el )trio|(?<=nel )trio|(?<=no )trio", 16, None),
    (
        "outro",
        r"outros?(?! (?:acordes?|sons|timbres?|instrumentos?|tambores))|coda|nachspiel|abspann|ending|(?<!zum )(?<!am )schluss(?:teil)?|nachspiel|conclusion|conclusión|conclusão|cierre|encerramento|fechamento|(?:final|fin|fine|ende|fim|finale)(?=\s*[(:]?\s*(?:de\s+|di\s+|mit\s+)?\d)(?!\s*\d+\s*(?:bars?|measures?)\b)|(?<= de )(?:fin|final)(?=\s*(?:$|[,.;]))|结尾(?=\s*\d+小节(?:$|[,，。、]))|尾声|尾奏|后奏|エンディング|アウトロ|아웃트로",
        4,
        None,
    ),
    (
        "A",
        r"a[ -](?:section|part|teil)|(?:section|part|teil|partie|parte|sección|sezione|seção) a|a段|\x01(?:[ -](?:section|part|teil)|段)?",
        8,
        None,
    ),
    (
        "B",
        r"b[ -](?:section|part|teil)|(?:section|part|teil|partie|parte|sección|sezione|seção) b|b段|\x02(?:[ -](?:section|part|teil)|段)?",
        8,
        None,
    ),
    (
        "C",
        r"c[ -](?:section|part|teil)|(?:section|part|teil|partie|parte|sección|sezione|seção) c|c段|\x03(?:[ -](?:section|part|teil)|段)?",
        8,
        "break",
    ),
)
NAMED = "|".join(rf"(?P<s{n}>(?<![a-z])(?:{words})(?![a-z]))" for n, (_, words, _, _) in enumerate(_SECTIONS))
_WITH_BARS = tolerant(
    rf"(?<![第\d])(?P<before>{COUNT})[\s-]*(?:个)?{BARS}?[\s-]*(?:(?:of|for|de|di|für|pour|para|per|von)\s+(?:the\s+|an?\s+|das\s+|die\s+|den\s+|le\s+|la\s+|el\s+|o\s+|a\s+)?|d\'|d’|l\'|do\s+|da\s+|du\s+|del\s+|的|の)?(?:{NAMED})(?P<twice>\s*(?:x|×)\s*2)?".replace(
        f"{BARS}?", BARS
    )
)
_WITHOUT_BARS = tolerant(
    rf"\s*(?:(?:[,;+、，/]|y|e|et|und|and|then|dann|danach|puis|luego|después|poi|depois|然后|接着|再)\s*)*(?P<before>{COUNT})\s*(?:de |di |d'|of |für |pour |para |per |の|的)?(?:(?:la|le|el|il|o|a|the|die|den|das)\s+)?(?:{NAMED})(?P<twice>)"
)
"""4 compases de intro, 8 de estrofa: so many more."""
_TIMES = {
    1: "1 ?x|once|einmal|une fois|una vez|una volta|uma vez|an?|one|eine?|une?|una?|uno|uma?",
    2: "twice|two(?: times)?|2 ?x|double|zweimal|zwei|deux(?: fois)?|dos(?: veces)?|due(?: volte)?|dois|duas(?: vezes)?|两(?:遍|次|个|段)",
    3: "thrice|three(?: times)?|3 ?x|dreimal|drei|trois(?: fois)?|tres(?: veces)?|tre(?: volte)?|três(?: vezes)?|三(?:遍|次|个|段)",
    4: "four(?: times)?|4 ?x|viermal|vier|quatre(?: fois)?|cuatro(?: veces)?|quattro(?: volte)?|quatro(?: vezes)?|四(?:遍|次|个|段)",
}
_SEVERAL = tolerant(
    rf"(?<![\d.])(?:{'|'.join(rf'(?P<t{n}>(?<![a-zà-ÿ])(?:{words}))' for n, words in _TIMES.items())}|\b(?P<n>[2-4])(?: (?:mal|fois|veces|volte|vezes|times)| ?x)?)\s*$"
)
"""Deux couplets de 8 mesures; zweimal Strophe."""
_TIMES_BEHIND = tolerant(
    r"\s*[(\[]?\s*(?:[x×*]\s?(?P<n>[1-4])|(?P<m>[2-4])\s?(?:[x×]|times|mal|fois|veces|volte|vezes)|(?P<twice>twice|zweimal|repeat(?:ed)?|wiederholt|bis(?=\s*[)\]])|重复)|(?P<once>once|einmal)|(?P<signs>[一二两三四])[遍次])\s*[)\]]?(?![a-zà-ÿ0-9_])"
)
"""Verse x2, chorus (repeat)."""
BARS_BEHIND = tolerant(
    rf"\s*(?:\d(?=\s*[:=(]))?\s*(?:[:=(\[]|should be|must be|for|of|is|lasts?|lasting|von|de|di|mit|en|com|con|über|à|da|pendant|durante|für|sur|em|共|有|占|は|が|を)?\s*(?:(?:a|an|the|again|straight away|right away|only|just|gleich|direkt)\s+)*(?P<after>{COUNT})[\s-]*(?:个)?(?:{BARS}(?![a-z])|(?=\s*(?:[,;+/→|)\].。，、–—-]|$|\s*(?:and|then|again|und|dann|et|puis|y|luego|e|poi|depois|然后)\b|\s*(?:で|です|と|つ|吧)|\s+(?:{NAMED}))))\s*[)\]]?"
    rf"|[^,;.\d]{{0,30}}(?:{BAR}\s+\d+)?[^,;.\d]{{0,16}}?(?:lasts?|lasting|for|dauert|dure|dura|持续)\s+(?P<later>{COUNT})[\s-]*{BARS}"
)
NAME = tolerant(NAMED)
_BETWEEN_SECTIONS = tolerant(
    r"\s*\d?\s*(?:[,;:+→>/|、，–—-]|->|and|then|und|dann|et|puis|y|luego|e|poi|followed by|into|to|directly|straight|right after|sofort|direkt|gleich|justo|enseguida|tout de suite|subito|logo|然后|接着?|紧(?=接)|随后|马上|立刻|直接|最后|和|再来?个?|と)*\s*(?:(?:then|and|an?|the|der|die|el|la|le)\s+)?(?:(?:second|2nd|third|last|final|another|zweite[rs]?|segund[ao]|deuxième|第二个?|再一个)\s*)?"
)


def section_of(match: re.Match[str]) -> tuple[str, int, str | None]:
    """Return the section that a match of `NAMED` names, the bars that it usually has, and its cue."""
    n = next(n for n in range(len(_SECTIONS)) if match.group(f"s{n}") is not None)
    name, _, usual, cue = _SECTIONS[n]
    return name, usual, cue


def named_as(match: re.Match[str]) -> str:
    """Return the words in which a match of `NAMED` names its section: coda, not outro."""
    return next(said for n in range(len(_SECTIONS)) if (said := match.group(f"s{n}")) is not None)


def find_sections(lower: str) -> Iterator[tuple[int, int, str]]:
    """Yield the names of sections in a text in small letters: from where to where, and which of `Section`'s names."""
    for match in NAME.finditer(lower):
        yield match.start(), match.end(), section_of(match)[0]


_CORO = tolerant(
    r"(?<![\w-])(?<!pre )(?<!con )(?<!com )(?<!un )(?<!um )(?<!de )coro(?=s?(?![\w-])(?!\s+(?:de|di|d')\b(?!\s*\d)))",
    re.I,
)
_VERSE_BESIDE = tolerant(r"\b(?:estrofas?|versos?|strof[ae]|puentes?|ponte)\b", re.I)


def chorus_by_name(text: str) -> str:
    """Return a text in which coro beside estrofa, verso or strofa stands as another word for a chorus, as long: it is no choir."""
    return _CORO.sub("hook", text) if _VERSE_BESIDE.search(text) else text


def _without_bars(lower: str, at: int) -> re.Match[str] | None:
    match = _WITHOUT_BARS.match(lower, at)
    return None if match is None or BARS_BEHIND.match(lower, match.end()) is not None else match


_Found = tuple[int, int, Section, bool]
"""From where to where, the section, and whether its bars were said."""


def listed_sections(
    lower: str, total: int | None = None, spoken: Sequence[Place] = ()
) -> tuple[tuple[Section, ...], list[FoundWish]]:
    """Return the sections in their order: those with a number of bars, else a list of three or more names.

    `spoken` are the places of other wishes: a section that only says where they come counts for none.
    """
    found: list[tuple[int, int, Section, bool]] = []
    at = 0
    in_front = False
    ahead = _WITH_BARS.search(lower)
    while at < len(lower):
        if ahead is not None and ahead.start() < at:
            ahead = _WITH_BARS.search(lower, at)
        counted = (_without_bars(lower, at) if in_front else None) or ahead
        named = NAME.search(lower, at)
        if named is None:
            break
        if counted is not None and counted.start() < named.start() and counted.end() >= named.end():
            name, _, cue = section_of(counted)
            number = count(counted.group("before"))
            if lower[counted.end() : counted.end() + 1] in ("\x01", "\x02", "\x03"):
                at = counted.start() + len(counted.group("before"))
                continue  # 16 bars AABA: of all four
            if total == number and name != "build" and _next_without_bars(lower, counted.end()):
                at = counted.start() + len(counted.group("before"))
                ahead = _WITH_BARS.search(lower, counted.end())
                continue  # 16 bars verse chorus: of both
            if number:
                found.append((*counted.span(), Section(name, number, cue), True))
            in_front = bool(number)
            at = counted.end()
            continue
        in_front = False
        name, usual, cue = section_of(named)
        behind = BARS_BEHIND.match(lower, named.end())
        said = "" if behind is None else behind.group("after") or behind.group("later")
        if behind is not None and count(said):
            found.append((named.start(), behind.end(), Section(name, count(said), cue), True))
            at = behind.end()
        else:
            if _of_the_one_before(lower, found, named.start(), name):
                found[-1] = (found[-1][0], named.end(), *found[-1][2:])
            elif not within(named.start(), spoken):
                found.append((*named.span(), Section(name, usual, cue), False))
            at = named.end()
    found = _repeated(lower, _shared_by_letters(lower, found))
    with_bars = [f for f in found if f[3]]
    if not with_bars and (added := _added(lower, found, total)) is not None:
        return added
    if len(with_bars) < 2 and (each := _each_as_long(lower, _repeated(lower, _names(lower)))) is not None:
        return each
    if with_bars:
        run = _in_order(lower, _run(lower, found, with_bars, total))
        said_bars = {s.name: s.bars for _, _, s, _ in reversed(with_bars)}
        sections = tuple(s if barred else replace(s, bars=said_bars.get(s.name, s.bars)) for _, _, s, barred in run)
        places = [FoundWish(start, end) for start, end in dict.fromkeys((start, end) for start, end, _, _ in run)]
        twice = _TWICE.match(lower, run[-1][1])
        if twice is not None and len(run) > 1:
            return (*sections, *sections), [*places, FoundWish(*twice.span())]
        return sections, places
    for first in range(len(found)):
        run = found[first : first + 1]
        for before, after in zip(found[first:], found[first + 1 :], strict=False):
            if not _beside(lower, before, after):
                break
            run.append(after)
        if len(run) > 2:
            twice = _TWICE.match(lower, run[-1][1])
            end, times = (run[-1][1], 1) if twice is None else (twice.end(), 2)
            of_each = 0 if total is None or total % (times * len(run)) else total // (times * len(run))
            if total is None or of_each or times * sum(s.bars for _, _, s, _ in run) == total:
                sections = tuple(replace(s, bars=of_each or s.bars) for _, _, s, _ in run) * times
                return sections, [FoundWish(run[0][0], end)]
    return _sharing(lower, found, total)


_WITH_ITS = tolerant(r"\s*(?:with|mit|avec|con|com|带|的)\s*(?:(?:an?|the|eine[mrn]?|une?|una?|uma?)\s+)?")


def _of_the_one_before(lower: str, found: Sequence[_Found], at: int, name: str) -> bool:
    """Return True if a name says what the section before it is played with: 8 bars build with snare roll."""
    return bool(found) and found[-1][2].name == name and _WITH_ITS.fullmatch(lower, found[-1][1], at) is not None


def _next_without_bars(lower: str, at: int) -> bool:
    """Return True if another section stands directly behind a place, without bars of its own."""
    name = NAME.search(lower, at)
    return (
        name is not None
        and re.fullmatch(r"\s*(?:[/&+-]|and|et|und|y|e)?\s*", lower[at : name.start()]) is not None
        and BARS_BEHIND.match(lower, name.end()) is None
    )


def _beside(lower: str, before: _Found, after: _Found) -> bool:
    """Return True if one section follows another in a list, or is the same once more."""
    return before[:2] == after[:2] or _BETWEEN_SECTIONS.fullmatch(lower, before[1], after[0]) is not None


def _repeated(lower: str, found: list[_Found]) -> list[_Found]:
    """Return what was found, each as often as the words before or behind it say: two verses, chorus x2."""
    repeated: list[_Found] = []
    several_names = len({s.name for _, _, s, _ in found}) > 1
    last_end, counted = 0, False
    for i, (start, end, section, barred) in enumerate(found):
        several = _SEVERAL.search(lower, last_end if i else max(0, start - 24), start)
        behind = _TIMES_BEHIND.match(lower, end) if i + 1 < len(found) or counted else None
        last_end = end
        times = 1
        if not several_names and not barred:  # "4 choruses" are as many as there are
            repeated.append((start, end, section, barred))
            continue
        if several is not None:
            start = several.start()
            times = int(several.group("n") or next(n for n in _TIMES if several.group(f"t{n}")))
        elif behind is not None:
            end, times, counted = behind.end(), _times_behind(behind), True
            last_end = end
        repeated += [(start, end, section, barred)] * times
    return repeated


def _times_behind(match: re.Match[str]) -> int:
    """Return how often the words behind a section say that it comes."""
    said = match.group("n") or match.group("m") or match.group("signs")
    return count(said) if said else 1 if match.group("once") else 2


_SHARES = (4, 2, 1)
"""Bars to whose multiples the bars of a piece are shared out, the first of which every section gets one."""
_WITH_WORDS = re.compile(
    rf"(?:\s+in\s+[a-h](?:#|b| sharp| flat)?[ -]?(?:m|min|minor|maj|major|moll|dur)?(?=\s*,))?(?:{_BETWEEN_SECTIONS.pattern})(?:(?:an?|the|ein\w*|der|die|das|une?|le|la|el|il|os?|as?|um|uma|加|与|跟|有|一个|个|接|\+)\s*)?"
    r"(?:(?!and\b|then\b|und\b|et\b|y\b|e\b|with\b|no\b|without\b|in\b|only\b|of\b)[^\W\d]+\s+){0,2}(?:很|非常|的)*"
    r"|[\u4e00-\u9fff]{0,4}[,，]?[\u4e00-\u9fff]{0,4}",
    re.I,
)
"""Between two names of sections: a quiet verse and a big emotional chorus."""


def _sharing(lower: str, found: list[_Found], total: int | None) -> tuple[tuple[Section, ...], list[FoundWish]]:
    """Return two or more sections that were named beside the bars of all, each with its share of them: verse and chorus, 32 bars."""
    runs: list[list[_Found]] = []
    for one in found:
        before = runs[-1][-1] if runs else None
        if before is not None and before[2].name == one[2].name and one[0] - before[1] < 2:  # 很炸的drop: one drop
            runs[-1][-1] = (before[0], one[1], one[2], False)
        elif runs and _WITH_WORDS.fullmatch(lower, runs[-1][-1][1], one[0]) is not None:
            runs[-1].append(one)
        else:
            runs.append([one])
    run = max(runs, key=len, default=[])
    usual = [s.bars for _, _, s, _ in run]
    unit = next((u for u in _SHARES if total is not None and total % u == 0 and total >= u * len(run)), None)
    if unit is None or total is None or len({s.name for _, _, s, _ in run}) < 2:
        return (), []
    shares = [max(1, round(total / unit * bars / sum(usual))) for bars in usual]
    longest = shares.index(max(shares))
    shares[longest] += total // unit - sum(shares)
    if shares[longest] < 1:
        return (), []
    sections = tuple(replace(s, bars=unit * n) for (_, _, s, _), n in zip(run, shares, strict=True))
    return sections, [FoundWish(start, end) for start, end, _, _ in run]


def _shared_by_letters(lower: str, found: list[_Found]) -> list[_Found]:
    """Return what was found, with the bars behind a run of letters shared out among them: AABA 32 bars."""
    shared, run = list(found), 0
    for i, (start, end, section, has_bars) in enumerate(found):
        letter = lower[start] in _SIGNS
        beside = run > 0 and _BETWEEN_SECTIONS.fullmatch(lower, found[i - 1][1], start) is not None
        run = 0 if not letter else run + 1 if beside else 1
        each = _EACH.match(lower, start + 1)
        if has_bars and run >= _FEW_LETTERS and (each is None or _SAYS_EACH.search(each.group()) is None):
            bars = max(1, section.bars // run)
            of_last = max(1, section.bars - bars * (run - 1))
            shared[i - run + 1 : i] = [(a, b, replace(s, bars=bars), True) for a, b, s, _ in found[i - run + 1 : i]]
            shared[i] = (start, end, replace(section, bars=of_last), True)
        run = 0 if has_bars else run
    return shared


_SIGNS, _FEW_LETTERS = "\x01\x02\x03", 3
"""What the letters of a form stand as, see `lettered`, and from how many on they are one."""


_BEFORE_THAT = tolerant(
    r"\b(?:before (?:that|it)|davor|vorher|avant (?:ça|cela)|antes(?: de eso| disso)?|prima(?=\s*(?:,|di quest|un[ao']?\b)))(?!\w)|その前に?|(?:在此|这)?之前"
)


def _in_order(lower: str, run: list[_Found]) -> list[_Found]:
    """Return sections, one that comes before the one named first in front of it: chorus 8 bars, before that a build of 4."""
    ordered = list(run)
    for before, after in pairwise(run):
        said = _BEFORE_THAT.search(lower, before[1])
        if before[:2] != after[:2] and said is not None and said.end() <= after[0]:
            ordered.remove(after)
            ordered.insert(ordered.index(before), after)
    return ordered


def _run(lower: str, found: Sequence[_Found], with_bars: Sequence[_Found], total: int | None) -> list[_Found]:
    """Return the sections that have bars, and those listed between them that have none."""
    first, last = with_bars[0], with_bars[-1]
    run = [f for f in found if f[3] or first[0] < f[0] < last[0]]
    for f in found:  # "verse 8 bars, build 4 bars, drop"
        if f[0] < last[1] or not _beside(lower, run[-1], f):
            continue
        if len(run) > 1 or (run[-1][2].name, f[2].name) == ("build", "drop"):
            run.append(f)
        elif total is not None and total > run[0][2].bars:  # "4 bar intro then verse, 16 bars": the verse is the rest
            run.append((f[0], f[1], replace(f[2], bars=total - run[0][2].bars), True))
    return run


_TWICE = tolerant(
    r"[\s,;]*(?:and |all |und |das ganze |le tout |todo |tutto |tudo |全部)?(?:that |this |it )?(?:all )?\s*(?:twice|x ?2|2 ?x|two times|2 times|repeated(?: once)?|zweimal|zwei ?mal|deux fois|dos veces|due volte|duas vezes|2 (?:mal|fois|veces|volte|vezes)|两[遍次])\b|[\s,，]*(?:重复|来)?两[遍次]"
)
_EACH = tolerant(
    rf"[\s,;:.–—-]*(?:form\w*|forma|rondo|rondeau|曲式|结构|all|alles|alle|tou(?:te)?s|tod[oa]s|tutt[ie]|with|of|mit|avec|con|com|de|di|each|jede[rsn]? (?:teil|abschnitt)|chaque (?:partie|section)|ogni (?:parte|sezione)|(?:each|every) (?:part|section)|cada (?:parte|sección|seção)|jeweils|je|chacun\w*|cada un[oa]|ciascun\w*|cada|三段式|每段|每个|各|を|は|,|\s)*[\s,;:]*(?P<n>{COUNT})[\s-]*(?:个)?{BARS}(?![a-z])\s*(?:each|a ?piece|apiece|per (?:section|part)|jeweils|pro (?:teil|abschnitt)|chacun\w*|chaque|(?:por|per|par) (?:sección|sezione|seção|section|parte|partie)|cada(?: un[oa])?|ciascun\w*|l'un[oae]?|each one|long|ずつ)?"
)
_SAYS_EACH = tolerant(
    r"each|every|jede|ogni|a ?piece|per (?:section|part)|jeweils|\bje\b|pro (?:teil|abschnitt)|chacun|chaque|cada|ciascun|l'un|ずつ|(?:por|per|par) (?:sec|sez|seç|part)|每|各|\balle[sn]?\s|\b(?:tou(?:te)?s|tod[oa]s|tutt[ie]) "
)


_RECURS = re.compile(r"\s*\b(?:an?|one|ein(?:en?|es)?|une?|un[ao]|uma?)\s+[a-zà-ÿ]")
"""Behind a number of bars: something that comes after so many each time, "alle 8 Takte ein Fill"; no section is as long."""


def _names(lower: str) -> list[_Found]:
    return [
        (m.start(), m.end(), Section(name, usual, cue), False)
        for m in NAME.finditer(lower)
        for name, usual, cue in (section_of(m),)
    ]


def _each_as_long(lower: str, found: Sequence[_Found]) -> tuple[tuple[Section, ...], list[FoundWish]] | None:
    """Return a list of two or more sections that are followed by the bars of each: verse verse chorus, 8 bars each."""
    first = 0
    while first < len(found):
        run = [found[first]]
        for after in found[first + 1 :]:
            if not _beside(lower, run[-1], after) and _WITH_WORDS.fullmatch(lower, run[-1][1], after[0]) is None:
                break
            run.append(after)
        first += len(run)
        each = _EACH.match(lower, run[-1][1])
        if each is None or _RECURS.match(lower, each.end()):
            continue
        if len(run) > 1 and _SAYS_EACH.search(each.group()) and count(each.group("n")):
            bars = count(each.group("n"))
            sections = tuple(replace(s, bars=bars) for _, _, s, _ in run)
            return sections, [FoundWish(run[0][0], each.end())]
    return None


_SUM = re.compile(r"(?<![\d.+/])(?P<n>\d{1,2}(?:\s?\+\s?\d{1,2})+)(?![\d/]|\s?\+)" rf"(?:\s*{BARS}(?![a-z]))?(?:\s*:)?")


def _added(
    lower: str, found: Sequence[_Found], total: int | None
) -> tuple[tuple[Section, ...], list[FoundWish]] | None:
    """Return a list of sections beside a sum of as many numbers, the bars of each: 4+4+8: intro, verse, chorus."""
    beside = len(found) > 1 and all(_beside(lower, a, b) for a, b in pairwise(found))
    for match in _SUM.finditer(lower):
        bars = [int(n) for n in re.findall(r"\d+", match.group("n"))]
        if beside and len(bars) == len(found) and all(bars) and total in (None, sum(bars)):
            sections = tuple(replace(s, bars=n) for (_, _, s, _), n in zip(found, bars, strict=True))
            return sections, [FoundWish(*match.span()), FoundWish(found[0][0], found[-1][1])]
    return None


BARS_BETWEEN = 8
"""Bars between an intro and an outro where nothing else was named."""


_FORM = tolerant(
    r"(?<![A-Za-z'’#♯])([ABC]{3,8})(?![A-Za-z0-9_])(?:\s*-?\s*(?:form|Form|forma|forme|rondo|曲式))?|(?<![A-Za-z'’#♯])[ABC](?:[\s,–-]+[ABC](?![\w'’#♯m/])){2,}"
)
_LETTER_BARS = tolerant(
    rf"(?<![A-Za-z'’#♯/])[ABC](?=\s*(?:[:=(]\s*|for\s+|mit\s+|de\s+|di\s+|à\s+)?(?:{COUNT})\s*[- ]?(?:{BARS}|[,;.)]|$))"
)
_BARS_LETTER = tolerant(rf"(?:{COUNT})\s*[- ]?{BARS}\s+(?:of\s+|de\s+|di\s+)?(?P<letter>[ABC])(?![\w'’#♯])")
_LETTER_AGAIN = tolerant(
    r"\b(?:then|and|back to|dann|wieder|puis|luego|poi|depois|nochmal)\s+(?P<letter>[ABC])(?=\s*(?:again|nochmal|$|[,.;]))"
)
_LETTERS = {"A": "\x01", "B": "\x02", "C": "\x03"}


def lettered(plain: str, lower: str) -> str:
    """Return a text in small letters in which the letters of a form, AABA or A 8 B 8, stand as signs of their own."""
    found = list(lower)
    places = [
        i
        for m in _FORM.finditer(plain)
        for i in range(m.start(), m.end())
        if plain[i] in _LETTERS and not plain[i + 1 : i + 2].islower()
    ]
    named = [m.start() for m in _LETTER_BARS.finditer(plain)]
    named += [m.start("letter") for m in _BARS_LETTER.finditer(plain)]
    named += [m.start("letter") for m in _LETTER_AGAIN.finditer(plain) if len(named) > 1]
    if len(named) > 1 or re.search(r"\b[AB] (?:section|part)|[AB]-Teil", plain):
        places += named
    for at in places:
        found[at] = _LETTERS[plain[at]]
    return "".join(found)
