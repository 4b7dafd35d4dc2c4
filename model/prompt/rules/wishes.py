"""Wishes about a piece as a whole: its length in time, its form, its course. Those that a clip meets, and those that nothing here can.

Each is found by its form (a number of minutes, a section with its bars, something that happens at a bar), in English, Chinese, Japanese,
German, French, Spanish, Italian and Portuguese. Pure patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from model.music.control import MAX_BARS, MAX_TEMPO, MIN_TEMPO
from model.music.harmony import Key
from model.music.notes import CUES, PARTS
from model.music.wishes import CueAt, Kind, Modulation, Rest, Section, Wishes
from model.prompt.rules import course, keys, tempo_meter
from model.prompt.rules.course import count
from model.prompt.rules.negation import NEGATION, within
from model.prompt.rules.parts import OFF, PART
from model.prompt.rules.vocabulary import find as find_terms
from model.prompt.rules.vocabulary import tolerant


@dataclass(frozen=True, slots=True)
class FoundWish:
    """A wish in a text; `reason` says why it cannot be met, empty where it is: by clips, but for a number of chords."""

    start: int
    end: int
    reason: str = ""
    about: Literal["", "length", "chords", "form", "tempo", "dynamics", "key"] = ""

    @property
    def kind(self) -> Kind:
        """What becomes of its words."""
        return "unmet" if self.reason else "fact" if self.about == "chords" else "wish"


@dataclass(frozen=True, slots=True)
class FoundWishes:
    """All wishes of a text, with the values of those that clips meet; the bars of the sections, the tempo and the key that the piece begins with."""

    wishes: Wishes
    found: tuple[FoundWish, ...] = ()
    bars: int | None = None
    tempo: float | None = None
    key: Key | None = None


_NUMBERS, _COUNT, _BARS, _BAR = course.NUMBERS, course.COUNT, course.BARS, course.BAR

# --- how long ----------------------------------------------------------------------------------------

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_UNITS = (
    ("hour", r"hours?|hrs?|stunden?|heures?|horas?|ore|小时|時[間间]|시간"),
    (
        "minute",
        r"minütige[nrsm]?|minutes?|mins?|minuten?|minutos?|minutitos?|minut[oi]|分钟|分鐘|分[间間]|分(?=$|[的半]|の(?!\s?\d)|[半左,，、。くほ程弱强強\s]|\s?\d+秒)|분",
    ),
    (
        "second",
        r"sekündige[nrsm]?|seconds?|secs?|sekunden?|sek|secondes?|segundos?|segunditos?|segs?|second[oi]|秒[钟间間]?|초",
    ),
)
_TIME = tolerant(
    rf"(?<![\d.:/])(?<!\d,)(?:(?P<n>\d+(?:[.,]\d+)?|half(?: an?)?|medi[oa]|mei[oa]|mezz[oa]|une demi|halbe|eine halbe|an?|une?|una?|eine[nr]?|um|uma|半|\b(?:{_NUMBERS})|[一二两三四五六七八九十百]{{1,3}})(?:\s+and\s+a\s+half(?P<half>))?(?:(?<=[a-z])[\s-]+|(?<![a-z])[\s-]*)个?(?P<half_too>半)?"
    rf"(?:(?P<hour>{_UNITS[0][1]})|(?P<minute>{_UNITS[1][1]})|(?P<second>{_UNITS[2][1]}))(?![a-z])(?P<half_last>半|\s+and a half|\s+(?:e mezz[oa]|et demie?|y medi[oa]|e mei[oa]|(?:e |y |et )?(?:trente|treinta|trenta|trinta|dreißig|thirty)\b))?"
    r"(?:[\s,-]*(?:and|und|et|y|e)?\s*(?P<more>\d{1,2})\s*(?:seconds?|secs?|sekunden|secondes?|segundos|secondi|秒|s\b|(?=\s*(?:$|[,.;，。、]|(?:de|di|of|lang|long)\b))))?"
    r"|(?P<m>\d{1,2}):(?P<s>[0-5]\d)(?=\s*(?:long|min|minutes?|duration|$|[,.;]|h?\s*[a-z\u4e00-\u9fff]))"
    r"|(?<!\d )(?P<m2>\d{1,2})\s?(?:m|min|mn|')\s?(?P<s2>[0-5]?\d)\s?(?:s\b|sec|\"|''|(?![\d\w]))"
    r"|(?:(?<=[\s,;(])|^):(?P<s3>\d{2})(?=\s*(?:$|[,.;)]|[a-z]))"
    r"|(?P<s4>\d{1,3}) ?s(?=\s*(?:$|[,.;)])|\s+(?:long|lang|loop|clip|jingle|ad|spot|sting|intro|video|reel|tiktok|teaser|trailer|cue|piece|of|for|de|di)\b))"
)
_NOT_ITS_LENGTH = tolerant(
    r"(?:\b(?:per|every|each|after|at|by|(?:the|in|my) (?:first|last)|within|until|before|in the|pro|jede|alle|nach|toutes les|chaque|après|cada|ogni|después de|dopo|depois de|beats? (?:a|per))\s*(?:the\s+)?|[每第前后]\s*)$"
)


def _duration(lower: str) -> tuple[float, FoundWish] | None:
    for match in _TIME.finditer(lower):
        before, said = lower[max(0, match.start() - 16) : match.start()], match.groupdict()
        if _NOT_ITS_LENGTH.search(before) or re.match(
            r"\s*(?:later|ago|walk|drive|away|break|rule|noodles?|前|后|以后)", lower[match.end() :]
        ):
            continue
        if said["m"] is not None and re.match(r"\s*[ap]\.?m\b", lower[match.end() :]):
            continue
        if said["m"] is not None:
            seconds = 60.0 * int(said["m"]) + int(said["s"])
        elif said["m2"] is not None:
            seconds = 60.0 * int(said["m2"]) + int(said["s2"])
        elif said["s3"] or said["s4"]:
            seconds = float(said["s3"] or said["s4"])
        else:
            unit = next(u for u, _ in _UNITS if said[u] is not None)
            number = said["n"].replace(",", ".")
            value = (
                0.5
                if number
                in (
                    "half",
                    "half a",
                    "half an",
                    "半",
                    "medio",
                    "media",
                    "meio",
                    "meia",
                    "mezzo",
                    "mezza",
                    "une demi",
                    "halbe",
                    "eine halbe",
                )
                else float(number)
                if number[0].isdecimal()
                else float(count(number) or 1)
            )
            halves = said["half"] is not None or said["half_too"] or said["half_last"]
            seconds = (value + 0.5 * bool(halves)) * _SECONDS[unit] + float(said["more"] or 0)
            article = number in ("a", "an", "une", "un", "una", "eine", "einen", "um", "uma")
            if article and unit == "second":
                continue  # "un segundo amor"
            alone = not before.strip() or before.rstrip().endswith(
                (
                    ",",
                    ";",
                    ":",
                    "for",
                    "of",
                    "about",
                    "around",
                    "roughly",
                    "exactly",
                    "lasts",
                    "last",
                    "under",
                    "over",
                    "run",
                    "runs",
                    "etwa",
                    "circa",
                    "environ",
                    "unos",
                    "cerca de",
                )
            )
            if (
                article
                and not re.match(r"[\s-]*(?:long\b|piece|song|track|clip|loop|de |di |lang\b)", lower[match.end() :])
                and not alone
            ):
                continue  # "wait a minute for the drop"
        if seconds > 0:
            return seconds, FoundWish(*match.span())
    return None


# --- how many chords ---------------------------------------------------------------------------------

_CHORDS = tolerant(
    rf"(?:\b(?:only|just|on|nur|bloß|lediglich|solo|sólo|solamente|só|somente|seulement|apenas|只有?|只用)\s*)?(?P<n>{_COUNT}|\b(?:a single|single|(?:ein )?einzige[nrsm]?|un seul|un (?:único|unico|solo)|um (?:único|só)|un|une|una|um|ein|einem|einen))(?:(?<=[a-zà-ÿ])[\s-]+|(?<![a-zà-ÿ])[\s-]*)(?:个|different\s+|simple\s+)*"
    r"(?:chords?|akkorde?n?|accords?|acordes?|accord[oi]|和弦|コード)(?![a-z])(?!\s*(?:per|a|each|every|pro|je|par|por|cada)\s*(?:bar|beat|measure|takt|mesure|compás|compasso|battuta)?\b|\s*(?:in|to|en|in|no|na|dans) (?:a|each|every|the|jedem|chaque|cada|ogni)\s+(?:bar|beat|measure|takt|mesure|compás|battuta)\b"
    r"|(?<=four chord)\s*song\b|(?<=4 chord)\s*song\b|(?<=four-chord)\s*song\b|(?<=4-chord)\s*song\b)(?:\s+(?:only|sol[oi]|throughout|all the way|reicht|genügt|nada más|the whole (?:time|way)|all through))?"
)
_STATIC = tolerant(
    r"\b(?:(?:derselbe|dieselbe|der gleiche|ein und derselbe) akkord|bleibt (?:immer |nur )?auf (?:einem|dem(?:selben)?|einem einzigen) akkord|toujours le même accord|siempre el mismo acorde|sempre o mesmo acorde|sempre lo stesso accordo|reste sur (?:un|le même) accord|se queda en un acorde|fica (?:em|num) (?:um )?(?:só )?acorde|no chord changes?|without chord changes?|stays? on (?:one|a single) chord|never changes? chords?|static harmony|keine akkordwechsel|sin cambios? de acordes?|sans changement d'accords?)\b|和弦不变|不换和弦|同一个和弦|单一?和弦|コードチェンジなし"
)
MOST_CHORDS = 8


def _chord_count(lower: str) -> tuple[int, FoundWish] | None:
    if (static := _STATIC.search(lower)) is not None:
        return 1, FoundWish(*static.span())
    for match in _CHORDS.finditer(lower):
        said = match.group("n")
        found = count(said) or 1
        single = not said.isdecimal() and said in ("un", "une", "una", "um", "ein", "einem", "einen", "one", "1")
        only = (
            re.match(
                r"(?:only|just|on|nur|bloß|lediglich|solo|sólo|solamente|só|somente|seulement|apenas|只)", match.group()
            )
            is not None
        )
        behind = (
            re.search(r"(?:only|sol[oi]|reicht|genügt|más|throughout|way|time|through)$", match.group()) is not None
        )
        if single and said != "one" and not (only or behind):
            continue
        after = "" if said.isdecimal() or not match.group().startswith("三和弦") else None
        if after is None or lower[match.start() :].startswith(("三和弦", "七和弦", "九和弦")):
            continue
        reason = (
            ""
            if 1 <= found <= MOST_CHORDS
            else f"a piece has 1 to {MOST_CHORDS} different chords by their number; name them for more"
        )
        return (found if not reason else 0), FoundWish(*match.span(), reason)
    return None


# --- sections ----------------------------------------------------------------------------------------

_SECTIONS: tuple[tuple[str, str, int, str | None], ...] = (
    # name, words, bars where none are said, the cue that it is played as
    (
        "intro",
        r"intros?|introduction|vorspiel|entrada(?=\s*[(:]?\s*(?:de\s+)?\d)|开头|einleitung|introducción|introduzione|introdução|auftakt(?=\s*\d)|前奏|引子|序奏|イントロ|인트로",
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
    ("trio", r"(?<=im )trio|(?<=in the )trio|(?<=dans le )trio|(?<=en el )trio|(?<=nel )trio|(?<=no )trio", 16, None),
    (
        "outro",
        r"outros?|coda|nachspiel|abspann|ending|(?<!zum )(?<!am )schluss(?:teil)?|nachspiel|conclusion|conclusión|conclusão|cierre|encerramento|fechamento|(?:final|fin|fine|ende|fim|finale)(?=\s*[(:]?\s*(?:de\s+|di\s+|mit\s+)?\d)(?!\s*\d+\s*(?:bars?|measures?)\b)|(?<= de )(?:fin|final)(?=\s*(?:$|[,.;]))|结尾(?=\s*\d+小节(?:$|[,，。、]))|尾声|尾奏|后奏|エンディング|アウトロ|아웃트로",
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
        "drop",
    ),
    (
        "C",
        r"c[ -](?:section|part|teil)|(?:section|part|teil|partie|parte|sección|sezione|seção) c|c段|\x03(?:[ -](?:section|part|teil)|段)?",
        8,
        "break",
    ),
)
_NAMED = "|".join(rf"(?P<s{n}>(?<![a-z])(?:{words})(?![a-z]))" for n, (_, words, _, _) in enumerate(_SECTIONS))
_WITH_BARS = tolerant(
    rf"(?<![第\d])(?P<before>{_COUNT})[\s-]*(?:个)?{_BARS}?[\s-]*(?:(?:of|for|de|di|für|pour|para|per|von)\s+(?:the\s+|an?\s+|das\s+|die\s+|den\s+|le\s+|la\s+|el\s+|o\s+|a\s+)?|d\'|d’|l\'|do\s+|da\s+|du\s+|del\s+|的|の)?(?:{_NAMED})(?P<twice>\s*(?:x|×)\s*2)?".replace(
        f"{_BARS}?", _BARS
    )
)
_WITHOUT_BARS = tolerant(
    rf"\s*(?:(?:[,;+、，/]|y|e|et|und|and|then|dann|danach|puis|luego|después|poi|depois|然后|接着|再)\s*)*(?P<before>{_COUNT})\s*(?:de |di |d'|of |für |pour |para |per |の|的)?(?:(?:la|le|el|il|o|a|the|die|den|das)\s+)?(?:{_NAMED})(?P<twice>)"
)
"""4 compases de intro, 8 de estrofa: so many more."""
_SEVERAL = tolerant(
    r"(?<![\d.])\b(?P<n>[2-4]|two|three|four|zwei|drei|vier|deux|trois|quatre|dos|tres|cuatro|due|tre|quattro|dois|duas|três|quatro)\s+$"
)
"""Deux couplets de 8 mesures."""
_BARS_BEHIND = tolerant(
    rf"\s*(?:\d(?=\s*[:=(]))?\s*(?:[:=(\[]|should be|must be|for|of|is|lasts?|lasting|von|de|di|mit|en|com|con|über|à|da|pendant|durante|für|sur|em|共|有|占|は|が|を)?\s*(?:(?:a|an|the|again|straight away|right away|only|just|gleich|direkt)\s+)*(?P<after>{_COUNT})[\s-]*(?:个)?(?:{_BARS}(?![a-z])|(?=\s*(?:[,;+/→|)\].。，、–—-]|$|\s*(?:and|then|again|und|dann|et|puis|y|luego|e|poi|depois|然后)\b|\s+(?:{_NAMED}))))\s*[)\]]?"
    rf"|[^,;.\d]{{0,30}}(?:{_BAR}\s+\d+)?[^,;.\d]{{0,16}}?(?:lasts?|lasting|for|dauert|dure|dura|持续)\s+(?P<later>{_COUNT})[\s-]*{_BARS}"
)
_NAME = tolerant(_NAMED)
_BETWEEN_SECTIONS = tolerant(
    r"\s*\d?\s*(?:[,;:+→>/|、，–—-]|->|and|then|und|dann|et|puis|y|luego|e|poi|followed by|into|to|directly|straight|right after|sofort|direkt|gleich|justo|enseguida|tout de suite|subito|logo|然后|接着?|紧(?=接)|随后|马上|立刻|直接|最后|和|再来?个?|と)*\s*(?:(?:then|and|an?|the|der|die|el|la|le)\s+)?"
)


def _section(match: re.Match[str]) -> tuple[str, int, str | None]:
    n = next(n for n in range(len(_SECTIONS)) if match.group(f"s{n}") is not None)
    name, _, usual, cue = _SECTIONS[n]
    return name, usual, cue


def find_sections(lower: str) -> Iterator[tuple[int, int, str]]:
    """Yield the names of sections in a text in small letters: from where to where, and which of `Section`'s names."""
    for match in _NAME.finditer(lower):
        yield match.start(), match.end(), _section(match)[0]


def _without_bars(lower: str, at: int) -> re.Match[str] | None:
    match = _WITHOUT_BARS.match(lower, at)
    return None if match is None or _BARS_BEHIND.match(lower, match.end()) is not None else match


_Found = tuple[int, int, Section, bool]
"""From where to where, the section, and whether its bars were said."""


def _sections(
    lower: str, total: int | None = None, spoken: Sequence[course.Place] = ()
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
        named = _NAME.search(lower, at)
        if named is None:
            break
        if counted is not None and counted.start() < named.start() and counted.end() >= named.end():
            name, _, cue = _section(counted)
            number = count(counted.group("before"))
            if lower[counted.end() : counted.end() + 1] in ("\x01", "\x02", "\x03"):
                at = counted.start() + len(counted.group("before"))
                continue  # 16 bars AABA: of all four
            if number:
                found.append((*counted.span(), Section(name, number, cue), True))
            in_front = bool(number)
            at = counted.end()
            continue
        in_front = False
        name, usual, cue = _section(named)
        behind = _BARS_BEHIND.match(lower, named.end())
        said = "" if behind is None else behind.group("after") or behind.group("later")
        if behind is not None and count(said):
            several = _SEVERAL.search(lower, at, named.start())
            begin = named.start() if several is None else several.start()
            times = 1 if several is None else count(several.group("n"))
            found += [(begin, behind.end(), Section(name, count(said), cue), True)] * times
            at = behind.end()
        else:
            if not within(named.start(), spoken):
                found.append((*named.span(), Section(name, usual, cue), False))
            at = named.end()
    found = _shared_by_letters(lower, found)
    with_bars = [f for f in found if f[3]]
    if len(with_bars) < 2 and (each := _each_as_long(lower, _names(lower))) is not None:
        return each
    if with_bars:
        run = _run(lower, found, with_bars)
        sections, places = tuple(s for _, _, s, _ in run), [FoundWish(start, end) for start, end, _, _ in run]
        twice = _TWICE.match(lower, run[-1][1])
        if twice is not None and len(run) > 1:
            return (*sections, *sections), [*places, FoundWish(*twice.span())]
        return sections, places
    for first in range(len(found)):
        run = found[first : first + 1]
        for before, after in zip(found[first:], found[first + 1 :], strict=False):
            if _BETWEEN_SECTIONS.fullmatch(lower, before[1], after[0]) is None:
                break
            run.append(after)
        if len(run) > 2:
            of_each = 0 if total is None or total % len(run) else total // len(run)
            return tuple(replace(s, bars=of_each or s.bars) for _, _, s, _ in run), [FoundWish(run[0][0], run[-1][1])]
    return _sharing(lower, found, total)


_SHARES = (4, 2, 1)
"""Bars to whose multiples the bars of a piece are shared out, the first of which every section gets one."""
_WITH_WORDS = re.compile(
    rf"(?:{_BETWEEN_SECTIONS.pattern})(?:(?:an?|the|ein\w*|der|die|das|une?|le|la|el|il|os?|as?|um|uma|加|与|跟|有|一个|个|接|\+)\s*)?"
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
"""What the letters of a form stand as, see `_lettered`, and from how many on they are one."""


def _run(lower: str, found: Sequence[_Found], with_bars: Sequence[_Found]) -> list[_Found]:
    """Return the sections that have bars, and those listed between them that have none."""
    first, last = with_bars[0], with_bars[-1]
    run = [f for f in found if f[3] or first[0] < f[0] < last[0]]
    for f in found:  # "verse 8 bars, build 4 bars, drop"
        if f[0] < last[1] or _BETWEEN_SECTIONS.fullmatch(lower, run[-1][1], f[0]) is None:
            continue
        if len(run) > 1 or (run[-1][2].name, f[2].name) == ("build", "drop"):
            run.append(f)
    return run


_TWICE = tolerant(
    r"[\s,;]*(?:and |all |und |das ganze |le tout |todo |tutto |tudo |全部)?(?:that |this |it )?(?:all )?(?:twice|x ?2|2 ?x|two times|2 times|repeated(?: once)?|zweimal|zwei ?mal|deux fois|dos veces|due volte|duas vezes|两[遍次])\b|[\s,，]*(?:重复|来)?两[遍次]"
)
_EACH = tolerant(
    rf"[\s,;:.–—-]*(?:form\w*|forma|all|alle|with|of|mit|avec|con|com|de|di|each|jede[rsn]? (?:teil|abschnitt)|chaque (?:partie|section)|ogni (?:parte|sezione)|(?:each|every) (?:part|section)|cada (?:parte|sección|seção)|jeweils|je|chacun\w*|cada un[oa]|ciascun\w*|cada|三段式|每段|每个|各|を|は|,|\s)*[\s,;:]*(?P<n>{_COUNT})[\s-]*(?:个)?{_BARS}(?![a-z])\s*(?:each|a ?piece|apiece|per (?:section|part)|jeweils|pro (?:teil|abschnitt)|chacun\w*|chaque|(?:por|per|par) (?:sección|sezione|seção|section|parte|partie)|cada(?: un[oa])?|ciascun\w*|l'un[oae]?|each one|long|ずつ)?"
)
_SAYS_EACH = tolerant(
    r"each|every|jede|ogni|a ?piece|per (?:section|part)|jeweils|\bje\b|pro (?:teil|abschnitt)|chacun|chaque|cada|ciascun|l'un|ずつ|(?:por|per|par) (?:sec|sez|seç|part)|每|各"
)


def _names(lower: str) -> list[_Found]:
    return [
        (m.start(), m.end(), Section(name, usual, cue), False)
        for m in _NAME.finditer(lower)
        for name, usual, cue in (_section(m),)
    ]


def _each_as_long(lower: str, found: Sequence[_Found]) -> tuple[tuple[Section, ...], list[FoundWish]] | None:
    """Return a list of two or more sections that are followed by the bars of each: verse verse chorus, 8 bars each."""
    first = 0
    while first < len(found):
        run = [found[first]]
        for after in found[first + 1 :]:
            if _BETWEEN_SECTIONS.fullmatch(lower, run[-1][1], after[0]) is None:
                break
            run.append(after)
        first += len(run)
        each = _EACH.match(lower, run[-1][1])
        if len(run) > 1 and each is not None and _SAYS_EACH.search(each.group()) and count(each.group("n")):
            bars = count(each.group("n"))
            sections = tuple(replace(s, bars=bars) for _, _, s, _ in run)
            return sections, [FoundWish(run[0][0], each.end())]
    return None


BARS_BETWEEN = 8
"""Bars between an intro and an outro where nothing else was named."""

# --- what happens at a bar ---------------------------------------------------------------------------

_AT = rf"(?<![a-zà-ÿ])(?:(?:after|nach|tras|a los|aos|al cabo de|ao cabo de|au bout de|después de|après|dopo|depois de)\s+(?:the\s+first\s+)?(?P<{{0}}_after>\d{{{{1,3}}}}|{_NUMBERS})\s+{_BARS}|(?:(?:at|on|in|from|by|around|ab|bei|in|desde|en|à|dès|a|da|dalla|alla|al|na|no|auf|mit|zu)\s+)?(?:the\s+|la\s+|le\s+|el\s+|il\s+|o\s+)?{_BAR}\s+(?P<{{0}}>\d{{{{1,3}}}}|{_NUMBERS})|(?<![第\d])(?P<{{0}}_behind>\d{{{{1,3}}}})小[节節](?:之后|以后|后)に?|(?:第\s*|(?<!\d)(?=\d{{{{1,3}}}}小[节節](?:进|入|处|时)))(?P<{{0}}_zh>\d{{{{1,3}}}}|[一二三四五六七八九十百]{{{{1,3}}}})\s*小[节節]\w{{{{0,2}}}}|(?P<{{0}}_th>\d{{{{1,3}}}})(?:st|nd|rd|th)\s+bar)"
"""Where something happens, by the bar; `format` gives the group its name, so braces are doubled twice here: {1,3} is written {{{{1,3}}}}."""
_NUMBERED = r"\s*(?:(?:entra|llega|cae|viene|kommt|hits|comes|lands|is|arrive|tombe|vem|chega|cai|entre|arriva|commence|starts)\s+)?(?:\b(?:at|on|in|bei|auf|à|alla|en|a|em)\s+(?:the\s+|la\s+|el\s+|le\s+|o\s+)?(?P<number>\d{1,3})(?!\d|[.,]\d|\s*(?:b\.?p\.?m|%|/|:|s\b|sec|min|hz)))"
"""A bar that is a number alone: drop at 33."""
_ON_ONE = r"(?:(?:exactly |genau |pile |justo )?(?:auf|on|right on|sur|en|na|no|sul)\s+(?:the |der |die |le |el |la )?(?:1|eins|one|uno|um|un|downbeat|first beat|premier temps|erste[nr]? (?:schlag|zählzeit)|primer (?:tiempo|golpe)|primeiro tempo)\s+(?:von |of |in |de |del |do |da |di )?)"
"""Auf der 1 von Takt 13."""
_HAPPENS = tolerant(
    rf"(?:{_NAMED})(?:[\s,]*(?:{_ON_ONE}|(?:\w+\s+){{0,3}}?)(?:放在|落在|出现在|安排在|在|于|从|到|是|は|が)?(?:{_AT.format('bar')})|{_NUMBERED})"
)
_THEN = tolerant(
    rf"(?:{_AT.format('bar')})(?:\s+on(?:wards)?)?[,=:：\s]*(?:(?:we|it|then|dann|arrive|kommt|fällt|setzt|schlägt|knallt|der|den|die|llega|entra|viene|cae|cai|tombe|explose|explota|entre|suelta|arriva|vem|chega|o|el|il|la|le|les|un|uno|comes?|hits?|lands?|is|there is|soll|muss|es|richtig|so|alles|should|must|has to|everything|tiene que|debe|que|todo|tudo|doit|il faut que|tout|ça|deve|a|an|the|big|huge|gros|énorme|gran|grande|große[rns]?|fette[rns]?|massive[rns]?|大|巨大?|进|进入|来|开始|是|有|一个|で|に|から|が|の)\s*){{0,6}}(?:{_NAMED})"
)
_LINK = tolerant(r"\b(?:and|then|und|dann|y|luego|et|puis|ensuite|e|poi|depois)\b|[,，、;]|のあと|然后")
"""Behind it another clause begins: 4 bars of build-up, and at bar 13 the drop."""
_UNTIL_BEFORE = tolerant(r"\b(?:until|till?|bis|jusqu'[àa]u?|hasta|até|fino a(?:lla)?)\s*(?:the\s+)?$")
_BEFORE_IT = tolerant(
    rf"\b(?:vorher|davor|zuvor|before (?:that|it|which)|avant (?:ça|cela)|antes(?: de eso| disso)?|prima(?: di quello)?|precedid[oa] (?:de|por)|preceded by|précédé de|之前|前面)[\s:,]*(?:the |las? |los |les |die )?(?P<n>{_COUNT})\s*{_BARS}|\b(?P<m>{_COUNT})\s*{_BARS}\s+(?:vorher|davor|zuvor|before(?= (?:that|it)\b|\s*(?:$|[,.;]))|avant(?=\s*(?:$|[,.;]))|antes(?=\s*(?:$|[,.;]))|prima(?=\s*(?:$|[,.;])))(?: that| it)?"
)
"""So many bars before the drop."""
FILL = tolerant(
    r"\b(?:(?:big |short |drum |snare |tom )*fills?(?:-?ins?)?|schlagzeug-?fills?|trommelwirbel|roulements?(?: de (?:batterie|caisse))?|breaks? de batterie|rellenos?(?: de batería)?|redobles?|rullate?|viradas?(?: de bateria)?|passaggi di batteria)\b|过门|加花|フィル(?:イン)?"
)
"""What drums play between two lines."""
_FILL_AT = tolerant(rf"(?:{FILL.pattern})[\s,]*(?:\w+\s+){{0,2}}?(?:{_AT.format('bar')})")
_FILL_THEN = tolerant(rf"(?:{_AT.format('bar')})[\s,:]*(?:\w+\s+){{0,2}}?(?:{FILL.pattern})")
_BARS_IN = tolerant(
    rf"(?P<n>{_COUNT})\s*{_BARS}\s+(?:in|rein|later|später|plus tard|después|dopo|depois),?\s*(?:(?:we|it|the|beat|then|comes|kommt|der|el|le|il|o)\s+)*(?:{_NAMED})"
)
"""So many bars in, we drop."""
_COUNTS_BARS = tolerant(rf"bpm|{_BARS}")
_STARTS = r"(?:enters?|comes? in|starts?|begins?|kicks? in|joins?|set in|setzt ein|einsetzen|entran?|entrent|entre|entrano|entram|进来?|进入|加入|开始)"
_ENDS = r"(?:stops?|drops? out|leaves?|ends?|go(?:es)? (?:away|silent)|falls? away|停止?|退出|消失)"
_PARTS = tolerant(rf"{PART.pattern}")
_PART_AT = tolerant(
    rf"(?P<what>{_STARTS}|{_ENDS}|only|nur|solo|just)?\s*(?:only\s+)?(?:{_AT.format('bar')})(?P<on>\s+on(?:wards)?)?"
)
_UNTIL = tolerant(
    rf"\s*(?:until|till|before|bis(?: zum)?|hasta(?: el)?|jusqu'(?:à|au)(?: la)?|fino (?:a|alla))\s+(?:the\s+|la\s+)?{_BAR}\s+(?P<bar>\d{{1,3}})"
)
_FROM_THERE = tolerant(rf"\s*(?:{_AT.format('bar')})(?: on(?:wards)?)?")
_FOR_FIRST = tolerant(rf"\s*(?:for|in|during)\s+the\s+first\s+(?P<n>{_COUNT})\s+{_BARS}")
_IN_SECTION = tolerant(
    rf"\s*(?P<only>only\s+|nur\s+|solo\s+)?(?:in|during|im|in der|en|dans|nel|nella|no|na)\s+(?:the\s+|le\s+|la\s+|el\s+|l')?(?:{_NAMED})"
)


_PART_THERE = tolerant(rf"\s*(?:{_PART_AT.pattern})")
_BRINGS = tolerant(r"\b(?:bring(?:s|ing)? in|add(?:s|ing)?|introduc\w+|start(?:s|ing)?)\s+(?:the\s+|a\s+)?$")
_IN_HALF = tolerant(r"\s*(?P<only>only\s+)?(?:in|during|from|for)\s+the\s+(?P<half>first|second)\s+half\b")
_FIRST_BARS = tolerant(
    rf"\b(?:the\s+|for the\s+|in the\s+)?first\s+(?P<n>{_COUNT})\s+{_BARS}[:,]?\s+(?:(?:is|are|with)\s+)?(?P<how>only|just|no|without)\s+(?:the\s+)?(?:{PART.pattern})"
)


def _bar(match: re.Match[str]) -> int:
    after, number = match.group("bar_after") or match.group("bar_behind"), match.groupdict().get("number")
    if number is not None:
        return int(number)
    return count(after) + 1 if after else count(match.group("bar") or match.group("bar_zh") or match.group("bar_th"))


def _at_bars(lower: str, sections: Sequence[Section]) -> tuple[list[CueAt], list[Rest], list[FoundWish]]:
    cues: list[CueAt] = []
    rests: list[Rest] = []
    found: list[FoundWish] = []
    happening = [
        m
        for name in _NAME.finditer(lower)
        if (m := _HAPPENS.match(lower, name.start())) is not None
        and _NAME.search(lower, name.end(), m.end()) is None
        and not _belongs_behind(lower, name.end(), m.end())
    ]
    for matches in (happening, list(_THEN.finditer(lower))):
        for match in matches:
            if matches is not happening and _UNTIL_BEFORE.search(lower, max(0, match.start() - 24), match.start()):
                continue  # quiet until bar 32, drop on 33
            if within(match.start(), [(f.start, f.end) for f in found]):
                continue
            section, _, cue = _section(match)
            if section == "build" and match.group("bar_after"):
                continue  # after 8 bars of build-up
            bar = _bar(match)
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
                1 <= _bar(match) <= MAX_BARS
                and not within(match.start(), [(f.start, f.end) for f in found])
                and NEGATION.search(lower, max(0, match.start() - 8), match.start()) is None
            ):
                cues.append(CueAt(_bar(match), "fill"))
                found.append(FoundWish(*match.span()))
    for match in _BARS_IN.finditer(lower):
        section, _, cue = _section(match)
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
            rests.append(Rest(name, _bar(at), None))
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
            where, _, _ = _section(inside)
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
            bar, what = _bar(at), at.group("what") or ""
            if re.fullmatch(_ENDS, what):
                rests.append(Rest(name, bar, None))
            elif bar > 1:
                rests.append(Rest(name, 1, bar - 1))
            found.append(FoundWish(start, at.end()))
    return cues, rests, found


def _section_before(lower: str, start: int) -> str:
    """Return the section that ends, with its bars, right before a place: intro 8 bars without drums; "" where none does."""
    for match in _NAME.finditer(lower, max(0, start - 40), start):
        behind = _BARS_BEHIND.match(lower, match.end(), start)
        if not lower[match.end() if behind is None else behind.end() : start].strip():
            return _section(match)[0]
    return ""


def _belongs_behind(lower: str, start: int, end: int) -> bool:
    """Return True if the bar that ends at a place is that of the name behind it: build-up, and at bar 13 the drop."""
    link = _LINK.search(lower, start, end)
    then = _THEN.search(lower, start if link is None else link.end(), end + 40)
    if then is None or then.start() >= end:
        return False
    name = next(_NAME.finditer(lower, end, then.end()), None)
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


# --- another key ---

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
    rf"[\s,]*(?:(?:{_AT.format('bar')})|halfway(?: through)?|in the (?:middle|second half)|(?:for|in) the (?:last|final) \w+|at the end)",
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


def _modulation(plain: str) -> tuple[Modulation | None, Key | None, FoundWish | None]:
    """Return a change of key, and the key that it begins in where that is said."""
    for leave in _FROM_KEY.finditer(plain):
        first = _key_at(plain, leave.end())
        then = None if first is None else _THEN_KEY.match(plain, first[1])
        second = None if then is None or then.end() == then.start() else _key_at(plain, then.end())
        spoken = _CHANGES.search(plain[max(0, leave.start() - 24) : leave.start()]) is not None
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
    for goes in _GOES.finditer(plain):
        relative = _RELATIVE.match(plain, goes.end())
        if relative is not None and relative.group(1).lower().startswith("relative"):
            return Modulation(relative.group(1).lower()), None, FoundWish(goes.start(), relative.end())
        to = _key_at(plain, goes.end())
        if to is not None and to[2]:
            bar, end = _where(plain, to[1])
            return Modulation(to[0].name, 0, bar), None, FoundWish(goes.start(), end)
    return None, None, None


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
    rf"(?:(?P<which>末|last|final|closing|second|2nd|third|3rd|letzte[rnms]?|zweite[rnms]?|dritte[rnms]?|derni(?:er|ère)|deuxième|second|troisième|último|última|segund[oa]|tercer[oa]?|terceir[oa]|ultim[oa]|second[oa]|terz[oa]|最后一?[个段遍次]?|第[二三23][段遍次]?)(?:\s|的)*(?:(?:big|the|vez d[oe]l?|vuelta del?)\s+)?)?(?:{_NAMED})(?P<behind>\s+(?:final|último|finale))?"
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
    rf"(?:\b(?:for|in|over|during|für|in|pour|sur|en|nelle|nos|nas|durante)\s+)?(?:(?:the|die|den|der|les|los|las|le|gli|os|as)\s+)?(?:\b(?:last|final|letzten?|dernières?|últim[oa]s?|ultim[eiao])|最后)\s*(?P<n>{_COUNT})\s*(?:个)?{_BARS}|(?P<m>{_COUNT})\s+(?:dernières|últim[oa]s|ultim[ei]|letzten)\s+{_BARS}"
)
_BAR_PLACE = tolerant(_AT.format("bar"))
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
        return _bar(match), "", [match.span()]
    if (ending := _LAST_BARS.search(lower, low, high)) is not None and total is not None:
        bars = count(ending.group("n") or ending.group("m"))
        if 0 < bars < total:
            return total - bars + 1, "", [ending.span()]
    if total is not None and total > BARS_BETWEEN and (end_too := course.at_end_of(lower, start, end)) is not None:
        return total - max(_FEW, total // 4) + 1, "", [end_too]
    if (half := _HALFWAY.search(lower, low, high)) is not None:
        return (None if total is None else total // 2 + 1), "", [half.span()]
    named = [m for m in _SECTION_PLACE.finditer(lower, low, high) if m.end() <= start or m.start() >= end]
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
        return None, f"{which} {_section(match)[0]}".strip(), [match.span()]
    return None, "", []


def _modulation_wish(plain: str, total: int | None) -> tuple[Modulation | None, Key | None, list[course.Place]]:
    """Return a change of key, the key that it begins in where that is said, and where its words stand."""
    wish, first, found = _modulation(plain)
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
        said = match.group("which") or match.group("behind")
        into = (
            None if not said else re.compile(r"\s*(?:in|en|em|auf|转|是|用|は|to)\s*", re.I).match(plain, match.end())
        )
        key = None if into is None else _key_at(plain, into.end())
        if said and key is not None and key[2]:
            which = next((name for name, words in _WHICH if re.search(words, said)), "")
            return Modulation(key[0].name, 0, None, f"{which} {_section(match)[0]}"), None, [(match.start(), key[1])]
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
    return (_bar(match) if named else None), match.end()


# --- what nothing here can do ------------------------------------------------------------------------

_NUMBER = r"(?<!\d)\d{1,3}(?:[.,]\d{1,2})?"
_CANNOT: tuple[tuple[str, str], ...] = (
    ("nothing here sings: the music is notes for instruments", r"\b(?:(?:fe)?male\s+)?(?:lead\s+|backing\s+)?(?:vocals?(?! chops?)|vocalists?|lyrics|spoken word|voice-?over)\b|\b(?:with|add|plus) (?:an? )?(?:\w+ )?(?:singers?|rappers?)\b|\b(?:fe)?male (?:singers?|voices?)\b|\bavec (?:du |un )?chant\b|\b(?:mit|avec|con|com)\s+(?:gesang|paroles|voz|letra|canto|voce)\b|(?<!切片)(?<!切碎)人声(?!切片)|歌词|演唱|ボーカル|歌詞|보컬|가사"),
    ("the sound is that of the instruments that play the notes; effects are put there", r"\b(?:reverb\w*|delay pedals?|sidechain\w*|compress(?:ed|ion|or)|(?:low|high)[- ]?pass|filter sweeps?|stereo (?:width|field|image)|(?:hard[- ])?pann(?:ed|ing)|pan the \w+ (?:hard )?(?:left|right)|vocoder|talk ?box|echo and delay|auto-?tun\w*|master(?:ed|ing)\b(?! of)|mix(?:ed)? (?:it )?down|eq(?:'?d| curve)?\b|bit-?crush\w*|vinyl crackle|tape hiss|white noise|sound effects|sfx|field recordings?|foley|nachhall|réverbération)\b|混响|延迟效果|音效|黑胶噪音"),
    ("`llmball render` makes audio of a clip, `llmball sheet` a score", r"\b(?:as|in|to|an?|export|render|save|give me)\s+(?:an?\s+)?(?:mp3|wav|flac|ogg|aiff|audio|stems?|sheet music|pdf|music ?xml|video)\b(?!-)|\b(?:mp3|wav|flac|stems|musicxml)(?: file| export)?\s*(?=$|[,.;])"),
    ("one piece is written: llmball clip --takes N writes several", rf"\b(?:{_COUNT})\s+(?:different\s+)?(?:versions|variations|takes|options|alternatives|varianten|versiones|versioni|versões)\b|(?<!\d)[一二两三四五六七八九\d]{{1,3}}个?(?:版本|变奏)"),
    ("notes are those of the piano, tuned by who plays them", r"\b(?:432|440|442|415)\s*hz\b|\bmicroton\w+|\bquarter[- ]tones?\b|\bjust intonation\b|\b(?:drop|open)[- ][a-g] tuning\b|\bcapo\b|微分音|四分之一音"),
    ("maqams and ragas are played by the scales that have twelve equal tones: hijaz, double harmonic, phrygian …", r"\b(?:maqam|makam|dastgah|slendro|pelog)\b(?:\s+\w+)?|\b(?:raga|raag)\s+\w+"),
    ("the tempo is steady, but for a ramp from one to another", r"\b\d{2,3}(?: bpm)?,? (?:and )?then \d{2,3}(?: bpm)?\b(?! bars)|\b(?:rubato|tempo changes|free (?:time|tempo)|sin tempo fijo|tempo libero|freies tempo)\b|自由速度|散板"),
    ("loudness is set by /llmball/part/NAME/level, not in decibels", rf"{_NUMBER}\s?db\b|\bvelocity\s+(?:of\s+)?{_NUMBER}\b"),
    ("a bar is changed by redoing it: --redo 3-4", rf"\b(?:in|at|on|from|after)\s+(?:the\s+)?(?:last|first|{_COUNT})?\s*{_BAR}\s+\d{{1,3}}(?:\s*(?:-|to|and)\s*\d{{1,3}})?\b|\b(?:last|first)\s+(?:{_COUNT})\s+bars?\b"),
    ("where in the bar a part plays is its style's, or a figure's: four on the floor, offbeat bass", r"\bonly\s+on\s+(?:the\s+)?(?:\d|one|two|three|four)(?:\s*(?:and|,|&|\+)\s*(?:the\s+)?(?:\d|one|two|three|four))*\b|\b(?:only\s+)?on\s+(?:the\s+)?(?:(?:beats?|counts?)\s+\d(?:\s*(?:and|,|&|\+)\s*\d)*|(?:first|second|third|fourth|last|1st|2nd|3rd|4th)\s+beat)\b|\bnur auf (?:der |die )?(?:eins|zwei|drei|vier|\d)\b|只在第[一二三四\d]拍"),
    ("what changes in a section is who plays there: no drums in the intro", r"\b(?:only\s+)?(?:in|during|for)\s+the\s+(?:last\s+|first\s+|second\s+|final\s+)?(?:intro|outro|verses?|chorus(?:es)?|pre-?chorus|bridge|breakdown|coda|[ab][ -]section)\b(?:\s+only)?|(?:副歌|主歌|前奏|间奏|尾奏|桥段)(?:的?时候|部分|里|才)"),
    ("a part enters at a bar: drums enter at bar 5", r"\b(?:join|enter|come|start|kick)s?\s+(?:in\s+)?(?:later|eventually|halfway|gradually|towards the end)\b|\b(?:no|without)\s+(?:\w+\s+)?\w+\s+(?:at first|at the (?:beginning|start))\b|\b(?:start|begin|open)\w* with (?:just |only )?(?:an? |the )?\w+[^.;]{0,20}?\b(?:then|before)\b[^.;]{0,12}\b(?:add|bring|enter|come|join)\w*(?:\s+\w+){0,2}|\b(?:layer by layer|one by one|one after (?:another|the other))\b|(?:渐渐|逐渐|依次)加入"),
    ("a clip is as long as its bars: say how many", r"\b(?:repeat(?:ed|s)?|loop(?:ed)?|play(?:ed)?)(?: it| this)?\s+(?:\d+ times|twice|three times|four times)\b|重复[两二三四五\d]遍"),
    ("a piece has one metre", r"(?<![\d/])\d{1,2}/(?:2|4|8|16)\b[^.;]{0,24}?\bthen\s+(?:in\s+)?\d{1,2}/(?:2|4|8|16)|\b(?:switch|chang)\w*\s+to\s+\d{1,2}/(?:2|4|8|16)|(?<![\d/])\d{1,2}/(?:2|4|8|16)\s*(?:,?\s*(?:then|and then|to|and|alternating with|followed by|und|dann|puis|y luego|然后|转|交替))\s*\d{1,2}/(?:2|4|8|16)|\b(?:changing|alternating|mixed|irregular) (?:met(?:re|er)s?|time signatures?)\b|\btaktwechsel\b|变拍"),
    ("the form is named by its sections with their bars: intro 4 bars, verse 8 bars …", r"(?<![A-Za-z])[ABC]{3,8}(?:'|’)?\s+form\b|\b(?:verse[-/ ]chorus|song|sonata|rondo|binary|ternary|through-composed)[- ](?:form|structure)\b"),
)  # fmt: skip
_IMPOSSIBLE = tuple((reason, tolerant(pattern, re.I)) for reason, pattern in _CANNOT)
_NO_FILLS = tolerant(r"\b(?:no|without(?: any)?|ohne|sans|sin|senza)\s+(?:drum\s+)?fills?\b|不要过门|不要加花")
_TOO_LONG = tolerant(rf"(?<![\d.#])(\d{{3,6}}|[二两三四五六七八九]百)[\s-]?(?:个)?\s?{_BARS}(?![a-z])")
_NO_BAR = tolerant(
    rf"(?:\b(?:from|at|on|in|until|till|up to|ab|bei|bis|hasta|até|à partir de|dès|à|desde|en|no|da|dalla|alla)\s+)?(?:the\s+|la\s+|el\s+|il\s+|o\s+)?\b{_BAR}\s+0+(?!\d|[.,]\d)|[从自]?第\s*[0零]+\s*小[节節](?:开始|起)?"
)
_TOO_FAST = tolerant(
    r"(?<![\d.])(\d{1,6})\s?(?:bpm|b\.p\.m\.?|beats per minute|拍每分钟)(?![a-z])|\btempo\s*(?:of|=|:)?\s*(\d{3,6})\b"
)


def _impossible(plain: str, lower: str) -> Iterator[FoundWish]:
    no_bars = [m.span() for m in _NO_BAR.finditer(lower)]
    yield from (FoundWish(*span, "bars are counted from 1") for span in no_bars)
    for reason, pattern in _IMPOSSIBLE:
        for match in pattern.finditer(plain):
            if not within(match.start(), no_bars):
                yield FoundWish(*match.span(), reason)
    for match in _TOO_LONG.finditer(lower):
        if count(match.group(1)) > MAX_BARS:
            yield FoundWish(*match.span(), f"a clip has {MAX_BARS} bars at most")
    for match in _TOO_FAST.finditer(lower):
        if not MIN_TEMPO <= int(match.group(1) or match.group(2)) <= MAX_TEMPO:
            yield FoundWish(*match.span(), f"a tempo lies in {MIN_TEMPO}..{MAX_TEMPO}")


def find_wishes(plain: str) -> FoundWishes:
    """Return the wishes of a text: those that clips meet with their values, and those that cannot be met with the reason."""
    lower = plain.lower() if len(plain.lower()) == len(plain) else plain
    found: list[FoundWish] = []
    bars = None
    counted = tempo_meter.bars(lower)
    total = None if counted is None else counted.value
    ramp, tempo, places, right = course.ramp(lower, total)
    if ramp is not None and counted is not None and ramp.first is not None and ramp.first > counted.value:
        ramp = replace(ramp, bars=counted.value)  # from bar 17 on, 8 bars long
        places.append((counted.start, counted.end))
    found += _at(places, "tempo", "" if right else f"a tempo lies in {MIN_TEMPO}..{MAX_TEMPO}")
    fades = list(course.fades(lower, total))
    found += [wish for _, places in fades for wish in _at(places, "dynamics") if not _inside(wish, found)]
    modulation, first_key, places = _modulation_wish(plain, total)
    found += _at(places, "key")
    sections, placed = _sections(_lettered(plain, lower), total, [(f.start, f.end) for f in found])
    placed = [replace(_led(lower, p, _AT_LAST), about="form") for p in placed]
    barred = any(any(c.isdigit() for c in lower[p.start : p.end]) for p in placed)
    found += placed
    if len(sections) > 1 and {s.name for s in sections} <= {"intro", "outro"}:
        middle = Section("verse", BARS_BETWEEN)
        sections = (*sections[:-1], middle, sections[-1]) if sections[-1].name == "outro" else (*sections, middle)
    if len(sections) > 1:
        bars = sum(s.bars for s in sections)
        if bars > MAX_BARS:
            found = [
                replace(f, reason=f"a clip has {MAX_BARS} bars at most, these sections have {bars}")
                if f in placed
                else f
                for f in found
            ]
            sections, bars = (), None
    cues, rests, placed = _at_bars(lower, sections)
    drop = next((c.bar for c in cues if c.cue == "drop"), None)
    lead = None if drop is None else _BEFORE_IT.search(lower)
    if (
        drop is not None
        and lead is not None
        and (bars_before := count(lead.group("n") or lead.group("m"))) in range(1, drop)
    ):
        if not any(c.cue == "build" for c in cues):
            cues.append(CueAt(drop - bars_before, "build", bars_before))
        placed.append(FoundWish(*lead.span()))
    if drop is not None and (not barred or {s.name for s in sections} <= {"build", "drop", "breakdown"}):
        builds = [s.bars for s in sections if s.name == "build" and barred]
        if builds and builds[0] < drop and not any(c.cue == "build" for c in cues):  # so many bars before the drop
            cues.append(CueAt(drop - builds[0], "build", builds[0]))
        sections, bars = (), None
    cues = [
        replace(c, bars=drop - c.bar)
        if c.cue == "build" and drop is not None and c.bar < drop and drop - c.bar != CUES["build"][0]
        else c
        for c in cues
    ]
    found = _widened(found, placed)
    duration = _duration(_without(lower, found))
    chords = _chord_count(lower)
    found += [] if duration is None else [replace(_led(lower, duration[1], _LASTS), about="length")]
    found += [] if chords is None else [replace(chords[1], about="chords")]
    taken = [(f.start, f.end) for f in found]
    found += [w for w in _impossible(plain, lower) if not within(w.start, taken)]
    fills = _NO_FILLS.search(lower)
    found += [] if fills is None else [FoundWish(*fills.span(), "fills belong to the style", "form")]
    wishes = Wishes(
        seconds=0.0 if duration is None else duration[0],
        chords=0 if chords is None else chords[0],
        sections=sections,
        cues=tuple(sorted(cues, key=lambda c: c.bar)),
        rests=tuple(rests),
        ramp=ramp,
        fades=tuple(fade for fade, _ in fades),
        modulation=modulation,
    )
    return FoundWishes(wishes, tuple(sorted(found, key=lambda f: f.start)), bars, tempo, first_key)


_FORM = tolerant(
    r"(?<![A-Za-z'’#♯])([ABC]{3,8})(?![A-Za-z0-9_])(?:\s*-?\s*(?:form|Form|forma|forme))?|(?<![A-Za-z'’#♯])[ABC](?:[\s,–-]+[ABC](?![\w'’#♯m/])){2,}"
)
_LETTER_BARS = tolerant(
    rf"(?<![A-Za-z'’#♯/])[ABC](?=\s*(?:[:=(]\s*|for\s+|mit\s+|de\s+|di\s+|à\s+)?(?:{_COUNT})\s*[- ]?(?:{_BARS}|[,;.)]|$))"
)
_LETTERS = {"A": "\x01", "B": "\x02", "C": "\x03"}


def _lettered(plain: str, lower: str) -> str:
    """Return a text in small letters in which the letters of a form, AABA or A 8 B 8, stand as signs of their own."""
    found = list(lower)
    places = [
        i
        for m in _FORM.finditer(plain)
        for i in range(m.start(), m.end())
        if plain[i] in _LETTERS and not plain[i + 1 : i + 2].islower()
    ]
    if len(named := [m.start() for m in _LETTER_BARS.finditer(plain)]) > 1 or re.search(
        r"\b[AB] (?:section|part)|[AB]-Teil", plain
    ):
        places += named
    for at in places:
        found[at] = _LETTERS[plain[at]]
    return "".join(found)


_About = Literal["", "length", "chords", "form", "tempo", "dynamics", "key"]


def _at(places: Sequence[course.Place], about: _About, reason: str = "") -> list[FoundWish]:
    """Return a wish at each of its places; of those that overlap, one from the first to the last."""
    joined: list[course.Place] = []
    for start, end in sorted(places):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return [FoundWish(start, end, reason, about) for start, end in joined]


_LASTS = tolerant(
    r"\b(?:(?:que |it |should |must |soll |va |doit )*(?:lasts?|lasting|dur(?:e|a|i|ar|er|are|ée|ación|ata|ação)|dauer[nt]?|length|länge|long of|lang)(?: de| di| of| von)?)[\s:=]*$"
)
_AT_LAST = tolerant(
    r"(?:\b(?:zum schluss|am (?:ende|schluss)|nochmals?|noch einmal|finally|at the end|once more|again|à la fin|pour finir|encore|al final|otra vez|alla fine|di nuovo|ancora|no final|de novo|mais uma vez)|最后|再来?个?)[\s,]*$"
)
"""What leads to what was found, and says no more: lasts 45 seconds, and at the end 8 bars of verse."""


def _led(lower: str, wish: FoundWish, lead: re.Pattern[str]) -> FoundWish:
    """Return a wish with the words before it that lead to it."""
    at = wish.start
    while (before := lead.search(lower, max(0, at - 40), at)) is not None and before.start() < at:
        at = before.start()
    return replace(wish, start=at)


def _widened(found: Sequence[FoundWish], placed: Sequence[FoundWish]) -> list[FoundWish]:
    """Return what was found, and what happens at bars: where both begin with the same words, up to the end of both."""
    joined = list(found)
    for wish in placed:
        beside = next((i for i, f in enumerate(joined) if f.start <= wish.start < f.end), None)
        if beside is None:
            joined.append(replace(wish, about="form"))
        elif joined[beside].about == "form" and not joined[beside].reason:
            joined[beside] = replace(joined[beside], end=max(joined[beside].end, wish.end))
    return joined


def _inside(wish: FoundWish, found: Sequence[FoundWish]) -> bool:
    return any(f.start <= wish.start and wish.end <= f.end for f in found)


def _without(lower: str, found: Sequence[FoundWish]) -> str:
    for wish in found:
        lower = lower[: wish.start] + "\0" * (wish.end - wish.start) + lower[wish.end :]
    return lower
