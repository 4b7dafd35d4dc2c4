"""The table of styles, `styles.tsv`: one row has all that the code must know of a style apart from its grammar."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.expression import CLUB, PERFORMED, SEQUENCED, Depths
from model.music.plan import Mix
from model.music.programs import KITS, PROGRAMS

FILE = Path(__file__).with_name("styles.tsv")
MAX_STYLES = 128
MAX_FAMILIES = 24
"""Sizes of the ranges of styles and families in the decoder's vocabulary."""


@dataclass(frozen=True, slots=True)
class Style:
    """A row of the table; its head explains the columns.

    `index` is None for a style that no weights have learnt. `drums_from` is an energy 0..1, or ±9 for never and always.
    """

    index: int | None
    name: str
    family: str
    has_grammar: bool
    is_performed: bool
    drums_from: float
    has_bare_chords: bool
    has_fills: bool
    has_club_form: bool
    is_half_time: bool
    corpus: str
    nearest: str
    words: str
    """The row as `model.prompt.rules.vocabulary` reads one of genres.tsv: names, Chinese names, facts."""
    sound: tuple[tuple[str, int], ...] = ()
    """The General MIDI program of each part, of drums the kit; nothing: those of `nearest`."""


def read_styles(lines: list[str]) -> dict[str, Style]:
    """Return the styles by name, those with an index first and in its order. Raises ValueError for a table that contradicts itself."""
    rows = csv.DictReader((x for x in lines if not x.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
    found = [
        Style(
            index=None if row["index"] == "-" else int(row["index"]),
            name=row["name"],
            family=row["family"],
            has_grammar=row["grammar"] == "yes",
            is_performed=row["played"] == "performed",
            drums_from=float({"never": "9", "always": "-9"}.get(row["drums_from"], row["drums_from"])),
            has_bare_chords=row["thirds"] == "bare",
            has_fills=row["fills"] == "yes",
            has_club_form=row["form"] == "club",
            is_half_time=row["feel"] == "half",
            corpus=row["corpus"],
            nearest=row["nearest"],
            words="\t".join((row["words"], row["cjk"], row["facts"])),
            sound=_sound(row["sound"] or ""),
        )
        for row in rows
    ]
    found.sort(key=lambda s: MAX_STYLES if s.index is None else s.index)
    styles = {s.name: s for s in found}
    learnt = [s.index for s in found if s.index is not None]
    if len(styles) < len(found) or learnt != [*range(len(learnt))] or len(learnt) > MAX_STYLES:
        raise ValueError(f"styles have one name each and indices 0, 1, 2 … below {MAX_STYLES}")
    for s in found:
        if s.nearest not in styles or styles[s.nearest].index is None or not styles[s.nearest].has_grammar:
            raise ValueError(f"the nearest style of {s.name} is one with an index and a grammar, not {s.nearest}")
    return styles


def _sound(said: str) -> tuple[tuple[str, int], ...]:
    pairs = [pair.split("=") for pair in said.split(";") if pair]
    for part, name in pairs:
        if name not in (KITS if part == "drums" else PROGRAMS):
            raise ValueError(f"General MIDI has no {'kit' if part == 'drums' else 'program'} called {name}")
    return tuple((part, KITS[name] if part == "drums" else PROGRAMS.index(name)) for part, name in pairs)


STYLES = read_styles(FILE.read_text(encoding="utf-8").splitlines())
"""All styles by name, those of the decoder's vocabulary first and in its order."""
DECODER_STYLES = tuple(s.name for s in STYLES.values() if s.index is not None)
"""The names of the decoder's vocabulary, by index."""
FAMILIES = tuple(dict.fromkeys(s.family for s in STYLES.values()))
"""The families, by index."""
GRAMMAR_STYLES = tuple(s.name for s in STYLES.values() if s.has_grammar)
"""The styles that `model.training.styles` has a grammar of."""


def decoder_style(name: str) -> str:
    """Return the style that the decoder plays for a style: itself, or its nearest one where it has no index."""
    return STYLES[name].nearest if STYLES[name].index is None else name


def program(mix: Mix, part: str) -> int | None:
    """Return the General MIDI program of a part in a mix of styles, of drums and percussion the kit: the heaviest style's; None of no style."""
    if not mix:
        return None
    style = STYLES[mix[0][0]]
    sound = dict(style.sound or STYLES[style.nearest].sound)
    return sound.get("drums" if part == "perc" else part)


def drums_probability(mix: Mix, energy: float) -> float:
    """Return how likely a mix of styles has drums at an energy 0..1."""
    likely = sum(w / (1 + math.exp(-(energy - STYLES[name].drums_from) / 0.05)) for name, w in mix)
    return likely / (sum(w for _, w in mix) or 1.0)


def performed_share(mix: Mix) -> float:
    """Return the share of a mix of styles, 0..1, that is played as people play; 0 without styles."""
    return _share(mix, lambda style: style.is_performed)


def thirdless_share(mix: Mix) -> float:
    """Return the share of a mix of styles, 0..1, whose chords need no third; 0 without styles."""
    return _share(mix, lambda style: style.has_bare_chords)


def diatonic_share(mix: Mix) -> float:
    """Return the share of a mix of styles, 0..1, whose tunes and chords stay in their scale: songs and dances of the people."""
    return _share(mix, lambda style: style.family == "roots" and style.corpus == "pop")


def depths_of(mix: Mix) -> Depths:
    """Return how far the curves of expression go in a mix of styles: the heaviest style's; those of played music without styles."""
    if not mix:
        return PERFORMED
    style = STYLES[mix[0][0]]
    return CLUB if style.has_club_form else PERFORMED if style.is_performed else SEQUENCED


def _share(mix: Mix, has: Callable[[Style], bool]) -> float:
    whole = sum(w for _, w in mix)
    return sum(w for name, w in mix if has(STYLES[name])) / whole if whole else 0.0
