"""Bars that become like others: "bar 3 like bar 1", "repeat the first four bars in bars 5-8". Pure.

English, German, French, Spanish, Italian, Portuguese, Chinese and Japanese.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from model.clips.named_changes import placed_bars
from model.clips.transforms import splice
from model.music.midifile import Song, bar_length
from model.music.notes import Note, Ticks

_LIKE = re.compile(
    r"\b(?:like|same as|identical (?:to|with)|equal to|match(?:es|ing)?|as in|(?:so |genauso |gleich )?wie|identisch mit|(?:pareil |identique )(?:que|à)|que|comme|identique|igual(?:es)? (?:que|a|ao?s?)|como|come|uguale a|identic[oa] a)\b"
    r"|一样|相同|同じ|同様"
)
_COPY = re.compile(
    r"\b(?:repeat|copy|duplicate|paste|clone|loop|wiederhol\w*|kopier\w*|dupliz\w*|rép[eè]t\w*|copi\w+|dupli\w+|repit\w*|repet\w*|ripet\w*)\b"
    r"|重复|复制|拷贝|繰り返|コピー|くり返"
)
_SWAP = re.compile(
    r"\b(?:swap|exchange|switch|(?:ver)?tausch\w*|échange\w*|intercambia\w*|scambia\w*|troca|troque)\b(?! .*\b(?:for|with|to|by|por|par|pour|gegen|durch)\b)|交换|互换|対调|入れ替え"
)
"""That two places change."""
_BY = re.compile(r"\b(?:with|mit|avec|con|com)\b|用")
"""Between two places, that the second comes for the first: fill bars 5-8 with bars 1-4."""


@dataclass(frozen=True, slots=True)
class BarCopy:
    """Bars, counted from 0, and those that they become like, in their order."""

    bars: tuple[int, ...]
    source: tuple[int, ...]


def bar_copy(clause: str, count: int) -> BarCopy | None:
    """Return which bars of so many a clause makes like which others; None where it says nothing of the kind."""
    lower = clause.lower()
    copied, like = _COPY.search(lower), _LIKE.search(lower)
    swapped = _SWAP.search(lower)
    if copied is None and like is None and swapped is None:
        return None
    places = placed_bars(clause, count)
    if swapped is not None:
        pairs = [bars for _, _, bars in places]
        pairs = [(pairs[0][0],), (pairs[0][1],)] if len(pairs) == 1 and len(pairs[0]) == 2 else pairs
        if len(pairs) != 2 or len(pairs[0]) != len(pairs[1]) or set(pairs[0]) & set(pairs[1]):
            return None
        return BarCopy((*pairs[0], *pairs[1]), (*pairs[1], *pairs[0]))
    if len(places) != 2 or not all(bars for _, _, bars in places):
        return None
    (_, end, first), (start, _, second) = places
    likeness = like is not None and copied is None
    into_first = likeness or _BY.search(lower, end, start) is not None
    target, source = (first, second) if into_first else (second, first)
    return None if set(target) & set(source) else BarCopy(target, source)


def copied(song: Song, wish: BarCopy) -> Song | None:
    """Return the song with its bars like those others, in turn; None where their metres differ."""
    starts = [at for at, _ in song.bars]
    pairs = [(bar, wish.source[i % len(wish.source)]) for i, bar in enumerate(wish.bars)]
    if any(song.bars[a][1] != song.bars[b][1] for a, b in pairs):
        return None
    notes: list[Note] = []
    chords: list[tuple[Ticks, str]] = []
    for bar, source in pairs:
        begin, end = starts[source], starts[source] + bar_length(song.bars[source][1])
        moved = starts[bar] - begin
        for note in song.notes:
            if begin <= note.start < end:
                start = Ticks(note.start + moved)
                notes.append(replace(note, start=start, length=Ticks(min(note.length, song.end - start))))
        sounding = [s for at, s in song.chords if at <= begin][-1:]
        chords += [(starts[bar], s) for s in sounding]
        chords += [(Ticks(at + moved), s) for at, s in song.chords if begin < at < end]
    changed = replace(song, notes=tuple(sorted(notes)), chords=tuple(sorted(chords)))
    return splice(song, changed, frozenset(wish.bars))
