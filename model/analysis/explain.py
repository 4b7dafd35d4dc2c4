"""What a piece is made of: key, Roman numerals, cadences and form, as values and in plain words. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby, takewhile

from model.analysis.form import Section, named_sections, phrase_bars, sections
from model.analysis.key_finder import find_key
from model.analysis.midi_import import detect_chords
from model.music.harmony import Chord, Key, chord_symbol, note_name, parse_chord, parse_key, quality_of
from model.music.midifile import Song, bar_at, in_turn
from model.music.notes import PARTS, UNPITCHED_PARTS, Note, beat_length, beats_in_bar
from model.music.numerals import borrowed_from, numeral, numeral_before, role

BARS_A_LINE = 4
MAX_CHANGES_TOLD = 4
"""Bars with another metre or tempo that are told one by one."""
DOUBTFUL = 0.7
"""Below this probability the second key is told too."""
C_MAJOR = parse_key("C major")


@dataclass(frozen=True, slots=True)
class PlacedChord:
    """A chord where it begins; bar and beat from 1, a beat is the metre's denominator."""

    bar: int
    beat: float
    symbol: str
    numeral: str


@dataclass(frozen=True, slots=True)
class Cadence:
    """How a phrase ends in a bar (from 1): authentic, plagal, half or deceptive, by these numerals."""

    bar: int
    kind: str
    numerals: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is told of a piece. `sure` is how probable the key is (0..1), `loop` chords that go round, by numerals.

    `keys`, where the file states more than one, and `prompts`, the words that it came from, are with the bar from which they hold.
    `tempo` is the first, `meter` that of most bars; `tempos` and `meters` have all, each with the bar from which it holds. `named`:
    the sections are those that the piece itself names, else phrases by letters.
    """

    key: str
    sure: float
    second: str
    tempo: float
    meter: str
    bars: int
    parts: tuple[str, ...]
    chords: tuple[PlacedChord, ...]
    loop: tuple[str, ...]
    cadences: tuple[Cadence, ...]
    form: str
    sections: tuple[Section, ...]
    tempos: tuple[tuple[int, float], ...] = ()
    meters: tuple[tuple[int, str], ...] = ()
    named: bool = False
    words: tuple[str, ...] = ()
    keys: tuple[tuple[int, str], ...] = ()
    prompts: tuple[tuple[int, str], ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return it as JSON's values."""
        return asdict(self)


def explain(song: Song) -> Explanation:
    """Explain a piece; chords that it does not tell are read from its notes. Raises ValueError for drums alone."""
    found = find_key(song)
    stated = parse_key(song.key)
    # what the file states decides between two keys that are about as likely; C major may just not have been stated
    doubtful = found.sure < DOUBTFUL and stated == found.second and stated != C_MAJOR
    key, second = (found.second, found.key) if doubtful else (found.key, found.second)
    changes = song.chords or (() if _is_bare(song) else detect_chords(replace(song, key=key.name)))
    heard = [parse_chord(symbol) for _, symbol in changes]
    chords = tuple(
        _placed(song, at, chord, after, key, _is_blue(chord, heard, key))
        for (at, _), chord, after in zip(changes, heard, [*heard, None][1:], strict=True)
    )
    named = named_sections(song)
    form = named or sections(song, _by_bar(chords, len(song.bars)))
    meters = [(number, meter) for number, (_, meter) in enumerate(song.bars, 1)]
    sounding = {n.part for n in song.notes}
    told = Explanation(
        key=key.name,
        sure=round(found.sure, 3),
        second=second.name,
        tempo=round(song.tempos[0][1], 2),
        meter=Counter(meter for _, meter in meters).most_common(1)[0][0],
        bars=len(song.bars),
        parts=tuple(p for p in PARTS if p in sounding),
        chords=chords,
        loop=_loop(chords, len(song.bars)),
        cadences=_cadences(song, chords, key),
        form=" ".join(s.name for s in form),
        sections=form,
        tempos=tuple((bar_at(song, at) + 1, round(bpm, 2)) for at, bpm in song.tempos),
        meters=tuple(next(group) for _, group in groupby(meters, key=lambda m: m[1])),
        named=bool(named),
        keys=tuple((bar_at(song, at) + 1, name) for at, name in ((0, song.key), *song.keys)) if song.keys else (),
        prompts=tuple((bar_at(song, at) + 1, prompt) for at, prompt in song.prompts),
    )
    return replace(told, words=_sentences(told, key))


def _is_blue(chord: Chord, heard: Sequence[Chord], key: Key) -> bool:
    """Return whether a chord is the first or fourth of a blues: of a piece whose home has its minor seventh mostly."""
    home = [quality_of(c.quality).is_dominant for c in heard if c.root == key.tonic]
    return chord.root in (key.tonic, (key.tonic + 5) % 12) and 2 * sum(home) > len(home)


def _is_bare(song: Song) -> bool:
    """Return whether never two pitched notes begin together: a tune alone, which tells no chords."""
    starts = Counter(n.start + n.offset for n in song.notes if n.part not in UNPITCHED_PARTS)
    return bool(starts) and max(starts.values()) == 1


def _placed(song: Song, at: int, chord: Chord, after: Chord | None, key: Key, blue: bool) -> PlacedChord:
    number = bar_at(song, at)
    start, meter = song.bars[number]
    beat = 1 + (at - start) / beat_length(meter)
    degree = numeral(chord, key) if blue else numeral_before(chord, after, key)
    symbol = chord_symbol(chord, key)
    return PlacedChord(number + 1, round(beat, 3), symbol, degree)


def _by_bar(chords: tuple[PlacedChord, ...], bars: int) -> list[tuple[str, ...]]:
    """Return the numerals that sound in each bar, what is held over among them."""
    found: list[tuple[str, ...]] = []
    held = ""
    placed = _placed_by_bar(chords)
    for bar in range(1, bars + 1):
        here = placed.get(bar, [])
        first = [held] if held and not any(c.beat == 1 for c in here) else []
        found.append((*first, *(c.numeral for c in here)))
        held = here[-1].numeral if here else held
    return found


def _placed_by_bar(chords: Sequence[PlacedChord]) -> dict[int, list[PlacedChord]]:
    found: dict[int, list[PlacedChord]] = {}
    for chord in chords:
        found.setdefault(chord.bar, []).append(chord)
    return found


def _loop(chords: tuple[PlacedChord, ...], bars: int) -> tuple[str, ...]:
    """Return the chords of two, four or eight bars that go round for most of a piece, if any do."""
    told = _by_bar(chords, bars)
    best: tuple[float, tuple[tuple[str, ...], ...]] = (0.5, ())
    for size in (2, 4, 8):
        rounds = Counter(tuple(told[i : i + size]) for i in range(0, bars - size + 1, size))
        commonest, times = rounds.most_common(1)[0] if rounds else ((), 0)
        share = times * size / bars
        if times >= 2 and share > best[0] and len(set(commonest)) > 1:
            best = share, commonest
    return tuple(" ".join(bar) for bar in best[1])


def _cadences(song: Song, chords: tuple[PlacedChord, ...], key: Key) -> tuple[Cadence, ...]:
    """Return the cadences at the ends of phrases of four bars, and at the last bar."""
    found: list[Cadence] = []
    ends = sorted({*range(4, len(song.bars) + 1, 4), len(song.bars)})
    placed = _placed_by_bar(chords)
    melody = sorted(n for n in song.notes if n.part == "melody")
    for bar in ends:
        last = bisect_right(chords, bar, key=lambda c: c.bar)
        pair = list(chords[max(0, last - 2) : last])
        if len(pair) < 2 or pair[1].bar < bar - 1:
            continue
        kind = _kind(parse_chord(pair[0].symbol), parse_chord(pair[1].symbol), key)
        if kind is None and bar < len(song.bars):
            after = next((c for c in placed.get(bar + 1, []) if c.beat == 1), None)
            if after is not None:
                pair = [pair[1], after]
                kind = _kind(parse_chord(pair[0].symbol), parse_chord(after.symbol), key)
                kind = None if kind == "half" else kind
        if kind == "authentic" and _ends_on_tonic(song, melody, pair[1], key):
            kind = "perfect authentic"
        if kind is not None:
            found.append(Cadence(pair[1].bar, kind, " ".join(c.numeral for c in pair)))
    return tuple(found)


def _kind(one: Chord, other: Chord, key: Key) -> str | None:
    before, now = ((c.root - key.tonic) % 12 for c in (one, other))
    minor = other.quality.startswith("m") and not other.quality.startswith("maj")
    if now == 0 and before in (7, 11):
        return "authentic"
    if now == 0 and before == 5:
        return "plagal"
    if now == 7 and not minor:
        return "half"
    if before == 7 and now == (8 if key.minor else 9):
        return "deceptive"
    return None


def _ends_on_tonic(song: Song, melody: Sequence[Note], home: PlacedChord, key: Key) -> bool:
    """Return True if the last note of a melody, in order, over a chord of home, in its bar, is the tonic."""
    start, meter = song.bars[home.bar - 1]
    begin, end = (
        start + (home.beat - 1) * beat_length(meter),
        start + beats_in_bar(meter) * beat_length(meter),
    )
    before = melody[: bisect_left(melody, end, key=lambda n: n.start)]
    first = begin - max((n.length for n in melody), default=0)
    last = next((n for n in takewhile(lambda n: n.start >= first, reversed(before)) if n.end > begin), None)
    return last is not None and last.pitch % 12 == key.tonic


def _time(told: Explanation) -> str:
    """Return metres and tempi in turn, in words."""
    tempos = in_turn(f"{tempo:g}" for _, tempo in told.tempos)
    return f"{in_turn(meter for _, meter in told.meters)} at {tempos} quarter notes a minute"


def _changes(told: Explanation) -> list[str]:
    """Return in words from which bars other metres and tempi hold, where these are few."""
    found: dict[int, list[str]] = {}
    for bar, meter in told.meters[1:]:
        found.setdefault(bar, []).append(meter)
    for bar, bpm in told.tempos[1:]:
        found.setdefault(bar, []).append(f"{bpm:g} quarter notes a minute")
    if not 0 < len(found) <= MAX_CHANGES_TOLD:
        return []
    return ["; ".join(f"From bar {bar}: {', '.join(new)}" for bar, new in sorted(found.items())) + "."]


def _sentences(told: Explanation, key: Key) -> tuple[str, ...]:
    beats = "bar" if told.bars == 1 else "bars"
    said = [f"{told.bars} {beats} of {_time(told)}: {', '.join(told.parts)}."]
    said += _changes(told)
    doubt = f" (it might also be {told.second})" if told.sure < DOUBTFUL else ""
    said.append(f"The key is {told.key}{doubt}.")
    said += _by_bars("Its key signatures say", told.keys)
    if told.loop:
        said.append(f"The chords go round in {len(told.loop)} bars: {' | '.join(told.loop)}.")
    heard = [parse_chord(c.symbol) for c in told.chords]
    for symbol, _ in Counter(c.symbol for c in told.chords).most_common(4):
        chord, found = parse_chord(symbol), next(c for c in told.chords if c.symbol == symbol)
        if "/" not in found.numeral:
            is_blue = quality_of(chord.quality).is_dominant and _is_blue(chord, heard, key)
            said.append(
                f"{symbol} is {found.numeral}: {_BLUE[chord.root == key.tonic] if is_blue else role(chord, key)}."
            )
    said += _secondary(told)
    borrowed = dict.fromkeys(
        placed.symbol
        for placed, chord in zip(told.chords, heard, strict=True)
        if borrowed_from(chord, key) and "/" not in placed.numeral and not _is_blue(chord, heard, key)
    )
    if borrowed:
        mode = "minor" if not key.minor else "major or dorian"
        said.append(f"Borrowed from the {mode} key on {note_name(key.tonic, key)}: {', '.join(borrowed)}.")
    if not told.chords:
        said.append("A tune alone: no chords sound.")
    kinds = Counter(c.kind for c in told.cadences)
    for kind, times in kinds.most_common():
        first = next(c for c in told.cadences if c.kind == kind)
        often = "once" if times == 1 else "twice" if times == 2 else f"{times} times"
        said.append(f"{_CADENCES[kind]} ({first.numerals}) {often}, first in bar {first.bar}.")
    if told.named:
        said.append(f"Its sections: {told.form}.")
    elif len(told.sections) > 1:
        said.append(f"The form, in phrases of {phrase_bars(told.bars)} bars: {told.form}.")
    return (*said, *_by_bars("It came from the words", [(bar, f"“{_shown(words)}”") for bar, words in told.prompts]))


def _by_bars(begin: str, found: Sequence[tuple[int, str]]) -> list[str]:
    """Return a sentence of what holds from which bar on, none where nothing does."""
    later = "".join(f"; from bar {bar} {said}" for bar, said in found[1 : 1 + MAX_CHANGES_TOLD])
    more = "; …" if len(found) > 1 + MAX_CHANGES_TOLD else ""
    return [f"{begin} {found[0][1]}{later}{more}."] if found else []


def _shown(words: str) -> str:
    """Return words as they were typed; what a terminal would obey is taken out."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in words)


_BLUE = {True: "home, with the seventh of the blues", False: "the subdominant, with the seventh of the blues"}


def _secondary(told: Explanation) -> list[str]:
    """Return a sentence on each secondary dominant: what it is, and whether it leads where it points."""
    said: dict[str, str] = {}
    for chord, after in zip(told.chords, [*told.chords, None][1:], strict=True):
        name, _, of = chord.numeral.partition("/")
        if of and chord.symbol not in said:
            kind = "dominant" if name.startswith("V") else "leading-tone chord"
            leads = f"; in bar {chord.bar} it goes to {after.symbol}" if after is not None else ""
            said[chord.symbol] = f"{chord.symbol} is {chord.numeral}, a secondary {kind}: it points to {of}{leads}."
    return [*said.values()]


_CADENCES = {
    "perfect authentic": "It comes home with the melody on the tonic, a perfect authentic cadence",
    "authentic": "It comes home by the dominant, an authentic cadence",
    "plagal": "It comes home by the subdominant, a plagal (Amen) cadence",
    "half": "It stops on the dominant and waits, a half cadence",
    "deceptive": "The dominant goes elsewhere than home, a deceptive cadence",
}


def chart(told: Explanation) -> list[str]:
    """Return the chords with their numerals, four bars a line, each line with the name of its phrase."""
    lines: list[str] = []
    placed = _placed_by_bar(told.chords)
    wide = max(3, *(len(section.name) for section in told.sections))
    for section in told.sections:
        for first in range(section.first, section.last + 1, BARS_A_LINE):
            bars = range(first, min(first + BARS_A_LINE, section.last + 1))
            cells = [" ".join(f"{c.symbol}({c.numeral})" for c in placed.get(bar, [])) or "%" for bar in bars]
            lines.append(f"{section.name:<{wide}} {first:>3} | " + " | ".join(cells) + " |")
    return lines


def chord_sheet(told: Explanation, title: str) -> str:
    """Return a text to print or to sing from: title, key, tempo, and the chords of each phrase, four bars a line.

    A bar that goes on with the chord before shows %, a repeated phrase its name.
    """
    lines = [title, f"{told.key}, {_time(told).replace(' at', ',')}", ""]
    placed = _placed_by_bar(told.chords)
    cells = {bar: " ".join(c.symbol for c in placed.get(bar, [])) or "%" for bar in range(1, told.bars + 1)}
    wide = max(map(len, cells.values()))
    for section in told.sections:
        lines.append(f"{section.name}  (bars {section.first} to {section.last})")
        for first in range(section.first, section.last + 1, BARS_A_LINE):
            bars = range(first, min(first + BARS_A_LINE, section.last + 1))
            lines.append("| " + " | ".join(cells[bar].ljust(wide) for bar in bars) + " |")
        lines.append("")
    return "\n".join(lines)
