"""What a negation governs in a text: "no drums or bass", "not too busy", 不要鼓和贝斯, ドラムなし. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

_DROPPED = (
    r"drums?\b|percussion|beats?\b|bass\b|melod|chords?\b|hi-?hats?|kick|snare|claps?\b|guitars?|piano|strings|vocals?"
)
NEGATION = re.compile(
    r"\b(?:no(?! (?:matter|doubt|wonder|longer|more than|other than|\.|\d(?!08)))|no longer|not(?! (?:only|just|merely|until)\b)|nothing(?! (?:but|less|else|like|more)\b)|without|w/o|never|avoid|minus|"
    r"neither|none of|jamais|nunca|niemals|zero(?= (?:drum|percussion|beat|bass|melod|chord))|(?<![\d.,:/])0(?= (?:drum|percussion|beat|bass|melod|chord))|"
    r"isn'?t|(?:don'?t|do not|doesn'?t|shouldn'?t)(?! (?:stop|forget|hesitate|worry|mind)\b)|leave out|take out|remove|skip(?! ?py)|mute(?!d)|"
    r"omit(?:ting)?|ditch|scrap|get rid of|do away with|strip out|cut out|(?:turn|switch|shut) off|"
    rf"(?:kill|forget|cut|hold|dump|nix)(?: about)?(?= (?:the |any |all )?(?:{_DROPPED}))|"
    r"drop (?:the|all)(?= (?:drums?|melod|chords?|percussion|harmon))|lose the|exclud(?:e|ing)|except(?: for)?|"
    r"(?:every|any)thing but|instead of|rather than|free of|stay(?:ing)? (?:away|clear) (?:from|of)|steer clear of|keep (?:away|clear) (?:from|of)|hold back on|lay off|nichts(?! als| außer)|rien(?: de|(?! que))|auf keinen fall|verzicht(?:e|en|et)? auf|bloß kein\w*|vir(?:e|ez|er)(?= (?:la|le|les|l'))|surtout pas|"
    r"sin|ohne|keine?[nrms]?|weder|não|non(?! ?-?stop|-)|sans|pas(?: de| d'|)|nicht(?! nur)|nada de|nada(?= \w)(?! m[aá]s\b| que\b| além)|ning[uú]n[ao]?|sem|nem|nenhum[a]?|senza|niente|nessun[ao]?|aucune?|"
    r"ni(?= [\w' ]{1,24} ni\b)|né(?= [\w' ]{1,24} né\b)|"
    r"quita(?:r|d)?|elimina(?:r|te)?|evita(?:r)?|(?:enl[eè]v|retir|supprim|[ée]vit)(?:e[zr]?|ons)|togli|leva|tira|remova|evite)\b"
    r"|不需要|避免|不想要|用不着|不要|没有|(?<![特分区级个告离送])别(?![离人处墅致])|去掉|去除|拿掉|不用|除了|(?<!差)不(?![断过同仅只朽息久管论错休停知])"
    r"|无(?![尽限题声比穷论数垠边线])|(?<![除若莫并是])非(?![常洲凡得])"
)

SCOPE_END = re.compile(
    r"[,.;:!?，。；：！？、\n()]|\s[-–—]\s|\b(?:but|aber|pero|mais|ma|mas|with|mit|con|avec|com|just|only|please|pls|thanks|instead|plus|"
    r"and (?:an?|the|some|lots|plenty|add|more|use|make|keep|have|let|give|put))\b|但|而是|只要|只留|要(?!求)|请|谢谢"
)

_BEFORE_NONE = re.compile(
    r"([\u3040-\u30ffー\u4e00-\u9fff]{1,8}?)(?:は|が|も)?(?:なし|抜き|無し|じゃない|ではない)|((?:[\uac00-\ud7a3]{1,6}(?:과|와|이랑|하고)\s?){0,3}[\uac00-\ud7a3]{1,6})(?:은|는|이|가)?\s?(?:없이|빼고)"
)

BEHIND_NOUN = re.compile(
    r"\s*(?:(?:[:=]|\bare|\bis|\bshould be|\bmust be|はい?|은|는)\s*)?(?:(?:none|off(?![\s-]*(?:the )?beat)|muted|silent|absent|gone|removed|aus|weg|raus|entfällt|apagad[ao]s?|fuera|fora|éteinte?s?|(?:is |ist |est |está |è |é )?(?:interdite?s?|verboten|forbidden|not allowed|prohibid[oa]s?|proibid[oa]s?|vietat[oaie])|"
    r"coupée?s?|spent[aie]|desligad[ao]s?|out(?=\s*(?:$|[,.;!]|of (?:it|this|the mix|here))))(?!\w)"
    r"|(?<=[:=])\s*(?:no|nope|0|false|nein|non|nao|não)(?=\s*(?:$|[,.;!]))|(?<=[:=]\s)(?:no|nope|0|false|nein|non|nao|não)(?=\s*(?:$|[,.;!]))"
    r"|不要(?![太那这过很])|禁止|去掉|去除|拿掉|关掉|关闭|静音|没有(?!那么)|无(?!\w)|免了|いらない|要らない|オフ|빼고|빼줘|없애)"
)
"""What takes away the noun before it: "drums: none", "bass off", 鼓不要."""

_AND = r"(?:\+|and|or|nor|und|oder|noch|y|o|ni|né|nem|et|ou|e|&|/|和|或者?|与|及|以及|跟|や|と|과|와|하고)"
_DEGREE = re.compile(r"\s*(?:too|so|very|overly|that|particularly|really|zu|sehr|trop|très|muy|demasiado)\b")

_JOINED = re.compile(
    rf"\s*(?:、|{_AND}|,\s*{_AND})\s*(?:any|the|an?|no|some|a few|my|el|la|los|las|le|les|der|die|das)?\s*"
)

_LISTED = re.compile(r"\s*[,，]\s*(?:any|the|an?)?\s*")
_OR = re.compile(r"\b(?:or|nor|oder|noch|ni|ou)\b|或")

_DIRECT = re.compile(
    r"(?:\b(?:anything but|avoid|don'?t(?: use)?|not|no|never|isn'?t|instead of|rather than|nicht|kein\w*|non|não|pas|without|sin|ohne|sans)(?: be| use)?|避免|不要|不是|别用?|不用|而不是)"
    r"\s*(?:in|at|a|an|the|any|use|of|en|im|en|是|在|用)?\s*(?:a |the )?$"
)


@dataclass(frozen=True, slots=True)
class NamedSpan:
    """Something named in a text. After a noun (a part, an instrument) only a conjunction goes on with a list."""

    start: int
    end: int
    noun: bool


def denied(text: str, start: int) -> bool:
    """Return True if a negation stands directly before a place: "not in C major", "no swing"."""
    return _DIRECT.search(text[max(0, start - 24) : start]) is not None


def within(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Return True if a place lies in one of the spans."""
    return any(start <= at < end for start, end in spans)


def list_after(text: str, names: Sequence[NamedSpan], start: int, stop: int) -> list[NamedSpan]:
    """Return the names of a list that begins after `start`, its first one before `stop`.

    "drums or bass", "drums, bass or chords", "sad, slow"? no: a comma goes on only where a conjunction follows.
    """
    chain: list[NamedSpan] = []
    pending: list[NamedSpan] = []
    for name in names:
        if name.start < start or (chain and name.start < chain[-1].end):
            continue
        if not chain:
            if name.start >= stop:
                return []
            chain.append(name)
            continue
        last = (pending or chain)[-1]
        gap = text[last.end : name.start]
        if _JOINED.fullmatch(gap) or (not gap.strip() and not last.noun and not pending):
            chain += [*pending, name]
            pending = []
        elif _LISTED.fullmatch(gap):
            pending.append(name)
        else:
            break
    return chain


def negated(text: str, names: Sequence[NamedSpan]) -> list[tuple[int, int]]:
    """Return the spans that negations govern, themselves among them: the names listed, else up to a turn."""
    spans: list[tuple[int, int]] = []
    covered = bytearray(len(text) + 1)
    for name in names:
        covered[name.start : name.end] = b"\1" * (name.end - name.start)
    for match in NEGATION.finditer(text):
        if covered[match.start()]:
            continue  # 不可思议 is a mood, not a negation
        turn = SCOPE_END.search(text, match.end())
        stop = turn.start() if turn else len(text)
        chain = list_after(text, names, match.end(), stop)
        if _DEGREE.match(text, match.end()):  # "not too fast house" is house
            chain = [n for i, n in enumerate(chain) if not i or text[chain[i - 1].end : n.start].strip()]
        if len(chain) > 1 and chain[-1].end > stop and not _OR.search(text[match.end() : chain[-1].end]):
            chain = [n for n in chain if n.end <= stop or text[stop] == "、"]  # "no drums, and a bass"
        spans.append((match.start(), chain[-1].end if chain else stop))
        covered[match.start() : spans[-1][1]] = b"\1" * (spans[-1][1] - match.start())
    spans += [match.span() for match in _BEFORE_NONE.finditer(text)]
    for n, name in enumerate(names):
        behind = BEHIND_NOUN.match(text, name.end) if name.noun else None
        if behind is not None and not within(name.start, spans):
            near = names[max(0, n - MAX_LISTED) : n + 1]
            lists = (list_after(text, near, first.start, first.end) for first in near)
            chain = next((c for c in lists if name in c), [name])
            spans.append((chain[0].start, behind.end()))
    return spans


MAX_LISTED = 6
"""Names before a negation behind them that may be its list."""


_SAYS_NOTHING = re.compile(
    r"(?:\s+|\b(?:no|not|without|kein\w*|ohne|sin|sans|sem|senza|pas de|pas|any|the|an?|my|your|all|of|kinds?|sorts?|types?|more|other|extra|additional|single|use|using|add|adding|include|including|have|having|want|need|put|"
    r"play|playing|with|in|be|there|at all|whatsoever|damn|bloody|de|del|della|d'|l'|la|el|los|las|le|les|il|lo|i|gli|der|die|das|den|dem|eine?[nmrs]?|o|os|as|uma?|una?|una|uno|irgend\w*)\b"
    r"|(?<=\w)'|[任何有用加带个些])*"
)
_MANY = re.compile(
    r"\b(?:too|so|that|as|very|overly) (?:many|much)\b|\b(?:a lot|lots|loads|tons|plenty) of\b|\b(?:zu|so) viele?\b|\btrop(?: de| d')?\b|\bbeaucoup(?: de| d')?\b|\bdemasiad[ao]s?\b"
    r"|\btant[aeio]s?\b|\btropp[aeio]\b|\bmuit[ao]s?\b|\bmuch[ao]s?\b|太多|那么多|过多|这么多|很多"
)
_QUALIFIED = re.compile(r"[的太过很]|那么")
_ADJECTIVE = re.compile(
    r"(?:[\u3040-\u309f\u4e00-\u9fff]{1,6}(?:[かきくけこさしすせそたちつてとなにぬねはひふへほまみむめもやゆよらりるれろがぎげごばびぶべぼ]い|[しるなきかたせさむゆくれうめみき]い|な)|[\u4e00-\u9fff]{1,4}的|[\uac00-\ud7a3]{1,4}[운한큰은]\s?)$"
)
"""An adjective directly before its noun: うるさいドラム, 吵闹的鼓, 시끄러운 드럼."""
_JOINT = re.compile(
    r"(?:,|，|、|\b(?:and|or|nor|und|oder|noch|ni|né|nem|et|ou)\b|[和或与及跟])(?!.*(?:,|，|、|\b(?:and|or|nor|und|oder|noch|ni|né|nem|et|ou)\b|[和或与及跟]))",
    re.S,
)


def what_is_denied(text: str, start: int, spans: Sequence[tuple[int, int]]) -> str | None:
    """Return what of the noun at `start` a negation takes away: "whole", a "quality" of it, its "amount"; None where none does."""
    span = next((s for s in spans if s[0] <= start < s[1]), None)
    if span is None:
        return None
    word = NEGATION.match(text, span[0])
    if word is None:  # the negation stands behind the noun, so what is denied of it stands before it
        return "quality" if _ADJECTIVE.search(text[max(0, start - 12) : start]) else "whole"
    before = text[word.end() : start]
    joint = _JOINT.search(before)
    before = before[joint.end() :] if joint is not None else before
    if _MANY.search(before):
        return "amount"
    if before.isascii() or not re.search(r"[\u3040-\u9fff\uac00-\ud7a3]", before):
        return "whole" if _SAYS_NOTHING.fullmatch(before) else "quality"
    kind_of_chord = text.startswith(("和弦", "和声"), start) and _SAYS_NOTHING.fullmatch(before) is None
    return "quality" if kind_of_chord or _QUALIFIED.search(before) else "whole"


T = TypeVar("T")


@dataclass(frozen=True)
class Span(Generic[T]):
    """A value read from a text, and where it stands."""

    value: T
    start: int
    end: int


Reader = Callable[[str], Span[T] | None]
"""Reads one thing from a text."""


_LEADS_TO = re.compile(
    r"\s*(?:(?:be|sea|soit|sia|seja|use|play|stay|have|it|this|written|too|auch)\s+)?(?:(?:in|at|of|im|en|em|in der|auf|à|dans|用|在|是)\s+)?(?:(?:the|a|an|any)\s+)?(?:(?:key|metre|meter|time signature)(?: of)?\s+)?"
)


MAX_REFUSALS = 16
_REFUSAL = re.compile(rf"{NEGATION.pattern}|\bno(?= \d+/\d)")


def refused(text: str, read: Reader[T]) -> list[Span[T]]:
    """Return what a reader finds directly behind negations: what is not wanted. `text` is in lower case or as it was typed."""
    found: list[Span[T]] = []
    for word in islice(_REFUSAL.finditer(text.lower()), MAX_REFUSALS):
        lead = _LEADS_TO.match(text, word.end())
        at = word.end() if lead is None else lead.end()
        tail = "in " + text[at : at + 40]
        span = read(tail)
        if span is not None and span.start <= 3:
            found.append(Span(span.value, word.start(), at + span.end - 3))
    return found
