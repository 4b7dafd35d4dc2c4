"""What stands behind the root of a chord symbol: any suffix becomes its tones, and the name that it is shown by. Pure.

A suffix is read piece by piece, whatever their order: a triad (`m`, `dim`, `+`, `sus4`), a seventh or what is stacked above
it (`7`, `maj9`, `13`), alterations (`b5`, `#11`, `-9`, `+5`), additions (`add9`) and omissions (`no3`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

_NUMBER = r"13|11|9|7|6|5|4|3|2"
_PIECE = re.compile(
    r"(?P<half>half-?dim(?:inished)?|hdim|min7dim5|ø)7?"
    r"|(?P<dim>dim(?:inished)?|°|º|o(?![a-z]))"
    r"|(?P<aug>aug(?:mented)?|\+(?![0-9]))"
    r"|sus(?:pended)?(?P<sus>24|42|[24]{1})?(?:sus(?P<sus_too>[24]))?"
    rf"|(?:add(?=[b#+-]?(?:{_NUMBER}))|/(?=[b#]?(?:9|11|13)))(?P<add>[b#+-]?(?:{_NUMBER}))"
    r"|(?:no|omit)(?P<omit>3rd|3|5th|5|7)"
    r"|(?P<alt>alt(?:ered)?)"
    r"|(?P<major>[Mm]ajor|MAJOR|[Mm]aj|MAJ|[Mm]a(?![a-z])|MA|M|[Δ△^]|j(?=7|9|13|$))"
    r"|(?P<minor>[Mm]inor|MINOR|[Mm]in|MIN|[Mm]i|MI|m)"
    r"|(?P<dominant>dom(?:inant)?)"
    rf"|(?P<altered>[b#+-](?:{_NUMBER}))"
    rf"|(?P<number>{_NUMBER})"
)
MAX_SUFFIX = 32
"""Characters behind a root that are looked at."""
_NATURAL = {"2": 2, "3": 4, "4": 5, "5": 7, "6": 9, "7": 11, "9": 2, "11": 5, "13": 9}
_BENT = {"b": -1, "-": -1, "#": 1, "+": 1}


@dataclass(slots=True)
class _Stack:
    """The tones of a chord while its suffix is read, by what they are in it."""

    third: int | None = 4
    fifths: set[int] = field(default_factory=set)
    seventh: int | None = None
    highest: int = 0
    """What the sevenths are stacked up to: 9, 11 or 13."""
    nine: set[int] = field(default_factory=set)
    eleven: set[int] = field(default_factory=set)
    thirteen: set[int] = field(default_factory=set)
    sus: set[int] = field(default_factory=set)
    six: bool = False
    major: bool = False
    dim: bool = False
    power: bool = False
    without: set[str] = field(default_factory=set)


@lru_cache(4096)
def read_suffix(suffix: str) -> tuple[str, tuple[int, ...]] | None:
    """Return the name of a suffix and its semitones above the root, the root first; None where it is not one of a chord.

    The name is what the suffix says in the fewest signs: `maj7#11`, `13b9`, `m9b5`, `(b5)`.
    """
    if len(suffix) > MAX_SUFFIX:
        return None
    text = re.sub(r"(?<![\d#b+-])\((2|4|9|11|13)\)", r"add\1", suffix)
    text = re.sub(r"[\s,()_:]", "", text)
    text = re.sub(r"^\+(?=[679M]|maj)", "aug", re.sub(r"^-(?!5)", "m", text))
    stack, at, first = _Stack(), 0, True
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None or piece.end() == at or not _apply(stack, piece, first=first):
            return None
        at, first = piece.end(), False
    if stack.power and (stack.seventh or stack.nine or stack.eleven or stack.thirteen or stack.six or stack.sus):
        return None
    found = _name(stack), _tones(stack)
    # a suffix that contradicts itself, "dim7sus2", has no name that says the same
    return found if found[0] == suffix or read_suffix(found[0]) == found else None


def _apply(stack: _Stack, piece: re.Match[str], *, first: bool) -> bool:
    """Put what a piece says onto the stack; tell whether it may stand there."""
    said = {name: text for name, text in piece.groupdict().items() if text is not None}
    if "half" in said:
        stack.third, stack.fifths, stack.seventh = 3, {6}, 10
    elif "dim" in said:
        stack.third, stack.fifths, stack.dim = 3, {6}, True
    elif "aug" in said:
        stack.fifths = {8}
    elif piece.group().startswith("sus"):
        stack.sus |= {{"2": 2, "4": 5}[d] for d in said.get("sus", "4") + said.get("sus_too", "")}
        stack.third = None
    elif "add" in said:
        return _add(stack, said["add"])
    elif "omit" in said:
        stack.without.add(said["omit"][0])
    elif "alt" in said:
        stack.third, stack.fifths, stack.seventh, stack.nine = 4, {8}, 10, {1}
    elif "major" in said:
        stack.major = True
        if stack.seventh == 10:  # 7M
            stack.seventh = 11
        if piece.group() in ("Δ", "△", "^") and stack.seventh is None:
            stack.seventh = 11
    elif "minor" in said:
        if not first and not stack.major:
            return False
        stack.third, stack.major = 3, False
    elif "altered" in said:
        return _alter(stack, said["altered"][0], said["altered"][1:])
    elif "number" in said:
        return _number(stack, said["number"], first=first)
    return True


def _add(stack: _Stack, said: str) -> bool:
    if said[0] in _BENT:
        return _alter(stack, said[0], said[1:])
    tone = _NATURAL[said]
    if said in ("2", "9"):
        stack.nine.add(tone)
    elif said in ("4", "11"):
        stack.eleven.add(tone)
    elif said in ("6", "13"):
        stack.six |= stack.seventh is None
        stack.thirteen |= {tone} if stack.seventh is not None else set()
    elif said == "5":
        stack.fifths.add(tone)
    return said in ("2", "4", "5", "6", "9", "11", "13")


_MAY_BEND = {
    "2": (-1,),
    "9": (-1, 1),
    "4": (1,),
    "11": (1,),
    "5": (-1, 1),
    "6": (-1,),
    "13": (-1,),
    "7": (-1,),
    "3": (-1,),
}


def _alter(stack: _Stack, bent: str, number: str) -> bool:
    if _BENT[bent] not in _MAY_BEND[number]:
        return False
    tone = (_NATURAL[number] + _BENT[bent]) % 12
    if number == "5":
        stack.fifths.discard(7)
        stack.fifths.add(tone)
    elif number in ("2", "9"):
        stack.nine.add(tone)
    elif number in ("4", "11"):
        stack.eleven.add(tone)
    elif number in ("6", "13"):
        stack.thirteen.add(tone)
    elif number == "7":
        stack.seventh = 10
    else:
        stack.third = 3
    return True


def _number(stack: _Stack, number: str, *, first: bool) -> bool:
    if number == "5":
        stack.power = first
        return first
    if number in ("2", "4"):
        if stack.seventh is not None or stack.six or stack.sus:
            return False
        (stack.nine if number == "2" else stack.eleven).add(_NATURAL[number])
    elif number == "6":
        stack.six = True
    elif number == "3":
        return False
    elif number == "9" and stack.six:
        stack.nine.add(2)
    else:
        if stack.seventh is None:
            stack.seventh = 11 if stack.major else 9 if stack.dim else 10
        elif number == "7":
            return stack.seventh == 11 and stack.highest == 0  # Δ7
        stack.highest = max(stack.highest, int(number))
    return True


def _tones(stack: _Stack) -> tuple[int, ...]:
    nine = stack.nine or ({2} if stack.highest >= 9 else set())
    eleven = stack.eleven or ({5} if stack.highest == 11 else set())
    thirteen = stack.thirteen | ({9} if stack.highest == 13 or stack.six else set())
    third = None if stack.power or "3" in stack.without else stack.third
    fifths = set() if "5" in stack.without else stack.fifths or {7}
    seventh = None if "7" in stack.without else stack.seventh
    found = [0, *sorted(stack.sus), *([] if third is None else [third]), *sorted(fifths)]
    found += [] if seventh is None else [seventh]
    found += [*sorted(nine), *sorted(eleven), *sorted(thirteen)]
    return tuple(dict.fromkeys(found))


_SIGNED = {1: "b9", 2: "9", 3: "#9", 5: "11", 6: "#11", 8: "b13", 9: "13"}


def _name(stack: _Stack) -> str:
    """Return the suffix that says the tones of a stack in the usual order."""
    if stack.power:
        return "5"
    fifths = stack.fifths or {7}
    dim = stack.third == 3 and fifths == {6}
    plain_dim = dim and stack.seventh in (None, 9) and not stack.six
    base = "dim" if plain_dim else "m" if stack.third == 3 and not stack.sus else ""
    augmented = fifths == {8} and stack.third == 4 and stack.seventh is None and not stack.six
    base = "aug" if augmented else base
    above: list[tuple[int, str]] = []
    for tones, usual, order in (
        (stack.nine, 2 if stack.highest >= 9 else None, 9),
        (stack.eleven, 5 if stack.highest == 11 else None, 11),
        (stack.thirteen, 9 if stack.highest == 13 else None, 13),
    ):
        above += [(order, _SIGNED.get(t, "")) for t in sorted(tones) if t != usual or (order < 13 and len(tones) > 1)]
    named = ""
    if stack.seventh is not None:
        major = "maj" if stack.seventh == 11 else ""
        highest = stack.highest if stack.highest in (9, 11, 13) and not stack.six else 7
        named = f"{highest}" if plain_dim else f"{major}{highest}"
    if stack.six:
        with_nine = stack.seventh is None and stack.nine == {2}
        named = (named if stack.seventh is not None else "") + ("69" if with_nine else "6")
        above = [a for a in above if not (with_nine and a[1] == "9")]
    sus = "".join(f"sus{2 if t == 2 else 4}" for t in sorted(stack.sus))
    bent_fifths = "".join({6: "b5", 8: "#5"}[f] for f in sorted(fifths - {7}) if f in (6, 8))
    bent_fifths = "" if plain_dim or augmented else bent_fifths
    chorded = stack.seventh is not None and not plain_dim
    signs = "".join(s for _, s in above if chorded and s[0] in "b#")
    added = "".join(f"add{s}" for _, s in above if not (chorded and s[0] in "b#"))
    if {6, 8} <= fifths and 7 in fifths:
        added += "add5"
    gone = "".join(f"no{w}" for w in sorted(stack.without))
    name = f"{base}{named}{sus}{bent_fifths}{signs}{added}{gone}"
    return f"({name})" if name[:1] in "b#" and name else name
