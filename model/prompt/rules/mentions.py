"""What words speak of that nothing here obeys, by kind: voices, samples, effects, levels, the mix, files, forms, notes' places.

`tables/mentions.tsv` has the words. They are told only where no rule has read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from model.prompt.rules.vocabulary import FOLDER
from model.prompt.rules.wishes import FoundWish

REASONS = {
    "voice": "nothing here sings: the music is notes for instruments",
    "sample": "nothing is sampled: the music is notes for instruments",
    "effect": "the sound is that of the instruments that play the notes; effects are put there",
    "level": "how loud a part is, is set by /llmball/part/NAME/level",
    "mix": "the music is notes: it is mixed where they are played",
    "software": "words say music only: files, exports and settings have commands of their own, see llmball --help",
    "form": "the form is named by its sections with their bars (intro 4 bars, verse 8 bars …), what happens by its bar (drop at bar 9)",
    "length": "a piece is as long as its bars, minutes or seconds: say how many",
    "counterpoint": "how the parts imitate, answer and vary one another is not said by words",
    "harmony": "chords are said by name or by a progression: Am F C G, ii V I, a bar each",
    "place": "where and how single notes are played is the style's, or a figure's: four on the floor, walking bass",
    "before": "a prompt is read by itself: refine changes what was played",
    "tempo": "a tempo is said by its number (92 bpm), by a pace (slow, fast) or as a ramp (from 90 to 120 bpm)",
    "key": "a key is said by its name: D minor, F# dorian, A major pentatonic",
    "metre": "a metre is said by its numbers: 3/4, 6/8, 7/8",
    "dynamics": "loudness that changes is said as fade in, fade out, crescendo or diminuendo",
    "modulation": "another key is said by its name and its bar: modulate to E minor at bar 9",
    "instrument": "it is none of the instruments that are played here",
    "swing": "swing is said by a number or a word: swing 60%, a light shuffle, straight",
    "add": "it is none of the parts, instruments and styles that are known here",
    "ending": "a piece ends on a cadence or loops; other endings and pauses are not said by words",
}
IN_A_CHANGE = frozenset(REASONS[kind] for kind in ("level", "before", "form", "place", "ending"))
"""Reasons that are none where words change what was played."""


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = [line.split("\t") for line in (FOLDER / "mentions.tsv").read_text(encoding="utf-8").splitlines()]
    words: dict[str, list[str]] = {}
    for kind, language, pattern in (row for row in rows if not row[0].startswith("#")):
        bounded = pattern if language == "中文" else _BOUNDED.format(pattern)
        words.setdefault(kind, []).append(bounded)
    return tuple((kind, re.compile("|".join(patterns))) for kind, patterns in words.items())


_BOUNDED = r"(?<![A-Za-zÀ-ÿ0-9_'’])(?:{})(?![A-Za-zÀ-ÿ0-9_])"


def find_mentions(lower: str, in_passing: bool = False) -> Iterator[FoundWish]:
    """Yield what a lower-case text speaks of that is not obeyed, each with its reason, none within another.

    `in_passing`: those whose words may only colour a scene, "a catchy riff"; a row of the table marks them by a "?".
    """
    end: list[tuple[int, int]] = []
    for kind, pattern in _patterns():
        if kind.endswith("?") != in_passing:
            continue
        reason = REASONS[kind.rstrip("?")]
        for match in pattern.finditer(lower):
            if match.end() > match.start() and not any(a < match.end() and match.start() < b for a, b in end):
                end.append(match.span())
                yield FoundWish(*match.span(), reason)
