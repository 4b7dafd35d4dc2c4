"""Two instruments of one part: "strings and brass", "flute and violin answer each other". Each gets a part of its own. Pure.

Of two that play chords one holds them (the pad) or breaks them (the arp). Another one that plays a melody doubles it, or answers
it by two bars where the words say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from model.music.notes import ADDED_PARTS
from model.music.plan import ANSWER, UNISON
from model.prompt.rules.vocabulary import FoundTerm
from model.prompt.wishes.found import FoundWish

_TURNS = re.compile(
    r"\b(?:answer(?:s|ed|ing)?|repl(?:y|ies|ying)|respond(?:s|ing|en|e)?|responses?|trad(?:e|es|ing)|alternat(?:e|es|ing|ely)|tak(?:e|es|ing) turns|dialogues?|"
    r"conversations?|antworte[nt]?|abwechselnd|im wechsel|zwiegespräch|dialogo|diálogo|responden|répond(?:ent)?|alternance|rispondono|rispondersi|"
    r"alternándose|alternando)\b|对答|对话|轮流|交替|呼应|掛け合い|交互"
)
"""What says that two instruments play one after the other."""
_HELD = frozenset([*range(16, 24), *range(40, 45), *range(48, 55), *range(56, 80), *range(88, 96)])
"""General MIDI programs whose tone does not die away: organs, bows, voices, winds, pads."""


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
            held = second.term.program in _HELD
            if held or found["chords"].term.program not in _HELD:
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
