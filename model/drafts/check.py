"""A draft held to the notation and the songbook's laws, and what is wrong in it said so that its author can mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from model.drafts.complete import Draft, completed
from model.music.control import MAX_BARS
from model.music.notes import METERS
from model.music.programs import KITS, PROGRAMS
from model.music.score import Score
from model.songbook.book import score
from model.songbook.lint import check
from model.songbook.piece import Fault, NotationError, Piece
from model.songbook.reader import read
from model.songbook.tables import styles

MOST_TOLD = 12
"""Faults that are told at once: who mends a dozen sees the rest next time."""
NOT_OURS = re.compile(r"captions? in |of the captions is |a caption twice|^a piece of .* lies in ")
"""Faults that only a piece of the book can have."""

_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"([\d/]+) units, not ([\d/]+)",
        r"the lengths of this bar add up to \1, and must to \2: a unit is a sixteenth, a rest is `.:N`",
    ),
    (
        r"a row of (\d+) steps; (\S+) has",
        "count the characters of the row; spaces do not count; 16 are sixteenths in 4/4",
    ),
    (r"a row holds", "digits 1-9 are how hard, `.` is silence; nothing else"),
    (
        r"no drum has the letter",
        "K kick S snare R rim C clap H closed hat O open hat D ride A crash T M L toms Q tambourine n shaker",
    ),
    (
        r"not a token",
        "a token is a pitch with its length such as Eb4:2, C4+E4:4 together, a rest .:2, held on ~:2, the whole chord x:4",
    ),
    (
        r"not a chord symbol",
        "root A-G with # or b, then nothing, m 7 m7 maj7 9 m9 maj9 6 69 11 13 m11 sus2 sus4 7sus4 dim dim7 m7b5 aug add9 7alt …, then b5 #5 b9 #9 #11 b13, then /BASS",
    ),
    (r"lacks bar", "a part that a section writes has a line for each of its bars; an empty one is `BAR: -`"),
    (r"has no harmony", "under `harmony` write `Dm9 | G13 | …`, a bar between bars, or `5: Dm9`"),
    (r"harmony of \d+ bars in a section", "the section's number of bars is the one after its name"),
    (r"is written twice", "each bar of a part once: join ranges such as `1,3: …`"),
    (r"nothing is open", "open the part first: a line `bass` alone, then `1: tokens`"),
    (r"needs `BARS:", "drums are `drums`, then `1-4:`, then rows such as `K 9.......9.......`"),
    (r"no header line is called", "the header comes first, a line `key value` each; sections after it"),
    (r"form plays (\w+)", r"write a `section \1 BARS`, or leave it out of the form"),
    (r"is not in the form", "name it in `form`"),
    (r"must go up", "write a voicing's pitches from low to high, each once"),
    (r"has (\d+) voices", r"voices are numbered 1 to \1 from below"),
    (r"before this one", "a section is made from an earlier one: write that one first"),
    (r"not a pitch", "a pitch is a letter, # or b, and an octave: Bb3; C4 is middle C"),
    (r"is a tonic and one of", "such as `Eb minor`"),
)
_LAWS = {
    "range": "move it by octaves",
    "strong": "on that beat sing a tone or a tension of the chord, or make the note shorter than a quarter, or go on by step to a chord tone",
    "rub": "move one of the two, shorten one to an eighth, or name the tone in the chord symbol",
    "bass": "let the bass begin the chord with its root, third or fifth",
    "voice": "turn one of the two voicings over, so that its voices lie near to those of the other",
    "kick": "put bass notes where the kick is, or kicks where the bass is accented",
    "dynamics": "raise the later section with `level +6`, or add strokes to it",
    "return": "play a section again in `form`",
    "ends": "write something in the last two bars, or `ends close`",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. `piece` is None where the text cannot be read; `errors` and `warnings` are sentences, `filled` what was added."""

    draft: Draft
    piece: Piece | None
    errors: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def score(self, name: str = "") -> tuple[Score, str]:
        """Return the music, and a sentence on parts that are left out. Raises ValueError."""
        if self.piece is None or self.errors:
            raise ValueError("\n".join(self.errors))
        return score(self.piece, name)


def checked(text: str, header: Mapping[str, str] | None = None) -> Verdict:
    """Return what is wrong in a text, once it is completed."""
    draft = completed(text, header)
    if not any(line.strip().startswith("section") for line in draft.text.splitlines()):
        return Verdict(draft, None, ("there is no `section NAME BARS`: nothing would be heard",))
    try:
        piece = read(draft.text, "draft")
        if piece.bars > MAX_BARS:
            return Verdict(draft, None, (f"a piece has {MAX_BARS} bars at most, not {piece.bars}: shorten `form`",))
        report = check(piece)
    except NotationError as wrong:
        return Verdict(draft, None, _told(draft, wrong.faults))
    except RecursionError:
        return Verdict(draft, None, ("sections are made from one another too deeply",))
    ours = [f for f in report.errors if not NOT_OURS.search(f.what)]
    errors = _told(draft, tuple(f for f in ours if f.law != "return"))
    meter = "{}/{}".format(*piece.header.meter)
    if meter not in METERS:
        return Verdict(draft, None, (f"{meter} can be written, not played: {' '.join(METERS)}", *errors))
    return Verdict(draft, piece, errors, _told(draft, (*(f for f in ours if f.law == "return"), *report.warnings)))


def _told(draft: Draft, faults: tuple[Fault, ...]) -> tuple[str, ...]:
    lines = draft.text.splitlines()
    sentences = list(dict.fromkeys(_sentence(draft, lines, fault) for fault in faults))
    more = len(sentences) - MOST_TOLD
    return (*sentences[:MOST_TOLD], *((f"and {more} more",) if more > 0 else ()))


def _sentence(draft: Draft, lines: list[str], fault: Fault) -> str:
    own = draft.own_line(fault.line)
    where = f"line {own}" if own else "header"
    if fault.section:
        where += f", section {fault.section} bar {fault.bar}"
    said = lines[fault.line - 1].strip() if own and fault.line <= len(lines) and draft.lines[fault.line - 1] else ""
    quoted = f" `{said[:70]}{'…' if len(said) > 70 else ''}`" if said else ""
    remedy = _remedy(fault)
    return f"{where}:{quoted} {fault.law}: {fault.what}{f' → {remedy}' if remedy else ''}"


def _remedy(fault: Fault) -> str:
    if fault.law != "structure":
        waiver = (
            f"; or, if it is meant, `waive {fault.law} {fault.bar}: reason` in the section"
            if fault.section and fault.error
            else ""
        )
        return _LAWS.get(fault.law, "") + waiver
    near: list[str] = []
    for pattern, names in (
        (r"no style of the table is called (.*)", tuple(styles())),
        (r"no program is called ([^;]*)", PROGRAMS),
        (r"kits are .*, not ([^;]*)", tuple(KITS)),
    ):
        wrong = re.findall(pattern, fault.what)
        for name in wrong:
            close = difflib.get_close_matches(name, names, 4, 0.3)
            if close:
                near.append(f"near{f' {name}' if len(wrong) > 1 else ''}: {', '.join(close)}")
    if near:
        return "; ".join(near)
    for pattern, remedy in _REMEDIES:
        if m := re.search(pattern, fault.what):
            return m.expand(remedy)
    return ""
