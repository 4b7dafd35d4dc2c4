"""Wishes about a piece as a whole: its length in time, its form, its course. Those that a clip meets, and those that nothing here can.

Each is found by its form (a number of minutes, a section with its bars, something that happens at a bar), in English, Chinese,
German, French, Spanish, Italian and Portuguese. Pure patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from model.music.control import MAX_BARS, MAX_TEMPO, MIN_TEMPO
from model.music.harmony import Key
from model.music.notes import PARTS
from model.music.wishes import CueAt, Fade, Kind, Modulation, Rest, Section, TempoRamp, Wishes
from model.prompt.rules import keys
from model.prompt.rules.negation import NEGATION, within
from model.prompt.rules.parts import PART
from model.prompt.rules.tempo_meter import COUNTS, chinese_number
from model.prompt.rules.vocabulary import find as find_terms


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


_NUMBERS = "|".join(sorted(COUNTS, key=len, reverse=True))
_COUNT = rf"(?:\d{{1,4}}|\b(?:{_NUMBERS})|[一二两三四五六七八九十]{{1,3}})"
_BARS = r"(?:bars?|measures?|takte?n?|compases|compás|compassos?|mesures?|battut[ae]|小节|小節|마디)"
_BAR = r"(?:bars?|measures?|takt|compás|compasso|mesure|battuta)"


def count(said: str) -> int:
    """Return the number that digits or words say, 0 where they say none."""
    return int(said) if said.isdecimal() else COUNTS.get(said) or chinese_number(said)


# --- how long ----------------------------------------------------------------------------------------

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_UNITS = (
    ("hour", r"hours?|hrs?|stunden?|heures?|horas?|ore|小时|時間|시간"),
    ("minute", r"minutes?|mins?|minuten?|minutos?|minut[oi]|分钟|分鐘|分(?=$|[的の半左,，。]|\d+秒)|분"),
    ("second", r"seconds?|secs?|sekunden?|secondes?|segundos?|second[oi]|秒钟?|초"),
)
_TIME = re.compile(
    rf"(?<![\d.:/])(?<!\d,)(?:(?P<n>\d+(?:[.,]\d+)?|half(?: an?)?|medio|meio|mezzo|une demi|halbe|eine halbe|an?|une?|una?|eine[nr]?|um|uma|半|\b(?:{_NUMBERS})|[一二两三四五六七八九十]{{1,3}})(?:\s+and\s+a\s+half(?P<half>))?(?:(?<=[a-z])[\s-]+|(?<![a-z])[\s-]*)个?(?P<half_too>半)?"
    rf"(?:(?P<hour>{_UNITS[0][1]})|(?P<minute>{_UNITS[1][1]})|(?P<second>{_UNITS[2][1]}))(?![a-z])(?P<half_last>半|\s+(?:e mezz[oa]|et demie?|y medi[oa]|e mei[oa]|(?:e |y |et )?(?:trente|treinta|trenta|trinta|dreißig|thirty)\b))?"
    r"(?:[\s,-]*(?:and|und|et|y|e)?\s*(?P<more>\d{1,2})\s*(?:seconds?|secs?|sekunden|secondes?|segundos|secondi|秒|s\b))?"
    r"|(?P<m>\d{1,2}):(?P<s>[0-5]\d)(?=\s*(?:long|min|minutes?|duration|$|[,.;])))"
)
_NOT_ITS_LENGTH = re.compile(
    r"(?:\b(?:per|every|each|after|at|by|(?:the|in|my) (?:first|last)|within|until|before|in the|pro|jede|alle|nach|toutes les|chaque|après|cada|ogni|después de|dopo|depois de|beats? (?:a|per))\s*(?:the\s+)?|[每第前后]\s*)$"
)


def _duration(lower: str) -> tuple[float, FoundWish] | None:
    for match in _TIME.finditer(lower):
        before, said = lower[max(0, match.start() - 16) : match.start()], match.groupdict()
        if _NOT_ITS_LENGTH.search(before) or re.match(
            r"\s*(?:later|ago|walk|drive|away|break|rule|noodles?|前|后|以后)", lower[match.end() :]
        ):
            continue
        if said["m"] is not None:
            seconds = 60.0 * int(said["m"]) + int(said["s"])
        else:
            unit = next(u for u, _ in _UNITS if said[u] is not None)
            number = said["n"].replace(",", ".")
            value = (
                0.5
                if number
                in ("half", "half a", "half an", "半", "medio", "meio", "mezzo", "une demi", "halbe", "eine halbe")
                else float(number)
                if number[0].isdecimal()
                else float(count(number) or 1)
            )
            halves = said["half"] is not None or said["half_too"] or said["half_last"]
            seconds = (value + 0.5 * bool(halves)) * _SECONDS[unit] + float(said["more"] or 0)
            article = number in ("a", "an", "une", "un", "una", "eine", "einen", "um", "uma")
            alone = not before.strip() or before.rstrip().endswith((",", ";", ":", "for", "of"))
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

_CHORDS = re.compile(
    rf"(?:\b(?:only|just|on|nur|solo|sólo|seulement|apenas|只有?|只用)\s*)?(?P<n>{_COUNT}|\b(?:a single|single|un|une|una|um|ein|einem|einen))(?:(?<=[a-zà-ÿ])[\s-]+|(?<![a-zà-ÿ])[\s-]*)(?:个|different\s+|simple\s+)*"
    r"(?:chords?|akkorde?n?|accords?|acordes?|accord[oi]|和弦|コード)(?![a-z])(?!\s*(?:per|a|each|every|in (?:a|each|every|the)|to (?:a|the)|pro|je|par|por|per)\s*(?:bar|beat|measure|takt|mesure|compás|battuta)?\b"
    r"|\s*(?:song|progression)\b)(?:\s+(?:only|sol[oi]|throughout|all the way|the whole (?:time|way)|all through))?"
)
_STATIC = re.compile(
    r"\b(?:no chord changes?|without chord changes?|stays? on (?:one|a single) chord|never changes? chords?|static harmony|keine akkordwechsel|sin cambios? de acordes?|sans changement d'accords?)\b|和弦不变|不换和弦"
)
MOST_CHORDS = 8


def _chord_count(lower: str) -> tuple[int, FoundWish] | None:
    if (static := _STATIC.search(lower)) is not None:
        return 1, FoundWish(*static.span())
    for match in _CHORDS.finditer(lower):
        said = match.group("n")
        found = count(said) or 1
        single = not said.isdecimal() and said in ("un", "une", "una", "um", "ein", "einem", "einen", "one", "1")
        only = re.match(r"(?:only|just|on|nur|solo|sólo|seulement|apenas|只)", match.group()) is not None
        behind = re.search(r"(?:only|sol[oi]|throughout|way|time|through)$", match.group()) is not None
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
    ("intro", r"intros?|introduction|einleitung|introducción|introduzione|introdução|前奏|イントロ|인트로", 4, "intro"),
    ("pre-chorus", r"pre-?\s?chorus(?:es)?|pre-?refrain|pre-?estribillo|pré-refrão|预副歌|导歌", 4, "build"),
    (
        "chorus",
        r"chorus(?:es)?|refrains?|hooks?|estribillos?|coros|coro(?= (?:de )?\d)|ritornell[oi]|refrão|refrãos|副歌|サビ|후렴",
        8,
        "drop",
    ),
    ("verse", r"verses?|strophen?|couplets?|estrofas?|strof[ae]|estrofes?|主歌|Aメロ|벌스", 8, None),
    ("bridge", r"bridges?|middle eights?|middle 8|brücke|puentes?|pont|ponte|桥段|过渡段|ブリッジ", 8, "break"),
    ("build", r"build(?:-?\s?ups?)?|buildups?|risers?|aufbau|subida|montée", 4, "build"),
    ("drop", r"drops?(?!\s+out)|高潮|ドロップ", 8, "drop"),
    ("breakdown", r"break(?:downs?)?|interludes?|zwischenspiel|interludio|间奏", 4, "break"),
    ("solo", r"solos?", 8, None),
    ("outro", r"outros?|coda|ending|schluss|尾奏|アウトロ|아웃트로", 4, None),
    ("A", r"a[ -](?:section|part|teil)|(?:section|part|teil) a|a段", 8, None),
    ("B", r"b[ -](?:section|part|teil)|(?:section|part|teil) b|b段", 8, "drop"),
    ("C", r"c[ -](?:section|part|teil)|(?:section|part|teil) c|c段", 8, "break"),
)
_NAMED = "|".join(rf"(?P<s{n}>(?<![a-z])(?:{words})(?![a-z]))" for n, (_, words, _, _) in enumerate(_SECTIONS))
_WITH_BARS = re.compile(
    rf"(?<![第\d])(?P<before>{_COUNT})[\s-]*(?:个)?{_BARS}?[\s-]*(?:(?:of|for)\s+(?:the\s+|an?\s+)?|的)?(?:{_NAMED})(?P<twice>\s*(?:x|×)\s*2)?".replace(
        f"{_BARS}?", _BARS
    )
)
_BARS_BEHIND = re.compile(
    rf"\s*(?:\d(?=\s*[:=(]))?\s*(?:[:=(\[]|should be|must be|for|of|is|lasts?|lasting|von|de|di|mit|en)?\s*(?P<after>{_COUNT})[\s-]*(?:个)?(?:{_BARS}(?![a-z])|(?=\s*(?:[,;+/→|)\]]|$|\s*(?:and|then)\b)))\s*[)\]]?"
)
_NAME = re.compile(_NAMED)
_BETWEEN_SECTIONS = re.compile(
    r"\s*\d?\s*(?:[,;+→>/|、，–—-]|->|and|then|und|dann|et|puis|y|luego|e|poi|followed by|into|to|然后|接|和|再)*\s*(?:(?:then|and|an?|the|der|die|el|la|le)\s+)?"
)


def _section(match: re.Match[str]) -> tuple[str, int, str | None]:
    n = next(n for n in range(len(_SECTIONS)) if match.group(f"s{n}") is not None)
    name, _, usual, cue = _SECTIONS[n]
    return name, usual, cue


def _sections(lower: str) -> tuple[tuple[Section, ...], list[FoundWish]]:
    """Return the sections in their order: those with a number of bars, else a list of three or more names."""
    found: list[tuple[int, int, Section, bool]] = []
    at = 0
    while at < len(lower):
        counted = _WITH_BARS.search(lower, at)
        named = _NAME.search(lower, at)
        if named is None:
            break
        if counted is not None and counted.start() < named.start() and counted.end() >= named.end():
            name, _, cue = _section(counted)
            number = count(counted.group("before"))
            if number:
                found.append((*counted.span(), Section(name, number, cue), True))
            at = counted.end()
            continue
        name, usual, cue = _section(named)
        behind = _BARS_BEHIND.match(lower, named.end())
        if behind is not None and count(behind.group("after")):
            found.append((named.start(), behind.end(), Section(name, count(behind.group("after")), cue), True))
            at = behind.end()
        else:
            found.append((*named.span(), Section(name, usual, cue), False))
            at = named.end()
    with_bars = [f for f in found if f[3]]
    if with_bars:
        run = with_bars if len(with_bars) < len(found) and len(with_bars) == 1 else _run(lower, found, with_bars)
        return tuple(s for _, _, s, _ in run), [FoundWish(start, end) for start, end, _, _ in run]
    for first in range(len(found)):
        run = found[first : first + 1]
        for before, after in zip(found[first:], found[first + 1 :], strict=False):
            if _BETWEEN_SECTIONS.fullmatch(lower, before[1], after[0]) is None:
                break
            run.append(after)
        if len(run) > 2:
            return tuple(s for _, _, s, _ in run), [FoundWish(run[0][0], run[-1][1])]
    return (), []


_Found = tuple[int, int, Section, bool]


def _run(lower: str, found: Sequence[_Found], with_bars: Sequence[_Found]) -> list[_Found]:
    """Return the sections that have bars, and those listed between them that have none."""
    first, last = with_bars[0], with_bars[-1]
    return [f for f in found if f[3] or first[0] < f[0] < last[0]]


BARS_BETWEEN = 8
"""Bars between an intro and an outro where nothing else was named."""

# --- what happens at a bar ---------------------------------------------------------------------------

_AT = rf"(?:(?:after|nach|tras|después de|après|dopo|depois de)\s+(?:the\s+first\s+)?(?P<{{0}}_after>\d{{{{1,3}}}}|{_NUMBERS})\s+{_BARS}|(?:at|on|in|from|by|ab|bei|in|desde|en|à|a|da|al|na|no|auf)\s+(?:the\s+|la\s+|le\s+|el\s+|il\s+)?{_BAR}\s+(?P<{{0}}>\d{{{{1,3}}}}|{_NUMBERS})|第\s*(?P<{{0}}_zh>\d{{{{1,3}}}}|[一二三四五六七八九十]{{{{1,3}}}})\s*小[节節]\w{{{{0,2}}}}|(?P<{{0}}_th>\d{{{{1,3}}}})(?:st|nd|rd|th)\s+bar)"
_NUMBERED = r"\s*(?:\b(?:at|bei|à|alla|en|a|em)\s+(?:the\s+|la\s+)?(?P<number>\d{1,3})(?![\d.]|\s*(?:b\.?p\.?m|%|/|:|s\b|sec|min|hz)))"
"""A bar that is a number alone: drop at 33."""
_HAPPENS = re.compile(rf"(?:{_NAMED})(?:\s*(?:\w+\s+){{0,2}}?(?:{_AT.format('bar')})|{_NUMBERED})")
_THEN = re.compile(
    rf"(?:{_AT.format('bar')})(?:\s+on(?:wards)?)?,?\s*(?:(?:comes?|is|there is|a|an|the|big|huge|进|进入|来|开始|是|有|一个)\s*){{0,4}}(?:{_NAMED})"
)
_COUNTS_BARS = re.compile(rf"bpm|{_BARS}")
_STARTS = r"(?:enters?|comes? in|starts?|begins?|kicks? in|joins?|set in|setzt ein|einsetzen|entran?|entrent|entre|entrano|entram|进来?|进入|加入|开始)"
_ENDS = r"(?:stops?|drops? out|leaves?|ends?|go(?:es)? (?:away|silent)|falls? away|停止?|退出|消失)"
_PARTS = re.compile(rf"{PART.pattern}")
_PART_AT = re.compile(
    rf"(?P<what>{_STARTS}|{_ENDS}|only|nur|solo|just)?\s*(?:only\s+)?(?:{_AT.format('bar')})(?P<on>\s+on(?:wards)?)?"
)
_UNTIL = re.compile(
    rf"\s*(?:until|till|before|bis(?: zum)?|hasta(?: el)?|jusqu'(?:à|au)(?: la)?|fino (?:a|alla))\s+(?:the\s+|la\s+)?{_BAR}\s+(?P<bar>\d{{1,3}})"
)
_FOR_FIRST = re.compile(rf"\s*(?:for|in|during)\s+the\s+first\s+(?P<n>{_COUNT})\s+{_BARS}")
_IN_SECTION = re.compile(
    rf"\s*(?P<only>only\s+|nur\s+|solo\s+)?(?:in|during|im|in der|en|dans|nel|nella|no|na)\s+(?:the\s+|le\s+|la\s+|el\s+|l')?(?:{_NAMED})"
)


_PART_THERE = re.compile(rf"\s*(?:{_PART_AT.pattern})")
_BRINGS = re.compile(r"\b(?:bring(?:s|ing)? in|add(?:s|ing)?|introduc\w+|start(?:s|ing)?)\s+(?:the\s+|a\s+)?$")
_IN_HALF = re.compile(r"\s*(?P<only>only\s+)?(?:in|during|from|for)\s+the\s+(?P<half>first|second)\s+half\b")
_FIRST_BARS = re.compile(
    rf"\b(?:the\s+|for the\s+|in the\s+)?first\s+(?P<n>{_COUNT})\s+{_BARS}[:,]?\s+(?:(?:is|are|with)\s+)?(?P<how>only|just|no|without)\s+(?:the\s+)?(?:{PART.pattern})"
)


def _bar(match: re.Match[str]) -> int:
    after, number = match.group("bar_after"), match.groupdict().get("number")
    if number is not None:
        return int(number)
    return count(after) + 1 if after else count(match.group("bar") or match.group("bar_zh") or match.group("bar_th"))


def _at_bars(lower: str, sections: Sequence[Section]) -> tuple[list[CueAt], list[Rest], list[FoundWish]]:
    cues: list[CueAt] = []
    rests: list[Rest] = []
    found: list[FoundWish] = []
    for pattern in (_HAPPENS, _THEN):
        for match in pattern.finditer(lower):
            if within(match.start(), [(f.start, f.end) for f in found]):
                continue
            section, _, cue = _section(match)
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
        if negation is not None and (until := _UNTIL.match(lower, end)) is not None:
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
        elif (half := _IN_HALF.match(lower, end)) is not None and (
            negation is not None or half.group("only") or _only_before(lower, begin)
        ):
            rests.append(Rest(name, section=f"{half.group('half')} half", outside=negation is None))
            found.append(FoundWish(start, half.end()))
        elif (at := _PART_THERE.match(lower, end)) is not None and (at.group("what") or _BRINGS.search(lower[:begin])):
            bar, what = _bar(at), at.group("what") or ""
            if re.fullmatch(_ENDS, what):
                rests.append(Rest(name, bar, None))
            elif bar > 1:
                rests.append(Rest(name, 1, bar - 1))
            found.append(FoundWish(start, at.end()))
    return cues, rests, found


def _players(lower: str) -> Iterator[tuple[int, int, str]]:
    """Yield what may enter or rest: parts, and instruments as their parts, from where to where and which."""
    for part in _PARTS.finditer(lower):
        if part.lastgroup is not None and part.lastgroup != "piece":
            yield part.start(), part.end(), part.lastgroup
    for term in find_terms(lower):
        if term.term.kind == "instruments" and term.term.part is not None:
            yield term.start, term.end, term.term.part


_ARTICLES = re.compile(r"\s*(?:(?:the|any|an?|of|die|das|el|la|le|les|los|las|il)\s+)*")


def _only_before(lower: str, start: int) -> bool:
    return re.search(r"\b(?:only|just|nur|solo|sólo|seulement|apenas)\s+(?:the\s+)?$", lower[:start]) is not None


# --- how it goes on ----------------------------------------------------------------------------------

_FASTER = r"(?:accelerando|accel\.?(?![a-zé])|(?:gradually |slowly |steadily )?(?:speed(?:s|ing)? up|get(?:s|ting)? faster|becom(?:es|ing) faster|accelerat(?:es?|ing))|start(?:s|ing)? slow(?:ly)?[^.;]{0,12}?(?:end|finish|get|speed|becom|go)\w*\s+(?:up|fast\w*)|schneller werdend|wird (?:immer )?schneller|en accélérant|accélère|acelera(?:ndo)?|accelera(?:ndo)?|(?:empieza|comienza|começa|inizia|commence|beginnt|fängt)\w* (?:lent\w*|langsam|doucement)[^.;]{0,16}?(?:rápid\w*|rapid\w*|vite|schnell\w*|veloce)|langsam (?:beginnen|anfangen|starten|beginnend)[^.;]{0,24}?schneller|immer schneller|de plus en plus vite|cada vez más rápid[oa]|cada vez mais rápid[oa]|sempre più veloce|先慢后快|(?:由|从)慢到快|渐快|(?:逐渐|渐渐|慢慢|最后|结尾)加速|加速到|越来越快)"
_SLOWER = r"(?:ritardando|rit\.|ritenuto|rallentando|rall\.?|(?:gradually |steadily )?(?:slow(?:s|ing) down|get(?:s|ting)? slower|becom(?:es|ing) slower|decelerat(?:es?|ing)|slow down)|start(?:s|ing)? fast[^.;]{0,12}?(?:end|finish|get|slow|becom|go)\w*\s+(?:down|slow\w*)|langsamer werdend|wird (?:immer )?langsamer|en ralentissant|ralentit|(?:empieza|comienza|começa|inizia|commence|beginnt|fängt)\w* (?:rápid\w*|rapid\w*|vite|schnell|veloce)[^.;]{0,16}?(?:lent\w*|langsam\w*|doucement)|schnell (?:beginnen|anfangen|starten)[^.;]{0,24}?langsamer|immer langsamer|de plus en plus lent\w*|cada vez más lent[oa]|cada vez mais lent[oa]|sempre più lent[oa]|先快后慢|(?:由|从)快到慢|ralentizando|desacelera\w*|rallenta|渐慢|(?:逐渐|渐渐|慢慢|最后|结尾)减速|减速到|越来越慢)"
_BPM = r"(?:\s*b\.?p\.?m\.?)?"
_FROM_TO = rf"(?:,?\s*(?:from|von|de|da|desde|从)?\s*(?P<a>\d{{2,3}}){_BPM}\s*(?:to|→|->|–|-|bis|auf|à|a|al?|até|hasta|(?:[加升提降减]速?)?到)\s*(?P<b>\d{{2,3}}){_BPM}(?!\d|\s*(?:{_BARS})))"
_RAMP = re.compile(
    rf"(?:(?P<up>{_FASTER}|tempo (?:rises|climbs|goes up|jumps)(?= to \d)|faster and faster)|(?P<down>{_SLOWER}|tempo (?:drops|falls|goes down|slows(?: down)?)(?= to \d)|slower and slower|\britard\b))(?:\s+(?:gradually|slowly|steadily|nach und nach|poco a poco|peu à peu))?(?P<end>\s*(?:at|towards|near|in) (?:the )?(?:very )?(?:end|last \w+ bars?))?(?:{_FROM_TO}|,?\s*(?:to|up to|down to|bis|auf|à|a|hasta|até|到)\s*(?P<to>\d{{2,3}}){_BPM}(?!\d|\s*(?:{_BARS})))?"
)
_BARE_RAMP = re.compile(
    rf"(?P<verb>\b(?:tempo|speed|bpm)\b[^.;,\d]{{0,12}}?\b(?:ris|increas|go|climb|fall|drop|decreas|chang|ramp|steig|sink|sub|baj|mont|pass|aument)\w*[^.;,\d]{{0,4}}|速度)?\s*(?:(?:\bfrom|\bstarts? at|\bstarting at|\bbeginning at|\bvon|\bdesde|\bde|\bda|从)\s*|\btempo\s*:?\s*)(?P<a>\d{{2,3}}){_BPM}\s*(?:,?\s*(?:and\s+)?(?:ends?|ending|finish\w*|rising|going|up|down)\s*(?:at|to|up to|down to)?|to|→|->|bis|à|a|hasta|até|(?:[加升提降减]速?)?到)\s*(?P<b>\d{{2,3}}){_BPM}(?!\d|\s*(?:{_BARS}|%|years?|seconds?|minutes?))"
)
_FASTER_END, _SLOWER_END, _RITARDANDO_BARS = 1.3, 0.72, 2


def _ramp(lower: str) -> tuple[TempoRamp | None, float | None, FoundWish | None]:
    """Return a ramp of the tempo, the tempo that it begins with where that is said, and where it stands."""
    match = next(iter(sorted(_RAMP.finditer(lower), key=lambda m: m.group("a") is None)), None)
    if (match is None or match.group("a") is None) and (bare := _BARE_RAMP.search(lower)) is not None:
        low, high = sorted((float(bare.group("a")), float(bare.group("b"))))
        spoken = re.search(r"bpm", bare.group()) is not None or bare.group().startswith(("start", "begin"))
        spoken = spoken or bare.group("verb") is not None or "速" in bare.group() or match is not None
        match = bare if spoken and high / low > 1.15 and low >= MIN_TEMPO and high <= MAX_TEMPO else match
    if match is None:
        return None, None, None
    first, last = match.group("a"), match.group("b")
    if first and last:
        low, high = float(first), float(last)
        if not (MIN_TEMPO <= low <= MAX_TEMPO and MIN_TEMPO <= high <= MAX_TEMPO):
            return None, None, FoundWish(*match.span(), f"a tempo lies in {MIN_TEMPO}..{MAX_TEMPO}")
        return TempoRamp(high / low), low, FoundWish(*match.span())
    found = match.groupdict()
    if found.get("to") and MIN_TEMPO <= float(found["to"]) <= MAX_TEMPO:
        return (
            TempoRamp(_FASTER_END if found.get("up") else _SLOWER_END, end=float(found["to"])),
            None,
            FoundWish(*match.span()),
        )
    ends = bool(found.get("end")) or (match.group().startswith(("rit", "rall")) and not found.get("up"))
    factor = _FASTER_END if found.get("up") else _SLOWER_END
    return TempoRamp(factor, _RITARDANDO_BARS if ends else None), None, FoundWish(*match.span())


_FADE_OUT = re.compile(
    r"\b(?:fad(?:es?|ing)(?:[\s-]?out| away| to (?:silence|nothing|black))|fade-?outs?|diminuendo|decrescendo|dies away|ausblenden|ausgeblendet|ausfaden|fondu(?: (?:de sortie|final))?|fundido(?: de salida| final)?|en fondu|se desvanece|desvanece|s'estompe|svanisce|dissolvenza|sfuma\w*|some aos poucos)\b|\bfade(?=\s*(?:$|[,.;]))|渐弱|渐隐|淡出|フェードアウト"
)
_FADE_IN = re.compile(
    r"\b(?:fad(?:es?|ing)[\s-]?in|fade-?ins?|einblenden|fundido de entrada|fondu d'entrée)\b|淡入|フェードイン"
)
_CRESCENDO = re.compile(
    r"\b(?:crescendo|get(?:s|ting)? (?:gradually )?(?:louder|more intense|bigger|more energetic)|grow(?:s|ing)? (?:louder|in intensity)|gradually louder|build(?:s|ing)? (?:up )?(?:slowly |gradually )?(?:in (?:volume|intensity)|(?:from|to|towards|into) a)|wird (?:immer )?lauter|steigert sich|anschwellend|de plus en plus (?:fort|intense)|(?:qui|que ça) monte|monte petit à petit|cada vez (?:más fuerte|mais forte)|(?:va )?crec(?:e|iendo)|cresce(?:ndo|nte)?|sempre più forte"
    r"|(?:pp?p?|pianissimo)[^.;\n]{1,24}?(?:fff?|fortissimo))\b|渐强|越来越[响强]|先[轻静安]静?后[响爆动强]|由静[到至]动|[由从]弱[到至]强|[由从]小[到至]大|[从由]?pp?p?到ff?f?"
)
_SOFTER = re.compile(
    r"\b(?:get(?:s|ting)? (?:gradually )?(?:quieter|softer)|gradually (?:quieter|softer)|wird (?:immer )?leiser|de plus en plus doux|cada vez más suave|cada vez mais suave|sempre più piano|(?:fff?|fortissimo)[^.;\n]{1,24}?(?:pp?p?|pianissimo))\b|越来越轻|[由从]强[到至]弱|[由从]大[到至]小"
)


def _fades(lower: str) -> Iterator[tuple[Fade, FoundWish]]:
    for pattern, fade in (
        (_FADE_IN, Fade(0.15, 1.0, 4)), (_FADE_OUT, Fade(1.0, 0.08, 4)), (_CRESCENDO, Fade(0.5, 1.15)), (_SOFTER, Fade(1.0, 0.45)),
    ):  # fmt: skip
        match = pattern.search(lower)
        if match is not None:
            yield fade, FoundWish(*match.span())


_SHIFT = r"(?:(?P<half>(?:a )?(?:half[- ]?(?:step|tone)|semitone)|un semiton[eo]|medio tono|meio tom|mezzo tono|einen halbton|(?:d')?un demi-ton|半音)|(?P<whole>(?:a )?(?:whole[- ]?(?:step|tone)|tone|step)|einen ganzton|un tono|um tom|(?:d')?un ton|全音)|(?P<third>a (?:minor )?third)|(?P<n>\d{1,2}|two|three) semitones?)"
_CHANGES = re.compile(
    r"\b(?:modulat\w+|chang\w+ (?:the )?keys?|key changes?|switch\w* keys?|transpos\w+|moduliert|moduliere|modul[ae]\w*|tonartwechsel|wechselt die tonart|changement de (?:ton|tonalité)|change de (?:ton|tonalité)|"
    r"cambi[oa] de (?:tono|tonalidad)|cambio di tonalità|mudança de tom|keys? (?:up|down|goes up|rises)|(?:sub[ei]r?|sobe|subir|sale|alza(?:re)?|monte[rz]?|geht)(?= (?:di |de )?(?:un|medio|meio|um|mezzo|d'un|einen)\s?(?:semi|demi-|ganz|halb)?(?:ton|tom)))\b|转调|变调|升(?:一个?)?(?:key|调)(?!式)|升(?=一?个?(?:半音|全音))|\bup(?= (?:a |one )?(?:half|whole|semi)[- ]?(?:step|tone)s?\b[^.;\n]{0,16}\b(?:end|last|final|chorus|bar)\b)",
    re.I,
)
"""A change of key is spoken of."""
_GOES = re.compile(
    r"\b(?:ends? in|ending in|finish\w* in|(?:then |and )?(?:moves?|goes|switch\w*|changes?|shifts?) (?:in)?to|cambia a|passe en|passa a|wechselt nach|endet in|termina en|finisce in|termina em)\s+|转到|结束在",
    re.I,
)
"""Words that lead to a key, and to other things."""
_LEADS = re.compile(r"[\s,]*(?:(?:up|down|higher|lower|by|um|de|di|一个|个|nach oben|向上|向下)\s*)*", re.I)
_INTO = re.compile(r"\s*(?:(?:in)?to|into|in|nach|vers|en|a|à|hacia|em|para|到|为)\s*(?:the\s+)?(?:key of\s+)?", re.I)
_RELATIVE = re.compile(r"(?:its\s+|the\s+)?(relative (?:major|minor)|(?:sub)?dominant|major|minor)\b", re.I)
_DEGREES = {"dominant": 7, "subdominant": 5}
_WHERE = re.compile(
    rf"[\s,]*(?:(?:{_AT.format('bar')})|halfway(?: through)?|in the (?:middle|second half)|(?:for|in) the (?:last|final) \w+|at the end)",
    re.I,
)
_FROM_MODE = re.compile(
    r"\b(?:from|von|de|da)\s+(?:a\s+)?(?P<a>major|minor|dur|moll|mayor|menor|majeur|mineur|maggiore|minore)\s+(?:key\s+)?(?:to|into|nach|à|a|in)\s+(?P<b>major|minor|dur|moll|mayor|menor|majeur|mineur|maggiore|minore)\b|从(?P<c>大调|小调)(?:转)?到(?P<d>大调|小调)",
    re.I,
)
_FROM_KEY = re.compile(
    r"\b(?:from|von|de|da|desde|(?:starts?|begins?|starting|beginning|beginnt|fängt|empieza|commence|inizia|começa)(?: off)? (?:in|en|em))\s+|从\s*",
    re.I,
)
_THEN_KEY = re.compile(
    r"[\s,]*(?:(?:and|then|und|y|et|e|but)\s+)*(?:(?:ends?|ending|finish\w*|moves?|goes|switch\w*|changes?|shifts?|modulat\w+|endet|termina|finisce)\s+)?(?:(?:in)?to|in|nach|à|a|en|转?到)\s*",
    re.I,
)
_LONGEST_KEY = 28
_BEHIND_KEY = re.compile(r"[,;.，。]|\s(?:then|and|to|into|at|in|from|nach|ab|y|et|e|und|à|en|after)\s|转|到", re.I)


_MINOR = re.compile(r"minor|moll|menor|mineur|minore|小", re.I)


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
    for changes in _CHANGES.finditer(plain):
        return _changed(plain, changes)
    for goes in _GOES.finditer(plain):
        to = _key_at(plain, goes.end())
        if to is not None and to[2]:
            bar, end = _where(plain, to[1])
            return Modulation(to[0].name, 0, bar), None, FoundWish(goes.start(), end)
    return None, None, None


def _changed(plain: str, changes: re.Match[str]) -> tuple[Modulation, None, FoundWish]:
    lead = _LEADS.match(plain, changes.end())
    at = changes.end() if lead is None else lead.end()
    shift = re.compile(_SHIFT, re.I).match(plain, at)
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
    named = any(match.group(f"bar{suffix}") for suffix in ("", "_after", "_zh", "_th"))
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
_IMPOSSIBLE = tuple((reason, re.compile(pattern, re.I)) for reason, pattern in _CANNOT)
_NO_FILLS = re.compile(r"\b(?:no|without(?: any)?|ohne|sans|sin|senza)\s+(?:drum\s+)?fills?\b|不要过门|不要加花")
_TOO_LONG = re.compile(rf"(?<![\d.#])(\d{{3,6}})[\s-]?(?:个)?\s?{_BARS}(?![a-z])")
_TOO_FAST = re.compile(
    r"(?<![\d.])(\d{1,6})\s?(?:bpm|b\.p\.m\.?|beats per minute|拍每分钟)(?![a-z])|\btempo\s*(?:of|=|:)?\s*(\d{3,6})\b"
)


def _impossible(plain: str, lower: str) -> Iterator[FoundWish]:
    for reason, pattern in _IMPOSSIBLE:
        for match in pattern.finditer(plain):
            yield FoundWish(*match.span(), reason)
    for match in _TOO_LONG.finditer(lower):
        if int(match.group(1)) > MAX_BARS:
            yield FoundWish(*match.span(), f"a clip has {MAX_BARS} bars at most")
    for match in _TOO_FAST.finditer(lower):
        if not MIN_TEMPO <= int(match.group(1) or match.group(2)) <= MAX_TEMPO:
            yield FoundWish(*match.span(), f"a tempo lies in {MIN_TEMPO}..{MAX_TEMPO}")


def find_wishes(plain: str) -> FoundWishes:
    """Return the wishes of a text: those that clips meet with their values, and those that cannot be met with the reason."""
    lower = plain.lower() if len(plain.lower()) == len(plain) else plain
    found: list[FoundWish] = []
    bars = None
    ramp, tempo, wish = _ramp(lower)
    found += [] if wish is None else [replace(wish, about="tempo")]
    fades = list(_fades(lower))
    found += [replace(wish, about="dynamics") for _, wish in fades]
    modulation, first_key, wish = _modulation(plain)
    found += [] if wish is None else [replace(wish, about="key")]
    sections, placed = _sections(lower)
    placed = [replace(p, about="form") for p in placed]
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
    taken = [(f.start, f.end) for f in found]
    found += [replace(p, about="form") for p in placed if not within(p.start, taken)]
    duration = _duration(_without(lower, found))
    chords = _chord_count(lower)
    found += [] if duration is None else [replace(duration[1], about="length")]
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


def _without(lower: str, found: Sequence[FoundWish]) -> str:
    for wish in found:
        lower = lower[: wish.start] + "\0" * (wish.end - wish.start) + lower[wish.end :]
    return lower
