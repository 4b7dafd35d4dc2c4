"""Prompts that change the band that plays: they name no style of their own. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from model.music.control import MAX_TEMPO, MIN_TEMPO
from model.music.notes import PARTS
from model.music.plan import LEVELS, Plan
from model.prompt.reader import parse_prompt
from model.prompt.rules.negation import NEGATION
from model.prompt.wishes.sections import find_sections

_CHANGE = re.compile(
    r"\b(?:more|less|fewer|same|again|louder|softer|quieter|faster|slower|busier|sparser|denser|darker|brighter|harder|gentler|calmer|fuller|"
    r"warmer|wilder|add|bring|strip|drop|take|remove|keep|mute|mehr|weniger|wieder|lauter|leiser|schneller|langsamer|"
    r"plus|moins|encore|más|menos|più|meno|mais)\b|更|再|加|换|去掉|只|变|[快慢响轻亮暗]一?点",
    re.I,
)
"""Words that speak of what there is."""
_FASTER = re.compile(
    r"\b(?:faster|schneller|plus vite|más rápido|più veloce|mais rápido)\b|[更再]快|快一?点|加快", re.I
)
_SLOWER = re.compile(
    r"\b(?:slower|langsamer|plus lent\w*|más lento|più lento|mais lento)\b|[更再]慢|慢一?点|放慢", re.I
)
_STRIPPED = re.compile(r"\b(?:strip\w*|down|back|reduce\w*) (?:it )?(?:down |back )?to\b|只[留剩]", re.I)
_OTHER_TUNE = re.compile(
    r"\b(?:new|other|another|different|change)\b[^,.;]{0,20}\b(?:melod\w+|tunes?|hooks?|leads?|themes?|riffs?|chords?|progression)\b|"
    r"(?:换|新|另)[^，。,]{0,4}(?:旋律|曲调|主题|和弦)"
)
_PACE = 1.15
"""How much faster "faster" is."""


_parsed = lru_cache(8)(parse_prompt)


def changes_band(prompt: str) -> bool:
    """Return True if words name no style, and a change or a section: the band that plays stays."""
    lower = prompt.lower()
    if _CHANGE.search(lower) is None and next(find_sections(lower), None) is None:
        return False
    return not any(term.kind in ("genres", "artists") for term in _parsed(prompt).terms)


def keeps_tune(prompt: str) -> bool:
    """Return True if words change the band that plays, and ask for no other tune."""
    return changes_band(prompt) and _OTHER_TUNE.search(prompt.lower()) is None


def _says(pattern: re.Pattern[str], lower: str) -> bool:
    """Return True if a text says it and does not deny it just before: not "no faster"."""
    return any(NEGATION.search(lower, max(0, m.start() - 8), m.start()) is None for m in pattern.finditer(lower))


def changed_band(band: Plan, words: Plan, prompt: str) -> Plan:
    """Return the plan of words that change a band: what they do not state is the band's."""
    told, lower = set(words.explicit), prompt.lower()
    pace = _PACE if _says(_FASTER, lower) else 1 / _PACE if _says(_SLOWER, lower) else 1.0
    named = {part for part, _ in words.instruments}
    stated = _parsed(prompt).stated_parts
    parts = stated.with_defaults(() if _STRIPPED.search(lower) and stated.named else band.parts)
    programs = {**dict(words.programs), **{p: n for p, n in band.programs if p not in named}}
    told_meter = "meter" in told and words.meter != band.meter
    return replace(
        words,
        tempo=words.tempo if "tempo" in told else min(MAX_TEMPO, max(MIN_TEMPO, float(round(band.tempo * pace)))),
        meter=words.meter if told_meter else band.meter,
        feel=words.feel if "feel" in told else band.feel,
        swing=words.swing if "swing" in told else band.swing,
        swing_unit=words.swing_unit if "swing" in told else band.swing_unit,
        parts=parts if len(parts) > 1 or stated.only else words.parts,
        style=band.style,
        idioms=band.idioms,
        doubled=words.doubled or tuple(d for d in band.doubled if d[0] in parts and d[0] not in named),
        figures=words.figures or band.figures,
        progression=words.progression or (None if "key" in told else band.progression),
        programs=tuple((p, programs[p]) for p in PARTS if p in programs),
        **{name: (getattr(words, name) if name in told else getattr(band, name)) for name in LEVELS},
    )
