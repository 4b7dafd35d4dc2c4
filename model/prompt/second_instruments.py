"""Who plays which part: "clavinet for the arp", and two instruments of one part, "strings and brass". Each gets one of its own. Pure.

Of two that play chords one holds them (the pad) or breaks them (the arp). Another one that plays a melody doubles it, or answers
it by two bars where the words say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from model.music.notes import ADDED_PARTS
from model.music.plan import ANSWER, UNISON
from model.prompt.rules.parts import HELD, OF_SEVERAL_STRINGS, PART
from model.prompt.rules.vocabulary import FoundTerm
from model.prompt.wishes.found import FoundWish

_TURNS = re.compile(
    r"\b(?:answer(?:s|ed|ing)?|repl(?:y|ies|ying)|respond(?:s|ing|en|e)?|responses?|trad(?:e|es|ing)|alternat(?:e|es|ing|ely)|tak(?:e|es|ing) turns|dialogues?|"
    r"conversations?|antworte[nt]?|abwechselnd|im wechsel|zwiegespräch|dialogo|diálogo|responden|répond(?:ent)?|alternance|rispondono|rispondersi|"
    r"alternándose|alternando)\b|对答|对话|轮流|交替|呼应|掛け合い|交互"
)
"""What says that two instruments play one after the other."""

_ARTICLE = r"(?:(?:the|an?|der|die|das|den|dem|eine?[mnrs]?|le|la|les|un|une|el|los|las|una|il|lo|i|gli|uno|o|os|as|um|uma)\s+|l'|un')?"
_PLAYS = re.compile(
    rf"\s+(?:for|on|as|plays?|playing|does|doing|takes?|taking|has|für|als|spielt|spielen|macht|pour|comme|joue|fait|para|como|toca|hace|faz|per|come|suona|fa)\s+{_ARTICLE}"
    r"|\s*(?:来)?(?:做|作为?|当|弹奏?|拉|吹|演奏|负责|担任)\s*|(?:で|が|は|の)"
)
"""Between an instrument and the part that it plays: clavinet for the arp."""
_PLAYED_ON = re.compile(
    rf"(?:\s+(?:is\s+)?(?:played\s+)?(?:on|by)|\s+(?:auf|am|vom?|an|gespielt (?:auf|von)|au|par|jouée? (?:par|au)|en|al|por|no|na|pelo|pela|dal|dalla|alla|sul|sulla)|\s*[:=])\s*{_ARTICLE}"
    r"|\s*(?:用|由|は)\s*"
)
"""Between a part and its instrument: melody on the cello."""
_CAST = ("arp", "pad", "chords", "melody", "bass")


def cast(lower: str, terms: Sequence[FoundTerm]) -> list[FoundTerm]:
    """Return the terms of a lower-case text, each instrument with the part that the words give it: "cello as the bass".

    The name of a part that an instrument is given is no instrument of its own.
    """
    parts = [m for m in PART.finditer(lower) if m.lastgroup in _CAST and not _is_of_a_name(m, terms)]
    spans = {m.span() for m in parts}
    given: dict[FoundTerm, re.Match[str]] = {}
    for f in terms:
        if f.term.kind != "instruments" or f.term.part not in _CAST or (f.start, f.end) in spans:
            continue
        before = next((m for m in reversed(parts) if m.end() <= f.start), None)
        behind = next((m for m in parts if m.start() >= f.end), None)
        if before is not None and _PLAYED_ON.fullmatch(lower, before.end(), f.start):
            given[f] = before
        elif behind is not None:
            low = behind.lastgroup == "bass" and f.term.program in _LOW
            beside = (behind.lastgroup in ("arp", "melody") or low) and not lower[f.end : behind.start()].strip()
            if beside or _PLAYS.fullmatch(lower, f.end, behind.start()):
                given[f] = behind
    taken = {m.span() for m in given.values()}
    return [
        replace(f, term=replace(f.term, part=given[f].lastgroup)) if f in given else f
        for f in terms
        if (f.start, f.end) not in taken
    ]


def _is_of_a_name(part: re.Match[str], terms: Sequence[FoundTerm]) -> bool:
    """Return True if the word for a part is but a piece of a longer name: the bass of a bass clarinet."""
    return any(f.start <= part.start() and part.end() <= f.end and (f.start, f.end) != part.span() for f in terms)


_LOW = frozenset([42, 43, 57, 58, 66, 67, 70])
"""General MIDI programs that may play a bass line by their names alone: a cello bass, a tuba bass."""


@dataclass(frozen=True, slots=True)
class SharedOut:
    """The instrument of each part, the parts that second ones are given, which of them double the melody (`Plan.doubled`), and who plays nothing."""

    instruments: Mapping[str, str]
    added: frozenset[str] = frozenset()
    doubled: tuple[tuple[str, str], ...] = ()
    told: tuple[FoundWish, ...] = ()


def shared_out(lower: str, wanted: Sequence[FoundTerm], taken: frozenset[str]) -> SharedOut:
    """Return which part each instrument of a lower-case text plays; `taken` are added parts that it names or denies."""
    players = [f for f in wanted if f.term.kind == "instruments" and f.term.part is not None]
    leads = [f for f in players if f.term.part == "melody"]
    several = next((f for f in leads if f.term.program in OF_SEVERAL_STRINGS), None)
    if several is not None and len(leads) > 1 and all(f.term.part != "chords" for f in players):
        chords = replace(several, term=replace(several.term, part="chords"))
        players = [chords if f is several else f for f in players]
    first = {f.term.part: f for f in reversed(players) if f.term.part is not None}
    compound = {  # a Rhodes piano, arpeggiated synths: two names of one instrument
        id(f)
        for a, b in pairwise(players)
        if a.term.part == b.term.part and not lower[a.end : b.start].strip(" -")
        for f in (a, b)
    }
    found, doubled, told = dict(first), dict[str, str](), list[FoundWish]()
    for second in players:
        part = second.term.part
        assert part is not None
        playing = {f.term.name for f in found.values()} | {f.term.program for f in found.values()} - {None}
        if id(second) in compound or playing & {second.term.name, second.term.program}:
            continue
        free = [p for p in ADDED_PARTS if p not in found and p not in taken and p != "perc"]
        if part == "chords":
            held = second.term.program in HELD
            if held or found["chords"].term.program not in HELD:
                other, wants = second, "pad" if held else "arp"
            else:  # strings and a piano: the piano has the rhythm
                other, wants = found["chords"], "pad"
            if wants in free:
                found["chords"] = second if other is not second else found["chords"]
                found[wants] = other
                continue
        elif part == "melody" and free:
            found[free[-1]] = second
            doubled[free[-1]] = ANSWER if _TURNS.search(lower) else UNISON
            continue
        reason = f"one instrument plays the {part}: {first[part].term.name}"
        told.append(FoundWish(second.start, second.end, reason))
    added = frozenset(found.keys() - first.keys())
    return SharedOut({p: f.term.name for p, f in found.items()}, added, tuple(sorted(doubled.items())), tuple(told))
