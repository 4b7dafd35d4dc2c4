"""Bars that become like others: "bar 3 like bar 1", "repeat the first four bars in bars 5-8". Pure.

English, German, French, Spanish, Italian, Portuguese, Chinese and Japanese. Which words say how a bar
is played (louder, an octave higher) is the caller's to know: `changes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from model.clips.named_changes import placed_bars
from model.clips.transforms import splice
from model.music.midifile import Song, bar_length
from model.music.notes import Note, Ticks
from model.prompt.rules.negation import NEGATION
from model.prompt.rules.parts import PART

_LIKE = re.compile(
    r"\b(?:(?<!i'd )(?<!would )like|same(?! (?:volume|loudness|tempo|speed|register|octave|length|key)\b)(?: \w+){0,2} as|identical (?:to|with)|equal to|match(?:es|ing)?|as in|wie|identisch (?:mit|zu)"
    r"|(?:pareil(?:le)?s?|identiques?|même chose) (?:que|à|aux?)|comme|(?:igual(?:es)?|idéntic[oa]s?|idêntic[oa]s?|l[oa] mismo|o mesmo) (?:que|a|ao?s?|à)|como|(?:uguale|identic[oa]) (?:a|all[ae])|come(?= (?:\w+ ){0,3}battut| l[ae] \d| \d))\b"
    r"|一样(?=[吧的了就]?\s*(?:\W|$))|相同|像|同じ(?=[によもでっ]|\W|$)|同様"
)
_LINK = re.compile(
    r"(?:\s|\b(?:in|at|of|from|the|it|was|is|does|did|what|that|those|you|we|played|had|den|dem|der|die|das|im|von|vom|es|bei|el|la|le|les|los|las|il|lo|gli|o|a|os|as|du|de|del|della|delle|di|do|da|dos|dans|en|em|no|na|nos|nas|nel|nella|nelle|quella|celle)\b|在|第)*"
)
"""What may stand between a like-word and its bars, the parts' names aside."""
_COPY = re.compile(
    r"\b(?:repeat(?:s|ed)?|cop(?:y|ied)|duplicated?|pasted?|clone|wiederhol\w*|kopier\w*|dupliz\w*|rép[eè]t\w*|copi\w+|dupli\w+|repit\w*|repet\w*|ripet\w*)\b"
    r"|重复|复制|拷贝|繰り返|コピー|くり返"
)
_SWAP = re.compile(
    r"\b(?:swap|exchange|switch(?! .*\b(?:off|on)\b)|(?:ver)?tausch\w*|échange\w*|intercambia\w*|scambia\w*|troca|troque)\b(?! .*\b(?:for|with|to|by|por|par|pour|gegen|durch)\b)|交换|互换|対调|入れ替え"
)
"""That two places change."""
_BY = re.compile(r"\b(?:with|mit|avec|con|com)\b|用")
"""Between two places, that the second comes for the first: fill bars 5-8 with bars 1-4."""
_INTO = re.compile(
    r"\b(?:in|into|to|at|onto?|over|for|through|as|auf|nach|zu|im|als|en|dans|à|vers|sur|pour|a|al|em|n[ao]s?|para|nel|nell[ae]|nei|su|sull[ae]|per|all[ae])\s+(?:(?:the|den|la|les?|el|los|las|o|os|as|die|il)\s+)?$|[到至在]第?$"
)
"""Before the bars that a copy goes to."""
_FROM = re.compile(r"\b(?:nach|from|ab|depuis|desde|dal?la?)\b")
"""Beside a verb of copying, where a copy goes or comes from, and no span that is open at one end."""
_AND = re.compile(r"\b(?:and|und|et|y|e|or|then)\b(?! (?:paste|repeat|copy))")
_NOT = re.compile(rf"{NEGATION.pattern}|\b(?:nie|non)\b|しない|ないで|せずに")
_IN_THE = re.compile(r"\bnos? (?=compasso|primeir|últim|\d)")
"""Portuguese, and no negation."""
_EXCEPT = r"\b(?:except|without (?:chang|touch|alter)\w+|ohne (?=.*ändern))"
_SPARING = re.compile(_EXCEPT), re.compile(rf"{_EXCEPT}|\b(?:without|ohne|sans|sin|senza|sem)\b")
"""Before the parts that are not copied, by a like-word and by a verb."""
_IS_NO_COPY = re.compile(
    r"\b(?:more|less|mehr|weniger|plus|moins|m[aá]s|menos|pi[uù]|meno|mais(?! (?:l[ae]s?|[oa]s?)\b)|than|als)\b"
    r"|\b(?:so|genauso|ebenso|gleich|tan|tão|così|aussi|as) (?!klingen|sein|spielen)\w+ (?:wie|como|come|que|as)\b"
    r"|\b(?:start\w*|enter\w*|begin\w*|comes? in|einsetz\w*|komm\w*|entr[aeiy]\w*|empiez\w*|commenc\w*|come[zcç]\w*|inizi\w*)\b|比"
)
"""Beside a like-word: a comparison of how much, or who enters."""
_NUMBER = re.compile(
    r"(?<![\d.,/:#])(\d{1,3})(?:\s*(?:-|–|to|bis|à|a|al)\s*(\d{1,3}))?(?:st|nd|rd|th|º|ª)?(?=\s*(?:$|[,.;!?)]|(?:but|and|with(?:out)?|except|an?|please|again|exactly|aber|und|mit|ohne|bitte|klingen|wiederholen|mais|et|avec|sans|pero|y|con|sin|por favor|ma|e|senza|mas|com|sem|in|to|into|nach|à|en|a)\b))(?![\w%:/]|[.,]\d)"
)
"""A number alone, and what may follow one that is a bar's: none of "4 on the floor", "2 beats later"."""
_JOIN = re.compile(r"\b(?:and|und|et|y|e)\b", re.I)
_WITH = re.compile(r"\s*(?:with(?:out)?|mit|ohne|avec|sans|con|sin|senza|com|sem)\b")
"""What begins a clause that goes on with the one before: but without the drums."""
_WHOLE = re.compile(
    r"\b(?:everything|all|whole|overall|everywhere|alles|überall|ganze?s?|tout|partout|todo|toda|tutto|tudo)\b|[整全]"
)
_TEMPO = re.compile(r"\b(?:tempo|bpm|fast\w*|slow\w*|quick\w*)\b|[快慢]")


@dataclass(frozen=True, slots=True)
class BarCopy:
    """Bars, counted from 0, and those that they become like, in their order.

    `place` is how the words name them, `about` the words in which parts may stand that alone become so, `spared` those
    with parts that stay, `rest` what is asked of the bars beside.
    """

    bars: tuple[int, ...]
    source: tuple[int, ...]
    about: str = ""
    place: str = ""
    rest: str = ""
    spared: str = ""

    @property
    def aim(self) -> str:
        """The place and the parts that its words name."""
        return " ".join((self.place, *(m[0] for m in PART.finditer(self.about))))


def bar_copy(clause: str, count: int, changes: Callable[[str], bool] = lambda _: False) -> BarCopy | None:
    """Return which bars of so many a clause makes like which others; None where it says nothing of the kind."""
    lower = clause.lower()
    verb, like, swapped = _COPY.search(lower), _LIKE.search(lower), _SWAP.search(lower)
    if verb is None and like is None and swapped is None:
        return None
    sparing = _SPARING[verb is not None].search(lower)
    if sparing is not None:
        return _but_spared(bar_copy(clause[: sparing.start()], count, changes), lower[sparing.end() :])
    if verb is not None:
        lower = _FROM.sub(lambda m: ("auf" if m[0] == "nach" else "").ljust(len(m[0])), lower)
    places = _with_bare_number(_trimmed(placed_bars(lower, count), lower), lower, count)
    if swapped is not None:
        return None if _NOT.search(lower) else _exchange(places, lower)
    if len(places) != 2 or not all(bars for _, _, bars in places):
        return None
    (start, end, first), (begin, stop, second) = places
    tail, outside = lower[stop:], f"{lower[:start]} {lower[end:begin]} {lower[stop:]}"
    if _NOT.search(_IN_THE.sub("", lower[:stop])) or (_NOT.search(tail) and not changes(tail)):
        return None
    into_first = (
        _verb_into_first(lower, start, end, begin, stop) if verb else _like_into_first(lower, start, end, begin, stop)
    )
    if into_first is None or (
        verb is None and (_IS_NO_COPY.search(lower[:begin]) or changes(f"{lower[:start]} {lower[end:begin]}"))
    ):
        return None
    target, source = (first, second) if into_first else (second, first)
    rest = next((words for words in (tail, _COPY.sub(" ", outside) if verb else "") if changes(words)), "")
    named = lower[start:end] if into_first else lower[begin:stop]
    place = f"bar {named}" if named[0].isdigit() and named[-1].isdigit() else named
    about = lower[:stop] if rest == tail else lower
    return None if set(target) & set(source) else BarCopy(target, source, about, place, rest.strip())


def _but_spared(copy: BarCopy | None, words: str) -> BarCopy | None:
    """Return a copy that leaves the parts in some words."""
    return None if copy is None else replace(copy, spared=words)


def _trimmed(places: list[tuple[int, int, tuple[int, ...]]], lower: str) -> list[tuple[int, int, tuple[int, ...]]]:
    """Return the places without the space before them."""
    return [(end - len(lower[start:end].lstrip()), end, bars) for start, end, bars in places]


def _with_bare_number(
    places: list[tuple[int, int, tuple[int, ...]]], lower: str, count: int
) -> list[tuple[int, int, tuple[int, ...]]]:
    """Return the places with one more where the second lacks its noun: "bars 5-8 like 1-4", "compás 2 como el 6"."""
    if len(places) != 1:
        return places
    for match in _NUMBER.finditer(lower):
        verb = _COPY.search(lower, 0, match.start()) if match.end() < places[0][0] else None
        if verb and _LINK.fullmatch(lower, verb.end(), match.start()) and 1 <= int(match[1]) <= count:
            return [(*match.span(), (int(match[1]) - 1,)), *places]  # copy 6 to bar 2
        if match.start() < places[0][1]:
            continue
        between = lower[places[0][1] : match.start()]
        like = _LIKE.search(lower[: match.end()], places[0][1])
        if (like and _LINK.fullmatch(lower, like.end(), match.start())) or (
            _COPY.search(lower) and _INTO.search(between)
        ):
            first, last = int(match[1]), int(match[2] or match[1])
            bars = tuple(range(first - 1, last)) if 1 <= first <= last <= count else ()
            return [*places, (*match.span(), bars)]
    return places


def _exchange(places: Sequence[tuple[int, int, tuple[int, ...]]], lower: str) -> BarCopy | None:
    """Return the copy by which two places change."""
    pairs = [bars for _, _, bars in places]
    pairs = [(pairs[0][0],), (pairs[0][1],)] if len(pairs) == 1 and len(pairs[0]) == 2 else pairs
    if len(pairs) != 2 or len(pairs[0]) != len(pairs[1]) or set(pairs[0]) & set(pairs[1]):
        return None
    return BarCopy((*pairs[0], *pairs[1]), (*pairs[1], *pairs[0]), lower)


def _verb_into_first(lower: str, start: int, end: int, begin: int, stop: int) -> bool | None:
    """Return whether a verb of copying goes from the second place into the first; None where it joins them not."""
    between = lower[end:begin]
    verb = _COPY.search(between)
    if _AND.search(between):
        return None
    if re.match(r"目?[にへ]", lower[end:]) or _BY.search(between):
        return True
    if _INTO.search(between) or re.match(r"目?[にへ]", lower[stop:]):
        return False
    return True if verb or _INTO.search(lower[:start]) else None


def _like_into_first(lower: str, start: int, end: int, begin: int, stop: int) -> bool | None:
    """Return whether the first place becomes like the second; None where no like-word joins them."""
    plain = PART.sub(lambda m: " " * len(m[0]), lower)
    if _AND.search(plain, end, begin) and not re.search(r"[一相同]", plain[stop:]):
        return None
    for match in _LIKE.finditer(plain):
        if re.fullmatch(r"目?と?", plain[end : match.start()] or "-") and match[0][0] == "同":
            return False  # 1小節目と同じに3小節目を
        if match.end() <= start and _LINK.fullmatch(plain, match.end(), start):
            return False
        if end <= match.start() and match.end() <= begin and _LINK.fullmatch(plain, match.end(), begin):
            return True
        if match.start() >= stop and match[0][0] in "一相同":
            return True
    return None


def _apart(clause: str, count: int, changes: Callable[[str], bool]) -> list[str]:
    """Return the halves of a clause of which one is a copy and the other one too, or a change of its own; else the clause."""
    if bar_copy(clause, count, changes) is not None or len(halves := _JOIN.split(clause)) != 2:
        return [clause]
    kinds = [bar_copy(half, count, changes) is not None for half in halves]
    each = all(copy or changes(half.lower()) for copy, half in zip(kinds, halves, strict=True))
    return halves if any(kinds) and each else [clause]


def where_copied(clauses: Sequence[str], count: int, changes: Callable[[str], bool]) -> list[str]:
    """Return the clauses, of which one that says how, behind a copy of bars, means those bars: bar 3 like bar 1, but louder."""
    found: list[str] = []
    aim = place = ""
    for clause in (half for whole in clauses for half in _apart(whole, count, changes)):
        lower = clause.lower()
        about = aim and not placed_bars(clause, count) and not _WHOLE.search(lower) and not _TEMPO.search(lower)
        if about and changes(lower) and (not PART.search(lower) or _WITH.match(lower)):
            found.append(f"{clause} {place if PART.search(lower) else aim}")
            continue
        copy = bar_copy(clause, count, changes)
        aim, place = ("", "") if copy is None else (copy.aim, copy.place)
        found.append(clause)
    return found


def copied(song: Song, wish: BarCopy, parts: AbstractSet[str] | None = None) -> Song | None:
    """Return the song with its bars like those others, in turn, in some parts or in all; None where their metres differ."""
    starts = [at for at, _ in song.bars]
    pairs = [(bar, wish.source[i % len(wish.source)]) for i, bar in enumerate(wish.bars)]
    if any(song.bars[a][1] != song.bars[b][1] for a, b in pairs):
        return None
    notes = [n for n in song.notes if parts is not None and n.part not in parts]
    chords: list[tuple[Ticks, str]] = []
    for bar, source in pairs:
        begin, end = starts[source], starts[source] + bar_length(song.bars[source][1])
        moved = starts[bar] - begin
        for note in song.notes:
            if begin <= note.start < end and (parts is None or note.part in parts):
                start = Ticks(note.start + moved)
                notes.append(replace(note, start=start, length=Ticks(min(note.length, song.end - start))))
        sounding = [s for at, s in song.chords if at <= begin][-1:]
        chords += [(starts[bar], s) for s in sounding]
        chords += [(Ticks(at + moved), s) for at, s in song.chords if begin < at < end]
    harmony = tuple(sorted(chords)) if parts is None or "chords" in parts else song.chords
    after = splice(song, replace(song, notes=tuple(sorted(notes)), chords=harmony), frozenset(wish.bars))
    before = frozenset(song.notes)
    return replace(after, notes=_struck_anew(after.notes, before))


def _struck_anew(notes: Sequence[Note], before: AbstractSet[Note]) -> tuple[Note, ...]:
    """Return the notes, of which one ends where its pitch is struck again if either of the two was not there before."""
    cut: list[Note] = []
    coming: dict[tuple[str, int], Note] = {}
    for note in sorted(notes, reverse=True):
        following = coming.get((note.part, note.pitch))
        meets = following is not None and note.start < following.start < note.start + note.length
        if following is not None and meets and not (note in before and following in before):
            cut.append(replace(note, length=Ticks(following.start - note.start)))
        else:
            cut.append(note)
        coming[note.part, note.pitch] = note
    return tuple(sorted(cut))
