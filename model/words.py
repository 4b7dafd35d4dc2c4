"""The rules in front of the encoder: what a prompt states outright, in numbers, names and negations.

`read` takes any text and never raises. What a rule has read is taken out of the text that is embedded, for
no encoder tells D minor from D major. English and Chinese in full; numbers, keys, tempo words and negation in
Japanese, Spanish, German and French too.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from model import keywords, progressions
from model.harmony import Key
from model.keywords import Span, T
from model.music import METERS, PARTS
from model.terms import Found, Term, table
from model.terms import find as find_terms


@dataclass(frozen=True, slots=True)
class Wish:
    """What the words say outright, and what is left of them for the encoder.

    `mode` is "major" or "minor" where only that was said. `terms` are the genres, moods, instruments and artists
    wanted, negated ones left out. `explicit` names the plan's fields that were stated.
    """

    tempo: float | None = None
    feel: str | None = None
    key: Key | None = None
    mode: str | None = None
    meter: str | None = None
    bars: int | None = None
    parts: tuple[str, ...] | None = None
    progression: tuple[str, ...] | None = None
    progression_key: Key | None = None
    instruments: tuple[tuple[str, str], ...] = ()
    density: float | None = None
    complexity: float | None = None
    swing: float | None = None
    terms: tuple[Term, ...] = ()
    explicit: tuple[str, ...] = ()
    rest: str = ""


LONGEST = 4000
"""Characters that are read: twice the longest prompt, for a sign may unfold into many."""
_SPACES = re.compile(r"\s{2,}")
_NEGATION = re.compile(
    r"\b(?:no(?! (?:matter|doubt|wonder))|not(?! (?:only|just|merely|until)\b)|without|never|avoid|minus|isn'?t|"
    r"(?:don'?t|do not)(?! (?:stop|forget|hesitate|worry)\b)|sin|ohne|keine?n?|sans|pas(?: de)?|nicht(?! nur)|nada de)\b"
    r"|不要|没有|不想要|(?<![特分区级个告离送])别(?![离人处墅致])|去掉|不用|(?<!差)不(?![断过同仅只朽息久管论错休停知])"
    r"|无(?![尽限题声比穷论数垠边线])|(?<![除若莫并是])非(?![常洲凡得])"
)
_SCOPE_END = re.compile(
    r"[,.;:!?，。；：！？、\n]|\b(?:but|aber|pero|mais|with|mit|con|avec|just|only)\b|但|而是|只要|要(?!求)"
)
_BEFORE_NONE = re.compile(
    r"([\u3040-\u30ffー\u4e00-\u9fff]{1,8}?)(?:は|が|も)?(?:なし|抜き|無し|じゃない|ではない)"
)
_STOP = re.compile(
    r"\b(?:please|make|me|give|create|generate|write|play|some|something|a|an|the|with|and|of|for|in|at|to|that|i|want|"
    r"would like|can you|could you|about|bpm|key|una?|der|die|das|ein|eine|un|une|en|à|y|et|und|mit|con|avec)\b|请|给我|来一段|来一首|来个|写|一首|一段|的"
)
_ONLY = re.compile(
    r"(?<!not )(?<!nicht )(?<!不)\b(?:only|just|nothing but|nur|sólo|seulement|juste)\b"
    r"|\bsolo\b(?=\s+(?:bass|bajo|chords?|acordes|melod))|只要|只有|仅|だけ|のみ"
)
_LACKING = re.compile(r"\b(drum|bass)less\b")
_SOLO = re.compile(r"(?:\bsolo|\bsólo|纯|独奏)\s*$")
_SOLO_BEHIND = re.compile(r"\s*(?:独奏|ソロ|(?<=piano )solo\b)")
_LESS = re.compile(r"(?:less|not (?:too|so)|不那么|不太|少一点|weniger|menos|moins)\s*$")


def read(text: str) -> Wish:
    """Return what a text states. Any text is allowed; what no rule knows is left for the encoder."""
    folded = unicodedata.normalize("NFKC", text).translate(keywords.SIMPLIFIED)[:LONGEST]
    plain = _SPACES.sub(lambda run: "\n" if "\n" in run.group() else " ", folded)
    lower = plain.lower()
    if len(lower) != len(plain):  # a few letters grow when lowered: keep the places equal
        plain = lower
    taken: list[tuple[int, int]] = []

    def value(span: Span[T] | None) -> T | None:
        if span is None:
            return None
        taken.append((span.start, span.end))
        return span.value

    given = progressions.find(plain, None)  # first: the Am of "Am F C G" is no key
    if given is not None:
        taken.append((given.start, given.end))
    key = value(keywords.key(_blanked(plain, taken)))
    if given is not None and key is not None:
        given = progressions.find(plain, key)
    meter = value(keywords.meter(lower))
    bars = value(keywords.bars(_blanked(lower, taken)))
    tempo = value(keywords.tempo(_blanked(lower, taken)))
    feel = value(keywords.feel(lower))
    swing = value(keywords.swing(lower))
    mode = value(keywords.mode(lower)) if key is None else None
    terms = list(find_terms(lower))
    negated = _negated(lower, terms)
    wanted = [
        f
        for f, after in pairwise([*terms, None])
        if f is not None
        and not _within(f.start, negated)
        and not _within(f.start, taken)
        and _musical(lower, f, after)
    ]
    taken += [(a, b) for a, b in negated]
    turned = any(f.term.name in ("slow", "fast") and _within(f.start, negated) for f in terms)
    tempered = (table()["medium"],) if turned else ()  # "not too fast"
    parts = _parts(lower, negated) or _solo(lower, wanted)
    density, complexity = (
        _level(keywords.DENSITY, lower, negated),
        _level(keywords.COMPLEXITY, lower, negated),
    )
    instruments = {f.term.part: f.term.name for f in reversed(wanted) if f.term.part is not None}
    stated = {
        "tempo": tempo, "feel": feel, "key": key, "meter": meter, "bars": bars, "parts": parts, "density": density,
        "complexity": complexity, "swing": swing, "progression": given, "instruments": instruments or None,
    }  # fmt: skip
    return Wish(
        tempo, feel, key, mode, meter if meter in METERS else None, bars, parts,
        given.bars if given else None, given.key if given else None,
        tuple(sorted(instruments.items())), density, complexity, swing,
        tuple(f.term for f in wanted if f.term.kind != "instruments") + tempered,
        tuple(name for name, what in stated.items() if what is not None), _rest(plain, taken),
    )  # fmt: skip


_PLAIN_WORDS = frozenset([
    "house", "garage", "trap", "drill", "rock", "metal", "march", "jungle", "swing", "drone", "dub",
    "electro", "score", "study", "queen", "prince", "monk", "glass", "drake", "burial", "beyond", "light",
    "hot", "cool", "fire", "run", "free", "old", "open", "lost", "wind", "mar", "mer",
])  # fmt: skip
"""Names of styles, and moods, that are plain words too: "an empty house", "the garage door"."""
_OF_MUSIC = re.compile(
    r"\s*(?:-\s*)?(?:music|beats?|tracks?|grooves?|songs?|tunes?|loops?|vibes?|styles?|feel|riffs?|anthem|chords|bass|drums|piano)\b"
)


def _musical(lower: str, found: Found, after: Found | None) -> bool:
    """Tell whether a word that is a plain one too is meant as music: "a house track", not "an empty house"."""
    if lower[found.start : found.end] not in _PLAIN_WORDS:
        return True
    beside = after is not None and not lower[found.end : after.start].strip()
    if beside and after is not None and lower[after.start : after.end] not in _PLAIN_WORDS:
        return True
    return (
        _OF_MUSIC.match(lower, found.end) is not None
        or keywords.POINTING.search(lower[max(0, found.start - 40) : found.start]) is None
    )


def _blanked(text: str, taken: list[tuple[int, int]]) -> str:
    for start, end in taken:
        text = text[:start] + "\0" * (end - start) + text[end:]
    return text


def _within(at: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


def _negated(lower: str, terms: list[Found]) -> list[tuple[int, int]]:
    """Return the spans that a negation governs, itself among them: up to a comma or a turn of the sentence."""
    inside = [(f.start, f.end) for f in terms]
    spans: list[tuple[int, int]] = []
    for match in _NEGATION.finditer(lower):
        if any(start <= match.start() < end for start, end in inside) or _within(match.start(), spans):
            continue  # 不可思议 is a mood, not a negation
        stop = _SCOPE_END.search(lower, match.end())
        spans.append((match.start(), stop.start() if stop else len(lower)))
    spans += [match.span() for match in _BEFORE_NONE.finditer(lower)]
    return spans


def _parts(lower: str, negated: list[tuple[int, int]]) -> tuple[str, ...] | None:
    """Return the parts asked for, or None where nothing was said of them: by exclusion, or by "only"."""
    named = [(m.lastgroup or "", m.start()) for m in keywords.PART.finditer(lower)]
    excluded = {part for part, at in named if _within(at, negated)}
    excluded |= {m.group(1) + "s" * (m.group(1) == "drum") for m in _LACKING.finditer(lower)}
    only = _ONLY.search(lower)
    if only is not None and not _within(only.start(), negated):
        stop = _SCOPE_END.search(lower, only.end())
        end = stop.start() if stop else len(lower)
        meant = {p for p, at in named if only.end() <= at < end} - excluded
        if not meant:  # "chords and melody only"
            begin = max((m.end() for m in _SCOPE_END.finditer(lower, 0, only.start())), default=0)
            meant = {p for p, at in named if begin <= at < only.start()} - excluded
        if meant:
            return tuple(p for p in PARTS if p in meant)
    if excluded:
        return tuple(p for p in PARTS if p not in excluded)
    return None


def _solo(lower: str, wanted: list[Found]) -> tuple[str, ...] | None:
    """Return the parts of an instrument that plays alone: "solo piano", "solo violin", 钢琴独奏."""
    for f in wanted:
        alone = _SOLO.search(lower[max(0, f.start - 8) : f.start]) or _SOLO_BEHIND.match(lower, f.end)
        if f.term.part is not None and alone:
            return ("chords", "melody") if f.term.part == "chords" else (f.term.part,)
    return None


def _level(
    words: tuple[tuple[re.Pattern[str], float], ...], lower: str, negated: list[tuple[int, int]]
) -> float | None:
    """Return a level that the words name; "less busy" is the other side of "busy"."""
    for pattern, level in words:
        match = pattern.search(lower)
        if match is not None:
            turned = _LESS.search(lower[max(0, match.start() - 24) : match.start()]) is not None or _within(
                match.start(), negated
            )
            return 1 - level if turned else level
    return None


def _rest(plain: str, taken: list[tuple[int, int]]) -> str:
    left = _STOP.sub(" ", _blanked(plain, taken).replace("\0", " "))
    left = " ".join(re.sub(r"[^\w\s'&-]", " ", left).split())
    return left if any(c.isalpha() for c in left) else " ".join(plain.split())
