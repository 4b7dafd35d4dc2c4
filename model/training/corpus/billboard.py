"""Chords of American chart songs, 1958 to 1991, as the McGill Billboard Project wrote them down: no notes.

A file has a line a phrase: its time, what it opens (a letter, like letters for like music, and a name), bars between strokes, and what
else was heard. `N` and `*` are no chord, `.` is the chord before it, `x4` says a line four times; `&pause` is no bar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median

from model.decoder.tokenizer import MAX_BARS_LEFT, BarLine
from model.music.harmony import MODES, QUALITIES, Chord, Key, pitch_class
from model.music.notes import TICKS_PER_QUARTER, Ticks, beat_length, beats_in_bar
from model.training.corpus.song import Song, meters_of

SECTIONS = {
    "intro": "intro", "pre-intro": "intro", "outro": "ending", "coda": "ending", "ending": "ending", "fadeout": "ending",
    "verse": "groove", "chorus": "groove", "refrain": "groove", "theme": "groove", "main theme": "groove",
    "solo": "groove", "bridge": "variation", "instrumental": "variation", "interlude": "variation",
}  # fmt: skip
"""Names of sections → those of our bar lines; transitions, and what comes before a verse or a chorus, are none of ours."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A line of a file: when it begins in seconds, the section it opens ("" where it goes on), and its bars.

    A bar is its metre and its symbols, as written.
    """

    time: float
    letter: str
    section: str
    tonic: int
    bars: tuple[tuple[str, tuple[str, ...]], ...]
    times: int = 1


def load(folder: Path, drops: dict[str, int]) -> Iterator[Song]:
    """Yield the songs of a folder of SALAMI chord files."""
    for path in sorted(folder.glob("[0-9]*.txt")):
        found = song(path.stem, path.read_text(encoding="utf-8"))
        if isinstance(found, Song):
            yield found
        else:
            drops[found] = drops.get(found, 0) + 1


_LINE = re.compile(r"^(?P<time>[\d.e+-]+)\t(?P<rest>.*)$")
_OPENS = re.compile(r"(?:(?P<letter>[A-Z]'*)(?:, *|$))?(?P<name>[a-z][a-z -]*)?")
_BAR = re.compile(r"^\((\d+)/(\d+)\)")


def phrases(text: str) -> list[Phrase]:
    """Return the lines of a file that have bars, and those that end it (silence, end) without any."""
    found: list[Phrase] = []
    meter, tonic = "4/4", 0
    for line in text.splitlines():
        if line.startswith("# metre:"):
            meter = line.partition(":")[2].strip()
        elif line.startswith("# tonic:"):
            tonic = pitch_class(line.partition(":")[2].strip())
        entry = _LINE.match(line)
        if entry is None:
            continue
        before, stroke, rest = entry["rest"].partition("|")
        inside, _, after = rest.rpartition("|")
        opened = _OPENS.match(before.strip())
        bars: list[tuple[str, tuple[str, ...]]] = []
        for bar in inside.split("|") if stroke else ():
            own = _BAR.match(bar.strip())
            symbols = tuple(s for s in _BAR.sub("", bar.strip()).split() if s != "&pause")
            if symbols:
                bars.append((f"{own[1]}/{own[2]}" if own else meter, symbols))
        times = re.search(r"\bx(\d+)", after)
        letter, name = (opened["letter"] or "", opened["name"] or "") if opened else ("", "")
        if name in ("silence", "end"):
            letter, name = "", ""
        found.append(
            Phrase(float(entry["time"]), letter, name.strip(" ,"), tonic, tuple(bars), int(times[1]) if times else 1)
        )
    return found


def song(name: str, text: str) -> Song | str:
    """Return the song of a file, or the reason why it is left out."""
    told = phrases(text)
    bars: list[tuple[Ticks, str]] = []
    chords: list[tuple[Ticks, Chord | None]] = []
    lines: list[tuple[str, int]] = []
    form: list[tuple[str, int]] = []
    at, section, letter = 0, "", ""
    try:
        for phrase in told:
            if phrase.letter or phrase.section:
                letter, section = phrase.letter or letter, phrase.section or section
                form.append((" ".join(filter(None, (phrase.letter, phrase.section))), 0))
            for _ in range(phrase.times):
                for place, (meter, symbols) in enumerate(phrase.bars):
                    parts = meters_of(*map(int, meter.split("/")))
                    if not parts:
                        return "metre outside the contract"
                    begin = at
                    for part in parts:
                        bars.append((Ticks(at), part))
                        lines.append((section, place + 1))
                        at += beats_in_bar(part) * beat_length(part)
                    chords += _changes(symbols, begin, at, beat_length(parts[0]))
                    form[-1:] = [(form[-1][0], form[-1][1] + 1)] if form else [("", 1)]
    except ValueError:
        return "a chord that cannot be read"
    if len(bars) < 8:
        return "fewer than eight bars"
    changes = tuple(c for i, c in enumerate(chords) if i == 0 or c[1] != chords[i - 1][1])
    if all(chord is None for _, chord in changes):
        return "no chords"
    title = re.search(r"^# title: *(.*)$", text, re.MULTILINE)
    return Song(
        f"billboard-{name}", "billboard", title[1].strip() if title else name, tempo(told), _key(told, changes, at).name,
        tuple(bars), Ticks(at), (), changes,
        (("human", "American chart song"), ("form", ", ".join(f"{n or '-'} {count}" for n, count in form if count))),
        (), _bar_lines(lines, fades="fadeout" in text),
    )  # fmt: skip


def _changes(symbols: Sequence[str], begin: int, end: int, beat: int) -> list[tuple[Ticks, Chord | None]]:
    """Return the chords of a bar, evenly divided among its symbols, each on a beat."""
    found = []
    for index, symbol in enumerate(symbols):
        if symbol != ".":
            at = begin + round((end - begin) * index / len(symbols) / beat) * beat
            found.append((Ticks(at), harte(symbol)))
    return found


def _bar_lines(lines: Sequence[tuple[str, int]], *, fades: bool) -> tuple[BarLine, ...]:
    """Return what is known of each bar: its section, its place in the phrase, and how near the end is if the song has one."""
    count = len(lines)
    return tuple(
        BarLine(
            count - index if not fades and count - index <= MAX_BARS_LEFT else 0,
            SECTIONS.get(section),
            place if place <= MAX_BARS_LEFT else 0,
        )
        for index, (section, place) in enumerate(lines)
    )


def tempo(told: Sequence[Phrase]) -> float:
    """Return the tempo in quarters a minute by the times of the phrases: the median of those with two bars or more."""
    found = []
    for phrase, following in pairwise(told):
        quarters = phrase.times * sum(4 * n / d for n, d in (map(int, m.split("/")) for m, _ in phrase.bars))
        seconds = following.time - phrase.time
        if len(phrase.bars) * phrase.times >= 2 and seconds > 0:
            found.append(60 * quarters / seconds)
    return round(median(found), 1) if found else 0.0


def _key(told: Sequence[Phrase], changes: Sequence[tuple[Ticks, Chord | None]], end: int) -> Key:
    """Return the key: the tonic stated for most bars; minor if its chords mostly are, or as the other chords fit."""
    bars: dict[int, int] = {}
    for phrase in told:
        bars[phrase.tonic] = bars.get(phrase.tonic, 0) + phrase.times * len(phrase.bars)
    tonic = max(bars, key=lambda t: bars[t])
    sides = {"major": 0.0, "minor": 0.0}
    for (at, chord), until in zip(changes, [*[t for t, _ in changes[1:]], end], strict=True):
        if chord is None:
            continue
        for mode in sides:
            third = (tonic + (4 if mode == "major" else 3)) % 12
            fits = sum((p - tonic) % 12 in MODES[mode] for p in chord.pitch_classes) / len(chord.pitch_classes)
            sides[mode] += (
                (until - at) / TICKS_PER_QUARTER * (fits + 3 * (chord.root == tonic and third in chord.pitch_classes))
            )
    mode = max(sides, key=lambda m: sides[m])
    return Key(tonic, mode, MODES[mode])


# --- the syntax of chords -------------------------------------------------------------------------------

_SHORTHAND = {
    "maj": "1 3 5", "min": "1 b3 5", "dim": "1 b3 b5", "aug": "1 3 #5", "maj7": "1 3 5 7", "min7": "1 b3 5 b7", "7": "1 3 5 b7",
    "dim7": "1 b3 b5 bb7", "hdim7": "1 b3 b5 b7", "minmaj7": "1 b3 5 7", "maj6": "1 3 5 6", "min6": "1 b3 5 6",
    "9": "1 3 5 b7 9", "maj9": "1 3 5 7 9", "min9": "1 b3 5 b7 9", "sus2": "1 2 5", "sus4": "1 4 5", "1": "1", "5": "1 5",
    "11": "1 5 b7 9 11", "min11": "1 b3 5 b7 9 11", "maj11": "1 3 5 7 9 11", "13": "1 3 5 b7 9 13", "maj13": "1 3 5 7 9 13",
    "min13": "1 b3 5 b7 9 13", "aug7": "1 3 #5 b7", "6": "1 3 5 6",
}  # fmt: skip
_NATURAL = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 11}
_DEGREE = re.compile(r"([b#]*)(\d+)")
_SYMBOL = re.compile(r"(?P<root>[A-G][b#]*)(?::(?P<kind>[a-z0-9]*)(?:\((?P<more>[^)]*)\))?)?(?:/(?P<bass>[b#]*\d+))?")


def _degree(text: str) -> int:
    match = _DEGREE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a degree: {text!r}")
    signs, number = match.groups()
    return (_NATURAL[(int(number) - 1) % 7 + 1] + signs.count("#") - signs.count("b")) % 12


@cache
def harte(symbol: str) -> Chord | None:
    """Return the chord of a symbol in Harte's syntax ("Bb:sus4(b7,9)/5"), its quality the nearest of ours; None for no chord.

    Raises ValueError.
    """
    if symbol in ("N", "*", "X"):
        return None
    match = _SYMBOL.fullmatch(symbol)
    if match is None or (match["kind"] or "maj") not in _SHORTHAND:
        raise ValueError(f"not a chord in Harte's syntax: {symbol!r}")
    kind = match["kind"] or ("1" if match["more"] else "maj")
    tones = {_degree(d) for d in _SHORTHAND[kind].split()}
    for degree in filter(None, (match["more"] or "").replace(" ", "").split(",")):
        if degree.startswith("*"):
            tones.discard(_degree(degree[1:]))
        else:
            tones.add(_degree(degree))
    root = _pitch_class(match["root"])
    bass = (root + _degree(match["bass"])) % 12 if match["bass"] else root
    return Chord(root, nearest_quality(frozenset(tones)), bass)


def _pitch_class(name: str) -> int:
    return (pitch_class(name[0]) + name.count("#") - name.count("b")) % 12


_WEIGHTS = {3: 3.0, 4: 3.0, 6: 2.0, 8: 2.0, 10: 2.0, 11: 2.0, 7: 1.5}
"""What a wrong tone costs by its distance from the root: thirds most, then fifths that are altered, and sevenths."""


@cache
def nearest_quality(tones: frozenset[int]) -> str:
    """Return our quality whose tones over the root differ least, the plainest of those that differ as little."""
    return min(QUALITIES, key=lambda q: sum(_WEIGHTS.get(t, 1.0) for t in tones ^ frozenset(QUALITIES[q])))
