"""A piece told stretch by stretch, each with its bars: who plays alone in one of them is silent nowhere else. Pure patterns.

"First 8 only drums, then 8 bars verse": every clause has one number of bars, and they follow each other. What a word such as
"only" says in such a clause is said of its bars; where these cannot be placed it is told and binds nobody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from model.music.control import MAX_BARS
from model.music.wishes import Rest, Section
from model.prompt.rules.negation import NEGATION
from model.prompt.rules.parts import is_no_head
from model.prompt.rules.vocabulary import tolerant
from model.prompt.wishes.course import BAR, BARS, COUNT, FIRST, LAST, Place, count
from model.prompt.wishes.found import FoundWish
from model.prompt.wishes.rests import BEFORE_ONLY, EVERYONE, OPENS_WITH, FoundRests, Word, all_but, named_players
from model.prompt.wishes.sections import NAME, NAMED, section_of

NOT_PLACED = (
    "who plays alone here plays so in one place only, whose bars are not clear: 8 bars only drums, then 8 bars verse"
)
_THEN = r"\b(?:and then|then|followed by|after that|und dann|dann|danach|puis|ensuite|y luego|luego|después|poi|e depois|depois)\b|然后|接着|之后|最后|再(?!次)|その後|それから"
_STARTS = tolerant(rf"[,，;；。\n、>→|]|\.(?!\d)|{_THEN}|\b(?:and|und|et|y|e)\s+(?={COUNT}[\s-]+{BARS})")
_BARRED = tolerant(rf"(?<![\d第.])(?P<n>{COUNT})[\s-]*(?:个)?{BARS}(?![a-z])")
_UNBARRED = tolerant(
    rf"(?<![\d.])(?P<n>\d{{1,2}})(?!\d|\s*(?:[/.:%#+-]\s*\d|b\.?p\.?m|{BARS}))(?=\s*(?:$|[(（]|(?:no|without|ohne|sans|sin|sem|senza|with|mit|avec|con|com|{BEFORE_ONLY}|solo)\b|只|不要|没有|"
    + re.sub(r"\(\?P<s\d+>", "(?:", NAMED)
    + "))"
)
_COUNTS_BEHIND = tolerant(
    rf"(?:(?<![a-zà-ÿ])(?:{FIRST}|{LAST})|{_THEN}|\b(?:for|für|pour|pendant|durante|per|por|back|again|groove|loop|beat|next))\s*(?:the\s+)?$"
)
_AT_A_BAR = tolerant(rf"\b{BAR}\s+\d|第\s*[\d一二三四五六七八九十]+\s*小[节節]|\b(?:at|from|until|till)\s+\d")
_FIRST = tolerant(
    rf"\b(?:first|erst|zuerst|zunächst|d['’]abord|primero|primeiro|prima|start(?:s|ing)?|open(?:s|ing)?)\b|[先首]|最初|まず|(?<![a-zà-ÿ]){FIRST}(?=\s*(?:the\s*)?\d)"
)
_THE_FIRST = tolerant(rf"(?<![a-zà-ÿ]){FIRST}\s*(?:的)?$")
_THE_LAST = tolerant(rf"(?<![a-zà-ÿ]){LAST}\s*(?:的)?$")
_ALONE_BEFORE = tolerant(
    rf"(?:\b(?:{BEFORE_ONLY}|solo|sólo|unaccompanied)(?![a-zà-ÿ])|只[有用要剩]?|仅|纯)\s*(?:(?:the|an?|with|mit|avec|con|com|el|la|los|las|il|lo|gli|le|les|o|os|as|der|die|das|dem|den|eine?|une?|una|um|uma|of|de)\s+|l['’])*(?=\S)"
)
_ALONE_BEHIND = tolerant(
    rf"\s*(?:[a-zà-ÿ]+\s+)?(?:{BEFORE_ONLY}|alone|by itself|on (?:its|their) own|allein|seule?s?|solas?|sozinh[oa]s?|da sol[oaie]|unaccompanied)(?![a-zà-ÿ])|\s*(?:独奏|单独|だけ|のみ)"
)
_THERE_ONLY = tolerant(
    r"\s*(?:in|on|at|during|from|im|am|ab|en|dans|pendant|au|à|nel|nella|no|na|em|desde|dès|dal)(?![a-zà-ÿ])"
)
_SOLO = tolerant(r"\s*(?:break\s*)?(?:solos?|breaks?|ソロ)(?![a-zà-ÿ])")
_BARE = tolerant(
    rf"(?:{COUNT}|{BARS}|(?:and|und|et|y|e|of|for|with|the|de|di|d['’]|für|pour|durante|pendant|per|por|mit|first|von)(?![a-zà-ÿ])|[\s&+\-:()（）和与跟先的])*"
)
_SMALL = tolerant(
    rf"(?:{_THEN}|(?:first|for|with|of|the|an?|and|in|comes?|back|again|plays?|only|mit|für|und|erst|alle|avec|pour|et|d['’]abord|con|por|y|primero|com|per|prima|primeiro|entran?|de|di)(?![a-zà-ÿ])|[\s()（）:,加上入进来一起先的都再和个]|\d\b)*"
)
_OF = tolerant(rf"{BARS}\s*(?:of|de|di|d['’]|von|的)\s*$")
_A_GROOVE = tolerant(r"\b(?:groove|loop|beat|vamp|part|section|jam|build|theme|riff)\b|循环")


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A clause with its bars; who is silent in them, and which words say so."""

    start: int
    end: int
    bars: int
    counted: Place
    silent: tuple[Word, ...] = ()
    players: tuple[Word, ...] = ()
    words: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """The sections of a piece told in stretches, none where it has one stretch only, and who rests in which bars."""

    sections: tuple[Section, ...] = ()
    rests: FoundRests = field(default_factory=FoundRests)


def told_in_stretches(lower: str, read: Sequence[Place]) -> Told | None:
    """Return who is silent in which stretch; None where none says it, or another rule has `read` all that says it."""
    players = named_players(lower)
    named = sorted(players.values(), key=lambda w: w.start)
    every = _stretches(lower, players)
    at_last = [s for s in every if _THE_LAST.search(lower, s.start, s.counted[0])]
    stretches, total = _without_total(lower, [s for s in every if s not in at_last], named)
    if len(stretches) < 2 and not (stretches and _comes_first(lower, stretches[0], total)):
        stretches = []
    if not stretches and not at_last:
        return _not_placed(lower, named, read)
    stretches = [_with_who(lower, s, named, opens=s is stretches[0]) for s in stretches]
    at_last = [_with_who(lower, s, named, opens=False) for s in at_last]
    said = [s for s in (*stretches, *at_last) if s.words]
    if all(_is_read(lower, w, read) for s in said for w in s.words):
        return None
    who = tuple((w.start, w.end) for s in said for w in s.players)
    binding = tuple(p for s in said for p in _between(s))
    length = sum(s.bars for s in stretches)
    if length > (total or MAX_BARS):
        told = tuple(FoundWish(*w, NOT_PLACED) for s in said for w in s.words)
        return Told((), FoundRests((), told, who, binding))
    rests = [Rest(w.part, -s.bars, None, roles=w.roles) for s in at_last for w in s.silent]
    at = 1
    for one in stretches:
        rests += [Rest(w.part, at, at + one.bars - 1, roles=w.roles) for w in one.silent]
        at += one.bars
    places = sorted({p for s in (*stretches, *at_last) for p in _read_words(lower, s, named)})
    sections = [_section(lower, s) for s in stretches] if len(stretches) > 1 else []
    if sections and length < total:
        sections.append(Section("verse", total - length))
    found = tuple(FoundWish(*p, about="form") for p in places)
    return Told(tuple(sections), FoundRests(tuple(dict.fromkeys(rests)), found, who, binding))


def _is_read(lower: str, words: Place, read: Sequence[Place]) -> bool:
    """Return True if another rule has read words; "solo" is a section there, of so many bars more."""
    return any(a <= words[0] < b for a, b in read) and not lower.startswith("solo", words[0])


def _clauses(lower: str) -> list[Place]:
    """Return the clauses of a text; what stands in brackets is of the clause before it."""
    cuts = [m for m in _STARTS.finditer(lower) if lower.count("(", 0, m.start()) <= lower.count(")", 0, m.start())]
    signs = [m.group().isalnum() or len(m.group()) > 1 for m in cuts]
    starts = [0, *(m.start() if word else m.end() for m, word in zip(cuts, signs, strict=True))]
    ends = [*(m.start() for m in cuts), len(lower)]
    return [(a, b) for a, b in zip(starts, ends, strict=True) if lower[a:b].strip()]


def _stretches(lower: str, players: dict[int, Word]) -> list[_Stretch]:
    """Return the clauses that have a number of bars, those without one that only go on with a list of players in the one before."""
    found: list[_Stretch] = []
    loose: Place | None = None
    for start, end in _clauses(lower):
        if _AT_A_BAR.search(lower, start, end):
            loose = None
            continue
        counts = [m for m in _BARRED.finditer(lower, start, end) if count(m.group("n"))] or [
            m for m in _unbarred(lower, start, end, players) if count(m.group("n"))
        ]
        inside = [w for at, w in players.items() if start <= at < end]
        if not counts:
            more = (
                bool(inside)
                and _BARE.fullmatch(_without(lower, start, end, [(w.start, w.end) for w in inside])) is not None
            )
            if more and found and found[-1].end >= start - 2 and EVERYONE not in {w.part for w in inside}:
                found[-1] = replace(found[-1], end=end)
            loose = (start, end) if inside else None
            name = NAME.search(lower, start, end)
            if (
                name is not None
                and (section := section_of(name))[0] != "solo"
                and _SMALL.fullmatch(lower, start, name.start())
            ):
                found.append(_Stretch(start, end, section[1], name.span()))  # verse 8, chorus, outro 4
            continue
        ahead = NAME.search(lower, start, counts[0].start()) or any(w.start < counts[0].start() for w in inside)
        edges = [m.end() if ahead else m.start() for m in (counts[:-1] if ahead else counts[1:])]
        for (a, b), m in zip(pairwise([start, *edges, end]), counts, strict=True):
            a = loose[0] if loose and not inside and not NAME.search(lower, a, b) else a  # only drums, 8 bars
            found.append(_Stretch(a, b, count(m.group("n")), m.span()))
        loose = None
    return found if any(re.search(COUNT, lower[slice(*s.counted)]) for s in found) else []


def _without(lower: str, start: int, end: int, words: Sequence[Place]) -> str:
    for a, b in words:
        lower = lower[:a] + " " * (b - a) + lower[b:]
    return lower[start:end].strip(" ,;.，。、")


def _unbarred(lower: str, start: int, end: int, players: dict[int, Word]) -> list[re.Match[str]]:
    """Return the numbers that count bars without the word: first 8, verse 8, for 8 at the end of a clause."""
    found = []
    for at in re.finditer(r"\d{1,2}", lower[start:end]):
        number = start + at.start()
        match = _UNBARRED.match(lower, number, end)
        behind = (
            len(lower[: start + at.end()])
            + len(lower[start + at.end() : end])
            - len(lower[start + at.end() : end].lstrip())
        )
        if match is None and behind in players:
            match = re.compile(r"(?P<n>\d{1,2})").match(lower, number, end)
        section = [m.end() for m in NAME.finditer(lower, start, number)]
        near = bool(section) and re.fullmatch(r"(?:\s+[a-zà-ÿ]+)?\s*", lower[section[-1] : number]) is not None
        if match is not None and (near or _COUNTS_BEHIND.search(lower, start, number)):
            found.append(match)
    return found


def _without_total(lower: str, every: list[_Stretch], named: Sequence[Word]) -> tuple[list[_Stretch], int]:
    """Return the stretches without the one that says the bars of all, and these, 0 where none does."""
    for i in (0, len(every) - 1) if len(every) > 1 else ():
        one, others = every[i], [*every[:i], *every[i + 1 :]]
        length = sum(s.bars for s in others)
        own = NAME.search(lower, one.start, one.end) or _A_GROOVE.search(lower, one.start, one.end)
        plays = any(one.start <= w.start < one.end for w in named) or _FIRST.search(lower, one.start, one.end)
        leads = re.match(rf"\s*(?:{_THEN})", lower[one.start : one.end])
        if own or plays or leads:
            continue
        if (
            one.bars > length
            or (one.bars == length and len(others) > 1)
            or (i == 0 and _FIRST.match(lower[others[0].start :].lstrip()))
        ):
            return others, one.bars
    return every, 0


def _comes_first(lower: str, one: _Stretch, total: int) -> bool:
    """Return True if the only stretch with bars is told as the first of more: first 8 only drums; 先鼓独奏8小节，然后…."""
    more = total > 0 or re.search(_THEN, lower[one.counted[1] :]) is not None
    return _THE_FIRST.search(lower, one.start, one.counted[0]) is not None or (
        more and _FIRST.search(lower, one.start, one.end) is not None
    )


def _not_placed(lower: str, named: Sequence[Word], read: Sequence[Place]) -> Told | None:
    """Return who plays alone at first, with what comes then named, but no bars: told, and said of nobody in the whole piece."""
    clauses = _clauses(lower)
    for i, (start, end) in enumerate(clauses[:-1]):
        one = _with_who(lower, _Stretch(start, end, 0, (start, start)), named, opens=True)
        behind = [w for w in named if w.start >= clauses[i + 1][0]]
        then = re.match(rf"\s*(?:{_THEN})", lower[clauses[i + 1][0] :]) is not None
        goes_on = bool(behind) and (then or EVERYONE in {w.part for w in behind}) and not _AT_A_BAR.search(lower, end)
        if one.words and one.silent and goes_on and not any(a <= w < b for w, _ in one.words for a, b in read):
            who = tuple((w.start, w.end) for w in one.players)
            opens = OPENS_WITH.search(lower, start, end) is not None  # told by what it lacks: a bar
            told = () if opens else (FoundWish(*one.words[0], NOT_PLACED),)
            return Told((), FoundRests((), told, who, tuple(_between(one))))
    return None


def _read_words(lower: str, one: _Stretch, named: Sequence[Word]) -> list[Place]:
    """Return which words of a stretch are read: all of it, where nothing of its own stands beside them."""
    names = [m.span() for m in NAME.finditer(lower, one.start, one.end)][:1]
    who = [(w.start, w.end) for w in named if one.start <= w.start < one.end]
    places = [one.counted, *names, *one.words, *who]
    left = _without(lower, one.start, one.end, places)
    lead = re.match(rf"[\s,]*(?:{_THEN})?", lower[one.start : one.end])
    start = one.start + (len(lead.group()) - len(lead.group().lstrip(" ,")) if lead else 0)
    return [(start, one.end)] if _SMALL.fullmatch(left) else places


def _with_who(lower: str, one: _Stretch, named: Sequence[Word], *, opens: bool) -> _Stretch:
    """Return a stretch with who is silent in it, as it says by who plays alone or who does not."""
    inside = [w for w in named if one.start <= w.start < one.end]
    playing = [w for w in inside if w.part != EVERYONE]
    if not playing or len(playing) < len(inside):
        return one
    contrasted = any(w.part == EVERYONE and w.start >= one.end for w in named)
    for m in _ALONE_BEFORE.finditer(lower, one.start, one.end):
        who = [w for w in playing if w.start >= m.start()]
        if (
            who
            and who[0].start - m.end() in range(12)
            and re.fullmatch(r"(?:[a-zà-ÿ]+ )?", lower[m.end() : who[0].start])
        ):
            return replace(one, silent=tuple(all_but(who)), players=tuple(who), words=(m.span(),))
    for i, word in enumerate(playing):
        if (behind := _ALONE_BEHIND.match(lower, word.end, one.end)) is not None:
            if _THERE_ONLY.match(lower, behind.end(), one.end):
                return one  # drums only in the bridge: it says where, not who else
            who = playing[: i + 1]
            return replace(one, silent=tuple(all_but(who)), players=tuple(who), words=(behind.span(),))
        if (behind := _SOLO.match(lower, word.end, one.end)) is not None:
            alone = opens or contrasted or word.part in ("drums", "perc")  # others play on under a guitar's solo
            silent = tuple(all_but([Word(0, 0, "who", word.part)])) if alone else ()
            return replace(one, silent=silent, players=(word,), words=(behind.span(),))
    if (no := NEGATION.search(lower, one.start, one.end)) is not None:
        who = [w for w in playing if w.start >= no.end() and is_no_head(lower, w.end)]
        near = who and re.fullmatch(r"\s*(?:[a-zà-ÿ]+\s)?\s*", lower[no.end() : who[0].start])
        return replace(one, silent=tuple(who), players=tuple(who), words=(no.span(),)) if near else one
    bare = _BARE.fullmatch(_without(lower, one.start, one.end, [(w.start, w.end) for w in playing])) is not None
    if bare and (contrasted or _OF.search(lower, one.start, playing[0].start)):
        return replace(one, silent=tuple(all_but(playing)), players=tuple(playing), words=(one.counted,))
    return one


def _between(one: _Stretch) -> list[Place]:
    """Return a stretch without its players: who is named there plays in the piece, and no more is said of all."""
    edges = [one.start, *(e for w in sorted(one.players, key=lambda w: w.start) for e in (w.start, w.end)), one.end]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def _section(lower: str, one: _Stretch) -> Section:
    """Return the section that a stretch names, a groove where it names none; a drum solo is one of its own."""
    alone = {a for a, _ in one.words}
    name = next((m for m in NAME.finditer(lower, one.start, one.end) if m.start() not in alone), None)
    section, _, cue = ("groove", 0, None) if name is None else section_of(name)
    return Section(section, one.bars, cue)
